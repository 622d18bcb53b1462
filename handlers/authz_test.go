package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

// sent is what a form needs so that an allowed request is carried out.
func (g *ground) sent(r web.Route) url.Values {
	switch r.Path {
	case "/deliveries/:id/answer":
		return url.Values{"answer": {"there"}}
	case "/posts/:id/revision":
		return url.Values{"do": {"throw"}, "version": {"2"}}
	case "/posts/:id/move":
		return url.Values{"to": {"other"}, "to_date": {"2026-11-27"}, "to_time": {"19:00"}, "version": {"1"}}
	case "/clubs/current":
		return url.Values{"club": {id64(g.own.ClubID)}}
	case "/settings/members/:id/role":
		return url.Values{"role": {"writer"}}
	case "/profile/password":
		return url.Values{"old_password": {everyPassword}, "password": {"short"}}
	case "/practice/behaviour":
		return url.Values{"platform": {"x"}, "behaviour": {"slow"}}
	case "/practice/mode":
		return url.Values{"practice": {"on"}}
	case "/accounts/:id/unsure":
		return url.Values{"do": {"ask"}}
	case "/accounts/:id/numbers":
		return url.Values{"pace": {"weekly"}}
	case "/accounts/choose/:id":
		return url.Values{"account": {"0"}}
	case "/posts/:id/autosave":
		return url.Values{"text": {"Training"}, "version": {"1"}}
	case "/posts", "/posts/autosave", "/posts/preview":
		return url.Values{"text": {"Training"}}
	}
	return nil
}

// done is what an allowed request to one's own object answers: 200 for a page
// and 303 for a form, if it is not here.
var done = map[string]int{
	"GET /settings/members/:id/role":          303,
	"GET /posts/:id/status":                   303, // a fragment; the page for browsers
	"GET /calendar/agenda":                    404, // days from a date on: it names none
	"POST /clubs":                             422,
	"POST /settings":                          422,
	"POST /profile":                           422,
	"POST /profile/password":                  422,
	"POST /settings/invitations":              422,
	"POST /settings/members/:id/sign-in-link": 200,
	"POST /settings/platforms/:slot":          422,
	"POST /hold":                              422,
	"POST /waiting":                           404,
	"POST /posts/preview":                     200,
	"POST /posts/:id/schedule":                422,
	"POST /settings/platforms/:slot/check":    200,
	"POST /practice/:mount/*":                 404,
}

var roles = []club.Role{"", "nobody", club.Viewer, club.Writer, club.Publisher, club.Admin}

// TestEveryDoor is T-AUTHZ: every route × role × object × method answers as its
// action and rule W2 demand, and what is refused or only looked at changes
// nothing.
func TestEveryDoor(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	for _, r := range g.server.routes() {
		if r.Action != club.Public {
			for _, role := range roles {
				g.try(r, role)
			}
		}
	}
}

// try knocks at one door as one role.
func (g *ground) try(r web.Route, role club.Role) {
	g.t.Helper()
	make, missing, foreign := g.objectOf(r)
	own := g.own
	if role.Valid() {
		own = g.scope(role) // a choice belongs to a person
	}
	paths := map[string]string{"own": fill(r.Path, make(own))}
	if missing != nil {
		paths["missing"] = fill(r.Path, missing)
	}
	if foreign {
		paths["foreign"] = fill(r.Path, make(g.other))
	}
	answers := map[string]*answer{}
	for _, whose := range []string{"missing", "foreign", "own"} {
		path, ok := paths[whose]
		if !ok {
			continue
		}
		for _, header := range []http.Header{hx, nil} {
			b := g.browser(role)
			before := g.dataVersion()
			a := b.do(r.Method, path, g.sent(r), header)
			a.what = strings.Join([]string{string(role), whose, a.what}, " ")
			g.judge(r, role, whose, header != nil, a)
			if changed := g.dataVersion() != before; changed && r.Path != "/results.csv" && (r.Method == http.MethodGet || a.StatusCode >= 400) { // an export is in the audit log
				g.t.Errorf("%s answered %d and changed something", a.what, a.StatusCode)
			}
			g.clean(r, a)
			if header == nil {
				answers[whose] = a
			}
			if whose == "own" && r.Method == http.MethodPost && header != nil {
				paths["own"] = fill(r.Path, make(own)) // the first may be gone now
				path = paths["own"]
			}
		}
	}
	if f, m := answers["foreign"], answers["missing"]; f != nil && m != nil && (f.StatusCode != m.StatusCode || f.text() != m.text()) {
		g.t.Errorf("%s %s as %q: what belongs to others answers %d %q, what is missing %d %q", r.Method, r.Path, role, f.StatusCode, f.text(), m.StatusCode, m.text())
	}
}

