package platformtest

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

const (
	redirectURL = "http://127.0.0.1:7/oauth/callback"
	oauthState  = "state-3f1c9a77b2"
	verifier    = "verifier-6b0f3a6c3c1e4a2f9d7b5c8e0a1f2d3c4b5a6978"
)

// Connect signs in and returns the right to act as the account.
func (w *World) Connect() platforms.Session {
	w.Helper()
	accounts := w.signIn()
	var account platforms.Account
	if w.Suite.Pick != nil {
		account = w.Suite.Pick(accounts)
	} else {
		i := slices.IndexFunc(accounts, func(a platforms.Account) bool { return a.Unusable == "" })
		if i < 0 {
			w.Fatalf("no usable account behind the sign-in: %+v", accounts)
		}
		account = accounts[i]
	}
	return w.session(account)
}

// session is what is kept of a chosen account.
func (w *World) session(account platforms.Account) platforms.Session {
	w.hide(account.Tokens.Access, account.Tokens.Refresh)
	w.note(account)
	return platforms.Session{App: w.Suite.App, Account: account, Access: account.Tokens.Access, Media: w.Media}
}

// signIn does what a person does, by whichever way the platform offers.
func (w *World) signIn() []platforms.Account {
	w.Helper()
	switch p := w.Platform.(type) {
	case platforms.OAuthSignIn:
		back := w.consent(p, simkit.AnswerAllow)
		if back.Get("code") == "" || back.Get("state") != oauthState {
			w.Fatalf("came back from the consent page with %v", slices.Sorted(keysOf(back)))
		}
		grant, err := p.Exchange(w.Context(), w.exchange(back))
		w.note(grant, err)
		if err != nil {
			w.Fatalf("exchange: %v", err)
		}
		w.hide(grant.Tokens.Access, grant.Tokens.Refresh)
		accounts, err := p.Accounts(w.Context(), w.Suite.App, grant)
		w.note(err)
		if err != nil {
			w.Fatalf("accounts: %v", err)
		}
		return accounts
	case platforms.PasswordSignIn:
		account, err := p.SignIn(w.Context(), w.Suite.Typed)
		w.note(err)
		if err != nil {
			w.Fatalf("sign in: %v", err)
		}
		return []platforms.Account{account}
	default:
		w.Fatalf("there is no way to sign in")
		return nil
	}
}

func (w *World) exchange(back url.Values) platforms.ExchangeRequest {
	return platforms.ExchangeRequest{
		App: w.Suite.App, RedirectURL: redirectURL, Code: back.Get("code"), Verifier: verifier,
	}
}

// consent opens the sign-in address, answers the forms it finds and returns the
// query that the browser brings back.
func (w *World) consent(p platforms.OAuthSignIn, answer string) url.Values {
	w.Helper()
	sum := sha256.Sum256([]byte(verifier))
	address, err := p.AuthURL(platforms.AuthRequest{
		App: w.Suite.App, RedirectURL: redirectURL, State: oauthState,
		Challenge: base64.RawURLEncoding.EncodeToString(sum[:]),
	})
	w.note(address, err)
	if err != nil {
		w.Fatalf("address of the sign-in: %v", err)
	}
	req, err := http.NewRequestWithContext(w.Context(), http.MethodGet, address, nil)
	if err != nil {
		w.Fatalf("open %s: %v", address, err)
	}
	for range 10 {
		resp, err := w.Client.Do(req)
		if err != nil {
			w.Fatalf("open %s: %v", req.URL.Path, err)
		}
		if to := resp.Header.Get("Location"); to != "" {
			_ = resp.Body.Close()
			next, err := req.URL.Parse(to)
			if err != nil {
				w.Fatalf("redirect from %s: %v", req.URL.Path, err)
			}
			if strings.HasPrefix(next.String(), redirectURL) {
				return next.Query()
			}
			req, _ = http.NewRequestWithContext(w.Context(), http.MethodGet, next.String(), nil)
			continue
		}
		doc, err := goquery.NewDocumentFromReader(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			w.Fatalf("read %s: %v", req.URL.Path, err)
		}
		form := doc.Find("form").First()
		if form.Length() == 0 {
			w.Fatalf("no form on %s (status %d): %s", req.URL.Path, resp.StatusCode, strings.Join(strings.Fields(doc.Text()), " "))
		}
		req = w.fill(req.URL, form, answer)
	}
	w.Fatalf("ten pages and not back yet")
	return nil
}

