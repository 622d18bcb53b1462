package limits

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/bandstand-app/bandstand/internal/app"
	"github.com/bandstand-app/bandstand/store"
)

// loadLimit is how long a test of load waits for what must come.
const loadLimit = 60 * time.Second

// served is a running app and somebody who is signed in.
type served struct {
	t      *testing.T
	app    *e2ekit.App
	at     string // host and port
	token  string
	client *http.Client
}

// serveFor starts an app with these timeouts.
func serveFor(t *testing.T, p app.Timeouts, proxies ...string) *served {
	t.Helper()
	settings := e2ekit.SettingsFor(filepath.Join(t.TempDir(), "data"))
	settings.TrustedProxies = proxies
	token := signedInBefore(t, settings)
	app, err := e2ekit.Open(t.Context(), settings, io.Discard, time.Now, func(c *e2ekit.Config) {
		c.Timeouts = p
		c.Log = slog.New(slog.DiscardHandler)
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, app.Close()); err != nil {
			t.Error(err)
		}
	})
	return &served{t: t, app: app, at: app.Addr().String(), token: token, client: &http.Client{
		Timeout:       loadLimit,
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// signedInBefore makes a club, and signs its admin in with all the time in the world.
func signedInBefore(t *testing.T, settings e2ekit.Settings) (token string) {
	t.Helper()
	app, err := e2ekit.Open(t.Context(), settings, io.Discard, time.Now, func(c *e2ekit.Config) { c.Log = slog.New(slog.DiscardHandler) })
	if err != nil {
		t.Fatal(err)
	}
	defer app.Close()
	person, _, err := app.DB().CreateFirst(t.Context(), store.NewPerson{Email: "maeve@riverside.example", Name: "Maeve", PasswordHash: "none"},
		store.NewClub{Name: "Riverside FC", Zone: "Europe/Dublin"}, "test")
	if err != nil {
		t.Fatal(err)
	}
	link, err := app.DB().CreatePasswordReset(t.Context(), person.ID, "test")
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/sign-in/link/"+link, strings.NewReader("password=three+old+tin+drums"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	app.Handler().ServeHTTP(w, r)
	resp := w.Result()
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther || len(resp.Cookies()) != 1 {
		t.Fatalf("signing in answered %d", resp.StatusCode)
	}
	return resp.Cookies()[0].Value
}

func (s *served) send(method, path string, form url.Values, header http.Header) *http.Response {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.at+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.AddCookie(&http.Cookie{Name: "bandstand", Value: s.token})
	resp, err := s.client.Do(req)
	if err != nil {
		s.t.Error(err)
		return &http.Response{}
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp
}

// othersGoOn checks that people are served while something else happens.
func (s *served) othersGoOn(while string) {
	s.t.Helper()
	for _, path := range []string{"/calendar", "/posts", "/accounts", "/healthz", "/profile"} {
		if resp := s.send(http.MethodGet, path, nil, nil); resp.StatusCode != http.StatusOK {
			s.t.Errorf("%s: %s answered %d", while, path, resp.StatusCode)
		}
	}
	if resp := s.send(http.MethodPost, "/profile", url.Values{"name": {"Maeve B."}}, nil); resp.StatusCode != http.StatusSeeOther {
		s.t.Errorf("%s: a form answered %d", while, resp.StatusCode)
	}
}

// dial opens a connection and writes to it.
func (s *served) dial(text string) *net.TCPConn {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.at)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(loadLimit)); err != nil {
		s.t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		s.t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

// slow are visitors who take their time: what they send, and never finish.
func (s *served) slow() map[string]string {
	head := func(first, rest string) string {
		return first + " HTTP/1.1\r\nHost: " + s.at + "\r\nCookie: bandstand=" + s.token + "\r\n" + rest
	}
	form := "Content-Type: application/x-www-form-urlencoded\r\n"
	return map[string]string{
		"nothing":               "",
		"half a line":           "GET /cal",
		"half a head":           head("GET /calendar", "X-A: b\r\nX-C"),
		"a form that drips":     head("POST /profile", form+"Content-Length: 1000\r\n\r\nname=Slow"),
		"a form in chunks":      head("POST /profile", form+"Transfer-Encoding: chunked\r\n\r\n5\r\nname=\r\n3\r\nSl"),
		"a form for nobody":     head("POST /sign-in", form+"Content-Length: 1000\r\n\r\nemail=a"),
		"pictures that drip":    head("POST /media", "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n--b\r\nContent-Dis"),
		"a second half request": head("GET /healthz", "\r\n") + "GET /heal",
		"nothing after one":     head("GET /healthz", "\r\n"),
	}
}

// TestSlowVisitorsAreNotInTheWay: hundreds of connections that say little keep
// nobody waiting.
func TestSlowVisitorsAreNotInTheWay(t *testing.T) {
	t.Parallel()
	endless := app.Timeouts{Header: time.Hour, Request: time.Hour, Pace: 1, Most: time.Hour, Answer: time.Hour, Idle: time.Hour}
	s := serveFor(t, endless)
	for range 25 {
		for _, text := range s.slow() {
			s.dial(text)
		}
	}
	s.othersGoOn("200 slow visitors")
}

// TestSlowVisitorsAreCutOff: each of them, when the time is over; nothing of
// what they began is done. Who sends as fast as they should is waited for.
func TestSlowVisitorsAreCutOff(t *testing.T) {
	t.Parallel()
	const short = 300 * time.Millisecond
	s := serveFor(t, app.Timeouts{Header: short, Request: short, Pace: 1 << 10, Most: time.Hour, Answer: time.Hour, Idle: short})
	const file = 128 << 10
	body := "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.png\"\r\n\r\n" + strings.Repeat("x", file) + "\r\n--b--\r\n"
	steady := s.dial(fmt.Sprintf("POST /media HTTP/1.1\r\nHost: %s\r\nCookie: bandstand=%s\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n%s",
		s.at, s.token, len(body), body[:file/2]))
	for name, text := range s.slow() {
		conn := s.dial(text)
		if _, err := io.Copy(io.Discard, conn); isTimeout(err) {
			t.Errorf("%s: not cut off", name)
		}
	}
	person, err := s.app.DB().PersonByEmail(t.Context(), "maeve@riverside.example")
	if err != nil || person.Name != "Maeve" {
		t.Errorf("half a form made the name %q (%v)", person.Name, err)
	}
	// Much more than the time of a request has passed by now.
	if _, err := io.WriteString(steady, body[file/2:]); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(steady), nil)
	if err != nil {
		t.Fatalf("an upload at a good pace was cut off: %v", err)
	}
	defer resp.Body.Close()
	// It is no picture, and that is said: it was read to its end.
	page, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(page), "a.png") {
		t.Errorf("an upload at a good pace answered %d: %s (%v)", resp.StatusCode, page, err)
	}
}

// TestTimeThatBytesEarnHasAnEnd: who sends one byte after the other for ever is
// cut off, however well that pays.
func TestTimeThatBytesEarnHasAnEnd(t *testing.T) {
	t.Parallel()
	s := serveFor(t, app.Timeouts{Header: time.Hour, Request: 300 * time.Millisecond, Pace: 1, Most: 300 * time.Millisecond, Answer: time.Hour, Idle: time.Hour})
	const head = "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.png\"\r\n\r\n"
	conn := s.dial(fmt.Sprintf("POST /media HTTP/1.1\r\nHost: %s\r\nCookie: bandstand=%s\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n%s",
		s.at, s.token, 30<<20, head))
	sent := len(head)
	for ; sent < 30<<20; sent++ {
		if _, err := conn.Write([]byte{'x'}); err != nil {
			if isTimeout(err) {
				t.Error("still connected")
			}
			break
		}
	}
	if sent == 30<<20 {
		t.Error("all of it was waited for")
	}
	s.othersGoOn("after that")
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}

// TestWhoDoesNotTakeTheAnswerIsCutOff: somebody asks for more than a connection
// holds and reads nothing.
func TestWhoDoesNotTakeTheAnswerIsCutOff(t *testing.T) {
	t.Parallel()
	s := serveFor(t, app.Timeouts{Header: time.Hour, Request: time.Second, Pace: 1, Most: time.Hour, Answer: time.Second, Idle: time.Hour})
	page := "GET /profile HTTP/1.1\r\nHost: " + s.at + "\r\nCookie: bandstand=" + s.token + "\r\n\r\n"
	conn := s.dial("")
	// What is sent after the end of a connection is refused.
	for {
		if _, err := io.WriteString(conn, page); err != nil {
			if isTimeout(err) {
				t.Error("still connected")
			}
			break
		}
	}
	s.othersGoOn("after that")
}

// TestTooLongAHead is refused before it is read whole.
func TestTooLongAHead(t *testing.T) {
	t.Parallel()
	s := serveFor(t, app.UsualTimeouts())
	for kib, want := range map[int]int{31: http.StatusOK, 40: http.StatusRequestHeaderFieldsTooLarge, 4000: http.StatusRequestHeaderFieldsTooLarge} {
		conn := s.dial("GET /healthz HTTP/1.1\r\nHost: " + s.at + "\r\nConnection: close\r\nX-Long: ")
		go func() {
			_, _ = io.WriteString(conn, strings.Repeat("a", kib<<10)+"\r\n\r\n") // cut off where it is too long
		}()
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Errorf("%d KiB: %v", kib, err)
			continue
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%d KiB: answered %d, want %d", kib, resp.StatusCode, want)
		}
	}
	s.othersGoOn("after long heads")
}

