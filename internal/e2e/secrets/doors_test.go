package secrets

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/bandstand-app/bandstand/internal/club"
)

// doors sends secrets to every door, whatever comes of it.
func (a *aviary) doors(people map[club.Role]*guest) {
	a.Helper()
	admin, stranger := people[club.Admin], a.guest("stranger")
	stranger.post("/sign-in", "email", secretPerson, "password", `canary "second+&</2>`)
	stranger.post("/sign-in", "email", secretPerson, "password", "canary-wrong-password")
	admin.post("/profile/password", "old_password", `canary "second+&</2>`, "password", a.plant("password that cannot be stored", "canary-never-stored"))
	if link := admin.post("/settings/invitations", "email", "new@riverside.example", "role", "viewer").leads("/invitations/"); link != "" {
		a.plant("invitation link", link)
	}
	var link string
	for secret, name := range maps.Clone(a.flock.Names()) {
		if name == "invitation link" {
			link = secret // the last one is open
			stranger.get("/invitations/" + link)
			stranger.post("/invitations/"+link, a.joining("new", "password of an invitation", "canary-late-joiner")...)
		}
		if name == "sign-in link" {
			stranger.get("/sign-in/link/" + secret)
			stranger.post("/sign-in/link/"+secret, "password", "canary-late-joiner")
		}
	}
	var form []string
	for _, f := range e2ekit.Catalogue().Describe()[0].AppFields {
		form = append(form, "app-"+f.Key, "canary/entered+"+f.Key)
	}
	admin.post("/settings/platforms/"+a.slots[0], form...)
	for _, i := range e2ekit.Catalogue().Describe() {
		var form []string
		for k, v := range e2ekit.PracticeSignIn(i.ID) {
			form = append(form, "in-"+k, v)
		}
		admin.post("/accounts/connect/"+string(i.ID), form...)
		admin.get("/oauth/" + string(i.ID) + "/callback?code=" + a.plant("code of nobody", "canary-code-of-nobody") + "&state=" + a.plant("state of nobody", "canary-state-of-nobody"))
	}
	admin.get("/nowhere?token=canary-code-of-nobody")
	admin.post("/sign-out?token=canary-code-of-nobody")
	admin.post("/sign-in", "email", secretPerson, "password", `canary "second+&</2>`)
}

// standStill sends secrets to every door while nothing can be stored, or kept
// for want of room, and comes back from every platform.
func (a *aviary) standStill(people map[club.Role]*guest) {
	a.Helper()
	admin := people[club.Admin]
	a.signIn(admin)
	for _, pragma := range []string{"query_only = 1", "max_page_count = 1"} {
		for _, i := range e2ekit.Catalogue().Describe() {
			if e2ekit.PracticeSignIn(i.ID) != nil {
				continue
			}
			to := admin.post("/accounts/connect/"+string(i.ID)).want(admin, http.StatusSeeOther).Header().Get("Location")
			back := admin.consent(to)
			a.fault(pragma, func() { admin.get(back) })
		}
		a.fault(pragma, func() { a.doors(people) })
		a.signIn(admin)
	}
	a.plantTokensLeft()
}

// everyRoute asks for everything there is, as everybody, and by name for what
// programs and admins read.
func (a *aviary) everyRoute(people map[club.Role]*guest) {
	a.Helper()
	fill := strings.NewReplacer(":id/:expiry", "0123456789abcdef0123456789abcdef/1", ":mac", "0000", ":file", "a.jpg", ":id", "1", ":token", "canary-code-of-nobody",
		":platform", string(e2ekit.Catalogue().Describe()[0].ID), ":slot", a.slots[0], ":date", "2026-11-10", ":ref", "nothing", ":mount", "none", "*", "x")
	admin := people[club.Admin]
	a.signIn(admin)
	for role, password := range map[club.Role]string{club.Publisher: "canary-console-password", club.Writer: `canary "joins/+&<wri`, club.Viewer: `canary "joins/+&<vie`} {
		people[role].post("/sign-in", "email", string(role)+"@riverside.example", "password", password).want(people[role], http.StatusSeeOther)
	}
	for _, path := range []string{"/results.csv", "/healthz", "/settings/status", "/notices", "/waiting", "/posts", "/accounts", "/settings/members", "/settings/platforms", "/results", "/calendar?view=list", "/hold", "/profile"} {
		g := a.guest("admin by name")
		g.cookie = admin.cookie
		if got := g.get(path); got.Code != http.StatusOK && path != "/healthz" { // nothing runs, which it may say
			a.Errorf("%s answers %d", path, got.Code)
		}
	}
	for _, role := range []club.Role{club.Viewer, club.Writer, club.Publisher, "", club.Admin} {
		for id := 1; role == club.Admin && id <= 40; id++ {
			admin.get("/posts/" + strconv.Itoa(id))
			admin.get("/accounts/" + strconv.Itoa(id))
		}
		routes := e2ekit.Routes(a.T)
		slices.SortStableFunc(routes, func(x, y [2]string) int { return strings.Compare(x[0], y[0]) })
		for _, r := range routes {
			cookie := people[role].cookie
			if r[0] == http.MethodGet {
				people[role].get(fill.Replace(r[1]))
			} else {
				people[role].post(fill.Replace(r[1]), "password", "canary-wrong-password", "text", "x", "version", "0")
			}
			if r[1] == "/sign-out" {
				people[role].cookie = cookie
				people[role].post("/sign-in", "email", secretPerson, "password", "canary-wrong-password")
			}
		}
	}
	resp, err := http.Get(a.sandbox + "/_sandbox/posts")
	if err != nil {
		a.Fatal(err)
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	_, _ = b.ReadFrom(resp.Body)
	a.heard("the sandbox's record", b.String())
}
