package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/handlers/people"
	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// unconfirmed are the forms of those who look after accounts and the club that
// go on without a password, and why.
var unconfirmed = map[string]string{
	"/clubs":                               "a club of one's own gives no right in another",
	"/settings":                            "a name and a time zone",
	"/settings/invitations/:id/withdrawal": "takes a right back that nobody has yet",
	"/accounts/choose/:id":                 "belongs to a sign-in that was begun with one",
	"/accounts/:id/check":                  "changes nothing",
	"/accounts/:id/unsure":                 "about posts",
	"/accounts/:id/numbers":                "how often numbers are read",
	"/accounts/:id/reconnect":              "the account stays the same one (rule A4), and a post waits for it",
	"/settings/platforms/:slot/check":      "changes nothing",
	"/practice/reset":                      "make-believe accounts",
	"/practice/:mount/*":                   "on the way of a sign-in that was begun with one",
}

// TestWhatAsksForThePassword walks the table: whatever is done with members,
// accounts, platform apps and practice mode asks for a password that was given
// lately, but for what is listed.
func TestWhatAsksForThePassword(t *testing.T) {
	t.Parallel()
	for _, r := range newScene(t).server.routes() {
		_, spared := unconfirmed[r.Path]
		want := r.Method == http.MethodPost && (r.Action == club.ManageClub || r.Action == club.ConnectAccount) && !spared
		if got := r.Traits&web.Confirmed != 0; got != want {
			t.Errorf("%s %s asks for the password: %v, want %v", r.Method, r.Path, got, want)
		}
	}
}

// asking is what is sent to a route that asks for the password, the nth time.
func (g *ground) asking(r web.Route, n int) (path string, form url.Values) {
	g.t.Helper()
	make, _, _ := g.objectOf(r)
	path = fill(r.Path, make(g.scope(club.Admin)))
	switch r.Path {
	case "/settings/members/:id/role":
		form = url.Values{"role": {"writer"}}
	case "/settings/invitations":
		form = url.Values{"email": {g.word(g.own)[9:] + "@new.example"}, "role": {"viewer"}}
	case "/settings/platforms/:slot":
		form = url.Values{"app-client_id": {"5678"}, "app-client_secret": {secretWord + "-typed-" + id64(int64(n))}}
	case "/settings/platforms/:slot/removal":
		if err := g.db.SaveAppCredentials(g.t.Context(), g.own, "x", platforms.App{"client_id": platforms.NewSecret("1234")}, "test"); err != nil {
			g.t.Fatal(err)
		}
	case "/practice/mode":
		form = url.Values{"practice": {[]string{"off", "on"}[n]}}
	}
	return path, form
}

// byPassword opens a browser in which an Admin gave their password just now.
func (g *ground) byPassword() *browser {
	g.t.Helper()
	b := g.visitor()
	b.post("/sign-in", credentials(g.emailOf(club.Admin), everyPassword)).to("/calendar")
	return b
}

// besides are the tables that changed, but for what asking itself writes.
func (d dump) besides(after dump) []string {
	return slices.DeleteFunc(d.changed(after), func(table string) bool {
		return slices.Contains([]string{"sessions", "kept_forms", "audit", "sqlite_sequence"}, table)
	})
}

// reference is that of what was put aside, where an answer leads to it.
func (a *answer) reference() string {
	a.t.Helper()
	to := a.want(http.StatusSeeOther).Header.Get("Location")
	ref, ok := strings.CutPrefix(to, "/confirm/")
	if !ok {
		a.t.Fatalf("%s leads to %s, want the question for the password", a.what, to)
	}
	return ref
}

func confirming(ref, password string) url.Values {
	return url.Values{people.ConfirmField: {ref}, "password": {password}}
}

