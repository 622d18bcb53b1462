package gate

import (
	"context"

	"github.com/bandstand-app/bandstand/internal/club"
)

// Fault shuts the gate if err says that nothing can be stored: a call whose intent
// or outcome cannot be kept must not be made (rule D8). The space that was put by is
// released, so that what is on its way comes to its end.
func (g *Gate) Fault(err error) {
	if club.Storage(err) {
		g.Hold(err)
	}
}

// Hold shuts the gate, for nothing can be stored.
func (g *Gate) Hold(err error) {
	g.mu.Lock()
	first := !g.held
	g.held, g.heldUntil = true, g.Elapsed()+HoldFor
	g.mu.Unlock()
	if first {
		g.Log.Error("nothing can be stored: publishing waits", "err", err)
	}
	if g.Ballast == nil || club.CodeOf(err) != club.Full {
		return
	}
	if err := g.Ballast.Release(); err != nil && first {
		g.Log.Error("no space could be made", "err", err)
	}
}

// isHeld reports whether nothing may be begun. When the wait is over it tries
// whether something can be stored again.
func (g *Gate) isHeld(ctx context.Context) bool {
	g.mu.Lock()
	held, wait := g.held, g.Elapsed() < g.heldUntil
	g.mu.Unlock()
	if !held || wait {
		return held
	}
	if err := g.tryStoring(ctx); err != nil {
		g.Hold(err)
		return true
	}
	g.mu.Lock()
	g.held = false
	g.mu.Unlock()
	g.Log.Info("things can be stored again: publishing goes on")
	return false
}

// Held reports whether nothing can be stored, as far as is known.
func (g *Gate) Held() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.held
}

// tryStoring puts space by again, tries whether there is still some left then,
// and does what could not be done at the start.
func (g *Gate) tryStoring(ctx context.Context) error {
	for _, try := range []func() error{
		g.LoadBallast,
		func() error { return g.DB.TryWriting(ctx) },
		func() error { return g.Journal.Try(g.Boot) },
		func() error { return g.Begin(ctx) },
	} {
		if err := try(); err != nil {
			return err
		}
	}
	return nil
}

// Damaged reports whether the database is: then nothing is begun until it was put
// right, and the program started again. What it says has been sent may be wrong.
func (g *Gate) Damaged() bool {
	d := g.DB.Damage()
	if d.At.IsZero() {
		return false
	}
	g.mu.Lock()
	first := !g.damaged
	g.damaged = true
	g.mu.Unlock()
	if first {
		g.Log.Error("the database is damaged: nothing is published any more. Stop Bandstand, keep the file, put the last backup in its place, and start again", "says", d.Said)
	}
	return true
}

// LoadBallast puts space by, if it is not.
func (g *Gate) LoadBallast() error {
	if g.Ballast == nil {
		return nil
	}
	return g.Ballast.Load()
}
