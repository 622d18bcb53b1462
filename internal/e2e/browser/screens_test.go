//go:build browser

package browser

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/demo"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// screen is one page in one state.
type screen struct {
	name string
	path string
	sees string       // a text that is there when the page is
	do   func(b *tab) // what a person does there before it is looked at
}

// gallery is a demo whose screens are looked at.
type gallery struct {
	app *e2ekit.App
	s   store.Scope
	mu  sync.Mutex
	// seen are the paths that somebody looked at.
	seen map[string]bool
}

func newGallery(app *e2ekit.App) *gallery {
	return &gallery{app: app, s: store.Scope{ClubID: app.Demo.ClubID, PersonID: app.Demo.PersonID}, seen: map[string]bool{}}
}

// visit looks at screens one after the other.
func (g *gallery) visit(b *tab, screens []screen) {
	b.t.Helper()
	b.expected = []string{"404", "422", "403", "500"}
	for _, s := range screens {
		b.open(s.path)
		g.saw(b)
		if s.sees != "" {
			b.sees(s.sees)
		}
		if s.do != nil {
			s.do(b)
			g.saw(b)
		}
		b.look(s.name)
	}
}

func (g *gallery) saw(b *tab) {
	b.t.Helper()
	path := script[string](b, "location.pathname")
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen[path] = true
}

// lookVariable adds views for people who look at the pictures: make look.
const lookVariable = "BANDSTAND_TEST_LOOK"

var tablet, darkTablet = view{"tablet", 768, 1024, false, true}, view{"tablet-dark", 768, 1024, true, true}

// TestBrowserEveryScreen looks at each screen there is, in every view: those of
// a club that has lived through two months, as its admin, as a writer and as a
// stranger, and the first of an installation.
func TestBrowserEveryScreen(t *testing.T) {
	g := newGallery(startDemo(t))
	fresh, greeting := startApp(t, e2ekit.Settings{}, e2ekit.NewClock())
	broken, _ := startApp(t, e2ekit.Settings{}, e2ekit.NewClock())
	if _, err := broken.DB().Writer().ExecContext(t.Context(), "ALTER TABLE people RENAME TO lost"); err != nil {
		t.Fatal(err)
	}
	all := views
	if os.Getenv(lookVariable) != "" {
		all = append(slices.Clone(views), tablet, darkTablet)
	}
	t.Run("views", func(t *testing.T) {
		for _, v := range all {
			t.Run(v.name, func(t *testing.T) {
				t.Parallel()
				at := func(app *e2ekit.App) *tab { return newTab(t, app.Base().String(), v) }
				g.visit(at(broken), []screen{{"fault", "/setup", "Something went wrong", nil}})
				g.visit(at(fresh), []screen{{"setup", setupPath(t, greeting), "Welcome to Bandstand", nil}})
				g.visit(at(g.app), g.strangerScreens(t))
				maeve := at(g.app)
				maeve.enterDemo(g.app)
				g.visit(maeve, slices.Concat(demoScreens(t, g.app), g.dialogs(t), g.accountScreens(t), g.keptScreens(t)))
				ines := at(g.app)
				ines.open("/sign-in")
				ines.fill("email", "ines@riverside.example")
				ines.fill("password", demo.Password)
				ines.load(func() { ines.click("Sign in") })
				g.visit(ines, g.writerScreens(t))
			})
		}
	})
	g.complete(t)
}

// keptScreens are what a person sees who signed in again after writing, or being
// asked for the password, for longer than the sign-in lasted.
func (g *gallery) keptScreens(t *testing.T) []screen {
	t.Helper()
	ref, err := g.app.DB().KeepForm(t.Context(), g.s, url.Values{
		"text": {"Half a sentence about the raffle"}, "files_lost": {"1"}, "when": {"none"},
	})
	if err != nil {
		t.Fatal(err)
	}
	asked, err := g.app.DB().KeepRequest(t.Context(), g.s, store.KeptRequest{Path: "/practice/mode"})
	if err != nil {
		t.Fatal(err)
	}
	return []screen{
		{"kept", "/posts/kept/" + ref, "You were signed out while you wrote", nil},
		{"confirm-signed-in", "/confirm/" + asked, "Confirm that it is you", nil},
	}
}

// noScreens are the addresses that show no screen of ours.
var noScreens = map[string]string{
	"/":                         "leads on",
	"/healthz":                  "for programs",
	"/calendar/changes":         "a part of the calendar",
	"/calendar/agenda":          "a part of the calendar",
	"/posts/:id/status":         "a part of the post's page",
	"/media/:id/thumb":          "a picture",
	"/media/:id/view":           "a picture",
	"/m/:id/:expiry/:mac/:file": "a picture",
	"/oauth/:platform/callback": "leads on",
	"/results.csv":              "a file",
}

