package jobs

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// jumps are what happens to clocks: a wrong zone, an empty battery, counters of
// seconds that run over.
func jumps(from time.Time) map[string]time.Duration {
	const year = 365 * 24 * time.Hour
	return map[string]time.Duration{
		"an hour ahead": time.Hour, "an hour back": -time.Hour, "ten years ahead": 10 * year, "ten years back": -10 * year,
		"to 1970": time.Unix(0, 0).Sub(from), "beyond 2038": time.Unix(1<<31, 0).Sub(from), "beyond 2106": time.Unix(1<<32, 0).Sub(from),
	}
}

// TestClockIsSetWhilePostsAreOnTheirWay is T-CLOCK: wherever a post is when the
// clock is set, and when it is put right again, with a restart or without, it goes
// out once at most, never early, and never without being known. Other posts of
// its account, and what comes later, do not suffer.
func TestClockIsSetWhilePostsAreOnTheirWay(t *testing.T) {
	t.Parallel()
	states := map[string]struct {
		faults []string
		looks  []string
		safe   bool       // the call that goes wrong is a safe one
		phase  club.Phase // before the jump
	}{
		"waiting":      {nil, nil, false, club.Waiting},
		"reconciling":  {[]string{"reset_after"}, []string{"error"}, false, club.Reconciling},
		"not arrived":  {[]string{"reset_before"}, []string{"error"}, false, club.Reconciling},
		"rate limited": {[]string{"rate_limited"}, nil, false, club.Blocked},
		"backing off":  {[]string{"error_before"}, nil, true, club.Backoff},
	}
	for jump, by := range jumps(storetest.NewClock().Now()) {
		for state, s := range states {
			for _, restart := range []bool{false, true} {
				name := jump + " while " + state
				if restart {
					name += ", and a restart"
				}
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					r := newRig(t, platforms.CertainByLooking, telling)
					if s.safe {
						r.fake.pictures = 1
					}
					due := time.Second
					if s.phase == club.Waiting {
						due = 30 * time.Minute
					}
					j := r.prepareJump(due)
					r.server.misbehave(s.faults...)
					r.server.lookFail = s.looks
					r.after(2 * time.Second)
					if d := r.delivery(j.post); d.Phase != s.phase {
						t.Fatalf("%s/%s before the jump\n%s", d.Status, d.Phase, r.story(j.post))
					}
					r.setClock(by)
					j.endure(-by, restart)
				})
			}
		}
	}
}

// TestClockIsSetDuringACall is T-CLOCK too: the call is under way, and its answer
// comes by another clock than it was begun by; or the process is gone by then.
func TestClockIsSetDuringACall(t *testing.T) {
	t.Parallel()
	type call struct {
		fault string
		looks []string
		safe  bool
		want  club.Status // if that is all it can be
	}
	calls := map[string]call{
		"accepted":          {"slow", nil, false, club.Published},
		"answer lost":       {"slow_reset_after", []string{"error", "error"}, false, ""},
		"never arrived":     {"slow_reset_before", []string{"error", "error"}, false, club.NeedsAttention},
		"refused":           {"slow_rejected", nil, false, club.Failed},
		"rate limited":      {"slow_rate_limited", nil, false, ""},
		"safe call fails":   {"slow_error_before", nil, true, ""},
		"safe call limited": {"slow_rate_limited_bare", nil, true, ""},
	}
	for jump, by := range jumps(storetest.NewClock().Now()) {
		for name, c := range calls {
			t.Run(jump+", "+name, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, platforms.CertainByLooking, telling)
				if c.safe {
					r.fake.pictures = 1
				}
				j := r.prepareJump(0)
				r.server.misbehave(c.fault)
				r.server.lookFail = c.looks
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				var done sync.WaitGroup
				done.Go(func() { r.engine.RunDue(ctx) })
				<-r.server.entered
				r.setClock(by)
				for range 3 { // the account is busy, and nothing else is begun
					r.clock.Advance(time.Second)
					if n := r.engine.tick(ctx); n != 0 {
						t.Errorf("%d begun while a call of its account was under way", n)
					}
				}
				close(r.server.hold)
				done.Wait()
				j.endure(-by, false)
				if d := r.delivery(j.post); c.want != "" && d.Status != c.want {
					t.Errorf("ends as %s/%s, want %s\n%s", d.Status, d.Phase, c.want, r.story(j.post))
				}
			})
		}
		for name, sent := range map[string]bool{"killed before it arrived": false, "killed before the answer": true} {
			t.Run(jump+", "+name, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, platforms.CertainByLooking, telling)
				j := r.prepareJump(0)
				d := r.intent(j.post)
				r.server.lookFail = slices.Repeat([]string{"error"}, 100) // until endure sets the clock right
				r.setClock(by)
				if sent {
					r.server.accept(j.account, d.Key, j.text)
				}
				r.restart()
				j.endure(-by, true)
				if d := r.delivery(j.post); sent && d.Status == club.Failed || !sent && d.Status == club.Published {
					t.Errorf("sent %v, and ends as %s/%s\n%s", sent, d.Status, d.Phase, r.story(j.post))
				}
			})
		}
	}
}

