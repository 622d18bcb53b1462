package jobs

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// How often and how long the numbers of a post are taken (architecture.md §5).
const (
	hourlyFor  = 24 * time.Hour
	quarterFor = 7 * 24 * time.Hour
	dailyFor   = 90 * 24 * time.Hour
	giveUp     = 20 // readings that failed in a row
	limitRest  = time.Hour
)

// sideBatch is how many rows a side job takes at a time, sideAtOnce for how many
// connections.
const (
	sideBatch  = 200
	sideAtOnce = 8
)

// accountClock is when the numbers of accounts are taken, club time.
const accountClock = "02:00"

// nextNumbers is when the numbers of a post are taken after now; zero: never.
func nextNumbers(published, now time.Time) time.Time {
	switch age := now.Sub(published); {
	case age < hourlyFor:
		return now.Add(time.Hour)
	case age < quarterFor:
		return now.Add(6 * time.Hour)
	case age < dailyFor:
		return now.Add(24 * time.Hour)
	}
	return time.Time{}
}

// nextAccountNumbers is the next night's hour in a zone.
func nextAccountNumbers(zone string, now time.Time) (day string, next time.Time, err error) {
	today, err := club.SlotAt(now, zone)
	if err != nil {
		return "", time.Time{}, err
	}
	date, err := time.Parse(time.DateOnly, today.Date())
	if err != nil {
		return "", time.Time{}, err
	}
	for {
		slot, err := club.NewSlot(date.Format(time.DateOnly), accountClock, zone)
		if err != nil || slot.At.After(now) {
			return today.Date(), slot.At, err
		}
		date = date.AddDate(0, 0, 1)
	}
}

// takeNumbers takes the numbers of posts that are due: side by side for
// different connections. No failure touches a delivery (rule P10).
func (e *Engine) takeNumbers(ctx context.Context) error {
	due, err := e.DB.DueMeasurements(ctx, e.Now(), sideBatch)
	if err != nil {
		return err
	}
	byConnection := map[int64][]store.Measurement{}
	for _, m := range due {
		byConnection[m.Connection.ID] = append(byConnection[m.Connection.ID], m)
	}
	return eachAtOnce(e.Log, byConnection, func(id int64, ms []store.Measurement) error {
		for _, m := range ms {
			rest := false
			err := e.lines.use(id, func() (err error) {
				rest, err = e.measure(ctx, m)
				return err
			})
			if rest || err != nil || ctx.Err() != nil {
				return err
			}
		}
		return nil
	})
}

// measure takes one reading. rest: the platform wants no more of them now.
func (e *Engine) measure(ctx context.Context, m store.Measurement) (rest bool, err error) {
	now := e.Now()
	next := nextNumbers(m.PublishedAt, now)
	p, ok := e.Platforms(m.Connection.ClubID, m.Connection.Practice).Platform(m.Connection.Account.Platform)
	if !ok {
		return false, e.DB.PutOffNumbers(ctx, m.DeliveryID, time.Time{})
	}
	reader, ok := p.(platforms.NumbersReader)
	if !ok {
		return false, e.DB.PutOffNumbers(ctx, m.DeliveryID, time.Time{})
	}
	if numbersNotAllowed(m.Connection) {
		return false, e.DB.PutOffNumbers(ctx, m.DeliveryID, next)
	}
	var numbers platforms.Numbers
	session, err := e.ask(ctx, m.Connection, p, func(ctx context.Context, s platforms.Session) (err error) {
		numbers, err = reader.PostNumbers(ctx, s, m.RemoteID)
		return err
	})
	refusal, refused := errors.AsType[*platforms.Error](err)
	switch {
	case err == nil:
		return false, e.DB.SaveNumbers(ctx, m, numbers, redact(numbers.Raw, session), next)
	case ctx.Err() != nil:
		return true, ctx.Err()
	case !refused:
		return false, err
	case refusal.Kind == platforms.RateLimited:
		return true, e.DB.RestNumbers(ctx, m.Connection.ID, later(refusal.RetryAt, now.Add(limitRest)))
	case refusal.Kind == platforms.Revoked, refusal.Kind == platforms.Expired:
		return true, e.DB.PutOffNumbers(ctx, m.DeliveryID, next)
	case m.Failures+1 >= giveUp:
		next = time.Time{}
	}
	return false, e.DB.PutOffNumbers(ctx, m.DeliveryID, next)
}

