package web

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestLongNamesAreForgotten: the memory for tries does not grow with what
// somebody types.
func TestLongNamesAreForgotten(t *testing.T) {
	t.Parallel()
	l, clock := newLimiter(), time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for i := range 5000 {
		clock = clock.Add(TriesWait / 500)
		l.Begin(clock, Guarded{strings.Repeat("x", 1000) + strconv.Itoa(i), MaxTries})
	}
	if n := len(l.tries); n > 2000 {
		t.Errorf("%d entries are kept of 500 that are not over", n)
	}
}
