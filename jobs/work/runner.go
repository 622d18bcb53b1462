package work

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

const (
	// perPlatform is how many accounts of one platform are worked on at once.
	perPlatform = 8
	// perTurn is how many items of an account are done before it is looked at anew.
	perTurn = 200
	// limitRest is how long a kind rests at least for an account whose limit is
	// reached.
	limitRest = time.Hour
	// After a fault of ours an item is tried again, each time twice as late.
	faultFirst = 30 * time.Second
	faultMost  = 6 * time.Hour
)

// Config is what a Runner is built with. Every field is needed.
type Config struct {
	DB  *store.DB
	Log *slog.Logger
	Now func() time.Time
	// Elapsed is a clock that nobody can set.
	Elapsed func() time.Duration
	// QuietFrom is the time by which no post of an account may be due, or nothing
	// is begun for it.
	QuietFrom func() time.Time
	// May reports whether anything may be begun: what was found must be kept.
	May func() bool
	// Fault is told of faults of ours.
	Fault func(error)
	// Line gives the line of a connection to something until a post needs it; then
	// the context of do ends. The error is ErrGaveWay if the line is not to be had.
	Line func(ctx context.Context, connection int64, do func(context.Context) error) error
	// Platform is where an account belongs; nil if that is not built in any more.
	Platform func(store.Connection) platforms.Platform
	Call     Call
}

// Runner does what is due.
type Runner struct {
	Config
	kinds map[store.WorkKind]Kind
	names []store.WorkKind

	mu      sync.Mutex
	inHand  map[turn]bool
	places  map[platforms.ID]chan struct{}
	waiting map[string]fault // items of which not even the end could be kept
	running sync.WaitGroup
}

// turn is one account's, for what takes turns with its posts or for what does not.
type turn struct {
	connection int64
	aside      bool
}

// fault is how often in a row the end of an item could not be kept, and until when
// it is let alone, by Elapsed.
type fault struct {
	times int
	until time.Duration
}

// New makes a Runner for some kinds of work.
func New(c Config, kinds ...Kind) *Runner {
	r := &Runner{
		Config: c, kinds: map[store.WorkKind]Kind{}, inHand: map[turn]bool{},
		places: map[platforms.ID]chan struct{}{}, waiting: map[string]fault{},
	}
	for _, k := range kinds {
		r.kinds[k.Name] = k
		r.names = append(r.names, k.Name)
	}
	return r
}

// Tick begins what is due and does not wait for it. What is in hand already is not
// begun again.
func (r *Runner) Tick(ctx context.Context) error {
	_, err := r.begin(ctx, r.names)
	return err
}

// RunDue does what is due now of some kinds, or of all, and waits for it. The error
// holds the faults of ours.
func (r *Runner) RunDue(ctx context.Context, kinds ...store.WorkKind) error {
	if len(kinds) == 0 {
		kinds = r.names
	}
	wait, err := r.begin(ctx, kinds)
	return errors.Join(err, wait())
}

// Wait waits until nothing is in hand.
func (r *Runner) Wait() { r.running.Wait() }

// begin takes the accounts that have something to do into hand. wait waits for
// them.
func (r *Runner) begin(ctx context.Context, kinds []store.WorkKind) (wait func() error, err error) {
	var group sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	wait = func() error {
		group.Wait()
		return errors.Join(errs...)
	}
	if over(ctx) || !r.May() {
		return wait, nil
	}
	due, err := r.DB.WorkDue(ctx, r.Now(), r.QuietFrom(), kinds)
	if err != nil {
		r.Fault(err)
		return wait, err
	}
	for _, d := range due {
		place, ok := r.take(d)
		if !ok {
			continue
		}
		group.Add(1)
		r.running.Go(func() {
			defer group.Done()
			defer r.free(d)
			select {
			case place <- struct{}{}:
				defer func() { <-place }()
			case <-ctx.Done():
				return
			}
			if err := r.account(ctx, d, kinds); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
		})
	}
	return wait, nil
}

