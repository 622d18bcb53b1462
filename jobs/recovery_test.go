package jobs

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// TestKilledAroundTheCall is rules P1, P2 and P3: the process dies at any
// moment around the irreversible call, the next one recovers.
func TestKilledAroundTheCall(t *testing.T) {
	t.Parallel()
	for _, class := range []platforms.Certainty{platforms.CertainByKey, platforms.CertainByStatus, platforms.CertainByLooking} {
		for _, sent := range []bool{false, true} {
			t.Run(fmt.Sprintf("class %s, sent %v", class, sent), func(t *testing.T) {
				t.Parallel()
				r := newRig(t, class)
				conn := r.connect()
				post := r.schedule("Match day", 0, conn)
				d := r.intent(post)
				if sent {
					r.server.accept(conn.Account.RemoteID, d.Key, "Match day")
				}
				if _, err := r.db.Writer().ExecContext(t.Context(), `
					INSERT INTO publish_attempts (id, delivery_id, generation, kind, irreversible, boot, started_at, deadline_at)
					SELECT randomblob(16), delivery_id, 1, 'publish', 1, 'other', 0, 0 FROM publish_attempts`); err == nil {
					t.Error("a second irreversible attempt could be opened (P2)")
				}

				r.config.Boot = "boot-2"
				r.engine = NewEngine(r.config, NewSignIns(r.config))
				if err := r.engine.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				r.want(post, club.Publishing, club.Reconciling)
				r.settle()
				if !sent && class == platforms.CertainByLooking {
					r.want(post, club.NeedsAttention, club.Ambiguous)
					r.wantAccepted("Match day", 0)
					return
				}
				r.want(post, club.Published, club.Linked)
				r.wantAccepted("Match day", 1)
			})
		}
	}
}

// intent takes a delivery up to the commit before its irreversible call, and
// dies there.
func (r *rig) intent(post int64) store.Delivery {
	r.t.Helper()
	e := NewEngine(r.config, NewSignIns(r.config))
	due, err := e.DB.Due(r.t.Context(), r.clock.Now(), nil, nil, 10)
	if err != nil || len(due) != 1 {
		r.t.Fatalf("due: %d, %v", len(due), err)
	}
	w := newRun(e, e.Now, due[0])
	for {
		event, err := w.tickEvent(r.t.Context())
		if err != nil {
			r.t.Fatal(err)
		}
		ch, err := w.decide(r.t.Context(), &event)
		if err != nil {
			r.t.Fatal(err)
		}
		if ch.Work == club.Send {
			return r.want(post, club.Publishing, club.Sending)
		}
	}
}

func TestForgottenCallIsLookedInto(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	conn := r.connect()
	post := r.schedule("Match day", 0, conn)
	d := r.intent(post)
	r.server.accept(conn.Account.RemoteID, d.Key, "Match day")
	r.after(time.Minute)
	r.want(post, club.Publishing, club.Sending)
	r.after(time.Minute) // same process: row 23 without Recover
	r.want(post, club.Published, club.Linked)
	r.wantAccepted("Match day", 1)
}

// TestStopWaitsForTheIrreversibleCall is rule P18.
func TestStopWaitsForTheIrreversibleCall(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	r.server.misbehave("slow")
	post := r.schedule("Match day", 0, r.connect())
	ctx, stop := context.WithCancel(t.Context())
	var stopped sync.WaitGroup
	stopped.Go(func() {
		if err := r.engine.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	<-r.server.entered
	stop()
	later := r.schedule("Later", 0, r.connect())
	close(r.server.hold)
	stopped.Wait()
	r.want(post, club.Published, club.Linked)
	r.want(later, club.Scheduled, club.Waiting)
}

// TestStopGivesUpOnACallThatHangs: the program ends within ten seconds, whatever
// a platform does (rule P18), and the next start finds out what became of the call.
func TestStopGivesUpOnACallThatHangs(t *testing.T) {
	t.Parallel()
	if Grace > 8*time.Second {
		t.Errorf("calls have %s to end, and there are ten seconds for everything", Grace)
	}
	r := newRig(t, platforms.CertainByLooking)
	r.server.misbehave("slow")
	post := r.schedule("Match day", 0, r.connect())
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- r.engine.Run(ctx) }()
	<-r.server.entered
	stop()
	for w := range r.waits {
		if w.long > Grace {
			t.Fatalf("it waits for %s", w.long)
		}
		if w.long == Grace {
			w.end()
			break
		}
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	r.want(post, club.Publishing, club.Sending)
	close(r.server.hold)
	r.engine.running.Wait() // in a real process it would have ended with it
}

func TestStopCutsOffWhatCanBeRepeated(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	r.fake.pictures = 1
	r.server.misbehave("slow")
	post := r.schedule("Match day", 0, r.connect())
	ctx, stop := context.WithCancel(t.Context())
	var stopped sync.WaitGroup
	stopped.Go(func() {
		if err := r.engine.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	<-r.server.entered
	stop()
	stopped.Wait() // does not wait for the answer
	if d := r.want(post, club.Publishing, club.Preparing); d.TriesTransient != 0 {
		t.Errorf("stopping used up a try")
	}
	close(r.server.hold)
	r.settle()
	r.want(post, club.Published, club.Linked)
}

// TestStopAtTheMomentOfARefusalKeepsTheLimit: the next process would call too
// early (rule P13).
func TestStopAtTheMomentOfARefusalKeepsTheLimit(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	r.fake.pictures = 1
	r.server.misbehave("rate_limited_bare")
	post := r.schedule("Match day", 0, r.connect())
	ctx, stop := context.WithCancel(t.Context())
	config := r.config
	config.Platforms = func(int64, bool) *platforms.Registry { return platforms.NewRegistry(&stopping{r.fake, stop}) }
	NewEngine(config, NewSignIns(config)).RunDue(ctx)
	r.want(post, club.Scheduled, club.Blocked)
	r.restart()
	r.after(59 * time.Minute)
	if calls := r.server.count("/step"); calls != 1 {
		t.Errorf("%d calls before the limit ended, want the one that was refused", calls)
	}
	r.settle()
	r.want(post, club.Published, club.Linked)
}

// stopping is a platform after whose first answer the process is to end.
type stopping struct {
	platforms.Platform
	stop context.CancelFunc
}

func (p *stopping) Perform(ctx context.Context, s platforms.Session, pub platforms.Publication, done []platforms.StepResult, step platforms.Step) (platforms.StepResult, error) {
	defer p.stop()
	return p.Platform.Perform(ctx, s, pub, done, step)
}
