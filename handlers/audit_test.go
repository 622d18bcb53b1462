package handlers

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/handlers/people"
	"github.com/bandstand-app/bandstand/internal/club"
)

// recorded counts the entries of each action in the audit log.
func (s *scene) recorded() map[string]int {
	s.t.Helper()
	rows, err := s.db.Reader().QueryContext(s.t.Context(), `SELECT action, count(*) FROM audit GROUP BY action`)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	all := map[string]int{}
	for rows.Next() {
		var action string
		var n int
		if err := rows.Scan(&action, &n); err != nil {
			s.t.Fatal(err)
		}
		all[action] = n
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return all
}

// TestWhatIsRecorded is rule W11: each of these actions leaves one entry, with
// who and from where; what is refused leaves none.
func TestWhatIsRecorded(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	admin := g.scope(club.Admin)
	everybody := credentials("maeve@riverside.example", everyPassword)
	path := func(prefix string, id int64, rest string) string { return prefix + id64(id) + rest }
	tests := []struct {
		action string
		by     club.Role
		do     func(b *browser) *answer
	}{
		{"signed_in", "", func(b *browser) *answer { return b.post("/sign-in", everybody) }},
		{"signed_out", club.Viewer, func(b *browser) *answer { return b.post("/sign-out", nil) }},
		{"password_changed", club.Viewer, func(b *browser) *answer {
			return b.post("/profile/password", url.Values{"old_password": {everyPassword}, "password": {everyPassword + " 2"}})
		}},
		{"password_given", "", func(*browser) *answer {
			b, path := g.byPassword(), g.memberPath(club.Viewer, "sign-in-link")
			g.clock.Advance(people.ConfirmedFor + time.Second)
			return b.post(path, confirming(b.post(path, nil).reference(), everyPassword))
		}},
		{"password_link", club.Admin, func(b *browser) *answer { return b.post(g.memberPath(club.Writer, "sign-in-link"), nil) }},
		{"password_reset", "", func(b *browser) *answer {
			return b.post("/sign-in/link/"+g.reset(g.own), url.Values{"password": {everyPassword + " 3"}})
		}},
		{"member_invited", club.Admin, func(b *browser) *answer {
			return b.post("/settings/invitations", url.Values{"email": {"guest@riverside.example"}, "role": {"viewer"}})
		}},
		{"invitation_withdrawn", club.Admin, func(b *browser) *answer {
			_, id := g.invitation(admin)
			return b.post(path("/settings/invitations/", id, "/withdrawal"), nil)
		}},
		{"member_joined", "", func(b *browser) *answer {
			token, _ := g.invitation(admin)
			inv, err := g.db.Invitation(t.Context(), token)
			if err != nil {
				t.Fatal(err)
			}
			return b.post("/invitations/"+token, url.Values{"name": {"Nora New"}, "email": {inv.Email}, "password": {everyPassword}})
		}},
		{"role_publisher", club.Admin, func(b *browser) *answer {
			return b.post(path("/settings/members/", g.member(admin, "Gil").ID, "/role"), url.Values{"role": {"publisher"}})
		}},
		{"member_removed", club.Admin, func(b *browser) *answer {
			return b.post(path("/settings/members/", g.member(admin, "Hal").ID, "/removal"), nil)
		}},
		{"club_made", club.Admin, func(b *browser) *answer {
			return b.post("/clubs", url.Values{"club": {"Lakeside"}, "zone": {"Europe/Dublin"}, "week_start": {"1"}})
		}},
		{"club_changed", club.Admin, func(b *browser) *answer {
			return b.signedInTo(g.own.ClubID).post("/settings", url.Values{"club": {"Riverside FC"}, "zone": {"Europe/Dublin"}, "week_start": {"1"}, "late_hours": {"2"}})
		}},
		{"account_connected", club.Publisher, func(b *browser) *answer {
			return b.post("/accounts/choose/"+g.choice(g.scope(club.Publisher)), url.Values{"account": {"0"}})
		}},
		{"account_disconnected", club.Publisher, func(b *browser) *answer {
			return b.post(path("/accounts/", g.connection(admin), "/disconnect"), nil)
		}},
		{"app_saved", club.Admin, func(b *browser) *answer {
			return b.post("/settings/platforms/meta", url.Values{"app-client_id": {"1234"}, "app-client_secret": {secretWord + "-app"}})
		}},
		{"app_deleted", club.Admin, func(b *browser) *answer { return b.post("/settings/platforms/meta/removal", nil) }},
		{"post_scheduled", club.Publisher, func(b *browser) *answer {
			return b.post("/posts", with(draft("Training", g.connection(admin)), "do", "schedule"))
		}},
		{"post_moved", club.Publisher, func(b *browser) *answer {
			return b.post(path("/posts/", g.post(admin).ID, "/move"), url.Values{"to": {"other"}, "to_date": {"2026-11-27"}, "to_time": {"19:00"}, "version": {"1"}, "op": {"m1"}})
		}},
		{"post_unscheduled", club.Publisher, func(b *browser) *answer { return b.post(path("/posts/", g.pending(admin).ID, "/draft"), nil) }},
		{"post_deleted", club.Publisher, func(b *browser) *answer { return b.post(path("/posts/", g.post(admin).ID, "/deletion"), nil) }},
		{"post_said_there", club.Publisher, func(b *browser) *answer {
			return b.post("/deliveries/"+g.delivery(admin)+"/answer", url.Values{"answer": {"there"}})
		}},
		{"posts_held", club.Publisher, func(b *browser) *answer { return b.post("/hold", url.Values{"reason": {"storm"}, "until": {"open"}}) }},
		{"posts_released", club.Publisher, func(b *browser) *answer { return b.post("/hold/release", url.Values{"phase": {"held"}}) }},
		{"practice_on", club.Admin, func(b *browser) *answer { return b.post("/practice/mode", url.Values{"practice": {"on"}}) }},
		{"practice_off", club.Admin, func(b *browser) *answer { return b.post("/practice/mode", url.Values{"practice": {"off"}}) }},
		{"export", club.Viewer, func(b *browser) *answer { return b.get("/results.csv") }},
	}
	for _, tt := range tests {
		b := g.as(tt.by)
		before := g.recorded()[tt.action]
		a := tt.do(b)
		if a.StatusCode != http.StatusOK && a.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: %s answered %d: %s", tt.action, a.what, a.StatusCode, a.text())
			continue
		}
		if n := g.recorded()[tt.action] - before; n < 1 {
			t.Errorf("%s: %d entries more, want one; there are %v", tt.action, n, g.recorded())
			continue
		}
		var person, origin, object string
		err := g.db.Reader().QueryRowContext(t.Context(), `
			SELECT coalesce(p.name, ''), a.origin, a.object FROM audit a LEFT JOIN people p ON p.id = a.person_id
			WHERE a.action = ? ORDER BY a.id DESC LIMIT 1`, tt.action).Scan(&person, &origin, &object)
		if err != nil || person == "" || origin != "127.0.0.1" {
			t.Errorf("%s: by %q from %q (%v)", tt.action, person, origin, err)
		}
		if strings.Contains(object, secretWord) {
			t.Errorf("%s: %q holds a secret", tt.action, object)
		}
	}

	before := g.recorded()
	g.as(club.Viewer).post("/hold", url.Values{"reason": {"storm"}}).want(http.StatusForbidden)
	g.as(club.Admin).post(path("/settings/members/", g.other.PersonID, "/removal"), nil).want(http.StatusNotFound)
	for action, n := range g.recorded() {
		if n != before[action] {
			t.Errorf("what was refused is recorded as %s", action)
		}
	}
}

