package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms/facebook"
)

func TestRealAccountsNeedAPlatformApp(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.goLive()
	tom, maeve := st.as(club.Publisher), st.as(club.Admin)
	tom.get("/accounts/connect").says("Needs set-up by an Admin").saysNot("Set up Facebook")
	maeve.get("/accounts/connect").says("Set up Facebook")
	tom.post("/accounts/connect/facebook", nil).want(http.StatusConflict).says("Needs set-up by an Admin")
	tom.get("/settings/platforms/meta").want(http.StatusForbidden)

	maeve.get("/settings/platforms").want(http.StatusOK).says("Meta app", "Not set up yet")
	page := maeve.get("/settings/platforms/meta").want(http.StatusOK)
	if got, want := page.doc().Find("#redirect").AttrOr("value", ""), st.web.URL+"/oauth/facebook/callback"; got != want {
		t.Errorf("redirect address %q, want %q", got, want)
	}
	bad := maeve.post("/settings/platforms/meta", url.Values{"app-client_id": {"12 34"}, "app-client_secret": {""}}).want(http.StatusUnprocessableEntity).says("holds no spaces", "Enter the App secret")
	if got := bad.doc().Find("#app-client_id").AttrOr("value", ""); got != "12 34" {
		t.Errorf("the id typed is lost: %q", got)
	}
	st.setUp("meta")
	saved := maeve.get("/settings/platforms/meta").says("Set up by Maeve Byrne", "Leave this empty to keep it")
	if strings.Contains(saved.body, "canary-app-secret") {
		t.Error("the app's secret is shown again")
	}
	if got := saved.doc().Find("#app-client_id").AttrOr("value", ""); got != "1234" {
		t.Errorf("the app's id is %q", got)
	}
	// The secret stays when only the id is changed.
	maeve.post("/settings/platforms/meta", url.Values{"app-client_id": {"5678"}, "app-client_secret": {""}}).to("/settings/platforms/meta")
	maeve.get("/settings/platforms/meta").says("is saved")
	app, err := st.server.AppCredentials(t.Context(), st.club.ID, false, "meta")
	if err != nil || app["client_id"].Reveal() != "5678" || app["client_secret"].Reveal() != "canary-app-secret" {
		t.Errorf("the app is %v, %v", app["client_id"].Reveal(), err)
	}
	maeve.post("/settings/platforms/meta/check", nil).want(http.StatusOK).says("Needs attention. Bandstand is reached over plain http", "The platform knows this app")
}

func TestRealAccountsAreConnectedWithoutShowingASecret(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.goLive()
	st.setUp("meta")
	tom, maeve := st.as(club.Publisher), st.as(club.Admin)

	// The form that leads away must be allowed to.
	policy := tom.get("/accounts/connect/facebook").want(http.StatusOK).Header.Get("Content-Security-Policy")
	address := st.leave(tom, "/accounts/connect/facebook", nil)
	u := parse(t, address)
	if !strings.Contains(policy, "form-action 'self' "+u.Scheme+"://"+u.Host+";") {
		t.Errorf("policy %q does not let the form lead to %s", policy, u.Host)
	}
	if strings.HasPrefix(address, st.web.URL) {
		t.Errorf("a live club is sent to its practice world: %s", address)
	}
	st.choose(tom, st.follow(tom, address, "allow")).to("/accounts")
	if len(st.secrets()) < 3 {
		t.Fatal("no tokens were kept")
	}
	for _, path := range []string{"/accounts", pathOf(st.only(false, facebook.ID)), "/settings/platforms/meta"} {
		body := maeve.get(path).want(http.StatusOK).body
		for _, secret := range st.secrets() {
			if strings.Contains(body, secret) || strings.Contains(st.log.String(), secret) {
				t.Errorf("%s or the log holds a secret", path)
			}
		}
	}
	maeve.post("/settings/platforms/meta/removal", nil).to("/settings/platforms")
	maeve.get("/settings/platforms").says("Not set up yet")
}
