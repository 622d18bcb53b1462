package handlers

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
)

// senders are ways in which a request can say where it comes from, and what
// http.CrossOriginProtection makes of them (rule W3). %s stands for our own
// address.
var senders = []struct {
	name    string
	header  http.Header
	refused bool
}{
	{"a form of another site", http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}}, true},
	{"another site, without saying which", http.Header{"Sec-Fetch-Site": {"cross-site"}}, true},
	{"another host of the same domain", http.Header{"Sec-Fetch-Site": {"same-site"}, "Origin": {"https://wiki.club.example"}}, true},
	{"a word nobody knows", http.Header{"Sec-Fetch-Site": {"friendly"}}, true},
	{"an old browser on another site", http.Header{"Origin": {"https://evil.example"}}, true},
	{"an old browser that hides where it is", http.Header{"Origin": {"null"}}, true},
	{"another port of this computer", http.Header{"Origin": {"http://127.0.0.1:1"}}, true},
	{"a name that begins like ours", http.Header{"Origin": {"%s.evil.example"}}, true},
	{"an address that is none", http.Header{"Origin": {"://"}}, true},
	{"another site that htmx calls", http.Header{"Origin": {"https://evil.example"}, "Hx-Request": {"true"}}, true},
	{"a page of ours", http.Header{"Sec-Fetch-Site": {"same-origin"}, "Origin": {"%s"}}, false},
	{"typed by the person", http.Header{"Sec-Fetch-Site": {"none"}}, false},
	{"an old browser on a page of ours", http.Header{"Origin": {"%s"}}, false},
	{"a page of ours behind a proxy that changes the host", http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"%s"}, "Host": {"inside:8080"}}, false},
	// Neither browser nor site: SameSite=Lax keeps the cookie out of such forms.
	{"a program", nil, false},
	{"an old browser that says the page alone", http.Header{"Referer": {"https://evil.example/"}}, false},
}

// sendAs sends a request as one of them.
func (g *ground) sendAs(b *browser, method, path string, header http.Header, form url.Values) *answer {
	g.t.Helper()
	req, err := http.NewRequestWithContext(g.t.Context(), method, g.web.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		g.t.Fatal(err)
	}
	for k, vs := range header {
		if v := strings.ReplaceAll(vs[0], "%s", g.web.URL); k == "Host" {
			req.Host = v
		} else {
			req.Header.Set(k, v)
		}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.send(req)
}

// saysForeign tells whether a request was refused as one of another site.
func saysForeign(a *answer) bool {
	return a.StatusCode == http.StatusForbidden && strings.Contains(a.body, "did not come from a page of this Bandstand")
}

// TestFormsOfOtherSites is T-CSRF: every door that changes something × everybody
// who may knock. What is refused changes nothing, though an Admin's browser sent
// it, rightly filled in.
func TestFormsOfOtherSites(t *testing.T) {
	t.Parallel()
	g := newGround(t, withDatabaseSessions)
	stranger := g.as("")
	// That it was refused is recorded, once in a while for each address.
	if a := g.sendAs(stranger, http.MethodPost, "/profile", senders[0].header, nil); !saysForeign(a) || g.recorded()["cross_site"] != 1 {
		t.Fatalf("%s answered %d; recorded are %v", a.what, a.StatusCode, g.recorded())
	}
	for _, r := range g.server.routes() {
		if r.Method != http.MethodPost {
			continue
		}
		make, _, _ := g.objectOf(r)
		path, admin := fill(r.Path, make(g.scope(club.Admin))), g.as(club.Admin)
		for _, x := range senders {
			if !x.refused {
				// Strangers knock: it is enough that they are asked who they are.
				if a := g.sendAs(stranger, http.MethodPost, path, x.header, nil); a.StatusCode == http.StatusForbidden {
					t.Errorf("%s from %s answered %d: %s", a.what, x.name, a.StatusCode, a.text())
				}
				continue
			}
			before := g.dataVersion()
			a := g.sendAs(admin, http.MethodPost, path, x.header, g.sent(r))
			if !saysForeign(a) || g.dataVersion() != before {
				t.Errorf("%s from %s answered %d and changed something: %v", a.what, x.name, a.StatusCode, g.dataVersion() != before)
			}
		}
	}
	admin := g.as(club.Admin)
	for _, method := range []string{http.MethodPut, http.MethodPatch, http.MethodDelete, "PURGE"} {
		if a := g.sendAs(admin, method, "/profile", senders[0].header, nil); !saysForeign(a) {
			t.Errorf("%s from %s answered %d", method, senders[0].name, a.StatusCode)
		}
	}
	// Links from mails and other sites lead in.
	for _, x := range senders {
		g.sendAs(admin, http.MethodGet, "/calendar", x.header, nil).want(http.StatusOK)
	}
}

// TestLookingChangesNothing is the other half of rule W3: a GET or HEAD of every
// page, with a sign of life due to be stored, changes no table but those of
// sessions and of members, for when they were last seen; an export writes to the audit log that it was made.
func TestLookingChangesNothing(t *testing.T) {
	t.Parallel()
	g := newGround(t, withDatabaseSessions)
	may := map[string][]string{
		"GET /results.csv": {"audit", "members", "sessions", "sqlite_sequence"},
	}
	for _, r := range g.server.routes() {
		if r.Method != http.MethodGet {
			continue
		}
		make, _, _ := g.objectOf(r)
		path := fill(r.Path, make(g.scope(club.Admin)))
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			b := g.as(club.Admin)
			g.clock.Advance(time.Minute + web.TouchEvery)
			before := g.dump()
			a := b.do(method, path, nil, http.Header{"Sec-Fetch-Site": {"cross-site"}})
			if a.StatusCode >= http.StatusInternalServerError || a.StatusCode == http.StatusForbidden {
				t.Errorf("%s answered %d", a.what, a.StatusCode)
			}
			allowed, ok := may[method+" "+r.Path]
			if !ok && method == http.MethodGet {
				allowed = []string{"members", "sessions"}
			}
			for _, table := range before.changed(g.dump()) {
				if !slices.Contains(allowed, table) {
					t.Errorf("%s changed the table %s", a.what, table)
				}
			}
		}
	}
}

// dump is the content of every table, hashed.
type dump map[string]string

func (s *scene) dump() dump {
	s.t.Helper()
	names, err := s.db.Reader().QueryContext(s.t.Context(), `SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`)
	if err != nil {
		s.t.Fatal(err)
	}
	defer names.Close()
	var tables []string
	for names.Next() {
		var name string
		if err := names.Scan(&name); err != nil {
			s.t.Fatal(err)
		}
		tables = append(tables, name)
	}
	if err := names.Err(); err != nil {
		s.t.Fatal(err)
	}
	d := dump{}
	for _, table := range tables {
		d[table] = s.tableHash(table)
	}
	return d
}

func (s *scene) tableHash(table string) string {
	s.t.Helper()
	rows, err := s.db.Reader().QueryContext(s.t.Context(), `SELECT * FROM `+table)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		s.t.Fatal(err)
	}
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	h := sha256.New()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			s.t.Fatal(err)
		}
		fmt.Fprintf(h, "%q\n", values)
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return string(h.Sum(nil))
}

// changed are the tables that differ.
func (d dump) changed(after dump) []string {
	var out []string
	for table, hash := range after {
		if d[table] != hash {
			out = append(out, table)
		}
	}
	slices.Sort(out)
	return out
}
