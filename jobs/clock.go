package jobs

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// clockBack is how far the clock may be behind a time at which Bandstand ran.
const clockBack = 5 * time.Minute

// askTimeout is how long a platform may take to tell the time.
const askTimeout = 10 * time.Second

// errClock says that a call is not made, because a platform has just said that
// the clock is wrong. It waits until that is known.
var errClock = errors.New("a platform goes by another time")

// clockInDoubt tells whether nothing may be begun, because the clock is wrong
// and no hold could be kept. Otherwise a clock that is behind a time at which
// Bandstand ran, or far off those of the platforms, holds everything (row 38)
// until it is right again, or an admin says that it is.
func (e *Engine) clockInDoubt(ctx context.Context, now time.Time) bool {
	if err := e.compareClocks(ctx, now); err != nil {
		e.holdAfter(err)
		e.Log.Error("what the platforms say of the clock is not kept", "err", err)
	}
	e.mu.Lock()
	behind := now.Before(e.alive.Add(-clockBack))
	wrong := behind || e.clockFar(e.clockOff)
	was, off, by := e.doubted, e.clockOff, e.alive.Sub(now)
	if !wrong {
		e.alive = later(e.alive, now)
	}
	e.mu.Unlock()
	switch {
	case wrong && was:
		e.heedAdmin(ctx, now)
	case wrong:
		if behind {
			e.Log.Error("the clock is behind a time at which Bandstand ran: everything is held until it is right, or an admin says so", "by", by)
		} else {
			e.Log.Error("the clock is not that of the platforms: everything is held until it is right, or an admin says so", "ahead", off)
		}
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

// clockFar tells whether the clock is so far off that everything is held, and no
// admin has said that it is right all the same. The caller holds the lock.
func (e *Engine) clockFar(off time.Duration) bool {
	return off.Abs() > clockWrong && (off-e.clockAccepted).Abs() > clockSlack
}

// heedAdmin looks whether an admin said that the clock is right: then it is, and
// what is held is released already.
func (e *Engine) heedAdmin(ctx context.Context, now time.Time) {
	held, err := e.DB.ClockHeld(ctx)
	if err != nil || held {
		return
	}
	alive, err := e.DB.LastAlive(ctx)
	if err != nil {
		return
	}
	_, accepted, err := e.DB.ClockOff(ctx)
	if err != nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.clockAccepted = accepted
	if !now.Before(alive.Add(-clockBack)) && !e.clockFar(e.clockOff) {
		e.alive, e.doubted, e.mending = alive, false, true
	}
}

func (e *Engine) setDoubted(doubted bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.mending = e.mending || e.doubted && !doubted
	e.doubted = doubted
}

// compareClocks takes over what the platforms say of the clock, if they say it
// well enough. If they say that it is right, then it is, whatever it was when
// Bandstand last ran. When it was set, and as long as anything speaks against it, all are asked, so
// that one platform's clock is compared with those of the others.
func (e *Engine) compareClocks(ctx context.Context, now time.Time) error {
	at := e.Elapsed()
	o := e.signIns.clocks.opinion(at)
	e.mu.Lock()
	was, ask := e.clockOff, e.clockSet || e.clockOff != 0 || e.doubted || o.ahead != 0
	e.clockSet = false
	if o.sure && o.ahead == 0 {
		e.alive = earlier(e.alive, now)
	}
	e.mu.Unlock()
	if ask {
		e.askAgain(ctx, at)
	}
	if !o.sure || (o.ahead == 0) == (was == 0) && (o.ahead-was).Abs() <= clockSteady {
		return nil
	}
	if err := e.DB.SaveClockOff(ctx, o.ahead); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.clockOff = o.ahead
	if o.ahead == 0 {
		e.clockAccepted = 0
		e.Log.Info("the clock is that of the platforms again")
	} else {
		e.Log.Warn("the clock is not that of the platforms", "ahead", o.ahead)
	}
	return nil
}

// askAgain asks the platforms in use for the time, once a minute.
func (e *Engine) askAgain(ctx context.Context, at time.Duration) {
	e.mu.Lock()
	due := e.clockAsked == 0 || at-e.clockAsked >= clockAgain
	if due {
		e.clockAsked = at
	}
	e.mu.Unlock()
	if !due {
		return
	}
	conns, err := e.DB.OneConnectionEach(ctx)
	if err != nil {
		e.Log.Warn("find platforms that know the time", "err", err)
		return
	}
	for _, conn := range conns {
		if p, ok := e.Platforms(conn.ClubID, conn.Practice).Platform(conn.Account.Platform); ok {
			e.running.Go(func() {
				_ = safely(e.Log, func() error { e.signIns.askTime(ctx, conn, p); return nil }) // it is in the log
			})
		}
	}
}

// askTime asks a platform for the time. What it says is heard as ever; if it says
// nothing, nothing is known.
func (s *SignIns) askTime(ctx context.Context, conn store.Connection, p platforms.Platform) {
	teller, ok := p.(platforms.TimeTeller)
	if !ok {
		return
	}
	call, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if err := teller.AskTime(s.watchDates(call, conn), conn.Account); err != nil && ctx.Err() == nil {
		s.Log.Warn("a platform does not tell the time", "platform", conn.Account.Platform, "err", err)
	}
}

// watchDates lets the dates of answers be compared with our clock. Make-believe
// platforms go by our own.
func (s *SignIns) watchDates(ctx context.Context, conn store.Connection) context.Context {
	if conn.Practice {
		return ctx
	}
	begun, from := s.Now(), s.Elapsed()
	return platforms.WatchDates(ctx, func(host string, date time.Time) {
		now, at := s.Now(), s.Elapsed()
		if (between(begun, now) - (at - from)).Abs() > clockSteady {
			return // our clock was set meanwhile
		}
		s.clocks.hear(host, ahead(begun, now, date), at)
	})
}

// ahead is how far our clock is ahead of one that made an answer at this date,
// which is cut to the second, between two times of ours.
func ahead(begun, now, date time.Time) time.Duration {
	switch {
	case between(date, begun) > time.Second:
		return min(between(date, begun), clockMost)
	case between(now, date) > 0:
		return -min(between(now, date), clockMost)
	}
	return 0
}

// steady is a time, and from then on what has really passed since: setting the
// clock changes nothing.
func steady(begun time.Time, elapsed func() time.Duration) func() time.Time {
	from := elapsed()
	return func() time.Time { return begun.Add(elapsed() - from) }
}

// between is the time from one to another by the clock that can be set.
func between(from, to time.Time) time.Duration { return to.Round(0).Sub(from.Round(0)) }

// trustClock is asked before an irreversible call, and before people are told that
// a post is late: something must have told the
// time within the last hour, since the clock was last set. A platform that says
// it is wrong lets the call wait until it has said so twice, another says
// otherwise, or it is clear that nothing is proved. One that says nothing hinders nothing.
func (r *run) trustClock(ctx context.Context) error {
	if r.conn.Practice {
		return nil
	}
	clocks := &r.signIns.clocks
	if !clocks.opinion(r.Elapsed()).heard && clocks.mayAsk(r.conn.ID, r.Elapsed()) {
		r.signIns.askTime(ctx, r.conn, r.platform)
	}
	o := clocks.opinion(r.Elapsed())
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.clockFar(o.ahead) && (o.sure || o.fresh) {
		return errClock
	}
	return nil
}

// mend puts right, after the clock was set, what was written down by the one
// before: nothing waits for ever. It adds deliveries to those that are due.
func (e *Engine) mend(ctx context.Context, taken []int64, due *[]store.Delivery) (err error) {
	e.mu.Lock()
	mending := e.mending
	e.mu.Unlock()
	if mending {
		if err := e.DB.MendTimes(ctx); err != nil {
			e.holdAfter(err)
			return err
		}
		if e.stranded, err = e.DB.Stranded(ctx); err != nil {
			return err
		}
		e.mu.Lock()
		e.mending = false
		e.mu.Unlock()
	}
	e.stranded = slices.DeleteFunc(e.stranded, func(d store.Delivery) bool {
		free := len(*due) < atOnce && !slices.Contains(taken, d.ConnectionID) &&
			!slices.ContainsFunc(*due, func(o store.Delivery) bool { return o.ConnectionID == d.ConnectionID })
		if free {
			*due = append(*due, d)
		}
		return free
	})
	return nil
}

// sayAlive records that Bandstand runs, by a clock that can be believed, and ends
// the holds whose time has come.
func (e *Engine) sayAlive(ctx context.Context) error {
	if e.Alive != nil {
		if err := e.Alive(ctx); err != nil {
			return err
		}
	}
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
