package platformtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// World is one simulator on a server of its own with one platform that talks
// to it, and a clock both go by.
type World struct {
	*testing.T
	Suite    Suite
	Sim      platforms.Simulator
	Platform platforms.Platform
	Clock    *Clock
	Media    *Pictures
	// URL is the address of the server, below which the simulator is mounted.
	URL string
	// Client does what a browser does, except following redirects.
	Client *http.Client

	// Wire is what lies between the platform and its server.
	Wire *Wire
	// Answered, if set, is told of every answer to the platform's client.
	Answered func(*http.Response)

	calls   *watch // everything the platform sends
	instead atomic.Pointer[http.HandlerFunc]
	named   atomic.Bool // a request held the name of a file
	handler atomic.Pointer[http.Handler]
	stop    func() // ends the server
	said    strings.Builder
	secrets []string
	keys    int
	limits  []platforms.Limit // what answers said of them
}

// Clock is a time that only moves when told.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock begins on a Tuesday evening.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 11, 24, 18, 30, 0, 0, time.UTC)} }

// Now is the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the time forward.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// NewWorld starts a server for the simulator of a suite. Tests of one platform
// use it for what only that platform does.
func NewWorld(t *testing.T, s Suite) *World {
	t.Helper()
	w := &World{T: t, Suite: s, Clock: s.Clock}
	if w.Clock == nil {
		w.Clock = NewClock()
	}
	w.Media = &Pictures{made: map[string]picture{}}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if id, ok := strings.CutPrefix(r.URL.Path, "/media/"); ok {
			w.Media.serve(rw, r, id)
			return
		}
		if h := w.instead.Swap(nil); h != nil {
			(*h)(rw, r)
			return
		}
		r.Body = &reading{ReadCloser: r.Body, found: func() { w.named.Store(true) }}
		(*w.handler.Load()).ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() {
		if w.named.Load() {
			t.Error("the name that a person gave a file was sent")
		}
	})
	w.stop = server.Close
	w.URL, w.Media.base = server.URL, server.URL+"/media/"
	// On a connection that was used before, net/http silently repeats a GET that
	// met a reset: the faults would not be seen.
	transport := &http.Transport{DisableKeepAlives: true}
	t.Cleanup(transport.CloseIdleConnections)
	w.Client = &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	w.Wire = newWire(t, transport)
	w.calls = &watch{next: w.Wire, answered: func(resp *http.Response) {
		if w.Answered != nil {
			w.Answered(resp)
		}
	}}
	w.start()

	bare := s.New(platforms.Env{HTTP: w.Client, Now: w.Clock.Now})
	endpoints := map[string]string{}
	for _, e := range bare.Info().Endpoints {
		endpoints[e.Name] = w.URL + e.Sandbox
	}
	w.Platform = s.New(platforms.Env{
		HTTP:      &http.Client{Transport: w.calls, CheckRedirect: w.Client.CheckRedirect},
		Endpoints: endpoints, UserAgent: userAgent, Now: w.Clock.Now,
	})
	if w.Suite.App == nil {
		w.Suite.App = platforms.App{}
		for i, f := range w.Platform.Info().AppFields {
			w.Suite.App[f.Key] = platforms.NewSecret(fmt.Sprintf("7301%012d", 31+i))
		}
	}
	for _, f := range w.Platform.Info().AppFields {
		if f.Secret {
			w.hide(w.Suite.App[f.Key])
		}
	}
	return w
}

// start puts a new simulator in place of the old one, if there was one.
func (w *World) start() {
	w.Helper()
	w.Sim = w.Suite.NewSim(platforms.SimEnv{Now: w.Clock.Now, Fetch: w.Client, BaseURL: w.URL})
	if s, ok := w.Sim.(interface{ WhenHung(do func(begun bool)) }); ok {
		s.WhenHung(w.Wire.GiveUp)
	}
	mux := http.NewServeMux()
	mount := "/" + w.Sim.Mount()
	mux.Handle(mount+"/", http.StripPrefix(mount, w.Sim))
	h := http.Handler(mux)
	w.handler.Store(&h)
}

// Context ends with the test. Limits that are reported under it are looked at.
func (w *World) Context() context.Context {
	return platforms.WatchLimits(w.T.Context(), func(l platforms.Limit) {
		w.note(l)
		w.limits = append(w.limits, l)
	})
}

// limitsMakeSense looks at every limit that was reported.
func (w *World) limitsMakeSense() {
	w.Helper()
	for _, l := range w.limits {
		switch {
		case l.Name == "" || l.Unit == "" || l.Span == "":
			w.Errorf("a limit without name, unit or span: %+v", l)
		case l.Left < 0 || l.Max < 0 || l.Max > 0 && l.Left > l.Max:
			w.Errorf("a limit of which less than none or more than all is left: %+v", l)
		case !l.Ends.IsZero() && l.Ends.Sub(w.Clock.Now()) > 32*24*time.Hour:
			w.Errorf("a limit that ends in %s: %+v", l.Ends.Sub(w.Clock.Now()), l)
		}
	}
}

// ID of the platform under test.
func (w *World) ID() platforms.ID { return w.Platform.Info().ID }

// Public is what the simulator has on record for this platform.
func (w *World) Public() []platforms.SimPost {
	var out []platforms.SimPost
	for _, p := range w.Sim.Posts() {
		if p.Platform == w.ID() && !p.Deleted {
			out = append(out, p)
		}
	}
	return out
}

