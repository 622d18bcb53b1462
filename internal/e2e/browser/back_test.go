//go:build browser

package browser

import (
	"testing"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"
)

// TestBrowserBackAfterSignOut: Back shows nothing of the club to whoever comes to
// the browser next, over plain http too, where it cannot be told to forget.
func TestBrowserBackAfterSignOut(t *testing.T) {
	app, _ := startApp(t, e2ekit.Settings{BaseURL: "http://" + plainHost + ":0"}, e2ekit.NewClock())
	s := e2ekit.Found(t, app, "")
	token, err := app.DB().CreatePasswordReset(t.Context(), s.PersonID, "console")
	if err != nil {
		t.Fatal(err)
	}
	b := newTab(t, app.Base().String(), desktop)
	b.open("/sign-in/link/" + token)
	b.fill("password", "two large green lamps")
	b.load(func() { b.click("Set password and sign in") })
	for _, path := range []string{"/calendar", "/settings/members"} {
		b.open(path)
		b.sees("Riverside FC")
		b.load(func() { script[bool](b, `document.querySelector("form[action='/sign-out']").requestSubmit(), true`) })
		b.sees("Password")
		script[bool](b, `history.back(), true`)
		b.until(`location.pathname === "/sign-in" && location.search.includes("to=")`)
		if script[bool](b, `document.body.innerText.includes("Riverside FC")`) {
			t.Errorf("Back to %s shows the club", path)
		}
		b.fill("email", "maeve@riverside.example")
		b.fill("password", "two large green lamps")
		b.load(func() { b.click("Sign in") })
	}
}
