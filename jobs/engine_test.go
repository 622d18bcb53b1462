package jobs

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

func TestPublishesWhenDue(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	post := r.schedule("Training at six", 10*time.Minute, r.connect())

	r.after(9 * time.Minute)
	r.want(post, club.Scheduled, club.Waiting)
	r.wantAccepted("Training at six", 0)

	r.after(time.Minute)
	d := r.want(post, club.Published, club.Linked)
	r.wantAccepted("Training at six", 1)
	if d.RemoteID != "id-1" || d.RemoteURL != "https://fake.example/id-1" || !d.PublishedAt.Equal(r.clock.Now()) {
		t.Errorf("published as %q, %q at %v", d.RemoteID, d.RemoteURL, d.PublishedAt)
	}
	r.after(time.Hour)
	r.wantAccepted("Training at six", 1)
}

// TestPostsOfAClubThatWritesWelshAreSentAsEnglish: a post goes out in the
// language of its club, which English is until somebody chooses another.
func TestPostsOfAClubThatWritesWelshAreSentAsEnglish(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	account := r.connect()
	for _, c := range []struct{ chosen, text, want string }{
		{"", "Training at six", "en"},
		{"cy", "Ymarfer am chwech", "cy"},
		{"", "Ymarfer am saith", "cy"}, // a form that says nothing of it
	} {
		if _, err := r.db.UpdateClub(t.Context(), r.club.Scope, store.ClubChange{Name: "Riverside FC", Zone: "UTC", Language: c.chosen, LateMinutes: 120}, "test"); err != nil {
			t.Fatal(err)
		}
		post := r.schedule(c.text, 0, account)
		r.settle()
		r.wantAccepted(c.text, 1)
		if got := r.frozen(post).Lang; got != c.want {
			t.Errorf("%q is sent as %q, want %q", c.text, got, c.want)
		}
	}
}

func TestStepsComeFirstAndProcessingIsWaitedFor(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByStatus)
	r.fake.pictures, r.fake.waits = 2, 3
	post := r.schedule("Two photos", 0, r.connect())
	r.engine.RunDue(t.Context())
	r.want(post, club.Publishing, club.Processing)
	r.wantAccepted("Two photos", 0)
	r.after(2 * time.Second)
	r.after(5 * time.Second)
	d := r.want(post, club.Published, club.Linked)
	r.wantAccepted("Two photos", 1)
	steps, err := r.db.Steps(t.Context(), d.ID, 1)
	if err != nil || len(steps) != 3 {
		t.Errorf("steps kept: %v, %v; want two uploads and the look that ended", steps, err)
	}
}

// TestFaults is the table fault × class × end state (T-FAULT).
func TestFaults(t *testing.T) {
	t.Parallel()
	const a, b, c = platforms.CertainByKey, platforms.CertainByStatus, platforms.CertainByLooking
	tests := []struct {
		name     string
		class    platforms.Certainty
		faults   []string
		looks    []string
		want     club.Phase
		accepted int
		code     string
	}{
		{"accepted, answer lost", a, []string{"reset_after"}, nil, club.Linked, 1, ""},
		{"accepted, answer lost", b, []string{"reset_after"}, nil, club.Linked, 1, ""},
		{"accepted, answer lost", c, []string{"reset_after"}, nil, club.Linked, 1, ""},
		{"accepted, then 500", c, []string{"error_after"}, nil, club.Linked, 1, ""},
		{"accepted, without an id", c, []string{"empty"}, nil, club.Linked, 1, ""},
		{"accepted, answer lost, looks fail at first", c, []string{"reset_after"}, []string{"error", "error"}, club.Linked, 1, ""},
		{"accepted, answer lost, found late", c, []string{"reset_after"}, []string{"blind", "blind"}, club.Linked, 1, ""},
		{"accepted, answer lost, never found", c, []string{"reset_after"}, many("blind", 40), club.Ambiguous, 1, "outcome_unknown"},
		{"accepted, answer lost, looking forbidden", c, []string{"reset_after"}, many("forbidden", 40), club.Ambiguous, 1, "outcome_unknown"},
		{"lost on the way", a, []string{"reset_before"}, nil, club.Linked, 1, ""},
		{"lost on the way, then accepted and lost", a, []string{"reset_before", "reset_after"}, nil, club.Linked, 1, ""},
		{"lost on the way", b, []string{"reset_before"}, nil, club.Linked, 1, ""},
		{"lost on the way", c, []string{"reset_before"}, nil, club.Ambiguous, 0, "outcome_unknown"},
		{"500, nothing done", c, []string{"error_before"}, nil, club.Ambiguous, 0, "outcome_unknown"},
		{"rejected", c, []string{"rejected"}, nil, club.Refused, 0, "code_rejected"},
		{"picture refused", a, []string{"media"}, nil, club.MediaRefused, 0, "code_media_rejected"},
		{"duplicate of a foreign post", c, []string{"duplicate"}, nil, club.Refused, 0, "code_duplicate"},
		{"rate limited twice", c, []string{"rate_limited", "rate_limited"}, nil, club.Linked, 1, ""},
		{"rate limited for longer than grace", c, many("rate_limited_bare", 4), nil, club.Late, 0, "code_rate_limited"},
		{"sign-in revoked", c, []string{"revoked"}, nil, club.Reconnect, 0, "code_revoked"},
		{"sign-in ran out and cannot be renewed", c, []string{"expired"}, nil, club.Reconnect, 0, "code_expired"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s/class %s", tt.name, tt.class), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, tt.class)
			r.server.misbehave(tt.faults...)
			r.server.lookFail = tt.looks
			post := r.schedule("Match day", 0, r.connect())
			r.settle()
			d := r.delivery(post)
			if d.Phase != tt.want || d.Code != tt.code {
				t.Errorf("ended as %s/%s (%s), want %s (%s); timeline:\n%s", d.Status, d.Phase, d.Code, tt.want, tt.code, r.story(post))
			}
			r.wantAccepted("Match day", tt.accepted)
		})
	}
}

