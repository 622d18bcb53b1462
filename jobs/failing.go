package jobs

import (
	"slices"
	"sync"
	"time"
)

// failing are the deliveries that Bandstand itself could not work on, for a fault of
// ours. They are let alone for a while; their accounts go on.
type failing struct {
	mu  sync.Mutex
	all map[string]failures // by delivery
}

// failures are how often in a row a delivery could not be worked on, and until when
// it is let alone, by Elapsed.
type failures struct {
	times int
	until time.Duration
}

// add notes that a delivery could not be worked on, and returns how often in a row.
func (f *failing) add(id string, elapsed time.Duration) (times int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all == nil {
		f.all = map[string]failures{}
	}
	n := f.all[id].times + 1
	f.all[id] = failures{times: n, until: elapsed + coolFor<<min(max(n-giveUpAfter, 0), coolDoublings)}
	return n
}

// remove notes that a delivery was worked on.
func (f *failing) remove(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.all, id)
}

// resting lists the deliveries that are let alone now.
func (f *failing) resting(elapsed time.Duration) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var ids []string
	for id, n := range f.all {
		if n.until > elapsed {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
