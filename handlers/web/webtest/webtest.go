// Package webtest runs the handlers of a room without the rest of the program: on
// a real database, with a club, a member of each role, a clock, and browsers that
// are signed in.
package webtest

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/alexedwards/scs/v2/memstore"
	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/media"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/static"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// Club is "Riverside FC" in Dublin, in a database of its own, with Maeve (admin),
// Tom (publisher), Ines (writer) and Vera (viewer).
type Club struct {
	store.Club
	DB      *store.DB
	Clock   *storetest.Clock
	Persons map[club.Role]store.Person
}

// NewClub makes the club. No password matches those of its members: tests sign in
// with SignIn.
func NewClub(t *testing.T) *Club {
	t.Helper()
	const hash = "none"
	clock := storetest.NewClock()
	c := &Club{Clock: clock, DB: storetest.Open(t, clock.Now), Persons: map[club.Role]store.Person{}}
	maeve, made, err := c.DB.CreateFirst(t.Context(), store.NewPerson{Email: "maeve@riverside.example", Name: "Maeve Byrne", PasswordHash: hash},
		store.NewClub{Name: "Riverside FC", Zone: "Europe/Dublin", WeekStart: 1}, "test")
	if err != nil {
		t.Fatal(err)
	}
	c.Club, c.Persons[club.Admin] = made, maeve
	for role, name := range map[club.Role]string{club.Publisher: "Tom Reid", club.Writer: "Ines Silva", club.Viewer: "Vera Kelly"} {
		email := strings.ToLower(strings.Fields(name)[0]) + "@riverside.example"
		token, err := c.DB.CreateInvitation(t.Context(), c.Scope(club.Admin), email, role, "test")
		if err != nil {
			t.Fatal(err)
		}
		p, _, err := c.DB.AcceptInvitationAsNew(t.Context(), token, store.NewPerson{Email: email, Name: name, PasswordHash: hash}, "test")
		if err != nil {
			t.Fatal(err)
		}
		c.Persons[role] = p
	}
	return c
}

// Scope returns what a role may touch.
func (c *Club) Scope(r club.Role) store.Scope {
	return store.Scope{ClubID: c.ID, PersonID: c.Persons[r].ID}
}

// Config returns a configuration of the kernel at an address: without platforms,
// with an engine that is well, and a log that nobody reads.
func (c *Club) Config(t *testing.T, base *url.URL) web.Config {
	t.Helper()
	catalogue, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	assets, err := static.New()
	if err != nil {
		t.Fatal(err)
	}
	library, err := media.Open(c.DB, media.Settings{Dir: t.TempDir(), Key: []byte("key"), Now: c.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	return web.Config{
		DB: c.DB, SessionStore: memstore.New(), Catalogue: catalogue, Assets: assets, Media: library,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: c.Clock.Now, BaseURL: base, Version: "test",
		Health: func() web.Health { return web.Health{LastTick: c.Clock.Now()} },
		Real:   platforms.NewRegistry(), Practice: platforms.NewRegistry(),
	}
}

// SignIn starts a session of a person who looks at a club, and returns its cookie.
func SignIn(t *testing.T, app *web.App, p store.Person, clubID int64) *http.Cookie {
	t.Helper()
	ctx, err := app.Sessions.Load(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := app.StartSession(ctx, p, clubID); err != nil {
		t.Fatal(err)
	}
	token, expiry, err := app.Sessions.Commit(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Cookie{Name: app.Sessions.Cookie.Name, Value: token, Expires: expiry}
}

// Room is a room that answers requests of the members of a club.
type Room struct {
	*Club
	App *web.App

	t       *testing.T
	cookies map[club.Role]*http.Cookie
}

// Serve runs the routes that a room gives. change may alter the configuration.
func Serve(t *testing.T, routes func(*web.App) []web.Route, change ...func(*web.Config)) *Room {
	t.Helper()
	r := &Room{Club: NewClub(t), t: t, cookies: map[club.Role]*http.Cookie{}}
	cfg := r.Config(t, &url.URL{Scheme: "http", Host: "club.example"})
	for _, f := range change {
		f(&cfg)
	}
	app, err := web.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	app.ConfirmWith = func(echo.HandlerFunc) echo.MiddlewareFunc {
		return func(next echo.HandlerFunc) echo.HandlerFunc { return next }
	}
	app.Add(routes(app))
	r.App = app
	return r
}

// Get asks for a page as a role; "" is a stranger.
func (r *Room) Get(as club.Role, path string) *Answer {
	r.t.Helper()
	return r.send(as, httptest.NewRequestWithContext(r.t.Context(), http.MethodGet, path, nil))
}

// Post sends a form as a role; "" is a stranger.
func (r *Room) Post(as club.Role, path string, form url.Values) *Answer {
	r.t.Helper()
	req := httptest.NewRequestWithContext(r.t.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return r.send(as, req)
}

func (r *Room) send(as club.Role, req *http.Request) *Answer {
	r.t.Helper()
	if as != "" {
		if r.cookies[as] == nil {
			r.cookies[as] = SignIn(r.t, r.App, r.Persons[as], r.ID)
		}
		req.AddCookie(r.cookies[as])
	}
	w := httptest.NewRecorder()
	r.App.ServeHTTP(w, req)
	return &Answer{ResponseRecorder: w, t: r.t, what: req.Method + " " + req.URL.Path}
}

// Answer is what a room said.
type Answer struct {
	*httptest.ResponseRecorder
	t    *testing.T
	what string
}

// Want checks the status.
func (a *Answer) Want(status int) *Answer {
	a.t.Helper()
	if a.Code != status {
		a.t.Fatalf("%s answered %d, want %d\n%s", a.what, a.Code, status, a.Text())
	}
	return a
}

// To checks that the answer leads to a page.
func (a *Answer) To(path string) *Answer {
	a.t.Helper()
	if got := a.Want(http.StatusSeeOther).Header().Get("Location"); got != path {
		a.t.Fatalf("%s leads to %s, want %s", a.what, got, path)
	}
	return a
}

// Says checks that a person reads all of these.
func (a *Answer) Says(parts ...string) *Answer {
	a.t.Helper()
	text := a.Text()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			a.t.Errorf("%s does not say %q:\n%s", a.what, p, text)
		}
	}
	return a
}

// Doc returns the answer as HTML.
func (a *Answer) Doc() *goquery.Document {
	a.t.Helper()
	d, err := goquery.NewDocumentFromReader(strings.NewReader(a.Body.String()))
	if err != nil {
		a.t.Fatal(err)
	}
	return d
}

// Text returns what a person reads of the page.
func (a *Answer) Text() string {
	return strings.Join(strings.Fields(a.Doc().Find("body").Text()), " ")
}
