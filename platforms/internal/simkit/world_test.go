package simkit

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

func TestOnlyTheNewestPostsAreRemembered(t *testing.T) {
	t.Parallel()
	c := New(time.Now, "tin")
	c.KeepPosts(3)
	for i := range 10 {
		c.Publish(platforms.SimPost{Platform: "tin", ID: fmt.Sprint(i)})
	}
	if got := c.Remembered("tin"); len(got) != 3 || !got["7"] || !got["8"] || !got["9"] {
		t.Errorf("remembered are %v", got)
	}
	c.KeepPosts(0)
	for range 10 {
		c.Publish(platforms.SimPost{Platform: "tin"})
	}
	if got := len(c.Posts()); got != 13 {
		t.Errorf("%d posts without a limit, want 13", got)
	}
}

func TestOnlyTheNewestEntriesAreKept(t *testing.T) {
	t.Parallel()
	m := map[string]time.Time{}
	for i := range 50 {
		m[fmt.Sprint(i)] = time.Unix(int64(i*7%50), 0)
	}
	KeepNewest(m, 5, func(at time.Time) time.Time { return at })
	for _, at := range m {
		if at.Unix() < 45 {
			t.Errorf("one of %d was kept", at.Unix())
		}
	}
	if len(m) != 5 {
		t.Errorf("%d are left, want 5", len(m))
	}
}

// TestARefusalWaitsForWhatIsStillBeingSent: who sent a picture to a simulator that
// refused it at once was sometimes cut off before the refusal was read.
func TestARefusalWaitsForWhatIsStillBeingSent(t *testing.T) {
	t.Parallel()
	w := NewWorld(time.Now, func() int { return 0 }, nil, "tin")
	refused := make(chan struct{})
	w.Routes.HandleFunc("POST /upload", func(rw http.ResponseWriter, _ *http.Request) {
		defer close(refused)
		rw.WriteHeader(http.StatusGone)
	})
	server := httptest.NewServer(w)
	defer server.Close()
	rest := &lastByte{after: refused, size: 1 << 20}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/upload", rest)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusGone || !rest.sent.Load() {
		t.Errorf("answered %d, all was sent: %t", resp.StatusCode, rest.sent.Load())
	}
}

// lastByte is a body whose last byte comes after something has happened.
type lastByte struct {
	after <-chan struct{}
	size  int
	sent  atomic.Bool
}

func (l *lastByte) Read(b []byte) (int, error) {
	switch {
	case l.size > 1:
		n := min(len(b), l.size-1)
		l.size -= n
		return n, nil
	case l.size == 1:
		<-l.after
		l.size = 0
		return 1, nil
	}
	l.sent.Store(true)
	return 0, io.EOF
}

// TestTheStateIsTidied at times by the simulator's clock, and after many
// requests however little time has passed.
func TestTheStateIsTidied(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	w := NewWorld(func() time.Time { return now }, func() int { return 0 }, nil, "tin")
	w.Tidy = func() { w.State++ }
	ask := func(n int) {
		for range n {
			w.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
		}
	}
	ask(1)
	for _, step := range []struct {
		after    time.Duration
		requests int
		want     int
	}{{0, 1, 1}, {time.Minute, 1, 2}, {time.Second, 98, 2}, {0, 2, 3}, {-time.Hour, 1, 4}} {
		now = now.Add(step.after)
		if ask(step.requests); w.State != step.want {
			t.Errorf("after %v and %d requests it was tidied %d times, want %d", step.after, step.requests, w.State, step.want)
		}
	}
}

// TestWhatIsNoPageOfOursCannotRun: the policy of every answer but our pages.
func TestWhatIsNoPageOfOursCannotRun(t *testing.T) {
	t.Parallel()
	w := NewWorld(time.Now, func() int { return 0 }, nil, "tin")
	w.Routes.HandleFunc("GET /api", func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte("<svg>")) })
	w.Site.HandleFunc("GET "+StylePath, ServeStyle)
	w.Site.HandleFunc("GET /page", func(rw http.ResponseWriter, r *http.Request) { ShowPosts(rw, r, PostsPage{}) })
	const locked = "default-src 'none'; sandbox"
	for path, want := range map[string]bool{"/api": true, StylePath: true, "/nothing": true, "/page": false} {
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if got := rec.Header().Get("Content-Security-Policy"); (got == locked) != want || rec.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s comes with %q", path, got)
		}
	}
}
