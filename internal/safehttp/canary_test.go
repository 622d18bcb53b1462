package safehttp

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// canary listens where nothing may ever arrive.
type canary struct {
	addr        string
	connections atomic.Int32
	bytes       atomic.Int64
}

// newCanary listens on a port of an IP address of this computer, "0" for any;
// nil where it has none such.
func newCanary(t *testing.T, ip, port string) *canary {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", net.JoinHostPort(ip, port))
	if err != nil {
		return nil
	}
	c := &canary{addr: l.Addr().String()}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c.connections.Add(1)
			running.Go(func() {
				defer conn.Close()
				b := make([]byte, 4096)
				n, _ := conn.Read(b)
				c.bytes.Add(int64(n))
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\nConnection: close\r\n\r\ninside")
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		running.Wait()
	})
	return c
}

// silent fails the test if anything arrived.
func (c *canary) silent(t *testing.T, after string) {
	t.Helper()
	if n := c.connections.Swap(0); n != 0 {
		t.Errorf("%s: %d connections with %d bytes reached %s, want none", after, n, c.bytes.Swap(0), c.addr)
	}
}

// outside serves on an address that the operator allowed: what the public
// internet is to the clients.
func outside(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", outsideIP+":0")
	if err != nil {
		t.Fatalf("no second loopback address: %v", err)
	}
	s := httptest.NewUnstartedServer(h)
	_ = s.Listener.Close()
	s.Listener = l
	s.Start()
	t.Cleanup(s.Close)
	return s
}

const outsideIP = "127.0.0.2"

// allowed are settings under which only outside can be reached.
func allowed(names zone) Settings {
	return Settings{UserAgent: "Bandstand/test", Exceptions: prefixes(outsideIP + "/32"), resolver: names.resolver()}
}

// zone says where names lead: to addresses, separated by spaces. After a bar
// stands where they lead when they are asked for again.
type zone map[string]string

// resolver answers from the zone over a pipe. A name that begins with a star
// stands for all names below it.
func (z zone) resolver() *net.Resolver {
	var mu sync.Mutex
	asked := map[string]int{}
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		go func() {
			defer there.Close()
			for {
				q, err := readQuestion(there)
				if err != nil {
					return
				}
				mu.Lock()
				ips := z.find(q.Questions[0], asked)
				mu.Unlock()
				if answerDNS(there, q, ips) != nil {
					return
				}
			}
		}()
		return here, nil
	}}
}

func (z zone) find(q dnsmessage.Question, asked map[string]int) []netip.Addr {
	name := strings.TrimSuffix(strings.ToLower(q.Name.String()), ".")
	rounds, ok := z[name]
	for rest := name; !ok && rest != ""; {
		_, rest, _ = strings.Cut(rest, ".")
		rounds, ok = z["*."+rest]
	}
	key := name + q.Type.String()
	all := strings.Split(rounds, "|")
	now := all[min(asked[key], len(all)-1)]
	asked[key]++
	var ips []netip.Addr
	for s := range strings.FieldsSeq(now) {
		ips = append(ips, netip.MustParseAddr(s))
	}
	return ips
}

// readQuestion reads DNS from a stream: each message behind its length.
func readQuestion(r io.Reader) (q dnsmessage.Message, err error) {
	var n [2]byte
	if _, err = io.ReadFull(r, n[:]); err != nil {
		return q, err
	}
	b := make([]byte, int(n[0])<<8|int(n[1]))
	if _, err = io.ReadFull(r, b); err != nil {
		return q, err
	}
	if err = q.Unpack(b); err == nil && len(q.Questions) != 1 {
		err = errors.New("not one question")
	}
	return q, err
}

func answerDNS(w io.Writer, q dnsmessage.Message, ips []netip.Addr) error {
	q.Response, q.Additionals = true, nil
	asked := q.Questions[0]
	head := dnsmessage.ResourceHeader{Name: asked.Name, Type: asked.Type, Class: asked.Class, TTL: 1}
	if len(ips) == 0 {
		q.RCode = dnsmessage.RCodeNameError
	}
	for _, ip := range ips {
		switch {
		case ip.Is4() && asked.Type == dnsmessage.TypeA:
			q.Answers = append(q.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AResource{A: ip.As4()}})
		case ip.Is6() && asked.Type == dnsmessage.TypeAAAA:
			q.Answers = append(q.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AAAAResource{AAAA: ip.As16()}})
		}
	}
	out, err := q.Pack()
	if err == nil {
		_, err = w.Write(append([]byte{byte(len(out) >> 8), byte(len(out))}, out...))
	}
	return err
}
