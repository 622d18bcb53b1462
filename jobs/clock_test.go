package jobs

import (
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// TestClockBehindHoldsEverything is row 38 and T-CLOCK: a clock that is behind
// a time at which Bandstand ran is not believed. Nothing goes out by it, and
// what is not due by it simply waits; when the clock is right again, so is
// everything else.
func TestClockBehindHoldsEverything(t *testing.T) {
	t.Parallel()
	for name, back := range map[string]time.Duration{"an hour": time.Hour, "ten years": 87600 * time.Hour, "to 1970": 498000 * time.Hour} {
		for _, restart := range []bool{false, true} {
			r := newRig(t, platforms.CertainByLooking)
			conn, other := r.connect(), r.connect()
			post := r.schedule("Match day", 10*time.Minute, conn)
			overdue := r.schedule("Left over", -2*time.Hour, other)
			r.clock.Advance(-back)
			if restart {
				r.restart()
			}
			for range 5 {
				r.after(time.Second)
			}
			if h, err := r.db.ActiveHold(t.Context(), r.club.Scope); err != nil || h.Phase != club.ClockInDoubt {
				t.Errorf("%s back (restart %v): held as %+v, %v", name, restart, h, err)
			}
			r.want(post, club.Scheduled, club.Waiting)
			if back == time.Hour { // due by this clock too, and more than its grace ago by the other
				r.want(overdue, club.NeedsAttention, club.ClockInDoubt)
			}
			r.clock.Advance(back)
			r.after(time.Second) // the jump
			r.after(time.Second)
			if h, err := r.db.ActiveHold(t.Context(), r.club.Scope); err != nil || h.Phase != "" {
				t.Errorf("%s back (restart %v), then right: held as %+v, %v", name, restart, h, err)
			}
			r.after(10 * time.Minute)
			r.want(post, club.Published, club.Linked)
			r.wantAccepted("Match day", 1)
			r.wantAccepted("Left over", 0)
		}
	}
}

// TestAdminBelievesTheClock: the clock was wrong before, ten years ahead, and is
// right now. That only a person can know.
func TestAdminBelievesTheClock(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	conn := r.connect()
	const years = 87600 * time.Hour
	r.clock.Advance(years)
	r.restart()
	r.clock.Advance(-years)
	r.restart()
	post := r.schedule("Match day", time.Minute, conn)
	r.after(2 * time.Minute)
	r.want(post, club.NeedsAttention, club.ClockInDoubt)
	if err := r.db.EndHold(t.Context(), r.club.Scope, club.ClockInDoubt, "test"); err != nil {
		t.Fatal(err)
	}
	next := r.schedule("Away game", time.Minute, conn)
	r.after(2 * time.Minute)
	r.want(next, club.Published, club.Linked)
	r.restart()
	if h, err := r.db.ActiveHold(t.Context(), r.club.Scope); err != nil || h.Phase != "" {
		t.Errorf("asked again after a restart: %+v, %v", h, err)
	}
	r.wantAccepted("Match day", 0)
}

// TestClockOfAnOldProgram: no clock is right before the program was made.
func TestClockOfAnOldProgram(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	r.config.Built = r.clock.Now().Add(24 * time.Hour)
	r.restart()
	if h, err := r.db.ActiveHold(t.Context(), r.club.Scope); err != nil || h.Phase != club.ClockInDoubt {
		t.Errorf("held as %+v, %v", h, err)
	}
}
