package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
)

// TestAddressesOfFormsCanBeReloaded: whoever loads the answer to a form again, or
// opens its address from a bookmark, comes to a page, and nothing is sent.
func TestAddressesOfFormsCanBeReloaded(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	admin := g.as(club.Admin)
	for _, r := range g.server.routes() {
		if r.Method != http.MethodPost || strings.HasPrefix(r.Path, "/practice/:mount") {
			continue
		}
		make, _, _ := g.objectOf(r)
		path := fill(r.Path, make(g.scope(club.Admin)))
		before := g.dataVersion()
		a := admin.get(path)
		for range 3 {
			if a.StatusCode == http.StatusSeeOther {
				a = admin.get(a.Header.Get("Location"))
			}
		}
		if a.StatusCode != http.StatusOK || g.dataVersion() != before {
			t.Errorf("opening %s ends at %s with %d", path, a.what, a.StatusCode)
		}
	}
	for path, want := range map[string]string{
		"/settings/invitations":            "/settings/members",
		"/settings/members/3/removal":      "",
		"/settings/members/3/sign-in-link": "/settings/members",
		"/posts/5/schedule":                "/posts/5",
		"/posts/autosave":                  "/posts",
		"/profile/password":                "/profile",
		"/accounts/7/check":                "/accounts/7",
		"/settings/platforms/x/check":      "/settings/platforms/x",
		"/hold/release":                    "/hold",
		"/sign-out":                        "/",
	} {
		if want != "" {
			g.as("").get(path).to(want)
		}
	}
	shown := admin.post("/settings/invitations", url.Values{"email": {"nora@riverside.example"}, "role": {"viewer"}}).want(http.StatusOK)
	admin.get(shown.Request.URL.Path).to("/settings/members")
}
