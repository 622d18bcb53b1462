package jobs

import (
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

func (r *rig) wantHold(phase club.Phase) {
	r.t.Helper()
	if h, err := r.db.ActiveHold(r.t.Context(), r.club.Scope); err != nil || h.Phase != phase {
		r.t.Errorf("held as %q, %v; want %q", h.Phase, err, phase)
	}
}

// minutes lets time pass, five seconds at a time.
func (r *rig) minutes(n int) {
	r.t.Helper()
	for range n * 12 {
		r.after(5 * time.Second)
	}
}

// TestNothingGoesOutByAClockThatIsAhead: the clock was wrong by an hour when
// Bandstand started, as after a change of zone or a dead battery. Nothing goes
// out an hour early, nothing is lost, and when the clock is put right, everything
// goes on by itself.
func TestNothingGoesOutByAClockThatIsAhead(t *testing.T) {
	t.Parallel()
	for _, started := range []bool{true, false} {
		r := newRig(t, platforms.CertainByLooking, telling)
		conn := r.connect()
		post := r.schedule("Match day", 30*time.Minute, conn)
		next := r.schedule("Away game", 2*time.Hour, conn)
		r.minutes(1)
		r.setClock(time.Hour)
		if started {
			r.restart()
		}
		r.minutes(5)
		r.wantHold(club.ClockInDoubt)
		r.wantAccepted("Match day", 0)
		r.want(post, club.NeedsAttention, club.ClockInDoubt) // due by this clock: a person decides
		r.want(next, club.Scheduled, club.Waiting)
		if s := r.engine.Status(); (s.ClockAhead - time.Hour).Abs() > 10*time.Second {
			t.Errorf("the clock is said to be %s ahead, want 1h", s.ClockAhead)
		}
		r.setClock(-time.Hour)
		r.minutes(4)
		r.wantHold("")
		if s := r.engine.Status(); s.ClockAhead != 0 {
			t.Errorf("the clock is right, and said to be %s ahead", s.ClockAhead)
		}
		r.minutes(111)
		r.want(next, club.Published, club.Linked)
		r.wantAccepted("Away game", 1)
		r.wantAccepted("Match day", 0)
		for _, a := range r.server.took() {
			if early := r.delivery(next).DueAt.Sub(a.At); early > time.Second {
				t.Errorf("%s went out %s early", a.Text, early)
			}
		}
		if off, _, err := r.db.ClockOff(t.Context()); off != 0 || err != nil {
			t.Errorf("kept as off by %s, %v", off, err)
		}
	}
}

// TestClockOffByMinutes: off by more than two minutes people are told, and posts
// go out; the message goes when the clock is put right.
func TestClockOffByMinutes(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{119 * time.Second, -119 * time.Second, 4 * time.Minute, -4 * time.Minute, -9 * time.Minute} {
		r := newRig(t, platforms.CertainByLooking, telling)
		conn := r.connect()
		r.setClock(off)
		r.restart()
		first := r.schedule("Match day", 5*time.Minute, conn)
		second := r.schedule("Away game", 10*time.Minute, conn)
		r.minutes(12)
		r.want(first, club.Published, club.Linked)
		r.want(second, club.Published, club.Linked)
		told := r.engine.Status().ClockAhead
		if off.Abs() < 2*time.Minute && told != 0 {
			t.Errorf("off by %s: people are told %s", off, told)
		}
		if off.Abs() > 2*time.Minute && (told-off).Abs() > 10*time.Second {
			t.Errorf("off by %s: people are told %s", off, told)
		}
		r.restart()
		if again := r.engine.Status().ClockAhead; again != told {
			t.Errorf("off by %s: after a restart people are told %s, before it %s", off, again, told)
		}
		r.setClock(-off)
		r.minutes(3)
		if told := r.engine.Status().ClockAhead; told != 0 {
			t.Errorf("the clock was put right: people are told %s", told)
		}
		r.wantHold("")
	}
}

// TestAdminBelievesTheClockMoreThanAPlatform: the only platform in use goes by a
// wrong clock. That holds everything, until an admin says that ours is right;
// then it does not ask again, not even after a restart, unless it changes.
func TestAdminBelievesTheClockMoreThanAPlatform(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	wrong := 20 * time.Minute
	r.fake.dates = func() time.Time { return r.clock.Now().Add(wrong) }
	conn := r.connect()
	post := r.schedule("Match day", time.Minute, conn)
	r.minutes(5)
	r.wantHold(club.ClockInDoubt)
	r.want(post, club.NeedsAttention, club.ClockInDoubt)
	if told := r.engine.Status().ClockAhead; (told + wrong).Abs() > 10*time.Second {
		t.Errorf("people are told %s, want -20m", told)
	}
	r.restart()
	r.minutes(1)
	r.wantHold(club.ClockInDoubt)
	if err := r.db.EndHold(t.Context(), r.club.Scope, club.ClockInDoubt, "test"); err != nil {
		t.Fatal(err)
	}
	next := r.schedule("Away game", 2*time.Minute, conn)
	r.minutes(5)
	r.wantHold("")
	r.want(next, club.Published, club.Linked)
	if told := r.engine.Status().ClockAhead; told != 0 {
		t.Errorf("people are still told %s", told)
	}
	r.restart()
	last := r.schedule("Summer fair", 2*time.Minute, conn)
	r.minutes(5)
	r.want(last, club.Published, club.Linked)
	wrong = 3 * time.Hour
	r.minutes(5)
	r.wantHold(club.ClockInDoubt)
	r.wantAccepted("Match day", 0)
}

// TestOneBadDateHoldsNothing: an answer that is off once, or always in the same
// way, proves nothing. The call it spoke before waits for a minute.
func TestOneBadDateHoldsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	bad := 1
	r.fake.dates = func() time.Time {
		if bad--; bad >= 0 {
			return r.clock.Now().Add(time.Hour)
		}
		return r.clock.Now()
	}
	conn := r.connect()
	post := r.schedule("Match day", 0, conn)
	r.after(time.Second)
	r.want(post, club.Publishing, club.Preparing)
	r.minutes(2)
	r.wantHold("")
	r.want(post, club.Published, club.Linked)

	r = newRig(t, platforms.CertainByLooking)
	stored := r.clock.Now().Add(-time.Hour) // something on the way keeps one answer for ever
	r.fake.dates = func() time.Time { return stored }
	conn = r.connect()
	post = r.schedule("Match day", 0, conn)
	r.minutes(10)
	r.wantHold("")
	r.want(post, club.Published, club.Linked)
}

// TestTimeIsAskedForOnce: a platform is asked before the first call, and not
// again as long as its answers tell the time.
func TestTimeIsAskedForOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, telling)
	conn := r.connect()
	for i := range 5 {
		r.schedule("Match day", time.Duration(i)*20*time.Minute, conn)
	}
	r.minutes(100)
	r.wantAccepted("Match day", 5)
	if n := r.fake.asked.Load(); n != 1 {
		t.Errorf("asked for the time %d times, want 1", n)
	}
}
