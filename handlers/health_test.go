package handlers

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	var now atomic.Pointer[web.Health]
	now.Store(&web.Health{})
	s := newScene(t, func(c *Config) { c.Health = func() web.Health { return *now.Load() } })
	tick := time.Date(2026, 11, 23, 9, 0, 1, 0, time.UTC)
	for _, tt := range []struct {
		name   string
		health web.Health
		status int
		want   map[string]any
	}{
		{"before the first tick", web.Health{Stuck: true}, 503, map[string]any{"status": "stuck", "version": "test", "last_tick": nil, "last_claim": nil}},
		{"running", web.Health{LastTick: tick}, 200, map[string]any{"status": "ok", "version": "test", "last_tick": "2026-11-23T09:00:01Z", "last_claim": nil}},
		{"publishing", web.Health{LastTick: tick, LastClaim: tick}, 200, map[string]any{"status": "ok", "version": "test", "last_tick": "2026-11-23T09:00:01Z", "last_claim": "2026-11-23T09:00:01Z"}},
		{"stuck", web.Health{LastTick: tick, Stuck: true}, 503, map[string]any{"status": "stuck", "version": "test", "last_tick": "2026-11-23T09:00:01Z", "last_claim": nil}},
		{"nothing can be stored", web.Health{LastTick: tick, Held: true}, 503, map[string]any{"status": "storage", "version": "test", "last_tick": "2026-11-23T09:00:01Z", "last_claim": nil}},
	} {
		now.Store(&tt.health)
		a := s.as("").get("/healthz").want(tt.status)
		var got map[string]any
		if err := json.Unmarshal([]byte(a.body), &got); err != nil {
			t.Fatalf("%s: %v in %q", tt.name, err, a.body)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: want, got:\n%s", tt.name, diff)
		}
		if typ, cache := a.Header.Get("Content-Type"), a.Header.Get("Cache-Control"); typ != "application/json" || cache != "no-store" {
			t.Errorf("%s: it is %q, %q", tt.name, typ, cache)
		}
		s.as("").do(http.MethodHead, "/healthz", nil, nil).want(tt.status)
	}
}

// TestHeadOfEveryPage: it answers as the page does, without its body, and
// changes nothing. What acts when it is fetched has none.
func TestHeadOfEveryPage(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	for _, r := range g.server.routes() {
		if r.Method != http.MethodGet {
			continue
		}
		make, _, _ := g.objectOf(r)
		path := fill(r.Path, make(g.scope(club.Admin)))
		for _, role := range []club.Role{"", club.Admin} {
			b := g.browser(role)
			before := g.dataVersion()
			a := b.do(http.MethodHead, path, nil, nil)
			if g.dataVersion() != before {
				t.Errorf("%s as %q changed something", a.what, role)
			}
			if a.body != "" {
				t.Errorf("%s as %q answers with a body of %d bytes", a.what, role, len(a.body))
			}
			if r.Traits&web.Acting != 0 {
				if allow := a.Header.Get("Allow"); a.StatusCode != http.StatusMethodNotAllowed || !strings.Contains(allow, http.MethodGet) || strings.Contains(allow, http.MethodHead) {
					t.Errorf("%s as %q answered %d, allows %q", a.what, role, a.StatusCode, allow)
				}
				continue
			}
			page := b.get(path)
			for _, name := range []string{"Content-Type", "Location", "Content-Security-Policy", "Cache-Control", "Vary"} {
				if got, want := a.Header.Get(name), page.Header.Get(name); got != want {
					t.Errorf("%s as %q: %s is %q, and %q for the page", a.what, role, name, got, want)
				}
			}
			if a.StatusCode != page.StatusCode {
				t.Errorf("%s as %q answered %d, and the page %d", a.what, role, a.StatusCode, page.StatusCode)
			}
		}
	}
	g.as("").do(http.MethodHead, g.server.Assets.Path("app.css"), nil, nil).want(http.StatusOK)
}

// TestHeadLeavesTheMessageForThePage: a program that asks for the head alone
// neither reads it nor counts as a sign of life.
func TestHeadLeavesTheMessageForThePage(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	b := s.as(club.Writer)
	to := b.post("/posts", draft("Training")).want(http.StatusSeeOther).Header.Get("Location")
	b.do(http.MethodHead, to, nil, nil).want(http.StatusOK)
	b.get(to).says("Saved as a draft.")
	for range 3 {
		s.clock.Advance(web.SessionIdle / 2)
		b.do(http.MethodHead, "/calendar", nil, nil)
	}
	b.get("/calendar").to("/sign-in?to=%2Fcalendar")
}