// jump is a post that meets one, and those that come after it.
type jump struct {
	*rig
	conn          store.Connection
	account       string
	text          string
	post, planned int64
	due           map[string]time.Time
}

// prepareJump schedules a post, and another of the same account for two hours later.
func (r *rig) prepareJump(in time.Duration) *jump {
	r.t.Helper()
	r.server.now = r.truth
	conn := r.connect()
	j := &jump{rig: r, account: conn.Account.RemoteID, text: "Match day"}
	j.post = r.schedule(j.text, in, conn)
	j.planned = r.schedule("Away game", 2*time.Hour, conn)
	j.due = map[string]time.Time{j.text: r.delivery(j.post).DueAt, "Away game": r.delivery(j.planned).DueAt}
	j.conn = conn
	return j
}

// endure lives with the wrong clock for three minutes, and four hours with the
// right one; then all must have ended well.
func (j *jump) endure(back time.Duration, restart bool) {
	t := j.t
	t.Helper()
	if restart {
		j.restart()
	}
	j.minutes(3)
	j.wantHold(club.ClockInDoubt)
	j.setClock(back)
	j.server.mu.Lock()
	j.server.lookFail = nil
	j.server.mu.Unlock()
	if restart {
		j.restart()
	}
	j.minutes(3)
	j.wantHold("")
	next := j.schedule("Cup final", time.Hour, j.conn)
	j.due["Cup final"] = j.delivery(next).DueAt
	for range 16 {
		j.after(15 * time.Minute)
	}
	took := map[string]int{}
	for _, a := range j.server.took() {
		took[a.Text]++
		if due := j.due[a.Text]; a.At.Before(due) {
			t.Errorf("%s went out %s early", a.Text, due.Sub(a.At))
		}
	}
	d := j.delivery(j.post)
	switch n := took[j.text]; {
	case n > 1:
		t.Errorf("went out %d times", n)
	case d.Status == club.Published && n != 1, d.Status == club.Failed && n != 0:
		t.Errorf("%s, and went out %d times", d.Status, n)
	case d.Status == club.Scheduled, d.Status == club.Publishing:
		t.Errorf("stays %s/%s until %s", d.Status, d.Phase, d.NextAt)
	}
	if at := d.PublishedAt; d.Status == club.Published && (at.Before(j.due[j.text]) || at.After(j.truth())) {
		t.Errorf("is said to have gone out at %s", at)
	}
	d = j.delivery(j.planned)
	asked := d.Phase == club.ClockInDoubt // its time had come by the wrong clock: a person decides
	if n := took["Away game"]; n > 1 || (n == 1) != (d.Status == club.Published) || n == 0 && !asked {
		t.Errorf("the planned post is %s/%s until %s and went out %d times\n%s", d.Status, d.Phase, d.NextAt, n, j.story(j.planned))
	}
	if d := j.delivery(next); d.Status != club.Published || took["Cup final"] != 1 {
		t.Errorf("a post of a right time is %s/%s until %s and went out %d times\n%s", d.Status, d.Phase, d.NextAt, took["Cup final"], j.story(next))
	}
	if t.Failed() {
		t.Log(j.story(j.post))
	}
}

// TestLimitSeenWhileTheClockIsSet: an account rests as long as its platform says,
// not until a time of another clock.
func TestLimitSeenWhileTheClockIsSet(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	conn := r.connect()
	begun := r.clock.Now()
	watched, keep := r.engine.signIns.watch(t.Context(), conn, false)
	r.setClock(87600 * time.Hour)
	platforms.ReportLimits(watched, platforms.Limit{Name: "posts", Unit: platforms.LimitPosts, Max: 25, Left: 0, Ends: begun.Add(6 * time.Hour)})
	keep()
	r.setClock(-87600 * time.Hour)
	post := r.schedule("Match day", 0, conn)
	r.after(time.Second)
	if d := r.want(post, club.Scheduled, club.Blocked); d.NextAt.After(begun.Add(7 * time.Hour)) {
		t.Errorf("rests until %s, seen at %s with an end 6 h later", d.NextAt, begun)
	}
	if c, err := r.db.Connection(t.Context(), r.club.Scope, conn.ID); err != nil || !c.BlockedUntil.Equal(begun.Add(6*time.Hour)) {
		t.Errorf("the account rests until %s, %v", c.BlockedUntil, err)
	}
}
