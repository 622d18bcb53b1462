package linkcard_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/linkcard"
	"github.com/bandstand-app/bandstand/internal/media"
	"github.com/bandstand-app/bandstand/internal/safehttp"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// scene is a running reader, a club and a web.
type scene struct {
	*linkcard.Reader
	db      *store.DB
	library *media.Library
	clock   *storetest.Clock
	scope   store.Scope
	web     string // address
	asked   atomic.Int32
	title   atomic.Value
	broken  atomic.Bool
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{clock: storetest.NewClock()}
	s.title.Store("Cup final")
	s.db = storetest.Open(t, s.clock.Now)
	p, c, err := s.db.CreateFirst(t.Context(), store.NewPerson{Email: "maeve@example.org", Name: "Maeve"}, store.NewClub{Name: "Riverside", Zone: "UTC"}, "")
	if err != nil {
		t.Fatal(err)
	}
	s.scope = store.Scope{ClubID: c.ID, PersonID: p.ID}
	if s.library, err = media.Open(s.db, media.Settings{Dir: t.TempDir(), Now: s.clock.Now}); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(s.pages(t))
	t.Cleanup(srv.Close)
	s.web = srv.URL
	s.Reader = linkcard.New(linkcard.Config{
		Web:  safehttp.NewUntrusted(safehttp.Settings{Exceptions: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}),
		Rows: s.db, Pictures: s.library, Now: s.clock.Now, Log: slog.New(slog.DiscardHandler),
	})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
	return s
}

func (s *scene) pages(t *testing.T) http.Handler {
	t.Helper()
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 600, 315))); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	html := func(pattern, image string) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
			s.asked.Add(1)
			if s.broken.Load() {
				http.Error(w, "down", http.StatusInternalServerError)
				return
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprintf(w, `<title>%s</title><meta property="og:description" content="We won"><meta property="og:image" content=%q>`, s.title.Load(), image)
		})
	}
	html("/page", "/a.png")
	html("/no-picture", "/missing.png")
	html("/wrong-picture", "/text.png")
	html("/inside", "http://127.0.0.1:1/a.png")
	mux.HandleFunc("/a.png", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write(picture.Bytes())
	})
	mux.HandleFunc("/text.png", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		fmt.Fprint(w, "<html>")
	})
	mux.HandleFunc("/empty", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "text/html") })
	mux.HandleFunc("/pdf", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "application/pdf") })
	return mux
}

// card asks for a card and waits until its reading has ended.
func (s *scene) card(t *testing.T, address string) club.LinkCard {
	t.Helper()
	if err := s.Request(t.Context(), s.scope.ClubID, s.scope.PersonID, address); err != nil {
		t.Fatal(err)
	}
	return s.settled(t, address)
}

func (s *scene) settled(t *testing.T, address string) club.LinkCard {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		cards, err := s.db.LinkCards(t.Context(), s.scope.ClubID, []string{address})
		if err != nil {
			t.Fatal(err)
		}
		if c := cards[address]; c.State != club.CardReading {
			return c
		}
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("the page was never read")
		}
	}
}

func TestReaderKeepsCards(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	ready := func(path string) club.LinkCard {
		return club.LinkCard{URL: s.web + path, State: club.CardReady, Title: "Cup final", Description: "We won", ReadAt: s.clock.Now()}
	}
	unreadable := func(url string) club.LinkCard {
		return club.LinkCard{URL: url, State: club.CardUnreadable, ReadAt: s.clock.Now()}
	}
	tests := []struct {
		name    string
		want    club.LinkCard
		picture bool
	}{
		{"whole card", ready("/page"), true},
		{"picture missing", ready("/no-picture"), false},
		{"picture is none", ready("/wrong-picture"), false},
		{"picture out of reach", ready("/inside"), false},
		{"page says nothing", unreadable(s.web + "/empty"), false},
		{"document", unreadable(s.web + "/pdf"), false},
		{"missing page", unreadable(s.web + "/gone"), false},
		{"nobody there", unreadable("http://127.0.0.1:1/"), false},
		{"own network", unreadable("http://192.168.1.1/admin"), false},
		{"no web address", unreadable("ftp://example.org/"), false},
		{"half typed", unreadable("https://"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := s.card(t, tt.want.URL)
			if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreFields(club.LinkCard{}, "MediaID")); diff != "" {
				t.Error(diff)
			}
			if (got.MediaID != "") != tt.picture {
				t.Errorf("picture %q, want one: %v", got.MediaID, tt.picture)
			}
			if !tt.picture {
				return
			}
			m, err := s.library.Items(t.Context(), s.scope.ClubID, []string{got.MediaID})
			if err != nil || len(m) != 1 || m[0].Width != 600 || m[0].Name != "a.png" {
				t.Errorf("picture is %+v, %v", m, err)
			}
		})
	}
}

