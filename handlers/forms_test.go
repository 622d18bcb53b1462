package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/handlers/accounts"
	"github.com/bandstand-app/bandstand/handlers/holds"
	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/planning"
	"github.com/bandstand-app/bandstand/platforms"
)

// try is one wrong value in one field of a form.
type try struct {
	field, value string
	at           string // where it is said, if not at the field
	hidden       bool   // the value is not shown again: a password, a choice of few
	status       int    // 422 if it is 0
}

// wrong makes a try of each value.
func wrong(field string, values ...string) []try {
	var out []try
	for _, v := range values {
		out = append(out, try{field: field, value: v})
	}
	return out
}

// quiet makes a try of each value that is not shown again.
func quiet(field string, values ...string) []try {
	var out []try
	for _, v := range values {
		out = append(out, try{field: field, value: v, hidden: true})
	}
	return out
}

// with changes where tries are said.
func said(at string, tries []try) []try {
	for i := range tries {
		tries[i].at = at
	}
	return tries
}

// form is one form of the program, filled in as it would be taken, with what is
// wrong in it.
type form struct {
	as    club.Role
	path  func(*ground) string // that of the route, if nil
	right func(*ground) url.Values
	tries []try
	// bare says what the form is made of if nothing in it can be filled in wrong.
	bare string
}

const (
	tooLongName = "ninety characters and more are too many for the name of a club or of a person, they say, aren't they"
	control     = "\x01\u202e\u0007"
)

// noSuch is an id that the club does not have; foreignID stands for one that
// another club has.
const (
	noSuch    = "99999"
	foreignID = "foreign"
)

func composerFields(g *ground) url.Values {
	return with(draft("Training at six", g.connection(g.own)), "link", "https://example.org/a", "note", "ask Tom", "campaign_new", "Autumn", "do", "schedule")
}

var composerTries = slices.Concat(
	wrong("date", "", "tomorrow", "2026-02-30", "31/12/2026", control),
	wrong("time", "", "25:00", "soon", control),
	said("time", []try{{field: "date", value: "2026-11-22", hidden: true}, {field: "date", value: "2027-03-28", hidden: true}}), // past, and in the gap at 01:30
	wrong("link", "over there", "ftp://example.org", "javascript:alert(1)", "https://"+strings.Repeat("a", planning.MaxLink)+".org"),
	wrong("text", strings.Repeat("x", maxText+1)),
	wrong("note", strings.Repeat("x", maxText+1)),
	wrong("campaign_new", strings.Repeat("x", maxLabel+1)),
	quiet("campaign", noSuch),
	said("accounts", quiet("account", noSuch, foreignID)),
	said("media", quiet("media", strings.Repeat("ab", 16), foreignID)),
	quiet("when", "whenever"),
)

func personFields(*ground) url.Values {
	return url.Values{"name": {"Nora New"}, "email": {"nora@riverside.example"}, "password": {"three old tin drums"}}
}

var personTries = slices.Concat(
	wrong("name", "", control, tooLongName),
	wrong("email", "", "nora", "nora@", "nora@riverside", "nora @riverside.example", strings.Repeat("n", 250)+"@riverside.example", "a\u0001@b.example"),
	quiet("password", "", "short", "nora@riverside.example", strings.Repeat("x", 200)),
)

func clubFields(*ground) url.Values {
	return url.Values{"club": {"Lakeside"}, "zone": {"Europe/Dublin"}, "week_start": {"1"}, "language": {"en"}, "late_hours": {"2"}}
}

var clubTries = slices.Concat(
	wrong("club", "", control, tooLongName),
	quiet("zone", "", "Dublin", "Local", "Europe/Atlantis", "../../etc/passwd"),
	quiet("week_start", "", "3", "monday"),
	quiet("language", "xx", "English", "en-"),
)

