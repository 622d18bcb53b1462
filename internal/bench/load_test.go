package bench

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// client is one connection that asks again and again, as cheaply as it can: it
// shares the processors with what it measures.
type client struct {
	net.Conn
	in     *bufio.Reader
	host   string
	cookie string
	out    bytes.Buffer
}

type request struct {
	method, path string
	header       string // more header lines, each with \r\n
	form         string
}

type answer struct {
	status int
	bytes  int64 // of the body as sent
	header http.Header
}

func newClient(c net.Conn, host, cookie string) *client {
	return &client{Conn: c, in: bufio.NewReaderSize(c, 64<<10), host: host, cookie: cookie}
}

// do sends one request and reads the whole answer.
func (c *client) do(r request) (answer, error) {
	resp, err := c.send(r)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	return answer{resp.StatusCode, n, resp.Header}, err
}

// body is do for those who want to read what came.
func (c *client) body(r request) (http.Header, []byte, error) {
	resp, err := c.send(r)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.Header, b, err
}

func (c *client) send(r request) (*http.Response, error) {
	c.out.Reset()
	fmt.Fprintf(&c.out, "%s %s HTTP/1.1\r\nHost: %s\r\n", r.method, r.path, c.host)
	if c.cookie != "" {
		fmt.Fprintf(&c.out, "Cookie: %s\r\n", c.cookie)
	}
	c.out.WriteString(r.header)
	if r.method == http.MethodPost {
		fmt.Fprintf(&c.out, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n", len(r.form))
	}
	c.out.WriteString("\r\n" + r.form)
	if _, err := c.Write(c.out.Bytes()); err != nil {
		return nil, err
	}
	return http.ReadResponse(c.in, &http.Request{Method: r.method})
}

// load is what one run of requests showed.
type load struct {
	n    int
	took time.Duration
	cpu  time.Duration // of the server
	each []time.Duration
	sent int64 // bytes of one answer
}

func (l load) cpuEach() float64 { return float64(l.cpu) / float64(l.n) }
func (l load) rps() float64     { return float64(l.n) / l.took.Seconds() }

// quantile is the time within which this share of requests had its answer.
func (l load) quantile(q float64) float64 {
	slices.Sort(l.each)
	return float64(l.each[min(len(l.each)-1, int(q*float64(len(l.each))))])
}

// ask lets clients repeat requests for a time; make gives each its next one and
// sees the answer to the one before it.
type ask struct {
	clients int
	lasts   time.Duration
	want    int
	// every paces a client: one request in this time at most.
	every time.Duration
	next  func(client int, last answer) request
}

func same(r request) func(int, answer) request { return func(int, answer) request { return r } }

// run loads a server.
func (p *process) run(a ask) load {
	p.b.Helper()
	conns := make([]*client, a.clients)
	for i := range conns {
		c, err := p.dial()
		must(p.b, err)
		defer c.Close()
		conns[i] = c
	}
	results := make([]load, a.clients)
	var all sync.WaitGroup
	cpu, begin := p.cpu(), time.Now()
	end := begin.Add(a.lasts)
	for i, c := range conns {
		all.Go(func() { results[i] = c.repeat(p.b, a, i, end) })
	}
	all.Wait()
	total := load{took: time.Since(begin), cpu: p.cpu() - cpu}
	for _, r := range results {
		total.n += r.n
		total.each = append(total.each, r.each...)
		total.sent = r.sent
	}
	if total.n == 0 {
		p.b.Fatal("no request was answered in time")
	}
	return total
}

func (c *client) repeat(b *testing.B, a ask, i int, end time.Time) load {
	var l load
	var last answer
	for time.Now().Before(end) {
		r := a.next(i, last)
		begin := time.Now()
		var err error
		if last, err = c.do(r); err != nil {
			b.Errorf("%s %s: %v", r.method, r.path, err)
			return l
		}
		took := time.Since(begin)
		if last.status != a.want {
			b.Errorf("%s %s: status %d, want %d", r.method, strings.SplitN(r.path, "?", 2)[0], last.status, a.want)
			return l
		}
		l.n++
		l.each = append(l.each, took)
		l.sent = last.bytes
		if rest := a.every - took; rest > 0 {
			time.Sleep(rest)
		}
	}
	return l
}

// median of some figures.
func median(all []float64) float64 {
	s := slices.Sorted(slices.Values(all))
	if len(s)%2 == 1 {
		return s[len(s)/2]
	}
	return (s[len(s)/2-1] + s[len(s)/2]) / 2
}

// ratio is the median of the ratios of pairs.
func ratio(a, b []float64) float64 {
	all := make([]float64, len(a))
	for i := range a {
		all[i] = a[i] / b[i]
	}
	return median(all)
}