func many(s string, n int) []string {
	return strings.Split(strings.TrimSuffix(strings.Repeat(s+",", n), ","), ",")
}

func TestPlatformAwayForTenSecondsDelaysOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	there := r.fake.url
	r.fake.url = "http://127.0.0.1:1" // nobody listens
	post := r.schedule("Match day", 0, r.connect())
	r.engine.RunDue(t.Context())
	if d := r.want(post, club.Publishing, club.Backoff); d.Unknowns != 0 || d.Left {
		t.Errorf("connection refused counts as sent: %+v", d.Delivery)
	}
	r.fake.url = there
	r.after(30 * time.Second)
	r.want(post, club.Published, club.Linked)
}

func TestPlatformAwayForHoursIsFailedNotUnknown(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	r.fake.url = "http://127.0.0.1:1"
	post := r.schedule("Match day", 0, r.connect())
	r.settle()
	r.want(post, club.Failed, club.Exhausted)
	if n, err := r.db.Unread(t.Context(), r.club.Scope); err != nil || n != 1 {
		t.Errorf("unread notices = %d, %v; want 1", n, err)
	}
}

func TestRateLimitRestsTheWholeConnection(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	r.server.misbehave("rate_limited_bare")
	conn, other := r.connect(), r.connect()
	first := r.schedule("First", 0, conn)
	r.engine.RunDue(t.Context())
	second := r.schedule("Second", time.Minute, conn)
	elsewhere := r.schedule("Elsewhere", time.Minute, other)
	r.after(time.Minute)
	r.want(first, club.Scheduled, club.Blocked)
	r.want(second, club.Scheduled, club.Blocked)
	r.want(elsewhere, club.Published, club.Linked)
	calls := r.server.count("/publish")
	r.after(58 * time.Minute)
	if got := r.server.count("/publish"); got != calls {
		t.Errorf("%d calls before the limit ended", got-calls)
	}
	r.settle()
	for _, post := range []int64{first, second} {
		if d := r.want(post, club.Published, club.Linked); d.TriesTransient != 0 {
			t.Errorf("waiting used up %d tries", d.TriesTransient)
		}
	}
}

func TestCatchesUpInOrderTwoMinutesApart(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	conn := r.connect()
	for i := range 6 {
		r.schedule(fmt.Sprintf("Post %d", i), time.Duration(i+1)*time.Minute, conn)
	}
	r.clock.Advance(30 * time.Minute)
	r.settle()
	if len(r.server.took()) != 6 {
		t.Fatalf("accepted %d, want 6", len(r.server.took()))
	}
	for i, p := range r.server.took() {
		if want := fmt.Sprintf("Post %d", i); p.Text != want {
			t.Errorf("place %d: %q, want %q", i, p.Text, want)
		}
		if i > 0 && p.At.Sub(r.server.took()[i-1].At) < 2*time.Minute {
			t.Errorf("%q came %v after the one before", p.Text, p.At.Sub(r.server.took()[i-1].At))
		}
	}
}

