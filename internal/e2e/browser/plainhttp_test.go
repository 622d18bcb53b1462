//go:build browser

package browser

import (
	"testing"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/bandstand-app/bandstand/internal/club"
)

// TestBrowserFormsOnPlainHTTP: over http, at a name that is not localhost,
// browsers do not say whether a form is on the same site, and name the site it is
// on only as the page's referrer policy lets them. The pages whose address is a
// secret must let them, or nobody can join a club in its own network.
func TestBrowserFormsOnPlainHTTP(t *testing.T) {
	app, _ := startApp(t, e2ekit.Settings{BaseURL: "http://" + plainHost + ":0"}, e2ekit.NewClock())
	s := e2ekit.Found(t, app, "")
	base := app.Base().String()

	token, err := app.DB().CreateInvitation(t.Context(), s, "ines@riverside.example", club.Writer, "test")
	if err != nil {
		t.Fatal(err)
	}
	b := newTab(t, base, phone)
	b.open("/invitations/" + token)
	if script[bool](b, `window.isSecureContext`) {
		t.Fatalf("the browser takes %s for safe: this test shows nothing", base)
	}
	b.fill("email", "ines@riverside.example")
	b.load(func() { b.click("Go on") })
	b.sees("Choose a password")
	b.shot("invitation")
	b.accessible("invitation")
	b.fill("name", "Ines Silva")
	b.fill("password", "three old tin drums")
	b.load(func() { b.click("Join") })
	b.sees("Welcome to Riverside FC")

	ines, err := app.DB().PersonByEmail(t.Context(), "ines@riverside.example")
	if err != nil {
		t.Fatal(err)
	}
	if token, err = app.DB().CreatePasswordReset(t.Context(), ines.ID, "console"); err != nil {
		t.Fatal(err)
	}
	b = newTab(t, base, desktop)
	b.open("/sign-in/link/" + token)
	b.fill("password", "two large green lamps")
	b.load(func() { b.click("Set password and sign in") })
	b.sees("Your new password is set.")
	if _, err := app.DB().Membership(t.Context(), s.ClubID, ines.ID); err != nil {
		t.Error(err)
	}
}