// signedInTo looks at a club again.
func (b *browser) signedInTo(clubID int64) *browser {
	b.t.Helper()
	b.post("/clubs/current", url.Values{"club": {id64(clubID)}}).to("/calendar")
	return b
}

// TestTheAuditLogIsOnlyAddedTo: the database itself refuses anything else.
func TestTheAuditLogIsOnlyAddedTo(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for _, change := range []string{
		`UPDATE audit SET origin = 'elsewhere'`, `DELETE FROM audit`, `REPLACE INTO audit SELECT * FROM audit`,
		`DELETE FROM clubs`, `INSERT OR REPLACE INTO audit (id, at, action) VALUES (1, 0, 'nothing')`,
	} {
		before := s.tableHash("audit")
		_, err := s.db.Writer().ExecContext(t.Context(), change)
		if s.tableHash("audit") != before {
			t.Errorf("%s changed the audit log (%v)", change, err)
		}
	}
}

// recordedActions are the actions that the sources record, as literals.
func recordedActions(t *testing.T) []string {
	t.Helper()
	// audit(ctx, scope, "action" …; action := "action"; and the decisions on posts.
	literal := regexp.MustCompile(`(?:\b[aA]udit\(ctx, .*?, |[dD]istrust\(c, .*?, |action :?= |club\.Person\w+: )"(\w+)"`)
	var all []string
	for _, pattern := range []string{"../store/*.go", "*.go", "*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range literal.FindAllStringSubmatch(string(b), -1) {
				if strings.HasSuffix(m[1], "_") { // what follows is one of a few words
					m[1] += string(club.PaceUseful)
				}
				all = append(all, m[1])
			}
		}
	}
	if len(all) < 35 {
		t.Fatalf("found %v: the reader of sources has missed many", all)
	}
	return all
}