func TestLateBeyondGraceAsks(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	author := r.club.Member(club.Writer)
	post := r.schedule("Match day", time.Minute, r.connect())
	r.club.Exec(`UPDATE posts SET author_id = ? WHERE id = ?`, author.PersonID, post)
	if err := r.db.SayAlive(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(5 * time.Hour)
	r.engine = NewEngine(r.config, NewSignIns(r.config))
	if err := r.engine.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.settle()
	d := r.want(post, club.NeedsAttention, club.Late)
	if d.Code != platforms.CodeWeWereOff || d.Args["t1"] != "2026-11-23T09:00:00Z" || d.Args["t2"] != "2026-11-23T14:00:00Z" {
		t.Errorf("says %s %v", d.Code, d.Args)
	}
	r.wantAccepted("Match day", 0)
	for _, s := range []store.Scope{r.club.Scope, author} {
		notices, err := r.db.Notices(t.Context(), s, 10)
		if err != nil || len(notices) != 1 || notices[0].Kind != club.NoticeAttention || notices[0].PostID != post || notices[0].Excerpt != "Match day" {
			t.Errorf("notices of person %d: %+v, %v", s.PersonID, notices, err)
		}
	}

	if err := r.db.Answer(t.Context(), author, store.Answer{Kind: club.PersonSendsNow}, "test", d.ID); err != nil {
		t.Fatal(err)
	}
	r.engine.RunDue(t.Context())
	r.want(post, club.Published, club.Linked)
	r.wantAccepted("Match day", 1)
}

func TestPersonSaysItIsThere(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	r.server.misbehave("reset_after")
	r.server.lookFail = many("forbidden", 3)
	post := r.schedule("Match day", 0, r.connect())
	r.settle()
	d := r.want(post, club.NeedsAttention, club.Ambiguous)
	if err := r.db.Answer(t.Context(), r.club.Scope, store.Answer{Kind: club.PersonFinds, URL: "https://fake.example/mine"}, "test", d.ID); err != nil {
		t.Fatal(err)
	}
	if d := r.want(post, club.Published, club.Unlinked); d.RemoteURL != "https://fake.example/mine" {
		t.Errorf("address is %q", d.RemoteURL)
	}
}

func TestPersonSaysItIsNotThere(t *testing.T) {
	t.Parallel()
	for _, right := range []bool{true, false} {
		t.Run(fmt.Sprint("right ", right), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, platforms.CertainByLooking)
			r.server.misbehave("reset_before")
			r.server.lookFail = many("forbidden", 3)
			if !right {
				r.server.misbehave("reset_after")
			}
			post := r.schedule("Match day", 0, r.connect())
			r.settle()
			d := r.want(post, club.NeedsAttention, club.Ambiguous)
			if err := r.db.Answer(t.Context(), r.club.Scope, store.Answer{Kind: club.PersonMisses}, "test", d.ID); err != nil {
				t.Fatal(err)
			}
			r.settle()
			again := r.want(post, club.Published, club.Linked)
			r.wantAccepted("Match day", 1) // the last look finds what the person overlooked
			if again.Generation != 2 || again.Key == d.Key {
				t.Errorf("generation %d, key %s; want 2 and another key than %s", again.Generation, again.Key, d.Key)
			}
		})
	}
}

func TestTryAgainAfterFailure(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	r.server.misbehave("rejected")
	post := r.schedule("Match day", 0, r.connect())
	r.settle()
	d := r.want(post, club.Failed, club.Refused)
	if err := r.db.Answer(t.Context(), r.club.Scope, store.Answer{Kind: club.PersonSendsNow}, "test", d.ID); err != nil {
		t.Fatal(err)
	}
	r.settle()
	r.want(post, club.Published, club.Linked)
}

func TestForeignDeliveriesAreNotThere(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	r.server.misbehave("rejected")
	post := r.schedule("Match day", 0, r.connect())
	r.settle()
	d := r.delivery(post)
	foreign := store.Scope{ClubID: r.club.ClubID + 1, PersonID: r.club.PersonID}
	for name, ask := range map[string]func() error{
		"read": func() error { _, err := r.db.Delivery(t.Context(), foreign, d.ID); return err },
		"send now": func() error {
			return r.db.Answer(t.Context(), foreign, store.Answer{Kind: club.PersonSendsNow}, "test", d.ID)
		},
		"say there": func() error {
			return r.db.Answer(t.Context(), foreign, store.Answer{Kind: club.PersonFinds}, "test", d.ID)
		},
		"send again": func() error {
			return r.db.Answer(t.Context(), foreign, store.Answer{Kind: club.PersonMisses}, "test", d.ID)
		},
		"retime": func() error {
			return r.db.Answer(t.Context(), foreign, store.Answer{Kind: club.PersonRetimes, Due: r.clock.Now()}, "test", d.ID)
		},
		"discard": func() error {
			return r.db.Answer(t.Context(), foreign, store.Answer{Kind: club.PersonCancels}, "test", d.ID)
		},
		"not an id": func() error {
			return r.db.Answer(t.Context(), r.club.Scope, store.Answer{Kind: club.PersonCancels}, "test", "' OR 1=1")
		},
	} {
		if err := ask(); club.CodeOf(err) != club.NotFound {
			t.Errorf("%s: %v, want not found", name, err)
		}
	}
	if err := r.db.Answer(t.Context(), r.club.Scope, store.Answer{Kind: club.PersonFinds}, "test", d.ID); club.CodeOf(err) != club.Conflict {
		t.Errorf("an answer that does not fit: %v, want conflict", err)
	}
}

