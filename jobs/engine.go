// Package jobs is what Bandstand does by itself: publish what is due, renew
// sign-ins, take numbers. It owns every retry and all waiting; what is due is
// always found by a query (rule P11). It decides nothing about a delivery that
// club.Next does not say.
package jobs

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/journal"
	"github.com/bandstand-app/bandstand/jobs/gate"
	"github.com/bandstand-app/bandstand/jobs/work"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// The engine's own numbers.
const (
	tickEvery   = time.Second
	atOnce      = 32               // deliveries
	coolFor     = 30 * time.Second // after a fault of ours
	spacing     = 2 * time.Minute  // between posts that catch up (rule P14)
	aliveEvery  = time.Minute
	offAtLeast  = 2 * aliveEvery
	commitTries = 5 // at least, a tick apart

	// How often a delivery that cannot be worked on, for a fault of ours, is tried,
	// coolFor apart, before people are asked; and how often that pause doubles where
	// not even that can be stored.
	giveUpAfter   = 20
	coolDoublings = 7
)

// Grace is how long the end of the program waits for calls that must not be cut
// off (rule P18): Docker kills after ten seconds.
const Grace = 8 * time.Second

// Media makes and opens copies of pictures: media.Library.
type Media interface {
	// Prepare makes the copies that an account with these rules is sent, and
	// tells exactly what they are: one for each id, in the same order. What
	// cannot be sent is a *platforms.Error.
	Prepare(ctx context.Context, clubID int64, ids []string, rules platforms.ImageRules, fits map[string]platforms.Fit) ([]platforms.Media, error)
	// Source opens such copies.
	Source(clubID int64, rules platforms.ImageRules, fits map[string]platforms.Fit) platforms.MediaSource
	// Sweep removes files that belong to nothing, and says how many.
	Sweep(ctx context.Context) (int, error)
}

// Config is what the jobs are built with. Every field down to Boot is needed.
type Config struct {
	DB *store.DB
	// Platforms gives the real platforms, or the make-believe ones of a club:
	// each club practises in a world of its own.
	Platforms func(clubID int64, practice bool) *platforms.Registry
	// App gives the credentials of a platform app; empty if there are none.
	App   func(ctx context.Context, clubID int64, practice bool, slot string) (platforms.App, error)
	Media Media
	// Journal is the second witness of what is sent.
	Journal *journal.Journal
	Log     *slog.Logger
	Now     func() time.Time
	// Elapsed is a clock that nobody can set, for telling jumps of Now.
	Elapsed func() time.Duration
	// After is time.After, or what a test puts in its place.
	After  func(time.Duration) <-chan time.Time
	Jitter func() float64 // [0, 1)
	Boot   string         // names this process
	// Built is when this program was made: no clock is right before that. Zero if
	// it is not known.
	Built time.Time
	// Ballast is there while anything is begun; nil if there is none.
	Ballast gate.Ballast
	// Before comes before all else that Start does; nil if there is nothing.
	Before func(context.Context) error
	// Alive is called once a minute while the engine runs; nil if there is nothing.
	Alive func(context.Context) error
}

// Engine publishes what is due.
type Engine struct {
	Config
	signIns *SignIns
	begun   bool // begin has done its work

	gate    *gate.Gate
	lines   *lines
	work    *work.Runner
	failing failing

	mu        sync.Mutex
	lastTick  time.Time
	lastClaim time.Time
	offFrom   time.Time // Bandstand was not running from …
	offTo     time.Time // … to
	stranded  []store.Delivery

	running sync.WaitGroup
}

// NewEngine makes an engine; Run starts it.
func NewEngine(c Config, signIns *SignIns) *Engine {
	e := &Engine{Config: c, signIns: signIns, lines: newLines()}
	e.gate = gate.New(gate.Config{
		DB: c.DB, Journal: c.Journal, Log: c.Log, Now: c.Now, Elapsed: c.Elapsed, Boot: c.Boot,
		Clocks: &signIns.clocks, Begin: e.begin, AskTime: e.askTime, Built: c.Built, Ballast: c.Ballast,
	})
	e.work = e.newWork()
	return e
}

