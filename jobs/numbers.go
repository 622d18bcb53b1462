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

// How long readings that fail go on.
const (
	giveUp    = 20 // in a row
	limitRest = time.Hour
)

// accountClock is when the numbers of accounts are taken, club time.
const accountClock = "02:00"

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
	return readEach(ctx, e, e.batches(due), func(b batch) int64 { return b[0].Connection.ID }, e.measure)
}

// batch is what one call reads: some posts of one account.
type batch []store.Measurement

// batches cuts what is due into as much as the platforms read in one call each.
func (e *Engine) batches(due []store.Measurement) []batch {
	var out []batch
	open := map[int64]int{} // the batch of a connection that is not full, from 1
	for _, m := range due {
		id := m.Connection.ID
		i := open[id] - 1
		if i < 0 {
			i = len(out)
			out = append(out, nil)
		}
		out[i] = append(out[i], m)
		open[id] = i + 1
		if len(out[i]) >= e.postsAtOnce(m.Connection) {
			delete(open, id)
		}
	}
	return out
}

func (e *Engine) postsAtOnce(c store.Connection) int {
	p, _ := e.Platforms(c.ClubID, c.Practice).Platform(c.Account.Platform)
	if many, ok := p.(platforms.PostsNumbersReader); ok {
		return many.PostsAtOnce()
	}
	return 1
}

// measure takes the readings of one batch. more: the platform may be asked for
// others.
func (e *Engine) measure(ctx context.Context, b batch) (more bool, err error) {
	now, keep, conn := e.Now(), context.WithoutCancel(ctx), b[0].Connection
	each := func(do func(store.Measurement) error) error {
		var errs []error
		for _, m := range b {
			errs = append(errs, do(m))
		}
		return errors.Join(errs...)
	}
	next := func(m store.Measurement) time.Time { return club.NextNumbers(conn.NumbersPace, m.PublishedAt, now) }
	p, _ := e.Platforms(conn.ClubID, conn.Practice).Platform(conn.Account.Platform)
	reader, ok := p.(platforms.NumbersReader)
	if !ok {
		return true, each(func(m store.Measurement) error { return e.DB.PutOffNumbers(keep, m.DeliveryID, time.Time{}) })
	}
	if numbersNotAllowed(conn) {
		return true, each(func(m store.Measurement) error { return e.DB.PutOffNumbers(keep, m.DeliveryID, next(m)) })
	}
	var said map[string]platforms.PostReading
	session, err := e.ask(ctx, conn, p, func(ctx context.Context, s platforms.Session) (err error) {
		said, err = readPosts(ctx, reader, s, b)
		return err
	})
	refusal, refused := errors.AsType[*platforms.Error](err)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return false, ctx.Err()
	case !refused:
		return false, err
	case refusal.Kind == platforms.RateLimited:
		return false, e.DB.RestNumbers(keep, conn.ID, later(refusal.RetryAt, now.Add(limitRest)))
	case refusal.Kind == platforms.VersionOver:
		return false, e.DB.MarkOutdated(keep, conn.ID, p.Info().API.Version)
	case refusal.Kind == platforms.Revoked, refusal.Kind == platforms.Expired:
		return false, each(func(m store.Measurement) error { return e.DB.PutOffNumbers(keep, m.DeliveryID, next(m)) })
	}
	return err == nil || refusal.Kind == platforms.Rejected, each(func(m store.Measurement) error {
		if r, ok := said[m.RemoteID]; ok && r.Err == nil {
			return e.DB.SaveNumbers(keep, m, r.Numbers, redact(r.Numbers.Raw, session), next(m))
		}
		if m.Failures+1 >= giveUp {
			return e.DB.PutOffNumbers(keep, m.DeliveryID, time.Time{})
		}
		return e.DB.PutOffNumbers(keep, m.DeliveryID, next(m))
	})
}

// readPosts reads the numbers of a batch in one call.
func readPosts(ctx context.Context, reader platforms.NumbersReader, s platforms.Session, b batch) (map[string]platforms.PostReading, error) {
	if many, ok := reader.(platforms.PostsNumbersReader); ok {
		ids := make([]string, 0, len(b))
		for _, m := range b {
			ids = append(ids, m.RemoteID)
		}
		return many.PostsNumbers(ctx, s, ids)
	}
	numbers, err := reader.PostNumbers(ctx, s, b[0].RemoteID)
	if err != nil {
		return nil, err
	}
	return map[string]platforms.PostReading{b[0].RemoteID: {Numbers: numbers}}, nil
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
	if m.Connection.NumbersPace == club.PaceAsked {
		next = time.Time{}
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
