package people

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/handlers/web/webtest"
	"github.com/bandstand-app/bandstand/internal/club"
)

// onePassword is a hasher that knows the one password of everybody who has a hash.
type onePassword string

func (p onePassword) Hash(context.Context, string) (string, error) { return "hash", nil }

func (p onePassword) Matches(_ context.Context, password, hash string) (ok, old bool, err error) {
	return hash != "" && password == string(p), false, nil
}

// TestAWrongPasswordAndAnUnknownEmailLookTheSame: nobody learns who has an account.
func TestAWrongPasswordAndAnUnknownEmailLookTheSame(t *testing.T) {
	t.Parallel()
	room := webtest.Serve(t, func(app *web.App) []web.Route {
		return (&Room{App: app, Passwords: onePassword("three or four words")}).Routes()
	})
	try := func(email, password string) *webtest.Answer {
		return room.Post("", "/sign-in", url.Values{"email": {email}, "password": {password}})
	}
	known := try("tom@riverside.example", "wrong").Want(http.StatusUnprocessableEntity)
	unknown := try("nobody@riverside.example", "three or four words").Want(http.StatusUnprocessableEntity)
	if known.Text() != unknown.Text() {
		t.Errorf("a wrong password reads %q, an unknown email %q", known.Text(), unknown.Text())
	}
	try("tom@riverside.example", "three or four words").To("/calendar")
}

// TestLastSeenFollowsTheMidnightOfTheClub: that of the server is another.
func TestLastSeenFollowsTheMidnightOfTheClub(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 7, 14, 23, 30, 0, 0, time.UTC) // half past midnight of the 15th in Dublin
	for want, at := range map[string]time.Time{
		"seen_never":     {},
		"seen_now":       now.Add(-time.Minute),
		"seen_today":     now.Add(-20 * time.Minute),
		"seen_yesterday": now.Add(-40 * time.Minute),
	} {
		room := webtest.Serve(t, func(app *web.App) []web.Route {
			r := &Room{App: app}
			return []web.Route{web.Get("/seen", club.ViewClub, func(c echo.Context) error {
				if got := r.seen(c, at, now); got != web.T(c, want) {
					t.Errorf("seen at %s is %q, want %s", at, got, want)
				}
				return c.NoContent(http.StatusNoContent)
			})}
		})
		room.Get(club.Viewer, "/seen").Want(http.StatusNoContent)
	}
}

// TestWhoGivesNoPasswordComesBackToTheForm: each confirmed route leads back to a
// page that is there.
func TestWhoGivesNoPasswordComesBackToTheForm(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/settings/members/3/role":         "/settings/members",
		"/settings/members/3/sign-in-link": "/settings/members",
		"/settings/invitations":            "/settings/members",
		"/settings/platforms/x":            "/settings/platforms/x",
		"/settings/platforms/x/removal":    "/settings/platforms/x",
		"/practice/mode":                   "/practice",
		"/accounts/7/disconnect":           "/accounts/7/disconnect",
	} {
		if got := askedOn(path); got != want {
			t.Errorf("%s is asked for on %s, want %s", path, got, want)
		}
	}
}
