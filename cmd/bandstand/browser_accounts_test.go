//go:build browser

package main

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// setUp makes the first person and club, as their set-up page does.
func (b *tab) setUp(greeting string) {
	b.t.Helper()
	i := strings.Index(greeting, "/setup?code=")
	if i < 0 {
		b.t.Fatalf("no address for set-up in %q", greeting)
	}
	path, _, _ := strings.Cut(greeting[i:], " ")
	b.open(path)
	b.fill("name", "Maeve Byrne")
	b.fill("email", "maeve@riverside.example")
	b.fill("password", "three old tin drums")
	b.fill("club", "Riverside FC")
	b.load(func() { b.click("Set up Bandstand") })
}

// TestBrowserAccounts connects accounts on every make-believe platform through
// its consent page, rehearses losing one, and looks at every page on the way.
func TestBrowserAccounts(t *testing.T) {
	for _, v := range views {
		t.Run(v.name, func(t *testing.T) {
			app, greeting := startApp(t, Settings{})
			b := newTab(t, app.means.base.String(), v)
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
				b.sees("Which accounts shall Bandstand use?")
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
