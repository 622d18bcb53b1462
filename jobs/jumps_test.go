package jobs

import (
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// TestClockIsSetWhilePostsAreOnTheirWay is T-CLOCK: wherever a post is when the
// clock is set, and when it is put right again, with a restart or without, it goes
// out once at most, never early, and never without being known.
func TestClockIsSetWhilePostsAreOnTheirWay(t *testing.T) {
	t.Parallel()
	const year = 365 * 24 * time.Hour
	from := newRig(t, platforms.CertainByLooking).clock.Now()
	jumps := map[string]time.Duration{
		"an hour ahead": time.Hour, "an hour back": -time.Hour, "ten years ahead": 10 * year, "ten years back": -10 * year,
		"to 1970": time.Unix(0, 0).Sub(from), "beyond 2038": time.Unix(1<<31, 0).Sub(from), "beyond 2106": time.Unix(1<<32, 0).Sub(from),
	}
	states := map[string]struct {
		faults []string
		looks  []string
		phase  club.Phase // before the jump
	}{
		"waiting":      {nil, nil, club.Waiting},
		"reconciling":  {[]string{"reset_after"}, []string{"error"}, club.Reconciling},
		"not arrived":  {[]string{"reset_before"}, []string{"error"}, club.Reconciling},
		"rate limited": {[]string{"rate_limited"}, nil, club.Blocked},
	}
	for jump, by := range jumps {
		for state, s := range states {
			for _, restart := range []bool{false, true} {
				name := jump + " while " + state
				if restart {
					name += ", and a restart"
				}
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					r := newRig(t, platforms.CertainByLooking, telling)
					r.server.now = r.truth
					conn := r.connect()
					due := time.Second
					if s.phase == club.Waiting {
						due = 30 * time.Minute
					}
					post := r.schedule("Match day", due, conn)
					dueAt := r.delivery(post).DueAt
					r.server.misbehave(s.faults...)
					r.server.lookFail = s.looks
					r.after(2 * time.Second)
					if d := r.delivery(post); d.Phase != s.phase {
						t.Fatalf("%s/%s before the jump\n%s", d.Status, d.Phase, r.story(post))
					}
					r.setClock(by)
					if restart {
						r.restart()
					}
					r.minutes(3)
					r.wantHold(club.ClockInDoubt)
					r.setClock(-by)
					if restart {
						r.restart()
					}
					r.minutes(3)
					r.wantHold("")
					for range 16 {
						r.after(15 * time.Minute)
					}
					took := r.server.took()
					for _, a := range took {
						if a.At.Before(dueAt) {
							t.Errorf("went out %s early", dueAt.Sub(a.At))
						}
					}
					d := r.delivery(post)
					switch {
					case len(took) > 1:
						t.Errorf("went out %d times", len(took))
					case d.Status == club.Published && len(took) != 1, d.Status == club.Failed && len(took) != 0:
						t.Errorf("%s, and went out %d times", d.Status, len(took))
					case d.Status != club.Published && d.Status != club.NeedsAttention:
						t.Errorf("ends as %s/%s", d.Status, d.Phase)
					}
					if t.Failed() {
						t.Log(r.story(post))
					}
				})
			}
		}
	}
}
