package handlers

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/alexedwards/scs/v2/memstore"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/media"
	"github.com/bandstand-app/bandstand/internal/password"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/static"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// FuzzRequest: whatever stands in the address, the cookies and the headers of a
// request for a page, the answer is a page, a redirect within the program or a
// refusal in words, never a fault of ours, and nobody is let in by it.
func FuzzRequest(f *testing.F) {
	s, cookie := fuzzedServer(f)
	for _, path := range []string{
		"/", "/calendar?view=list&date=2026-11-24&account=1&campaign=9&who=1&status=DRAFT&print=1", "/calendar/day/2026-11-24", "/calendar/changes?since=1&ctx=%2Fcalendar",
		"/posts?show=waiting&q=training&page=2", "/posts/1", "/posts/1/edit", "/posts/1/move", "/posts/1/status?since=3", "/posts/new?date=2026-11-27&time=19:00&campaign=1&media=ab,cd",
		"/posts/kept/abc", "/results?days=7&sort=seen&account=-1", "/results.csv", "/media/" + strings.Repeat("ab", 16) + "/view?for=1&fit=crop", "/m/ab/9999999999/mac/jpg-1x1-1.jpg",
		"/accounts/1", "/accounts/choose/ab", "/oauth/tiny/callback?state=x&code=y&error=z&error_description=w", "/settings/members", "/sign-in?to=//evil.example", "/sign-in/link/x",
		"/invitations/x", "/%00", "/posts/%ff", "/static/app.css", "/notices", "/waiting", "/hold",
	} {
		f.Add(path, cookie, "HX-Current-URL", "http://club.example/calendar?date=2026-11-24")
	}
	f.Add("/posts/1", "bandstand=", "Referer", "http://club.example//evil")
	f.Add("/calendar", "bandstand=\x00; bandstand="+strings.Repeat("A", 5000), "X-Forwarded-For", "127.0.0.1, ::1%lo")
	f.Add("/calendar", "bandstand="+strings.Repeat("A", 43), "If-None-Match", `W/"`)
	f.Add("/results.csv", cookie, "Range", "bytes=-1")
	f.Add("/posts/new", cookie, "HX-Request", "true")
	f.Add("/sign-in?to=/\xd3", "", "Accept", "*/*")
	f.Add("/posts?q=%d3&show=\xd3", cookie, "Accept", "*/*")
	f.Add("/posts/new?ctx=%2F%d3", cookie, "Accept", "*/*")
	f.Add("/posts/1/move", cookie, "HX-Current-URL", "http://club.example/posts?q=\xd3")
	f.Fuzz(func(t *testing.T, path, cookies, name, value string) {
		u, err := url.Parse(path)
		if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "/practice/") {
			return
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.URL, r.RequestURI, r.Host = u, u.RequestURI(), "club.example"
		r.Header.Set("Cookie", cookies)
		r.Header.Set(name, value)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		body := w.Body.String()
		switch {
		case w.Code >= http.StatusInternalServerError:
			t.Errorf("%q answers %d: %s", path, w.Code, body)
		case strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") && !utf8.ValidString(body):
			t.Errorf("%q answers what is no text", path)
		case w.Code == http.StatusOK && !strings.Contains(cookies, cookie) && strings.Contains(body, "Riverside FC"):
			t.Errorf("%q with the cookies %q shows the club to a stranger", path, cookies)
		}
		if to := w.Header().Get("Location"); to != "" {
			if at, err := url.Parse(to); err != nil || at.Host != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") {
				t.Errorf("%q leads to %q", path, to)
			}
		}
	})
}

// fuzzedServer is an app with a club, a post and a member who is signed in, and
// the cookie of that member.
func fuzzedServer(f *testing.F) (s *Server, cookie string) {
	f.Helper()
	clock := storetest.NewClock()
	db := storetest.Open(f, clock.Now)
	person, c, err := db.CreateFirst(f.Context(), store.NewPerson{Email: "maeve@riverside.example", Name: "Maeve Byrne", PasswordHash: "none"},
		store.NewClub{Name: "Riverside FC", Zone: "Europe/Dublin", WeekStart: 1}, "test")
	must(f, err)
	_, err = db.SavePost(f.Context(), store.Scope{ClubID: c.ID, PersonID: person.ID}, store.PostChange{Op: store.NewID(), Content: club.Content{Text: "Training"}, NewCampaign: "Season"})
	must(f, err)
	library, err := media.Open(db, media.Settings{Dir: f.TempDir(), Key: []byte("key"), Now: clock.Now})
	must(f, err)
	catalogue, err := i18n.Load()
	must(f, err)
	assets, err := static.New()
	must(f, err)
	all := platforms.NewRegistry(tiny{id: "tiny", name: "Tiny", max: 20})
	s, err = New(Config{
		Config: web.Config{
			DB: db, SessionStore: memstore.NewWithCleanupInterval(0), Catalogue: catalogue, Assets: assets, Media: library,
			Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: clock.Now, BaseURL: &url.URL{Scheme: "http", Host: "club.example"}, Version: "test",
			Health: func() web.Health { return web.Health{LastTick: clock.Now()} }, Real: all, Practice: all,
		},
		Services: Services{
			Passwords: password.New(), Links: noLinks{},
			Platforms:      func(int64, bool) *platforms.Registry { return all },
			AppCredentials: func(context.Context, int64, bool, string) (platforms.App, error) { return platforms.App{}, nil },
		},
	})
	must(f, err)
	ctx, err := s.Sessions.Load(f.Context(), "")
	must(f, err)
	must(f, s.StartSession(ctx, person, c.ID))
	token, _, err := s.Sessions.Commit(ctx)
	must(f, err)
	return s, s.Sessions.Cookie.Name + "=" + token
}

func must(f *testing.F, err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}
