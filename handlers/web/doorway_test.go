package web

import (
	"context"
	"errors"
	"testing"
)

func TestTheDoorwayIsFair(t *testing.T) {
	t.Parallel()
	d := newDoorway(2, 6)
	enter := func(person int64) (leave func()) {
		t.Helper()
		leave, err := d.enter(t.Context(), person)
		if err != nil {
			t.Fatal(err)
		}
		return leave
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	first := enter(1)
	if _, err := d.enter(gone, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("one person came in twice: %v", err)
	}
	second := enter(2)
	if _, err := d.enter(gone, 3); !errors.Is(err, context.Canceled) {
		t.Errorf("a third came in: %v", err)
	}
	let := make(chan func(), 20)
	busy := make(chan error, 20)
	for person, n := range map[int64]int{1: WaitingAtMost + 1, 3: 2} {
		for range n {
			go func() {
				leave, err := d.enter(t.Context(), person)
				if err != nil {
					busy <- err
					return
				}
				let <- leave
			}()
		}
	}
	<-busy // the one too many of the first person, or the last in the queue
	second()
	second() // once is enough
	(<-let)()
	(<-let)() // both of the third person: the first is still inside
	if len(let) != 0 {
		t.Error("one person came in twice")
	}
	first()
	for range WaitingAtMost {
		(<-let)()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.free != 2 || len(d.inside) != 0 || len(d.waiting) != 0 {
		t.Errorf("%d places are free, %d inside, %d wait", d.free, len(d.inside), len(d.waiting))
	}
}
