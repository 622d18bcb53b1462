package handlers

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// tiny is a platform with a limit of twenty characters, that takes two pictures
// of a shape between 4:5 and 2:1.
type tiny struct {
	platforms.Publisher
	id   platforms.ID
	name string
	max  int
	api  platforms.API
	// parts may follow a post, and story is a second format.
	parts platforms.PartRules
	story bool
}

func (p tiny) Info() platforms.Info {
	return platforms.Info{ID: p.id, Name: p.name, Short: "T", Mark: "<svg></svg>", API: p.api}
}

func (p tiny) Rules(platforms.Account) platforms.Rules {
	rules := platforms.OneFormat(p.feed())
	if p.story {
		rules.Formats = append(rules.Formats, platforms.FormatRules{
			Format: platforms.FormatStory, NoText: true,
			Media: platforms.MediaRules{Min: 1, Max: 1, Image: platforms.ImageRules{Types: []string{"image/jpeg"}}},
		})
	}
	return rules
}

func (p tiny) feed() platforms.FormatRules {
	return platforms.FormatRules{
		Parts: p.parts,
		Text:  []platforms.TextRule{{Unit: "characters", Max: p.max, Measure: func(s string) int { return len([]rune(s)) }, Code: platforms.CodeTextTooLong}},
		Media: platforms.MediaRules{Max: 2, MaxAlt: 30, Image: platforms.ImageRules{Types: []string{"image/jpeg"}, MinRatio: 0.8, MaxRatio: 2}},
		Link:  platforms.LinkRules{Card: true},
	}
}

func (tiny) Preview(p platforms.Preview) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := fmt.Fprintf(w, `<article class="tiny" data-over="%d">%s</article>`, p.Over, templ.EscapeString(p.Draft.Text))
		return err
	})
}

func (tiny) Check(context.Context, platforms.Session) (platforms.Account, error) {
	return platforms.Account{}, nil
}

// withTiny is a scene with two platforms, in practice mode as a new club is.
func withTiny(t *testing.T) *scene {
	t.Helper()
	return newScene(t, func(c *Config) {
		c.Practice = platforms.NewRegistry(tiny{id: "tiny", name: "Tiny", max: 20}, tiny{id: "wide", name: "Wide", max: 200})
		c.Real = platforms.NewRegistry(tiny{id: "tiny", name: "Tiny", max: 20})
		c.Platforms = func(_ int64, practice bool) *platforms.Registry {
			if practice {
				return c.Practice
			}
			return c.Real
		}
	})
}

