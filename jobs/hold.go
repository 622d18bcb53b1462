package jobs

import (
	"context"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
)

// holdAfter stops claiming, and all recurring work, if err says that nothing
// can be stored: a call whose intent or outcome cannot be kept must not be made
// (rule D8).
func (e *Engine) holdAfter(err error) {
	if !club.Storage(err) {
		return
	}
	e.mu.Lock()
	first := e.heldUntil.IsZero()
	e.heldUntil = e.Now().Add(holdFor)
	e.mu.Unlock()
	if first {
		e.Log.Error("nothing can be stored: publishing waits", "err", err)
	}
}

// isHeld tells whether nothing may be begun. When the wait is over it tries
// whether something can be stored again.
func (e *Engine) isHeld(ctx context.Context, now time.Time) bool {
	e.mu.Lock()
	until := e.heldUntil
	e.mu.Unlock()
	switch {
	case until.IsZero():
		return false
	case now.Before(until):
		return true
	}
	err := e.DB.TryWriting(ctx)
	if err == nil {
		err = e.Journal.Try(e.Boot)
	}
	if err != nil {
		e.holdAfter(err)
		return true
	}
	e.mu.Lock()
	e.heldUntil = time.Time{}
	e.mu.Unlock()
	e.Log.Info("things can be stored again: publishing goes on")
	return false
}
