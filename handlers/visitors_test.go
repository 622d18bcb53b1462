package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// writtenDown are the routes at which what a visitor tried is written down (rule
// W11), and in which tables; how often, the limits of tries decide.
var writtenDown = map[string][]string{
	"GET /sign-in": {"audit", "sqlite_sequence"}, "POST /sign-in": {"audit", "sqlite_sequence"},
	"GET /setup": {"audit", "sqlite_sequence"}, "POST /setup": {"audit", "sqlite_sequence"},
}

// TestVisitorsWriteNothing walks every route as somebody who is not signed in,
// with nonsense: no table changes. Coming back from a platform once made a
// session of fourteen days for whoever asked.
func TestVisitorsWriteNothing(t *testing.T) {
	t.Parallel()
	g := newGround(t, withDatabaseSessions)
	form := url.Values{
		"email": {"nobody@nowhere.example"}, "password": {"guess"}, "name": {"No Body"}, "code": {"nonsense"}, "state": {"nonsense"}, "club": {"1"},
		"text": {"Training"}, "mark": {"nonsense"}, "op": {"nonsense"}, "confirm": {"nonsense"}, "do": {"draft"}, "to": {"/posts/kept/nonsense"},
	}
	before := g.dump()
	for _, r := range g.server.routes() {
		path := r.path
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
			for _, method := range []string{get, head, post} {
				version := g.dataVersion()
				sent := path
				if method != post {
					sent += "?" + form.Encode()
				}
				a := g.visitor().do(method, sent, form, header)
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
					if !slices.Contains(writtenDown[r.method+" "+r.path], table) {
						t.Errorf("%s: %s changed the table %s", name, a.what, table)
					}
				}
				before = after
			}
		}
	}
}