// account adds an account to the scene's club and returns its id.
func (s *scene) account(platform string, practice bool, health club.Health) int64 {
	s.t.Helper()
	var id int64
	err := s.db.Writer().QueryRowContext(s.t.Context(), `
		INSERT INTO connections (club_id, platform, practice, remote_id, name, handle, health, connected_by, connected_at)
		VALUES (?, ?, ?, (SELECT count(*) FROM connections), 'Riverside FC', 'riverside', ?, ?, 0) RETURNING id`,
		s.club.ID, platform, practice, health, s.persons[club.Admin].ID).Scan(&id)
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

func id64(n int64) string { return strconv.FormatInt(n, 10) }

// draft is a filled-in composer. The clock of scenes stands at Monday
// 2026-11-23 09:00 in Dublin.
func draft(text string, accounts ...int64) url.Values {
	v := url.Values{"op": {"form-1"}, "version": {"0"}, "text": {text}, "when": {"time"}, "date": {"2026-11-24"}, "time": {"18:30"}, "do": {"draft"}}
	for _, a := range accounts {
		v.Add("account", id64(a))
	}
	return v
}

func with(v url.Values, pairs ...string) url.Values {
	out := url.Values{}
	for k, x := range v {
		out[k] = append([]string(nil), x...)
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		out.Set(pairs[i], pairs[i+1])
	}
	return out
}

// only reads the one post of the scene's club.
func (s *scene) only() store.Post {
	s.t.Helper()
	all, err := s.db.Posts(s.t.Context(), s.scope(club.Admin), store.PostFilter{Limit: 10})
	if err != nil || len(all) != 1 {
		s.t.Fatalf("the club has %d posts, want 1 (%v)", len(all), err)
	}
	p, err := s.db.Post(s.t.Context(), s.scope(club.Admin), all[0].ID)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

func TestNewPostProposesTheNextFreeTime(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	s.account("tiny", true, club.Working)
	for path, want := range map[string]string{
		"/posts/new":                             "2026-11-23 18:30",
		"/posts/new?date=2026-11-27":             "2026-11-27 18:30",
		"/posts/new?date=2026-11-23":             "2026-11-23 18:30",
		"/posts/new?date=2026-11-01":             "2026-11-23 18:30",
		"/posts/new?date=2026-11-27&time=20:00":  "2026-11-27 20:00",
		"/posts/new?after=2026-11-27&time=20:00": "2026-11-27 20:00",
		"/posts/new?date=x&time=y":               "2026-11-23 18:30",
	} {
		doc := s.as(club.Publisher).get(path).want(http.StatusOK).doc()
		if got := doc.Find("#date").AttrOr("value", "") + " " + doc.Find("#time").AttrOr("value", ""); got != want {
			t.Errorf("%s proposes %s, want %s", path, got, want)
		}
	}
}

// TestProposedTimeIsNeverTaken: the first thing people read was that another
// post was less than an hour away from the time we had chosen ourselves.
func TestProposedTimeIsNeverTaken(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	a, other := s.account("tiny", true, club.Working), s.account("wide", true, club.Paused)
	tom := s.as(club.Publisher)
	s.schedule("Elsewhere", "2026-11-25T18:30", other)
	s.schedule("Tonight", "2026-11-23T18:30", a)
	s.write(club.Writer, "A draft for tomorrow", "2026-11-24T19:00", a)
	for path, want := range map[string]string{
		"/posts/new":                             "2026-11-25 18:30",
		"/posts/new?date=2026-11-23":             "2026-11-23 20:00",
		"/posts/new?date=2026-11-24":             "2026-11-24 21:00",
		"/posts/new?date=2026-11-25":             "2026-11-25 18:30",
		"/posts/new?after=2026-11-24&time=18:45": "2026-11-25 18:45",
		"/posts/new?after=2026-11-24&time=08:00": "2026-11-24 08:00",
	} {
		page := tom.get(path).want(http.StatusOK)
		doc := page.doc()
		date, clock := doc.Find("#date").AttrOr("value", ""), doc.Find("#time").AttrOr("value", "")
		if got := date + " " + clock; got != want {
			t.Errorf("%s proposes %s, want %s", path, got, want)
		}
		form := with(draft("Trials are open", a), "date", date, "time", clock)
		tom.postHX("/posts/preview", form).want(http.StatusOK).saysNot("less than an hour away")
	}
	// The evening that has nearly come is not proposed to somebody who has still
	// to write the post.
	s.clock.Advance(9 * time.Hour)
	if got := s.as(club.Publisher).get("/posts/new").reads("#when-line"); got != "Wed 25 Nov, 18:30 · next free time" {
		t.Errorf("at 18:00 it proposes %q", got)
	}
}

// TestNothingIsWrongBeforeTheFirstChange: an empty composer was red from top to
// bottom before anybody had written a word.
func TestNothingIsWrongBeforeTheFirstChange(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	a := s.account("tiny", true, club.Working)
	tom := s.as(club.Publisher)
	page := tom.get("/posts/new").want(http.StatusOK)
	blank := with(draft("", a), "date", "2026-11-24")
	for what, shown := range map[string]*answer{"new": page, "after a change of time": tom.postHX("/posts/preview", blank)} {
		doc := shown.doc()
		if n := doc.Find("#problems li, #preview-tab .count, [data-invalid], #ready[data-problems]").Length(); n != 0 {
			t.Errorf("%s: %d problems are shown:\n%s", what, n, shown.text())
		}
		if ready := strings.TrimSpace(doc.Find("#ready").Text()); ready != "" {
			t.Errorf("%s: it says %q", what, ready)
		}
	}
	// Asked to go out, it says what is missing; written, it says what is wrong.
	tom.post("/posts", with(blank, "do", "schedule")).want(http.StatusUnprocessableEntity).says("There is a problem", "There is nothing to post yet")
	tom.postHX("/posts/preview", draft(strings.Repeat("long ", 20), a)).want(http.StatusOK).says("One problem. Ready for 0 of 1 accounts")
	// What somebody wrote earlier and came back to is looked at at once.
	tom.post("/posts", draft(strings.Repeat("long ", 20), a)).to("/posts/1")
	if tom.get("/posts/1/edit").doc().Find("#problems li").Length() == 0 {
		t.Error("a draft with a problem looks fine")
	}
}

func TestDraftIsSavedWithItsProblems(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	a := s.account("tiny", true, club.Working)
	b := s.as(club.Writer)
	long := strings.Repeat("long ", 20)
	b.post("/posts", draft(long, a)).to("/posts/1")
	if p := s.only(); p.Live.Content.Text != long || p.Status() != club.Draft || p.Planned.Local != "2026-11-24T18:30" {
		t.Errorf("post is %+v", p)
	}
	b.get("/posts/1").want(http.StatusOK).says("Saved as a draft.", "Draft", "Tue 24 Nov, 18:30")
	doc := b.get("/posts/new").doc()
	if doc.Find("#account-1[checked]").Length() != 1 {
		t.Error("the next new post forgot the accounts")
	}
}

func TestAutosaveIsSavedOnce(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	a := s.account("tiny", true, club.Working)
	b := s.as(club.Publisher)
	first := b.postHX("/posts/autosave", draft("One", a)).want(http.StatusOK).says("Saved 09:00")
	if got := first.Header.Get("HX-Replace-Url"); got != "/posts/1/edit" {
		t.Errorf("the address becomes %q", got)
	}
	if got := first.doc().Find("input[name=post]").AttrOr("value", ""); got != "1" {
		t.Errorf("the form learns the post %q", got)
	}
	// The answer was lost: the form still knows no post and no version.
	b.postHX("/posts/autosave", draft("One two", a)).want(http.StatusOK)
	if p := s.only(); p.Live.Content.Text != "One two" {
		t.Errorf("text is %q", p.Live.Content.Text)
	}
	b.postHX("/posts/1/autosave", with(draft("One two three", a), "version", "2")).want(http.StatusOK)
	if p := s.only(); p.Live.Content.Text != "One two three" || p.Version != 3 {
		t.Errorf("text is %q, version %d", p.Live.Content.Text, p.Version)
	}
}

func TestConflictShowsBothTexts(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	ines, tom := s.as(club.Writer), s.as(club.Publisher)
	ines.post("/posts", draft("Bring boots today")).to("/posts/1")
	tom.post("/posts", with(draft("Bring water today"), "op", "toms", "post", "1", "version", "1")).to("/posts/1")
	mine := with(draft("Bring boots tomorrow"), "op", "other tab", "post", "1", "version", "1")
	fragment := ines.postHX("/posts/autosave", mine).want(http.StatusConflict).says("Tom Reid saved a newer text at 09:00.", "water", "boots")
	if got := fragment.Header.Get("HX-Retarget"); got != "#conflict-slot" {
		t.Errorf("the panel goes to %q", got)
	}
	page := ines.post("/posts", mine).want(http.StatusConflict).says("Nothing was overwritten")
	if got := page.doc().Find("#text").Text(); got != "Bring boots tomorrow" {
		t.Errorf("the text typed became %q", got)
	}
	if got := s.only().Live.Content.Text; got != "Bring water today" {
		t.Errorf("the post says %q", got)
	}
	do := page.doc().Find("#conflict button[name=do]").AttrOr("value", "")
	ines.post("/posts", with(mine, "do", do)).to("/posts/1")
	if got := s.only().Live.Content.Text; got != "Bring boots tomorrow" {
		t.Errorf("after keeping mine the post says %q", got)
	}
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	a := s.account("tiny", true, club.Working)
	w := s.account("wide", true, club.Working)
	b := s.as(club.Publisher)
	b.post("/posts", with(draft("Trials are open", a, w), "do", "schedule")).to("/calendar#card-1")
	p := s.only()
	if p.Status() != club.Scheduled || len(p.Deliveries) != 2 {
		t.Fatalf("status %s, %d deliveries", p.Status(), len(p.Deliveries))
	}
	want := time.Date(2026, 11, 24, 18, 30, 0, 0, time.UTC)
	for _, d := range p.Deliveries {
		if !d.DueAt.Equal(want) {
			t.Errorf("due at %s, want %s", d.DueAt, want)
		}
	}
	page := b.get("/posts/1").want(http.StatusOK).says("Scheduled for Tue 24 Nov, 18:30.", "Scheduled", "Tom Reid scheduled it for Tue 24 Nov, 18:30: Tiny @riverside and Wide @riverside")
	if page.doc().Find(`form[action="/posts/1/draft"]`).Length() == 0 {
		t.Error("no way to undo")
	}
	b.post("/posts/1/draft", nil).to("/posts/1/edit")
	if p := s.only(); p.Status() != club.Draft {
		t.Errorf("after undo the status is %s", p.Status())
	}
}

// TestScheduledPostIsShownOnTheCalendar: where it opens, if it holds the day.
func TestScheduledPostIsShownOnTheCalendar(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	a := s.account("tiny", true, club.Working)
	b := s.as(club.Publisher)
	for i, tt := range []struct{ date, want string }{
		{"2026-12-19", "/calendar#card-1"}, {"2027-03-20", "/calendar?date=2027-03-20#card-2"},
	} {
		day := with(draft("Trials", a), "op", "op"+tt.date, "date", tt.date, "do", "schedule")
		b.post("/posts", day).to(tt.want)
		path, card, _ := strings.Cut(tt.want, "#")
		if n := b.get(path).doc().Find("#day-" + tt.date + " #" + card).Length(); n != 1 {
			t.Errorf("post %d is not on the page that it leads to", i+1)
		}
	}
}

func TestScheduleAndWriteAnother(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	a := s.account("tiny", true, club.Working)
	b := s.as(club.Publisher)
	b.post("/posts", with(draft("Trials", a), "do", "next")).to("/posts/new?after=2026-11-25&time=18%3A30")
	b.get("/posts/new?after=2026-11-25&time=18%3A30").says("Scheduled for Tue 24 Nov, 18:30.")
}

func TestPublishNow(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	a := s.account("tiny", true, club.Working)
	s.as(club.Publisher).post("/posts", with(draft("Trials", a), "do", "schedule", "when", "now")).to("/posts/1")
	if p := s.only(); p.Status() != club.Scheduled || p.Deliveries[0].DueAt.After(s.clock.Now()) {
		t.Errorf("status %s, due %s", p.Status(), p.Deliveries[0].DueAt)
	}
}

// Symptom: "publish now" was done, its answer was lost, and pressing the button
// again said that somebody had changed the post, or gave what waited another time.
func TestPublishNowAgainAfterALostAnswer(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	a := s.account("tiny", true, club.Working)
	b := s.as(club.Publisher)
	now := with(draft("Trials", a), "do", "schedule", "when", "now")
	b.post("/posts", now).to("/posts/1")
	first := s.only().Deliveries[0]
	s.clock.Advance(time.Minute)
	b.post("/posts", now).to("/posts/1")
	if again := s.only().Deliveries[0]; again.Version != first.Version || !again.DueAt.Equal(first.DueAt) {
		t.Errorf("due %s, changed %d times; want %s, %d", again.DueAt, again.Version, first.DueAt, first.Version)
	}
	s.force(s.only().ID, club.Publishing, club.Sending)
	b.post("/posts", now).to("/posts/1")
	b.post("/posts", with(now, "text", "Trials!")).want(http.StatusConflict)
}

func TestScheduleRefusesAndKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	a := s.account("tiny", true, club.Working)
	w := s.account("wide", true, club.Working)
	r := s.account("wide", true, club.NeedsReconnect)
	b := s.as(club.Publisher)
	ok := draft("Trials", a)
	tests := map[string]struct {
		form  url.Values
		field string
		says  string
	}{
		"no account":      {draft("Trials"), "accounts", "Choose at least one account."},
		"too long":        {draft("Trials for everybody under twelve", a, w), "text", "Tiny: 13 too many: 33 of 20 characters."},
		"own text":        {with(draft("Trials", a, w), "own", id64(a), "text-"+id64(a), "Trials for everybody under twelve"), "text-" + id64(a), "Tiny: 13 too many"},
		"nothing":         {draft(" ", a), "text", "There is nothing to post yet."},
		"past":            {with(ok, "date", "2026-11-22"), "time", "Sun 22 Nov, 18:30 in Dublin has passed."},
		"no date":         {with(ok, "date", "tomorrow-ish"), "date", "Enter a date like 2026-11-24."},
		"no clock":        {with(ok, "time", "half six"), "time", "Enter a time like 18:30."},
		"no time at all":  {with(ok, "when", "none"), "date", "Choose a time, or publish now."},
		"clock gap":       {with(ok, "date", "2027-03-28", "time", "01:30"), "time", "01:30 does not exist on Sun 28 Mar"},
		"bad link":        {with(ok, "link", "not a link"), "link", "Enter a link like https://example.org/page."},
		"needs reconnect": {draft("Trials", r), "accounts", "Reconnect Riverside FC first"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			form := with(tt.form, "do", "schedule", "note", "for Ines", "campaign_new", "Spring", "op", name)
			doc := b.post("/posts", form).want(http.StatusUnprocessableEntity).says(tt.says).doc()
			if doc.Find(`.errors a[href="#`+tt.field+`"]`).Length() == 0 {
				html, _ := doc.Find(".errors").Html()
				t.Errorf("the summary does not lead to %s:\n%s", tt.field, html)
			}
			if doc.Find("#"+tt.field).Length() == 0 {
				t.Errorf("there is no field %s", tt.field)
			}
			for field, want := range map[string]string{"text": form.Get("text"), "note": "for Ines"} {
				if got := doc.Find("#" + field).Text(); got != want {
					t.Errorf("%s became %q, want %q", field, got, want)
				}
			}
			if got := doc.Find("#campaign_new").AttrOr("value", ""); got != "Spring" {
				t.Errorf("the new campaign became %q", got)
			}
			if !strings.HasPrefix(doc.Find("title").Text(), "Error: ") {
				t.Errorf("title is %q", doc.Find("title").Text())
			}
		})
	}
	all, err := s.db.Posts(t.Context(), s.scope(club.Admin), store.PostFilter{Limit: 10})
	if err != nil || len(all) != 0 {
		t.Errorf("%d posts were made, %v", len(all), err)
	}
}

