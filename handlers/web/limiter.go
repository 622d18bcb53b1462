package web

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"
)

// Sign-in tries: after so many wrong ones, wait. People of one
// household or club may share an address.
const (
	MaxTries        = 5
	MaxAddressTries = 20
	TriesWait       = 15 * time.Minute
)

// Limiter counts tries to guess something. It forgets when the program stops.
type Limiter struct {
	mu    sync.Mutex
	seed  maphash.Seed
	tries map[uint64]tries
	swept int // entries left when those that are over were last thrown away
}

type tries struct {
	n     int
	until time.Time
}

// Guarded is what tries are counted for, and how many there may be.
type Guarded struct {
	What string
	Most int
}

func newLimiter() *Limiter { return &Limiter{seed: maphash.MakeSeed(), tries: map[uint64]tries{}} }

// Guess takes a try of which it is known whether it is wrong. Only a wrong one is
// counted, but none is taken while there were too many.
func (l *Limiter) Guess(now time.Time, right bool, at ...Guarded) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count(now, !right, at)
}

// Begin counts one try for everything that it is a try at, before it is known
// whether it is wrong: of many at once, no more are let through than of many in a
// row. If one of them has had its share, nothing is counted, and wait is how long
// to wait.
func (l *Limiter) Begin(now time.Time, at ...Guarded) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count(now, true, at)
}

func (l *Limiter) count(now time.Time, one bool, at []Guarded) (wait time.Duration) {
	for _, g := range at {
		if t := l.of(g, now); t.n >= g.Most {
			wait = max(wait, t.until.Sub(now))
		}
	}
	if wait > 0 || !one {
		return wait
	}
	l.sweep(now)
	for _, g := range at {
		l.tries[l.key(g)] = tries{l.of(g, now).n + 1, now.Add(TriesWait)}
	}
	return 0
}

// Undo takes back a try that was not a wrong one.
func (l *Limiter) Undo(now time.Time, at ...Guarded) {
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

// Forget forgets all tries at something.
func (l *Limiter) Forget(at ...Guarded) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, g := range at {
		delete(l.tries, l.key(g))
	}
}

// key is short however long the name is that somebody typed.
func (l *Limiter) key(g Guarded) uint64 { return maphash.String(l.seed, g.What) }

func (l *Limiter) of(g Guarded, now time.Time) tries {
	if t := l.tries[l.key(g)]; now.Before(t.until) {
		return t
	}
	return tries{}
}

// sweep throws away what is over, whenever there is twice as much as was left
// the last time.
func (l *Limiter) sweep(now time.Time) {
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

// Network returns the part of an address that one visitor cannot choose: an IPv4
// address, or an IPv6 network of 64 bits.
func Network(address string) string {
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
