package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

// moving is the form of a move as a drag sends it.
func (s *scene) moving(p store.SavedPost, date, clock string, more ...string) url.Values {
	v := url.Values{
		"op": {store.NewID()}, "version": {strconv.FormatInt(p.Version, 10)}, "to_date": {date}, "to_time": {clock},
		"tz": {s.club.Zone}, "via": {"drag"}, "ctx": {"/calendar"},
	}
	for i := 0; i+1 < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return v
}

func movePath(p store.SavedPost) string { return fmt.Sprintf("/posts/%d/move", p.ID) }

// stands reads where a post is now: its wall time, version and the times its
// deliveries are due at, in UTC.
func (s *scene) stands(id int64) (local string, version int64, due []string) {
	s.t.Helper()
	p, err := s.db.Post(s.t.Context(), s.scope(club.Admin), id)
	if err != nil {
		s.t.Fatal(err)
	}
	all, err := s.db.Deliveries(s.t.Context(), s.scope(club.Admin), id)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, d := range all {
		at := ""
		if !d.DueAt.IsZero() {
			at = " " + d.DueAt.UTC().Format("2006-01-02T15:04")
		}
		due = append(due, string(d.Status)+at)
	}
	return p.Planned.Local, p.Version, due
}

// wantAt checks where a post is.
func (s *scene) wantAt(id int64, local string, due ...string) {
	s.t.Helper()
	got, _, gotDue := s.stands(id)
	if got != local {
		s.t.Errorf("the post is at %q, want %q", got, local)
	}
	if diff := cmp.Diff(due, gotDue); diff != "" {
		s.t.Errorf("deliveries (-want +got):\n%s", diff)
	}
}

// cells are the ids of what an answer changes on the calendar.
func (a *answer) cells() []string {
	a.t.Helper()
	var ids []string
	_, inside, _ := strings.Cut(a.body, "<template>")
	inside, _, _ = strings.Cut(inside, "</template>")
	for part := range strings.SplitSeq(inside, "<") {
		if !strings.Contains(part, "hx-swap-oob") {
			continue
		}
		_, id, _ := strings.Cut(part, `id="`)
		id, _, _ = strings.Cut(id, `"`)
		ids = append(ids, id)
	}
	return ids
}

func TestMoveByDrag(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	one, two := s.connect("one", "Riverside FC"), s.connect("two", "@riverside")
	p := s.schedule("Under-12 trials", "2026-11-24T18:30", one, two)
	tom := s.as(club.Publisher)
	a := tom.postHX(movePath(p), s.moving(p, "2026-11-27", "")).want(http.StatusOK)
	s.wantAt(p.ID, "2026-11-27T18:30", "SCHEDULED 2026-11-27T18:30", "SCHEDULED 2026-11-27T18:30")
	if diff := cmp.Diff([]string{"day-2026-11-24", "day-2026-11-27"}, a.cells()); diff != "" {
		t.Errorf("cells (-want +got):\n%s", diff)
	}
	if got, want := a.reads(".toast p"), "Moved to Fri 27 Nov, 18:30."; got != want {
		t.Errorf("toast = %q, want %q", got, want)
	}
	if got, want := a.reads("#say"), "Under-12 trials moved from Tuesday 24 November to Friday 27 November, 18:30. 1 post that day."; got != want {
		t.Errorf("said %q, want %q", got, want)
	}
	_, version, _ := s.stands(p.ID)
	if got, want := a.Header.Get("HX-Trigger"), fmt.Sprintf(`{"bs:moved":{"id":%d,"version":%d}}`, p.ID, version); got != want {
		t.Errorf("HX-Trigger = %s, want %s", got, want)
	}
	if len(a.body) > 8<<10 {
		t.Errorf("the answer has %d bytes", len(a.body))
	}

	// Undo is the same request with the new version and a key of its own.
	undo := url.Values{}
	form := a.doc().Find(".toast form")
	for _, in := range form.Find("input").EachIter() {
		undo.Set(in.AttrOr("name", ""), in.AttrOr("value", ""))
	}
	if undo.Get("op") == "" || form.Find("button").Text() != "Undo" {
		t.Fatalf("no way back: %v", undo)
	}
	tom.postHX(form.AttrOr("action", ""), undo).want(http.StatusOK)
	s.wantAt(p.ID, "2026-11-24T18:30", "SCHEDULED 2026-11-24T18:30", "SCHEDULED 2026-11-24T18:30")
}