func TestTimeTypedWithPMSchedulesThePost(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	a := s.account("tiny", true, club.Working)
	b := s.as(club.Publisher)
	b.post("/posts", with(draft("Trials", a), "date", "2026-11-27", "time", "6:45\u202fPM", "do", "schedule")).want(http.StatusSeeOther)
	if got := s.only().Planned.Local; got != "2026-11-27T18:45" {
		t.Errorf("planned for %s, want 18:45", got)
	}
}

func TestRepeatedHourTakesTheFirst(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	a := s.account("tiny", true, club.Working)
	b := s.as(club.Publisher)
	b.post("/posts", with(draft("Trials", a), "date", "2027-10-31", "time", "01:30", "do", "schedule")).want(http.StatusSeeOther)
	if got, want := s.only().Planned.At, time.Date(2027, 10, 31, 0, 30, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("planned at %s, want %s", got, want)
	}
	b.get("/posts/1").says("01:30 happens twice on Sun 31 Oct")
}

func TestWritersCannotSchedule(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	a := s.account("tiny", true, club.Working)
	ines := s.as(club.Writer)
	page := ines.get("/posts/new").want(http.StatusOK).says("Ask Maeve Byrne and Tom Reid.")
	if page.doc().Find("button[value=schedule]").Length() != 0 {
		t.Error("a writer sees Schedule")
	}
	ines.post("/posts", with(draft("Trials", a), "do", "schedule")).want(http.StatusForbidden)
	ines.post("/posts", draft("Trials", a)).to("/posts/1")
	for _, path := range []string{"/posts/1/schedule", "/posts/1/draft"} {
		ines.post(path, with(draft("Trials", a), "version", "1")).want(http.StatusForbidden)
	}
	if p := s.only(); p.Status() != club.Draft {
		t.Errorf("status is %s", p.Status())
	}
}

