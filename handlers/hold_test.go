package handlers

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
)

// TestHoldAllPosts holds all posts: held with a reason, said on every page, and
// released by those who may.
func TestHoldAllPosts(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	tom := s.as(club.Publisher)
	tom.post("/hold", url.Values{}).want(http.StatusUnprocessableEntity).says("Say in a few words why")
	tom.post("/hold", url.Values{"reason": {"storm"}, "date": {"2026-11-22"}, "time": {"10:00"}}).want(http.StatusUnprocessableEntity).
		says("Choose a time that is still to come").holds("time", "10:00")
	tom.post("/hold", url.Values{"reason": {"storm, match cancelled"}}).to("/hold")
	const banner = "All posts are held since Mon 23 Nov, 09:00 by Tom Reid: storm, match cancelled"
	for _, role := range club.Roles {
		for _, path := range []string{"/calendar", "/posts", "/accounts", "/profile"} {
			page := s.as(role).get(path).says(banner)
			if n := page.doc().Find(`.banner a[href="/hold"]`).Length(); (n == 1) != role.Can(club.SchedulePosts) {
				t.Errorf("a %s sees %d ways to release on %s", role, n, path)
			}
		}
	}
	tom.get("/hold").says("Release the posts").saysNot("Why?")
	tom.post("/hold/release", url.Values{"phase": {"held"}}).to("/waiting")
	tom.get("/calendar").saysNot("All posts are held")
	tom.post("/hold/release", url.Values{"phase": {"held"}}).to("/hold")
	tom.get("/hold").says("The posts are not held any more.")
	if n := len(s.audited("posts_held")) + len(s.audited("posts_released")); n != 2 {
		t.Errorf("%d lines in the record, want 2", n)
	}
}

func TestHoldEndsByItself(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	tom := s.as(club.Publisher)
	tom.post("/hold", url.Values{"reason": {"storm"}, "date": {"2026-11-23"}, "time": {"20:00"}}).to("/hold")
	tom.get("/calendar").says("(until Mon 23 Nov, 20:00)")
	s.clock.Advance(11 * time.Hour)
	if err := s.db.EndPastHolds(t.Context()); err != nil {
		t.Fatal(err)
	}
	tom.get("/calendar").saysNot("All posts are held")
}

// TestOnlyAdminsAnswerDoubts is row 38.
func TestOnlyAdminsAnswerDoubts(t *testing.T) {
	t.Parallel()
	for phase, question := range map[club.Phase]string{
		club.Restored: "This is an older copy of Bandstand's data", club.Clone: "Is this a move or a copy?", club.ClockInDoubt: "Is the clock of the server right?",
	} {
		s := newScene(t)
		if err := s.db.HoldAll(t.Context(), phase); err != nil {
			t.Fatal(err)
		}
		form := url.Values{"phase": {string(phase)}}
		s.as(club.Viewer).get("/calendar").says("Nothing is published since Mon 23 Nov, 09:00")
		page := s.as(club.Publisher).get("/hold").says(question, "Ask an Admin of your club to answer.")
		if page.doc().Find("main form").Length() > 0 {
			t.Errorf("a publisher may answer %q", question)
		}
		s.as(club.Publisher).post("/hold/release", form).want(http.StatusForbidden)
		s.as(club.Admin).get("/hold").says(question)
		s.as(club.Admin).post("/hold/release", form).to("/waiting")
		s.as(club.Viewer).get("/calendar").saysNot("Nothing is published since")
	}
}