// complete fails for every address that people open and that was not looked at.
func (g *gallery) complete(t *testing.T) {
	t.Helper()
	for _, r := range e2ekit.Routes(t) {
		if r[0] != http.MethodGet || noScreens[r[1]] != "" {
			continue
		}
		pattern := regexp.MustCompile("^" + regexp.MustCompile(`:\w+`).ReplaceAllString(strings.ReplaceAll(r[1], "*", ".*"), "[^/]+") + "$")
		if !slices.ContainsFunc(slices.Collect(maps.Keys(g.seen)), pattern.MatchString) {
			t.Errorf("nobody looked at %s", r[1])
		}
	}
}

// look takes a picture and checks what can be checked of any screen.
func (b *tab) look(name string) {
	b.t.Helper()
	b.until(`document.readyState === "complete"`)
	b.shot(name)
	b.accessible(name)
}

// post is the page of the first post of the demo with a status.
func (g *gallery) post(t *testing.T, status club.Status) string {
	t.Helper()
	posts, err := g.app.DB().Posts(t.Context(), g.s, store.PostFilter{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(posts, func(p store.Post) bool { return p.Status() == status })
	if i < 0 {
		t.Fatalf("no post is %s", status)
	}
	return postPath(posts[i].ID)
}

// tomorrow is the demo's next day, on which there is a post.
func tomorrow(t *testing.T, app *e2ekit.App) string {
	t.Helper()
	loc, err := time.LoadLocation(demo.Zone)
	if err != nil {
		t.Fatal(err)
	}
	return app.Now().In(loc).AddDate(0, 0, 1).Format(time.DateOnly)
}

// demoScreens are the screens of the demo as they open.
func demoScreens(t *testing.T, app *e2ekit.App) []screen {
	t.Helper()
	g := newGallery(app)
	busy := tomorrow(t, app)
	return []screen{
		{"calendar", "/calendar", "Calendar", nil},
		{"calendar-month", "/calendar?view=month", "Calendar", nil},
		{"calendar-list", "/calendar?view=list", "Calendar", nil},
		{"calendar-filtered", "/calendar?view=list&status=DRAFT", "Draft", nil},
		{"calendar-empty", "/calendar?view=list&date=2040-01-01", "", nil},
		{"calendar-day", "/calendar/day/" + busy, "", nil},
		{"calendar-keys", "/calendar/keys", "", nil},
		{"move-page", g.post(t, club.Scheduled) + "/move", "Move", nil},
		{"post-scheduled", g.post(t, club.Scheduled), "Scheduled", nil},
		{"post-published", g.post(t, club.Published), "Published", nil},
		{"post-attention", g.post(t, club.NeedsAttention), "What happened", nil},
		{"post-draft", g.post(t, club.Draft), "Draft", nil},
		{"posts", "/posts", "Posts", nil},
		{"posts-drafts", "/posts?show=draft", "Posts", nil},
		{"posts-none", "/posts?q=zzz", "Posts", nil},
		{"composer-new", "/posts/new", "New post", nil},
		{"composer-edit", g.post(t, club.Scheduled) + "/edit", "", nil},
		{"results", "/results", "Results", nil},
		{"notices", "/notices", "", nil},
		{"hold", "/hold", "Why?", nil},
		{"waiting", "/waiting", "Posts that wait for you", nil},
		{"members", "/settings/members", "Tom Reid", nil},
		{"settings", "/settings", "Riverside FC", nil},
		{"status", "/settings/status", "System status", nil},
		{"record", "/settings/record", "Record", nil},
		{"member-role", "/settings/members/2/role?to=admin", "", nil},
		{"member-removal", "/settings/members/2/removal", "", nil},
		{"post-earlier", g.post(t, club.Draft) + "/earlier", "", nil},
		{"new-club", "/clubs/new", "", nil},
		{"profile", "/profile", "Your profile", nil},
		{"accounts", "/accounts", "Accounts", nil},
		{"accounts-connect", "/accounts/connect", "Connect an account", nil},
		{"platform-apps", "/settings/platforms", "", nil},
		{"practice", "/practice", "", nil},
		{"going-live", "/practice/mode", "Go live with Riverside FC?", nil},
		{"hold", "/hold", "", nil},
		{"not-found", "/nowhere", "There is nothing at this address", nil},
	}
}

// dialogs are screens with something open on them.
func (g *gallery) dialogs(t *testing.T) []screen {
	t.Helper()
	busy := tomorrow(t, g.app)
	opens := func(label string) func(b *tab) { return func(b *tab) { b.click(label) } }
	dialog := func(b *tab) { b.until(`document.querySelector("dialog[open]")`) }
	return []screen{
		{"dialog-day", "/calendar?date=" + busy, "", func(b *tab) {
			b.until(`customElements.get("bs-calendar")`)
			script[bool](b, `document.querySelector("#day-`+busy+` .day-link").click(), true`)
			dialog(b)
		}},
		{"dialog-move", g.post(t, club.Scheduled), "", func(b *tab) { b.click("Move to…"); dialog(b) }},
		{"confirm-delete", g.post(t, club.Draft), "", func(b *tab) { b.click("More"); b.click("Delete") }},
		{"retime", g.post(t, club.NeedsAttention), "", opens("Choose a new time")},
		{"technical", g.post(t, club.Published), "", opens("Technical details")},
		{"main-menu", "/posts", "", func(b *tab) {
			if b.view.touch {
				b.click("Main menu")
			}
		}},
		{"composer-faults", "/posts/new", "", func(b *tab) {
			b.until(`document.querySelector("bs-composer").matches(":defined")`)
			b.click("Schedule")
			b.until(`document.activeElement.matches(".errors")`)
			b.sees("There is a problem")
		}},
		{"composer-own-text", g.post(t, club.Scheduled) + "/edit", "", func(b *tab) {
			b.click("Change the text for")
			b.until(`document.querySelector(".own-text")`)
		}},
		{"composer-preview", g.post(t, club.Scheduled) + "/edit", "", func(b *tab) {
			if b.view.touch {
				b.click("Preview")
			}
			b.until(`document.querySelector("#preview article").checkVisibility()`)
		}},
		{"composer-when", g.post(t, club.Scheduled) + "/edit", "", opens("When")},
		{"composer-accounts", "/posts/new", "", opens("Accounts FB")},
		{"composer-more", "/posts/new", "", func(b *tab) {
			if b.view.touch {
				b.click("More")
			}
		}},
	}
}

// accountScreens are what one sees while connecting, reconnecting and
// disconnecting.
func (g *gallery) accountScreens(t *testing.T) []screen {
	t.Helper()
	all, err := g.app.DB().Connections(t.Context(), g.s)
	if err != nil || len(all) == 0 {
		t.Fatalf("accounts: %v, %v", all, err)
	}
	account := fmt.Sprintf("/accounts/%d", all[0].ID)
	screens := []screen{
		{"account", account, "", nil},
		{"account-reconnect", account + "/reconnect", "", nil},
		{"account-disconnect", account + "/disconnect", "", nil},
	}
	var consents, typed bool // one platform of each kind is enough
	for _, p := range g.app.PracticePlatforms().All() {
		info := p.Info()
		leave := "/accounts/connect/" + string(info.ID)
		if _, ok := p.(platforms.PasswordSignIn); ok && !typed {
			typed = true
			screens = append(screens, screen{"connect-typed", leave, "", nil})
		}
		if _, ok := p.(platforms.OAuthSignIn); ok && !consents {
			consents = true
			screens = append(screens, screen{"platform-app", "/settings/platforms/" + info.AppSlot, "", nil}, screen{"connect-leave", leave, "", nil},
				screen{"choose", leave, "", func(b *tab) {
					b.load(func() { b.click("Go to ") })
					g.saw(b)
					b.load(func() { script[bool](b, `document.querySelector("button[value=allow]").click(), true`) })
					b.sees("Which accounts should Bandstand use?")
				}})
		}
	}
	return screens
}

// writerScreens are what somebody sees who may not do everything.
func (g *gallery) writerScreens(t *testing.T) []screen {
	t.Helper()
	return []screen{
		{"forbidden", "/accounts/connect", "Only ", nil},
		{"writer-composer", "/posts/new", "New post", nil},
		{"writer-attention", g.post(t, club.NeedsAttention), "What happened", nil},
		{"writer-accounts", "/accounts", "Accounts", nil},
		{"writer-settings", "/settings", "", nil},
		{"writer-members", "/settings/members", "", nil},
	}
}

// strangerScreens are what somebody sees who has not signed in.
func (g *gallery) strangerScreens(t *testing.T) []screen {
	t.Helper()
	invitation, err := g.app.DB().CreateInvitation(t.Context(), g.s, "aoife@riverside.example", club.Writer, "test")
	if err != nil {
		t.Fatal(err)
	}
	link, err := g.app.DB().CreatePasswordReset(t.Context(), g.s.PersonID, "test")
	if err != nil {
		t.Fatal(err)
	}
	return []screen{
		{"demo-door", "/demo/" + g.app.Demo.Token, "", nil},
		{"sign-in", "/sign-in", "Sign in", func(b *tab) { b.click("Forgotten your password?") }},
		{"invitation", "/invitations/" + invitation, "", nil},
		{"sign-in-link", "/sign-in/link/" + link, "", nil},
		{"link-used", "/sign-in/link/used", "", nil},
	}
}
