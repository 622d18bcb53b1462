package jobs

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// askTimeout is how long a platform may take to tell the time.
const askTimeout = 10 * time.Second

// errClock says that a call is not made, because a platform has just said that
// the clock is wrong. It waits until that is known.
var errClock = errors.New("a platform goes by another time")

// askTime asks the platforms in use for the time.
func (e *Engine) askTime(ctx context.Context) {
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
	return s.clocks.Watch(ctx, s.Now, s.Elapsed)
}

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
	if !clocks.Heard(r.Elapsed()) && clocks.MayAsk(r.conn.ID, r.Elapsed()) {
		r.signIns.askTime(ctx, r.conn, r.platform)
	}
	if r.gate.Contradicted() {
		return errClock
	}
	return nil
}

// mend puts right, after the clock was set, what was written down by the one
// before: nothing waits for ever. It adds deliveries to those that are due.
func (e *Engine) mend(ctx context.Context, taken []int64, due *[]store.Delivery) (err error) {
	if e.gate.Mending() {
		if err := e.DB.MendTimes(ctx); err != nil {
			e.gate.Fault(err)
			return err
		}
		if e.stranded, err = e.DB.Stranded(ctx); err != nil {
			return err
		}
		e.gate.Mended()
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
	if e.gate.Doubted() {
		return nil
	}
	if err := e.DB.EndPastHolds(ctx); err != nil {
		return err
	}
	return e.DB.SayAlive(ctx)
}