// TestPagesFoundInTheWild reads pages and pictures that were unreadable, or lost
// their picture or letters.
func TestPagesFoundInTheWild(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	page := func(name string) string {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".gz") {
			z, err := gzip.NewReader(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if data, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
		}
		return string(data)
	}
	plain := "<!doctype html><title>Cup final</title><meta property=og:image content=/a.jpg>"
	tests := []wildPage{
		{"large page", "/large", page("page-of-1200-kb-tags-first.html.gz"), "Cup final"},
		{"charset late", "/charset", page("charset-declared-after-1300-bytes.html"), "Müller gewinnt – Köln jubelt"},
		{"joined emoji", "/emoji", page("title-with-joined-emoji.html"), "Familie 👨‍👩‍👧 feiert"},
		{"five redirects", "/hop/5", plain, "Cup final"},
		{"second picture", "/second", "<title>Cup final</title><meta property=og:image content=/gone.jpg><meta property=og:image content=/page.jpg><meta property=og:image content=/a.jpg>", "Cup final"},
	}
	for i, typ := range contentTypes(t, "testdata/content-types-of-pages.jsonl") {
		tests = append(tests, wildPage{"page " + typ, fmt.Sprintf("/page-type/%d", i), plain, "Cup final"})
	}
	for i, typ := range contentTypes(t, "testdata/content-types-of-pictures.jsonl") {
		tests = append(tests, wildPage{"picture " + typ, fmt.Sprintf("/picture-type/%d", i), fmt.Sprintf("<title>Cup final</title><meta property=og:image content=/picture/%d>", i), "Cup final"})
	}
	web := httptest.NewServer(wild(t, tests))
	t.Cleanup(web.Close)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if c := s.card(t, web.URL+tt.path); c.State != club.CardReady || c.Title != tt.title || c.MediaID == "" {
				t.Errorf("card is %+v, want %q with a picture", c, tt.title)
			}
		})
	}
}

type wildPage struct{ name, path, body, title string }

// wild serves pages as their servers do.
func wild(t *testing.T, pages []wildPage) http.Handler {
	t.Helper()
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, image.NewGray(image.Rect(0, 0, 60, 40)), nil); err != nil {
		t.Fatal(err)
	}
	bodies := map[string]string{}
	for _, p := range pages {
		bodies[p.path] = p.body
	}
	pageTypes, pictureTypes := contentTypes(t, "testdata/content-types-of-pages.jsonl"), contentTypes(t, "testdata/content-types-of-pictures.jsonl")
	header := func(w http.ResponseWriter, typ string) {
		w.Header()["Content-Type"] = []string{typ}
		if typ == "" {
			w.Header()["Content-Type"] = nil
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		body, known := bodies[r.URL.Path]
		if !known {
			http.NotFound(w, r)
			return
		}
		if !strings.Contains(r.Header.Get("Accept"), "text/html") {
			w.WriteHeader(http.StatusNotAcceptable)
			return
		}
		typ := "text/html"
		if i, found := strings.CutPrefix(r.URL.Path, "/page-type/"); found {
			n, _ := strconv.Atoi(i)
			typ = pageTypes[n]
		}
		header(w, typ)
		fmt.Fprint(w, body)
	})
	mux.HandleFunc("/hop/{n}", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.PathValue("n"))
		if n > 0 {
			http.Redirect(w, r, fmt.Sprintf("/hop/%d", n-1), http.StatusFound)
			return
		}
		header(w, "text/html")
		fmt.Fprint(w, bodies["/hop/5"])
	})
	mux.HandleFunc("/a.jpg", func(w http.ResponseWriter, _ *http.Request) {
		header(w, "image/jpeg")
		_, _ = w.Write(picture.Bytes())
	})
	mux.HandleFunc("/page.jpg", func(w http.ResponseWriter, _ *http.Request) {
		header(w, "image/jpeg")
		fmt.Fprint(w, "<html>not found")
	})
	mux.HandleFunc("/picture/{n}", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.PathValue("n"))
		header(w, pictureTypes[n])
		_, _ = w.Write(picture.Bytes())
	})
	return mux
}

