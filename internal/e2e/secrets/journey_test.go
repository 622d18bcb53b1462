package secrets

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/PuerkitoBio/goquery"

	"github.com/bandstand-app/bandstand/internal/canary"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// TestSecretsStayInside is T-SECRET on the whole program: secrets come in by
// every door, while all is well, while platforms give back what they are sent,
// and while the database takes nothing or is gone. Then everything that came out
// is searched for them, and what is kept.
func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	a := newAviary(t)
	people := a.found()
	a.enter(people)
	accounts := a.connectAll(people)
	a.publish(people, accounts)
	a.echoes(people, accounts)
	a.standStill(people)
	a.everyRoute(people)
	a.loseDatabase(people)
	for _, s := range a.sightings() {
		t.Errorf("%s holds %s, written as %s", s.place, s.secret, s.way)
	}
	a.searchFinds()
	t.Logf("%d secrets, %d ways to write each, %d places, %d requests", a.flock.Len(), len(canary.Forms("canary-\"of<many>&forms+/")), len(a.places), a.requests)
}

// decoy stands in what is published: that is found wherever secrets are looked for.
const decoy = "decoy-match-day"

// found sets the program up, and invites one person for each other role.
func (a *aviary) found() map[club.Role]*guest {
	a.Helper()
	m := regexp.MustCompile(`/setup\?code=(\S+)`).FindStringSubmatch(a.said("the console"))
	if m == nil {
		a.Fatalf("no set-up code in %q", a.said("the console"))
	}
	code := a.plant("set-up code", m[1])
	admin := a.guest("admin")
	setUp := func(code, password string) reply {
		return admin.post("/setup", "code", code, "name", "Maeve Byrne", "email", secretPerson, "password", password, "club", "Riverside FC", "zone", "Europe/Dublin", "week_start", "1")
	}
	admin.get("/")
	admin.get("/setup?code=" + code)
	setUp(a.plant("a wrong set-up code", "canary-wrong-set-up-code"), a.plant("password at set-up", `canary "pass/word+&<1>`)).want(admin, http.StatusUnprocessableEntity)
	setUp(code, a.plant("bad password at set-up", strings.Repeat("canary-too-long", 10))).want(admin, http.StatusUnprocessableEntity)
	a.fault("query_only = 1", func() { setUp(code, `canary "pass/word+&<1>`) })
	setUp(code, `canary "pass/word+&<1>`).want(admin, http.StatusSeeOther)
	people := map[club.Role]*guest{club.Admin: admin, "": a.guest("stranger")}
	for _, role := range []club.Role{club.Publisher, club.Writer, club.Viewer} {
		people[role] = a.guest(string(role))
		link := a.invite(admin, role)
		people[role].get("/invitations/"+link).want(people[role], http.StatusOK)
		people[role].post("/invitations/"+link, a.joining(role, "bad password of an invitation", "canary")...).want(people[role], http.StatusUnprocessableEntity)
		people[role].post("/invitations/"+link, a.joining(role, "password of an invitation", `canary "joins/+&<`+string(role[:3]))...).want(people[role], http.StatusSeeOther)
		people[role].get("/invitations/" + link)
	}
	a.invite(admin, "") // stays open
	return people
}

// secretPerson is the email of the first person.
const secretPerson = "maeve@riverside.example"

func (a *aviary) joining(role club.Role, what, password string) []string {
	if len(password) >= 8 {
		a.plant(what, password)
	}
	return []string{"name", "Nora " + string(role), "email", string(role) + "@riverside.example", "password", password}
}

func (a *aviary) invite(admin *guest, role club.Role) string {
	a.Helper()
	link := admin.post("/settings/invitations", "email", cmp.Or(string(role), "nobody-yet")+"@riverside.example", "role", string(cmp.Or(role, club.Viewer))).want(admin, http.StatusOK).leads("/invitations/")
	return a.plant("invitation link", link)
}

