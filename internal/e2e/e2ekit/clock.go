package e2ekit

import (
	"sync"
	"time"
)

// Clock runs as the real one does, from noon of a Tuesday in November on,
// and can be moved forward. Whenever a test runs that goes by it, no day, week
// or month ends meanwhile, and no summer time.
type Clock struct {
	began time.Time

	mu    sync.Mutex
	ahead time.Duration
}

// noon is when a Clock begins.
var noon = time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)

// NewClock returns a clock that begins to run.
func NewClock() *Clock { return &Clock{began: time.Now()} }

// Now returns the time that the clock shows, in UTC.
func (c *Clock) Now() time.Time { return noon.Add(c.Elapsed()) }

// Elapsed returns how long the clock ran, with what it was moved forward.
func (c *Clock) Elapsed() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Since(c.began) + c.ahead
}

// Advance moves the clock forward.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// MoveTo moves the clock to a time, unless that is over.
func (c *Clock) MoveTo(at time.Time) { c.Advance(max(at.Sub(c.Now()), 0)) }