// judge compares an answer with what the declared action demands.
func (g *ground) judge(r web.Route, role club.Role, whose string, isHX bool, a *answer) {
	g.t.Helper()
	want := func(status int) bool {
		if a.StatusCode != status {
			g.t.Errorf("%s (htmx %v) answered %d, want %d: %s", a.what, isHX, a.StatusCode, status, a.text())
		}
		return a.StatusCode == status
	}
	switch {
	case role == "" && isHX:
		if want(http.StatusUnauthorized) && (a.Header.Get("HX-Retarget") != "#dialog-root" || a.doc().Find("dialog input[type=password]").Length() != 1) {
			g.t.Errorf("%s shows no dialog to sign in", a.what)
		}
	case role == "":
		to := "/sign-in"
		if r.Method == http.MethodGet {
			to += "?" + url.Values{"to": {a.Request.URL.RequestURI()}}.Encode()
		}
		if want(http.StatusSeeOther) && a.Header.Get("Location") != to {
			g.t.Errorf("%s leads to %s, want %s", a.what, a.Header.Get("Location"), to)
		}
	case r.Action == club.SignedIn:
		g.judgeDone(r, role, isHX, a)
	case role == "nobody":
		want(http.StatusNotFound)
	case !role.Can(r.Action):
		if want(http.StatusForbidden) {
			g.saysWhom(r.Action, a)
		}
	case whose != "own":
		want(http.StatusNotFound)
	default:
		g.judgeDone(r, role, isHX, a)
	}
}

// judgeDone compares the answer to what is allowed.
func (g *ground) judgeDone(r web.Route, role club.Role, isHX bool, a *answer) {
	g.t.Helper()
	want, ok := done[r.Method+" "+r.Path]
	switch {
	case role == "nobody" && r.Path == "/clubs/current":
		want = http.StatusNotFound
	case !ok && r.Method == http.MethodGet:
		want = http.StatusOK
	case !ok:
		want = http.StatusSeeOther
	}
	if isHX && want == http.StatusSeeOther {
		want = http.StatusOK
	}
	switch {
	case r.Path == "/posts/:id/status" && isHX:
		want = statusStopPolling
	case r.Path == "/posts/:id/edit" && role == club.Viewer && !isHX:
		want = http.StatusSeeOther // to the post, with a note
	case slices.Contains(leaving, r.Path) && r.Method == http.MethodPost:
		want = http.StatusSeeOther // to another site: no request of htmx
	}
	if a.StatusCode != want {
		g.t.Errorf("%s (htmx %v) answered %d, want %d: %s", a.what, isHX, a.StatusCode, want, a.text())
	}
}

// saysWhom checks that a refusal names who can do it.
func (g *ground) saysWhom(action club.Action, a *answer) {
	g.t.Helper()
	roles := club.WhoCan(action)
	words := []string{"Only Admins", "Maeve Byrne"}
	if len(roles) > 1 {
		words = append(words, "Publishers", "Tom Reid")
	}
	a.says(words...)
}

// objectOf tells how to make what a route's address is about.
func (g *ground) objectOf(r web.Route) (make func(store.Scope) []string, missing []string, foreign bool) {
	g.t.Helper()
	if !strings.ContainsAny(r.Path, ":*") {
		return func(store.Scope) []string { return nil }, nil, false
	}
	best := -1
	for i, o := range objects {
		if strings.HasPrefix(r.Path, o.prefix) && (best < 0 || len(o.prefix) > len(objects[best].prefix)) {
			best = i
		}
	}
	if best < 0 {
		g.t.Fatalf("nothing is known to put into the address %s: add it to objects", r.Path)
	}
	o := objects[best]
	return func(s store.Scope) []string { return o.make(g, s) }, o.missing, !o.fixed
}