// Fault arms a fault for one call of an operation; n 0 means for good.
func (w *World) Fault(operation, fault string, n int) {
	w.Helper()
	if err := w.Sim.Fault(platforms.SimFault{Platform: w.ID(), Operation: operation, Fault: fault, Count: n}); err != nil {
		w.Fatalf("arm fault %s on %s: %v", fault, operation, err)
	}
}

// hide remembers a value that must never be printed.
func (w *World) hide(ss ...platforms.Secret) {
	for _, s := range ss {
		if v := s.Reveal(); len(v) >= 8 {
			w.secrets = append(w.secrets, v)
		}
	}
}

// note keeps everything that could be printed or stored in the clear.
func (w *World) note(vs ...any) {
	for _, v := range vs {
		fmt.Fprintf(&w.said, "%v\n%+v\n%#v\n", v, v, v)
		if err, ok := v.(error); ok && err != nil {
			fmt.Fprintln(&w.said, err.Error())
		}
	}
}

func (w *World) nothingSecretLeaked() {
	w.Helper()
	said := w.said.String() + w.calls.seen()
	for _, s := range w.secrets {
		if i := strings.Index(said, s); i >= 0 {
			w.Errorf("a secret was printed, after %q", said[max(0, i-120):i])
		}
	}
}

const userAgent = "Bandstand/test"

// watch sees every request of the platform: their number, their addresses, in
// which no secret may stand, and who they say they are.
type watch struct {
	next     http.RoundTripper
	answered func(*http.Response)

	mu        sync.Mutex
	n, writes int
	guarded   bool // the last write cannot be repeated by the transport
	addresses strings.Builder
	nameless  []string // paths of requests without our name
}

// RoundTrip implements http.RoundTripper.
func (c *watch) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.n++
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		c.writes++
		c.guarded = r.Close && r.GetBody == nil
	}
	fmt.Fprintln(&c.addresses, "request:", seenAddress(r.URL))
	if r.UserAgent() != userAgent {
		c.nameless = append(c.nameless, r.URL.Path)
	}
	c.mu.Unlock()
	resp, err := c.next.RoundTrip(r)
	if err == nil {
		c.answered(resp)
	}
	return resp, err
}

// seenAddress is an address without the one parameter that may hold a token: a
// look at a token names it there, since its platform offers no other way.
func seenAddress(u *url.URL) string {
	if !strings.HasSuffix(u.Path, "/debug_token") {
		return u.String()
	}
	q := u.Query()
	q.Del("input_token")
	seen := *u
	seen.RawQuery = q.Encode()
	return seen.String()
}

func (c *watch) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

func (c *watch) written() (n int, guarded bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writes, c.guarded
}

func (c *watch) seen() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.addresses.String()
}

func (c *watch) withoutName() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nameless
}

// Pictures is the media store of the suite: it makes pictures and serves them.
type Pictures struct {
	mu   sync.Mutex
	base string
	made map[string]picture
	read int64 // bytes of the pictures that were opened
}

type picture struct {
	typ    string
	w, h   int
	data   []byte
	sha256 string
}

// Make draws a picture that no other picture is equal to.
func (p *Pictures) Make(typ string, w, h int, alt string) platforms.Media {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.made) + 1
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetRGBA(x, y, color.RGBA{uint8(x * 255 / w), uint8(y * 255 / h), uint8(n * 40), 255})
		}
	}
	var b bytes.Buffer
	var err error
	if typ == "image/png" {
		err = png.Encode(&b, img)
	} else {
		typ, err = "image/jpeg", jpeg.Encode(&b, img, nil)
	}
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(b.Bytes())
	id := fmt.Sprintf("picture-%d", n)
	p.made[id] = picture{typ, w, h, b.Bytes(), hex.EncodeToString(sum[:])}
	return platforms.Media{
		ID: id, Name: fileName + id + ".img", Type: typ, Width: w, Height: h, Bytes: int64(b.Len()), Alt: alt,
	}
}

// Open implements platforms.MediaSource.
func (p *Pictures) Open(_ context.Context, id string) (platforms.MediaFile, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m, ok := p.made[id]
	if !ok {
		return platforms.MediaFile{}, fmt.Errorf("open picture %s: not made", id)
	}
	f := File(m.data, m.typ)
	f.Width, f.Height = m.w, m.h
	p.read += f.Bytes
	return f, nil
}

// opened counts the bytes of the pictures that were opened so far.
func (p *Pictures) opened() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.read
}

// File is a copy of a picture that lies in memory.
func File(data []byte, typ string) platforms.MediaFile {
	return platforms.MediaFile{ReaderAt: bytes.NewReader(data), Closer: io.NopCloser(nil), Type: typ, Bytes: int64(len(data))}
}

// PublicURL implements platforms.MediaSource.
func (p *Pictures) PublicURL(_ context.Context, id string) (string, error) {
	return p.base + id, nil
}

func (p *Pictures) serve(w http.ResponseWriter, r *http.Request, id string) {
	p.mu.Lock()
	m, ok := p.made[id]
	p.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", m.typ)
	_, _ = w.Write(m.data)
}

func (p *Pictures) sha256(id string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.made[id].sha256
}
