package web

import (
	"context"
	"net/http"
	"slices"
	"sync"

	"github.com/labstack/echo/v4"
)

// doorway lets a few in at once, of each person one. Others wait in a short
// queue; nobody fills it alone.
type doorway struct {
	mu      sync.Mutex
	free    int
	queue   int            // how many may wait
	inside  map[int64]bool // persons
	waiting []waiter       // in the order in which they came
}

type waiter struct {
	person int64
	called chan struct{} // closed when it is their turn
}

// WaitingAtMost is how many requests of one person wait at the doorway.
const WaitingAtMost = 4

func newDoorway(places, queue int) *doorway {
	return &doorway{free: places, queue: queue, inside: map[int64]bool{}}
}

// enter waits for a place until ctx ends; leave gives it back, once. Without a
// place in the queue the answer is that we are busy.
func (d *doorway) enter(ctx context.Context, person int64) (leave func(), err error) {
	called, err := d.line(person)
	if err != nil {
		return nil, err
	}
	leave = sync.OnceFunc(func() { d.leave(person) })
	select {
	case <-called:
		return leave, nil
	case <-ctx.Done():
		d.mu.Lock()
		i := slices.IndexFunc(d.waiting, func(w waiter) bool { return w.called == called })
		if i >= 0 {
			d.waiting = slices.Delete(d.waiting, i, i+1)
		}
		d.mu.Unlock()
		if i < 0 { // it was their turn at that very moment
			leave()
		}
		return nil, ctx.Err()
	}
}

func (d *doorway) line(person int64) (called chan struct{}, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	mine := 0
	for _, w := range d.waiting {
		if w.person == person {
			mine++
		}
	}
	if mine >= WaitingAtMost || len(d.waiting) >= d.queue {
		return nil, echo.NewHTTPError(http.StatusServiceUnavailable)
	}
	called = make(chan struct{})
	d.waiting = append(d.waiting, waiter{person, called})
	d.call()
	return called, nil
}

func (d *doorway) leave(person int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.free++
	delete(d.inside, person)
	d.call()
}

// call lets those in whose turn it is. The caller holds mu.
func (d *doorway) call() {
	d.waiting = slices.DeleteFunc(d.waiting, func(w waiter) bool {
		if d.free == 0 || d.inside[w.person] {
			return false
		}
		d.free--
		d.inside[w.person] = true
		close(w.called)
		return true
	})
}
