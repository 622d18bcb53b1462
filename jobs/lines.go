package jobs

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/bandstand-app/bandstand/jobs/work"
)

// lines keeps calls apart: a connection has one in flight at a time (rule P14).
// Deliveries go first: one that is due ends the reading that holds its line.
type lines struct {
	mu       sync.Mutex
	sending  map[int64]bool
	readings map[int64]*reading
	cool     map[int64]time.Duration // connections that rest after a fault of ours, until then by Elapsed
	freed    chan struct{}
}

// reading is one call, or a few, that only read.
type reading struct {
	lines      *lines
	connection int64
	stop       context.CancelCauseFunc
	over       chan struct{} // closed when the line is free of it
}

type readingKey struct{}

func newLines() *lines {
	return &lines{sending: map[int64]bool{}, readings: map[int64]*reading{}, cool: map[int64]time.Duration{}, freed: make(chan struct{}, 1)}
}

// take gives the line of a connection to a delivery. It is false if another one
// has it. A reading is broken off; wait returns when its last call has ended.
func (l *lines) take(id int64) (wait func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sending[id] {
		return nil, false
	}
	l.sending[id] = true
	r := l.readings[id]
	if r == nil {
		return func() {}, true
	}
	over := r.over
	r.stop(work.ErrGaveWay)
	return func() { <-over }, true
}

func (l *lines) free(id int64) {
	l.mu.Lock()
	delete(l.sending, id)
	l.mu.Unlock()
	select {
	case l.freed <- struct{}{}:
	default:
	}
}

// read gives the line of a connection to something that only reads, until a
// delivery needs it. The error is work.ErrGaveWay if the line is not to be had, or was
// taken away: another round will read.
func (l *lines) read(ctx context.Context, id int64, do func(context.Context) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r := &reading{lines: l, connection: id, stop: stop}
	if !r.enter() {
		return work.ErrGaveWay
	}
	defer r.leave()
	err := do(context.WithValue(ctx, readingKey{}, r))
	if err != nil && gaveWay(ctx) {
		return work.ErrGaveWay
	}
	return err
}

// enter takes the line, if nobody has it.
func (r *reading) enter() bool {
	l := r.lines
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sending[r.connection] || l.readings[r.connection] != nil {
		return false
	}
	r.over = make(chan struct{})
	l.readings[r.connection] = r
	return true
}

// leave gives the line back, if the reading has it.
func (r *reading) leave() {
	l := r.lines
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.readings[r.connection] == r {
		delete(l.readings, r.connection)
		close(r.over)
	}
}

// aside does what must not be broken off, a renewal of the sign-in, without the
// line of the reading that needs it: no post waits for that. The error is
// work.ErrGaveWay if the line is not to be had again.
func aside(ctx context.Context, do func() error) error {
	r, reads := ctx.Value(readingKey{}).(*reading)
	if !reads {
		return do()
	}
	r.leave()
	err := do()
	if !r.enter() {
		return work.ErrGaveWay
	}
	return err
}

// gaveWay reports whether a reading under this context was broken off for a post.
func gaveWay(ctx context.Context) bool { return errors.Is(context.Cause(ctx), work.ErrGaveWay) }

// rest lets a connection alone until a time, by Elapsed.
func (l *lines) rest(id int64, until time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cool[id] = until
}

// taken lists the connections that a delivery cannot have now, and counts the
// deliveries in hand. One with a reading is not among them: readings give way.
func (l *lines) taken(elapsed time.Duration) (ids []int64, busy int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id := range l.sending {
		ids = append(ids, id)
	}
	busy = len(ids)
	for id, until := range l.cool {
		if until <= elapsed {
			delete(l.cool, id)
			continue
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids, busy
}
