// Package gate says whether anything may be begun: whether what comes of it can be
// kept, whether the database is sound, and whether the clock is right. Nothing is
// sent, and nothing is read, behind a gate that is shut.
package gate

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/journal"
	"github.com/bandstand-app/bandstand/store"
)

// The gate's own numbers.
const (
	// HoldFor is how long nothing is tried after something could not be stored.
	HoldFor = 10 * time.Second

	clockJump = time.Minute
)

// Ballast is space put by for the moment when there is none: disk.Ballast.
type Ballast interface {
	// Load puts it by, if it is not. It is an error if there is too little.
	Load() error
	// Release gives it back.
	Release() error
}

// Config is what a Gate is built with. Every field down to AskTime is needed.
type Config struct {
	DB      *store.DB
	Journal *journal.Journal
	Log     *slog.Logger
	Now     func() time.Time
	// Elapsed is a clock that nobody can set, for telling jumps of Now.
	Elapsed func() time.Duration
	Boot    string // names this process
	// Clocks is what the platforms say of the clock.
	Clocks *Clocks
	// Begin does what could not be done at the start, because nothing could be
	// stored.
	Begin func(context.Context) error
	// AskTime asks the platforms in use for the time, and does not wait for them.
	AskTime func(context.Context)
	// Built is when this program was made: no clock is right before that. Zero if
	// it is not known.
	Built time.Time
	// Ballast is there while anything is begun; nil if there is none.
	Ballast Ballast
}

// Gate is open while anything may be begun.
type Gate struct {
	Config

	mu          sync.Mutex
	lastWall    time.Time
	lastElapsed time.Duration
	held        bool          // nothing could be stored
	heldUntil   time.Duration // by Elapsed: until then nothing is tried
	damaged     bool          // it was told that the database is
	alive       time.Time     // the latest time at which Bandstand ran, by its clock
	doubted     bool          // the clock is in doubt: everything is held

	clockOff      time.Duration // how far it is ahead of the platforms' clocks, as far as that is known
	clockAccepted time.Duration // how far an admin said that it may be
	clockSet      bool          // it was set, or may have been before the start
	clockAsked    time.Duration // when the platforms were last asked for the time, by Elapsed
	mending       bool          // what was written down by another clock is not put right yet
}

// New makes a Gate; Start opens it.
func New(c Config) *Gate { return &Gate{Config: c} }

// Start begins to watch the clock, and puts space by.
func (g *Gate) Start(now time.Time) error {
	g.mu.Lock()
	g.lastWall, g.lastElapsed = now, g.Elapsed()
	g.mu.Unlock()
	return g.LoadBallast()
}

// Recall reads what earlier processes knew of the clock, and returns when Bandstand
// last ran; zero if it never did.
func (g *Gate) Recall(ctx context.Context) (alive time.Time, err error) {
	alive, err = g.DB.LastAlive(ctx)
	if err != nil {
		return alive, err
	}
	off, accepted, err := g.DB.ClockOff(ctx)
	if err != nil {
		return alive, err
	}
	g.mu.Lock()
	g.alive, g.clockOff, g.clockAccepted, g.clockSet, g.mending = club.Later(alive, g.Built), off, accepted, true, true
	g.mu.Unlock()
	// A hold of the clock that an earlier process began is this one's to end.
	doubted, err := g.DB.ClockHeld(ctx)
	if err != nil {
		return alive, err
	}
	g.setDoubted(doubted)
	return alive, nil
}

// May reports whether anything may be begun at this moment. It notices that the
// clock was set, and tries whether things can be stored again.
func (g *Gate) May(ctx context.Context, now time.Time) bool {
	return !g.clockJumped(now) && !g.Damaged() && !g.isHeld(ctx) && !g.ClockInDoubt(ctx, now)
}

// Sound reports whether what is done can be kept, as far as is known. It tries
// nothing.
func (g *Gate) Sound() bool { return !g.Held() && g.DB.Damage().At.IsZero() }

// clockJumped reports whether the clock was set since it was last asked: then
// nothing is sent in this tick.
func (g *Gate) clockJumped(now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	elapsed := g.Elapsed()
	wall := Between(g.lastWall, now)
	jump := wall - (elapsed - g.lastElapsed)
	first := g.lastWall.IsZero()
	g.lastWall, g.lastElapsed = now, elapsed
	if first || jump.Abs() <= clockJump {
		return false
	}
	g.Clocks.forget()
	g.clockAsked, g.clockSet, g.mending = 0, true, true
	g.Log.Warn("the clock was set: nothing is sent in this tick", "by", jump)
	return true
}
