package handlers

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

const lookOther = "Look at the other post"

// TestTheSameTextIsWorthALook: what says the same on the same account within seven
// days is said, with the way to it, and stops nobody.
func TestTheSameTextIsWorthALook(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	tiny, wide := s.account("tiny", true, club.Working), s.account("wide", true, club.Working)
	tom := s.as(club.Publisher)
	at := func(v url.Values, date, clock string) url.Values {
		return with(v, "date", date, "time", clock, "op", "other")
	}
	first := draft("Trials are  open!", tiny, wide)
	tom.post("/posts", with(first, "do", "schedule", "link", "https://club.example/")).to("/calendar#card-1")

	same := with(draft("TRIALS ARE\nOPEN! ", tiny, wide), "link", "https://club.example/")
	answer := tom.postHX("/posts/preview", at(same, "2026-11-27", "18:30")).want(http.StatusOK).
		says("Worth a look", "The same text is planned here for Tue 24 Nov, 18:30.", lookOther, "Ready for 2 accounts").saysNot("Must fix")
	if got := answer.doc().Find(`a[href="/posts/1"]`).Length(); got != 1 {
		t.Errorf("%d links to the other post, want 1", got)
	}
	for _, tt := range []struct {
		name string
		form url.Values
		says bool
	}{
		{"seven days later", at(same, "2026-12-01", "18:30"), true},
		{"a minute more", at(same, "2026-12-01", "18:31"), false},
		{"before it, too", at(same, "2026-11-23", "10:00"), true},
		{"with another link", at(with(same, "link", "https://club.example/2"), "2026-11-27", "18:30"), false},
		{"another text", at(with(same, "text", "Trials are shut!"), "2026-11-27", "18:30"), false},
		{"no text", at(with(same, "text", ""), "2026-11-27", "18:30"), false},
		{"nobody knows when", at(with(same, "when", "none"), "", ""), true},
		{"the post itself", at(with(same, "post", "1", "version", "1"), "2026-11-27", "18:30"), false},
	} {
		answer := tom.postHX("/posts/preview", tt.form).want(http.StatusOK)
		if tt.says {
			answer.says("The same text is planned here")
		} else {
			answer.saysNot("The same text")
		}
	}
	// An own text counts for its account alone.
	own := with(same, "own", id64(tiny), "text-"+id64(tiny), "Come to the trials")
	tom.postHX("/posts/preview", at(own, "2026-11-27", "18:30")).says("Wide: The same text is planned").saysNot("Tiny, Wide: The same")

	// It is no reason not to schedule.
	tom.post("/posts", with(at(same, "2026-11-27", "18:30"), "do", "schedule")).to("/calendar#card-2")
	// The nearest is named, whichever that is.
	tom.postHX("/posts/preview", with(at(same, "2026-11-28", "18:30"), "op", "third")).says("planned here for Fri 27 Nov, 18:30").saysNot("for Tue 24 Nov, 18:30")

	// What became of it counts.
	mark := func(status, phase string, public time.Time) {
		t.Helper()
		_, err := s.db.Writer().ExecContext(t.Context(), `UPDATE deliveries SET status = ?, phase = ?, published_at = ?, remote_id = hex(id)`,
			status, phase, map[bool]any{true: nil, false: public.UnixMilli()}[public.IsZero()])
		if err != nil {
			t.Fatal(err)
		}
	}
	third := with(at(same, "2026-11-28", "18:30"), "op", "third")
	mark("PUBLISHED", "linked", time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC))
	tom.postHX("/posts/preview", third).says("The same text went out here on Thu 26 Nov, 09:00.")
	// A post that is no longer here cannot be looked at.
	if _, err := s.db.Writer().ExecContext(t.Context(), `UPDATE posts SET deleted_at = 1`); err != nil {
		t.Fatal(err)
	}
	tom.postHX("/posts/preview", third).saysNot("The same text", lookOther)
	if _, err := s.db.Writer().ExecContext(t.Context(), `UPDATE posts SET deleted_at = NULL`); err != nil {
		t.Fatal(err)
	}
	for status, phase := range map[string]string{"FAILED": "rejected", "CANCELLED": "", "DRAFT": ""} {
		mark(status, phase, time.Time{})
		tom.postHX("/posts/preview", third).saysNot("The same text")
	}
	mark("NEEDS_ATTENTION", "ambiguous", time.Time{})
	tom.postHX("/posts/preview", third).says("The same text is planned here")
}

