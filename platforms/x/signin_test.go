package x_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
	"github.com/bandstand-app/bandstand/platforms/platformtest"
	"github.com/bandstand-app/bandstand/platforms/x/sim"
)

const callback = "https://club.example/oauth/x/callback"

// plain PKCE keeps these tests short: the challenge is the verifier.
func asked() url.Values {
	return url.Values{
		"response_type": {"code"}, "client_id": {"club-app"}, "redirect_uri": {callback}, "scope": {"tweet.read tweet.write users.read offline.access"},
		"state": {"s"}, "code_challenge": {"v"}, "code_challenge_method": {"plain"},
	}
}

// code clicks through the consent page.
func (w world) code() string {
	w.Helper()
	f := asked()
	f.Set(simkit.AnswerField, simkit.AnswerAllow)
	back, err := url.Parse(w.form("/web/i/oauth2/authorize", f).Header.Get("Location"))
	if err != nil || back.Query().Get("code") == "" || back.Query().Get("state") != "s" {
		w.Fatalf("came back to %v, %v", back, err)
	}
	return back.Query().Get("code")
}

func exchange(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {"v"}, "client_id": {"club-app"}}
}

const tokenPath = "/api/2/oauth2/token"

func TestConsentRefusesWhatXRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sim.Register("club-app", "", callback)
	for name, change := range map[string]func(url.Values){
		"other redirect":      func(q url.Values) { q.Set("redirect_uri", callback+"/") },
		"redirect no address": func(q url.Values) { q.Set("redirect_uri", "javascript:alert(1)") },
		"no client":           func(q url.Values) { q.Del("client_id") },
		"no challenge":        func(q url.Values) { q.Del("code_challenge") },
		"no state":            func(q url.Values) { q.Del("state") },
		"long state":          func(q url.Values) { q.Set("state", strings.Repeat("s", 501)) },
		"unknown scope":       func(q url.Values) { q.Set("scope", "tweet.read everything") },
	} {
		q := asked()
		change(q)
		for _, a := range []answer{w.do(w.request(http.MethodGet, "/web/i/oauth2/authorize?"+q.Encode(), "", nil)), w.form("/web/i/oauth2/authorize", q)} {
			if a.Status != http.StatusBadRequest || a.Header.Get("Location") != "" {
				t.Errorf("%s: status %d, sent to %q", name, a.Status, a.Header.Get("Location"))
			}
		}
	}
	if a := w.do(w.request(http.MethodGet, "/web/i/oauth2/authorize?"+asked().Encode(), "", nil)); a.Status != http.StatusOK {
		t.Errorf("a good request gets %d", a.Status)
	}
}

func TestCodesAreGuarded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(w world, f url.Values)
		want   string
	}{
		"after 30 seconds": {func(w world, _ url.Values) { w.Clock.Advance(31 * time.Second) }, "authorization code"},
		"other redirect":   {func(_ world, f url.Values) { f.Set("redirect_uri", callback+"?a=b") }, "redirect uri"},
		"wrong verifier":   {func(_ world, f url.Values) { f.Set("code_verifier", "w") }, "code verifier"},
		"other app":        {func(_ world, f url.Values) { f.Set("client_id", "other") }, "authorization code"},
		"used before":      {func(w world, f url.Values) { w.form(tokenPath, f) }, "authorization code"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			f := exchange(w.code())
			c.change(w, f)
			a := w.form(tokenPath, f)
			if a.Status != 400 || a.JSON["error"] != "invalid_request" || !strings.Contains(fmt.Sprint(a.JSON["error_description"]), c.want) {
				t.Errorf("got %d %s", a.Status, a.Body)
			}
		})
	}
}

// TestRefreshTokensWorkOnce: who presents a spent one ends the whole sign-in.
func TestRefreshTokensWorkOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.form(tokenPath, exchange(w.code()))
	if first.JSON["expires_in"] != 7200.0 || first.JSON["token_type"] != "bearer" {
		t.Fatalf("got %s", first.Body)
	}
	refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {fmt.Sprint(first.JSON["refresh_token"])}, "client_id": {"club-app"}}
	second := w.form(tokenPath, refresh)
	if second.Status != 200 || second.JSON["refresh_token"] == first.JSON["refresh_token"] {
		t.Fatalf("first use: %d %s", second.Status, second.Body)
	}
	a := w.form(tokenPath, refresh)
	want := map[string]any{"error": "invalid_request", "error_description": "Value passed for the token was invalid."}
	if diff := cmp.Diff(want, a.JSON); a.Status != 400 || diff != "" {
		t.Errorf("second use: %d (-want +got):\n%s", a.Status, diff)
	}
	refresh.Set("refresh_token", fmt.Sprint(second.JSON["refresh_token"]))
	if a := w.form(tokenPath, refresh); a.Status != 400 {
		t.Errorf("its successor still works: %d %s", a.Status, a.Body)
	}
	session := platforms.Session{Access: platforms.NewSecret(fmt.Sprint(second.JSON["access_token"]))}
	if _, err := w.Platform.Check(t.Context(), session); platforms.KindOf(err) != platforms.Expired {
		t.Errorf("the access that came with it: %v, want it to be refused", err)
	}
}

func TestAppsProveWhoTheyAre(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		secret string
		basic  []string
		status int
	}{
		"confidential app with its secret":   {"hush", []string{"club-app", "hush"}, 200},
		"confidential app, wrong secret":     {"hush", []string{"club-app", "shout"}, 401},
		"confidential app without a header":  {"hush", nil, 401},
		"public app without a header":        {"", nil, 200},
		"public app with a header it has no": {"", []string{"club-app", "hush"}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.sim.Register("club-app", c.secret, callback)
			if a := w.form(tokenPath, exchange(w.code()), c.basic...); a.Status != c.status {
				t.Errorf("got %d %s, want %d", a.Status, a.Body, c.status)
			}
		})
	}
}

func TestPublicAppConnects(t *testing.T) {
	t.Parallel()
	public := suite
	public.App = platforms.App{"client_id": platforms.NewSecret("club-app")}
	w := platformtest.NewWorld(t, public)
	w.Sim.(*sim.Sim).Register("club-app", "", "http://127.0.0.1:7/oauth/callback")
	s := w.Connect()
	if s.Account.Handle != "riversidefc" || s.Account.Name != "Riverside FC" {
		t.Errorf("connected %+v", s.Account)
	}
}

func TestTakenBackByThePersonEndsTheSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.Connect()
	w.sim.TakeBack()
	_, err := w.Platform.Check(t.Context(), s)
	expect(t, err, platforms.Expired, platforms.CodeAuthExpired)
	_, err = w.Platform.(platforms.Renewer).Renew(t.Context(), s.App, s.Account, s.Account.Tokens.Refresh)
	expect(t, err, platforms.Revoked, platforms.CodeAuthRevoked)
}