// clean checks what every answer must have and none may hold (rules W4 and W5).
func (g *ground) clean(r web.Route, a *answer) {
	g.t.Helper()
	form := "'self'"
	if origin, ok := mayLeaveFor(g, r, a); ok {
		form += " " + origin
	}
	policy := "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; connect-src 'self'; form-action " +
		form + "; frame-ancestors 'none'; base-uri 'none'"
	if r.Path == "/practice/:mount/*" && a.StatusCode == http.StatusOK { // a make-believe platform's own
		policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
	}
	if picture := strings.HasPrefix(r.Path, "/m/") || strings.HasPrefix(r.Path, "/media/:id/"); picture && a.StatusCode == http.StatusOK { // rule U5
		policy = "default-src 'none'; sandbox"
	}
	for name, want := range map[string]string{
		"Content-Security-Policy":    policy,
		"X-Content-Type-Options":     "nosniff",
		"Cross-Origin-Opener-Policy": "same-origin",
	} {
		if got := a.Header.Get(name); got != want {
			g.t.Errorf("%s: %s is %q, want %q", a.what, name, got, want)
		}
	}
	if got := a.Header.Get("Referrer-Policy"); got != "same-origin" && got != "no-referrer" {
		g.t.Errorf("%s: Referrer-Policy is %q", a.what, got)
	}
	for _, c := range a.Cookies() {
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" {
			g.t.Errorf("%s sets the cookie %s", a.what, c.String())
		}
	}
	for _, w := range append(g.canaries, foreignWord) {
		if strings.Contains(a.body, w) {
			g.t.Errorf("%s holds %q", a.what, w)
		}
		for k, vs := range a.Header {
			if strings.Contains(strings.Join(vs, "\n"), w) {
				g.t.Errorf("%s: the header %s holds %q", a.what, k, w)
			}
		}
	}
}

// leaving are the pages whose form leads to a platform.
var leaving = []string{"/accounts/connect/:platform", "/accounts/:id/reconnect"}

func mayLeaveFor(g *ground, r web.Route, a *answer) (origin string, ok bool) {
	return g.web.URL, r.Method == http.MethodGet && a.StatusCode == http.StatusOK && slices.Contains(leaving, r.Path)
}

// TestOpenDoors is the same for what is for everybody: strangers, members, and
// people of no club, with what is there and what is not.
func TestOpenDoors(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	const anyone = "anyone"
	tests := []struct {
		method, path string
		form         url.Values
		want         map[string]int // by role
	}{
		{http.MethodGet, "/", nil, map[string]int{anyone: 303}},
		{http.MethodGet, "/healthz", nil, map[string]int{anyone: 200}},
		{http.MethodGet, "/sign-in", nil, map[string]int{"": 200, anyone: 303}},
		{http.MethodPost, "/sign-in", url.Values{"email": {"tom@riverside.example"}, "password": {everyPassword + " wrong"}}, map[string]int{anyone: 422}},
		{http.MethodGet, "/setup", nil, map[string]int{anyone: 303}},
		{http.MethodPost, "/setup", url.Values{"code": {"guess"}}, map[string]int{anyone: 422}},
		{http.MethodGet, "/sign-in/link/:token", nil, map[string]int{anyone: 200}},
		{http.MethodPost, "/sign-in/link/:token", url.Values{"password": {"short"}}, map[string]int{anyone: 422}},
		{http.MethodGet, "/invitations/:token", nil, map[string]int{anyone: 200}},
		{http.MethodPost, "/invitations/:token", url.Values{"password": {"short"}}, map[string]int{anyone: 422}},
		{http.MethodGet, "/m/:id/:expiry/:mac/:file", nil, map[string]int{anyone: 200}},
		{http.MethodGet, "/oauth/:platform/callback", nil, map[string]int{"": 303, "nobody": 403, "viewer": 403, "writer": 403, anyone: 303}},
	}
	for _, r := range g.server.routes() {
		if r.Action != club.Public {
			continue
		}
		i := slices.IndexFunc(tests, func(x struct {
			method, path string
			form         url.Values
			want         map[string]int
		},
		) bool {
			return x.method == r.Method && x.path == r.Path
		})
		if i < 0 {
			t.Errorf("%s %s is for everybody, and nothing says what it answers", r.Method, r.Path)
			continue
		}
		make, missing, _ := g.objectOf(r)
		for _, role := range roles {
			want, ok := tests[i].want[string(role)]
			if !ok {
				want = tests[i].want[anyone]
			}
			g.clock.Advance(16 * time.Minute) // wrong tries are forgotten
			knock := func(path string, want int) {
				b := g.browser(role)
				before := g.state()
				a := b.do(r.Method, path, tests[i].form, nil)
				a.what = string(role) + " " + a.what
				if a.StatusCode != want {
					t.Errorf("%s answered %d, want %d: %s", a.what, a.StatusCode, want, a.text())
				}
				if g.changedSince(before) {
					t.Errorf("%s answered %d and changed something", a.what, a.StatusCode)
				}
				g.clean(r, a)
			}
			knock(fill(r.Path, make(g.own)), want)
			if missing != nil && r.Path != "/oauth/:platform/callback" { // that asks for a state first
				knock(fill(r.Path, missing), http.StatusNotFound)
			}
		}
	}
}