// takeAccountNumbers takes the numbers of accounts that are due.
func (e *Engine) takeAccountNumbers(ctx context.Context) error {
	due, err := e.DB.DueAccounts(ctx, e.Now(), sideBatch)
	if err != nil {
		return err
	}
	byConnection := map[int64]store.AccountMeasurement{}
	for _, m := range due {
		byConnection[m.Connection.ID] = m
	}
	return eachAtOnce(e.Log, byConnection, func(id int64, m store.AccountMeasurement) error {
		return e.lines.use(id, func() error { return e.measureAccount(ctx, m) })
	})
}

func (e *Engine) measureAccount(ctx context.Context, m store.AccountMeasurement) error {
	now := e.Now()
	day, next, err := nextAccountNumbers(m.Zone, now)
	if err != nil {
		return err
	}
	p, _ := e.Platforms(m.Connection.ClubID, m.Connection.Practice).Platform(m.Connection.Account.Platform)
	reader, ok := p.(platforms.AccountNumbersReader)
	if !ok || numbersNotAllowed(m.Connection) {
		return e.DB.PutOffAccount(ctx, m.Connection.ID, next)
	}
	var numbers platforms.Numbers
	session, err := e.ask(ctx, m.Connection, p, func(ctx context.Context, s platforms.Session) (err error) {
		numbers, err = reader.AccountNumbers(ctx, s)
		return err
	})
	refusal, refused := errors.AsType[*platforms.Error](err)
	switch {
	case err == nil:
		return e.DB.SaveAccountNumbers(ctx, m.Connection, day, numbers, redact(numbers.Raw, session), next)
	case ctx.Err() != nil:
		return ctx.Err()
	case !refused:
		return err
	case refusal.Kind == platforms.RateLimited:
		return e.DB.RestNumbers(ctx, m.Connection.ID, later(refusal.RetryAt, now.Add(limitRest)))
	case refusal.Kind == platforms.NotSent, refusal.Kind == platforms.Unknown:
		next = now.Add(time.Hour)
	}
	return e.DB.PutOffAccount(ctx, m.Connection.ID, next)
}

// ask makes one reading call, and one more if the sign-in had run out and could
// be renewed. It returns the session that was used.
func (e *Engine) ask(ctx context.Context, conn store.Connection, p platforms.Platform, call func(context.Context, platforms.Session) error) (platforms.Session, error) {
	session, version, err := e.signIns.Session(ctx, conn, p)
	if err != nil {
		return session, err
	}
	limited, cancel := context.WithTimeout(ctx, sideTimeout)
	defer cancel()
	limited, keep := e.signIns.watch(limited, conn, true)
	defer keep()
	err = call(limited, session)
	if err == nil || platforms.KindOf(err) != platforms.Expired {
		return session, err
	}
	token, err := e.signIns.Renew(ctx, conn, version)
	if err != nil {
		return session, err
	}
	session.Access = token.Secret
	return session, call(limited, session)
}

func numbersNotAllowed(c store.Connection) bool {
	return slices.ContainsFunc(c.Account.Missing, func(m platforms.MissingPermission) bool { return m.Feature == platforms.FeatureNumbers })
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// eachAtOnce does something for each key, a few at a time, and joins what went
// wrong.
func eachAtOnce[K comparable, V any](log *slog.Logger, all map[K]V, do func(K, V) error) error {
	var group sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	places := make(chan struct{}, sideAtOnce)
	for k, v := range all {
		places <- struct{}{}
		group.Go(func() {
			defer func() { <-places }()
			if err := safely(log, func() error { return do(k, v) }); err != nil {
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}
