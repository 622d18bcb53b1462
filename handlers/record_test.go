package handlers

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/handlers/people"
	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

// TestWhatWasRefusedIsOnRecord: wrong passwords, locks and forms of other sites
// are in the log and on the page of the record, with the address they came from.
func TestWhatWasRefusedIsOnRecord(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s, _ := newDoor(t, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	b := s.visitor()
	for range web.MaxTries {
		b.post("/sign-in", credentials(s.emailOf(club.Writer), "not her password")).want(http.StatusUnprocessableEntity)
	}
	for range 3 {
		b.post("/sign-in", credentials(s.emailOf(club.Writer), goodPassword)).want(http.StatusTooManyRequests)
	}
	b.post("/sign-in", credentials("nobody@riverside.example", "a password")).want(http.StatusUnprocessableEntity)
	evil := http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}}
	for range 3 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.web.URL+"/profile", strings.NewReader("name=Eve"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = evil.Clone()
		b.send(req).want(http.StatusForbidden)
	}
	got := s.recorded()
	for action, n := range map[string]int{"signin_failed": web.MaxTries + 1, "signin_locked": 1, "cross_site": 1} {
		if got[action] != n {
			t.Errorf("%s is recorded %d times, want %d", action, got[action], n)
		}
	}
	for action, n := range map[string]int{"signin_failed": web.MaxTries + 1, "signin_locked": 3, "cross_site": 3} {
		lines := slices.DeleteFunc(strings.Split(log.String(), "\n"), func(l string) bool {
			return !strings.Contains(l, "action="+action) || !strings.Contains(l, "level=WARN") || !strings.Contains(l, "from=127.0.0.1")
		})
		if len(lines) != n {
			t.Errorf("%s is in the log %d times with its address, want %d:\n%s", action, len(lines), n, log.String())
		}
	}
	s.clock.Advance(web.TriesWait)
	s.visit(club.Admin).get("/settings/record?kind=refused").want(http.StatusOK).says(
		"Somebody gave a wrong password for Ines Silva", "Sign-in of Ines Silva was locked", "an email that has no account here",
		"A form of another site, https://evil.example, was refused", "From 127.0.0.1").saysNot("signed in From")
}

// TestVisitorsCannotFillTheRecord: what they add to it is bounded, however many
// addresses they come from.
func TestVisitorsCannotFillTheRecord(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for range web.MaxRecorded + 5 {
		if wait := s.server.Tries.Begin(s.clock.Now(), web.Guarded{What: "record", Most: web.MaxRecorded}); wait > 0 {
			break
		}
	}
	s.as("").do(http.MethodPost, "/profile", nil, http.Header{"Origin": {"https://evil.example"}}) // same-origin, as do sends it
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.web.URL+"/profile", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	s.as("").send(req).want(http.StatusForbidden)
	if n := s.recorded()["cross_site"]; n != 0 {
		t.Errorf("%d lines more than there may be", n)
	}
	s.clock.Advance(web.TriesWait)
	s.as("").send(req.Clone(t.Context())).want(http.StatusForbidden)
	if n := s.recorded()["cross_site"]; n != 1 {
		t.Errorf("%d lines when there was time, want 1", n)
	}
}

