package linkedin_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
	"github.com/bandstand-app/bandstand/platforms/linkedin"
)

const callback = "https://club.example/oauth/linkedin/callback"

func asked() url.Values {
	return url.Values{
		"response_type": {"code"}, "client_id": {"club-app"}, "redirect_uri": {callback}, "state": {"s"},
		"scope": {"r_organization_social rw_organization_admin w_organization_social"},
	}
}

const authorization, tokenPath = "/www/oauth/v2/authorization", "/www/oauth/v2/accessToken"

// back is where the consent page sends the member.
func (w world) back(f url.Values, answer string) url.Values {
	w.Helper()
	f.Set(simkit.AnswerField, answer)
	to, err := url.Parse(w.form(authorization, f).Header.Get("Location"))
	if err != nil || to.Query().Get("state") != "s" {
		w.Fatalf("came back to %v, %v", to, err)
	}
	return to.Query()
}

func (w world) exchange() url.Values {
	w.Helper()
	return url.Values{
		"grant_type": {"authorization_code"}, "code": {w.back(asked(), simkit.AnswerAllow).Get("code")}, "redirect_uri": {callback},
		"client_id": {"club-app"}, "client_secret": {"hush"},
	}
}

func TestConsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sim.Register("club-app", "hush", callback)
	for name, change := range map[string]func(url.Values){
		"other redirect": func(q url.Values) { q.Set("redirect_uri", callback+"/") },
		"no client":      func(q url.Values) { q.Del("client_id") },
		"no scope":       func(q url.Values) { q.Del("scope") },
	} {
		q := asked()
		change(q)
		if a := w.call(http.MethodGet, authorization+"?"+q.Encode(), "", nil); a.Status != 400 || a.Header.Get("Location") != "" {
			t.Errorf("%s: %d, sent to %q", name, a.Status, a.Header.Get("Location"))
		}
	}
	page := w.call(http.MethodGet, authorization+"?"+asked().Encode(), "", nil)
	if page.Status != 200 || !strings.Contains(page.Body, "Maeve Byrne") {
		t.Errorf("consent page: %d %s", page.Status, page.Body)
	}
	if got := w.back(asked(), simkit.AnswerDeny).Get("error"); got != "user_cancelled_authorize" {
		t.Errorf("cancelled: %q", got)
	}
	q := asked()
	q.Set("scope", "w_organization_social email")
	a := w.call(http.MethodGet, authorization+"?"+q.Encode(), "", nil)
	if !strings.Contains(a.Header.Get("Location"), "error=unauthorized_scope_error") {
		t.Errorf("a scope the app does not have: %d, sent to %q", a.Status, a.Header.Get("Location"))
	}
}

func TestCodesAreGuarded(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w world, f url.Values){
		"after half an hour": func(w world, _ url.Values) { w.Clock.Advance(31 * time.Minute) },
		"other redirect":     func(_ world, f url.Values) { f.Set("redirect_uri", callback+"?a=b") },
		"other app":          func(_ world, f url.Values) { f.Set("client_id", "other") },
		"no secret":          func(_ world, f url.Values) { f.Del("client_secret") },
		"used before":        func(w world, f url.Values) { w.form(tokenPath, f) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			f := w.exchange()
			change(w, f)
			if a := w.form(tokenPath, f); a.Status < 400 || a.JSON["error"] == nil {
				t.Errorf("got %d %s", a.Status, a.Body)
			}
		})
	}
}

func TestWrongSecretIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sim.Register("club-app", "another", callback)
	if a := w.form(tokenPath, w.exchange()); a.Status != 401 || a.JSON["error"] != "invalid_client" {
		t.Errorf("got %d %s", a.Status, a.Body)
	}
}

func TestOrdinaryAppsGetNoRefreshToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	tokens := s.Account.Tokens
	if !tokens.Refresh.IsZero() || !tokens.AccessExpires.Equal(w.Clock.Now().Add(60*24*time.Hour)) {
		t.Errorf("refresh %v, access until %v", !tokens.Refresh.IsZero(), tokens.AccessExpires)
	}
	_, err := w.Platform.(platforms.Renewer).Renew(t.Context(), s.App, s.Account, tokens.Refresh)
	expect(t, err, platforms.Revoked, platforms.CodeAuthExpired)
}

func TestTheYearOfAConsentIsNotExtended(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sim.GrantRefresh(true)
	s := w.Connect()
	ends := w.Clock.Now().Add(365 * 24 * time.Hour)
	if got := s.Account.Tokens.RefreshExpires; !got.Equal(ends) {
		t.Fatalf("refresh until %v, want %v", got, ends)
	}
	w.Clock.Advance(360 * 24 * time.Hour)
	tokens, err := w.Platform.(platforms.Renewer).Renew(t.Context(), s.App, s.Account, s.Account.Tokens.Refresh)
	if err != nil {
		t.Fatal(err)
	}
	if !tokens.AccessExpires.Equal(ends) || !tokens.RefreshExpires.Equal(ends) {
		t.Errorf("renewed on day 360: access until %v, refresh until %v, want both until %v", tokens.AccessExpires, tokens.RefreshExpires, ends)
	}
	w.Clock.Advance(6 * 24 * time.Hour)
	_, err = w.Platform.(platforms.Renewer).Renew(t.Context(), s.App, s.Account, tokens.Refresh)
	expect(t, err, platforms.Revoked, platforms.CodeAuthRevoked)
}

func TestAskingForOtherScopesEndsEarlierTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.form(tokenPath, w.exchange())
	first := platforms.Session{Access: platforms.NewSecret(fmt.Sprint(a.JSON["access_token"]))}
	if got := a.JSON["scope"]; got != "r_organization_social,rw_organization_admin,w_organization_social" {
		t.Errorf("scopes are %v, want them with commas", got)
	}
	if a := w.rest(first, http.MethodGet, "/organizationAcls?q=roleAssignee", ""); a.Status != 200 {
		t.Fatalf("before: %d %s", a.Status, a.Body)
	}
	q := asked()
	q.Set("scope", "w_organization_social")
	f := url.Values{
		"grant_type": {"authorization_code"}, "code": {w.back(q, simkit.AnswerAllow).Get("code")}, "redirect_uri": {callback},
		"client_id": {"club-app"}, "client_secret": {"hush"},
	}
	w.form(tokenPath, f)
	if a := w.rest(first, http.MethodGet, "/organizationAcls?q=roleAssignee", ""); a.Status != 401 || a.JSON["serviceErrorCode"] != 65601.0 {
		t.Errorf("after: %d %s", a.Status, a.Body)
	}
}

func TestAccountsAreThePagesWithTheirRoles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.Platform.(platforms.OAuthSignIn)
	a := w.form(tokenPath, w.exchange())
	grant := platforms.Grant{
		Tokens: platforms.Tokens{Access: platforms.NewSecret(fmt.Sprint(a.JSON["access_token"]))},
		Scopes: []string{
			"r_organization_social", "r_organization_social_feed", "rw_organization_admin", "w_organization_social", "w_organization_social_feed",
		},
	}
	got, err := p.Accounts(t.Context(), w.Suite.App, grant)
	if err != nil {
		t.Fatal(err)
	}
	signIn := "linkedin/" + w.Suite.App["client_id"].Reveal() + "/urn:li:person:Mv3xBq9T1k"
	all := []platforms.Feature{platforms.FeaturePost, platforms.FeatureNumbers, platforms.FeatureComments}
	want := []platforms.Account{
		{
			Platform: linkedin.ID, RemoteID: "71209913", Name: "County League", Handle: "county-league", Kind: "Page",
			Granted: []platforms.Feature{platforms.FeatureNumbers},
			Missing: []platforms.MissingPermission{
				{Feature: platforms.FeaturePost, Permission: "ADMINISTRATOR"}, {Feature: platforms.FeatureComments, Permission: "ADMINISTRATOR"},
			},
			Unusable: platforms.CodeNoPublish, SignIn: signIn,
		},
		{Platform: linkedin.ID, RemoteID: "88231045", Name: "Riverside FC", Handle: "riverside-fc", Kind: "Page", Granted: all, SignIn: signIn},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(platforms.Account{}, "Tokens")); diff != "" {
		t.Errorf("accounts (-want +got):\n%s", diff)
	}
	grant.Scopes = []string{"rw_organization_admin"}
	got, err = p.Accounts(t.Context(), platforms.App{}, grant)
	if err != nil {
		t.Fatal(err)
	}
	missing := []platforms.MissingPermission{
		{Feature: platforms.FeaturePost, Permission: "w_organization_social"},
		{Feature: platforms.FeatureNumbers, Permission: "r_organization_social"},
		{Feature: platforms.FeatureComments, Permission: "w_organization_social_feed"},
		{Feature: platforms.FeatureComments, Permission: "r_organization_social_feed"},
	}
	if diff := cmp.Diff(missing, got[1].Missing); diff != "" || got[1].Unusable == "" {
		t.Errorf("without scopes: %+v (-want +got):\n%s", got[1], diff)
	}
}

func TestPostingWithoutTheRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	s.Account.RemoteID = "71209913"
	expect(t, w.Try(s, platforms.Draft{Text: "Hello"}).Run(), platforms.Rejected, platforms.CodeNoPublish)
	a, err := w.Platform.Check(t.Context(), s)
	if err != nil || a.Unusable != platforms.CodeNoPublish {
		t.Errorf("check: %+v, %v", a, err)
	}
}

func TestTakenBackByTheMember(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	w.sim.TakeBack()
	_, err := w.Platform.Check(t.Context(), s)
	expect(t, err, platforms.Revoked, platforms.CodeAuthRevoked)
	expect(t, w.Try(s, platforms.Draft{Text: "Hello"}).Run(), platforms.Revoked, platforms.CodeAuthRevoked)
}
