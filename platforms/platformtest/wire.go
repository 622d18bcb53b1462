package platformtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// The faults of the wire: the request never reaches the platform.
const (
	NoName  = "dns"             // the name of the server cannot be resolved
	Refused = "connect_refused" // nobody listens
	NoTrust = "tls"             // the server cannot show that it is the one meant
	CutWire = "connect_reset"   // the connection dies as soon as it stands
)

// WireFaults lists them.
var WireFaults = []string{NoName, Refused, NoTrust, CutWire}

// The calls a Wire can tell apart.
const (
	CallPublish = "publish" // the irreversible one
	CallUpload  = "upload"  // a safe write
	CallStatus  = "status"  // a read before anything irreversible
	CallLook    = "look"    // a read after it
	CallToken   = "token"
)

// Wire carries requests to the server of a World, unless it is broken: then they
// go to real sockets that behave badly. It also lends the app an impatience that
// takes no time: GiveUp.
type Wire struct {
	next      http.RoundTripper
	nobody    string // address at which nobody listens
	server    string // address that takes connections and says nothing
	untrusted string // address with a certificate of nobody known

	mu     sync.Mutex
	broken []*fracture
	sent   bool // something irreversible went out, or was to
	open   map[*flight]bool
}

type fracture struct {
	call, fault string
	left        int
}

// flight is a request under way, to the end of its answer.
type flight struct {
	cancel  context.CancelFunc
	begun   bool // the answer has begun
	leaving bool // give up as soon as it has
}

func newWire(t *testing.T, next http.RoundTripper) *Wire {
	t.Helper()
	w := &Wire{next: next, open: map[*flight]bool{}}
	w.nobody = listen(t, nil)
	w.server = listen(t, func(c net.Conn) { t.Cleanup(func() { _ = c.Close() }) })
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	w.untrusted = server.Listener.Addr().String()
	return w
}

// listen opens a port for connections that meet do. Without do it is closed
// again.
func listen(t *testing.T, do func(net.Conn)) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	address := l.Addr().String()
	if do == nil {
		_ = l.Close()
		return address
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			do(c)
		}
	}()
	return address
}

// Break makes the next n requests of a kind meet a fault.
func (w *Wire) Break(call, fault string, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = append(w.broken, &fracture{call, fault, n})
}

// Waiting tells whether a fault has not met all of its requests.
func (w *Wire) Waiting() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.broken {
		if f.left > 0 {
			return true
		}
	}
	return false
}

// GiveUp ends the requests under way as a time limit would: at once, or as soon
// as their answer has begun.
func (w *Wire) GiveUp(begun bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for f := range w.open {
		if !begun || f.begun {
			f.cancel()
		}
		f.leaving = true
	}
}

// cut is a connection that dies before the first byte.
type cut struct{ net.Conn }

func (c cut) Write([]byte) (int, error) { return 0, syscall.ECONNRESET }

// RoundTrip implements http.RoundTripper.
func (w *Wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if fault := w.fault(r); fault != "" {
		return w.misdirect(r, fault)
	}
	ctx, cancel := context.WithCancel(r.Context())
	f := &flight{cancel: cancel}
	w.mu.Lock()
	w.open[f] = true
	w.mu.Unlock()
	resp, err := w.next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		w.land(f)
		return resp, err
	}
	w.mu.Lock()
	f.begun = true
	if f.leaving {
		cancel()
	}
	w.mu.Unlock()
	resp.Body = &landing{resp.Body, func() { w.land(f) }}
	return resp, nil
}

// landing tells when an answer was read.
type landing struct {
	io.ReadCloser
	done func()
}

func (l *landing) Close() error {
	defer l.done()
	return l.ReadCloser.Close()
}

func (w *Wire) land(f *flight) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, f)
	f.cancel()
}

// fault uses up a fault that waits for a request like this one.
func (w *Wire) fault(r *http.Request) string {
	if r.Method == http.MethodHead {
		return "" // asks for the time alone
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	call := w.callOf(r)
	for _, f := range w.broken {
		if f.left > 0 && f.call == call {
			f.left--
			return f.fault
		}
	}
	return ""
}

// callOf tells what a request is for, by what every platform has in common: the
// irreversible one runs on a connection of its own (rule P6).
func (w *Wire) callOf(r *http.Request) string {
	path := strings.ToLower(r.URL.Path)
	switch {
	case r.Method == http.MethodPost && (strings.Contains(path, "token") || strings.Contains(path, "session")):
		return CallToken
	case r.Close:
		w.sent = true
		return CallPublish
	case r.Method != http.MethodGet:
		return CallUpload
	case w.sent:
		return CallLook
	}
	return CallStatus
}

// misdirect sends a request to a socket that behaves badly.
func (w *Wire) misdirect(r *http.Request, fault string) (*http.Response, error) {
	r = r.Clone(r.Context())
	dialer := &net.Dialer{}
	dial := dialer.DialContext
	switch fault {
	case CutWire:
		r.URL.Host = w.server
		dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dialer.DialContext(ctx, network, address)
			return cut{c}, err
		}
	case Refused:
		r.URL.Host = w.nobody
	case NoTrust:
		r.URL.Scheme, r.URL.Host = "https", w.untrusted
	case NoName:
		r.URL.Host = "platform.invalid"
		dialer.Resolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, errors.New("no name server")
		}}
	default:
		return nil, fmt.Errorf("the wire knows no fault %q", fault)
	}
	transport := &http.Transport{DisableKeepAlives: true, DialContext: dial}
	defer transport.CloseIdleConnections()
	return transport.RoundTrip(r)
}