func TestMoveWithoutScript(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	p := s.schedule("Trials", "2026-11-24T18:30", s.connect("one", "Riverside FC"))
	tom := s.as(club.Publisher)
	page := tom.get(movePath(p)).want(http.StatusOK).says("Move “Trials”", "Now: Tue 24 Nov, 18:30 (Dublin)",
		"A day later: Wed 25 Nov, 18:30", "A week later: Tue 1 Dec, 18:30", "A day earlier: Mon 23 Nov, 18:30", "Take it off the calendar")
	form := url.Values{}
	for _, in := range page.doc().Find("main form input[type=hidden]").EachIter() {
		form.Set(in.AttrOr("name", ""), in.AttrOr("value", ""))
	}
	form.Set("to", page.doc().Find("#to-week").AttrOr("value", ""))
	form.Set("ctx", "/calendar?view=list")
	tom.post(movePath(p), form).to("/calendar?view=list")
	tom.get("/calendar?view=list").says("Moved to Tue 1 Dec, 18:30.")
	s.wantAt(p.ID, "2026-12-01T18:30", "SCHEDULED 2026-12-01T18:30")

	form.Set("to", "other")
	form.Set("to_date", "2026-11-20")
	form.Set("to_time", "10:15")
	form.Set("op", store.NewID())
	_, version, _ := s.stands(p.ID)
	form.Set("version", strconv.FormatInt(version, 10))
	wrong := tom.post(movePath(p), form).want(http.StatusUnprocessableEntity).says("That time has passed.")
	if got := wrong.doc().Find("#to_date").AttrOr("value", "") + " " + wrong.doc().Find("#to_time").AttrOr("value", ""); got != "2026-11-20 10:15" {
		t.Errorf("the wish is lost: %q", got)
	}
}

func TestMoveKeepsADraftADraft(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	p := s.write(club.Writer, "Thank you", "", s.connect("one", "Riverside FC"))
	ines := s.as(club.Writer)
	// From the tray to a day: the usual time, and it says so.
	a := ines.postHX(movePath(p), s.moving(p, "2026-11-27", "")).want(http.StatusOK).says("Planned for Fri 27 Nov, 18:30. It is still a draft.")
	if diff := cmp.Diff([]string{"tray", "day-2026-11-27"}, a.cells(), cmpSorted); diff != "" {
		t.Errorf("cells (-want +got):\n%s", diff)
	}
	s.wantAt(p.ID, "2026-11-27T18:30", "DRAFT")
	p.Version++
	// And back to the tray.
	ines.postHX(movePath(p), s.moving(p, "", "", "unschedule", "1")).want(http.StatusOK).says("Taken off the calendar.")
	s.wantAt(p.ID, "", "DRAFT")
}

func TestMoveOffTheCalendarMakesADraft(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	p := s.schedule("Trials", "2026-11-24T18:30", s.connect("one", "Riverside FC"))
	a := s.as(club.Publisher).postHX(movePath(p), s.moving(p, "", "", "unschedule", "1")).want(http.StatusOK)
	if a.doc().Find(".toast form").Length() != 0 {
		t.Error("an undo is offered that would not schedule the post again")
	}
	if got, _, due := s.stands(p.ID); got != "" || len(due) != 1 || !strings.HasPrefix(due[0], "DRAFT") {
		t.Errorf("the post is at %q, %v", got, due)
	}
	s.as(club.Publisher).get("/calendar").says("1 draft without a time")
}

func TestMoveIsDoneOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	p := s.schedule("Trials", "2026-11-24T18:30", s.connect("one", "Riverside FC"))
	tom := s.as(club.Publisher)
	form := s.moving(p, "2026-11-27", "")
	first := tom.postHX(movePath(p), form).want(http.StatusOK)
	_, version, _ := s.stands(p.ID)
	again := tom.postHX(movePath(p), form).want(http.StatusOK)
	if _, now, _ := s.stands(p.ID); now != version {
		t.Errorf("the same request moved the post twice: version %d, then %d", version, now)
	}
	if a, b := first.reads(".toast p"), again.reads(".toast p"); a != b {
		t.Errorf("the answers differ: %q, %q", a, b)
	}
}

func TestMoveOfAnOlderVersion(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	p := s.schedule("Trials", "2026-11-24T18:30", s.connect("one", "Riverside FC"))
	maeve, tom := s.as(club.Admin), s.as(club.Publisher)
	maeve.postHX(movePath(p), s.moving(p, "2026-11-25", "19:00")).want(http.StatusOK)

	a := tom.postHX(movePath(p), s.moving(p, "2026-11-27", "")).want(http.StatusConflict)
	s.wantAt(p.ID, "2026-11-25T19:00", "SCHEDULED 2026-11-25T19:00")
	if got, want := a.reads(".toast p"), "Maeve Byrne changed this post at 09:00: it is now on Wed 25 Nov, 19:00."; got != want {
		t.Errorf("toast = %q, want %q", got, want)
	}
	if got := a.reads("#say-now"); !strings.HasPrefix(got, "Maeve Byrne changed this post") {
		t.Errorf("alert = %q", got)
	}
	if diff := cmp.Diff([]string{"day-2026-11-25", "day-2026-11-27"}, a.cells()); diff != "" {
		t.Errorf("cells (-want +got):\n%s", diff)
	}
	if !strings.Contains(a.Header.Get("HX-Trigger"), "bs:conflict") {
		t.Errorf("HX-Trigger = %s", a.Header.Get("HX-Trigger"))
	}
	form := a.doc().Find(".toast form")
	if got, want := form.Find("button").Text(), "Move it to Fri 27 Nov, 19:00 anyway"; got != want {
		t.Errorf("offer = %q, want %q", got, want)
	}
	anyway := url.Values{}
	for _, in := range form.Find("input").EachIter() {
		anyway.Set(in.AttrOr("name", ""), in.AttrOr("value", ""))
	}
	tom.postHX(movePath(p), anyway).want(http.StatusOK)
	s.wantAt(p.ID, "2026-11-27T19:00", "SCHEDULED 2026-11-27T19:00")

	// An undo that is too late says so and offers nothing.
	late := tom.postHX(movePath(p), s.moving(p, "2026-11-24", "18:30", "undo", "1")).want(http.StatusConflict).says("undo is no longer possible")
	if late.doc().Find(".toast form").Length() != 0 {
		t.Error("a late undo is offered again")
	}
	// Without script: the page, with the same words.
	tom.post(movePath(p), s.moving(p, "2026-11-28", "")).want(http.StatusConflict).says("Tom Reid changed this post at 09:00")
}

func TestMoveToTimesThatCannotBe(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	p := s.schedule("Trials", "2026-11-24T18:30", s.connect("one", "Riverside FC"))
	tom := s.as(club.Publisher)
	tests := []struct {
		name, date, clock, says string
		more                    []string
	}{
		{"past day", "2026-11-20", "", "That time has passed.", nil},
		{"earlier today", "2026-11-23", "08:59", "That time has passed.", nil},
		{"now", "2026-11-23", "09:00", "That time has passed.", nil},
		{"no date", "", "10:00", "Enter a date like 24/11/2026.", nil},
		{"no such date", "2026-02-30", "10:00", "Enter a date like 24/11/2026.", nil},
		{"far future", "9999-01-01", "10:00", "Enter a date like 24/11/2026.", nil},
		{"no such time", "2026-11-27", "25:00", "Enter a time like 18:30.", nil},
		{"gap", "2027-03-28", "01:30", "01:30 does not exist on Sunday 28 March 2027", nil},
		{"another zone", "2026-11-27", "10:00", "The club’s time zone is Dublin now.", []string{"tz", "Europe/Berlin"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := tom.postHX(movePath(p), s.moving(p, tt.date, tt.clock, tt.more...)).want(http.StatusUnprocessableEntity).says(tt.says)
			if a.Header.Get("HX-Retarget") != "#dialog-root" || a.doc().Find("dialog#dlg form").Length() == 0 {
				t.Error("the wish cannot be mended")
			}
			if diff := cmp.Diff([]string{"day-2026-11-24"}, a.cells()); diff != "" {
				t.Errorf("the true day is not sent (-want +got):\n%s", diff)
			}
			s.wantAt(p.ID, "2026-11-24T18:30", "SCHEDULED 2026-11-24T18:30")
		})
	}
}

