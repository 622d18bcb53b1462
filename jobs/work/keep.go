package work

import (
	"context"
	"errors"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// keep keeps what becomes of items of one kind and account. The error holds the
// faults of ours.
func (r *Runner) keep(ctx context.Context, k Kind, batch []Item, results []Result) error {
	var ends []store.WorkEnd
	var until time.Time
	var errs []error
	outdated := false
	for n, i := range batch {
		result := results[n]
		refusal, refused := errors.AsType[*platforms.Error](result.err)
		switch {
		case result.outcome == kept:
		case result.outcome == done:
			ends = append(ends, store.WorkEnd{Work: i.Work})
		case result.outcome == again:
			ends = append(ends, store.WorkEnd{Work: i.Work, Next: result.at})
		case result.outcome == notYet:
			ends = append(ends, r.unanswered(i, result.at, nil))
		case result.outcome == rest:
			until = club.Later(until, result.at)
		case result.outcome == drop:
			r.Log.Info("work is given up", "work", i.Kind, "of", i.Key, "connection", i.ConnectionID, "because", result.reason)
			ends = append(ends, store.WorkEnd{Work: i.Work})
		case refused && refusal.Kind == platforms.RateLimited:
			until = club.Later(until, club.Later(refusal.RetryAt, r.Now().Add(limitRest)))
		case refused && refusal.Kind == platforms.VersionOver:
			outdated = true
		case refused:
			ends = append(ends, r.unanswered(i, result.at, refusal))
		default:
			errs = append(errs, result.err)
			ends = append(ends, r.faulty(k, i, result.err))
		}
	}
	err := r.keepAll(ctx, k, batch[0], ends, until, outdated)
	for _, i := range batch {
		r.note(i.Work, err)
	}
	errs = append(errs, err)
	err = errors.Join(errs...)
	if err != nil {
		r.Log.Error("work", "work", k.Name, "connection", batch[0].ConnectionID, "err", err)
		r.Fault(err)
	}
	return err
}

// keepAll writes that into the database.
func (r *Runner) keepAll(ctx context.Context, k Kind, i Item, ends []store.WorkEnd, until time.Time, outdated bool) error {
	if outdated {
		if err := r.DB.MarkOutdated(ctx, i.ConnectionID, i.Platform.Info().API.Version); err != nil {
			return err
		}
	}
	if !until.IsZero() {
		if err := r.DB.RestWork(ctx, i.ConnectionID, append([]store.WorkKind{k.Name}, k.RestsWith...), until); err != nil {
			return err
		}
	}
	if len(ends) == 0 {
		return nil
	}
	return r.DB.EndWork(ctx, ends...)
}

// unanswered is what becomes of an item that the platform refused or has no answer
// for. A sign-in that is at fault does not count against the item.
func (r *Runner) unanswered(i Item, next time.Time, refusal *platforms.Error) store.WorkEnd {
	if next.IsZero() {
		r.Log.Warn("work is given up: it failed too often, or for good", "work", i.Kind, "of", i.Key, "connection", i.ConnectionID, "failures", i.Failures+1, "err", refusal)
	}
	signIn := refusal != nil && (refusal.Kind == platforms.Revoked || refusal.Kind == platforms.Expired)
	return store.WorkEnd{Work: i.Work, Next: next, Failed: !signIn}
}

// faulty is what becomes of an item that failed for a fault of ours: it is tried
// again, each time twice as late, and in the end given up.
func (r *Runner) faulty(k Kind, i Item, err error) store.WorkEnd {
	if k.Tries > 0 && i.Failures+1 >= k.Tries {
		r.Log.Error("work is given up: it failed too often", "work", i.Kind, "of", i.Key, "connection", i.ConnectionID, "failures", i.Failures+1, "err", err)
		return store.WorkEnd{Work: i.Work}
	}
	return store.WorkEnd{Work: i.Work, Next: r.Now().Add(backoff(i.Failures)), Failed: true}
}

// backoff is how long a fault of ours is let alone that has come before.
func backoff(before int) time.Duration {
	wait := faultFirst
	for range before {
		if wait *= 2; wait >= faultMost {
			return faultMost
		}
	}
	return wait
}

// note remembers that the end of an item could not be kept, so that it is not done
// again and again.
func (r *Runner) note(w store.Work, err error) {
	id := string(w.Kind) + " " + w.Key
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		delete(r.waiting, id)
		return
	}
	times := r.waiting[id].times
	r.waiting[id] = fault{times: times + 1, until: r.Elapsed() + backoff(times)}
}

// waits reports whether an item is let alone, because its end could not be kept.
func (r *Runner) waits(w store.Work) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	f, ok := r.waiting[string(w.Kind)+" "+w.Key]
	return ok && f.until > r.Elapsed()
}
