package jobs

import (
	"slices"
	"sync"
	"time"
)

// lines keeps calls apart: a connection has one in flight at a time (rule P14).
type lines struct {
	mu    sync.Mutex
	busy  map[int64]bool
	cool  map[int64]time.Duration // connections that rest after a fault of ours, until then by Elapsed
	freed chan struct{}
}

func newLines() *lines {
	return &lines{busy: map[int64]bool{}, cool: map[int64]time.Duration{}, freed: make(chan struct{}, 1)}
}

// take makes a connection busy. It is false if it is already.
func (l *lines) take(id int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy[id] {
		return false
	}
	l.busy[id] = true
	return true
}

func (l *lines) free(id int64) {
	l.mu.Lock()
	delete(l.busy, id)
	l.mu.Unlock()
	select {
	case l.freed <- struct{}{}:
	default:
	}
}

// use does something for a connection, unless it is busy: then another round
// will.
func (l *lines) use(id int64, do func() error) error {
	if !l.take(id) {
		return nil
	}
	defer l.free(id)
	return do()
}

// rest lets a connection alone until a time, by Elapsed.
func (l *lines) rest(id int64, until time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cool[id] = until
}

// taken lists the connections that must be let alone now, and counts those that
// are busy.
func (l *lines) taken(elapsed time.Duration) (ids []int64, busy int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id := range l.busy {
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