// enter signs people in and out, with right and wrong passwords and by links.
func (a *aviary) enter(people map[club.Role]*guest) {
	a.Helper()
	admin, stranger, tom := people[club.Admin], people[""], people[club.Publisher]
	stranger.post("/sign-in", "email", secretPerson, "password", a.plant("wrong password", "canary-wrong-password")).want(stranger, http.StatusUnprocessableEntity)
	stranger.post("/sign-in", "email", "nobody@riverside.example", "password", a.plant("password of nobody", "canary-password-of-nobody")).want(stranger, http.StatusUnprocessableEntity)
	stranger.post("/sign-in", "email", a.plant("a password typed as the email", "canary-typed-as-email"), "password", "x").want(stranger, http.StatusUnprocessableEntity)
	admin.post("/profile/password", "old_password", a.plant("wrong old password", "canary-wrong-old-password"), "password", a.plant("new password not taken", "canary-not-taken-password")).want(admin, http.StatusUnprocessableEntity)
	admin.post("/profile/password", "old_password", `canary "pass/word+&<1>`, "password", a.plant("new password", `canary "second+&</2>`)).want(admin, http.StatusSeeOther)
	admin.post("/sign-out").want(admin, http.StatusSeeOther)
	admin.post("/sign-in", "email", secretPerson, "password", `canary "second+&</2>`).want(admin, http.StatusSeeOther)

	members := admin.get("/settings/members").want(admin, http.StatusOK)
	path, ok := members.doc().Find(`form[action$="/sign-in-link"]`).First().Attr("action")
	if !ok {
		a.Fatal("no form for a sign-in link")
	}
	links := []string{a.plant("sign-in link", admin.post(path).want(admin, http.StatusOK).leads("/sign-in/link/"))}
	out, err := a.console("", "member", "reset", "publisher@riverside.example", "--data", a.data)
	a.heard("the console of member reset", out, fmt.Sprint(err))
	_, link, found := strings.Cut(strings.TrimSpace(out), "/sign-in/link/")
	if !found {
		a.Fatalf("no link in %q, %v", out, err)
	}
	links = append(links, a.plant("sign-in link", link))
	for _, link := range links {
		stranger.get("/sign-in/link/" + link)
		stranger.post("/sign-in/link/"+link, "password", "short")
	}
	tom.post("/sign-in/link/"+link, "password", a.plant("password of a sign-in link", "canary-by-a-link-password")).want(tom, http.StatusSeeOther)
	out, err = a.console(a.plant("password at the console", "canary-console-password")+"\n", "member", "reset", "--password", "publisher@riverside.example", "--data", a.data)
	a.heard("the console of member reset --password", out, fmt.Sprint(err))
	tom.post("/sign-in", "email", "publisher@riverside.example", "password", "canary-console-password").want(tom, http.StatusSeeOther)
	form := []string{"text", "Typed when the session was over"}
	admin.get("/posts/new").doc().Find(`form#composer input[type="hidden"]`).Each(func(_ int, in *goquery.Selection) {
		form = append(form, in.AttrOr("name", ""), in.AttrOr("value", ""))
		if in.AttrOr("name", "") == "mark" {
			a.plant("form mark", in.AttrOr("value", ""))
		}
	})
	a.clock.Advance(13 * time.Hour)
	kept := admin.post("/posts", form...).want(admin, http.StatusSeeOther).Header().Get("Location")
	_, to, _ := strings.Cut(kept, "to=")
	to, _ = url.PathUnescape(to)
	admin.get(kept).want(admin, http.StatusOK)
	admin.post("/sign-in", "email", secretPerson, "password", "canary-wrong-password", "to", to)
	admin.post("/sign-in", "email", secretPerson, "password", `canary "second+&</2>`, "to", to).want(admin, http.StatusSeeOther)
	admin.get(to).want(admin, http.StatusOK)
}

// connectAll signs in at every platform, in practice mode at the first alone.
// It enters the credentials of the app that are not given otherwise.
func (a *aviary) connectAll(people map[club.Role]*guest) (accounts []string) {
	a.Helper()
	admin := people[club.Admin]
	admin.connect(string(e2ekit.Catalogue().Describe()[0].ID), nil)
	if err := a.app.Worlds().Run(alreadyEnded(a.T.Context())); err != nil {
		a.Fatal(err)
	}
	admin.post("/practice/mode", "practice", "off").want(admin, http.StatusSeeOther)
	path := "/settings/platforms/" + a.slots[0]
	var spaced, typed []string
	for _, f := range e2ekit.Catalogue().Describe()[0].AppFields {
		secret := "canary/entered+" + f.Key
		if f.Secret {
			a.plant("app secret with a space", secret+" spaced")
			a.plant("app secret entered in the app", secret)
		}
		spaced = append(spaced, "app-"+f.Key, secret+" spaced")
		typed = append(typed, "app-"+f.Key, secret)
	}
	admin.post(path, spaced...).want(admin, http.StatusUnprocessableEntity)
	admin.post(path, typed...).want(admin, http.StatusSeeOther)
	admin.post(path + "/check")
	for _, i := range e2ekit.Catalogue().Describe() {
		if typed := e2ekit.PracticeSignIn(i.ID); typed != nil {
			a.signInTyped(admin, i.ID, typed)
			continue
		}
		if !slices.Contains(a.connected(), i.ID) {
			admin.connect(string(i.ID), nil)
		}
	}
	for _, i := range e2ekit.Catalogue().Describe() {
		if !slices.Contains(a.connected(), i.ID) {
			a.Fatalf("no account at %s: %s", i.Name, admin.get("/accounts").text())
		}
	}
	a.plantTokens()
	admin.get("/posts/new").doc().Find("input[name=account]:not([disabled])").Each(func(_ int, in *goquery.Selection) {
		accounts = append(accounts, in.AttrOr("value", ""))
	})
	return accounts
}

