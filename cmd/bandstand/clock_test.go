package main

import (
	"sync"
	"time"
)

// testClock runs as the real one does, from noon of a Tuesday in November on,
// and can be moved forward. Whenever a test runs that goes by it, no day, week
// or month ends meanwhile, and no summer time.
type testClock struct {
	began time.Time

	mu    sync.Mutex
	ahead time.Duration
}

var testNoon = time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)

func newTestClock() *testClock { return &testClock{began: time.Now()} }

func (c *testClock) now() time.Time { return testNoon.Add(c.elapsed()) }

func (c *testClock) elapsed() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Since(c.began) + c.ahead
}

func (c *testClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// moveTo moves the clock to a time, unless that is over.
func (c *testClock) moveTo(at time.Time) { c.advance(max(at.Sub(c.now()), 0)) }
