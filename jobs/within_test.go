package jobs

import (
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// lastLimit is how long the call that was made last might take.
func (f *fake) lastLimit() time.Duration { return time.Duration(f.patience.Load()) }

// TestCallThatMayTakeLongerIsNeitherGivenUpNorDeclaredLost: the step of the
// irreversible call allows it 20 minutes. Nobody gives it up after the usual 65
// seconds, nor takes it for lost while it may go on.
func TestCallThatMayTakeLongerIsNeitherGivenUpNorDeclaredLost(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, func(r *rig) { r.fake.within = 20 * time.Minute })
	r.server.misbehave("slow")
	post := r.schedule("Match day", 0, r.connect())
	r.engine.tick(t.Context())
	<-r.server.entered
	if got := r.fake.lastLimit(); got < 19*time.Minute || got > 20*time.Minute {
		t.Errorf("the call may take %v, want 20 minutes", got)
	}
	d := r.want(post, club.Publishing, club.Sending)
	kept, err := r.db.Attempts(t.Context(), r.club.Scope, post)
	if err != nil {
		t.Fatal(err)
	}
	if as := kept[d.ID]; len(as) != 1 || as[0].DeadlineAt.Sub(as[0].StartedAt) != 20*time.Minute {
		t.Errorf("the attempt is kept as %+v, want a limit of 20 minutes", as)
	}
	// Another engine does not know that the call is under way.
	other := NewEngine(r.config, NewSignIns(r.config))
	r.clock.Advance(20 * time.Minute)
	other.RunDue(t.Context())
	r.want(post, club.Publishing, club.Sending)
	r.clock.Advance(time.Minute)
	other.RunDue(t.Context())
	r.want(post, club.Publishing, club.Reconciling)
	close(r.server.hold)
	r.engine.running.Wait()
	r.settle()
	r.want(post, club.Published, club.Linked)
	r.wantAccepted("Match day", 1)
}

// TestCallWithoutALimitOfItsOwnHasTheUsualOne guards the usual limits.
func TestCallWithoutALimitOfItsOwnHasTheUsualOne(t *testing.T) {
	t.Parallel()
	for _, s := range []struct {
		step platforms.Step
		want time.Duration
	}{
		{platforms.Step{Irreversible: true}, 65 * time.Second},
		{platforms.Step{}, 16 * time.Minute},
		{platforms.Step{Within: time.Minute}, time.Minute},
		{platforms.Step{Waits: true, Within: 4 * time.Hour}, 16 * time.Minute}, // that is the wait's
	} {
		if got := limitOfCall(s.step); got != s.want {
			t.Errorf("the call of %+v may take %v, want %v", s.step, got, s.want)
		}
	}
}

// TestWaitWithALimitOfItsOwnEndsByIt: a platform that works on a picture for ever.
func TestWaitWithALimitOfItsOwnEndsByIt(t *testing.T) {
	t.Parallel()
	for _, limit := range []time.Duration{4 * time.Minute, time.Hour} {
		r := newRig(t, platforms.CertainByStatus, func(r *rig) { r.fake.waits, r.fake.within = 1<<30, limit })
		post := r.schedule("Match day", 0, r.connect())
		r.engine.RunDue(t.Context())
		begun := r.clock.Now()
		for r.delivery(post).Status == club.Publishing {
			r.clock.Advance(r.delivery(post).NextAt.Sub(r.clock.Now()))
			r.engine.RunDue(t.Context())
		}
		r.want(post, club.Failed, club.MediaRefused)
		if got := r.clock.Now().Sub(begun); got != limit {
			t.Errorf("the wait ends after %v, want %v", got, limit)
		}
	}
}

// TestDeliveryThatIsGettingOnIsNotGivenUp: the platform fails seven times before it
// takes each of two pictures. Eight such tries in a row end a delivery.
func TestDeliveryThatIsGettingOnIsNotGivenUp(t *testing.T) {
	t.Parallel()
	for sends, want := range map[int64]club.Status{1 << 20: club.Published, 0: club.Failed} {
		r := newRig(t, platforms.CertainByLooking, func(r *rig) { r.fake.pictures, r.fake.sends = 2, sends })
		var faults []string
		for range 2 {
			for range 7 {
				faults = append(faults, "error_before")
			}
			faults = append(faults, "")
		}
		r.server.misbehave(faults...)
		post := r.schedule("Match day", 0, r.connect())
		r.settle()
		if d := r.delivery(post); d.Status != want {
			t.Errorf("with pictures of %d bytes it ends as %s (%s), want %s; timeline:\n%s", sends, d.Status, d.Phase, want, r.story(post))
		}
	}
}
