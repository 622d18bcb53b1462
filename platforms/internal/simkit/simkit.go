// Package simkit is what the make-believe platforms have in common: a record of
// what became public, faults on demand, a clock that can be moved, and the
// frame of the consent pages. It speaks no platform's protocol.
package simkit

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// The faults every simulator understands. A platform may add its own.
const (
	ResetBefore  = "reset_before"  // connection dies before the platform acts
	ResetAfter   = "reset_after"   // it acts, then the connection dies without an answer
	ErrorBefore  = "error_before"  // 500, nothing done
	ErrorAfter   = "error_after"   // it acts, then answers 500
	CutOff       = "cut_off"       // it acts, then half of the answer arrives
	Empty        = "empty"         // it acts, then answers 200 with nothing in it
	HTML         = "html"          // it acts, then answers 200 with a web page
	Oversized    = "oversized"     // it acts, then answers with more than 1 MiB
	Slow         = "slow"          // it acts, and the answer takes SlowFor
	RateLimited  = "rate_limited"  // refused in the platform's own style
	ExpiredToken = "expired_token" // access token no longer accepted, renewing helps
	RevokedToken = "revoked_token" // only signing in again helps
	Rejected     = "rejected"      // content refused
	Media        = "media"         // picture refused, or processing ends in an error
	Stuck        = "stuck"         // processing never ends
	Duplicate    = "duplicate"     // the platform's duplicate answer
)

// Faults that every simulator must understand, for the conformance suite.
var Faults = []string{
	ResetBefore, ResetAfter, ErrorBefore, ErrorAfter, CutOff, Empty, HTML, Oversized, Slow,
	RateLimited, ExpiredToken, RevokedToken, Rejected, Media,
}

// Core is the shared part of a simulator. The zero value is not ready: use New.
type Core struct {
	mu      sync.Mutex
	posts   []platforms.SimPost
	faults  []*armed
	offset  time.Duration
	seq     int64
	served  []platforms.ID
	SlowFor time.Duration
	base    func() time.Time
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

// Publish puts a post into the record.
func (c *Core) Publish(p platforms.SimPost) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p.Media == nil {
		p.Media = []platforms.SimMedia{}
	}
	c.posts = append(c.posts, p)
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
	left := f.Count
	if left == 0 {
		left = -1
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = append(c.faults, &armed{SimFault: f, left: left})
	return nil
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
		return f.Fault
	}
	return ""
}

// Reset forgets posts, faults and moved time.
func (c *Core) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.posts, c.faults, c.offset = nil, nil, 0
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
	c.posts, c.seq, c.offset, c.faults = slices.Clone(s.Posts), s.Seq, s.Offset, nil
}

// Misbehave plays those faults that look the same on every platform. act does
// what the call does and writes its answer; it is called at most once. It
// returns false if the fault is one that the platform has to play itself.
func (c *Core) Misbehave(w http.ResponseWriter, r *http.Request, fault string, act http.HandlerFunc) bool {
	switch fault {
	case "":
		act(w, r)
	case ResetBefore:
		panic(http.ErrAbortHandler)
	case ResetAfter:
		act(discard{http.Header{}}, r)
		panic(http.ErrAbortHandler)
	case ErrorBefore:
		answer(w, http.StatusInternalServerError, "application/json", `{"error":"internal"}`)
	case ErrorAfter:
		act(discard{http.Header{}}, r)
		answer(w, http.StatusInternalServerError, "application/json", `{"error":"internal"}`)
	case CutOff:
		act(discard{http.Header{}}, r)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "4096")
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write([]byte(`{"id":"1`))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case Empty:
		act(discard{http.Header{}}, r)
		w.WriteHeader(http.StatusOK)
	case HTML:
		act(discard{http.Header{}}, r)
		answer(w, http.StatusOK, "text/html", "<!doctype html><title>Just a moment</title>")
	case Oversized:
		act(discard{http.Header{}}, r)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"id":"`))
		for range 1 << 11 {
			_, _ = w.Write(filler[:])
		}
		_, _ = w.Write([]byte(`"}`))
	case Slow:
		t := time.NewTimer(c.SlowFor)
		defer t.Stop()
		select {
		case <-t.C:
		case <-r.Context().Done():
		}
		act(w, r)
	default:
		return false
	}
	return true
}

var filler = func() (b [1024]byte) {
	for i := range b {
		b[i] = 'x'
	}
	return b
}()

func answer(w http.ResponseWriter, status int, typ, body string) {
	w.Header().Set("Content-Type", typ)
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

// discard takes an answer that nobody will read.
type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}
