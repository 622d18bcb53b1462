package handlers

import (
	"sync"
	"time"
)

// Sign-in tries: after so many wrong ones, wait (ux.md 2.2).
const (
	maxTries  = 5
	triesWait = 15 * time.Minute
	maxKeys   = 10_000
)

// limiter counts wrong sign-ins by key (e-mail or address). It forgets when the
// program stops.
type limiter struct {
	mu    sync.Mutex
	tries map[string]tries
}

type tries struct {
	n     int
	until time.Time
}

func newLimiter() *limiter { return &limiter{tries: map[string]tries{}} }

// blocked tells whether a key has to wait.
func (l *limiter) blocked(key string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.tries[key]
	return t.n >= maxTries && now.Before(t.until)
}

// wrong counts a wrong try.
func (l *limiter) wrong(key string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.tries) >= maxKeys {
		for k, t := range l.tries {
			if now.After(t.until) {
				delete(l.tries, k)
			}
		}
	}
	t := l.tries[key]
	if now.After(t.until) {
		t.n = 0
	}
	t.n++
	t.until = now.Add(triesWait)
	l.tries[key] = t
}

// right forgets the wrong tries of a key.
func (l *limiter) right(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.tries, key)
}