// firstPasswords are those that the first person may have by now.
var firstPasswords = []string{`canary "second+&</2>`, "canary-never-stored"}

// signIn signs the first person in, with the password that was stored last.
func (a *aviary) signIn(admin *guest) {
	a.Helper()
	for _, password := range firstPasswords {
		if admin.post("/sign-in", "email", secretPerson, "password", password).Code == http.StatusSeeOther {
			return
		}
	}
	a.Fatal("the first person cannot sign in")
}

// alreadyEnded is a context whose end has come.
func alreadyEnded(ctx context.Context) context.Context {
	ctx, end := context.WithCancel(ctx)
	end()
	return ctx
}

func (a *aviary) signInTyped(admin *guest, id platforms.ID, typed map[string]string) {
	a.Helper()
	path := "/accounts/connect/" + string(id)
	admin.get(path)
	for what, password := range map[string]string{"main password of an account": "canary-main-password", "another app password": "cana-ryan-othe-rapp"} {
		form := []string{}
		for k, v := range typed {
			if k == "password" {
				v = a.plant(what, password)
			}
			form = append(form, "in-"+k, v)
		}
		admin.post(path, form...)
	}
	form := []string{}
	for _, k := range slices.Sorted(maps.Keys(typed)) {
		form = append(form, "in-"+k, typed[k])
	}
	a.plant("app password", typed["password"])
	admin.post(path, form...).want(admin, http.StatusSeeOther)
}

// connected are the platforms with an account that is no make-believe.
func (a *aviary) connected() (ids []platforms.ID) {
	a.Helper()
	for _, c := range a.accounts(false) {
		ids = append(ids, c.Account.Platform)
	}
	return ids
}

func (a *aviary) accounts(practice bool) []store.Connected {
	a.Helper()
	all, err := a.app.DB().ConnectedAccounts(a.T.Context(), store.Scope{ClubID: 1, PersonID: 1}, practice)
	if err != nil {
		a.Fatal(err)
	}
	return all
}

// plantTokens looks for the tokens of every account, as the database holds them.
func (a *aviary) plantTokens() {
	a.Helper()
	n := 0
	for _, practice := range []bool{true, false} {
		for _, c := range a.accounts(practice) {
			tokens, err := a.app.DB().SignInTokens(a.T.Context(), c.ID)
			if err != nil {
				continue // it was disconnected
			}
			for _, s := range []platforms.Secret{tokens.Access, tokens.Refresh} {
				if s.IsZero() {
					continue
				}
				n++
				if practice {
					a.plant("practice: token", s.Reveal())
				} else {
					a.plant("token of "+string(c.Account.Platform), s.Reveal())
				}
			}
		}
	}
	if n == 0 {
		a.Fatal("there are no tokens")
	}
}

// publish posts to every account, and lets the engine work.
func (a *aviary) publish(people map[club.Role]*guest, accounts []string) {
	a.Helper()
	admin := people[club.Admin]
	picture := admin.upload()
	for _, account := range accounts {
		a.schedule(admin, decoy, account, picture)
	}
	a.work()
	public := 0
	for _, p := range a.world.Posts() {
		if strings.Contains(p.Text, decoy) {
			public++
		}
	}
	if public != len(accounts) {
		a.Errorf("%d posts are public at %d accounts: %s", public, len(accounts), admin.get("/posts").text())
	}
}

