package x_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
	"github.com/bandstand-app/bandstand/platforms/platformtest"
	"github.com/bandstand-app/bandstand/platforms/x"
	"github.com/bandstand-app/bandstand/platforms/x/sim"
)

var suite = platformtest.Suite{New: x.New, NewSim: sim.New}

type world struct {
	*platformtest.World
	sim *sim.Sim
}

func newWorld(t *testing.T) world {
	t.Helper()
	w := platformtest.NewWorld(t, suite)
	return world{w, w.Sim.(*sim.Sim)}
}

// answer is what came back over HTTP.
type answer struct {
	Status int
	Header http.Header
	Body   string
	JSON   map[string]any
}

func (w world) do(req *http.Request) answer {
	w.Helper()
	resp, err := w.Client.Do(req)
	if err != nil {
		w.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		w.Fatal(err)
	}
	a := answer{Status: resp.StatusCode, Header: resp.Header, Body: string(b)}
	_ = json.Unmarshal(b, &a.JSON)
	return a
}

func (w world) request(method, path, contentType string, body io.Reader) *http.Request {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), method, w.URL+"/x"+path, body)
	if err != nil {
		w.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	return req
}

// api makes a signed call.
func (w world) api(s platforms.Session, method, path, body string) answer {
	w.Helper()
	req := w.request(method, "/api"+path, "application/json", strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+s.Access.Reveal())
	return w.do(req)
}

func (w world) form(path string, f url.Values, user ...string) answer {
	w.Helper()
	req := w.request(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(f.Encode()))
	if len(user) == 2 {
		req.SetBasicAuth(user[0], user[1])
	}
	return w.do(req)
}

func expect(t *testing.T, err error, kind platforms.Kind, code string) *platforms.Error {
	t.Helper()
	e, ok := errors.AsType[*platforms.Error](err)
	if !ok || e.Kind != kind || e.Code != code {
		t.Fatalf("got %v, want %s and %s", err, kind, code)
	}
	return e
}

func TestSameWordsAgainAreADuplicate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	d := platforms.Draft{Text: "Trials are open & free!"}
	first := w.Publish(s, d)
	again := w.Try(s, platforms.Draft{Text: "Trials  are OPEN & free!"})
	e := expect(t, again.Run(), platforms.Duplicate, platforms.CodeDuplicate)
	if e.Ref != "" {
		t.Errorf("X names no earlier post, yet Ref is %q", e.Ref)
	}
	if got := w.Try(s, d); got.Run() == nil || len(w.Public()) != 1 {
		t.Errorf("the record holds %d posts", len(w.Public()))
	}
	w.Clock.Advance(25 * time.Hour)
	s = w.Connect()
	if r := w.Publish(s, d); r.RemoteID == first.RemoteID {
		t.Errorf("a day later it is the same post")
	}
}

func TestSettleFindsOnlyOurOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	text := "Trials <3 & https://riverside.org/u12?a=1&b=2 and club.example.org, 5 €"
	lost := platforms.Publication{Draft: platforms.Draft{Text: text}}
	look := func(pub platforms.Publication, tried time.Time) platforms.Evidence {
		t.Helper()
		e, err := w.Platform.Settle(t.Context(), s, pub, nil, tried)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	if e := look(lost, w.Clock.Now()); e.Verdict != platforms.SeenNothing {
		t.Errorf("before anything: %+v", e)
	}
	r := w.Publish(s, lost.Draft)
	w.Clock.Advance(time.Minute)
	want := platforms.Evidence{
		Verdict: platforms.SeenPublic, RemoteID: r.RemoteID, RemoteURL: r.RemoteURL, PublishedAt: w.Clock.Now().Add(-time.Minute), Proof: "read_back",
	}
	want.Matches = []platforms.Match{{RemoteID: want.RemoteID, RemoteURL: want.RemoteURL, PublishedAt: want.PublishedAt}}
	if diff := cmp.Diff(want, look(lost, w.Clock.Now())); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
	other := lost
	other.Text += "!"
	if e := look(other, w.Clock.Now()); e.Verdict != platforms.SeenNothing {
		t.Errorf("other words: %+v", e)
	}
	picture := lost
	picture.Media = []platforms.Media{w.Media.Make("image/png", 40, 40, "")}
	if e := look(picture, w.Clock.Now()); e.Verdict != platforms.SeenNothing {
		t.Errorf("with a picture: %+v", e)
	}
	w.Clock.Advance(10 * time.Minute)
	if e := look(lost, w.Clock.Now()); e.Verdict != platforms.SeenNothing {
		t.Errorf("tried after it was published: %+v", e)
	}
}