// TestConfirmedDoors: every action that asks for a password given lately is done
// at once for ten minutes, and after that when the password was given, as it was
// asked for, once.
func TestConfirmedDoors(t *testing.T) {
	t.Parallel()
	g := newGround(t, withDatabaseSessions)
	given := 0
	for _, r := range g.server.routes() {
		if r.Traits&web.Confirmed == 0 {
			continue
		}
		maeve := g.byPassword()
		g.clock.Advance(people.ConfirmedFor)
		path, form := g.asking(r, 0)
		before := g.dump()
		direct := maeve.post(path, form)
		want := before.besides(g.dump())
		if direct.StatusCode >= 400 || strings.HasPrefix(direct.Header.Get("Location"), "/confirm/") || len(want) == 0 {
			t.Fatalf("%s, ten minutes after the password, answered %d to %s", r.Path, direct.StatusCode, direct.Header.Get("Location"))
		}

		path, form = g.asking(r, 1)
		g.clock.Advance(time.Millisecond)
		before = g.dump()
		ref := maeve.post(path, form).reference()
		page := maeve.get("/confirm/"+ref).want(http.StatusOK).says("Confirm that it is you", "Type your password")
		field := page.doc().Find(`form[action="` + path + `"] input#password[type=password][autocomplete=current-password][autofocus]`)
		if field.Length() != 1 || page.doc().Find(`input[autocomplete=username]`).AttrOr("value", "") != g.emailOf(club.Admin) {
			t.Errorf("%s does not ask for the password:\n%s", r.Path, page.body)
		}
		maeve.get(page.doc().Find("form a").AttrOr("href", "")).want(http.StatusOK)
		maeve.post(path, confirming(ref, "wrong")).want(http.StatusUnprocessableEntity).says("That is not your current password").holds("password", "")
		if changed := before.besides(g.dump()); len(changed) > 0 || g.recorded()["password_given"] != given {
			t.Errorf("%s changed %v before the password was given", r.Path, changed)
		}

		token := maeve.cookie()
		done := maeve.post(path, confirming(ref, everyPassword))
		if done.StatusCode != direct.StatusCode || strings.HasPrefix(done.Header.Get("Location"), "/confirm/") {
			t.Errorf("%s answered %d to %s, want %d as without a question", r.Path, done.StatusCode, done.Header.Get("Location"), direct.StatusCode)
		}
		if diff := cmp.Diff(want, before.besides(g.dump())); diff != "" {
			t.Errorf("%s changed other tables than without a question (-want +got):\n%s", r.Path, diff)
		}
		if given++; g.recorded()["password_given"] != given {
			t.Errorf("%s: passwords given are in the audit log %d times, want %d", r.Path, g.recorded()["password_given"], given)
		}
		if maeve.cookie() == token {
			t.Errorf("%s: the token is the one from before the password", r.Path)
		}
		g.alive(r.Path+": the token from before", token, false)

		before = g.dump()
		maeve.post(path, confirming(ref, everyPassword)).want(http.StatusNotFound).says("This was done already")
		maeve.get("/confirm/" + ref).want(http.StatusNotFound)
		if changed := before.changed(g.dump()); len(changed) > 0 {
			t.Errorf("%s, done once, changed %v", r.Path, changed)
		}
	}
	if given < 9 {
		t.Errorf("%d doors were tried", given)
	}
}

// newConfirming is a stage with passwords. letsIn tells whether a browser is let
// through to what asks for a password given lately.
func newConfirming(t *testing.T, change ...func(*Config)) *stage {
	t.Helper()
	st := newStage(t, append(change, withDatabaseSessions, func(c *Config) { c.Passwords = &quick{} })...)
	st.exec(`UPDATE people SET password_hash = ?`, "new:"+goodPassword)
	return st
}

func (b *browser) letsIn(what string, want bool) {
	b.t.Helper()
	a := b.post("/accounts/connect/nowhere", nil)
	if got := a.StatusCode == http.StatusNotFound; got != want || !want && !strings.HasPrefix(a.Header.Get("Location"), "/confirm/") {
		b.t.Errorf("%s: answered %d to %s, want let in: %v", what, a.StatusCode, a.Header.Get("Location"), want)
	}
}