// TestWaitingPostsAreDecidedOn: each by itself or all of a group, in one list.
func TestWaitingPostsAreDecidedOn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		phase  club.Phase
		answer string
		says   string
		status club.Status
		due    time.Time
	}{
		"publish now":    {club.Held, "now", "1 post goes out now.", club.Publishing, time.Time{}},
		"next free time": {club.Late, "free", "1 post has a new time.", club.Scheduled, time.Date(2026, 11, 25, 18, 30, 0, 0, time.UTC)},
		"back to draft":  {club.Restored, "draft", "1 post is a draft again.", club.Draft, time.Time{}},
		"was published":  {club.Clone, "there", "1 post is marked as published.", club.Published, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := withTiny(t)
			s.trouble(club.NeedsAttention, tt.phase, "late", `{}`, s.account("tiny", true, club.Working))
			s.clock.Advance(34 * time.Hour) // Tuesday evening, half an hour past its time
			tom := s.as(club.Publisher)
			tom.get("/calendar").says("1 post to decide")
			s.as(club.Writer).get("/calendar").saysNot("to decide")
			tom.get("/waiting").says("Trials", "Planned for Tue 24 Nov, 18:30", "Next free time: Wed 25 Nov, 18:30")
			tom.post("/waiting", url.Values{"answer": {tt.answer}, "post": {"1"}}).to("/waiting")
			tom.get("/waiting").says(tt.says, "No post waits for a decision.")
			d := s.only().Deliveries[0]
			if d.Status != tt.status || !tt.due.IsZero() && !d.DueAt.Equal(tt.due) {
				t.Errorf("it is %s/%s, due %s", d.Status, d.Phase, d.DueAt)
			}
			tom.post("/waiting", url.Values{"answer": {tt.answer}, "post": {"1"}}).to("/waiting")
			tom.get("/waiting").says("Something happened to this post in the meantime")
		})
	}
}

func TestNothingIsPublishedWhileAllIsHeld(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	id := s.trouble(club.NeedsAttention, club.Held, "held", `{}`, s.account("tiny", true, club.Working))[0]
	tom := s.as(club.Publisher)
	tom.post("/hold", url.Values{"reason": {"storm"}}).to("/hold")
	tom.get("/waiting").says("All posts are held, so nothing can be published now.").saysNot("Publish now")
	tom.get("/posts/1").saysNot("Publish now")
	tom.post("/waiting", url.Values{"answer": {"now"}, "post": {"1"}}).to("/waiting")
	tom.get("/waiting").says("All posts are held. Release them first, then publish.")
	tom.post("/deliveries/"+id+"/answer", decide("now")).to("/posts/1")
	if d := s.only().Deliveries[0]; d.Status != club.NeedsAttention {
		t.Errorf("it is %s", d.Status)
	}
}

// TestClockThatIsOff is said on every page, in words; while it holds everything,
// the question says by how much.
func TestClockThatIsOff(t *testing.T) {
	t.Parallel()
	health := web.Health{}
	s := newScene(t, func(c *Config) { c.Health = func() web.Health { return health } })
	maeve := s.as(club.Admin)
	for ahead, words := range map[time.Duration]string{
		-4 * time.Minute:            "The clock of the server is 4 minutes behind. Posts go out that much too late.",
		150 * time.Second:           "The clock of the server is 3 minutes ahead. Posts go out that much too early.",
		-119 * time.Minute:          "is 119 minutes behind",
		3*time.Hour + time.Minute:   "is 3 hours ahead",
		-365 * 24 * time.Hour:       "is 365 days behind",
		876_000 * time.Hour:         "is 36500 days ahead",
		time.Minute + 1*time.Second: "is one minute ahead",
	} {
		health.ClockAhead = ahead
		s.as(club.Viewer).get("/calendar").says(words)
		maeve.get("/posts").says(words, "Set it, best by letting it follow the internet’s time")
	}
	health.ClockAhead = 20 * time.Minute
	if err := s.db.HoldAll(t.Context(), club.ClockInDoubt); err != nil {
		t.Fatal(err)
	}
	maeve.get("/hold").says("By the clocks of the platforms, it is 20 minutes ahead.", "Set the clock of the server.").saysNot("Posts go out that much")
	health.ClockAhead = 0
	maeve.get("/hold").saysNot("By the clocks of the platforms")
	maeve.post("/hold/release", url.Values{"phase": {"clock"}}).to("/waiting")
	maeve.get("/calendar").saysNot("clock of the server")
}
