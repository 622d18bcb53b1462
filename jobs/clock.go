package jobs

import (
	"context"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
)

// clockBack is how far the clock may be behind a time at which Bandstand ran
// (reliability.md §2.8).
const clockBack = 5 * time.Minute

// clockInDoubt tells whether nothing may be begun, because the clock is behind
// a time at which Bandstand ran and no hold could be kept. Otherwise a clock
// that is behind holds everything (row 38) until it is right again, or an admin
// says that it is.
func (e *Engine) clockInDoubt(ctx context.Context, now time.Time) bool {
	e.mu.Lock()
	behind := now.Before(e.alive.Add(-clockBack))
	was := e.doubted
	if !behind {
		e.alive = later(e.alive, now)
	}
	e.mu.Unlock()
	switch {
	case behind && was:
		alive, err := e.DB.LastAlive(ctx) // an admin's answer sets it
		e.mu.Lock()
		defer e.mu.Unlock()
		if err == nil && !now.Before(alive.Add(-clockBack)) {
			e.alive, e.doubted = alive, false
		}
	case behind:
		e.Log.Error("the clock is behind a time at which Bandstand ran: everything is held until it is right, or an admin says so", "by", e.alive.Sub(now))
		if err := e.DB.HoldAll(ctx, club.ClockInDoubt); err != nil {
			e.holdAfter(err)
			return true
		}
		e.setDoubted(true)
	case was:
		if err := e.DB.EndClockHolds(ctx); err != nil {
			e.holdAfter(err)
			return true
		}
		e.setDoubted(false)
		e.Log.Info("the clock is right again: publishing goes on")
	}
	return false
}

func (e *Engine) setDoubted(doubted bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.doubted = doubted
}

// sayAlive records that Bandstand runs, by a clock that can be believed, and ends
// the holds whose time has come.
func (e *Engine) sayAlive(ctx context.Context) error {
	e.mu.Lock()
	doubted := e.doubted
	e.mu.Unlock()
	if doubted {
		return nil
	}
	if err := e.DB.EndPastHolds(ctx); err != nil {
		return err
	}
	return e.DB.SayAlive(ctx)
}