// TestWhenThePasswordCounts: each way of giving one's password counts, for ten
// minutes, in the session in which it was given.
func TestWhenThePasswordCounts(t *testing.T) {
	t.Parallel()
	for name, come := range map[string]func(st *stage, b *browser){
		"sign-in": func(st *stage, b *browser) {
			b.post("/sign-in", credentials(st.emailOf(club.Publisher), goodPassword)).to("/calendar")
		},
		"invitation": func(st *stage, b *browser) {
			b.post(st.invite("nora@riverside.example", club.Publisher), url.Values{"name": {"Nora"}, "email": {"nora@riverside.example"}, "password": {goodPassword}}).to("/calendar")
		},
		"link of an admin": func(st *stage, b *browser) {
			b.post(st.signInLink(club.Publisher), url.Values{"password": {"three old tin drums"}}).to("/calendar")
		},
		"new password": func(st *stage, b *browser) {
			b.post("/sign-in", credentials(st.emailOf(club.Publisher), goodPassword)).to("/calendar")
			st.clock.Advance(time.Hour)
			b.letsIn("before the new password", false)
			b.post("/profile/password", url.Values{"old_password": {goodPassword}, "password": {"three old tin drums"}}).to("/profile")
		},
		"confirming": func(st *stage, b *browser) {
			b.post("/sign-in", credentials(st.emailOf(club.Publisher), goodPassword)).to("/calendar")
			st.clock.Advance(time.Hour)
			ref := b.post("/accounts/connect/nowhere", nil).reference()
			b.post("/accounts/connect/nowhere", confirming(ref, goodPassword)).want(http.StatusNotFound).says("There is nothing at this address")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := newConfirming(t)
			before := st.visit(club.Publisher)
			st.clock.Advance(10 * time.Minute)
			b := st.visitor()
			come(st, b)
			st.clock.Advance(10 * time.Minute)
			b.letsIn("after ten minutes", true)
			st.clock.Advance(time.Millisecond)
			b.letsIn("after more", false)
			if before.signedInNow() {
				before.letsIn("another session", false)
			}
			st.clock.Advance(-time.Hour)
			b.letsIn("before it was given", false)
		})
	}
	t.Run("another club's invitation", func(t *testing.T) {
		t.Parallel()
		st := newConfirming(t)
		tom := st.visit(club.Publisher)
		token, err := st.db.CreateInvitation(t.Context(), otherClub(t, st.scene), st.emailOf(club.Publisher), club.Admin, "test")
		if err != nil {
			t.Fatal(err)
		}
		st.clock.Advance(people.ConfirmedFor + time.Second)
		tom.post("/invitations/"+token, url.Values{"as": {"me"}}).to("/calendar")
		tom.letsIn("with a new role", false)
	})
}

// TestGuessingWhoIsSignedIn: tries count with those of sign-in; too many end
// nothing but the trying.
func TestGuessingWhoIsSignedIn(t *testing.T) {
	t.Parallel()
	s, _ := newDoor(t)
	maeve := s.visit(club.Admin)
	s.clock.Advance(time.Hour)
	form := url.Values{"email": {"nora@riverside.example"}, "role": {"viewer"}}
	ref := maeve.post("/settings/invitations", form).reference()
	for range web.MaxTries {
		maeve.post("/settings/invitations", confirming(ref, "wrong")).want(http.StatusUnprocessableEntity)
	}
	a := maeve.post("/settings/invitations", confirming(ref, goodPassword)).want(http.StatusTooManyRequests).says("Too many tries. Wait 15 minutes")
	a.waits(t, time.Minute, web.TriesWait)
	s.visitor().post("/sign-in", credentials(s.emailOf(club.Admin), goodPassword)).want(http.StatusTooManyRequests)
	maeve.get("/settings/members").want(http.StatusOK)
	s.clock.Advance(web.TriesWait)
	maeve.post("/settings/invitations", confirming(ref, goodPassword)).want(http.StatusOK).says("nora@riverside.example")
	s.visit(club.Admin)
}