// Start looks at what an earlier process left behind. It comes before Run. Where
// nothing can be stored, nothing is begun until that is done.
func (e *Engine) Start(ctx context.Context) error {
	now := e.Now()
	e.mu.Lock()
	e.lastTick, e.lastClaim = now, now
	e.mu.Unlock()
	err := e.gate.Start(now)
	if err == nil {
		err = e.begin(ctx)
	}
	if club.Storage(err) {
		e.gate.Hold(err)
		return nil
	}
	return e.DB.Explain(err)
}

// begin is done once, before anything else.
func (e *Engine) begin(ctx context.Context) error {
	if e.begun {
		return nil
	}
	if e.Before != nil {
		if err := e.Before(ctx); err != nil {
			return err
		}
	}
	if err := e.recover(ctx); err != nil {
		return err
	}
	if err := e.followZones(ctx, nearby); err != nil {
		return err
	}
	if err := e.resumeUpdated(ctx); err != nil {
		return err
	}
	alive, err := e.gate.Recall(ctx)
	if err != nil {
		return err
	}
	now := e.Now()
	if !alive.IsZero() && now.Sub(alive) > offAtLeast {
		e.offFrom, e.offTo = alive, now
	}
	e.begun = true
	if e.gate.ClockInDoubt(ctx, now) {
		return nil
	}
	return e.sayAlive(ctx)
}

// Run publishes, and does the recurring work, until ctx ends. Then it claims
// nothing more, cancels what can be repeated, and waits up to 8 seconds for
// calls that cannot (rule P18).
func (e *Engine) Run(ctx context.Context) error {
	recurring, err := e.newCron(ctx)
	if err != nil {
		return err
	}
	recurring.Start()
	wake := e.DB.Changes()
	for {
		e.tick(ctx)
		select {
		case <-ctx.Done():
			e.drain(recurring.Stop())
			return nil
		case <-e.After(e.rest(ctx)):
		case <-wake:
		case <-e.lines.freed:
		case err := <-e.DB.Faults():
			e.gate.Fault(err)
		}
	}
}

// rest is how long there is nothing to do: until the next delivery falls due, at
// most until the next tick. It only wakes the engine up (rule P11).
func (e *Engine) rest(ctx context.Context) time.Duration {
	s := e.Status()
	if !s.Sound() {
		return tickEvery
	}
	// Counted from the last tick, so that nothing falls between it and now.
	next, err := e.DB.NextDue(ctx, s.LastTick)
	if err != nil && ctx.Err() == nil {
		e.Log.Error("find what is due next", "err", err)
	}
	if err != nil || next.IsZero() {
		return tickEvery
	}
	return min(next.Sub(e.Now()), tickEvery)
}

// RunDue publishes whatever is due now and waits until nothing more is.
func (e *Engine) RunDue(ctx context.Context) {
	for e.tick(ctx) > 0 {
		e.running.Wait()
	}
	e.running.Wait() // for what is no delivery
}

// Status says how the engine is.
type Status struct {
	LastTick  time.Time
	LastClaim time.Time // when what is due was last found out
	Held      bool      // nothing can be stored: nothing is claimed
	// Damage is what is wrong with the database: nothing is claimed any more.
	Damage store.Damage
	// ClockAhead is how far the clock is ahead of those of the platforms, behind
	// them if negative; 0 if it is right, or an admin said so.
	ClockAhead time.Duration
	Journal    journal.Position
}

// stuckAfter is how long a tick may fail to come.
const stuckAfter = 30 * time.Second

// Stuck tells whether the engine itself stands still.
func (s Status) Stuck(now time.Time) bool {
	return now.Sub(s.LastTick) > stuckAfter || s.Sound() && now.Sub(s.LastClaim) > stuckAfter
}

