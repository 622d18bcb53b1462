package handlers

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/alexedwards/scs/sqlite3store"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

// withDatabaseSessions keeps sessions where the program keeps them.
func withDatabaseSessions(c *Config) {
	c.SessionStore = sqlite3store.NewWithCleanupInterval(c.DB.Sessions(), 0)
}

// quick is a hasher that costs nothing, counts, and can be held up.
type quick struct {
	hashes, checks atomic.Int64
	// hold, if not nil, is asked before every check: a test decides when it goes on.
	hold func()
}

// old is the form of a hash that should be made again.
const oldForm = "old:"

func (q *quick) Hash(_ context.Context, password string) (string, error) {
	q.hashes.Add(1)
	return "new:" + password, nil
}

func (q *quick) Matches(_ context.Context, password, hash string) (ok, old bool, err error) {
	q.checks.Add(1)
	if q.hold != nil {
		q.hold()
	}
	before, found := strings.CutPrefix(hash, oldForm)
	if !found {
		before, _ = strings.CutPrefix(hash, "new:")
	}
	return hash != "" && before == password, found, nil
}

// goodPassword is that of everybody in a scene made by newDoor.
const goodPassword = "four brass horns play"

// newDoor is a scene whose people have passwords and whose sessions lie in the
// database.
func newDoor(t *testing.T, change ...func(*Config)) (*scene, *quick) {
	t.Helper()
	q := &quick{}
	change = append([]func(*Config){withDatabaseSessions, func(c *Config) { c.Passwords = q }}, change...)
	s := newScene(t, change...)
	s.exec(`UPDATE people SET password_hash = ?`, "new:"+goodPassword)
	return s, q
}

// exec changes the database behind the back of the store.
func (s *scene) exec(query string, args ...any) {
	s.t.Helper()
	if _, err := s.db.Writer().ExecContext(s.t.Context(), query, args...); err != nil {
		s.t.Fatal(err)
	}
}

// visitor opens a browser with a real cookie jar.
func (s *scene) visitor() *browser {
	s.t.Helper()
	b := s.as("")
	b.http.Jar, _ = cookiejar.New(nil) // never fails without options
	return b
}

// emailOf is the address of the member with a role.
func (s *scene) emailOf(r club.Role) string { return s.persons[r].Email }

func credentials(email, password string) url.Values {
	return url.Values{"email": {email}, "password": {password}}
}

// visit signs the member with a role in through the door.
func (s *scene) visit(r club.Role) *browser {
	s.t.Helper()
	b := s.visitor()
	b.post("/sign-in", credentials(s.emailOf(r), goodPassword)).to("/calendar")
	return b
}

// cookie is the session token a browser holds, "" for none.
func (b *browser) cookie() string {
	for _, c := range b.http.Jar.Cookies(parse(b.t, b.s.web.URL)) {
		if c.Name == "bandstand" {
			return c.Value
		}
	}
	return ""
}

// holds opens a browser that holds a session token.
func (s *scene) holding(token string) *browser {
	s.t.Helper()
	b := s.visitor()
	b.http.Jar.SetCookies(parse(s.t, s.web.URL), []*http.Cookie{{Name: "bandstand", Value: token}})
	return b
}

// signedInNow tells whether a browser is somebody's. Looking may touch the
// session.
func (b *browser) signedInNow() bool {
	b.t.Helper()
	a := b.get("/profile")
	if a.StatusCode != http.StatusOK && a.Header.Get("Location") != "/sign-in?to=%2Fprofile" {
		b.t.Fatalf("%s answered %d to %s", a.what, a.StatusCode, a.Header.Get("Location"))
	}
	return a.StatusCode == http.StatusOK
}

// alive checks whether a session token opens anything.
func (s *scene) alive(what, token string, want bool) {
	s.t.Helper()
	if token == "" {
		s.t.Fatalf("%s: there is no token", what)
	}
	if got := s.holding(token).signedInNow(); got != want {
		s.t.Errorf("%s: signed in %v, want %v", what, got, want)
	}
}

// onDisk are the bytes of the database and what was not yet moved into it.
func (s *scene) onDisk() string {
	s.t.Helper()
	var n int
	var name, path string
	if err := s.db.Reader().QueryRowContext(s.t.Context(), "PRAGMA database_list").Scan(&n, &name, &path); err != nil {
		s.t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range []string{path, path + "-wal"} {
		b, err := os.ReadFile(f)
		if err != nil {
			s.t.Fatal(err)
		}
		all.Write(b)
	}
	return all.String()
}

// invite makes an invitation link of the scene's club and returns its path.
func (s *scene) invite(email string, r club.Role) string {
	s.t.Helper()
	token, err := s.db.CreateInvitation(s.t.Context(), s.scope(club.Admin), email, r, "test")
	if err != nil {
		s.t.Fatal(err)
	}
	return "/invitations/" + token
}

// signInLink makes a link that sets a member's password and returns its path.
func (s *scene) signInLink(r club.Role) string {
	s.t.Helper()
	_, token, err := s.db.CreateMemberReset(s.t.Context(), s.scope(club.Admin), s.persons[r].ID, "test")
	if err != nil {
		s.t.Fatal(err)
	}
	return "/sign-in/link/" + token
}

// memberPath is the address of what an Admin does with a member.
func (s *scene) memberPath(r club.Role, what string) string {
	return "/settings/members/" + id64(s.persons[r].ID) + "/" + what
}

func (s *scene) person(id int64) store.Person {
	s.t.Helper()
	p, err := s.db.Person(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}