func TestWritersEditOnlyTheirOwn(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	s.as(club.Publisher).post("/posts", draft("By Tom")).to("/posts/1")
	ines := s.as(club.Writer)
	ines.get("/posts/1/edit").to("/posts/1")
	form := with(draft("By Ines"), "post", "1", "version", "1")
	ines.post("/posts", form).want(http.StatusForbidden)
	ines.postHX("/posts/autosave", form).want(http.StatusForbidden)
	ines.post("/posts/1/deletion", nil).want(http.StatusForbidden)
	s.as(club.Viewer).get("/posts/1/edit").to("/posts/1")
	s.as(club.Viewer).post("/posts", draft("x")).want(http.StatusForbidden)
	if got := s.only().Live.Content.Text; got != "By Tom" {
		t.Errorf("text is %q", got)
	}
}

func TestPendingChangesWaitForAPublisher(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	a := s.account("tiny", true, club.Working)
	tom := s.as(club.Publisher)
	tom.post("/posts", with(draft("Final", a), "do", "schedule")).want(http.StatusSeeOther)
	tom.postHX("/posts/1/autosave", with(draft("Half a sen", a), "version", "1")).want(http.StatusOK).says("Saved as a change, not yet live.")
	if p := s.only(); p.Live.Content.Text != "Final" || p.Pending == nil || p.Status() != club.Scheduled {
		t.Fatalf("live %q, pending %v, %s", p.Live.Content.Text, p.Pending, p.Status())
	}
	tom.get("/posts/1").says("A change is waiting", "Half a sen")
	tom.post("/posts/1/revision", url.Values{"do": {"take"}, "version": {"2"}}).want(http.StatusSeeOther)
	if p := s.only(); p.Live.Content.Text != "Half a sen" || p.Pending != nil || p.Status() != club.Scheduled {
		t.Errorf("live %q, pending %v, %s", p.Live.Content.Text, p.Pending, p.Status())
	}
	tom.postHX("/posts/1/autosave", with(draft("Other", a), "version", "3")).want(http.StatusOK)
	tom.post("/posts/1/revision", url.Values{"do": {"throw"}, "version": {"4"}}).to("/posts/1")
	if p := s.only(); p.Live.Content.Text != "Half a sen" || p.Pending != nil {
		t.Errorf("live %q, pending %v", p.Live.Content.Text, p.Pending)
	}
}

