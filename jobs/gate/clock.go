package gate

import (
	"context"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
)

// clockBack is how far the clock may be behind a time at which Bandstand ran.
const clockBack = 5 * time.Minute

// ClockInDoubt reports whether nothing may be begun, because the clock is wrong
// and no hold could be kept. Otherwise a clock that is behind a time at which
// Bandstand ran, or far off those of the platforms, holds everything (row 38)
// until it is right again, or an admin says that it is.
func (g *Gate) ClockInDoubt(ctx context.Context, now time.Time) bool {
	if err := g.compareClocks(ctx, now); err != nil {
		g.Fault(err)
		g.Log.Error("what the platforms say of the clock is not kept", "err", err)
	}
	g.mu.Lock()
	behind := now.Before(g.alive.Add(-clockBack))
	wrong := behind || g.clockFar(g.clockOff)
	was, off, by := g.doubted, g.clockOff, g.alive.Sub(now)
	if !wrong {
		g.alive = club.Later(g.alive, now)
	}
	g.mu.Unlock()
	switch {
	case wrong && was:
		g.heedAdmin(ctx, now)
	case wrong:
		if behind {
			g.Log.Error("the clock is behind a time at which Bandstand ran: everything is held until it is right, or an admin says so", "by", by)
		} else {
			g.Log.Error("the clock is not that of the platforms: everything is held until it is right, or an admin says so", "ahead", off)
		}
		if err := g.DB.HoldAll(ctx, club.ClockInDoubt); err != nil {
			g.Fault(err)
			return true
		}
		g.setDoubted(true)
	case was:
		if err := g.DB.EndClockHolds(ctx); err != nil {
			g.Fault(err)
			return true
		}
		g.setDoubted(false)
		g.Log.Info("the clock is right again: publishing goes on")
	}
	return false
}

// clockFar reports whether the clock is so far off that everything is held, and no
// admin has said that it is right all the same. The caller holds the lock.
func (g *Gate) clockFar(off time.Duration) bool {
	return off.Abs() > clockWrong && (off-g.clockAccepted).Abs() > clockSlack
}

// heedAdmin looks whether an admin said that the clock is right: then it is, and
// what is held is released already.
func (g *Gate) heedAdmin(ctx context.Context, now time.Time) {
	held, err := g.DB.ClockHeld(ctx)
	if err != nil || held {
		return
	}
	alive, err := g.DB.LastAlive(ctx)
	if err != nil {
		return
	}
	_, accepted, err := g.DB.ClockOff(ctx)
	if err != nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.clockAccepted = accepted
	if !now.Before(alive.Add(-clockBack)) && !g.clockFar(g.clockOff) {
		g.alive, g.doubted, g.mending = alive, false, true
	}
}

func (g *Gate) setDoubted(doubted bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.mending = g.mending || g.doubted && !doubted
	g.doubted = doubted
}

// compareClocks takes over what the platforms say of the clock, if they say it
// well enough. If they say that it is right, then it is, whatever it was when
// Bandstand last ran. When it was set, and as long as anything speaks against it, all are asked, so
// that one platform's clock is compared with those of the others.
func (g *Gate) compareClocks(ctx context.Context, now time.Time) error {
	at := g.Elapsed()
	o := g.Clocks.opinion(at)
	g.mu.Lock()
	was, ask := g.clockOff, g.clockSet || g.clockOff != 0 || g.doubted || o.ahead != 0
	g.clockSet = false
	if o.sure && o.ahead == 0 {
		g.alive = club.Earlier(g.alive, now)
	}
	g.mu.Unlock()
	if ask {
		g.askAgain(ctx, at)
	}
	if !o.sure || (o.ahead == 0) == (was == 0) && (o.ahead-was).Abs() <= ClockSteady {
		return nil
	}
	if err := g.DB.SaveClockOff(ctx, o.ahead); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.clockOff = o.ahead
	if o.ahead == 0 {
		g.clockAccepted = 0
		g.Log.Info("the clock is that of the platforms again")
	} else {
		g.Log.Warn("the clock is not that of the platforms", "ahead", o.ahead)
	}
	return nil
}

// askAgain lets the platforms in use be asked for the time, once a minute.
func (g *Gate) askAgain(ctx context.Context, at time.Duration) {
	g.mu.Lock()
	due := g.clockAsked == 0 || at-g.clockAsked >= ClockAgain
	if due {
		g.clockAsked = at
	}
	g.mu.Unlock()
	if due {
		g.AskTime(ctx)
	}
}

// ClockAhead is how far the clock is ahead of those of the platforms, behind them
// if negative; 0 if it is right, or an admin said so.
func (g *Gate) ClockAhead() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if (g.clockOff - g.clockAccepted).Abs() > clockSlack {
		return g.clockOff
	}
	return 0
}

// Contradicted reports whether platforms have just said that the clock is so far
// off that everything would be held, and it is not known yet whether that is so.
func (g *Gate) Contradicted() bool {
	o := g.Clocks.opinion(g.Elapsed())
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.clockFar(o.ahead) && (o.sure || o.fresh)
}

// Doubted reports whether everything is held, because the clock is in doubt.
func (g *Gate) Doubted() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.doubted
}

// Mending reports whether what was written down by another clock is still to be put
// right.
func (g *Gate) Mending() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.mending
}

// Mended says that it was put right.
func (g *Gate) Mended() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.mending = false
}

// ahead is how far our clock is ahead of one that made an answer at this date,
// which is cut to the second, between two times of ours.
func ahead(begun, now, date time.Time) time.Duration {
	switch {
	case Between(date, begun) > time.Second:
		return min(Between(date, begun), clockMost)
	case Between(now, date) > 0:
		return -min(Between(now, date), clockMost)
	}
	return 0
}

// Steady is a time, and from then on what has really passed since: setting the
// clock changes nothing.
func Steady(begun time.Time, elapsed func() time.Duration) func() time.Time {
	from := elapsed()
	return func() time.Time { return begun.Add(elapsed() - from) }
}

// Between is the time from one to another by the clock that can be set.
func Between(from, to time.Time) time.Duration { return to.Round(0).Sub(from.Round(0)) }