// take takes an account into hand, and names the place that it has to get. It is
// false if it is in hand already.
func (r *Runner) take(d store.WorkDue) (place chan struct{}, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := turn{d.ConnectionID, d.Aside}
	if r.inHand[t] {
		return nil, false
	}
	r.inHand[t] = true
	place = r.places[d.Platform]
	if place == nil {
		place = make(chan struct{}, perPlatform)
		r.places[d.Platform] = place
	}
	return place, true
}

func (r *Runner) free(d store.WorkDue) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.inHand, turn{d.ConnectionID, d.Aside})
}

// account does what an account has to do, one after the other, until it has to give
// way or its platform is in trouble. The error is a fault of ours.
func (r *Runner) account(ctx context.Context, d store.WorkDue, kinds []store.WorkKind) error {
	due, conn, err := r.DB.DueWork(ctx, d, r.Now(), r.QuietFrom(), kinds, perTurn)
	if err != nil {
		r.Fault(err)
		return err
	}
	items := make([]Item, 0, len(due))
	p := r.Platform(conn)
	for _, w := range due {
		if !r.waits(w) {
			items = append(items, Item{Work: w, Connection: conn, Platform: p, call: r.Call})
		}
	}
	for len(items) > 0 && !over(ctx) && r.May() {
		var batch []Item
		batch, items = r.batch(items)
		goesOn, err := r.do(ctx, batch)
		if err != nil || !goesOn {
			return err
		}
	}
	return nil
}

// batch takes the first item, and those of its kind that are done in one call with
// it.
func (r *Runner) batch(items []Item) (batch, rest []Item) {
	k := r.kinds[items[0].Kind]
	most := 1
	if k.AtOnce != nil {
		most = k.AtOnce(items[0])
	}
	for _, i := range items {
		if i.Kind == k.Name && len(batch) < most {
			batch = append(batch, i)
		} else {
			rest = append(rest, i)
		}
	}
	return batch, rest
}

// do does a batch of items of one kind and keeps what becomes of them.
func (r *Runner) do(ctx context.Context, batch []Item) (goesOn bool, err error) {
	k := r.kinds[batch[0].Kind]
	var results []Result
	work := func(ctx context.Context) error {
		results = r.results(ctx, k, batch)
		for _, result := range results {
			if result.err != nil {
				return result.err
			}
		}
		return nil
	}
	if k.Aside {
		err = work(ctx)
	} else {
		err = r.Line(ctx, batch[0].ConnectionID, work)
	}
	if isCutOff(ctx, err) {
		return false, nil // it stays due
	}
	if results == nil {
		r.Fault(err)
		return false, err // the line is not to be had for a fault of ours
	}
	err = r.keep(context.WithoutCancel(ctx), k, batch, results)
	goesOn = err == nil
	for _, result := range results {
		goesOn = goesOn && result.goesOn()
	}
	return goesOn, err
}

// results does the work. What panics has failed; of several items that are done in
// one call, each is then done by itself, so that one alone is at fault.
func (r *Runner) results(ctx context.Context, k Kind, batch []Item) []Result {
	results, err := r.safely(ctx, k, batch)
	if err == nil {
		return results
	}
	if len(batch) == 1 {
		return []Result{Failed(err, time.Time{})}
	}
	results = results[:0]
	for _, i := range batch {
		alone, err := r.safely(ctx, k, []Item{i})
		if err != nil {
			alone = []Result{Failed(err, time.Time{})}
		}
		results = append(results, alone[0])
	}
	return results
}

// safely turns a panic into an error. The log gets its type and where it came from,
// never its value: that may hold a secret.
func (r *Runner) safely(ctx context.Context, k Kind, batch []Item) (results []Result, err error) {
	defer func() {
		if v := recover(); v != nil {
			r.Log.Error("panic", "work", k.Name, "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			results, err = nil, fmt.Errorf("panic of type %T", v)
		}
	}()
	if k.Many != nil {
		return k.Many(ctx, batch), nil
	}
	return []Result{k.Do(ctx, batch[0])}, nil
}

// over reports whether the program ends.
func over(ctx context.Context) bool { return ctx.Err() != nil }

// isCutOff reports whether work failed only because it was broken off: for a post,
// or at the end of the program.
func isCutOff(ctx context.Context, err error) bool {
	return errors.Is(err, ErrGaveWay) || err != nil && over(ctx)
}
