package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/handlers/web"
)

// writtenDown are the tables in which the record of those is kept who try to
// get in (rule W11). It has a limit of its own.
var writtenDown = []string{"audit", "sqlite_sequence"}

// TestVisitorsWriteNothing walks every route as somebody who is not signed in,
// with nonsense: no table changes but the record of such tries, and that no more
// often than its limit says. Coming back from a platform once made a
// session of fourteen days for whoever asked.
func TestVisitorsWriteNothing(t *testing.T) {
	t.Parallel()
	g := newGround(t, withDatabaseSessions)
	form := url.Values{
		"email": {"nobody@nowhere.example"}, "password": {"guess"}, "name": {"No Body"}, "code": {"nonsense"}, "state": {"nonsense"}, "club": {"1"},
		"text": {"Training"}, "mark": {"nonsense"}, "op": {"nonsense"}, "confirm": {"nonsense"}, "do": {"draft"}, "to": {"/posts/kept/nonsense"},
	}
	before, recorded := g.dump(), g.count(`SELECT count(*) FROM audit`)
	for _, r := range g.server.routes() {
		path := r.Path
		if strings.ContainsAny(path, ":*") {
			_, missing, _ := g.objectOf(r)
			if missing == nil {
				missing = []string{"nonsense", "nonsense", "nonsense", "nonsense"}
			}
			path = fill(path, missing)
		}
		for name, header := range map[string]http.Header{
			"a visitor": nil, "a script": hx, "with a made-up session": {"Cookie": {"bandstand=" + strings.Repeat("A", 43)}}, "from elsewhere": {"Sec-Fetch-Site": {"cross-site"}},
		} {
			for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
				version := g.dataVersion()
				sent := path
				if method != http.MethodPost {
					sent += "?" + form.Encode()
				}
				req, err := http.NewRequestWithContext(t.Context(), method, g.web.URL+sent, strings.NewReader(form.Encode()))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				req.Header.Set("Sec-Fetch-Site", "same-origin")
				for k, v := range header {
					req.Header[k] = v
				}
				a := g.visitor().send(req)
				if a.StatusCode >= http.StatusInternalServerError {
					t.Errorf("%s: %s answered %d", name, a.what, a.StatusCode)
				}
				if cookies := a.Cookies(); len(cookies) > 0 {
					t.Errorf("%s: %s gave the cookie %v", name, a.what, cookies)
				}
				if g.dataVersion() == version {
					continue
				}
				after := g.dump()
				for _, table := range before.changed(after) {
					if !slices.Contains(writtenDown, table) {
						t.Errorf("%s: %s changed the table %s", name, a.what, table)
					}
				}
				before = after
			}
		}
	}
	if n := g.count(`SELECT count(*) FROM audit`) - recorded; n == 0 || n > web.MaxRecorded {
		t.Errorf("%d tries were written down, want 1 to %d", n, web.MaxRecorded)
	}
}

// count is the number that a query gives.
func (s *scene) count(query string) (n int) {
	s.t.Helper()
	if err := s.db.Reader().QueryRowContext(s.t.Context(), query).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}