// TestRecordPage: for Admins, by days of the club's zone, a page at a time, by
// person and by kind, and nothing of another club.
func TestRecordPage(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	ctx, maeve := t.Context(), s.scope(club.Admin)
	for i := range people.RecordShown {
		if err := s.db.Audit(ctx, maeve, "export", "results", "192.0.2.1"); err != nil {
			t.Fatal(i, err)
		}
	}
	other := otherClub(t, s)
	for _, x := range []struct {
		scope  store.Scope
		action string
	}{{other, "app_saved"}, {store.Scope{PersonID: other.PersonID}, "signed_in"}, {store.Scope{PersonID: s.persons[club.Viewer].ID}, "signed_in"}} {
		if err := s.db.Audit(ctx, x.scope, x.action, "meta", "198.51.100.7"); err != nil {
			t.Fatal(err)
		}
	}
	admin := s.as(club.Admin)
	first := admin.get("/settings/record").want(http.StatusOK).says("Vera Kelly signed in", "From 198.51.100.7", "Maeve Byrne downloaded the results").
		saysNot("Olga signed in", "saved the platform app", "Maeve Byrne set up Bandstand")
	if n := first.doc().Find(".record li").Length(); n != people.RecordShown {
		t.Errorf("%d lines on the first page, want %d", n, people.RecordShown)
	}
	earlier := first.doc().Find(`a:contains("Earlier")`).AttrOr("href", "")
	second := admin.get(earlier).want(http.StatusOK).says("Maeve Byrne set up Bandstand with Riverside FC", "Maeve Byrne invited tom@riverside.example").saysNot("Vera Kelly signed in")
	if second.doc().Find(`a:contains("Earlier")`).Length() != 0 {
		t.Error("the last page leads on")
	}
	vera := url.Values{"person": {id64(s.persons[club.Viewer].ID)}}
	admin.get("/settings/record?"+vera.Encode()).says("Vera Kelly signed in", "Vera Kelly joined").saysNot("Maeve Byrne downloaded")
	// Posts are named by their text, and lead there.
	saved, err := s.db.SavePost(ctx, maeve, store.PostChange{Op: "1", Content: club.Content{Text: "Raffle on Saturday"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.db.Audit(ctx, maeve, "post_moved", id64(saved.ID)+": 2026-11-27T18:30 → – (drag)", "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	moved := admin.get("/settings/record?kind=posts").says("Maeve Byrne moved Raffle on Saturday")
	if moved.doc().Find(`.record a[href="/posts/`+id64(saved.ID)+`"]`).Length() != 1 {
		t.Error("the post is not linked")
	}
	admin.get("/settings/record?kind=members").says("Maeve Byrne removed Olga").saysNot("downloaded", "signed in")
	for _, nonsense := range []string{"?person=x&kind=y&before=z", "?before=1.x", "?before=-1.1"} {
		admin.get("/settings/record" + nonsense).want(http.StatusOK)
	}
	for _, r := range []club.Role{club.Publisher, club.Writer, club.Viewer} {
		s.as(r).get("/settings/record").want(http.StatusForbidden)
	}
}

// TestRecordHasWordsForEveryAction: whatever is recorded is found under one kind
// and reads as a sentence.
func TestRecordHasWordsForEveryAction(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	kinds := map[string]string{}
	for _, k := range people.RecordKinds {
		for _, a := range k.Actions {
			if kinds[a] != "" {
				t.Errorf("%s is of the kinds %s and %s", a, kinds[a], k.Name)
			}
			kinds[a] = k.Name
			if err := s.db.Audit(t.Context(), s.scope(club.Admin), a, "1 object", "engine"); err != nil {
				t.Fatal(err)
			}
			if !s.server.Catalogue.Has("audit_" + a) {
				t.Errorf("there are no words for %s", a)
			}
		}
	}
	for _, a := range recordedActions(t) {
		if kinds[a] == "" {
			t.Errorf("%s is recorded, and of no kind", a)
		}
	}
	text := s.as(club.Admin).get("/settings/record").want(http.StatusOK).text()
	if strings.Contains(text, "audit_") || strings.Contains(text, "{{") || strings.Contains(text, "<no value>") {
		t.Errorf("not in words: %s", text)
	}
}

// TestSavingSettingsDoesNotUndoGoingLive: the form was opened while the club
// practised.
func TestSavingSettingsDoesNotUndoGoingLive(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	admin := s.as(club.Admin)
	admin.get("/settings").want(http.StatusOK)
	// Between reading the club and saving its settings, somebody else goes live.
	s.exec(`CREATE TRIGGER meanwhile BEFORE UPDATE OF name ON clubs WHEN OLD.practice = 1 BEGIN UPDATE clubs SET practice = 0 WHERE id = OLD.id; END`)
	admin.post("/settings", url.Values{"club": {"Riverside FC"}, "zone": {"Europe/Dublin"}, "week_start": {"1"}, "late_hours": {"2"}}).to("/settings")
	c, err := s.db.Club(t.Context(), s.club.ID)
	if err != nil || c.Practice {
		t.Errorf("the club practises again: %v", err)
	}
}

// TestSignOutForgetsWhatTheBrowserKeeps: and what is kept of pages is only for the
// same sign-in.
func TestSignOutForgetsWhatTheBrowserKeeps(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b := s.as(club.Viewer)
	for _, path := range []string{"/calendar", "/results", "/posts", "/settings", "/profile", "/accounts"} {
		h := b.get(path).want(http.StatusOK).Header
		if !strings.Contains(h.Get("Cache-Control"), "no-store") && !strings.Contains(strings.Join(h.Values("Vary"), ","), "Cookie") {
			t.Errorf("%s may be shown to somebody else: Cache-Control %q, Vary %q", path, h.Get("Cache-Control"), h.Values("Vary"))
		}
	}
	if got := b.post("/sign-out", nil).to("/sign-in").Header.Get("Clear-Site-Data"); got != `"cache", "storage"` {
		t.Errorf("Clear-Site-Data is %q", got)
	}
}