// forms is every form of the program, by its route. One without an entry fails.
var forms = map[string]form{
	"/sign-in": {right: func(*ground) url.Values {
		return url.Values{"email": {"tom@riverside.example"}, "password": {"wrong but long enough"}}
	}, tries: slices.Concat(wrong("email", "", "nobody", "nobody@riverside.example", strings.Repeat("n", 5000), control), said("email", quiet("password", "", "wrong")))},
	"/sign-out":            {bare: "a button"},
	"/setup":               {bare: "tried by TestSetUpForm, before anybody has set up"},
	"/sign-in/link/:token": {right: func(*ground) url.Values { return url.Values{} }, tries: quiet("password", "", "short", "passwordpassword", strings.Repeat("x", 200))},
	"/invitations/:token": {right: personFields, tries: personTries, path: func(g *ground) string {
		return g.invite("nora@riverside.example", club.Viewer)
	}},

	"/profile": {
		as: club.Viewer, right: func(*ground) url.Values { return url.Values{"name": {"Vera K."}, "theme": {"dark"}} },
		tries: slices.Concat(wrong("name", "", control, tooLongName), quiet("theme", "pink")),
	},
	"/profile/password": {
		as: club.Viewer, right: func(*ground) url.Values {
			return url.Values{"old_password": {everyPassword}, "password": {"three old tin drums"}}
		},
		tries: slices.Concat(quiet("old_password", "", "wrong"), quiet("password", "", "short", strings.Repeat("x", 200))),
	},
	"/clubs/current": {
		as: club.Viewer, right: func(g *ground) url.Values { return url.Values{"club": {id64(g.own.ClubID)}} },
		tries: []try{{field: "club", value: noSuch, status: 404}, {field: "club", value: "x", status: 404}, {field: "club", value: foreignID, status: 404}},
	},

	"/clubs":    {as: club.Admin, right: clubFields, tries: clubTries},
	"/settings": {as: club.Admin, right: clubFields, tries: slices.Concat(clubTries, wrong("late_hours", "", "two", "-1", "25", "NaN", "Inf", "1e9"))},
	"/settings/members/:id/role": {
		as: club.Admin, right: func(*ground) url.Values { return url.Values{"role": {"writer"}} },
		tries: []try{{field: "role", value: "", hidden: true, at: "-"}, {field: "role", value: "owner", hidden: true, at: "-"}},
	},
	"/settings/members/:id/removal":        {bare: "a button"},
	"/settings/members/:id/sign-in-link":   {bare: "a button"},
	"/settings/invitations/:id/withdrawal": {bare: "a button"},
	"/settings/invitations": {
		as: club.Admin, right: func(*ground) url.Values { return url.Values{"email": {"a@riverside.example"}, "role": {"writer"}} },
		tries: slices.Concat(wrong("email", "", "a", "a@b", "a b@riverside.example"), quiet("role", "", "owner")),
	},

	"/posts/:id/move": {as: club.Publisher, right: func(*ground) url.Values {
		return url.Values{"op": {"m-1"}, "version": {"1"}, "to": {"other"}, "to_date": {"2026-11-27"}, "to_time": {"19:00"}}
	}, tries: slices.Concat(wrong("to_date", "", "friday", "2026-02-30"), wrong("to_time", "25:00", "soon"),
		said("to_time", []try{{field: "to_date", value: "2026-11-22"}, {field: "to_date", value: "2027-03-28", hidden: true}}), said("to_time", quiet("tz", "Europe/Berlin")))},

	"/posts":               {as: club.Publisher, right: composerFields, tries: append(slices.Clone(composerTries), try{field: "post", value: noSuch, hidden: true, at: "-", status: 404}, try{field: "post", value: foreignID, hidden: true, at: "-", status: 404})},
	"/posts/:id/schedule":  {as: club.Publisher, right: composerFields, tries: composerTries},
	"/posts/autosave":      {as: club.Writer, right: composerFields, tries: []try{{field: "text", value: strings.Repeat("x", maxText+1), status: 413}, {field: "note", value: strings.Repeat("x", maxText+1), status: 413}, {field: "account", value: noSuch, hidden: true, at: "accounts"}, {field: "campaign", value: noSuch, hidden: true}}},
	"/posts/:id/autosave":  {as: club.Writer, right: composerFields, tries: []try{{field: "text", value: strings.Repeat("x", maxText+1), status: 413}, {field: "media", value: foreignID, hidden: true, at: "media"}}},
	"/posts/preview":       {bare: "the composer, which it draws again whatever is in it: TestNothingTypedBreaksAForm"},
	"/posts/:id/draft":     {bare: "a button"},
	"/posts/:id/revision":  {bare: "two buttons"},
	"/posts/:id/duplicate": {bare: "a button"},
	"/posts/:id/deletion":  {bare: "a button"},
	"/deliveries/:id/answer": {
		as: club.Publisher, right: func(*ground) url.Values { return url.Values{"answer": {"there"}, "link": {"https://x.example/1"}} },
		tries: []try{{field: "answer", value: "perhaps", status: 404}, {field: "also", value: strings.Repeat("ab", 16), status: 404}, {field: "also", value: foreignID, status: 404}},
	}, // and TestUnclearOutcomeAsksWhatIsThere
	"/media": {bare: "files: TestPicturesThatAreNone"},

	"/accounts/connect/:platform": {as: club.Publisher, path: func(*ground) string { return "/accounts/connect/bluesky" }, right: func(g *ground) url.Values {
		return url.Values{"in-handle": {"riversidefc.test"}, "in-password": {"abcd-efgh-ijkl-mnop"}, "in-host": {g.web.URL + "/practice/bluesky"}}
	}, tries: slices.Concat(wrong("in-handle", "", "   "), quiet("in-password", "", "wron-gwro-ngwr-ongw"))},
	"/accounts/choose/:id":     {as: club.Publisher, right: func(*ground) url.Values { return url.Values{"account": {"0"}} }, tries: said("accounts", quiet("account", "", "7", "-1", "x"))},
	"/accounts/:id/check":      {bare: "a button"},
	"/accounts/:id/reconnect":  {bare: "a button, or the form of /accounts/connect/:platform"},
	"/accounts/:id/disconnect": {bare: "a button"},
	"/accounts/:id/unsure":     {bare: "a button: TestUnsureIsAChoice"},
	"/accounts/:id/numbers":    {bare: "three choices: TestWhatNumbersCostIsSaidAndCanBeChosen"},
	"/settings/platforms/:slot": {as: club.Admin, path: func(*ground) string { return "/settings/platforms/meta" }, right: func(*ground) url.Values {
		return url.Values{"app-client_id": {"1234"}, "app-client_secret": {secretWord}}
	}, tries: slices.Concat(wrong("app-client_id", "12 34", strings.Repeat("1", accounts.MaxAppField+1)), quiet("app-client_id", "", " "), quiet("app-client_secret", "", "a b", strings.Repeat("1", accounts.MaxAppField+1)))},
	"/settings/platforms/:slot/check":   {bare: "a button"},
	"/settings/platforms/:slot/removal": {bare: "a button"},

	"/practice/behaviour": {
		as: club.Publisher, right: func(*ground) url.Values { return url.Values{"platform": {"x"}, "behaviour": {"slow"}} },
		tries: []try{{field: "platform", value: "nowhere", status: 404}, {field: "behaviour", value: "wild", status: 404}},
	},
	"/practice/reset":    {bare: "a button"},
	"/practice/mode":     {as: club.Admin, right: func(*ground) url.Values { return url.Values{"practice": {"on"}} }, tries: []try{{field: "practice", value: "", status: 404}, {field: "practice", value: "maybe", status: 404}}},
	"/practice/:mount/*": {bare: "pages of make-believe platforms"},

	"/results/numbers": {bare: "a button"},
	"/hold": {
		as: club.Publisher, right: func(*ground) url.Values {
			return url.Values{"reason": {"storm"}, "date": {"2026-11-27"}, "time": {"19:00"}}
		},
		tries: slices.Concat(wrong("reason", "", strings.Repeat("é", holds.ReasonMax+1)), wrong("date", "", "friday", "2026-02-30"), wrong("time", "", "25:00", "soon"),
			said("time", []try{{field: "date", value: "2026-11-22"}})),
	},
	"/hold/release":        {bare: "a button"},
	"/waiting":             {bare: "buttons: TestWaitingPostsAreDecidedOn"},
	"/notices/read":        {bare: "a button"},
	"/notices/:id/opening": {bare: "a button"},
}

