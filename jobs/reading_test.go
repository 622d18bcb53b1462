package jobs

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/jobs/work"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// hanging is a platform that never answers what only reads.
type hanging struct {
	renewingFake
	hangs    atomic.Bool
	entered  chan string
	calls    atomic.Int64 // that only read
	inFlight atomic.Int64
	overlap  atomic.Bool
	cause    atomic.Pointer[error] // why the last of them ended
}

func (h *hanging) read(ctx context.Context, what string) error {
	h.calls.Add(1)
	if !h.hangs.Load() {
		return nil
	}
	h.inFlight.Add(1)
	defer h.inFlight.Add(-1)
	h.entered <- what
	<-ctx.Done()
	cause := context.Cause(ctx)
	h.cause.Store(&cause)
	return refusesAs(platforms.Unknown)
}

func (h *hanging) PostNumbers(ctx context.Context, _ platforms.Session, _ string) (platforms.Numbers, error) {
	return platforms.Numbers{Values: map[platforms.Number]int64{platforms.Likes: 1}}, h.read(ctx, "numbers")
}

func (h *hanging) AccountNumbers(ctx context.Context, _ platforms.Session) (platforms.Numbers, error) {
	return platforms.Numbers{Values: map[platforms.Number]int64{platforms.Followers: 1}}, h.read(ctx, "account numbers")
}

func (h *hanging) Permalink(ctx context.Context, _ platforms.Session, id string) (string, error) {
	return "https://fake.example/" + id, h.read(ctx, "address")
}

func (h *hanging) Check(ctx context.Context, s platforms.Session) (platforms.Account, error) {
	return s.Account, h.read(ctx, "check")
}

func (h *hanging) ReadLimits(ctx context.Context, _ platforms.Session) error {
	return h.read(ctx, "limits")
}

func (h *hanging) Settle(ctx context.Context, s platforms.Session, p platforms.Publication, done []platforms.StepResult, tried time.Time) (platforms.Evidence, error) {
	if err := h.read(ctx, "id"); err != nil {
		return platforms.Evidence{}, err
	}
	return h.renewingFake.Settle(ctx, s, p, done, tried)
}

func (h *hanging) Perform(ctx context.Context, s platforms.Session, p platforms.Publication, done []platforms.StepResult, step platforms.Step) (platforms.StepResult, error) {
	if h.inFlight.Load() > 0 {
		h.overlap.Store(true)
	}
	return h.renewingFake.Perform(ctx, s, p, done, step)
}

// sideJob is recurring work that only reads. posts are published before it, and
// make it necessary.
type sideJob struct {
	name, job string
	certainty platforms.Certainty
	ready     func(*rig)
	posts     int
	wait      time.Duration // until it is due
}

var sideJobs = []sideJob{
	{name: "numbers", job: takePosts, certainty: platforms.CertainByLooking, posts: 20, wait: 2 * time.Hour},
	{name: "account numbers", job: takeAccounts, certainty: platforms.CertainByLooking, wait: 25 * time.Hour},
	{name: "address", job: findLinks, certainty: platforms.CertainByLooking, posts: 20, ready: func(r *rig) { r.fake.linkFirst = true }},
	{name: "id", job: findLinks, certainty: platforms.CertainByStatus, posts: 1, ready: func(r *rig) {
		r.fake.nameless.Store(true)
		r.server.misbehave("reset_after")
	}},
	{name: "check", job: checkAccounts, certainty: platforms.CertainByLooking, wait: 25 * time.Hour},
}

// arrange publishes what a job is about and lets its time come.
func (j sideJob) arrange(t *testing.T) (*rig, *hanging, store.Connection) {
	t.Helper()
	h := &hanging{entered: make(chan string, 64)}
	r := newRig(t, j.certainty, func(r *rig) {
		if j.ready != nil {
			j.ready(r)
		}
	})
	h.renewingFake = renewingFake{r.fake}
	r.on(h)
	conn := r.connect()
	for n := range j.posts {
		r.schedule(fmt.Sprint("Match day ", n), 0, conn)
	}
	r.settle()
	r.clock.Advance(j.wait)
	h.calls.Store(0)
	h.hangs.Store(true)
	return r, h, conn
}

// begin lets the time for a job come while other things go on.
func (r *rig) begin(job string) (ended <-chan struct{}) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.recur(job)
	}()
	return done
}