func TestTimeTypedWithPMMovesThePost(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	p := s.schedule("Trials", "2026-11-24T18:30", s.connect("one", "Riverside FC"))
	s.as(club.Publisher).postHX(movePath(p), s.moving(p, "2026-11-27", "6.45 p.m.")).want(http.StatusOK)
	s.wantAt(p.ID, "2026-11-27T18:45", "SCHEDULED 2026-11-27T18:45")
}

func TestMoveIntoTheGapOffersBothSides(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	p := s.schedule("Trials", "2027-03-27T01:30", s.connect("one", "Riverside FC"))
	tom := s.as(club.Publisher)
	a := tom.postHX(movePath(p), s.moving(p, "2027-03-28", "", "ctx", "/calendar?date=2027-03-01")).want(http.StatusUnprocessableEntity)
	var labels, times []string
	for _, f := range a.doc().Find("dialog form:has([name=to_time][type=hidden])").EachIter() {
		labels = append(labels, f.Find("button").Text())
		times = append(times, f.Find("[name=to_time]").AttrOr("value", ""))
	}
	if diff := cmp.Diff([]string{"Use 02:30", "Use 00:30, before the change"}, labels); diff != "" {
		t.Errorf("offers (-want +got):\n%s", diff)
	}
	tom.postHX(movePath(p), s.moving(p, "2027-03-28", times[0])).want(http.StatusOK)
	s.wantAt(p.ID, "2027-03-28T02:30", "SCHEDULED 2027-03-28T01:30")
}

func TestMoveIntoTheRepeatedHour(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	p := s.schedule("Trials", "2027-10-30T01:30", s.connect("one", "Riverside FC"))
	tom := s.as(club.Publisher)
	a := tom.postHX(movePath(p), s.moving(p, "2027-10-31", "")).want(http.StatusOK).says("01:30 happens twice that night; we took the first one.")
	s.wantAt(p.ID, "2027-10-31T01:30", "SCHEDULED 2027-10-31T00:30")
	second := url.Values{}
	form := a.doc().Find(".toast form")
	for _, in := range form.Find("input").EachIter() {
		second.Set(in.AttrOr("name", ""), in.AttrOr("value", ""))
	}
	if got := form.Find("button").Text(); got != "Use the second one" {
		t.Fatalf("offer = %q", got)
	}
	tom.postHX(movePath(p), second).want(http.StatusOK)
	s.wantAt(p.ID, "2027-10-31T01:30", "SCHEDULED 2027-10-31T01:30")
}

func TestMoveOfWhatFailedAsksFirst(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	p := s.schedule("Trials", "2026-11-24T18:30", s.connect("one", "Riverside FC"), s.connect("two", "@riverside"))
	s.force(p.ID, club.Failed, club.Refused)
	tom := s.as(club.Publisher)
	a := tom.postHX(movePath(p), s.moving(p, "2026-11-27", "")).want(http.StatusOK).says("Try again then?")
	s.wantAt(p.ID, "2026-11-24T18:30", "FAILED 2026-11-24T18:30", "FAILED 2026-11-24T18:30")
	yes := url.Values{}
	for _, in := range a.doc().Find("dialog form input").EachIter() {
		yes.Set(in.AttrOr("name", ""), in.AttrOr("value", ""))
	}
	tom.postHX(movePath(p), yes).want(http.StatusOK).says("It goes out on Fri 27 Nov, 18:30.")
	s.wantAt(p.ID, "2026-11-27T18:30", "SCHEDULED 2026-11-27T18:30", "SCHEDULED 2026-11-27T18:30")
}