// TestAFloodOfSignIns from everywhere, with real hashes: those who find no place
// hear when to come back, and the pages of others go on meanwhile.
func TestAFloodOfSignIns(t *testing.T) {
	t.Parallel()
	s := serveFor(t, app.UsualTimeouts(), "127.0.0.0/8")
	var n, refused, wrong atomic.Int64
	var flood sync.WaitGroup
	over := make(chan struct{})
	turnedAway := make(chan struct{}, 1)
	for range 200 {
		flood.Go(func() {
			for {
				i := n.Add(1)
				from := http.Header{"X-Forwarded-For": {fmt.Sprintf("203.%d.%d.%d", i>>16&255, i>>8&255, i&255)}}
				resp := s.send(http.MethodPost, "/sign-in", url.Values{"email": {fmt.Sprintf("a%d@riverside.example", i)}, "password": {"wrong"}}, from)
				switch resp.StatusCode {
				case http.StatusTooManyRequests, http.StatusServiceUnavailable: // a slow machine may need more than the time of a request
					refused.Add(1)
					if resp.Header.Get("Retry-After") == "" {
						t.Error("nobody says when to come back")
					}
					select {
					case turnedAway <- struct{}{}:
					default:
					}
				case http.StatusUnprocessableEntity:
					wrong.Add(1)
				default:
					t.Errorf("a sign-in answered %d", resp.StatusCode)
				}
				select {
				case <-over:
					return
				default:
				}
			}
		})
	}
	select {
	case <-turnedAway:
	case <-time.After(loadLimit):
		t.Error("everybody is let in")
	}
	s.othersGoOn("a flood of sign-ins")
	close(over)
	flood.Wait()
	t.Logf("%d tries: %d were looked at, %d turned away", n.Load(), wrong.Load(), refused.Load())
}
