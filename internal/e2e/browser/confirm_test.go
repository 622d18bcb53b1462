//go:build browser

package browser

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

// setUpPassword is what setUp chooses.
const setUpPassword = "three old tin drums" //nolint:gosec // of a test

// confirms answers the question for the password, and goes on with what was
// asked for.
func (b *tab) confirms() {
	b.t.Helper()
	b.sees("Confirm that it is you")
	b.fill("password", setUpPassword)
	b.load(func() { b.click("Go on") })
}

// TestBrowserConfirm removes a member long after signing in: the password is
// asked for, and the member is gone.
func TestBrowserConfirm(t *testing.T) {
	for _, v := range []view{phone, darkDesktop} {
		t.Run(v.name, func(t *testing.T) {
			h := startHousehold(t)
			b := newTab(t, h.Base().String(), v)
			b.expected = []string{"422", "404"}
			b.setUp(h.greeting)
			for _, name := range []string{"Tom Reid", "Ines Silva"} {
				email := name[:3] + "@riverside.example"
				token, err := h.DB().CreateInvitation(t.Context(), h.scope(t), email, club.Publisher, "test")
				if err == nil {
					_, _, err = h.DB().AcceptInvitationAsNew(t.Context(), token, store.NewPerson{Email: email, Name: name, PasswordHash: "none"}, "test")
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			types := func(password string) {
				t.Helper()
				b.until(`document.activeElement.id === "password"`)
				b.load(func() { b.do(chromedp.KeyEvent(password), chromedp.KeyEvent(kb.Enter)) })
			}
			remove := func(name string) {
				t.Helper()
				b.click("Change " + name)
				b.load(func() { b.click("Remove from the club") })
				b.sees("Remove " + name + " from Riverside FC?")
				b.click("Remove " + name)
			}
			b.open("/settings/members")
			b.load(func() { remove("Ines Silva") })
			b.sees("Removed. Their posts stay")

			h.clock.Advance(11 * time.Minute)
			b.load(func() { remove("Tom Reid") })
			b.sees("Confirm that it is you")
			b.accessible("confirm")
			b.shot("confirm")
			types("wrong")
			b.sees("That is not your current password")
			b.accessible("confirm, wrong")
			b.shot("confirm-wrong")
			b.load(func() { b.click("Cancel") })
			b.sees("Tom Reid")

			b.load(func() { remove("Tom Reid") })
			types(setUpPassword)
			b.sees("Removed. Their posts stay")
			if script[bool](b, `location.pathname !== "/settings/members" || document.body.innerText.includes("Tom Reid")`) {
				b.fail("Tom is still there")
			}
			b.shot("confirm-done")

			// Going back does not do it again.
			b.load(func() { script[bool](b, `history.back(), true`) })
			b.sees("This was done already")
			b.accessible("confirm, gone")
		})
	}
}
