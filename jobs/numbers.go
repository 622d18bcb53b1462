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

// How often and how long the numbers of a post are taken (architecture.md §5).
const (
	hourlyFor  = 24 * time.Hour
	quarterFor = 7 * 24 * time.Hour
	dailyFor   = 90 * 24 * time.Hour
	giveUp     = 20 // readings that failed in a row
	limitRest  = time.Hour
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
	due, err := e.DB.DueMeasurements(ctx, e.Now(), e.quietFrom(), sideBatch)
	if err != nil {
		return err
	}
	return readEach(ctx, e, due, func(m store.Measurement) int64 { return m.Connection.ID }, e.measure)
}

// measure takes one reading. more: the platform may be asked for others.
func (e *Engine) measure(ctx context.Context, m store.Measurement) (more bool, err error) {
	now, keep := e.Now(), context.WithoutCancel(ctx)
	next := nextNumbers(m.PublishedAt, now)
	p, ok := e.Platforms(m.Connection.ClubID, m.Connection.Practice).Platform(m.Connection.Account.Platform)
	if !ok {
		return true, e.DB.PutOffNumbers(keep, m.DeliveryID, time.Time{})
	}
	reader, ok := p.(platforms.NumbersReader)
	if !ok {
		return true, e.DB.PutOffNumbers(keep, m.DeliveryID, time.Time{})
	}
	if numbersNotAllowed(m.Connection) {
		return true, e.DB.PutOffNumbers(keep, m.DeliveryID, next)
	}
	var numbers platforms.Numbers
	session, err := e.ask(ctx, m.Connection, p, func(ctx context.Context, s platforms.Session) (err error) {
		numbers, err = reader.PostNumbers(ctx, s, m.RemoteID)
		return err
	})
	refusal, refused := errors.AsType[*platforms.Error](err)
	switch {
	case err == nil:
		return true, e.DB.SaveNumbers(keep, m, numbers, redact(numbers.Raw, session), next)
	case ctx.Err() != nil:
		return false, ctx.Err()
	case !refused:
		return false, err
	case refusal.Kind == platforms.RateLimited:
		return false, e.DB.RestNumbers(keep, m.Connection.ID, later(refusal.RetryAt, now.Add(limitRest)))
	case refusal.Kind == platforms.VersionOver:
		return false, e.DB.MarkOutdated(keep, m.Connection.ID, p.Info().API.Version)
	case refusal.Kind == platforms.Revoked, refusal.Kind == platforms.Expired:
		return false, e.DB.PutOffNumbers(keep, m.DeliveryID, next)
	case m.Failures+1 >= giveUp:
		next = time.Time{}
	}
	return refusal.Kind == platforms.Rejected, e.DB.PutOffNumbers(keep, m.DeliveryID, next)
}

// takeAccountNumbers takes the numbers of accounts that are due.
func (e *Engine) takeAccountNumbers(ctx context.Context) error {
	due, err := e.DB.DueAccounts(ctx, e.Now(), e.quietFrom(), sideBatch)
	if err != nil {
		return err
	}
	return readEach(ctx, e, due, func(m store.AccountMeasurement) int64 { return m.Connection.ID },
		func(ctx context.Context, m store.AccountMeasurement) (bool, error) {
			return true, e.measureAccount(ctx, m)
		})
}

func (e *Engine) measureAccount(ctx context.Context, m store.AccountMeasurement) error {
	now, keep := e.Now(), context.WithoutCancel(ctx)
	day, next, err := nextAccountNumbers(m.Zone, now)
	if err != nil {
		return err
	}
	p, _ := e.Platforms(m.Connection.ClubID, m.Connection.Practice).Platform(m.Connection.Account.Platform)
	reader, ok := p.(platforms.AccountNumbersReader)
	if !ok || numbersNotAllowed(m.Connection) {
		return e.DB.PutOffAccount(keep, m.Connection.ID, next)
	}
	var numbers platforms.Numbers
	session, err := e.ask(ctx, m.Connection, p, func(ctx context.Context, s platforms.Session) (err error) {
		numbers, err = reader.AccountNumbers(ctx, s)
		return err
	})
	refusal, refused := errors.AsType[*platforms.Error](err)
	switch {
	case err == nil:
		return e.DB.SaveAccountNumbers(keep, m.Connection, day, numbers, redact(numbers.Raw, session), next)
	case ctx.Err() != nil:
		return ctx.Err()
	case !refused:
		return err
	case refusal.Kind == platforms.RateLimited:
		return e.DB.RestNumbers(keep, m.Connection.ID, later(refusal.RetryAt, now.Add(limitRest)))
	case refusal.Kind == platforms.VersionOver:
		return e.DB.MarkOutdated(keep, m.Connection.ID, p.Info().API.Version)
	case refusal.Kind == platforms.NotSent, refusal.Kind == platforms.Unknown:
		next = now.Add(time.Hour)
	}
	return e.DB.PutOffAccount(keep, m.Connection.ID, next)
}

// ask makes one reading call, and one more if the sign-in had run out and could
// be renewed. It returns the session that was used.
func (e *Engine) ask(ctx context.Context, conn store.Connection, p platforms.Platform, call func(context.Context, platforms.Session) error) (platforms.Session, error) {
	session, version, err := e.signIns.Session(ctx, conn, p)
	if err != nil {
		return session, err
	}
	limited, cancel := context.WithTimeout(ctx, readTimeout)
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
