package x

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

// scopes are what posting with pictures and reading numbers needs.
// https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code
var scopes = []string{"tweet.read", "tweet.write", "users.read", "offline.access", "media.write"}

// AuthURL implements platforms.OAuthSignIn.
func (p *Platform) AuthURL(r platforms.AuthRequest) (string, error) {
	clientID := r.App["client_id"].Reveal()
	if clientID == "" {
		return "", errors.New("the X app has no client id")
	}
	q := url.Values{
		"response_type":         {"code"},
		"client_id":             {clientID},
		"redirect_uri":          {r.RedirectURL},
		"scope":                 {strings.Join(scopes, " ")},
		"state":                 {r.State},
		"code_challenge":        {r.Challenge},
		"code_challenge_method": {"S256"},
	}
	return p.web + "/i/oauth2/authorize?" + strings.ReplaceAll(q.Encode(), "+", "%20"), nil
}

// tokenAnswer is what the token endpoint gives.
type tokenAnswer struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Expires int64  `json:"expires_in"` // seconds
	Scope   string `json:"scope"`
}

// Exchange turns the code into tokens. A code lives for 30 seconds, so this
// runs within the request that brought it.
func (p *Platform) Exchange(ctx context.Context, r platforms.ExchangeRequest) (platforms.Grant, error) {
	answer, err := p.token(ctx, "exchange", r.App, "/2/oauth2/token", url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {r.Code},
		"redirect_uri":  {r.RedirectURL},
		"code_verifier": {r.Verifier},
	})
	if err != nil {
		return platforms.Grant{}, err
	}
	return platforms.Grant{Tokens: p.tokens(answer), Scopes: scopeList(answer.Scope)}, nil
}

// scopeList reads what was granted; nil where the answer leaves it out, which
// means all that was asked for (RFC 6749 5.1).
func scopeList(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Fields(s)
}

// Accounts lists the one account behind a sign-in.
func (p *Platform) Accounts(ctx context.Context, _ platforms.App, g platforms.Grant) ([]platforms.Account, error) {
	me, _, err := p.me(ctx, "accounts", g.Tokens.Access)
	if err != nil {
		return nil, err
	}
	a := me.account()
	a.Tokens = g.Tokens
	a.Granted, a.Missing = features(g.Scopes)
	if !slices.Contains(a.Granted, platforms.FeaturePost) {
		a.Unusable = platforms.CodeNoPublish
	}
	return []platforms.Account{a}, nil
}

// features says what the granted scopes allow. Without a list everything that
// was asked for counts as granted.
func features(granted []string) (can []platforms.Feature, missing []platforms.MissingPermission) {
	needs := []struct {
		feature platforms.Feature
		scopes  []string
	}{
		{platforms.FeaturePost, []string{"tweet.write", "users.read", "media.write"}},
		{platforms.FeatureNumbers, []string{"tweet.read"}},
	}
	for _, n := range needs {
		before := len(missing)
		for _, scope := range n.scopes {
			if granted != nil && !slices.Contains(granted, scope) {
				missing = append(missing, platforms.MissingPermission{Feature: n.feature, Permission: scope})
			}
		}
		if len(missing) == before {
			can = append(can, n.feature)
		}
	}
	return can, missing
}

// Renew uses up the refresh token and returns a new pair: every refresh token
// works once.
func (p *Platform) Renew(ctx context.Context, app platforms.App, _ platforms.Account, refresh platforms.Secret) (platforms.Tokens, error) {
	answer, err := p.token(ctx, "renew", app, "/2/oauth2/token", url.Values{
		"grant_type":    {"refresh_token"},
		"refresh_token": {refresh.Reveal()},
	})
	if err != nil {
		return platforms.Tokens{}, err
	}
	return p.tokens(answer), nil
}

// Revoke tells X that neither token is needed any more.
func (p *Platform) Revoke(ctx context.Context, app platforms.App, _ platforms.Account, tokens platforms.Tokens) error {
	var errs []error
	for _, t := range []platforms.Secret{tokens.Refresh, tokens.Access} {
		if t.IsZero() {
			continue
		}
		resp, err := p.post(ctx, "revoke", app, "/2/oauth2/revoke", url.Values{"token": {t.Reveal()}})
		if err == nil && !resp.OK() {
			err = p.tokenRefusal("revoke", resp)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (p *Platform) token(ctx context.Context, op string, app platforms.App, path string, form url.Values) (tokenAnswer, error) {
	var answer tokenAnswer
	resp, err := p.post(ctx, op, app, path, form)
	switch {
	case err != nil:
		return answer, err
	case !resp.OK():
		return answer, p.tokenRefusal(op, resp)
	}
	if err := resp.Decode(&answer); err != nil || answer.Access == "" {
		return answer, p.client.Unclear(op, resp, "the answer holds no token")
	}
	return answer, nil
}

// post sends a form with the app's credentials: in a header for a confidential
// app, which has a secret, and in the form for a public one.
func (p *Platform) post(ctx context.Context, op string, app platforms.App, path string, form url.Values) (*apihttp.Response, error) {
	h := http.Header{}
	id, secret := app["client_id"].Reveal(), app["client_secret"].Reveal()
	if secret == "" {
		form.Set("client_id", id)
	} else {
		h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(id+":"+secret)))
	}
	return p.client.Do(ctx, apihttp.Request{
		Op: op, Method: http.MethodPost, URL: p.api + path, Header: h, Form: form,
	})
}

func (p *Platform) tokens(a tokenAnswer) platforms.Tokens {
	t := platforms.Tokens{Access: platforms.NewSecret(a.Access), Refresh: platforms.NewSecret(a.Refresh)}
	if a.Expires > 0 {
		t.AccessExpires = p.now().Add(time.Duration(a.Expires) * time.Second).UTC()
	}
	return t
}