// Sound tells whether what is due can be published, as far as the place where
// everything is kept goes.
func (s Status) Sound() bool { return !s.Held && s.Damage.At.IsZero() }

// Status says when the engine last ticked.
func (e *Engine) Status() Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	return Status{
		LastTick: e.lastTick, LastClaim: e.lastClaim, Held: e.gate.Held(), Damage: e.DB.Damage(),
		ClockAhead: e.gate.ClockAhead(), Journal: e.Journal.Position(),
	}
}

// tick takes what is due into hand and returns how many that were.
func (e *Engine) tick(ctx context.Context) int {
	now := e.Now()
	clock := gate.Steady(now, e.Elapsed)
	if ctx.Err() != nil {
		return 0
	}
	e.mu.Lock()
	e.lastTick = now
	e.mu.Unlock()
	if !e.gate.May(ctx, now) {
		return 0
	}
	taken, busy := e.lines.taken(e.Elapsed())
	if busy >= atOnce {
		return 0
	}
	due, err := e.DB.Due(ctx, now, taken, e.failing.resting(e.Elapsed()), atOnce-busy)
	if err == nil {
		err = e.mend(ctx, taken, &due)
	}
	if err != nil {
		if ctx.Err() == nil {
			e.Log.Error("find what is due", "err", err)
		}
		return 0
	}
	e.mu.Lock()
	e.lastClaim = now
	e.mu.Unlock()
	claimed := 0
	for _, d := range due {
		if wait, ok := e.lines.take(d.ConnectionID); ok {
			claimed++
			e.running.Go(func() {
				wait()
				e.take(ctx, clock, d)
			})
		}
	}
	return claimed
}

// take works on one delivery until it must wait.
func (e *Engine) take(ctx context.Context, now func() time.Time, d store.Delivery) {
	defer e.lines.free(d.ConnectionID)
	err := safely(e.Log, func() error { return e.deliver(ctx, now, d) })
	if err == nil || errors.Is(err, store.ErrMoved) {
		e.failing.remove(d.ID)
		return
	}
	if ctx.Err() != nil && !store.Refusal(err) {
		return
	}
	if errors.Is(err, errClock) {
		e.Log.Warn("a call waits until it is known whether the clock is right", "delivery", d.ID)
		e.lines.rest(d.ConnectionID, e.Elapsed()+gate.ClockAgain)
		return
	}
	e.Log.Error("publish", "delivery", d.ID, "err", err)
	if club.Storage(err) || errors.Is(err, errDamaged) || club.CodeOf(err) == club.Damaged {
		e.gate.Fault(err)
		e.lines.rest(d.ConnectionID, e.Elapsed()+coolFor)
		return
	}
	// It may go wrong each time. Once, the account waits with it, so that posts go out
	// in their order; then the account goes on, and in the end people decide.
	switch times := e.failing.add(d.ID, e.Elapsed()); {
	case times >= giveUpAfter || store.Refusal(err):
		e.setAside(ctx, d.ID)
	case times == 1:
		e.lines.rest(d.ConnectionID, e.Elapsed()+coolFor)
	}
}

// setAside ends a delivery on which Bandstand cannot work where people can decide.
// The end of the process does not cut that off.
func (e *Engine) setAside(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	d, err := e.DB.SetAside(ctx, id)
	if err != nil {
		e.Log.Error("a delivery cannot even be set aside", "delivery", id, "err", err)
		e.gate.Fault(err)
		return
	}
	e.Log.Warn("a delivery was set aside: people decide", "delivery", id, "status", d.Status, "phase", d.Phase)
	e.failing.remove(id)
}

// drain waits for what is in hand. What is left after that is for Recover.
func (e *Engine) drain(recurring context.Context) {
	done := make(chan struct{})
	go func() {
		e.running.Wait()
		<-recurring.Done()
		e.work.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-e.After(Grace):
		e.Log.Warn("stopped while a platform had not answered: the next start finds out what became of it")
	}
}