// TestEveryForm: whatever is wrong is said at its field and in a summary that
// leads there, everything else that was typed is in the form again, and nothing
// is stored.
func TestEveryForm(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	for _, r := range g.server.routes() {
		if r.Method != http.MethodPost {
			continue
		}
		f, ok := forms[r.Path]
		switch {
		case !ok:
			t.Errorf("the form of %s is not tried", r.Path)
		case (f.bare == "") == (len(f.tries) == 0):
			t.Errorf("the form of %s has neither tries nor a reason why not, or both", r.Path)
		}
	}
	for path, f := range forms {
		if !slices.ContainsFunc(g.server.routes(), func(r web.Route) bool { return r.Method == http.MethodPost && r.Path == path }) {
			t.Errorf("there is no route %s", path)
		}
		if f.bare != "" {
			continue
		}
		make, _, _ := g.objectOf(web.Route{Path: path})
		scope := g.own
		if f.as != "" {
			scope = g.scope(f.as)
		}
		right := f.right(g)
		for _, x := range f.tries {
			if strings.Contains(path, "sign-in") || strings.Contains(path, "password") {
				g.clock.Advance(web.TriesWait + 1) // wrong tries are forgotten
			}
			var to string
			if f.path != nil {
				to = f.path(g)
			} else {
				to = fill(path, make(scope))
			}
			g.tryForm(f, to, right, x)
		}
	}
}