func TestOtherClubsPostIsNotThere(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	a := s.account("tiny", true, club.Working)
	s.as(club.Admin).post("/posts", with(draft("Secret", a), "do", "schedule")).want(http.StatusSeeOther)
	d := s.only().Deliveries[0].ID
	other, err := s.db.CreateClub(t.Context(), s.persons[club.Viewer].ID, store.NewClub{Name: "Other", Zone: "UTC"}, "test")
	if err != nil {
		t.Fatal(err)
	}
	s.club = other
	b := s.as(club.Viewer) // admin of the other club
	for _, path := range []string{"/posts/1", "/posts/1/status", "/posts/1/edit"} {
		b.get(path).want(http.StatusNotFound).saysNot("Secret")
	}
	form := with(draft("x"), "post", "1", "version", "1")
	for _, path := range []string{
		"/posts", "/posts/autosave", "/posts/preview", "/posts/1/autosave", "/posts/1/schedule", "/posts/1/draft", "/posts/1/revision",
		"/posts/1/duplicate", "/posts/1/deletion", "/deliveries/" + d + "/answer",
	} {
		b.post(path, with(form, "answer", "discard")).want(http.StatusNotFound).saysNot("Secret")
	}
	// Nor can its accounts be used.
	b.post("/posts", draft("x", a)).want(http.StatusUnprocessableEntity).says("An account that you ticked is not there any more")
	b.get("/posts").saysNot("Secret")
}