// contentTypes reads the headers of a file of cases; "" is none.
func contentTypes(t *testing.T, name string) []string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var c struct {
			ContentType *string `json:"content_type"`
		}
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		if c.ContentType == nil {
			c.ContentType = new(string)
		}
		out = append(out, *c.ContentType)
	}
	if len(out) == 0 {
		t.Fatalf("no cases in %s", name)
	}
	return out
}

func TestCardsAreReadOnceWhileFresh(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	address := s.web + "/page"
	first := s.card(t, address)
	s.clock.Advance(23 * time.Hour)
	if s.card(t, address); s.asked.Load() != 1 {
		t.Errorf("page read %d times, want once", s.asked.Load())
	}
	s.clock.Advance(2 * time.Hour)
	s.title.Store("Cup final, again")
	again := s.reread(t, address)
	if again.Title != "Cup final, again" || again.MediaID != first.MediaID {
		t.Errorf("card is %+v, want the new title and the picture %s as before", again, first.MediaID)
	}
	// A page that is down now keeps the card it had.
	s.clock.Advance(25 * time.Hour)
	s.broken.Store(true)
	if kept := s.reread(t, address); kept.State != club.CardReady || kept.Title != "Cup final, again" {
		t.Errorf("card is %+v, want the one from before", kept)
	}
}

// reread asks for a card that is ready but old, and waits until the page was
// asked for and its picture looked at.
func (s *scene) reread(t *testing.T, address string) club.LinkCard {
	t.Helper()
	before := s.changes(t)
	if err := s.Request(t.Context(), s.scope.ClubID, s.scope.PersonID, address); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for s.changes(t) == before {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("the page was never read again")
		}
	}
	return s.settled(t, address)
}

func (s *scene) changes(t *testing.T) int64 {
	t.Helper()
	c, err := s.db.Club(t.Context(), s.scope.ClubID)
	if err != nil {
		t.Fatal(err)
	}
	return c.Changes
}

func TestUnreadablePagesAreTriedAgain(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.broken.Store(true)
	address := s.web + "/page"
	if c := s.card(t, address); c.State != club.CardUnreadable {
		t.Fatalf("card is %+v, want unreadable", c)
	}
	s.broken.Store(false)
	s.clock.Advance(4 * time.Minute)
	if c := s.card(t, address); c.State != club.CardUnreadable {
		t.Errorf("after four minutes: %+v, want still unreadable", c)
	}
	s.clock.Advance(2 * time.Minute)
	if c := s.card(t, address); c.State != club.CardReady {
		t.Errorf("after six minutes: %+v, want ready", c)
	}
}

func TestQueueIsBounded(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	idle := linkcard.New(linkcard.Config{Rows: s.db, Now: s.clock.Now, Log: slog.New(slog.DiscardHandler)})
	var urls []string
	for i := range 100 {
		urls = append(urls, fmt.Sprintf("https://club.example/%d", i))
		for range 2 {
			if err := idle.Request(t.Context(), s.scope.ClubID, s.scope.PersonID, urls[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	cards, err := s.db.LinkCards(t.Context(), s.scope.ClubID, urls)
	if err != nil || len(cards) != 64 {
		t.Errorf("%d pages wait, %v; want 64", len(cards), err)
	}
}

func TestCutOffReadingIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	address := s.web + "/page"
	// As a program leaves it that was stopped while reading.
	if err := s.db.StartLinkCard(t.Context(), s.scope.ClubID, address); err != nil {
		t.Fatal(err)
	}
	if err := s.Request(t.Context(), s.scope.ClubID, s.scope.PersonID, address); err != nil {
		t.Fatal(err)
	}
	if n := s.asked.Load(); n != 0 {
		t.Errorf("page read %d times while another reads it", n)
	}
	s.clock.Advance(time.Minute)
	if c := s.card(t, address); c.State != club.CardReady {
		t.Errorf("card is %+v, want ready", c)
	}
}