// fill answers a form as it stands, ticks kept, and presses the button.
func (w *World) fill(page *url.URL, form *goquery.Selection, answer string) *http.Request {
	w.Helper()
	values := url.Values{}
	form.Find("input").Each(func(_ int, in *goquery.Selection) {
		name, typ := in.AttrOr("name", ""), in.AttrOr("type", "text")
		_, off := in.Attr("disabled")
		_, checked := in.Attr("checked")
		switch {
		case name == "" || off:
		case typ == "checkbox" || typ == "radio":
			if checked {
				values.Add(name, in.AttrOr("value", "on"))
			}
		case w.Suite.Typed[name] != "" && typ != "hidden":
			values.Add(name, w.Suite.Typed[name])
		default:
			values.Add(name, in.AttrOr("value", ""))
		}
	})
	if form.Find(`button[name="`+simkit.AnswerField+`"][value="`+answer+`"]`).Length() == 0 {
		w.Fatalf("no button %q on %s", answer, page.Path)
	}
	values.Set(simkit.AnswerField, answer)
	to, err := page.Parse(form.AttrOr("action", ""))
	if err != nil {
		w.Fatalf("action of the form on %s: %v", page.Path, err)
	}
	req, err := http.NewRequestWithContext(w.Context(), http.MethodPost, to.String(), strings.NewReader(values.Encode()))
	if err != nil {
		w.Fatalf("send the form on %s: %v", page.Path, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req
}

func connect(t *testing.T, w *World) {
	s := w.Connect()
	a := s.Account
	if a.Platform != w.ID() || a.RemoteID == "" || a.Name == "" || s.Access.IsZero() {
		t.Errorf("incomplete account: %+v", a)
	}
	if m := missing(w.Platform.Info().Features, a.Granted); m != nil {
		t.Errorf("everything was allowed, yet missing: %v", m)
	}
	if !a.Tokens.AccessExpires.IsZero() && !a.Tokens.AccessExpires.After(w.Clock.Now()) {
		t.Errorf("new access has expired at %v, now is %v", a.Tokens.AccessExpires, w.Clock.Now())
	}
	again := w.Connect()
	if again.Account.RemoteID != a.RemoteID {
		t.Errorf("signing in again gives account %q, was %q", again.Account.RemoteID, a.RemoteID)
	}
}

func wrongSignIn(t *testing.T, w *World) {
	var err error
	switch p := w.Platform.(type) {
	case platforms.OAuthSignIn:
		back := w.consent(p, simkit.AnswerAllow)
		back.Set("code", "no-such-code")
		_, err = p.Exchange(w.Context(), w.exchange(back))
	case platforms.PasswordSignIn:
		_, err = p.SignIn(w.Context(), w.Suite.TypedWrong)
		if e, ok := asError(err); ok && e.Field == "" {
			t.Errorf("a wrong sign-in names no field: %+v", e)
		}
	}
	w.note(err)
	w.expectKind(err, platforms.Rejected, platforms.Revoked)
}

func deniedConsent(t *testing.T, w *World) {
	p, ok := w.Platform.(platforms.OAuthSignIn)
	if !ok {
		t.Skip("this platform asks no consent")
	}
	back := w.consent(p, simkit.AnswerDeny)
	if back.Get("code") != "" || back.Get("error") == "" || back.Get("state") != oauthState {
		t.Errorf("a person who said no came back with %v", back)
	}
}

func checkReportsFeatures(t *testing.T, w *World) {
	s := w.Connect()
	a, err := w.Platform.Check(w.Context(), s)
	w.note(a, err)
	if err != nil {
		t.Fatalf("check: %v", err)
	}
	if a.RemoteID != s.Account.RemoteID || a.Name == "" || a.CheckedBy == "" {
		t.Errorf("check returned %+v for %q", a, s.Account.RemoteID)
	}
	if m := missing(w.Platform.Info().Features, a.Granted); m != nil {
		t.Errorf("check says these are missing: %v", m)
	}
	if !a.Tokens.Access.IsZero() || !a.Tokens.Refresh.IsZero() {
		t.Errorf("check returned tokens")
	}
}

func renewalRotates(t *testing.T, w *World) {
	p, ok := w.Platform.(platforms.Renewer)
	if !ok {
		t.Skip("this platform renews nothing")
	}
	s := w.Connect()
	for round := range 3 {
		w.Clock.Advance(w.Platform.Info().Renewal.MinAge + time.Minute)
		before := s
		s = w.renew(p, s)
		if s.Access.Reveal() == before.Access.Reveal() {
			t.Errorf("round %d: renewing gave the same access again", round)
		}
		if end := s.Account.Tokens.AccessExpires; !end.IsZero() && !end.After(w.Clock.Now()) {
			t.Errorf("round %d: renewed access ends at %v, now is %v", round, end, w.Clock.Now())
		}
		if _, err := w.Platform.Check(w.Context(), s); err != nil {
			t.Fatalf("round %d: check after renewing: %v", round, err)
		}
	}
}

// renew renews as the engine does: an empty answer keeps what was there.
func (w *World) renew(p platforms.Renewer, s platforms.Session) platforms.Session {
	w.Helper()
	tokens, err := p.Renew(w.Context(), s.App, s.Account, s.Account.Tokens.Refresh)
	w.note(tokens, err)
	if err != nil {
		w.Fatalf("renew: %v", err)
	}
	if tokens.Access.IsZero() {
		w.Fatalf("renewing gave no access")
	}
	if tokens.Refresh.IsZero() {
		tokens.Refresh, tokens.RefreshExpires = s.Account.Tokens.Refresh, s.Account.Tokens.RefreshExpires
	}
	w.hide(tokens.Access, tokens.Refresh)
	s.Account.Tokens, s.Access = tokens, tokens.Access
	return s
}

// live renews a session that is about to run out.
func (w *World) live(s platforms.Session) platforms.Session {
	w.Helper()
	p, ok := w.Platform.(platforms.Renewer)
	end := s.Account.Tokens.AccessExpires
	if ok && !end.IsZero() && end.Sub(w.Clock.Now()) < 10*time.Minute {
		return w.renew(p, s)
	}
	return s
}

func expiredAccess(t *testing.T, w *World) {
	s := w.Connect()
	end := s.Account.Tokens.AccessExpires
	if end.IsZero() {
		t.Skip("access has no known end here")
	}
	w.Clock.Advance(end.Sub(w.Clock.Now()) + time.Minute)
	_, err := w.Platform.Check(w.Context(), s)
	w.note(err)
	w.expectKind(err, platforms.Expired, platforms.Revoked)
	p, ok := w.Platform.(platforms.Renewer)
	if !ok || !s.Account.Tokens.RefreshExpires.IsZero() && s.Account.Tokens.RefreshExpires.Before(w.Clock.Now()) ||
		s.Account.Tokens.Refresh.IsZero() {
		return
	}
	w.expectKind(err, platforms.Expired)
	if _, err := w.Platform.Check(w.Context(), w.renew(p, s)); err != nil {
		t.Errorf("check after renewing what had expired: %v", err)
	}
}

// renewalFaults: trouble at the platform never looks like a sign-in that is
// gone for good.
func renewalFaults(t *testing.T, w *World) {
	p, ok := w.Platform.(platforms.Renewer)
	if !ok {
		t.Skip("this platform renews nothing")
	}
	s := w.Connect()
	w.Clock.Advance(w.Platform.Info().Renewal.MinAge + time.Minute)
	for _, f := range []string{
		simkit.ResetBefore, simkit.ErrorBefore, simkit.RateLimited,
		simkit.HTML, simkit.Empty, simkit.Oversized, simkit.CutOff, simkit.ErrorAfter, simkit.ResetAfter,
	} {
		w.Fault("token", f, 1)
		_, err := p.Renew(w.Context(), s.App, s.Account, s.Account.Tokens.Refresh)
		w.note(err)
		if err == nil {
			t.Errorf("fault %s: renewing worked", f)
		}
		if k := platforms.KindOf(err); err != nil && k != platforms.Unknown && k != platforms.RateLimited && k != platforms.NotSent {
			t.Errorf("fault %s: renewing failed as %q: %v", f, k, err)
		}
		s = w.Connect()
		w.Clock.Advance(w.Platform.Info().Renewal.MinAge + time.Minute)
	}
}

// lostRenewal: the platform has renewed, and we do not know to what. The old
// access goes on working, and half a minute later the same refresh token is
// tried once more.
func lostRenewal(t *testing.T, w *World) {
	p, ok := w.Platform.(platforms.Renewer)
	if !ok {
		t.Skip("this platform renews nothing")
	}
	for _, f := range []string{simkit.ResetAfter, simkit.ErrorAfter, simkit.CutOff, simkit.Empty, simkit.HTML, simkit.Oversized} {
		s := w.Connect()
		w.Clock.Advance(w.Platform.Info().Renewal.MinAge + time.Minute)
		w.Fault("token", f, 1)
		_, err := p.Renew(w.Context(), s.App, s.Account, s.Account.Tokens.Refresh)
		w.note(err)
		w.expectKind(err, platforms.Unknown)
		if _, err := w.Platform.Check(w.Context(), s); err != nil {
			t.Errorf("fault %s: the old access does not work any more: %v", f, err)
		}
		w.Clock.Advance(30 * time.Second)
		if w.Suite.RenewsOnce {
			_, err := p.Renew(w.Context(), s.App, s.Account, s.Account.Tokens.Refresh)
			w.note(err)
			w.expectKind(err, platforms.Revoked)
			continue
		}
		for range 2 {
			s = w.renew(p, s)
			if _, err := w.Platform.Check(w.Context(), s); err != nil {
				t.Errorf("fault %s: check after renewing once more: %v", f, err)
			}
		}
	}
}

func revoked(t *testing.T, w *World) {
	s := w.Connect()
	w.Fault("*", simkit.RevokedToken, 0)
	w.isRevoked(s, "publishing", func() error { return w.Try(s, w.textDraft("Trials are open.")).Run() })
	w.isRevoked(s, "checking", func() error { _, err := w.Platform.Check(w.Context(), s); return err })
	if n := len(w.Public()); n != 0 {
		t.Errorf("%d posts are public", n)
	}
}

func disconnecting(t *testing.T, w *World) {
	p, ok := w.Platform.(platforms.Revoker)
	if !ok {
		t.Skip("disconnecting cannot be told here")
	}
	s := w.Connect()
	if err := p.Revoke(w.Context(), s.App, s.Account, s.Account.Tokens); err != nil {
		t.Fatalf("revoke: %v", err)
	}
	r, ok := w.Platform.(platforms.Renewer)
	if !ok || s.Account.Tokens.Refresh.IsZero() {
		w.isRevoked(s, "checking", func() error { _, err := w.Platform.Check(w.Context(), s); return err })
		return
	}
	_, err := r.Renew(w.Context(), s.App, s.Account, s.Account.Tokens.Refresh)
	w.note(err)
	w.expectKind(err, platforms.Revoked)
}

// sharedSignIn: accounts that hang on one sign-in say so, withdrawing it ends all
// of them, and afterwards the person can sign in again.
func sharedSignIn(t *testing.T, w *World) {
	accounts := w.signIn()
	name := accounts[0].SignIn
	for _, a := range accounts {
		w.hide(a.Tokens.Access, a.Tokens.Refresh)
		w.note(a)
		switch {
		case a.SignIn != name:
			t.Fatalf("accounts of one sign-in name it %q and %q", name, a.SignIn)
		case a.SignIn == "" && len(accounts) > 1 && a.Tokens.Access.Reveal() == accounts[0].Tokens.Access.Reveal() && a.RemoteID != accounts[0].RemoteID:
			t.Fatalf("two accounts act by one token and do not say that they share a sign-in")
		}
	}
	if name == "" {
		t.Skip("each account is signed in by itself here")
	}
	if !strings.HasPrefix(name, w.Platform.Info().AppSlot+"/") {
		t.Errorf("the sign-in %q does not begin with the slot of its app", name)
	}
	for _, a := range w.signIn() {
		w.hide(a.Tokens.Access, a.Tokens.Refresh)
		if a.SignIn != name {
			t.Errorf("signing in again is called %q, was %q", a.SignIn, name)
		}
	}
	first := w.session(accounts[0])
	checked, err := w.Platform.Check(w.Context(), first)
	if err != nil || checked.SignIn != name {
		t.Errorf("check calls the sign-in %q, want %q: %v", checked.SignIn, name, err)
	}
	p, ok := w.Platform.(platforms.Revoker)
	if !ok {
		t.Skip("disconnecting cannot be told here")
	}
	last := accounts[len(accounts)-1]
	if err := p.Revoke(w.Context(), w.Suite.App, last, last.Tokens); err != nil {
		t.Fatalf("revoke: %v", err)
	}
	w.isRevoked(first, "checking", func() error { _, err := w.Platform.Check(w.Context(), first); return err })
	if err := p.Revoke(w.Context(), w.Suite.App, last, last.Tokens); err != nil {
		t.Errorf("revoke what is withdrawn already: %v", err)
	}
	again := w.Connect()
	if _, err := w.Platform.Check(w.Context(), again); err != nil || again.Account.SignIn != name {
		t.Errorf("signed in again as %q: %v", again.Account.SignIn, err)
	}
}

// isRevoked allows a platform that only learns by renewing that it is over.
func (w *World) isRevoked(s platforms.Session, what string, do func() error) {
	w.Helper()
	err := do()
	w.note(err)
	if p, ok := w.Platform.(platforms.Renewer); ok && platforms.KindOf(err) == platforms.Expired {
		_, err = p.Renew(w.Context(), s.App, s.Account, s.Account.Tokens.Refresh)
		w.note(err)
	}
	if err == nil {
		w.Fatalf("%s works with a sign-in that was taken back", what)
	}
	w.expectKind(err, platforms.Revoked)
}