func TestPreviewSaysWhatTheCheckSays(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	a := s.account("tiny", true, club.Working)
	w := s.account("wide", true, club.Working)
	b := s.as(club.Publisher)
	text := "Trials for everybody under twelve"
	answer := b.postHX("/posts/preview", draft(text, a, w)).want(http.StatusOK)
	answer.says("Must fix before scheduling", "Tiny: 13 too many", "One problem. Ready for 1 of 2 accounts", "33 of 20 characters", "33 of 200 characters", "Preview 1 problem")
	doc := answer.doc()
	if got := doc.Find("article.tiny").First().AttrOr("data-over", ""); got != "13" {
		t.Errorf("the card marks %s characters, want 13", got)
	}
	if got := doc.Find("#counters-shared li[data-state=over]").Text(); !strings.Contains(got, "13 too many for Tiny.") {
		t.Errorf("the counter says %q", got)
	}
	b.postHX("/posts/preview", draft("Trials", a, w)).says("Ready for 2 accounts").saysNot("Must fix")
	b.postHX("/posts/preview", draft("Trials for all now", a)).says("2 left for Tiny.")
	all, err := s.db.Posts(t.Context(), s.scope(club.Admin), store.PostFilter{Limit: 10})
	if err != nil || len(all) != 0 {
		t.Errorf("the preview wrote %d posts, %v", len(all), err)
	}
}