func TestMoveOfWhatIsOnItsWay(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status club.Status
		phase  club.Phase
		says   string
	}{
		{club.Publishing, club.Preparing, "already on its way"},
		{club.Publishing, club.Sending, "already on its way"},
		{club.Published, club.Unlinked, "is published"},
		{club.NeedsAttention, club.Ambiguous, "We do not know yet"},
	}
	for _, tt := range tests {
		t.Run(string(tt.status)+" "+string(tt.phase), func(t *testing.T) {
			t.Parallel()
			s := newScene(t, withPlatforms)
			p := s.schedule("Trials", "2026-11-24T18:30", s.connect("one", "Riverside FC"))
			s.force(p.ID, tt.status, tt.phase)
			tom := s.as(club.Publisher)
			a := tom.postHX(movePath(p), s.moving(p, "2026-11-27", "", "again", "1")).want(http.StatusConflict).says(tt.says)
			if diff := cmp.Diff([]string{"day-2026-11-24"}, a.cells()); diff != "" {
				t.Errorf("cells (-want +got):\n%s", diff)
			}
			tom.get(movePath(p)).want(http.StatusOK).says(tt.says)
			s.wantAt(p.ID, "2026-11-24T18:30", string(tt.status)+" 2026-11-24T18:30")
		})
	}
}

func TestMovePermissions(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	one := s.connect("one", "Riverside FC")
	scheduled := s.schedule("Trials", "2026-11-24T18:30", one)
	own, others := s.write(club.Writer, "Own", "2026-11-24T10:00"), s.write(club.Publisher, "Others", "2026-11-24T11:00")
	ines := s.as(club.Writer)
	ines.postHX(movePath(own), s.moving(own, "2026-11-25", "")).want(http.StatusOK)
	for _, p := range []store.SavedPost{scheduled, others} {
		a := ines.postHX(movePath(p), s.moving(p, "2026-11-25", "")).want(http.StatusForbidden).says("Only Admins and Publishers can do this.", "Tom Reid")
		if diff := cmp.Diff([]string{"day-2026-11-24"}, a.cells()); diff != "" {
			t.Errorf("cells (-want +got):\n%s", diff)
		}
	}
	s.as(club.Viewer).postHX(movePath(own), s.moving(own, "2026-11-26", "")).want(http.StatusForbidden)
	s.as("").postHX(movePath(own), s.moving(own, "2026-11-26", "")).want(http.StatusUnauthorized)
	s.wantAt(scheduled.ID, "2026-11-24T18:30", "SCHEDULED 2026-11-24T18:30")
}

func TestMoveOfADeletedPost(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	p := s.write(club.Writer, "Old news", "2026-11-24T10:00")
	if err := s.db.DeletePost(t.Context(), s.scope(club.Admin), p.ID, "test"); err != nil {
		t.Fatal(err)
	}
	a := s.as(club.Publisher).postHX(movePath(p), s.moving(p, "2026-11-25", "")).want(http.StatusNotFound).says("Maeve Byrne deleted this post at 09:00.")
	if diff := cmp.Diff([]string{"day-2026-11-24"}, a.cells()); diff != "" {
		t.Errorf("cells (-want +got):\n%s", diff)
	}
	s.as(club.Publisher).get(movePath(p)).want(http.StatusNotFound)
}

func TestMoveToWhereItIs(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	p := s.schedule("Trials", "2026-11-24T18:30", s.connect("one", "Riverside FC"))
	s.as(club.Publisher).postHX(movePath(p), s.moving(p, "2026-11-24", "18:30")).want(http.StatusOK).says("It is on Tue 24 Nov, 18:30 already.")
	if _, version, _ := s.stands(p.ID); version != p.Version {
		t.Error("a move to the same place made a new version")
	}
}