// tryForm sends a form with one wrong value.
func (g *ground) tryForm(f form, to string, right url.Values, x try) {
	g.t.Helper()
	if x.value == foreignID {
		x.value = g.foreign(x.field)
	}
	sent := with(right, x.field, x.value)
	if strings.Count(to, "/") == 3 && sent.Has("version") {
		sent.Set("version", "1")
	}
	if x.field == "campaign" {
		sent.Del("campaign_new")
	}
	if x.field == "date" && x.value == "2027-03-28" {
		sent.Set("time", "01:30")
	}
	if x.field == "to_date" && x.value == "2027-03-28" {
		sent.Set("to_time", "01:30")
	}
	b := g.browser(f.as)
	before := g.state()
	a := b.post(to, sent)
	a.what += " with " + x.field + "=" + strings.ToValidUTF8(x.value[:min(len(x.value), 30)], "")
	want := x.status
	if want == 0 {
		want = http.StatusUnprocessableEntity
	}
	if a.StatusCode != want {
		g.t.Errorf("%s answered %d, want %d: %.300s", a.what, a.StatusCode, want, a.text())
		return
	}
	if g.changedSince(before) {
		g.t.Errorf("%s changed something", a.what)
	}
	if strings.Contains(a.body, foreignWord) {
		g.t.Errorf("%s shows what is another club's", a.what)
	}
	if want == http.StatusNotFound && x.at == "" {
		return // a button that is not there
	}
	at := x.at
	if at == "" {
		at = x.field
	}
	switch {
	case at == "-":
	case x.hidden || at != x.field:
		if a.doc().Find("[id='"+at+"-e']").Length() != 1 || a.doc().Find(`.errors a[href="#`+at+`"]`).Length() != 1 {
			g.t.Errorf("%s does not say at %s what is wrong: %q", a.what, at, a.doc().Find(".errors").Text())
		}
	default:
		a.holds(at, x.value)
	}
	for name, values := range sent {
		field := a.doc().Find("input[type=text][name='" + name + "'], input[type=email][name='" + name + "'], input[type=date][name='" + name + "'], input[type=time][name='" + name + "'], input[type=url][name='" + name + "'], textarea[name='" + name + "']")
		if field.Length() == 1 && strings.TrimSpace(field.AttrOr("value", field.Text())) != strings.TrimSpace(values[0]) && (name != "link" || !strings.HasPrefix(values[0], "https://aaa")) {
			g.t.Errorf("%s: %s holds %.60q, want %.60q", a.what, name, field.AttrOr("value", field.Text()), values[0])
		}
	}
}

// foreign is the id of something that belongs to the other club.
func (g *ground) foreign(field string) string {
	g.t.Helper()
	switch field {
	case "account":
		return id64(g.connection(g.other))
	case "media":
		return g.photo(g.other)
	case "post":
		return id64(g.post(g.other).ID)
	case "also":
		return g.delivery(g.other)
	}
	return id64(g.other.ClubID)
}

// TestSetUpForm is the same for the one form that is there but once.
func TestSetUpForm(t *testing.T) {
	t.Parallel()
	s := newScene(t, func(c *Config) { c.Real = platforms.NewRegistry() })
	for _, step := range []string{
		"DROP TRIGGER audit_kept", "DELETE FROM kept_forms", "DELETE FROM invitations", "DELETE FROM members",
		"DELETE FROM audit", "DELETE FROM clubs", "DELETE FROM people",
	} {
		if _, err := s.db.Writer().ExecContext(t.Context(), step); err != nil {
			t.Fatal(err)
		}
	}
	code, err := s.db.NewSetupCode(t.Context())
	if err != nil || code == "" {
		t.Fatalf("no set-up code: %v", err)
	}
	right := with(personFields(nil), "code", code, "club", "Lakeside", "zone", "Europe/Dublin", "week_start", "1")
	for _, x := range slices.Concat(personTries, clubTries, wrong("code", "", "AAAA-AAAA", strings.Repeat("A", 500))) {
		s.clock.Advance(web.TriesWait + 1)
		a := s.as("").post("/setup", with(right, x.field, x.value)).want(http.StatusUnprocessableEntity)
		a.what += " with " + x.field
		if x.hidden {
			if a.doc().Find("#"+x.field+"-e").Length() != 1 {
				t.Errorf("%s=%q: it is not said at the field", x.field, x.value)
			}
		} else {
			a.holds(x.field, x.value)
		}
		for name, values := range with(right, x.field, x.value) {
			if f := a.doc().Find("#" + name); f.Is("input:not([type=password])") && f.AttrOr("value", f.Text()) != values[0] {
				t.Errorf("%s=%q: %s holds %q, want %q", x.field, x.value, name, f.AttrOr("value", f.Text()), values[0])
			}
		}
	}
	s.as("").post("/setup", right).to("/calendar")
}
