package handlers

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/alexedwards/scs/v2/memstore"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/media"
	"github.com/bandstand-app/bandstand/internal/password"
	"github.com/bandstand-app/bandstand/internal/practice"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/static"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// scene is a whole app for one test: a real database, a club with one member
// of each role, and a clock.
type scene struct {
	t       *testing.T
	db      *store.DB
	clock   *storetest.Clock
	server  *Server
	web     *httptest.Server
	club    store.Club
	persons map[club.Role]store.Person
	said    io.Writer // gets every answer of ours, if it is not nil
}

// newScene makes a club "Riverside FC" in Dublin with Maeve (admin), Tom
// (publisher), Ines (writer) and Vera (viewer). change may alter the
// configuration.
func newScene(t *testing.T, change ...func(*Config)) *scene {
	t.Helper()
	clock := storetest.NewClock()
	s := &scene{t: t, clock: clock, db: storetest.Open(t, clock.Now), persons: map[club.Role]store.Person{}}
	catalogue, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	assets, err := static.New()
	if err != nil {
		t.Fatal(err)
	}
	passwords := password.New()
	library, err := media.Open(s.db, media.Settings{Dir: t.TempDir(), Key: []byte("key"), Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	s.web = httptest.NewUnstartedServer(nil)
	base := &url.URL{Scheme: "http", Host: s.web.Listener.Addr().String()}
	cfg := Config{
		Config: web.Config{
			DB: s.db, SessionStore: memstore.New(), Catalogue: catalogue, Assets: assets, Media: library,
			Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: clock.Now, BaseURL: base, Version: "test",
			Health: func() web.Health { return web.Health{LastTick: clock.Now()} },
			Real:   platforms.NewRegistry(), Practice: platforms.NewRegistry(),
		},
		Services: Services{Passwords: passwords, Links: noLinks{}},
	}
	for _, f := range change {
		f(&cfg)
	}
	if s.server, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	s.web.Config.Handler = s.server
	s.web.Start()
	t.Cleanup(s.web.Close)
	s.people()
	return s
}

func (s *scene) people() {
	s.t.Helper()
	ctx := s.t.Context()
	// A hash that no password matches: tests sign in with signInAs.
	const hash = "none"
	maeve, c, err := s.db.CreateFirst(ctx, store.NewPerson{Email: "maeve@riverside.example", Name: "Maeve Byrne", PasswordHash: hash},
		store.NewClub{Name: "Riverside FC", Zone: "Europe/Dublin", WeekStart: 1}, "test")
	if err != nil {
		s.t.Fatal(err)
	}
	s.club, s.persons[club.Admin] = c, maeve
	for role, name := range map[club.Role]string{club.Publisher: "Tom Reid", club.Writer: "Ines Silva", club.Viewer: "Vera Kelly"} {
		email := strings.ToLower(strings.Fields(name)[0]) + "@riverside.example"
		token, err := s.db.CreateInvitation(ctx, store.Scope{ClubID: c.ID, PersonID: maeve.ID}, email, role, "test")
		if err != nil {
			s.t.Fatal(err)
		}
		p, _, err := s.db.AcceptInvitationAsNew(ctx, token, store.NewPerson{Email: email, Name: name, PasswordHash: hash}, "test")
		if err != nil {
			s.t.Fatal(err)
		}
		s.persons[role] = p
	}
}

// noLinks reads no pages.
type noLinks struct{}

func (noLinks) Request(context.Context, int64, int64, string) error { return nil }

// scope is what a role may touch.
func (s *scene) scope(r club.Role) store.Scope {
	return store.Scope{ClubID: s.club.ID, PersonID: s.persons[r].ID}
}

// browser keeps cookies and follows no redirects.
type browser struct {
	t    *testing.T
	s    *scene
	http *http.Client
}

// as opens a browser that is signed in with a role; "" is a stranger.
func (s *scene) as(r club.Role) *browser {
	s.t.Helper()
	b := &browser{t: s.t, s: s, http: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	if r == "" {
		return b
	}
	return s.signedIn(s.persons[r].ID, s.club.ID)
}

// signedIn opens a browser of a person who looks at a club.
func (s *scene) signedIn(person, club int64) *browser {
	s.t.Helper()
	b := s.as("")
	ctx, err := s.server.Sessions.Load(s.t.Context(), "")
	if err != nil {
		s.t.Fatal(err)
	}
	p, err := s.db.Person(s.t.Context(), person)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.server.StartSession(ctx, p, club); err != nil {
		s.t.Fatal(err)
	}
	token, expiry, err := s.server.Sessions.Commit(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	b.http.Jar = jar{&http.Cookie{Name: s.server.Sessions.Cookie.Name, Value: token, Expires: expiry}}
	return b
}

// jar holds the one session cookie.
type jar struct{ c *http.Cookie }

func (j jar) SetCookies(*url.URL, []*http.Cookie) {}
func (j jar) Cookies(*url.URL) []*http.Cookie     { return []*http.Cookie{j.c} }
func (b *browser) get(path string) *answer        { return b.do(http.MethodGet, path, nil, nil) }
func (b *browser) getHX(path string) *answer      { return b.do(http.MethodGet, path, nil, hx) }
func (b *browser) post(path string, form url.Values) *answer {
	return b.do(http.MethodPost, path, form, nil)
}

func (b *browser) postHX(path string, form url.Values) *answer {
	return b.do(http.MethodPost, path, form, hx)
}

var hx = http.Header{"Hx-Request": {"true"}}

func (b *browser) do(method, path string, form url.Values, header http.Header) *answer {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.s.web.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	return b.send(req)
}

func (b *browser) send(req *http.Request) *answer {
	b.t.Helper()
	resp, err := b.http.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if b.s.said != nil && strings.HasSuffix(b.s.web.URL, req.URL.Host) && !strings.HasPrefix(req.URL.Path, practice.Path) {
		_ = resp.Header.Write(b.s.said)
		_, _ = b.s.said.Write(body)
	}
	return &answer{t: b.t, Response: resp, body: string(body), what: req.Method + " " + req.URL.Path, from: b}
}

// answer is what the app said.
type answer struct {
	*http.Response
	from *browser
	t    *testing.T
	body string
	what string
}

// want checks the status.
func (a *answer) want(status int) *answer {
	a.t.Helper()
	if a.StatusCode != status {
		a.t.Fatalf("%s answered %d, want %d\n%s", a.what, a.StatusCode, status, a.text())
	}
	return a
}

// to checks a redirect to a page, wherever on it.
func (a *answer) to(path string) *answer {
	a.t.Helper()
	a.want(http.StatusSeeOther)
	got := a.Header.Get("Location")
	if !strings.Contains(path, "#") {
		got, _, _ = strings.Cut(got, "#")
	}
	if got != path {
		a.t.Fatalf("%s leads to %s, want %s", a.what, got, path)
	}
	return a
}

// doc is the answer as HTML.
func (a *answer) doc() *goquery.Document {
	a.t.Helper()
	d, err := goquery.NewDocumentFromReader(strings.NewReader(a.body))
	if err != nil {
		a.t.Fatal(err)
	}
	return d
}

// text is what a person reads of the page.
func (a *answer) text() string {
	return strings.Join(strings.Fields(a.doc().Find("body").Text()), " ")
}

// says checks that the person reads all of these.
func (a *answer) says(parts ...string) *answer {
	a.t.Helper()
	text := a.text()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			a.t.Errorf("%s does not say %q:\n%s", a.what, p, text)
		}
	}
	return a
}

// saysNot checks that the person reads none of these.
func (a *answer) saysNot(parts ...string) *answer {
	a.t.Helper()
	text := a.text()
	for _, p := range parts {
		if strings.Contains(text, p) {
			a.t.Errorf("%s says %q", a.what, p)
		}
	}
	return a
}

// holds checks that a field has what was typed in it again, and says beside it,
// and in a summary that leads to it, what is wrong.
func (a *answer) holds(field, typed string) *answer {
	a.t.Helper()
	f := a.doc().Find("[id='" + field + "']")
	if got := f.AttrOr("value", f.Text()); f.Length() != 1 || got != typed {
		a.t.Errorf("%s: %s holds %.60q, want %.60q", a.what, field, got, typed)
	}
	if a.doc().Find("[id='"+field+"-e']").Length() != 1 || f.AttrOr("aria-invalid", "") != "true" || !slices.Contains(strings.Fields(f.AttrOr("aria-describedby", "")), field+"-e") {
		a.t.Errorf("%s does not say at %s what is wrong", a.what, field)
	}
	if a.doc().Find(`.errors a[href="#`+field+`"]`).Length() != 1 {
		a.t.Errorf("the summary of %s does not lead to %s: %q", a.what, field, a.doc().Find(".errors").Text())
	}
	return a
}