// TestWhatWaitsForThePassword is for the person who asked for it, at the place
// where they did, for half an hour, and lies sealed until then.
func TestWhatWaitsForThePassword(t *testing.T) {
	t.Parallel()
	s, _ := newDoor(t)
	token := s.invite("adam@riverside.example", club.Admin)
	adam := s.visitor()
	adam.post(token, url.Values{"name": {"Adam"}, "email": {"adam@riverside.example"}, "password": {goodPassword}}).to("/calendar")
	maeve := s.visit(club.Admin)
	s.clock.Advance(people.ConfirmedFor + time.Second)
	const door = "/settings/invitations"
	ask := func() string {
		return maeve.post(door, url.Values{"email": {"zebedee@riverside.example"}, "role": {"viewer"}}).reference()
	}
	invited := func(want int) {
		t.Helper()
		if all, err := s.db.Invitations(t.Context(), s.club.ID); err != nil || len(all) != want {
			t.Errorf("%d people are invited, want %d (%v)", len(all), want, err)
		}
	}

	ref := ask()
	if strings.Contains(s.onDisk(), "zebedee") {
		t.Error("it lies open in the database")
	}
	adam.get("/confirm/" + ref).want(http.StatusNotFound).saysNot("zebedee")
	adam.post(door, confirming(ref, goodPassword)).want(http.StatusNotFound)
	maeve.post(s.memberPath(club.Viewer, "removal"), confirming(ref, goodPassword)).want(http.StatusNotFound)
	maeve.get("/posts/kept/" + ref).want(http.StatusNotFound)
	kept, err := s.db.KeepForm(t.Context(), s.scope(club.Admin), url.Values{"path": {door}})
	if err != nil {
		t.Fatal(err)
	}
	maeve.get("/confirm/" + kept).want(http.StatusNotFound)
	foreign := http.Header{"Sec-Fetch-Site": {"cross-site"}}
	(&ground{stage: &stage{scene: s}}).sendAs(maeve, http.MethodPost, door, foreign, confirming(ref, goodPassword)).want(http.StatusForbidden)
	invited(0)

	s.clock.Advance(30 * time.Minute)
	maeve.post(door, confirming(ref, goodPassword)).want(http.StatusNotFound).says("start again if not")

	// Of two who go on at once, one does; by then the password was given.
	ref = ask()
	maeve.post(door, confirming(ask(), goodPassword)).want(http.StatusOK)
	invited(1)
	var both sync.WaitGroup
	var status [2]int
	for i := range status {
		both.Go(func() { status[i] = maeve.post(door, confirming(ref, "")).StatusCode })
	}
	both.Wait()
	if (status[0] == http.StatusNotFound) == (status[1] == http.StatusNotFound) {
		t.Errorf("two at once were answered %v", status)
	}

	// A page of htmx goes where all others do.
	s.clock.Advance(people.ConfirmedFor + time.Second)
	if to := maeve.postHX(door, url.Values{"email": {"yves@riverside.example"}, "role": {"viewer"}}).want(http.StatusOK).Header.Get("HX-Redirect"); !strings.HasPrefix(to, "/confirm/") {
		t.Errorf("htmx is sent to %q", to)
	}

	// Whoever signs in on the way has given the password.
	ref = ask()
	maeve.post("/sign-out", nil).to("/sign-in")
	to := maeve.get("/confirm/" + ref).want(http.StatusSeeOther).Header.Get("Location")
	next := maeve.get(to).doc().Find("input[name=to]").AttrOr("value", "")
	maeve.post("/sign-in", with(credentials(s.emailOf(club.Admin), goodPassword), "to", next)).to("/confirm/" + ref)
	page := maeve.get("/confirm/" + ref).want(http.StatusOK).says("Nothing is done yet")
	if page.doc().Find("input[type=password]").Length() != 0 {
		t.Error("the password is asked for twice")
	}

	// Who lost the role meanwhile does nothing with it.
	s.exec(`UPDATE members SET role = 'viewer' WHERE person_id = ?`, s.persons[club.Admin].ID)
	maeve.post(door, confirming(ref, goodPassword)).want(http.StatusForbidden)
}

// TestLeavingForAPlatformAfterThePassword: the state of the sign-in there is
// bound to the token that the session has from then on.
func TestLeavingForAPlatformAfterThePassword(t *testing.T) {
	t.Parallel()
	st := newConfirming(t)
	tom := st.visit(club.Publisher)
	st.clock.Advance(time.Hour)
	const door = "/accounts/connect/x"
	ref := tom.post(door, nil).reference()
	if csp := tom.get("/confirm/" + ref).want(http.StatusOK).Header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' "+st.web.URL) {
		t.Errorf("the form may not lead to the platform: %s", csp)
	}
	there := tom.post(door, confirming(ref, goodPassword)).want(http.StatusSeeOther).Header.Get("Location")
	st.choose(tom, st.follow(tom, there, "allow")).to("/accounts")
	tom.get("/accounts").says("Connected.")
}

// TestTheDemoAsksNobody who came in by its door: they were told no password.
// Whoever has one is asked.
func TestTheDemoAsksNobody(t *testing.T) {
	t.Parallel()
	demo := &people.Demo{Token: "open"}
	st := newConfirming(t, func(c *Config) { c.Demo = demo })
	demo.PersonID, demo.ClubID = st.persons[club.Admin].ID, st.club.ID
	maeve, tom := st.visitor(), st.visit(club.Publisher)
	maeve.post("/demo/open", nil).to("/calendar")
	st.clock.Advance(11 * time.Hour)
	maeve.letsIn("by the door", true)
	tom.letsIn("by password", false)
}

// TestOnAFullDiskNothingIsAskedFor that could not be put aside.
func TestOnAFullDiskNothingIsAskedFor(t *testing.T) {
	t.Parallel()
	s, _ := newDoor(t)
	maeve := s.visit(club.Admin)
	s.clock.Advance(people.ConfirmedFor + time.Second)
	ref := maeve.post("/settings/invitations", url.Values{"email": {"nora@riverside.example"}, "role": {"viewer"}}).reference()
	s.pragma("query_only = 1")
	maeve.post("/settings/invitations", url.Values{"email": {"nora@riverside.example"}, "role": {"viewer"}}).want(http.StatusInsufficientStorage).says("nothing was saved")
	maeve.post("/settings/invitations", confirming(ref, goodPassword)).want(http.StatusInsufficientStorage)
	s.pragma("query_only = 0")
	maeve.post("/settings/invitations", confirming(ref, goodPassword)).want(http.StatusOK)
	maeve.post("/settings/invitations", url.Values{"email": {strings.Repeat("a", store.MaxKeptForm)}}).want(http.StatusUnprocessableEntity)
}

