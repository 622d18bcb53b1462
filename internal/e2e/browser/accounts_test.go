//go:build browser

package browser

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/chromedp/chromedp"

	"github.com/bandstand-app/bandstand/internal/practice"
	"github.com/bandstand-app/bandstand/internal/sandbox"
	"github.com/bandstand-app/bandstand/platforms"
)

// setupPath is the address that a new app prints.
func setupPath(t *testing.T, greeting string) string {
	t.Helper()
	i := strings.Index(greeting, "/setup?code=")
	if i < 0 {
		t.Fatalf("no address for set-up in %q", greeting)
	}
	path, _, _ := strings.Cut(greeting[i:], " ")
	return path
}

// setUp makes the first person and club, as their set-up page does.
func (b *tab) setUp(greeting string) {
	b.t.Helper()
	b.open(setupPath(b.t, greeting))
	b.fill("name", "Maeve Byrne")
	b.fill("email", "maeve@riverside.example")
	b.fill("password", "three old tin drums")
	b.fill("club", "Riverside FC")
	b.fill("zone", "Europe/Dublin")
	b.load(func() { b.click("Set up Bandstand") })
}

// TestBrowserAccounts connects accounts on every make-believe platform through
// its consent page, rehearses losing one, and looks at every page on the way.
func TestBrowserAccounts(t *testing.T) {
	for _, v := range []view{phone, darkDesktop} {
		t.Run(v.name, func(t *testing.T) {
			app, greeting := startApp(t, e2ekit.Settings{}, e2ekit.NewClock())
			b := newTab(t, app.Base().String(), v)
			b.expected = []string{"422"}
			b.setUp(greeting)
			look := func(path, name string) {
				t.Helper()
				if path != "" {
					b.open(path)
				}
				b.accessible(name)
				b.shot(strings.ReplaceAll(name, " ", "-"))
			}
			look("/accounts", "accounts none")
			b.load(func() { b.click("Connect an account") })
			look("", "accounts connect")
			b.load(func() { b.click("Facebook Page") })
			look("", "accounts leave")
			b.load(func() { b.click("Go to Facebook") })
			b.sees("Which Pages?")
			b.shot("accounts-consent")
			b.load(func() { b.click("Continue") })
			b.sees("showed us 3 accounts")
			look("", "accounts choose")
			b.load(func() { b.click("Connect") })
			b.sees("Connected.")
			look("", "accounts two")
			for name, button := range map[string]string{"X": "Authorize app", "LinkedIn Page": "Allow"} {
				b.open("/accounts/connect")
				b.load(func() { b.click(name) })
				b.load(func() { b.click("Go to " + strings.TrimSuffix(name, " Page")) })
				b.load(func() { b.click(button) })
				b.sees("Which accounts should Bandstand use?")
				b.load(func() { b.click("Connect") })
				b.sees("Connected.")
			}
			b.open("/accounts/connect")
			b.load(func() { b.click("Bluesky") })
			b.load(func() { b.click("Connect Bluesky") })
			b.sees("2 things need changing")
			look("", "accounts typed faults")
			b.fill("in-handle", "riversidefc.test")
			b.fill("in-password", "abcd-efgh-ijkl-mnop")
			b.load(func() { b.click("Connect Bluesky") })
			b.sees("@riversidefc.test")

			b.open("/practice")
			b.click("Choose how platforms behave")
			b.do(chromedp.Click("#x-reconnect"))
			b.load(func() { b.click("Switch X") })
			b.sees("X now: Needs reconnecting.")
			look("", "practice")
			b.open("/accounts")
			b.load(func() { b.click("Check now Riverside FC (@riversidefc) (X)") })
			b.sees("Needs reconnecting")
			look("", "accounts broken")
			b.load(func() { b.click("Details Riverside FC (@riversidefc) (X)") })
			look("", "account")
			b.load(func() { b.click("Disconnect") })
			look("", "account disconnect")
			look("/settings/platforms", "platform apps")
			look("/settings/platforms/meta", "platform app")
		})
	}
}

// TestBrowserLiveAccounts connects a real account of a live club: the platform
// is another origin, played by a sandbox on a port of its own.
func TestBrowserLiveAccounts(t *testing.T) {
	clock := e2ekit.NewClock()
	handler := make(chan http.Handler, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := <-handler
		handler <- h
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	world, err := practice.Open("", e2ekit.Catalogue().Simulate(platforms.SimEnv{Fetch: server.Client(), BaseURL: server.URL, Now: clock.Now}), slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		t.Fatal(err)
	}
	handler <- sandbox.New(world, e2ekit.Catalogue().Describe())
	args := []string{"--allow-networks=127.0.0.1/32"}
	for id, endpoints := range e2ekit.Sandboxed(server.URL) {
		for name, address := range endpoints {
			args = append(args, fmt.Sprintf("--%s-%s-url=%s", id, name, address))
		}
	}
	app, greeting := startApp(t, e2ekit.Parse(t, append(args, "--data", filepath.Join(t.TempDir(), "data"))...), clock)
	b := newTab(t, app.Base().String(), desktop)
	b.expected = []string{"favicon.ico"}
	b.setUp(greeting)
	b.open("/practice")
	b.load(func() { b.click("Go live") })
	b.sees("What changes")
	b.load(func() { b.click("Go live") })
	b.sees("The club is live.")
	b.load(func() { b.click("Connect an account") })
	b.sees("Needs set-up by an Admin.")
	b.load(func() { b.click("Set up X") })
	b.fill("app-client_id", "1234")
	b.fill("app-client_secret", "5678")
	clock.Advance(11 * time.Minute) // while the secret was looked for
	b.load(func() { b.click("Save") })
	b.confirms()
	b.sees("The X app is saved.")
	b.load(func() { b.click("Check the app") })
	b.sees("The platform knows this app.")
	b.accessible("platform app checked")
	b.shot("platform-app-checked")
	b.open("/accounts/connect")
	b.load(func() { b.click("X") })
	clock.Advance(11 * time.Minute)
	b.load(func() { b.click("Go to X") })
	b.confirms() // and that form may lead to the platform, too
	b.load(func() { b.click("Authorize app") })
	b.sees("X showed us one account.")
	b.load(func() { b.click("Connect") })
	b.sees("Connected. Riverside FC (@riversidefc) can post and read numbers.")
	b.shot("accounts-live")
}