// TestAPostLessThanAnHourAwayIsWorthALook, whatever it says.
func TestAPostLessThanAnHourAwayIsWorthALook(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	tiny, wide := s.account("tiny", true, club.Working), s.account("wide", true, club.Working)
	tom := s.as(club.Publisher)
	tom.post("/posts", with(draft("Trials", tiny), "do", "schedule")).to("/calendar#card-1")
	other := with(draft("Results", tiny, wide), "op", "other")
	answer := tom.postHX("/posts/preview", with(other, "time", "19:29")).says("Tiny: Another post here is less than an hour away, on Tue 24 Nov, 18:30.", lookOther).saysNot("Tiny, Wide: Another")
	if got := answer.doc().Find(`a[href="#when"]`).Length(); got == 0 {
		t.Error("the line does not lead to the time")
	}
	tom.postHX("/posts/preview", with(other, "time", "17:31")).says("Another post here")
	tom.postHX("/posts/preview", with(other, "time", "19:31")).saysNot("Another post")
	tom.postHX("/posts/preview", with(other, "when", "none")).saysNot("Another post")
	// What says the same is not said twice.
	tom.postHX("/posts/preview", with(other, "text", "Trials", "time", "18:40")).says("The same text is planned here").saysNot("Another post")
	_, err := s.db.Writer().ExecContext(t.Context(), `UPDATE deliveries SET status = 'PUBLISHED', phase = 'linked', remote_id = 'r', published_at = ?`,
		time.Date(2026, 11, 24, 18, 31, 0, 0, time.UTC).UnixMilli())
	if err != nil {
		t.Fatal(err)
	}
	tom.postHX("/posts/preview", with(other, "time", "19:29")).says("Another post here is less than an hour away, on Tue 24 Nov, 18:31.")
}

// TestRepeatsAreOfTheClubAlone: not even the same account in two clubs tells one
// of them what the other plans.
func TestRepeatsAreOfTheClubAlone(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	tiny := s.account("tiny", true, club.Working)
	tom := s.as(club.Publisher)
	tom.post("/posts", with(draft("Trials", tiny), "do", "schedule")).to("/calendar#card-1")
	other, err := s.db.CreateClub(t.Context(), s.persons[club.Admin].ID, store.NewClub{Name: "Choir", Zone: "UTC"}, "test")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 24, 18, 0, 0, 0, time.UTC)
	near := []store.Near{{ConnectionID: tiny, Mark: club.TextMark("Trials", ""), At: at}}
	if own, err := s.db.Repeats(t.Context(), s.scope(club.Admin), near); err != nil || len(own[0]) != 2 {
		t.Errorf("own club: %+v, %v", own, err)
	}
	if theirs, err := s.db.Repeats(t.Context(), store.Scope{ClubID: other.ID}, near); err != nil || len(theirs[0]) != 0 {
		t.Errorf("another club sees %+v, %v", theirs, err)
	}
}

// TestChangesThatAreTakenOverAreFoundAgain: the text that counts is the one that
// goes out.
func TestChangesThatAreTakenOverAreFoundAgain(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	a := s.account("tiny", true, club.Working)
	tom := s.as(club.Publisher)
	tom.post("/posts", with(draft("Final", a), "do", "schedule")).want(http.StatusSeeOther)
	tom.postHX("/posts/1/autosave", with(draft("Half time", a), "version", "1")).want(http.StatusOK)
	again := with(draft("Half time", a), "date", "2026-11-26", "op", "other")
	tom.postHX("/posts/preview", again).saysNot("The same text")
	tom.post("/posts/1/revision", url.Values{"do": {"take"}, "version": {"2"}}).want(http.StatusSeeOther)
	tom.postHX("/posts/preview", again).says("The same text is planned here for Tue 24 Nov, 18:30.")
	tom.postHX("/posts/preview", with(again, "text", "Final")).saysNot("The same text")
}