// TestMistakesAreSaidBeforeThePasswordIsAskedFor: nobody gives their password for
// a form that comes back with what they mistyped.
func TestMistakesAreSaidBeforeThePasswordIsAskedFor(t *testing.T) {
	t.Parallel()
	st := newConfirming(t)
	other := otherClub(t, st.scene)
	st.exec(`INSERT INTO members (club_id, person_id, role, joined_at) VALUES (?, ?, 'viewer', 0)`, other.ClubID, st.persons[club.Viewer].ID)
	maeve := st.visit(club.Admin)
	st.clock.Advance(people.ConfirmedFor + time.Second)

	const invite = "/settings/invitations"
	maeve.post(invite, url.Values{"email": {"nora"}, "role": {"viewer"}}).want(http.StatusUnprocessableEntity).holds("email", "nora")
	maeve.post(invite, url.Values{"email": {st.emailOf(club.Writer)}, "role": {"viewer"}}).want(http.StatusUnprocessableEntity).says("is already a member").holds("email", st.emailOf(club.Writer))
	maeve.post(invite, url.Values{"email": {"nora@riverside.example"}}).want(http.StatusUnprocessableEntity).says("Choose a role")
	maeve.post("/accounts/connect/bluesky", url.Values{"in-handle": {"riverside.example"}}).want(http.StatusUnprocessableEntity).says("Enter the App password")
	maeve.post("/settings/platforms/x", url.Values{"app-client_id": {"two words"}}).want(http.StatusUnprocessableEntity).holds("app-client_id", "two words")
	for path, says := range map[string]string{
		st.memberPath(club.Admin, "role"):          "A club needs at least one Admin",
		st.memberPath(club.Admin, "removal"):       "A club needs at least one Admin",
		st.memberPath(club.Viewer, "sign-in-link"): "Vera Kelly is in another club here too",
	} {
		maeve.post(path, url.Values{"role": {"viewer"}}).to("/settings/members")
		maeve.get("/settings/members").says(says)
	}
	var kept int
	if err := st.db.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM kept_forms`).Scan(&kept); err != nil || kept != 0 {
		t.Errorf("%d forms with mistakes were put aside (%v)", kept, err)
	}
	maeve.post(invite, url.Values{"email": {"nora@riverside.example"}, "role": {"viewer"}}).reference()
}

// TestThePasswordComesWithTheForm: forms that need it ask for it themselves, and
// it goes no further than to the one who asks.
func TestThePasswordComesWithTheForm(t *testing.T) {
	t.Parallel()
	st := newConfirming(t)
	tom := st.visit(club.Publisher)
	const door = "/accounts/connect/x"
	if tom.get(door).want(http.StatusOK).doc().Find("#own_password").Length() != 0 {
		t.Error("it is asked for although it was given just now")
	}
	st.clock.Advance(people.ConfirmedFor + time.Second)
	if tom.get(door).want(http.StatusOK).doc().Find("#own_password[type=password]").Length() != 1 {
		t.Error("the form does not ask for it")
	}
	wrong := tom.post(door, url.Values{people.OwnPassword: {"not his password"}}).want(http.StatusUnprocessableEntity).holds("password", "")
	ref := wrong.doc().Find("input[name="+people.ConfirmField+"]").AttrOr("value", "")
	kept, err := st.db.KeptRequest(t.Context(), st.scope(club.Publisher), ref)
	if err != nil || kept.Form.Has(people.OwnPassword) {
		t.Errorf("what was put aside holds the password: %v, %v", kept.Form, err)
	}
	tom.post(door, confirming(ref, "wrong again")).want(http.StatusUnprocessableEntity)
	if to := tom.post(door, url.Values{people.OwnPassword: {goodPassword}}).want(http.StatusSeeOther).Header.Get("Location"); !strings.HasPrefix(to, st.web.URL) && !strings.Contains(to, "/practice/") {
		t.Errorf("with the right password it leads to %s", to)
	}
	if tom.get(door).doc().Find("#own_password").Length() != 0 {
		t.Error("it is asked for again at once")
	}
}
