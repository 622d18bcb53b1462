package accounts

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/handlers/web/webtest"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

func serve(t *testing.T) *webtest.Room {
	t.Helper()
	return webtest.Serve(t, func(app *web.App) []web.Route {
		r := &Room{App: app, GaveLately: func(echo.Context) bool { return true }}
		return r.Routes()
	})
}

// TestAccountsThatAreNotThereAreNotFound: an id that is none, and an account that
// nobody connected, look the same.
func TestAccountsThatAreNotThereAreNotFound(t *testing.T) {
	t.Parallel()
	room := serve(t)
	for _, id := range []string{"0", "-1", "x", "7", "99999999999999999999"} {
		room.Get(club.Admin, "/accounts/"+id).Want(http.StatusNotFound)
		room.Post(club.Admin, "/accounts/"+id+"/check", nil).Want(http.StatusNotFound)
	}
	room.Get(club.Viewer, "/accounts").Want(http.StatusOK)
	room.Get(club.Viewer, "/accounts/connect").Want(http.StatusForbidden)
}

func TestWhatAPlatformSaysIsOneShortLine(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"  Try\nagain\t later. ":                "Try again later.",
		"right\u202eto left\u0000":              "rightto left",
		strings.Repeat("é", SaidRunes):          strings.Repeat("é", SaidRunes),
		strings.Repeat("é", SaidRunes) + "more": strings.Repeat("é", SaidRunes) + "…",
		"":                                      "",
	} {
		if got := short(said); got != want {
			t.Errorf("short(%.40q) = %.40q, want %.40q", said, got, want)
		}
	}
}

// TestMissingPermissionsOfOneFeatureAreOneGap: in the order in which the platform
// named them.
func TestMissingPermissionsOfOneFeatureAreOneGap(t *testing.T) {
	t.Parallel()
	missing := []platforms.MissingPermission{
		{Feature: platforms.FeatureNumbers, Permission: "read_a"}, {Feature: platforms.FeaturePost, Permission: "post"}, {Feature: platforms.FeatureNumbers, Permission: "read_b"},
	}
	room := webtest.Serve(t, func(app *web.App) []web.Route {
		r := &Room{App: app}
		return []web.Route{web.Get("/gaps", club.ViewClub, func(c echo.Context) error {
			var lines []string
			for _, g := range r.gaps(c, missing) {
				lines = append(lines, g.Permissions)
			}
			if want := []string{"read_a, read_b", "post"}; !slices.Equal(lines, want) {
				t.Errorf("the gaps are %q, want %q", lines, want)
			}
			return c.NoContent(http.StatusNoContent)
		})}
	})
	room.Get(club.Viewer, "/gaps").Want(http.StatusNoContent)
}
