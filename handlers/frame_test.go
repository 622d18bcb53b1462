package handlers

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
)

// TestOneLineSaysWhatNeedsYou: three banners stood above every page, and the
// post was below the fold of a phone.
func TestOneLineSaysWhatNeedsYou(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	one := s.connect("one", "Riverside FC")
	late := s.schedule("Trials", "2026-11-24T18:30", one)
	maeve := s.as(club.Admin)
	if n := maeve.get("/calendar").doc().Find(".banner").Length(); n != 0 {
		t.Errorf("a calm club has %d banners", n)
	}
	s.force(late.ID, club.NeedsAttention, club.Late)
	if _, err := s.db.Writer().ExecContext(t.Context(), `UPDATE connections SET health = 'reconnect'`); err != nil {
		t.Fatal(err)
	}
	page := maeve.get("/posts").want(http.StatusOK)
	if got := page.reads(".banner"); got != "2 things need you: 1 post to decide · 1 account to reconnect" {
		t.Errorf("the banner says %q", got)
	}
	for path, label := range map[string]string{"/waiting": "1 post to decide", "/accounts": "1 account to reconnect"} {
		if got := page.doc().Find(`.banner a[href="` + path + `"]`).Text(); got != label {
			t.Errorf("%s is offered as %q", path, got)
		}
	}
	// Who cannot do it is not asked to.
	if n := s.as(club.Viewer).get("/posts").doc().Find(".banner").Length(); n != 0 {
		t.Errorf("a viewer sees %d banners", n)
	}
	// A second message folds behind the first.
	maeve.post("/hold", url.Values{"reason": {"storm, match cancelled"}}).to("/hold")
	doc := maeve.get("/posts").doc()
	if n := doc.Find(".banners > .banner").Length(); n != 1 || doc.Find(".banner-more .banner").Length() != 1 {
		t.Errorf("%d banners stand across the page", n)
	}
}

// TestPracticeIsAChip: it is said beside the club's name and in the title, not
// across the page.
func TestPracticeIsAChip(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	page := s.as(club.Viewer).get("/posts").want(http.StatusOK)
	if got := page.doc().Find(".side .house-practice").Text(); got != "Practice mode. Nothing leaves this computer; posts go to make-believe accounts." {
		t.Errorf("the chip says %q", got)
	}
	if title := page.reads("title"); !strings.HasPrefix(title, "[Practice] ") {
		t.Errorf("the title is %q", title)
	}
	if page.doc().Find(".banner").Length() != 0 {
		t.Error("practice mode has a banner of its own")
	}
}

// TestNothingHereKeepsTheMenu: a mistyped address took the menu away.
func TestNothingHereKeepsTheMenu(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for _, path := range []string{"/nowhere", "/posts/999", "/calendar/day/never"} {
		doc := s.as(club.Viewer).get(path).want(http.StatusNotFound).doc()
		if doc.Find(`nav.side a[href="/calendar"]`).Length() == 0 {
			t.Errorf("%s has no menu", path)
		}
	}
	if doc := s.as(club.Viewer).get("/accounts/connect").want(http.StatusForbidden).doc(); doc.Find("nav.side").Length() != 1 {
		t.Error("a refusal has no menu")
	}
	if doc := s.as("").get("/nowhere").want(http.StatusNotFound).doc(); doc.Find("nav.side").Length() != 0 {
		t.Error("a stranger gets the menu of a club")
	}
}

// TestAVisitorWhoLeavesIsNoError: turning pages quickly filled the log with
// errors that were none.
func TestAVisitorWhoLeavesIsNoError(t *testing.T) {
	t.Parallel()
	log := &logBook{}
	s := newScene(t, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(log, nil)) })
	b := s.as(club.Viewer)
	ctx, leave := context.WithCancel(t.Context())
	leave()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/posts", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(b.http.Jar.Cookies(nil)[0])
	s.server.ServeHTTP(discard{}, r)
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, "level=ERROR") {
			t.Errorf("the log says %s", line)
		}
	}
	if !strings.Contains(log.String(), "route=/posts") || !strings.Contains(log.String(), "left=true") {
		t.Errorf("the log does not say that they came and left:\n%s", log)
	}
}

// discard is an answer that nobody waits for.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}
