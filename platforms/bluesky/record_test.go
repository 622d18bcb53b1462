package bluesky

import (
	"encoding/json"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
)

var zeroAccount platforms.Account

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestTIDFollowsFromKeyAndTimeAlone(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}$`)
	const key = "00112233445566778899aabbccddeeff"
	first := tid(key, noon)
	if first != tid(key, noon.In(time.FixedZone("", 3600))) {
		t.Errorf("the zone of the time changes the key")
	}
	if want := "3n32lgm5ezlwo"; first != want {
		t.Errorf("tid is %q, was %q in earlier versions: posts under way would go out twice", first, want)
	}
	seen := map[string]bool{}
	for _, at := range []time.Time{time.Unix(1, 0), noon, noon.Add(time.Millisecond), noon.AddDate(100, 0, 0)} {
		for i := range 1000 {
			got := tid(key+string(rune('a'+i%26))+string(rune('0'+i/26)), at)
			if !form.MatchString(got) {
				t.Fatalf("tid at %v is %q", at, got)
			}
			if at != noon.Add(time.Millisecond) && seen[got] {
				t.Fatalf("tid %q twice", got)
			}
			seen[got] = true
		}
	}
}

func TestTIDLiesShortlyBeforeThePost(t *testing.T) {
	t.Parallel()
	if got := tid("x", noon); got > tidAt(noon) || got < tidAt(noon.Add(-10*time.Minute)) {
		t.Errorf("tid %q is not within ten minutes before %v", got, noon)
	}
}

// tidAt is the first key of a moment.
func tidAt(at time.Time) string {
	const digits = "234567abcdefghijklmnopqrstuvwxyz"
	v := uint64(at.UnixMicro()) << 10
	var out [13]byte
	for i := len(out) - 1; i >= 0; i-- {
		out[i] = digits[v&31]
		v >>= 5
	}
	return string(out[:])
}

func TestRecordIsWhatTheLexiconSays(t *testing.T) {
	t.Parallel()
	blobA, blobB := `{"$type":"blob","ref":{"$link":"bafkreia"},"mimeType":"image/jpeg","size":1}`, `{"$type":"blob","ref":{"$link":"bafkreib"},"mimeType":"image/png","size":2}`
	thumb := platforms.Media{ID: "t", Bytes: 10}
	for name, c := range map[string]struct {
		draft platforms.Draft
		done  []platforms.StepResult
		want  string
	}{
		"text": {
			platforms.Draft{Text: "Hello", Lang: "en-GB"},
			nil,
			`{"$type":"app.bsky.feed.post","text":"Hello","createdAt":"2026-11-24T12:00:00.000Z","langs":["en-GB"]}`,
		},
		"language unknown": {
			platforms.Draft{Text: "Hello", Lang: "English!"},
			nil,
			`{"$type":"app.bsky.feed.post","text":"Hello","createdAt":"2026-11-24T12:00:00.000Z"}`,
		},
		"mention of nobody stays text": {
			platforms.Draft{Text: "@no.example.org @yes.example.org"},
			[]platforms.StepResult{done(stepMention, 0, ""), done(stepMention, 1, "did:plc:x")},
			`{"$type":"app.bsky.feed.post","text":"@no.example.org @yes.example.org","createdAt":"2026-11-24T12:00:00.000Z","facets":[
				{"index":{"byteStart":16,"byteEnd":32},"features":[{"$type":"app.bsky.richtext.facet#mention","did":"did:plc:x"}]}]}`,
		},
		"pictures win over the card": {
			platforms.Draft{
				Text: "", Link: &platforms.Link{URL: "https://a.org", Image: &thumb},
				Media: []platforms.Media{{Alt: "one", Width: 4, Height: 3}, {}},
			},
			[]platforms.StepResult{done(stepUpload, 1, blobB), done(stepUpload, 0, blobA)},
			`{"$type":"app.bsky.feed.post","text":"","createdAt":"2026-11-24T12:00:00.000Z","embed":{"$type":"app.bsky.embed.images","images":[
				{"image":` + blobA + `,"alt":"one","aspectRatio":{"width":4,"height":3}},{"image":` + blobB + `,"alt":""}]}}`,
		},
		"card": {
			platforms.Draft{Link: &platforms.Link{URL: "https://a.org/x", Title: "A", Description: "B", Image: &thumb}},
			[]platforms.StepResult{done(stepThumb, 0, blobA)},
			`{"$type":"app.bsky.feed.post","text":"","createdAt":"2026-11-24T12:00:00.000Z","embed":{"$type":"app.bsky.embed.external",
				"external":{"uri":"https://a.org/x","title":"A","description":"B","thumb":` + blobA + `}}}`,
		},
		"card of a page that says nothing": {
			platforms.Draft{Link: &platforms.Link{URL: "https://a.org/x"}},
			nil,
			`{"$type":"app.bsky.feed.post","text":"","createdAt":"2026-11-24T12:00:00.000Z","embed":{"$type":"app.bsky.embed.external",
				"external":{"uri":"https://a.org/x","title":"a.org","description":""}}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := json.Marshal(record(platforms.Publication{Draft: c.draft, CreatedAt: noon}, c.done))
			if err != nil {
				t.Fatal(err)
			}
			var got, want any
			if err := json.Unmarshal(body, &got); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(c.want), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("record (-want +got):\n%s", diff)
			}
		})
	}
}

func done(kind string, i int, ref string) platforms.StepResult {
	return platforms.StepResult{Kind: kind, Index: i, Ref: ref, State: platforms.StepDone}
}

func TestPlanGoesStepByStep(t *testing.T) {
	t.Parallel()
	image := &platforms.Media{ID: "t", Bytes: 10}
	big := &platforms.Media{ID: "t", Bytes: maxImageBytes + 1}
	for name, c := range map[string]struct {
		draft platforms.Draft
		want  []string
	}{
		"text":                     {platforms.Draft{Text: "a"}, []string{"publish!"}},
		"mentions and pictures":    {platforms.Draft{Text: "@a.org.uk @b.org", Media: make([]platforms.Media, 2)}, []string{"mention", "mention", "upload", "upload", "publish!"}},
		"card with a picture":      {platforms.Draft{Link: &platforms.Link{URL: "https://a.org", Image: image}}, []string{"thumb", "publish!"}},
		"card without":             {platforms.Draft{Link: &platforms.Link{URL: "https://a.org"}}, []string{"publish!"}},
		"card with too big a one":  {platforms.Draft{Link: &platforms.Link{URL: "https://a.org", Image: big}}, []string{"publish!"}},
		"pictures instead of card": {platforms.Draft{Media: make([]platforms.Media, 1), Link: &platforms.Link{URL: "https://a.org", Image: image}}, []string{"upload", "publish!"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			var results []platforms.StepResult
			for range 10 {
				step := (&Bluesky{}).Plan(platforms.Publication{Draft: c.draft}, results)
				if step.Kind == "" {
					break
				}
				kind := step.Kind
				if step.Irreversible {
					kind += "!"
				}
				got = append(got, kind)
				results = append(results, done(step.Kind, step.Index, "x"))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
		})
	}
}
