package handlers

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"
)

// Sign-in tries: after so many wrong ones, wait (ux.md 2.2). People of one
// household or club may share an address.
const (
	maxTries        = 5
	maxAddressTries = 20
	triesWait       = 15 * time.Minute
)

// limiter counts tries to guess something. It forgets when the program stops.
type limiter struct {
	mu    sync.Mutex
	seed  maphash.Seed
	tries map[uint64]tries
	swept int // entries left when those that are over were last thrown away
}

type tries struct {
	n     int
	until time.Time
}

// guarded is what tries are counted for, and how many there may be.
type guarded struct {
	what string
	most int
}

func newLimiter() *limiter { return &limiter{seed: maphash.MakeSeed(), tries: map[uint64]tries{}} }

// guess is a try of which it is known whether it is wrong. Only a wrong one is
// counted, but none is taken while there were too many.
func (l *limiter) guess(now time.Time, right bool, at ...guarded) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count(now, !right, at)
}

// begin counts one try for everything that it is a try at, before it is known
// whether it is wrong: of many at once, no more are let through than of many in
// a row. If one of them has had its share, nothing is counted, and wait is how
// long to wait.
func (l *limiter) begin(now time.Time, at ...guarded) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count(now, true, at)
}

func (l *limiter) count(now time.Time, one bool, at []guarded) (wait time.Duration) {
	for _, g := range at {
		if t := l.of(g, now); t.n >= g.most {
			wait = max(wait, t.until.Sub(now))
		}
	}
	if wait > 0 || !one {
		return wait
	}
	l.sweep(now)
	for _, g := range at {
		l.tries[l.key(g)] = tries{l.of(g, now).n + 1, now.Add(triesWait)}
	}
	return 0
}

// undo takes a try back that was not a wrong one.
func (l *limiter) undo(now time.Time, at ...guarded) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, g := range at {
		if t := l.of(g, now); t.n > 1 {
			l.tries[l.key(g)] = tries{t.n - 1, t.until}
		} else {
			delete(l.tries, l.key(g))
		}
	}
}

// forget forgets all tries at something.
func (l *limiter) forget(at ...guarded) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, g := range at {
		delete(l.tries, l.key(g))
	}
}

// key is short however long the name is that somebody typed.
func (l *limiter) key(g guarded) uint64 { return maphash.String(l.seed, g.what) }

func (l *limiter) of(g guarded, now time.Time) tries {
	if t := l.tries[l.key(g)]; now.Before(t.until) {
		return t
	}
	return tries{}
}

// sweep throws away what is over, whenever there is twice as much as was left
// the last time.
func (l *limiter) sweep(now time.Time) {
	if len(l.tries) < max(1000, 2*l.swept) {
		return
	}
	for k, t := range l.tries {
		if !now.Before(t.until) {
			delete(l.tries, k)
		}
	}
	l.swept = len(l.tries)
}

// network is what one visitor can choose an address of: an IPv4 address, or an
// IPv6 network of 64 bits.
func network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if a = a.Unmap(); a.Is4() {
		return a.String()
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return p.String()
}
