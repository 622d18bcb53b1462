package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/bandstand-app/bandstand/store"
)

// recurring is the one table of recurring work. Each line only wakes something
// up: what is due is found by a query (rule P11). Times are UTC.
func (e *Engine) recurring() []struct {
	when, name string
	do         func(context.Context) error
} {
	return []struct {
		when, name string
		do         func(context.Context) error
	}{
		{"@every 1m", "say that Bandstand runs", e.sayAlive},
		{"@every 1m", "say which writes take long", e.tellLongWrites},
		{"@every 10m", "put space by", func(context.Context) error { return e.gate.LoadBallast() }},
		{"@every 10s", "begin what is due for accounts", e.work.Tick},
		{"17 * * * *", "warn of sign-ins that end", e.warnOfEnds},
		{"27 * * * *", "warn of versions that end", e.warnOfVersions},
		{"30 * * * *", "remove old answers", e.DB.DeleteRaw},
		{"35 * * * *", "remove what has expired", e.DB.DeleteExpired},
		{"20 3 * * *", "follow changed time zones", func(ctx context.Context) error { return e.followZones(ctx, years) }},
		{"40 3 * * *", "tidy pictures", e.sweep},
		{"50 3 * * 0", "examine the database", e.examine},
		{"45 3 * * *", "fold the log into the database", e.DB.Checkpoint},
	}
}

// examine reads the whole database once a week.
func (e *Engine) examine(ctx context.Context) error {
	x, err := e.DB.Examine(ctx)
	if err == nil && x.Trouble != "" {
		e.Log.Error("the database is damaged", "says", x.Trouble)
	}
	return err
}

// tellLongWrites logs the longest write transaction that was too long (rule D4).
func (e *Engine) tellLongWrites(context.Context) error {
	if w := e.DB.TakeLongWrite(); w.Took > 0 {
		e.Log.Warn("a write transaction took long: all other writes waited", "by", w.By, "took", w.Took, "limit", store.WriteLimit)
	}
	return nil
}

// How far ahead posts are compared with the zone rules: at start those that are
// near, at night all.
const (
	nearby = 48 * time.Hour
	years  = 10 * 365 * 24 * time.Hour
)

// followZones moves posts where the rules of their time zone have changed.
func (e *Engine) followZones(ctx context.Context, ahead time.Duration) error {
	moved, err := e.DB.FollowZones(ctx, e.Now().Add(ahead))
	if len(moved) > 0 {
		e.Log.Warn("zone rules changed: posts keep their clock time", "moved", len(moved))
	}
	return err
}

// RunSideWork does once what follows publishing: it finds addresses and takes
// the numbers that are due.
func (e *Engine) RunSideWork(ctx context.Context) error {
	return e.work.RunDue(ctx, store.WorkLink, store.WorkNumbers, store.WorkAccountNumbers)
}

// newCron makes what wakes up the recurring work. A job that still runs is not
// begun again; one that panics is logged; ctx ends them all. Nothing is begun while
// nothing can be stored.
func (e *Engine) newCron(ctx context.Context) (*cron.Cron, error) {
	log := cronLog{e.Log}
	c := cron.New(cron.WithLocation(time.UTC), cron.WithLogger(log),
		cron.WithChain(cron.SkipIfStillRunning(cron.DiscardLogger)))
	for _, job := range e.recurring() {
		_, err := c.AddFunc(job.when, func() { e.recur(ctx, job.name, job.do) })
		if err != nil {
			return nil, fmt.Errorf("plan to %s: %w", job.name, err)
		}
	}
	return c, nil
}

// recur does recurring work once. What asks platforms for something that cannot
// be stored would only ask again and again.
func (e *Engine) recur(ctx context.Context, name string, do func(context.Context) error) {
	if !e.gate.Sound() {
		return
	}
	if err := safely(e.Log, func() error { return do(ctx) }); err != nil && ctx.Err() == nil {
		e.Log.Error(name, "err", err)
		e.gate.Fault(err)
	}
}

func (e *Engine) sweep(ctx context.Context) error {
	_, err := e.Media.Sweep(ctx)
	return err
}

// cronLog writes what cron says to a slog.Logger.
type cronLog struct{ log *slog.Logger }

// Info implements cron.Logger; its chatter is for debugging.
func (l cronLog) Info(msg string, args ...any) { l.log.Debug(msg, args...) }

// Error implements cron.Logger.
func (l cronLog) Error(err error, msg string, args ...any) {
	l.log.Error(msg, append([]any{"err", err}, args...)...)
}
