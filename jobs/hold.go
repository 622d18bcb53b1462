package jobs

import (
	"context"
	"errors"

	"github.com/bandstand-app/bandstand/internal/club"
)

// holdAfter stops claiming, and all recurring work, if err says that nothing
// can be stored: a call whose intent or outcome cannot be kept must not be made
// (rule D8). The space that was put by is released, so that what is on its way
// comes to its end.
func (e *Engine) holdAfter(err error) {
	if club.Storage(err) {
		e.hold(err)
	}
}

func (e *Engine) hold(err error) {
	e.mu.Lock()
	first := !e.held
	e.held, e.heldUntil = true, e.Elapsed()+holdFor
	e.mu.Unlock()
	if first {
		e.Log.Error("nothing can be stored: publishing waits", "err", err)
	}
	if e.Ballast == nil || club.CodeOf(err) != club.Full {
		return
	}
	if err := e.Ballast.Release(); err != nil && first {
		e.Log.Error("no space could be made", "err", err)
	}
}

// isHeld tells whether nothing may be begun. When the wait is over it tries
// whether something can be stored again.
func (e *Engine) isHeld(ctx context.Context) bool {
	e.mu.Lock()
	held, wait := e.held, e.Elapsed() < e.heldUntil
	e.mu.Unlock()
	if !held || wait {
		return held
	}
	if err := e.tryStoring(ctx); err != nil {
		e.hold(err)
		return true
	}
	e.mu.Lock()
	e.held = false
	e.mu.Unlock()
	e.Log.Info("things can be stored again: publishing goes on")
	return false
}

// tryStoring puts space by again, tries whether there is still some left then,
// and does what could not be done at the start.
func (e *Engine) tryStoring(ctx context.Context) error {
	for _, try := range []func() error{
		e.loadBallast,
		func() error { return e.DB.TryWriting(ctx) },
		func() error { return e.Journal.Try(e.Boot) },
		func() error { return e.begin(ctx) },
	} {
		if err := try(); err != nil {
			return err
		}
	}
	return nil
}

// errDamaged says that a call is not made, because the database is damaged.
var errDamaged = errors.New("the database is damaged: nothing is published from it")

// isDamaged tells whether the database is: then nothing is begun until it was put
// right, and the program started again. What it says has been sent may be wrong.
func (e *Engine) isDamaged() bool {
	d := e.DB.Damage()
	if d.At.IsZero() {
		return false
	}
	e.mu.Lock()
	first := !e.damaged
	e.damaged = true
	e.mu.Unlock()
	if first {
		e.Log.Error("the database is damaged: nothing is published any more. Stop Bandstand, keep the file, put the last backup in its place, and start again", "says", d.Said)
	}
	return true
}

func (e *Engine) loadBallast() error {
	if e.Ballast == nil {
		return nil
	}
	return e.Ballast.Load()
}