func TestContentChangedBehindTheBack(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	post := r.schedule("Match day", time.Minute, r.connect())
	r.club.Exec(`UPDATE revisions SET hash = x'00' WHERE post_id = ?`, post)
	r.after(time.Minute)
	if d := r.want(post, club.Failed, club.Refused); d.Code != platforms.CodeContentChanged {
		t.Errorf("code %s", d.Code)
	}
	r.wantAccepted("Match day", 0)
}

func TestRulesAreCheckedAgainBeforeTheFirstStep(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	r.fake.maxText = 5
	post := r.schedule("Match day", 0, r.connect())
	r.settle()
	if d := r.want(post, club.Failed, club.Refused); d.Code != platforms.CodeTextTooLong || d.Args["over"] != "4" {
		t.Errorf("says %s %v", d.Code, d.Args)
	}
	if n := r.server.count("/publish"); n != 0 {
		t.Errorf("%d calls", n)
	}
}

func TestSlowAccountDelaysNobodyElse(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	r.server.misbehave("slow")
	slow := r.schedule("Slow", 0, r.connect())
	r.engine.tick(t.Context())
	<-r.server.entered
	conn := r.connect()
	other := r.schedule("Other", 0, conn)
	next := r.schedule("Next", 0, conn)
	for r.delivery(other).Status != club.Published || r.delivery(next).Status != club.Published {
		r.engine.tick(t.Context())
		<-r.engine.lines.freed
	}
	r.want(slow, club.Publishing, club.Sending)
	close(r.server.hold)
	r.engine.running.Wait()
	r.want(slow, club.Published, club.Linked)
}

func TestOneCallAtATimePerConnection(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	conns := []store.Connection{r.connect(), r.connect(), r.connect()}
	for i := range 30 {
		r.schedule(fmt.Sprintf("Post %d", i), 0, conns[i%len(conns)])
	}
	for {
		_, busy := r.engine.lines.taken(r.engine.Elapsed())
		if r.engine.tick(t.Context()) == 0 && busy == 0 {
			break
		}
		<-r.engine.lines.freed
	}
	if n := len(r.server.took()); n != 30 {
		t.Errorf("accepted %d, want 30", n)
	}
	if r.server.overlapped() {
		t.Error("two calls for one connection at the same time (P14)")
	}
}

func TestNothingIsSentInATickInWhichTheClockJumped(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	var steady time.Duration
	r.engine.Elapsed = func() time.Duration { return steady }
	r.engine.gate.Elapsed = r.engine.Elapsed
	r.engine.tick(t.Context())
	post := r.schedule("Match day", time.Hour, r.connect())
	r.clock.Advance(time.Hour)
	r.engine.tick(t.Context())
	r.engine.running.Wait()
	r.want(post, club.Scheduled, club.Waiting)
	steady += time.Second
	r.clock.Advance(time.Second)
	r.engine.RunDue(t.Context())
	r.want(post, club.Published, club.Linked)
}

func TestStatusTellsWhenTheEngineIsStuck(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	r.engine.RunDue(t.Context())
	if s := r.engine.Status(); s.Stuck(r.clock.Now()) || !s.Stuck(r.clock.Now().Add(time.Minute)) {
		t.Errorf("status %+v: stuck now %v, in a minute %v", s, s.Stuck(r.clock.Now()), s.Stuck(r.clock.Now().Add(time.Minute)))
	}
}

func TestPanicOfAPlatformIsAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	e := r.engine
	d := newRun(e, e.Now, store.Delivery{})
	if err := d.guard(func() error { panic("nil map") }); err == nil || err.Kind != platforms.Unknown {
		t.Errorf("a panic is %v, want unknown", err)
	}
}