// TestAReadingThatHangsDelaysNoPost: whatever only reads for an account is broken
// off when a post of it falls due; the post goes out in the same tick, never beside
// the reading (rule P14), and what was read for stays due.
func TestAReadingThatHangsDelaysNoPost(t *testing.T) {
	t.Parallel()
	for _, j := range sideJobs {
		t.Run(j.name, func(t *testing.T) {
			t.Parallel()
			r, h, conn := j.arrange(t)
			post := r.schedule("Kick-off", quietBefore+time.Second, conn)
			ended := r.begin(j.job)
			if what := <-h.entered; what != j.name {
				t.Fatalf("%s hangs, want %s", what, j.name)
			}
			r.after(quietBefore + time.Second)
			r.want(post, club.Published, club.Linked)
			if h.overlap.Load() {
				t.Error("the post went out beside the reading")
			}
			<-ended
			if why := *h.cause.Load(); !errors.Is(why, work.ErrGaveWay) {
				t.Errorf("the reading ended because of %v, want it broken off", why)
			}
			if n := h.calls.Load(); n != 1 {
				t.Errorf("%d readings began, want 1", n)
			}

			h.hangs.Store(false)
			h.calls.Store(0)
			r.recur(j.job)
			want := int64(max(j.posts, 1))
			if r.fake.linkFirst {
				want++ // the post that went before
			}
			if got := h.calls.Load(); got < want {
				t.Errorf("%d readings in the next round, want %d: none counts as failed", got, want)
			}
		})
	}
}

// TestNothingIsReadJustBeforeAPostIsDue: a call that has begun costs time to break
// off.
func TestNothingIsReadJustBeforeAPostIsDue(t *testing.T) {
	t.Parallel()
	for _, j := range sideJobs {
		t.Run(j.name, func(t *testing.T) {
			t.Parallel()
			r, h, conn := j.arrange(t)
			h.hangs.Store(false)
			r.schedule("Kick-off", quietBefore, conn)
			r.recur(j.job)
			if n := h.calls.Load(); n != 0 {
				t.Errorf("%d readings within %v of a post", n, quietBefore)
			}
			if err := r.engine.read(t.Context(), conn.ID, func(context.Context) error { return nil }); !errors.Is(err, work.ErrGaveWay) {
				t.Errorf("a reading right before a post: %v, want %v", err, work.ErrGaveWay)
			}
			if err := r.engine.read(t.Context(), r.connect().ID, func(context.Context) error { return nil }); err != nil {
				t.Errorf("a reading of another account: %v", err)
			}
			r.after(quietBefore)
			r.recur(j.job)
			if h.calls.Load() == 0 {
				t.Error("nothing is read after the post went out")
			}
		})
	}
}

// TestARenewalForAReadingDelaysNoPost: a renewal must not be broken off, and so it
// does not have the line of the reading that needs it.
func TestARenewalForAReadingDelaysNoPost(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, renewing(platforms.Renewal{OnUse: true}))
	conn := r.connect()
	read := r.schedule("Match day", 0, conn)
	r.settle()
	r.clock.Advance(2 * time.Hour)
	post := r.schedule("Kick-off", quietBefore+time.Second, conn)
	begun, answer := make(chan struct{}), make(chan struct{})
	r.server.onRenew = func() {
		close(begun)
		<-answer
	}
	r.server.misbehave("expired") // the numbers: the token is good for posts
	ended := r.begin(takePosts)
	<-begun
	r.after(quietBefore + time.Second)
	r.want(post, club.Published, club.Linked)
	r.server.onRenew = nil
	close(answer)
	<-ended
	if got := r.access(conn).Secret.Reveal(); got != "renewed-1" {
		t.Errorf("the token is %q, want the new one", got)
	}
	r.recur(takePosts)
	if n := len(r.snapshots(read)); n != 1 {
		t.Errorf("%d readings in the next round, want 1", n)
	}
}

// TestAPlatformThatDoesNotAnswerIsAskedOnceARound: twenty readings of one account
// do not wait for their time limits one after the other.
func TestAPlatformThatDoesNotAnswerIsAskedOnceARound(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	m := &moody{renewingFake: renewingFake{r.fake}, answers: []error{refusesAs(platforms.Unknown)}}
	conn := r.connect()
	for n := range 20 {
		r.schedule(fmt.Sprint("Match day ", n), 0, conn)
	}
	r.settle()
	r.on(m)
	r.clock.Advance(2 * time.Hour)
	r.recur(takePosts)
	if m.asked != 1 {
		t.Errorf("asked %d times, want 1", m.asked)
	}
}
