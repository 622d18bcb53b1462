package handlers

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/linkcard"
	"github.com/bandstand-app/bandstand/internal/planning"
	"github.com/bandstand-app/bandstand/internal/safehttp"
)

// withReader is a live club whose links are really read, by a client that may
// reach these networks.
func withReader(t *testing.T, networks ...string) *scene {
	t.Helper()
	var reader *linkcard.Reader
	s := newScene(t, func(c *Config) {
		settings := safehttp.Settings{UserAgent: "Bandstand/test"}
		for _, n := range networks {
			settings.Exceptions = append(settings.Exceptions, netip.MustParsePrefix(n))
		}
		reader = linkcard.New(linkcard.Config{Web: safehttp.NewUntrusted(settings), Rows: c.DB, Pictures: c.Media, Now: c.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
		c.Links = reader
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		reader.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	if _, err := s.db.GoLive(t.Context(), s.scope(club.Admin), nil, "test"); err != nil {
		t.Fatal(err)
	}
	return s
}

// card waits until an address has been read.
func (s *scene) card(address string) club.LinkCard {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		cards, err := s.db.LinkCards(s.t.Context(), s.club.ID, []string{address})
		if err != nil {
			s.t.Fatal(err)
		}
		if c, known := cards[address]; known && c.State != club.CardReading {
			return c
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			s.t.Fatalf("%s was never read", address)
		}
	}
}

// canaryServer counts what reaches an address of this computer.
func canaryServer(t *testing.T, n *atomic.Int32) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<title>inside</title>")
	}))
	srv.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			n.Add(1)
		}
	}
	srv.Start()
	t.Cleanup(srv.Close)
	return srv
}

// TestLinkFieldLeadsNowhereInside: what is typed into the composer as a link is
// read as a person's browser asks for it, and nothing of this computer answers.
func TestLinkFieldLeadsNowhereInside(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	_, port, _ := net.SplitHostPort(canaryServer(t, &reached).Listener.Addr().String())
	s := withReader(t)
	b := s.as(club.Writer)
	for _, link := range []string{
		"http://127.0.0.1:" + port + "/", "https://127.0.0.1:" + port, "127.0.0.1:" + port + "/admin", "http://0x7f.0.0.1:" + port,
		"http://[::ffff:127.0.0.1]:" + port, "http://[64:ff9b::127.0.0.1]:" + port, "http://①②⑦.⓪.⓪.①:" + port, "http://169.254.169.254/latest/meta-data/",
		"https://10.0.0.1/", "https://192.168.1.1/", "https://0.0.0.0/", "https://1.1.1.1:22/",
	} {
		b.post("/posts/preview", with(draft("Training"), "link", link)).want(http.StatusOK)
		l := planning.LinkOf(link)
		if l == nil {
			t.Errorf("%s is no link for the composer", link)
			continue
		}
		if c := s.card(l.URL); c.State != club.CardUnreadable || c.Title != "" {
			t.Errorf("%s became %+v", link, c)
		}
	}
	// These are no links at all: nothing asks for them.
	for _, link := range []string{
		"http://2130706433:" + port, "http://localhost:" + port, "http://[::1]:" + port, "ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1:" + port, "http://a:b@127.0.0.1:" + port,
		"javascript:alert(1)", "//127.0.0.1:" + port, "http://127.0.0.1:" + port + " x", "http://127.0.0.1\x00:" + port,
	} {
		b.post("/posts/preview", with(draft("Training"), "link", link)).want(http.StatusOK)
		if l := planning.LinkOf(link); l != nil && !strings.Contains(link, "\x00") && !strings.HasPrefix(link, "//") {
			t.Errorf("%s is the link %s", link, l.URL)
		}
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("%d connections came from the link field", n)
	}
}

// TestPageThatMayBeReadLeadsNowhereInside: neither the picture that it names nor
// where it redirects to is asked for.
func TestPageThatMayBeReadLeadsNowhereInside(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	inside := canaryServer(t, &reached).URL
	pages := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/moved" {
			http.Redirect(w, r, inside, http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<base href=%q><title>Trials</title><meta property="og:image" content="%s/a.png"><link rel="image_src" href="%s/b.png"><meta http-equiv="refresh" content="0;url=%s">`, inside, inside, inside, inside)
	}))
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatalf("no second loopback address: %v", err)
	}
	_ = pages.Listener.Close()
	pages.Listener = l
	pages.Start()
	t.Cleanup(pages.Close)
	s := withReader(t, "127.0.0.2/32")
	b := s.as(club.Writer)
	for path, want := range map[string]string{"/page": "Trials", "/moved": ""} {
		b.post("/posts/preview", with(draft("Training"), "link", pages.URL+path)).want(http.StatusOK)
		if c := s.card(pages.URL + path); c.Title != want || c.MediaID != "" {
			t.Errorf("%s became %+v, want the title %q and no picture", path, c, want)
		}
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("%d connections came from what the page names", n)
	}
}