func TestMovedPostThatIsNotShown(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	p := s.schedule("Trials", "2026-11-24T18:30", s.connect("one", "Riverside FC"))
	tom := s.as(club.Publisher)
	away := tom.postHX(movePath(p), s.moving(p, "2027-01-15", "")).want(http.StatusOK)
	if got := away.doc().Find(".toast a").AttrOr("href", ""); got != "/calendar?date=2027-01-15" {
		t.Errorf("the post is to be seen at %q", got)
	}
	s.force(p.ID, club.Failed, club.Refused)
	p.Version++
	hidden := tom.postHX(movePath(p), s.moving(p, "2026-11-27", "", "again", "1", "ctx", "/calendar?status=FAILED")).want(http.StatusOK).
		says("It is now hidden by your filter.", "Show it")
	if got := hidden.doc().Find(".toast a").AttrOr("href", ""); got != "/calendar" {
		t.Errorf("the filter is cleared at %q", got)
	}
}

func TestMoveFromAnotherPageReturnsThere(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	p := s.schedule("Trials", "2026-11-24T18:30", s.connect("one", "Riverside FC"))
	own := fmt.Sprintf("/posts/%d", p.ID)
	a := s.as(club.Publisher).postHX(movePath(p), s.moving(p, "2026-11-27", "", "ctx", own)).want(http.StatusOK)
	if got := a.Header.Get("HX-Redirect"); got != own {
		t.Errorf("leads to %q, want %s", got, own)
	}
	p.Version++
	s.as(club.Publisher).post(movePath(p), s.moving(p, "2026-11-28", "", "ctx", "//evil.example/")).to("/calendar")
}

// TestRefusedMoveShowsThePostOnce: the page showed the post where it had been
// and where it really is, until it asked for news.
func TestRefusedMoveShowsThePostOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	one := s.connect("one", "Riverside FC")
	p := s.schedule("Trials", "2026-11-24T18:30", one)
	was := p.Version
	if _, err := s.db.MovePost(t.Context(), s.scope(club.Admin), store.Move{PostID: p.ID, Version: was, Op: "maeve", To: slotOn(t, "2026-11-26T18:30"), Role: club.Admin}, "test"); err != nil {
		t.Fatal(err)
	}
	tom := s.as(club.Publisher)
	// Tom's page still has it on the 24th; he drags it to the 27th.
	form := s.moving(p, "2026-11-27", "")
	form.Set("from", "2026-11-24")
	a := tom.postHX(fmt.Sprintf("/posts/%d/move", p.ID), form).want(http.StatusConflict)
	if diff := cmp.Diff([]string{"day-2026-11-24", "day-2026-11-26", "day-2026-11-27"}, a.cells(), cmpSorted); diff != "" {
		t.Errorf("cells (-want +got):\n%s", diff)
	}
	if n := strings.Count(a.body, fmt.Sprintf(`id="card-%d"`, p.ID)); n != 1 {
		t.Errorf("the answer shows the post %d times", n)
	}
	// The offer to move it anyway knows where the page shows it now.
	if n := strings.Count(a.body, `name="from" value="2026-11-26"`); n != 1 {
		t.Errorf("%d offers know where the post is", n)
	}
	// Deleted meanwhile, it goes from where it was shown.
	if err := s.db.DeletePost(t.Context(), s.scope(club.Admin), p.ID, "test"); err != nil {
		t.Fatal(err)
	}
	a = tom.postHX(fmt.Sprintf("/posts/%d/move", p.ID), form).want(http.StatusNotFound)
	if !slices.Contains(a.cells(), "day-2026-11-24") || strings.Contains(a.body, fmt.Sprintf(`id="card-%d"`, p.ID)) {
		t.Errorf("the deleted post stays on the page: %v", a.cells())
	}
	// From the drafts, the same.
	draft := s.write(club.Writer, "Thank you", "")
	form = s.moving(draft, "2026-11-01", "")
	form.Set("from", "tray")
	if a := tom.postHX(fmt.Sprintf("/posts/%d/move", draft.ID), form).want(http.StatusUnprocessableEntity); !slices.Contains(a.cells(), "tray") {
		t.Errorf("the drafts are not drawn again: %v", a.cells())
	}
}

func slotOn(t *testing.T, local string) club.Slot {
	t.Helper()
	s, err := club.ParseSlot(local, "Europe/Dublin")
	if err != nil {
		t.Fatal(err)
	}
	return s
}
