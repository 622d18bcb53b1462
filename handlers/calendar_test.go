package handlers

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// named is a platform that only says what it is called.
type named struct {
	platforms.Platform
	info platforms.Info
}

func (n named) Info() platforms.Info { return n.info }

// withPlatforms gives a scene two platforms, One and Two.
func withPlatforms(c *Config) {
	const mark = `<svg viewBox="0 0 24 24"><path d="M0 0h24v24z"/></svg>`
	c.Practice = platforms.NewRegistry(
		named{info: platforms.Info{ID: "one", Name: "One Page", Short: "ON", Mark: mark}},
		named{info: platforms.Info{ID: "two", Name: "Two", Short: "TW", Mark: mark}},
	)
}

// connect adds an account to the scene's club.
func (s *scene) connect(platform, name string) int64 {
	s.t.Helper()
	var id int64
	err := s.db.Writer().QueryRowContext(s.t.Context(), `
		INSERT INTO connections (club_id, platform, practice, remote_id, name, health, connected_by, connected_at)
		VALUES (?, ?, 1, ?, ?, 'working', ?, 0) RETURNING id`, s.club.ID, platform, name, name, s.persons[club.Admin].ID).Scan(&id)
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

// write makes a draft by the person of a role; when may be empty.
func (s *scene) write(r club.Role, text, when string, accounts ...int64) store.SavedPost {
	s.t.Helper()
	p, err := s.db.SavePost(s.t.Context(), s.scope(r), s.change(text, when, accounts))
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

// schedule puts a post on the calendar.
func (s *scene) schedule(text, when string, accounts ...int64) store.SavedPost {
	s.t.Helper()
	p, err := s.db.SchedulePost(s.t.Context(), s.scope(club.Publisher), s.change(text, when, accounts), "test")
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

func (s *scene) change(text, when string, accounts []int64) store.PostChange {
	c := store.PostChange{Content: club.Content{Text: text, Accounts: accounts}}
	if when != "" {
		slot, err := club.ParseSlot(when, s.club.Zone)
		if err != nil {
			s.t.Fatal(err)
		}
		c.Slot = slot
	}
	return c
}

// force puts the deliveries of a post into a state that publishing would bring.
func (s *scene) force(post int64, status club.Status, phase club.Phase) {
	s.t.Helper()
	_, err := s.db.Writer().ExecContext(s.t.Context(), `UPDATE deliveries SET status = ?, phase = ?, next_at = NULL WHERE post_id = ?`, status, phase, post)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.db.Writer().ExecContext(s.t.Context(), `UPDATE clubs SET changes = changes + 1`); err != nil {
		s.t.Fatal(err)
	}
}

// reads is the text of the one element that a selector finds.
func (a *answer) reads(selector string) string {
	a.t.Helper()
	found := a.doc().Find(selector)
	if found.Length() != 1 {
		a.t.Fatalf("%s holds %d of %q\n%s", a.what, found.Length(), selector, a.text())
	}
	return strings.Join(strings.Fields(found.Text()), " ")
}

func TestMonthShowsPostsOnTheirDays(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	one, two := s.connect("one", "Riverside FC"), s.connect("two", "@riverside")
	trials := s.schedule("Under-12 trials", "2026-11-24T18:30", two, one)
	failed := s.schedule("Meet the coach", "2026-11-26T19:00", one)
	s.force(failed.ID, club.Failed, club.Refused)
	s.write(club.Writer, "Thank you, sponsors", "")
	late := s.write(club.Writer, "", "2026-11-30T23:59")

	page := s.as(club.Publisher).get("/calendar").want(http.StatusOK)
	doc := page.doc()
	if got := doc.Find("table caption").Text(); got != "Posts in November 2026, one column for each day of the week" {
		t.Errorf("caption = %q", got)
	}
	if got := doc.Find("th[scope=col]").Length(); got != 7 {
		t.Errorf("%d columns have a head, want 7", got)
	}
	if first := doc.Find("td").First().AttrOr("id", ""); first != "day-2026-10-26" {
		t.Errorf("the month begins with %s, want Monday 26 October", first)
	}
	if last := doc.Find("td").Last().AttrOr("id", ""); last != "day-2026-12-20" {
		t.Errorf("the month ends with %s, want four weeks from this one", last)
	}
	link := doc.Find(fmt.Sprintf("#day-2026-11-24 li#card-%d a.pc-text", trials.ID))
	if got, want := link.Text(), "Under-12 trials, Tuesday 24 November, 18:30, One Page and Two, Scheduled"; got != want {
		t.Errorf("the card is called %q, want %q", got, want)
	}
	if got := doc.Find("#day-2026-11-24 a.day-link .day-name").Text(); got != "Tuesday 24 November" {
		t.Errorf("the day is called %q", got)
	}
	for day, want := range map[string]string{"2026-11-24": "1 post", "2026-11-22": "0 posts, past", "2026-11-23": "0 posts, today"} {
		if got := doc.Find("#day-" + day + " .day-link").Text(); !strings.HasSuffix(got, ", "+want) {
			t.Errorf("%s is called %q, want it to end with %q", day, got, want)
		}
	}
	if got := page.reads("#day-2026-11-26 .pc-state"); got != "Failed" {
		t.Errorf("the failed post says %q", got)
	}
	if got := page.reads(fmt.Sprintf("#day-2026-11-30 #card-%d .pc-text", late.ID)); !strings.HasPrefix(got, "No text yet, Monday 30 November, 23:59, Draft") {
		t.Errorf("the empty draft is called %q", got)
	}
	if got := doc.Find("#tray li").Length(); got != 1 {
		t.Errorf("the tray holds %d drafts, want 1", got)
	}
	if n := doc.Find("#day-2026-11-22 .day-add").Length(); n != 0 {
		t.Error("a post can be added to a past day")
	}
	page.says("Under-12 trials", "3 posts", "all times Dublin")
}

func TestDaysAreThoseOfTheClubsZone(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	if _, err := s.db.Writer().ExecContext(t.Context(), `UPDATE clubs SET zone = 'Pacific/Auckland', week_start = 0`); err != nil {
		t.Fatal(err)
	}
	s.club.Zone = "Pacific/Auckland"
	// 12:15 UTC on the 24th is 01:15 on the 25th in Auckland.
	p := s.write(club.Writer, "Kia ora", "2026-11-25T01:15")
	doc := s.as(club.Viewer).get("/calendar").want(http.StatusOK).doc()
	if doc.Find(fmt.Sprintf("#day-2026-11-25 #card-%d", p.ID)).Length() != 1 {
		t.Error("the post is not on the club's day")
	}
	if first := doc.Find("td").First().AttrOr("id", ""); first != "day-2026-11-01" {
		t.Errorf("the week of a club that begins on Sundays begins with %s", first)
	}
	if doc.Find("#day-2026-11-23[aria-current]").Length() != 1 {
		t.Error("today is not marked")
	}
}

func TestListShowsDaysWithPosts(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	one := s.connect("one", "Riverside FC")
	s.schedule("Under-12 trials", "2026-11-24T18:30", one)
	s.write(club.Writer, "Last Friday", "2026-11-20T18:30", one)
	doc := s.as(club.Publisher).get("/calendar?view=list").want(http.StatusOK).saysNot("Last Friday").doc()
	var shown []string
	doc.Find("section.day:not([hidden])").Each(func(_ int, d *goquery.Selection) { shown = append(shown, d.AttrOr("id", "")) })
	if strings.Join(shown, " ") != "day-2026-11-23 day-2026-11-24" {
		t.Errorf("the list shows %q, want today and the day with a post", shown)
	}
	if got := doc.Find("#day-2026-11-23").Text(); !strings.Contains(got, "Nothing planned.") {
		t.Errorf("today says %q", got)
	}
	if n := doc.Find("section.day").Length(); n != 28 {
		t.Errorf("%d days are there to be filled, want four weeks", n)
	}
	if got := doc.Find("#card-1 .pc-text").Text(); got != "Under-12 trials, Tuesday 24 November, 18:30, One Page, Scheduled" {
		t.Errorf("the card is called %q", got)
	}
	if doc.Find("section .grab").Length() != 0 {
		t.Error("a card of a list can be dragged to nowhere")
	}
}

// TestCalendarOnTheLastDayOfAMonth: it showed a month that was over, and nothing
// of what was to come.
func TestCalendarOnTheLastDayOfAMonth(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	one := s.connect("one", "Riverside FC")
	s.schedule("Tomorrow", "2026-12-01T18:30", one)
	s.schedule("Concert", "2026-12-20T18:30", one)
	s.schedule("New year", "2027-01-02T12:00", one)
	s.clock.Advance(7 * 24 * time.Hour) // Monday 30 November
	tom := s.as(club.Publisher)
	for _, path := range []string{"/calendar", "/calendar?view=month"} {
		page := tom.get(path).want(http.StatusOK).says("Tomorrow", "Concert").saysNot("New year")
		doc := page.doc()
		if got := doc.Find("td.day").Last().AttrOr("id", ""); got != "day-2026-12-27" {
			t.Errorf("%s ends with %s, want four weeks from today's", path, got)
		}
		if n := doc.Find("tr[data-past]").Length(); n != 5 {
			t.Errorf("%s: %d weeks are folded, want those that are over", path, n)
		}
		if got := doc.Find("#day-2026-12-01 .day-num").Text(); got != "1 Dec" {
			t.Errorf("the first of the next month is called %q", got)
		}
	}
	// A phone goes on below the table; a list begins today.
	tom.get("/calendar").want(http.StatusOK).follows(t, "Concert", "New year")
	tom.get("/calendar?view=list").want(http.StatusOK).saysNot("past").follows(t, "Tomorrow", "New year")
	// On paper it is the month.
	if got := tom.get("/calendar?view=month&print=1").doc().Find("td.day").Last().AttrOr("id", ""); got != "day-2026-12-06" {
		t.Errorf("the printed month ends with %s", got)
	}
}

// follows goes on with a list until nothing more is planned: all its posts are
// there once, from the first to the last.
func (a *answer) follows(t *testing.T, first, last string) {
	t.Helper()
	var seen []string
	note := func(doc *goquery.Document) {
		doc.Find(".pc-text").Each(func(_ int, link *goquery.Selection) {
			seen = append(seen, strings.SplitN(link.Text(), ",", 2)[0])
		})
	}
	note(a.doc())
	b := a.from
	for range 20 {
		more := a.doc().Find(".agenda-later").AttrOr("hx-get", "")
		if more == "" {
			break
		}
		a = b.getHX(more).want(http.StatusOK)
		if until := a.Header.Get("HX-Replace-Url"); !strings.Contains(until, "until=") {
			t.Errorf("the address becomes %q: what was unrolled is forgotten", until)
		}
		note(a.doc())
	}
	all := strings.Join(seen, " | ")
	if !strings.Contains(all, first) || !strings.HasSuffix(all, last) || strings.Count(all, last) != 1 {
		t.Errorf("the list holds %s; want %s to %s", all, first, last)
	}
}

// TestAgendaGoesOnAsFarAsPostsArePlanned: weeks without posts do not end it, and
// the last post does.
func TestAgendaGoesOnAsFarAsPostsArePlanned(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	one := s.connect("one", "Riverside FC")
	s.schedule("Now", "2026-11-23T18:30", one)
	s.schedule("In spring", "2027-03-20T18:30", one)
	s.schedule("The day after", "2027-03-21T18:30", one)
	s.schedule("Before summer", "2027-06-05T18:30", one)
	tom := s.as(club.Publisher)
	page := tom.get("/calendar?view=list").want(http.StatusOK).says("Now").saysNot("In spring")
	page.follows(t, "Now", "Before summer")
	more := tom.getHX(page.doc().Find(".agenda-later").AttrOr("hx-get", "")).want(http.StatusOK).says("In spring", "The day after")
	// What was unrolled stays when news comes, and when the page is loaded again.
	unrolled := more.Header.Get("HX-Replace-Url")
	tom.get(unrolled).want(http.StatusOK).says("Now", "In spring").saysNot("Before summer")
	poll := page.doc().Find("#cal-body").AttrOr("hx-get", "")
	s.write(club.Writer, "News", "2026-11-25T18:30")
	hx := http.Header{"Hx-Request": {"true"}, "Hx-Current-Url": {s.web.URL + unrolled}}
	tom.do(http.MethodGet, poll, nil, hx).want(http.StatusOK).says("News", "In spring")
	// Without scripts a link leads to where the next post is.
	link := page.doc().Find(".agenda-later a").AttrOr("href", "")
	tom.get(link).want(http.StatusOK).doc()
	tom.get("/calendar?view=list&date=2027-06-01").says("Before summer", "Nothing more is planned.")
	tom.get("/calendar/agenda?from=never").want(http.StatusNotFound)
}

// TestEarlierPostsAreOneStepAway: what was is above, with what comes below it.
func TestEarlierPostsAreOneStepAway(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	s.write(club.Writer, "Last week", "2026-11-16T18:30")
	s.write(club.Writer, "This week", "2026-11-24T18:30")
	b := s.as(club.Viewer)
	for _, path := range []string{"/calendar", "/calendar?view=list"} {
		link := b.get(path).doc().Find("[data-earlier]").AttrOr("href", "")
		b.get(link).want(http.StatusOK).says("Last week", "This week")
	}
}

// TestCardSaysAThingOnce: time, marks and state stand in one line; a word only
// where something is not as it should be, and the picture small at the side.
func TestCardSaysAThingOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	one := s.connect("one", "Riverside FC")
	fine, bad := s.schedule("Fine", "2026-11-24T18:30", one), s.schedule("Bad", "2026-11-25T18:30", one)
	s.force(bad.ID, club.Failed, club.Refused)
	doc := s.as(club.Publisher).get("/calendar").doc()
	for id, want := range map[int64]string{fine.ID: "", bad.ID: "Failed"} {
		state := doc.Find(fmt.Sprintf("#card-%d .pc-state", id))
		if state.Text() != want || state.Find("svg.icon").Length() != 1 {
			t.Errorf("card %d shows the state as %q", id, state.Text())
		}
	}
	if doc.Find(".pc-pic").Length() != 0 {
		t.Error("a post without pictures shows one")
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	one, two := s.connect("one", "Riverside FC"), s.connect("two", "@riverside")
	s.schedule("Trials", "2026-11-24T18:30", one)
	s.schedule("Cup final", "2026-11-25T18:30", two)
	draft := s.change("Choir", "2026-11-26T18:30", []int64{two})
	draft.NewCampaign = "Winter concert"
	if _, err := s.db.SavePost(t.Context(), s.scope(club.Writer), draft); err != nil {
		t.Fatal(err)
	}
	campaigns, err := s.db.Campaigns(t.Context(), s.scope(club.Writer))
	if err != nil || len(campaigns) != 1 {
		t.Fatalf("campaigns = %v, %v", campaigns, err)
	}
	b := s.as(club.Viewer)
	for query, want := range map[string]string{
		"":                             "Trials Cup final Choir",
		fmt.Sprintf("account=%d", two): "Cup final Choir",
		"status=DRAFT":                 "Choir",
		"status=FAILED":                "",
		"status=NONSENSE&account=x":    "Trials Cup final Choir",
		fmt.Sprintf("who=%d", s.persons[club.Writer].ID):                 "Choir",
		fmt.Sprintf("campaign=%d", campaigns[0].ID):                      "Choir",
		fmt.Sprintf("account=%d&status=SCHEDULED", two):                  "Cup final",
		fmt.Sprintf("account=%d&who=%d", one, s.persons[club.Writer].ID): "",
	} {
		page := b.get("/calendar?" + query).want(http.StatusOK)
		var got []string
		page.doc().Find("td .pc-text").Each(func(_ int, link *goquery.Selection) {
			got = append(got, strings.SplitN(link.Text(), ",", 2)[0])
		})
		if strings.Join(got, " ") != want {
			t.Errorf("%q shows %q, want %q", query, got, want)
		}
		if want == "" {
			page.says("No posts match these filters.", "Clear filters")
		}
	}
	page := b.get("/calendar?status=DRAFT&date=2026-12-05").want(http.StatusOK)
	if got := page.doc().Find("#turn-n").AttrOr("href", ""); got != "/calendar?date=2027-01-01&status=DRAFT" {
		t.Errorf("the next month is %s: the filter is lost", got)
	}
	if got := page.doc().Find("#filter-status option[selected]").AttrOr("value", ""); got != "DRAFT" {
		t.Errorf("the filter shows %q", got)
	}
}

func TestOtherClubsPostsNeverShow(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	s.write(club.Publisher, "Ours", "2026-11-24T18:30")
	other, err := s.db.CreateClub(t.Context(), s.persons[club.Admin].ID, store.NewClub{Name: "Choir", Zone: "Europe/Dublin", WeekStart: 1}, "test")
	if err != nil {
		t.Fatal(err)
	}
	slot, err := club.ParseSlot("2026-11-24T10:00", "Europe/Dublin")
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := s.db.SavePost(t.Context(), store.Scope{ClubID: other.ID, PersonID: s.persons[club.Admin].ID},
		store.PostChange{Content: club.Content{Text: "Theirs"}, Slot: slot})
	if err != nil {
		t.Fatal(err)
	}
	tom := s.as(club.Publisher)
	for _, path := range []string{"/calendar", "/calendar?view=list", "/calendar/day/2026-11-24"} {
		tom.get(path).want(http.StatusOK).says("Ours").saysNot("Theirs")
	}
	path := fmt.Sprintf("/posts/%d/move", theirs.ID)
	tom.get(path).want(http.StatusNotFound)
	tom.post(path, s.moving(theirs, "2026-11-25", "")).want(http.StatusNotFound)
}

func TestDayShowsAllItsPosts(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	for i := range 20 {
		s.write(club.Writer, fmt.Sprintf("Post %d", i), fmt.Sprintf("2026-11-24T10:%02d", i))
	}
	b := s.as(club.Writer)
	month := b.get("/calendar").want(http.StatusOK).doc().Find("#day-2026-11-24")
	if n := month.Find("li.pc").Length(); n != maxCardsPerDay {
		t.Errorf("the month holds %d cards of that day, want %d", n, maxCardsPerDay)
	}
	if got := month.Find(".more-wide").Text(); got != "+17 more, Tuesday 24 November" {
		t.Errorf("beside three cards it says %q", got)
	}
	if got := month.Find(".more-all").Text(); got != "+8 more, Tuesday 24 November" {
		t.Errorf("beside all cards it says %q", got)
	}
	page := b.get("/calendar/day/2026-11-24").want(http.StatusOK)
	if n := page.doc().Find("li.pc").Length(); n != 20 {
		t.Errorf("the day shows %d posts, want 20", n)
	}
	if got := page.reads("h1"); got != "Tuesday 24 November" {
		t.Errorf("the day is called %q", got)
	}
	dialog := b.getHX("/calendar/day/2026-11-24").want(http.StatusOK)
	if dialog.doc().Find("dialog#dlg li.pc").Length() != 20 || dialog.doc().Find("h1").Length() != 0 {
		t.Error("htmx does not get the dialog alone")
	}
	for _, bad := range []string{"2026-13-01", "yesterday", "0001-01-01", "2026-11-24x"} {
		b.get("/calendar/day/" + bad).want(http.StatusNotFound)
	}
}

func TestViewersGetNoHandles(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	one := s.connect("one", "Riverside FC")
	s.schedule("Trials", "2026-11-24T18:30", one)
	s.write(club.Writer, "Draft", "2026-11-25T18:30")
	for role, want := range map[club.Role]int{club.Viewer: 0, club.Writer: 1, club.Publisher: 2} {
		doc := s.as(role).get("/calendar").want(http.StatusOK).doc()
		if got := doc.Find("li[data-move]").Length(); got != want {
			t.Errorf("a %s can move %d posts, want %d", role, got, want)
		}
	}
	s.as(club.Viewer).get("/calendar").saysNot("New post")
}

func TestUnchangedCalendarIsNotSentAgain(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	b := s.as(club.Writer)
	first := b.get("/calendar").want(http.StatusOK)
	again := http.Header{"If-None-Match": {first.Header.Get("ETag")}}
	b.do(http.MethodGet, "/calendar", nil, again).want(http.StatusNotModified)
	poll := first.doc().Find("#cal-body").AttrOr("hx-get", "")
	b.getHX(poll).want(http.StatusNoContent)

	s.write(club.Writer, "News", "2026-11-24T18:30")
	b.do(http.MethodGet, "/calendar", nil, again).want(http.StatusOK).says("News")
	b.getHX(poll).want(http.StatusOK).says("News")

	// The next day is another page, though nobody changed anything.
	tag := b.get("/calendar").Header.Get("ETag")
	s.clock.Advance(11 * time.Hour)
	b.do(http.MethodGet, "/calendar", nil, http.Header{"If-None-Match": {tag}}).want(http.StatusNotModified)
	s.clock.Advance(11 * time.Hour)
	b = s.as(club.Writer)
	b.do(http.MethodGet, "/calendar", nil, http.Header{"If-None-Match": {tag}}).want(http.StatusOK)
}

func TestTurningAPageSendsOnlyTheCalendar(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	s.write(club.Writer, "Carols", "2026-12-20T18:30")
	part := s.as(club.Writer).getHX("/calendar?date=2026-12-01").want(http.StatusOK)
	if got := part.reads("title"); got != "[Practice] Calendar, December 2026 – Riverside FC – Bandstand" {
		t.Errorf("title = %q", got)
	}
	if got := part.reads("#say"); got != "December 2026, 1 post." {
		t.Errorf("it says aloud %q", got)
	}
	if part.doc().Find("nav.side").Length() != 0 {
		t.Error("the frame is sent again")
	}
}

func TestBusyMonthStaysSmall(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	one, two := s.connect("one", "Riverside FC"), s.connect("two", "@riverside")
	at := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	for i := range 600 {
		when := at.Add(time.Duration(i) * 71 * time.Minute).Format("2006-01-02T15:04")
		s.write(club.Publisher, fmt.Sprintf("Post %d: %s", i, strings.Repeat(string(rune('a'+i%26)), 40)), when, one, two)
	}
	page := s.as(club.Publisher).do(http.MethodGet, "/calendar", nil, http.Header{"Accept-Encoding": {"gzip"}}).want(http.StatusOK)
	if len(page.body) > 30<<10 {
		t.Errorf("the page has %d bytes, want at most 30 KB", len(page.body))
	}
	t.Logf("%d bytes", len(page.body))
}

// cmpSorted compares lists without their order.
var cmpSorted = cmpopts.SortSlices(strings.Compare)

func TestWhatPeopleWriteIsEscaped(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	const nasty = `"><script>alert('x')</script>&amp;<b`
	one := s.connect("one", nasty)
	s.schedule(nasty, "2026-11-24T18:30", one)
	b := s.as(club.Publisher)
	for _, path := range []string{"/calendar", "/calendar?view=list", "/calendar/day/2026-11-24"} {
		doc := b.get(path).want(http.StatusOK).doc()
		if n := doc.Find("main script").Length(); n != 0 {
			t.Errorf("%s: a post brings a script", path)
		}
		if got := doc.Find("main .pc-text").First().Text(); !strings.HasPrefix(got, nasty) {
			t.Errorf("%s: the text reads %q", path, got)
		}
	}
}