// TestOtherPicturesUnderTheSameWordsAreAnotherPost: X never refuses pictures as
// repeats, so the same words can be there with as many of them.
func TestOtherPicturesUnderTheSameWordsAreAnotherPost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	d := platforms.Draft{Text: "Kick-off!", Media: []platforms.Media{w.Media.Make("image/png", 40, 40, "")}}
	posted, lost := w.Try(s, d), w.Try(s, d)
	if err := posted.Run(); err != nil {
		t.Fatal(err)
	}
	if e := posted.Settle(); e.Verdict != platforms.SeenPublic {
		t.Errorf("its own pictures: %+v", e)
	}
	if err := w.Sim.Fault(platforms.SimFault{Platform: "x", Operation: "publish", Fault: "reset_before", Count: 1}); err != nil {
		t.Fatal(err)
	}
	if err := lost.Run(); platforms.KindOf(err) != platforms.Unknown {
		t.Fatalf("the answer was not lost: %v", err)
	}
	if e := lost.Settle(); e.Verdict != platforms.SeenNothing {
		t.Errorf("the same words with the pictures of another post: %+v", e)
	}
}

func TestDescriptionsAreStepsOfTheirOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	d := platforms.Draft{Media: []platforms.Media{
		w.Media.Make("image/jpeg", 60, 40, "A ball"), w.Media.Make("image/png", 40, 60, " "), w.Media.Make("image/png", 50, 50, "A net"),
	}}
	var kinds []string
	pub := w.Publication(d)
	var done []platforms.StepResult
	for step := w.Platform.Plan(pub, done); step.Kind != ""; step = w.Platform.Plan(pub, done) {
		kinds = append(kinds, fmt.Sprint(step.Kind, " ", step.Index))
		r, err := w.Platform.Perform(t.Context(), s, pub, done, step)
		if err != nil {
			t.Fatal(err)
		}
		done = append(done, r)
	}
	want := []string{"upload 0", "describe 0", "upload 1", "upload 2", "describe 2", "publish 0"}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if e := done[0].ExpiresAt; !e.Equal(w.Clock.Now().Add(24 * time.Hour)) {
		t.Errorf("the picture is kept until %v", e)
	}
	var alts []string
	for _, m := range w.Public()[0].Media {
		alts = append(alts, m.Alt)
	}
	if diff := cmp.Diff([]string{"A ball", "", "A net"}, alts); diff != "" {
		t.Errorf("descriptions (-want +got):\n%s", diff)
	}
}

func TestPicturesThatWaitedTooLongAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	pub := w.Publication(platforms.Draft{Text: "Late", Media: []platforms.Media{w.Media.Make("image/png", 40, 40, "")}})
	up, err := w.Platform.Perform(t.Context(), s, pub, nil, platforms.Step{Kind: "upload"})
	if err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(25 * time.Hour)
	s = w.Connect()
	_, err = w.Platform.Perform(t.Context(), s, pub, []platforms.StepResult{up}, platforms.Step{Kind: "publish", Irreversible: true})
	expect(t, err, platforms.MediaRejected, platforms.CodeMediaFailed)
}

func TestUploadLooksAtTheBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	for name, data := range map[string][]byte{
		"a web page": []byte("<!doctype html><script>"), "nothing": {}, "half a picture": []byte("\x89PNG\r\n\x1a\n"), "text": []byte("hello"),
	} {
		var b bytes.Buffer
		fmt.Fprintf(&b, "--x\r\nContent-Disposition: form-data; name=\"media_category\"\r\n\r\ntweet_image\r\n"+
			"--x\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n%s\r\n--x--\r\n", data)
		req := w.request(http.MethodPost, "/api/2/media/upload", "multipart/form-data; boundary=x", &b)
		req.Header.Set("Authorization", "Bearer "+s.Access.Reveal())
		if a := w.do(req); a.Status != 400 {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
}

// photo is a draft with a picture.
func (w world) photo(text string) platforms.Draft {
	return platforms.Draft{Text: text, Media: []platforms.Media{w.Media.Make("image/jpeg", 40, 40, "A goal")}}
}

func TestMisspelledFieldsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	id := w.Publish(s, w.photo("Goal!")).RemoteID
	own := "/2/users/" + s.Account.RemoteID + "/tweets"
	for _, path := range []string{
		"/2/tweets?ids=" + id + "&tweet.field=public_metrics", "/2/tweets?ids=" + id + "&tweet.fields=public_metric", "/2/tweets?id=" + id,
		"/2/tweets?ids=" + id + "&tweet.fields=created_at,likes", "/2/tweets?ids=" + id + "&post.fields=author_id", "/2/tweets?ids=" + id + ",x",
		"/2/tweets?ids=" + id + "&expansions=attachments.media", "/2/tweets/" + id + "?fields=text", "/2/users/me?user.fields=metrics", "/2/users/me?fields=id",
		own + "?exclude=reposts", own + "?count=20", own + "?max_results=20&start=2026-11-01T00:00:00Z",
	} {
		if a := w.api(s, http.MethodGet, path, ""); a.Status != http.StatusBadRequest || !strings.Contains(a.Body, "invalid-request") {
			t.Errorf("GET %s: %d %s", path, a.Status, a.Body)
		}
	}
	for path, bodies := range map[string][]string{
		"/2/tweets": {
			`{"Text":"a"}`, `{"text":"a","media":{"media_id":["1"]}}`, `{"text":"a","reply_settings":"everyone"}`, `{"text":"a","madeWithAI":true}`,
			`{"text":"a","reply_settings":"mentioned_users"}`, `{"text":"a","reply":{"in_reply_to":"1"}}`, `{"text":"a","reply":{}}`,
			`{"text":"a","reply":{"in_reply_to_tweet_id":"` + id + `x"}}`, `{"text":"a","in_reply_to_tweet_id":"` + id + `"}`, `{"text":"a"}{}`,
		},
		"/2/media/metadata": {`{"id":"1","metadata":{"alt":{"text":"a"}}}`, `{"media_id":"1"}`},
	} {
		for _, body := range bodies {
			if a := w.api(s, http.MethodPost, path, body); a.Status != http.StatusBadRequest {
				t.Errorf("POST %s %s: %d %s", path, body, a.Status, a.Body)
			}
		}
	}
	if n := len(w.Public()); n != 1 {
		t.Errorf("the record holds %d posts, want 1", n)
	}
}

func TestFieldsThatAreNotAskedForDoNotCome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	id := w.Publish(s, w.photo("Goal! https://riverside.org")).RemoteID
	for query, want := range map[string]string{
		"":                           "edit_history_tweet_ids id text",
		"?tweet.fields=created_at":   "created_at edit_history_tweet_ids id text",
		"?post.fields=attachments":   "attachments edit_history_post_ids id text",
		"?tweet.fields=entities,id":  "edit_history_tweet_ids entities id text",
		"?tweet.fields=author_id":    "author_id edit_history_tweet_ids id text",
		"?user.fields=name":          "edit_history_tweet_ids id text",
		"?post.fields=text":          "edit_history_post_ids id text",
		"?tweet.fields=article,lang": "edit_history_tweet_ids id text",
	} {
		a := w.api(s, http.MethodGet, "/2/tweets/"+id+query, "")
		data, _ := a.JSON["data"].(map[string]any)
		if got := strings.Join(slices.Sorted(maps.Keys(data)), " "); got != want {
			t.Errorf("%q: %s, want %s", query, got, want)
		}
	}
}

func TestReadingGoesOnWhenXKnowsOnlyTheNewerName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	try := w.Try(s, platforms.Draft{Text: "Goal!"})
	w.Fault("publish", "reset_after", 1)
	if err := try.Run(); platforms.KindOf(err) != platforms.Unknown {
		t.Fatal(err)
	}
	w.sim.RenameFields()
	e := try.Settle()
	if e.Verdict != platforms.SeenPublic {
		t.Fatalf("settle: %+v", e)
	}
	w.Clock.Advance(time.Hour)
	for range 2 {
		n, err := w.Platform.(platforms.NumbersReader).PostNumbers(w.Context(), s, e.RemoteID)
		if _, ok := n.Values[platforms.Shares]; err != nil || !ok {
			t.Errorf("numbers: %+v, %v", n, err)
		}
	}
}

func TestUploadsSayWhatTheyAreFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	m := w.Media.Make("image/png", 40, 40, "")
	upload := func(token string, fields ...string) answer {
		var b bytes.Buffer
		form := multipart.NewWriter(&b)
		for i := 0; i < len(fields); i += 2 {
			_ = form.WriteField(fields[i], fields[i+1])
		}
		part, _ := form.CreateFormFile("media", "picture.png")
		file, err := w.Media.Open(w.Context(), m.ID)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(part, file.Whole())
		_ = form.Close()
		req := w.request(http.MethodPost, "/api/2/media/upload", form.FormDataContentType(), &b)
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		return w.do(req)
	}
	good := s.Access.Reveal()
	for name, c := range map[string]struct {
		token  string
		fields []string
		status int
	}{
		"as it should be":   {good, []string{"media_category", "tweet_image", "media_type", "image/png"}, 200},
		"without a token":   {"", []string{"media_category", "tweet_image"}, 401},
		"another token":     {"xa-other", []string{"media_category", "tweet_image"}, 401},
		"no category":       {good, nil, 400},
		"unknown category":  {good, []string{"media_category", "TweetImage"}, 400},
		"unknown type":      {good, []string{"media_category", "tweet_image", "media_type", "image/heic"}, 400},
		"not what it says":  {good, []string{"media_category", "tweet_image", "media_type", "image/jpeg"}, 400},
		"unknown form part": {good, []string{"media_category", "tweet_image", "alt_text", "a"}, 400},
	} {
		if a := upload(c.token, c.fields...); a.Status != c.status {
			t.Errorf("%s: %d %s, want %d", name, a.Status, a.Body, c.status)
		}
	}
	message := upload(good, "media_category", "dm_image").JSON["data"].(map[string]any)["id"]
	if a := w.api(s, http.MethodPost, "/2/tweets", fmt.Sprintf(`{"text":"a","media":{"media_ids":[%q]}}`, message)); a.Status != 400 {
		t.Errorf("a picture for a message is taken for a post: %d %s", a.Status, a.Body)
	}
}

func TestCreditsRunOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	before := w.sim.Credits()
	w.Publish(s, platforms.Draft{Text: "No address"})
	w.Publish(s, platforms.Draft{Text: "One address: https://riverside.org"})
	if spent := before - w.sim.Credits(); spent != 15+200 {
		t.Errorf("two posts cost %d thousandths of a dollar, want 215", spent)
	}
	w.sim.SetCredits(0)
	err := w.Try(s, platforms.Draft{Text: "One more"}).Run()
	expect(t, err, platforms.RateLimited, platforms.CodeNoCredit)
	if n := len(w.Public()); n != 2 {
		t.Errorf("the record holds %d posts", n)
	}
}

func TestWindowsFillUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	opened := w.Clock.Now()
	for i := range 100 {
		a := w.api(s, http.MethodPost, "/2/tweets", fmt.Sprintf(`{"text":"post %d"}`, i))
		if a.Status != 201 || a.Header.Get("x-rate-limit-remaining") != fmt.Sprint(99-i) {
			t.Fatalf("post %d: %d %s, %s left", i, a.Status, a.Body, a.Header.Get("x-rate-limit-remaining"))
		}
		w.Clock.Advance(time.Second)
	}
	e := expect(t, w.Try(s, platforms.Draft{Text: "one too many"}).Run(), platforms.RateLimited, platforms.CodeRateLimited)
	if want := opened.Add(15 * time.Minute); !e.RetryAt.Equal(want) {
		t.Errorf("try again at %v, want %v", e.RetryAt, want)
	}
	w.Clock.Advance(15 * time.Minute)
	w.Publish(s, platforms.Draft{Text: "one too many"})
}

func TestOwnFaults(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string]struct {
		kind platforms.Kind
		code string
	}{
		simkit.Duplicate: {platforms.Duplicate, platforms.CodeDuplicate},
		"credits":        {platforms.RateLimited, platforms.CodeNoCredit},
		"daily_cap":      {platforms.RateLimited, platforms.CodeDailyCap},
		"suspended":      {platforms.Rejected, platforms.CodeRestricted},
		"locked":         {platforms.Rejected, platforms.CodeAccountCheck},
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.Connect()
			w.Fault("publish", fault, 1)
			expect(t, w.Try(s, platforms.Draft{Text: "Hello"}).Run(), want.kind, want.code)
		})
	}
	w := newWorld(t)
	if err := w.Sim.Fault(platforms.SimFault{Platform: x.ID, Operation: "publish", Fault: "flood"}); err == nil {
		t.Errorf("a fault nobody knows was armed")
	}
}

func TestSimulatorRefusesWhatXRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"nothing":          {`{}`, 400},
		"blank":            {`{"text":" \n"}`, 400},
		"no JSON":          {`text`, 400},
		"unknown field":    {`{"text":"a","colour":"red"}`, 400},
		"unknown picture":  {`{"text":"a","media":{"media_ids":["1"]}}`, 400},
		"no pictures":      {`{"text":"a","media":{"media_ids":[]}}`, 400},
		"forbidden letter": {`{"text":"a\ufeffb"}`, 400},
		"too long":         {`{"text":"` + strings.Repeat("語", 141) + `"}`, 403},
		"two cashtags":     {`{"text":"$ABC $DEF"}`, 403},
	} {
		if a := w.api(s, http.MethodPost, "/2/tweets", c.body); a.Status != c.status {
			t.Errorf("%s: got %d %s, want %d", name, a.Status, a.Body, c.status)
		}
	}
	if n := len(w.Public()); n != 0 {
		t.Errorf("the record holds %d posts", n)
	}
}

func TestTimelinePagesAndNamesFieldsAsAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	for i := range 7 {
		w.Publish(s, platforms.Draft{Text: fmt.Sprintf("Post %d", i)})
		w.Clock.Advance(time.Minute)
	}
	path := "/2/users/" + s.Account.RemoteID + "/tweets?max_results=5&tweet.fields=created_at"
	first := w.api(s, http.MethodGet, path, "")
	meta := first.JSON["meta"].(map[string]any)
	if n := len(first.JSON["data"].([]any)); n != 5 || meta["next_token"] == nil {
		t.Fatalf("first page: %s", first.Body)
	}
	second := w.api(s, http.MethodGet, path+"&pagination_token="+fmt.Sprint(meta["next_token"]), "")
	if n := len(second.JSON["data"].([]any)); n != 2 || !strings.Contains(second.Body, "Post 0") {
		t.Errorf("second page: %s", second.Body)
	}
	if a := w.api(s, http.MethodGet, path+"&start_time="+url.QueryEscape(w.Clock.Now().Format(time.RFC3339)), ""); a.JSON["data"] != nil {
		t.Errorf("nothing is newer, yet: %s", a.Body)
	}
	if a := w.api(s, http.MethodGet, "/2/users/"+s.Account.RemoteID+"/tweets?max_results=4", ""); a.Status != 400 {
		t.Errorf("four a page: %d", a.Status)
	}
	id := w.Public()[0].ID
	old := w.api(s, http.MethodGet, "/2/tweets?ids="+id+"&tweet.fields=public_metrics", "")
	renamed := w.api(s, http.MethodGet, "/2/tweets?ids="+id+"&post.fields=public_metrics", "")
	if !strings.Contains(old.Body, "retweet_count") || !strings.Contains(renamed.Body, "repost_count") ||
		!strings.Contains(renamed.Body, "edit_history_post_ids") {
		t.Errorf("old: %s\nnew: %s", old.Body, renamed.Body)
	}
}

func TestDeletedPostsAreMarked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	r := w.Publish(s, platforms.Draft{Text: "Gone soon"})
	for i, want := range []int{200, 404} {
		if a := w.api(s, http.MethodDelete, "/2/tweets/"+r.RemoteID, ""); a.Status != want {
			t.Errorf("delete %d: %d %s", i, a.Status, a.Body)
		}
	}
	if all := w.Sim.Posts(); len(all) != 1 || !all[0].Deleted {
		t.Errorf("the record: %+v", all)
	}
	_, err := w.Platform.(platforms.NumbersReader).PostNumbers(t.Context(), s, r.RemoteID)
	expect(t, err, platforms.Rejected, platforms.CodeUnknownRefusal)
}

