package gate

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// The numbers of comparing clocks.
const (
	clockSlack  = 2 * time.Minute  // off by no more than this is right
	clockWrong  = 10 * time.Minute // off by more than this, everything is held
	ClockSteady = 30 * time.Second // a clock that runs says the same again, but for this
	ClockAgain  = time.Minute      // between two answers of one host that count as two
	clockClear  = 3 * time.Minute  // by when answers have become two, or prove nothing
	clockHeard  = time.Hour        // how long an answer counts
	clockMost   = 876_000 * time.Hour
)

// Clocks is how far our clock is off by those of the platforms. The zero value
// has heard nothing.
//
// One answer proves nothing, for that platform's clock may be the one that is
// wrong. Ours is off if every host heard within the last hour says so, in the
// same direction, and either two hosts do, or one has said so in answers at
// least a minute apart that agree with each other: its clock runs, so they are
// no copies of one old answer. It is off by the least of what they say. One host
// that agrees with us is enough for ours to be right: nobody's clock agrees by
// accident.
type Clocks struct {
	mu    sync.Mutex
	hosts map[string]heard
	asked map[int64]time.Duration // when a connection's platform was asked for the time
}

// heard is what the answers of one host say of our clock.
type heard struct {
	ahead       time.Duration // ours is ahead of theirs by this, behind if negative
	first, last time.Duration // by the clock that nobody can set: when this was said
	since       time.Duration // when it first said that ours is off at all
}

// hear takes note of an answer.
func (c *Clocks) hear(host string, ahead, at time.Duration) {
	if ahead.Abs() <= clockSlack {
		ahead = 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hosts == nil {
		c.hosts = map[string]heard{}
	}
	h, known := c.hosts[host]
	if !known || at-h.last > clockHeard || (h.ahead-ahead).Abs() > ClockSteady {
		since := at
		if known && h.ahead != 0 {
			since = h.since
		}
		h = heard{ahead: ahead, first: at, since: since}
	}
	h.last = at
	c.hosts[host] = h
}

// forget forgets everything: our clock was set.
func (c *Clocks) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.hosts)
	clear(c.asked)
}

// MayAsk reports whether the platform of a connection may be asked for the time:
// not again within a minute.
func (c *Clocks) MayAsk(connection int64, at time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if last, ok := c.asked[connection]; ok && at-last < ClockAgain {
		return false
	}
	if c.asked == nil {
		c.asked = map[int64]time.Duration{}
	}
	c.asked[connection] = at
	return true
}

// opinion is what the platforms say of our clock.
type opinion struct {
	ahead time.Duration // ours is ahead by this; 0: it is right
	heard bool          // somebody said something
	sure  bool          // enough to believe it
	fresh bool          // not sure, and soon to be
	// contradicted: some say ahead, some behind.
	contradicted bool
}

// opinion weighs what was heard.
func (c *Clocks) opinion(at time.Duration) opinion {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.hosts, func(_ string, h heard) bool { return at-h.last > clockHeard })
	var o opinion
	for _, h := range c.hosts {
		if h.ahead == 0 {
			return opinion{heard: true, sure: true}
		}
		if o.heard && (h.ahead > 0) != (o.ahead > 0) {
			o.contradicted = true
		}
		if !o.heard || h.ahead.Abs() < o.ahead.Abs() {
			o.ahead = h.ahead
		}
		o.sure = o.heard || h.last-h.first >= ClockAgain
		o.heard = true
		o.fresh = o.fresh || at-h.since < clockClear
	}
	if o.contradicted { // they cannot all be right, and so say nothing of ours
		return opinion{heard: true}
	}
	return o
}

// Heard reports whether anybody said anything of the time within the last hour, by
// Elapsed.
func (c *Clocks) Heard(at time.Duration) bool { return c.opinion(at).heard }

// Watch lets the dates of answers be compared with our clock.
func (c *Clocks) Watch(ctx context.Context, wall func() time.Time, elapsed func() time.Duration) context.Context {
	begun, from := wall(), elapsed()
	return platforms.WatchDates(ctx, func(host string, date time.Time) {
		now, at := wall(), elapsed()
		if (Between(begun, now) - (at - from)).Abs() > ClockSteady {
			return // our clock was set meanwhile
		}
		c.hear(host, ahead(begun, now, date), at)
	})
}