// TestOtherMethodsDoNothing: there are no doors but those in the table, and
// none without headers. The address of a form, opened, leads to its page.
func TestOtherMethodsDoNothing(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	known := map[string]bool{}
	for _, r := range g.server.routes() {
		known[r.Method+" "+r.Path] = true
	}
	b := g.as(club.Admin)
	for _, r := range g.server.routes() {
		make, _, _ := g.objectOf(r)
		path := fill(r.Path, make(g.scope(club.Admin)))
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodTrace} {
			if known[method+" "+r.Path] {
				continue
			}
			before := g.dataVersion()
			a := b.do(method, path, nil, http.Header{"Sec-Fetch-Site": {"same-origin"}})
			// /posts/autosave is also where a post with that number would be.
			if leads := method == http.MethodGet && a.StatusCode == http.StatusSeeOther; !leads && a.StatusCode != http.StatusMethodNotAllowed && a.StatusCode != http.StatusNotFound {
				t.Errorf("%s answered %d", a.what, a.StatusCode)
			}
			if g.dataVersion() != before {
				t.Errorf("%s changed something", a.what)
			}
			g.clean(web.Route{}, a)
		}
	}
	for _, path := range []string{"/static/nothing.css", "/nowhere", "/posts/1/../../etc", "/POSTS"} {
		g.clean(web.Route{}, b.get(path).want(http.StatusNotFound))
	}
	g.clean(web.Route{}, b.get(g.server.Assets.Path("app.css")).want(http.StatusOK))
}

// TestWritersAndWhatOthersWrote: a writer reads and copies everything, and
// changes what they wrote themselves.
func TestWritersAndWhatOthersWrote(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	tom := g.scope(club.Publisher)
	for _, r := range g.server.routes() {
		if !strings.HasPrefix(r.Path, "/posts/:id") || !club.Writer.Can(r.Action) {
			continue
		}
		make, _, _ := g.objectOf(r)
		want := map[string]int{
			"GET /posts/:id": 200, "GET /posts/:id/status": 303, "GET /posts/:id/edit": 303, "GET /posts/:id/earlier": 200, "POST /posts/:id/duplicate": 303,
		}[r.Method+" "+r.Path]
		if want == 0 {
			want = http.StatusForbidden
		}
		path := fill(r.Path, make(tom))
		ines := g.as(club.Writer)
		before := g.dataVersion()
		a := ines.do(r.Method, path, g.sent(r), http.Header{"Sec-Fetch-Site": {"same-origin"}, "Content-Type": {"application/x-www-form-urlencoded"}})
		a.want(want)
		if want == http.StatusForbidden {
			a.says("Publishers", "Tom Reid")
			if g.dataVersion() != before {
				t.Errorf("%s changed something", a.what)
			}
		}
	}
}

