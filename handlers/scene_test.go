package handlers

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/bandstand-app/bandstand/handlers/web/webtest"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/password"
	"github.com/bandstand-app/bandstand/internal/practice"
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
	house := webtest.NewClub(t)
	s := &scene{t: t, clock: house.Clock, db: house.DB, club: house.Club, persons: house.Persons}
	s.web = httptest.NewUnstartedServer(nil)
	cfg := Config{
		Config:   house.Config(t, &url.URL{Scheme: "http", Host: s.web.Listener.Addr().String()}),
		Services: Services{Passwords: password.New(), Links: noLinks{}},
	}
	for _, f := range change {
		f(&cfg)
	}
	var err error
	if s.server, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	s.web.Config.Handler = s.server
	s.web.Start()
	t.Cleanup(s.web.Close)
	return s
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
	b := &browser{t: s.t, s: s, http: &http.Client{Transport: s.web.Client().Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	if r == "" {
		return b
	}
	return s.signedIn(s.persons[r].ID, s.club.ID)
}

// signedIn opens a browser of a person who looks at a club.
func (s *scene) signedIn(person, club int64) *browser {
	s.t.Helper()
	b := s.as("")
	p, err := s.db.Person(s.t.Context(), person)
	if err != nil {
		s.t.Fatal(err)
	}
	b.http.Jar = jar{webtest.SignIn(s.t, s.server.App, p, club)}
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
