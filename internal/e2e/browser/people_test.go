//go:build browser

package browser

import (
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"
)

// TestBrowserSetUp sets up a new installation as a club secretary would.
func TestBrowserSetUp(t *testing.T) {
	for _, v := range []view{phone, darkDesktop} {
		t.Run(v.name, func(t *testing.T) {
			app, greeting := startApp(t, e2ekit.Settings{}, e2ekit.NewClock())
			base := app.Base().String()
			_, rest, _ := strings.Cut(greeting, base)
			_, path, ok := strings.Cut(rest, base)
			if !ok {
				t.Fatalf("no address for set-up in %q", greeting)
			}
			path, _, _ = strings.Cut(path, " ")
			b := newTab(t, base, v)
			b.expected = []string{"422", "404"}
			b.open(path)
			b.sees("Welcome to Bandstand")
			b.accessible("set-up")
			b.shot("setup")
			b.load(func() { b.click("Set up Bandstand") })
			b.sees("4 things need changing")
			b.accessible("set-up with faults")
			b.shot("setup-faults")
			b.fill("name", "Maeve Byrne")
			b.fill("email", "maeve@riverside.example")
			b.fill("password", "three old tin drums")
			b.fill("club", "Riverside FC")
			b.load(func() { b.click("Set up Bandstand") })
			b.open("/settings")
			b.sees("Riverside FC")
			b.accessible("settings")
			b.shot("settings")
			b.open("/settings/members")
			b.fill("email", "tom@riverside.example")
			b.load(func() { b.click("Make an invitation link") })
			b.sees("Send this link to tom@riverside.example")
			b.accessible("members")
			b.shot("members")
			b.open("/profile")
			b.sees("Your profile")
			b.accessible("profile")
			b.shot("profile")
			b.load(func() { b.click("Change password") })
			b.sees("That is not your current password")
			b.open("/nowhere")
			b.sees("There is nothing at this address")
			b.accessible("not found")
		})
	}
}

func TestBrowserSignIn(t *testing.T) {
	app, _ := startApp(t, e2ekit.Settings{}, e2ekit.NewClock())
	e2ekit.Found(t, app, "")
	for _, v := range views {
		t.Run(v.name, func(t *testing.T) {
			b := newTab(t, app.Base().String(), v)
			b.expected = []string{"422", "404"}
			b.open("/")
			b.sees("Sign in")
			b.accessible("sign in")
			b.shot("sign-in")
			b.fill("email", "maeve@riverside.example")
			b.fill("password", "wrong")
			b.load(func() { b.click("Sign in") })
			b.sees("That email and password do not match")
			b.accessible("sign in, wrong")
		})
	}
}
