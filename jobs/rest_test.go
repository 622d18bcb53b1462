package jobs

import (
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// TestWakesWhenAPostIsDue is S13: the engine does not find out at the next tick
// that a post is due, but wakes at that moment.
func TestWakesWhenAPostIsDue(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	conn := r.connect()
	r.schedule("Far off", 5*time.Minute, conn)
	r.run()
	r.wantWait(tickEvery)

	post := r.schedule("Kick-off", 700*time.Millisecond, conn)
	r.wantWait(700 * time.Millisecond)
	r.clock.Advance(100 * time.Millisecond)
	due := r.clock.Now().Add(300 * time.Millisecond)
	later := store.Answer{Kind: club.PersonRetimes, Due: due}
	if err := r.db.Answer(t.Context(), r.club.Scope, later, "test", r.delivery(post).ID); err != nil {
		t.Fatal(err)
	}
	w := r.wantWait(300 * time.Millisecond)
	r.clock.Advance(300 * time.Millisecond)
	w.end()
	for r.delivery(post).Status != club.Published {
		<-r.waits
	}
	if took := r.server.took(); len(took) != 1 || !took[0].At.Equal(due) {
		t.Errorf("sent %+v, want once, at %v", took, due)
	}
}

// TestWakesWhenAWaitOfADeliveryEnds: so it is with what the engine puts off.
func TestWakesWhenAWaitOfADeliveryEnds(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByStatus)
	r.fake.pictures, r.fake.waits = 1, 3
	post := r.schedule("A photo", 0, r.connect())
	r.run()
	w := <-r.waits
	for r.delivery(post).Phase != club.Processing {
		w = <-r.waits
	}
	next := r.delivery(post).NextAt
	r.clock.Advance(next.Sub(r.clock.Now()) - 20*time.Millisecond)
	for range 10 {
		if w.long == 20*time.Millisecond {
			return
		}
		w.end()
		w = <-r.waits
	}
	t.Errorf("the last wait is %v, want one of 20ms until the platform is asked again", w.long)
}

// TestDoesNotSpinOnWhatCannotBeTakenYet: a post that is due while its account
// is busy waits for that, not for time.
func TestDoesNotSpinOnWhatCannotBeTakenYet(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	r.server.misbehave("slow")
	conn := r.connect()
	r.schedule("First", 0, conn)
	second := r.schedule("Second", 0, conn)
	r.run()
	<-r.server.entered
	for range 3 {
		w := r.wantWait(tickEvery)
		r.clock.Advance(time.Millisecond)
		w.end()
	}
	close(r.server.hold)
	for d := r.delivery(second); d.Status != club.Published; d = r.delivery(second) {
		if wait := d.NextAt.Sub(r.clock.Now()); d.Status == club.Scheduled && wait > 0 {
			r.clock.Advance(wait)
		}
		(<-r.waits).end()
	}
}

// wantWait is the next wait of the engine, which must be so long.
func (r *rig) wantWait(want time.Duration) wait {
	r.t.Helper()
	w := <-r.waits
	if w.long != want {
		r.t.Errorf("waits %v, want %v", w.long, want)
	}
	return w
}