// TestNumbersOfOthersInForms: what a form or a query names of another club is
// the same as what is not there.
func TestNumbersOfOthersInForms(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	theirs, account, photo := g.post(g.other), g.connection(g.other), g.photo(g.other)
	mine := g.photo(g.own)
	var campaign int64
	err := g.db.Reader().QueryRowContext(t.Context(), `SELECT campaign_id FROM posts WHERE id = ?`, theirs.ID).Scan(&campaign)
	if err != nil {
		t.Fatal(err)
	}
	const none = "999999"
	noPhoto := strings.Repeat("ab", 16)
	b := g.as(club.Admin)
	for _, tt := range []struct {
		method, path   string
		form           url.Values
		field          string
		foreign, never string
	}{
		{http.MethodPost, "/posts", draft("Training"), "post", id64(theirs.ID), none},
		{http.MethodPost, "/posts/autosave", draft("Training"), "post", id64(theirs.ID), none},
		{http.MethodPost, "/posts/preview", draft("Training"), "post", id64(theirs.ID), none},
		{http.MethodPost, "/posts", draft("Training"), "account", id64(account), none},
		{http.MethodPost, "/posts", with(draft("Training"), "do", "schedule"), "account", id64(account), none},
		{http.MethodPost, "/posts", with(draft("Training"), "do", "own-"+id64(account)), "account", id64(account), none},
		{http.MethodPost, "/posts/preview", draft("Training"), "account", id64(account), none},
		{http.MethodPost, "/posts", draft("Training"), "campaign", id64(campaign), none},
		{http.MethodPost, "/posts", draft("Training"), "media", photo, noPhoto},
		{http.MethodPost, "/posts", with(draft("Training"), "do", "schedule"), "media", photo, noPhoto},
		{http.MethodPost, "/posts/preview", draft("Training"), "media", photo, noPhoto},
		{http.MethodPost, "/clubs/current", nil, "club", id64(g.other.ClubID), none},
		{http.MethodPost, "/results/numbers", nil, "account", id64(account), none},
		{http.MethodGet, "/posts/new", nil, "media", photo, noPhoto},
		{http.MethodGet, "/posts/new", nil, "campaign", id64(campaign), none},
		{http.MethodGet, "/media/" + mine + "/view", nil, "for", id64(account), none},
		{http.MethodGet, "/results", nil, "account", id64(account), none},
		{http.MethodGet, "/results.csv", nil, "account", id64(account), none},
		{http.MethodGet, "/calendar", nil, "account", id64(account), none},
		{http.MethodGet, "/calendar", nil, "accounts", id64(account), none},
		{http.MethodGet, "/calendar", nil, "campaign", id64(campaign), none},
		{http.MethodGet, "/posts", nil, "q", foreignWord[:5], "zzzz"},
	} {
		ask := func(value string) *answer {
			if tt.method == http.MethodGet {
				return b.get(tt.path + "?" + url.Values{tt.field: {value}}.Encode())
			}
			a := b.post(tt.path, with(tt.form, "op", store.NewID(), tt.field, value))
			g.clean(web.Route{}, a)
			return a
		}
		f, n := ask(tt.foreign), ask(tt.never)
		if f.StatusCode != n.StatusCode || f.StatusCode >= 500 {
			t.Errorf("%s with %s of another club answers %d, with none %d", f.what, tt.field, f.StatusCode, n.StatusCode)
		}
		if strings.Contains(f.body, foreignWord) {
			t.Errorf("%s with %s of another club shows it", f.what, tt.field)
		}
	}
	for _, q := range []string{
		`SELECT count(*) FROM post_media pm JOIN posts p ON p.id = pm.post_id JOIN media m ON m.id = pm.media_id WHERE m.club_id <> p.club_id`,
		`SELECT count(*) FROM deliveries d JOIN connections c ON c.id = d.connection_id JOIN posts p ON p.id = d.post_id WHERE c.club_id <> d.club_id OR p.club_id <> d.club_id`,
		`SELECT count(*) FROM posts p JOIN campaigns c ON c.id = p.campaign_id WHERE c.club_id <> p.club_id`,
	} {
		var n int
		if err := g.db.Reader().QueryRowContext(t.Context(), q).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d rows join two clubs (%v): %s", n, err, q)
		}
	}
}
