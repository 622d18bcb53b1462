package jobs

import (
	"context"
	"time"

	"github.com/bandstand-app/bandstand/jobs/work"
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

// read does something that only reads for a connection, unless a post of it is
// due, or soon will be. A post that falls due meanwhile breaks it off: ctx of do
// ends. The error is work.ErrGaveWay in either case, and another round reads.
func (e *Engine) read(ctx context.Context, connection int64, do func(context.Context) error) error {
	busy, err := e.DB.DueBefore(ctx, connection, e.quietFrom())
	if err != nil {
		return err
	}
	if busy {
		return work.ErrGaveWay
	}
	return e.lines.read(ctx, connection, do)
}

// quietFrom is the time by which no post of an account may be due, or nothing is
// read for it.
func (e *Engine) quietFrom() time.Time { return e.Now().Add(quietBefore) }