// TestNumbersOfManyPostsAreReadInOneCall, as posts of one's own: for a fifth of the
// price that looking them up would cost. A post that is gone is told apart, and
// costs the others nothing.
func TestNumbersOfManyPostsAreReadInOneCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	var ids []string
	for i := range 20 {
		ids = append(ids, w.Publish(s, platforms.Draft{Text: fmt.Sprintf("Post %d", i)}).RemoteID)
		w.Clock.Advance(time.Minute)
	}
	credits := w.Sim.(interface{ Credits() int64 })
	reader := w.Platform.(platforms.PostsNumbersReader)
	read := func(want int64) map[string]platforms.PostReading {
		t.Helper()
		before := credits.Credits()
		said, err := reader.PostsNumbers(t.Context(), s, ids)
		if cost := before - credits.Credits(); err != nil || cost != want {
			t.Errorf("reading costs %d thousandths, %v; want %d", cost, err, want)
		}
		return said
	}
	if said := read(20); len(said) != 20 || said[ids[7]].Numbers.Values[platforms.Impressions] == 0 {
		t.Errorf("%d readings: %+v", len(said), said[ids[7]])
	}
	read(0) // the same day again

	w.api(s, http.MethodDelete, "/2/tweets/"+ids[3], "")
	w.Clock.Advance(24 * time.Hour)
	s = w.Connect() // the sign-in has run out
	said := read(19)
	expect(t, said[ids[3]].Err, platforms.Rejected, platforms.CodeUnknownRefusal)
	if len(said) != 20 || said[ids[4]].Err != nil || len(said[ids[4]].Numbers.Values) == 0 {
		t.Errorf("%d readings: %+v", len(said), said[ids[4]])
	}
}

// TestFewPostsAmongManyAreLookedUp: the list of the account is not worth its price
// where most of it is not wanted, and what it leaves out is looked up.
func TestFewPostsAmongManyAreLookedUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	var ids []string
	for i := range 30 {
		ids = append(ids, w.Publish(s, platforms.Draft{Text: fmt.Sprintf("Post %d", i)}).RemoteID)
		w.Clock.Advance(time.Minute)
	}
	credits := w.Sim.(interface{ Credits() int64 })
	before := credits.Credits()
	said, err := w.Platform.(platforms.PostsNumbersReader).PostsNumbers(t.Context(), s, []string{ids[0], ids[29]})
	if err != nil || len(said) != 2 || said[ids[0]].Err != nil || said[ids[29]].Err != nil {
		t.Errorf("%+v, %v", said, err)
	}
	if cost := before - credits.Credits(); cost != 10+5 {
		t.Errorf("reading costs %d thousandths, want ten of the list and one looked up", cost)
	}
}

// TestBothCountersAgree compares the client's counter with the simulator's,
// which was written apart from it: a text that just fits is taken, one more
// letter is refused.
func TestBothCountersAgree(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	for _, part := range []string{
		"a", "ü", "語", "5 € …", "👋", "👨‍👩‍👧‍👦", "👍🏽", "🇩🇪", "1️⃣", "❤️‍🔥", "cafe\u0301", "“x” – y",
		"https://example.com/a/b?c=d#e ", "see example.com. ", "(https://example.org/a) ", "https://en.wikipedia.org/wiki/Primer_(film) ",
		"e.V. ", "15.30 ", "secretary@example.com ", "https://müller.de/x ", "riverside.club-house ", "example.co.uk, ",
	} {
		text := part
		for x.Weight(text+part) <= 280 {
			text += part
		}
		text += strings.Repeat("a", 280-x.Weight(text))
		if n := x.Weight(text); n != 280 {
			t.Fatalf("%q makes a text of %d", part, n)
		}
		if a := w.api(s, http.MethodPost, "/2/tweets", body(text)); a.Status != 201 {
			t.Errorf("%q: 280 by our count is refused: %d %s", part, a.Status, a.Body)
		}
		if a := w.api(s, http.MethodPost, "/2/tweets", body(text+"a")); a.Status != 403 {
			t.Errorf("%q: 281 by our count is taken: %d", part, a.Status)
		}
	}
}

func body(text string) string {
	b, _ := json.Marshal(map[string]string{"text": text})
	return string(b)
}

func TestPagesShowPosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	r := w.Publish(s, platforms.Draft{Text: "Look <here>", Media: []platforms.Media{w.Media.Make("image/png", 40, 40, "A ball")}})
	for _, path := range []string{"/web/riversidefc", "/web/riversidefc/status/" + r.RemoteID, "/web/i/web/status/" + r.RemoteID} {
		a := w.do(w.request(http.MethodGet, path, "", nil))
		if a.Status != 200 || !strings.Contains(a.Body, "Look &lt;here&gt;") || !strings.Contains(a.Body, `alt="A ball"`) {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
	for _, path := range []string{"/web/nobody", "/web/riversidefc/status/1", "/web/pictures/1"} {
		if a := w.do(w.request(http.MethodGet, path, "", nil)); a.Status != 404 {
			t.Errorf("%s: %d", path, a.Status)
		}
	}
}