func TestOwnTextWithoutScript(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	a := s.account("tiny", true, club.Working)
	w := s.account("wide", true, club.Working)
	b := s.as(club.Publisher)
	form := draft("Trials for everybody under twelve", a, w)
	doc := b.post("/posts", with(form, "do", "own-"+id64(a))).want(http.StatusOK).doc()
	if got := doc.Find("#text-" + id64(a)).Text(); got != form.Get("text") {
		t.Errorf("the own text begins with %q", got)
	}
	own := with(form, "own", id64(a), "text-"+id64(a), "Trials!", "do", "schedule")
	b.post("/posts", own).want(http.StatusSeeOther)
	if got := s.only().Live.Content.TextFor(a); got != "Trials!" {
		t.Errorf("text for the account is %q", got)
	}
	doc = b.post("/posts", with(own, "do", "shared-"+id64(a), "op", "form-2")).want(http.StatusOK).doc()
	if doc.Find("#text-"+id64(a)).Length() != 0 {
		t.Error("the own text is still there")
	}
}

func TestTextIsEscapedEverywhere(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	w := s.account("wide", true, club.Working)
	b := s.as(club.Publisher)
	evil := `</textarea><script>alert(1)</script><img src=x onerror=alert(1)>`
	form := with(draft(evil, w), "own", id64(w), "text-"+id64(w), evil, "note", evil, "campaign_new", evil[:60], "link", "javascript:alert(1)")
	b.post("/posts", form).want(http.StatusSeeOther)
	for _, a := range []*answer{
		b.get("/posts/1"), b.get("/posts/1/edit"), b.get("/posts"), b.get("/posts?q=%3Cscript%3E"), b.postHX("/posts/preview", form),
		b.post("/posts", with(form, "do", "schedule", "post", "1", "version", "1")),
		b.postHX("/posts/autosave", with(form, "op", "x", "post", "1", "version", "0")),
	} {
		doc := a.doc()
		if doc.Find("script:not([src])").Length() > 0 || doc.Find("[onerror]").Length() > 0 || doc.Find(`[href^="javascript"]`).Length() > 0 {
			t.Errorf("%s carries what was typed as HTML", a.what)
		}
	}
}

func TestListOfPosts(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	a := s.account("tiny", true, club.Working)
	b := s.as(club.Publisher)
	b.get("/posts").says("Nothing has been written yet.", "Write the first post")
	b.post("/posts", draft("A draft")).want(http.StatusSeeOther)
	b.post("/posts", with(draft("A match", a), "do", "schedule", "op", "2")).want(http.StatusSeeOther)
	b.get("/posts").says("A draft", "A match", "Tue 24 Nov, 18:30", "by Tom Reid")
	b.get("/posts?show=draft").says("A draft").saysNot("A match")
	b.get("/posts?show=scheduled").says("A match").saysNot("A draft")
	b.get("/posts?q=match").says("A match").saysNot("A draft")
	b.get("/posts?show=published").says("No posts found.")
}

func TestDuplicateAndDelete(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	a := s.account("tiny", true, club.Working)
	b := s.as(club.Publisher)
	b.post("/posts", with(draft("A match", a), "do", "schedule")).want(http.StatusSeeOther)
	b.post("/posts/1/duplicate", url.Values{"op": {"dup"}}).to("/posts/2/edit")
	b.post("/posts/1/duplicate", url.Values{"op": {"dup"}}).to("/posts/2/edit")
	b.get("/posts/2").says("Draft", "A match")
	b.post("/posts/1/deletion", nil).to("/posts")
	b.get("/posts/1").want(http.StatusNotFound)
	if p := s.only(); p.ID != 2 {
		t.Errorf("what is left is post %d", p.ID)
	}
}

func TestRealAndMakeBelieveAccountsNeverMeet(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	s.account("tiny", true, club.Working)
	real := s.account("tiny", false, club.Working)
	b := s.as(club.Publisher)
	if doc := b.get("/posts/new").doc(); doc.Find("#account-"+id64(real)).Length() != 0 {
		t.Error("a club in practice mode sees a real account")
	}
	b.post("/posts", draft("x", real)).want(http.StatusUnprocessableEntity).says("An account that you ticked is not there any more")
}