func (a *aviary) schedule(g *guest, text, account, picture string) {
	a.Helper()
	a.clock.Advance(time.Second)
	due := a.clock.Now().Add(time.Hour)
	form := []string{
		"op", "op-" + strconv.Itoa(a.requests), "version", "0", "text", text + " " + strconv.Itoa(a.requests), "when", "time", "date", due.Format(time.DateOnly), "time", due.Format("15:04"), "do", "schedule",
		"account", account, "media", picture, "alt-" + picture, "A pitch",
	}
	g.post("/posts", form...).want(g, http.StatusSeeOther)
}

// work lets the engine do what is due within half a day, and what is done beside.
func (a *aviary) work() {
	a.Helper()
	for range 40 {
		a.app.Engine().RunDue(a.T.Context())
		a.clock.Advance(3 * time.Minute)
	}
	if err := a.app.Engine().RunSideWork(a.T.Context()); err != nil {
		a.heard("errors of side work", err.Error())
	}
}

// echoes does everything that asks a platform, while the platforms give back
// what they are sent.
func (a *aviary) echoes(people map[club.Role]*guest, accounts []string) {
	a.Helper()
	admin := people[club.Admin]
	picture := admin.upload()
	for n, way := range echoWays {
		if n == 0 || admin.get("/profile").Code != http.StatusOK {
			a.signIn(admin)
		}
		for _, account := range accounts {
			a.schedule(admin, "Gives back as "+way, account, picture)
		}
		for _, i := range e2ekit.Catalogue().Describe() {
			if typed := e2ekit.PracticeSignIn(i.ID); typed != nil {
				a.setEcho(way)
				form := []string{}
				for k, v := range typed {
					form = append(form, "in-"+k, v)
				}
				admin.post("/accounts/connect/"+string(i.ID), form...)
			} else {
				a.setEcho("")
				admin.connect(string(i.ID), func() { a.setEcho(way) })
			}
			a.setEcho("")
		}
		a.setEcho(way)
		for _, slot := range a.slots {
			admin.post("/settings/platforms/" + slot + "/check")
		}
		for _, account := range accounts {
			for _, path := range []string{"/accounts/" + account, "/accounts/" + account + "/reconnect"} {
				admin.get(path)
			}
			admin.post("/accounts/" + account + "/check")
		}
		a.work()
		if n == len(echoWays)-1 {
			a.signIn(admin)
			a.plantTokens()
			for _, account := range accounts {
				admin.post("/accounts/" + account + "/disconnect")
			}
		}
		a.setEcho("")
		a.plantTokensLeft()
	}
}

// plantTokensLeft is plantTokens where there may be none.
func (a *aviary) plantTokensLeft() {
	for _, c := range a.accounts(false) {
		tokens, err := a.app.DB().SignInTokens(a.T.Context(), c.ID)
		if err != nil {
			continue
		}
		for _, s := range []platforms.Secret{tokens.Access, tokens.Refresh} {
			if !s.IsZero() {
				a.plant("token of "+string(c.Account.Platform), s.Reveal())
			}
		}
	}
}

// fault lets something happen while the database takes nothing.
func (a *aviary) fault(pragma string, during func()) {
	a.Helper()
	name, _, _ := strings.Cut(pragma, " ")
	var before string
	ctx := a.T.Context()
	if err := a.app.DB().Writer().QueryRowContext(ctx, "PRAGMA "+name).Scan(&before); err != nil {
		a.Fatal(err)
	}
	for _, p := range []string{pragma, name + " = " + before} {
		if _, err := a.app.DB().Writer().ExecContext(ctx, "PRAGMA "+p); err != nil {
			a.Fatal(err)
		}
		if p == pragma {
			during()
		}
	}
}

// loseDatabase keeps what is in the files, changes the schema so that a copy is
// kept, closes the database under the program's feet and goes through every door.
func (a *aviary) loseDatabase(people map[club.Role]*guest) {
	a.Helper()
	a.keepTables()
	a.keepFiles()
	if _, err := a.app.DB().Writer().ExecContext(a.T.Context(), `DELETE FROM goose_db_version WHERE version_id > 1`); err != nil {
		a.Fatal(err)
	}
	out, err := a.console("", "member", "list", "--data", a.data) // steps that were done already cannot be done again
	a.heard("the console of a start that fails", out, fmt.Sprint(err))
	if err := a.app.DB().Close(); err != nil {
		a.Fatal(err)
	}
	a.doors(people)
	a.keepFiles()
}
