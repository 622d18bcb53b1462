package jobs

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// frugal is a platform that says with each post how many are left, and, when it is
// asked, how much of a month.
type frugal struct {
	*fake
	left  func() platforms.Limit
	month platforms.Limit
	err   error
}

func (f *frugal) Check(_ context.Context, s platforms.Session) (platforms.Account, error) {
	return s.Account, nil
}

func (f *frugal) Perform(ctx context.Context, s platforms.Session, p platforms.Publication, done []platforms.StepResult, step platforms.Step) (platforms.StepResult, error) {
	platforms.ReportLimits(ctx, f.left())
	return f.fake.Perform(ctx, s, p, done, step)
}

// ReadLimits implements platforms.LimitsReader.
func (f *frugal) ReadLimits(ctx context.Context, _ platforms.Session) error {
	if f.err == nil {
		platforms.ReportLimits(ctx, f.month)
	}
	return f.err
}

func newFrugal(t *testing.T) (*rig, *frugal) {
	t.Helper()
	r := newRig(t, platforms.CertainByLooking, refusable)
	p := &frugal{fake: r.fake, month: platforms.Limit{Name: "month", Unit: platforms.LimitPosts, Span: platforms.SpanMonth, Max: 500, Left: 188}}
	p.left = func() platforms.Limit {
		return platforms.Limit{Name: "posts", Unit: platforms.LimitPosts, Span: platforms.SpanDay, Max: 25, Left: 1, Ends: r.clock.Now().Add(time.Hour)}
	}
	registry := platforms.NewRegistry(p)
	r.config.Platforms = func(int64, bool) *platforms.Registry { return registry }
	r.patient()
	return r, p
}

func (r *rig) limitsOf(conn store.Connection) map[string]int64 {
	r.t.Helper()
	all, err := r.db.Limits(r.t.Context(), r.club.Scope)
	if err != nil {
		r.t.Fatal(err)
	}
	left := map[string]int64{}
	for _, l := range all[conn.ID] {
		left[l.Name] = l.Left
	}
	return left
}

// TestLimitIsHeededWhateverTheDatabaseRefuses is rule P13: an answer said that the
// limit is near, and that could not be kept at once. A moment's fault was enough
// to forget it, and the next post went out before the window began anew.
func TestLimitIsHeededWhateverTheDatabaseRefuses(t *testing.T) {
	t.Parallel()
	for _, kind := range refusalKinds {
		if kind.lasts {
			continue // nothing at all is sent meanwhile
		}
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			r, _ := newFrugal(t)
			conn := r.connect()
			for n := 0; ; n++ {
				post := r.schedule(fmt.Sprintf("Post %d", n), 0, conn)
				next := r.schedule(fmt.Sprintf("Next %d", n), time.Second, conn)
				r.refusals.arm(n, kind)
				for range 8 {
					r.after(15 * time.Second)
				}
				met := r.refusals.lift()
				for range 15 { // what was to begin again has begun
					r.after(time.Minute)
				}
				if d := r.delivery(post); d.Status == club.Published {
					r.wantAccepted(fmt.Sprintf("Next %d", n), 0)
				} else if !kind.mayAsk {
					t.Errorf("the first post is %s/%s", d.Status, d.Phase)
				}
				r.settle()
				if t.Failed() {
					t.Fatalf("statement %d: %s\n%s", n, met, r.story(next))
				}
				if met == "" {
					return
				}
				r.clock.Advance(2 * time.Hour)
			}
		})
	}
}

// TestLimitThatWasNotKeptIsKeptTheNextTime: what people are shown is not ten
// minutes behind for one fault.
func TestLimitThatWasNotKeptIsKeptTheNextTime(t *testing.T) {
	t.Parallel()
	r, p := newFrugal(t)
	conn := r.connect()
	p.left = func() platforms.Limit {
		return platforms.Limit{Name: "posts", Unit: platforms.LimitPosts, Span: platforms.SpanDay, Max: 500, Left: 312, Ends: r.clock.Now().Add(day).Truncate(day)}
	}
	heard := func() {
		watched, keep := r.engine.signIns.watch(t.Context(), conn, true)
		platforms.ReportLimits(watched, p.left(), platforms.Limit{Name: "calls", Unit: platforms.LimitCalls, Max: 900, Left: 500})
		keep()
	}
	r.refusals.arm(0, refusal{says: fullDisk})
	heard()
	if met := r.refusals.lift(); met == "" || len(r.limitsOf(conn)) > 0 {
		t.Fatalf("%q was refused, and %v is kept", met, r.limitsOf(conn))
	}
	heard()
	if got := r.limitsOf(conn); len(got) != 1 || got["posts"] != 312 {
		t.Errorf("kept %v, want posts alone: of calls only the last are shown", got)
	}
	r.club.Exec(`DELETE FROM connection_limits`)
	heard() // the same again, a moment later
	if got := r.limitsOf(conn); len(got) > 0 {
		t.Errorf("the same is kept again at once: %v", got)
	}
	r.clock.Advance(limitsKeptFor)
	heard()
	if got := r.limitsOf(conn); len(got) != 1 {
		t.Errorf("it is not kept again: %v", got)
	}
}

// TestLimitsThatAreAskedFor: a platform that cannot tell them does no harm to the
// look at the account.
func TestLimitsThatAreAskedFor(t *testing.T) {
	t.Parallel()
	r, p := newFrugal(t)
	conn := r.connect()
	p.err = &platforms.Error{Kind: platforms.Unknown, Code: platforms.CodePlatformDown}
	if refused, err := r.engine.signIns.Check(t.Context(), conn); refused != nil || err != nil || len(r.limitsOf(conn)) > 0 {
		t.Errorf("looked at: %v, %v; limits %v", refused, err, r.limitsOf(conn))
	}
	p.err = nil
	if refused, err := r.engine.signIns.Check(t.Context(), conn); refused != nil || err != nil || r.limitsOf(conn)["month"] != 188 {
		t.Errorf("looked at: %v, %v; limits %v", refused, err, r.limitsOf(conn))
	}
}
