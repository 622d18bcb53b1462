package jobs

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// The numbers of calls that only read: of numbers, addresses and sign-ins. They
// must never make a post late.
const (
	// readTimeout is how long one such call may take.
	readTimeout = 10 * time.Second
	// quietBefore is how long before a post falls due nothing is read for its
	// account any more.
	quietBefore = 30 * time.Second
)

// sideBatch is how many rows a side job takes at a time, sideAtOnce for how many
// connections.
const (
	sideBatch  = 200
	sideAtOnce = 8
)

// read does something that only reads for a connection, unless a post of it is
// due, or soon will be. A post that falls due meanwhile breaks it off: ctx of do
// ends. The error is errGaveWay in either case, and another round reads.
func (e *Engine) read(ctx context.Context, connection int64, do func(context.Context) error) error {
	busy, err := e.DB.DueBefore(ctx, connection, e.quietFrom())
	if err != nil {
		return err
	}
	if busy {
		return errGaveWay
	}
	return e.lines.read(ctx, connection, do)
}

// quietFrom is the time by which no post of an account may be due, or nothing is
// read for it.
func (e *Engine) quietFrom() time.Time { return e.Now().Add(quietBefore) }

// readEach does a round of readings: for a few connections at once, and for each
// of them one thing after the other, until one gives way or more says that it is
// enough for now.
func readEach[T any](ctx context.Context, e *Engine, due []T, connection func(T) int64, do func(context.Context, T) (more bool, err error)) error {
	of := map[int64][]T{}
	for _, d := range due {
		of[connection(d)] = append(of[connection(d)], d)
	}
	return eachAtOnce(e.Log, of, func(id int64, all []T) error {
		for _, d := range all {
			more := false
			err := e.read(ctx, id, func(ctx context.Context) (err error) {
				more, err = do(ctx, d)
				return err
			})
			if errors.Is(err, errGaveWay) {
				return nil
			}
			if !more || err != nil || ctx.Err() != nil {
				return err
			}
		}
		return nil
	})
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
