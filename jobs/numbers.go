package jobs

import (
	"context"
	"slices"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/jobs/work"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// giveUp is how often the numbers of a post may fail.
const giveUp = 20 // times in a row

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

// postsAtOnce is how many posts the platform reads in one call.
func postsAtOnce(i work.Item) int {
	if many, ok := i.Platform.(platforms.PostsNumbersReader); ok {
		return many.PostsAtOnce()
	}
	return 1
}

// takeNumbers takes the numbers of some posts of an account in one call. No failure
// touches a delivery (rule P10).
func (e *Engine) takeNumbers(ctx context.Context, due []work.Item) []work.Result {
	results := make([]work.Result, len(due))
	all := func(r work.Result) []work.Result {
		for n := range results {
			results[n] = r
		}
		return results
	}
	reader, ok := due[0].Platform.(platforms.NumbersReader)
	if !ok {
		return all(work.Drop("the platform gives no numbers"))
	}
	place := make(map[string]int, len(due))
	items := make([]store.Work, 0, len(due))
	for n, i := range due {
		place[i.Key] = n
		items = append(items, i.Work)
	}
	batch, err := e.DB.Measurements(ctx, items)
	if err != nil {
		return all(work.Failed(err, time.Time{}))
	}
	all(work.Drop("the post is gone"))
	if len(batch) == 0 {
		return results
	}
	now, conn := e.Now(), due[0].Connection
	next := func(m store.Measurement) time.Time { return club.NextNumbers(conn.NumbersPace, m.PublishedAt, now) }
	var said map[string]platforms.PostReading
	var session platforms.Session
	if !numbersNotAllowed(conn) {
		session, err = due[0].Call(ctx, func(ctx context.Context, s platforms.Session) (err error) {
			said, err = readPosts(ctx, reader, s, batch)
			return err
		})
	}
	for _, m := range batch {
		n, again := place[m.Work.Key], next(m)
		if m.Work.Failures+1 >= giveUp && !signInAtFault(err) {
			again = time.Time{}
		}
		r, read := said[m.RemoteID]
		switch {
		case err != nil:
			results[n] = work.Failed(err, again)
		case numbersNotAllowed(conn):
			results[n] = work.Again(next(m))
		case !read || r.Err != nil:
			results[n] = work.NotYet(again)
		default:
			results[n] = keptIf(e.DB.SaveNumbers(context.WithoutCancel(ctx), m, r.Numbers, redact(r.Numbers.Raw, session), next(m)))
		}
	}
	return results
}

// keptIf is what became of what the database was told.
func keptIf(err error) work.Result {
	if err != nil {
		return work.Failed(err, time.Time{})
	}
	return work.Kept()
}

func signInAtFault(err error) bool {
	kind := platforms.KindOf(err)
	return err != nil && (kind == platforms.Revoked || kind == platforms.Expired)
}

// readPosts reads the numbers of a batch in one call.
func readPosts(ctx context.Context, reader platforms.NumbersReader, s platforms.Session, batch []store.Measurement) (map[string]platforms.PostReading, error) {
	if many, ok := reader.(platforms.PostsNumbersReader); ok {
		ids := make([]string, 0, len(batch))
		for _, m := range batch {
			ids = append(ids, m.RemoteID)
		}
		return many.PostsNumbers(ctx, s, ids)
	}
	numbers, err := reader.PostNumbers(ctx, s, batch[0].RemoteID)
	if err != nil {
		return nil, err
	}
	return map[string]platforms.PostReading{batch[0].RemoteID: {Numbers: numbers}}, nil
}

// takeAccountNumbers takes the numbers of an account.
func (e *Engine) takeAccountNumbers(ctx context.Context, i work.Item) work.Result {
	now := e.Now()
	c, err := e.DB.Club(ctx, i.ClubID)
	if err != nil {
		return work.Failed(err, time.Time{})
	}
	day, night, err := nextAccountNumbers(c.Zone, now)
	if err != nil {
		return work.Failed(err, time.Time{})
	}
	next := night
	if i.Connection.NumbersPace == club.PaceAsked {
		next = time.Time{} // until people ask again
	}
	reader, ok := i.Platform.(platforms.AccountNumbersReader)
	if !ok || numbersNotAllowed(i.Connection) {
		return work.Again(next)
	}
	var numbers platforms.Numbers
	session, err := i.Call(ctx, func(ctx context.Context, s platforms.Session) (err error) {
		numbers, err = reader.AccountNumbers(ctx, s)
		return err
	})
	if err == nil {
		return keptIf(e.DB.SaveAccountNumbers(context.WithoutCancel(ctx), i.Work, day, numbers, redact(numbers.Raw, session), next))
	}
	if kind := platforms.KindOf(err); kind == platforms.NotSent || kind == platforms.Unknown {
		next = now.Add(time.Hour)
	}
	return work.Failed(err, next)
}

// callAccount makes one reading call, and one more if the sign-in had run out and could be
// renewed. It returns the session that was used.
func (e *Engine) callAccount(ctx context.Context, conn store.Connection, p platforms.Platform, do func(context.Context, platforms.Session) error) (platforms.Session, error) {
	session, version, err := e.signIns.Session(ctx, conn, p)
	if err != nil {
		return session, err
	}
	limited, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	limited, keep := e.signIns.watch(limited, conn, true)
	defer keep()
	err = do(limited, session)
	if err == nil || platforms.KindOf(err) != platforms.Expired {
		return session, err
	}
	token, err := e.signIns.Renew(ctx, conn, version)
	if err != nil {
		return session, err
	}
	session.Access = token.Secret
	return session, do(limited, session)
}

func numbersNotAllowed(c store.Connection) bool {
	return slices.ContainsFunc(c.Account.Missing, func(m platforms.MissingPermission) bool { return m.Feature == platforms.FeatureNumbers })
}
