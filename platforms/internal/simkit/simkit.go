// Package simkit is what the make-believe platforms have in common: a record of
// what became public, faults on demand, a clock that can be moved, and the
// frame of the consent pages. It speaks no platform's protocol.
package simkit

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// Core is the shared part of a simulator. The zero value is not ready: use New.
type Core struct {
	mu      sync.Mutex
	posts   []platforms.SimPost
	faults  []*armed
	offset  time.Duration
	seq     int64
	served  []platforms.ID
	lag     time.Duration // how long lists leave out what is new
	dated   time.Duration // how far ahead answers are dated
	hung    func(begun bool)
	SlowFor time.Duration
	base    func() time.Time
	most    int // posts that are remembered, 0 for all
}

type armed struct {
	platforms.SimFault
	left int
	seen int
}

// New makes the shared part for a simulator that stands for these platforms.
func New(now func() time.Time, served ...platforms.ID) *Core {
	return &Core{served: served, SlowFor: 2 * time.Second, base: now}
}

// Now is the simulator's clock, UTC.
func (c *Core) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.base().Add(c.offset).UTC()
}

// Date is what answers say of the time.
func (c *Core) Date() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.base().Add(c.offset + c.dated).UTC()
}

// Advance moves the simulator's clock forward, so that tokens run out.
func (c *Core) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}

// NextID counts up: platform ids are decimal strings. It is unique within one
// simulator.
func (c *Core) NextID(prefix string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seq++
	return prefix + strconv.FormatInt(c.base().UnixMilli()*1000+c.seq, 10)
}

// Token makes a random token.
func Token(prefix string) string {
	var b [24]byte
	_, _ = rand.Read(b[:])
	return prefix + hex.EncodeToString(b[:])
}

// KeepPosts sets how many posts are remembered, the newest; 0 for all.
func (c *Core) KeepPosts(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.most = n
}

// Remembered are the ids of a platform's posts in the record.
func (c *Core) Remembered(platform platforms.ID) map[string]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids := make(map[string]bool, len(c.posts))
	for _, p := range c.posts {
		if p.Platform == platform {
			ids[p.ID] = true
		}
	}
	return ids
}

// Publish puts a post into the record.
func (c *Core) Publish(p platforms.SimPost) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p.Media == nil {
		p.Media = []platforms.SimMedia{}
	}
	c.posts = append(c.posts, p)
	if c.most > 0 && len(c.posts) > c.most {
		c.posts = slices.Delete(c.posts, 0, len(c.posts)-c.most)
	}
}

// Post finds a post by platform and id.
func (c *Core) Post(platform platforms.ID, id string) (platforms.SimPost, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.posts, func(p platforms.SimPost) bool { return p.Platform == platform && p.ID == id })
	if i < 0 {
		return platforms.SimPost{}, false
	}
	return c.posts[i], true
}

// MarkDeleted marks a post as deleted; it stays in the record.
func (c *Core) MarkDeleted(platform platforms.ID, id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.posts {
		if c.posts[i].Platform == platform && c.posts[i].ID == id {
			c.posts[i].Deleted = true
			return true
		}
	}
	return false
}

// Posts is the record, oldest first.
func (c *Core) Posts() []platforms.SimPost {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.posts)
}

// Fault arms a fault. Count 0 means until Reset.
func (c *Core) Fault(f platforms.SimFault) error {
	if !slices.Contains(c.served, f.Platform) {
		return fmt.Errorf("this simulator does not stand for %q", f.Platform)
	}
	if f.Fault == "" {
		return fmt.Errorf("a fault needs a name")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.arm(f)
	return nil
}

// arm makes a fault wait for its calls. The caller holds the lock.
func (c *Core) arm(f platforms.SimFault) {
	if f.Fault == Lag {
		c.lag = lagFor
		return
	}
	if f.Fault == ClockOff {
		c.dated = time.Duration(f.Seconds) * time.Second
		return
	}
	left := f.Count
	if left == 0 {
		left = -1
	}
	c.faults = append(c.faults, &armed{SimFault: f, left: left})
}

// Waiting lists the faults that have not met all of their calls.
func (c *Core) Waiting() []platforms.SimFault {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []platforms.SimFault
	for _, f := range c.faults {
		if f.left > 0 {
			out = append(out, f.SimFault)
		}
	}
	return out
}

// Listed tells whether lists hold what was made at this time already.
func (c *Core) Listed(made time.Time) bool {
	now := c.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lag == 0 || now.Sub(made) >= c.lag
}

// WhenHung names what to do each time the platform has acted and keeps silent,
// before or after the beginning of its answer: a test need not wait for the
// patience of the app.
func (c *Core) WhenHung(do func(begun bool)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hung = do
}

// Take uses up one armed fault for this call and returns its name, or "".
func (c *Core) Take(platform platforms.ID, operation string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.faults {
		if f.left == 0 || f.Platform != platform || (f.Operation != "*" && f.Operation != operation) {
			continue
		}
		f.seen++
		if f.Percent > 0 && f.seen*f.Percent/100 == (f.seen-1)*f.Percent/100 {
			continue
		}
		if f.left > 0 {
			f.left--
		}
		if f.left == 0 && f.Then != nil {
			c.arm(*f.Then)
		}
		return f.Fault
	}
	return ""
}

// Reset forgets posts, faults and moved time.
func (c *Core) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.posts, c.faults, c.offset, c.lag, c.dated = nil, nil, 0, 0, 0
}

// record is the part of a simulator's state that Core looks after. It goes into
// what Simulator.Save writes.
type record struct {
	Posts  []platforms.SimPost
	Seq    int64
	Offset time.Duration
}

// copied copies the state, without armed faults.
func (c *Core) copied() record {
	c.mu.Lock()
	defer c.mu.Unlock()
	return record{Posts: slices.Clone(c.posts), Seq: c.seq, Offset: c.offset}
}

// restore puts a saved state in place of the present one.
func (c *Core) restore(s record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.posts, c.seq, c.offset, c.faults, c.lag = slices.Clone(s.Posts), s.Seq, s.Offset, nil, 0
	c.dated = 0
}
