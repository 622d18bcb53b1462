package handlers

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/alexedwards/scs/sqlite3store"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// TestStatementsOfARequest holds how often the pages that are asked for most ask
// the database, so that it does not creep up (goal S8). Who needs one more asks
// first whether one that is there can bring it.
func TestStatementsOfARequest(t *testing.T) {
	t.Parallel()
	s := newScene(t, func(c *Config) {
		c.Practice = platforms.NewRegistry(tiny{id: "tiny", name: "Tiny", max: 50}, tiny{id: "wide", name: "Wide", max: 200})
		c.SessionStore = sqlite3store.NewWithCleanupInterval(c.DB.Sessions(), 0)
	})
	accounts := []int64{s.account("tiny", true, club.Working), s.account("wide", true, club.Working)}
	p := s.schedule("Under-12 trials", "2026-11-24T18:30", accounts...)
	for i := range 20 {
		s.schedule("Match", fmt.Sprintf("2026-11-%02dT18:30", 25+i%5), accounts...)
	}
	tom := s.as(club.Publisher)
	for _, tt := range []struct {
		what string
		want int
		ask  func()
	}{
		// One more than the posts of the month need: whether anything is planned later.
		{"month", 8, func() { tom.get("/calendar").want(http.StatusOK) }},
		{"post", 11, func() { tom.get(fmt.Sprintf("/posts/%d", p.ID)).want(http.StatusOK) }},
		{"move of a post for two accounts", 17, func() { tom.postHX(movePath(p), s.moving(p, "2026-11-27", "")).want(http.StatusOK) }},
	} {
		got := storetest.Statements(t, s.db, tt.ask)
		if len(got) != tt.want {
			t.Errorf("%s: %d statements, want %d:\n%s", tt.what, len(got), tt.want, strings.Join(got, "\n"))
		}
	}
}

// TestPagesOfManyAskAsOftenAsPagesOfFew: a page that lists things reads all of them
// together. Two accounts that are in trouble become nine, and three posts of each kind
// become twelve.
func TestPagesOfManyAskAsOftenAsPagesOfFew(t *testing.T) {
	t.Parallel()
	s := newScene(t, func(c *Config) {
		c.Practice = platforms.NewRegistry(tiny{id: "tiny", name: "Tiny", max: 50}, tiny{id: "wide", name: "Wide", max: 200})
		c.SessionStore = sqlite3store.NewWithCleanupInterval(c.DB.Sessions(), 0)
	})
	accounts := []int64{s.account("tiny", true, club.Working), s.account("wide", true, club.NeedsReconnect)}
	kinds := []struct {
		status club.Status
		phase  club.Phase
	}{{club.NeedsAttention, club.Late}, {club.NeedsAttention, club.Ambiguous}, {club.Failed, "rejected"}}
	n := 0
	add := func(posts int) (last int64) {
		for range posts {
			for _, k := range kinds {
				last = s.schedule(fmt.Sprintf("Match %d", n), fmt.Sprintf("2026-11-%02dT18:30", 25+n%5), accounts...).ID
				s.force(last, k.status, k.phase)
				n++
			}
		}
		return last
	}
	admin := s.as(club.Admin)
	paths := []string{"/waiting", "/accounts", "/accounts/" + fmt.Sprint(accounts[1]), "/accounts/connect", "/notices", "/posts", "/calendar", "/results", "/hold", "/practice/mode", "/settings/status", "/settings/members", "/posts/new"}
	ask := func(post int64) map[string][]string {
		asked := map[string][]string{}
		for _, path := range paths {
			asked[path] = storetest.Statements(t, s.db, func() { admin.get(path).want(http.StatusOK) })
		}
		path := fmt.Sprintf("/posts/%d", post)
		asked["a failed post"] = storetest.Statements(t, s.db, func() { admin.get(path).want(http.StatusOK) })
		return asked
	}
	few := ask(add(1))
	for range 7 {
		accounts = append(accounts, s.account("wide", true, club.NeedsReconnect))
	}
	many := ask(add(4))
	for path, asked := range many {
		if len(asked) != len(few[path]) {
			t.Errorf("%s: %d statements of many, %d of few:\n%s", path, len(asked), len(few[path]), strings.Join(asked, "\n"))
		}
	}
}

// TestListsSayThatTheyAreCut: whoever does not find something in a list is told that
// the list does not show everything.
func TestListsSayThatTheyAreCut(t *testing.T) {
	t.Parallel()
	s := newScene(t, func(c *Config) {
		c.Practice = platforms.NewRegistry(tiny{id: "tiny", name: "Tiny", max: 50})
	})
	account := s.account("tiny", true, club.Working)
	s.force(s.schedule("Match", "2026-11-25T18:30", account).ID, club.NeedsAttention, club.Late)
	admin, clubID := s.as(club.Admin), s.scope(club.Admin).ClubID
	lists := map[string]string{"/waiting": "This page shows 500 at once", "/settings/members": "Only the first 1,000", "/accounts": "Only the first 1,000"}
	for path, words := range lists {
		if text := admin.get(path).want(http.StatusOK).doc().Text(); strings.Contains(text, words) {
			t.Errorf("%s says %q of a short list", path, words)
		}
	}
	const numbers = `WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1000) `
	s.exec(numbers+`INSERT INTO deliveries (id, club_id, post_id, connection_id, part, status, phase, due_at)
		SELECT randomblob(16), d.club_id, d.post_id, d.connection_id, n.n, d.status, d.phase, d.due_at FROM n, deliveries d WHERE d.club_id = ?`, clubID)
	s.exec(numbers + `INSERT INTO people (email, name, password_hash, sessions_from, created_at) SELECT 'member' || n || '@club.example', 'Member ' || n, '', 0, 0 FROM n`)
	s.exec(`INSERT INTO members (club_id, person_id, role, joined_at) SELECT ?, id, 'viewer', 0 FROM people WHERE email GLOB 'member*'`, clubID)
	s.exec(numbers+`INSERT INTO connections (club_id, platform, remote_id, name, health, practice, connected_by, connected_at)
		SELECT c.club_id, c.platform, 'r' || n.n, 'Account ' || n.n, c.health, 1, c.connected_by, c.connected_at FROM n, connections c WHERE c.id = ?`, account)
	for path, words := range lists {
		admin.get(path).says(words)
	}
}
