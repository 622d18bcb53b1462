package x

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/bandstand-app/bandstand/platforms"
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

// Exchange turns the code into tokens. A code lives for 30 seconds, so this
// runs within the request that brought it.
func (p *Platform) Exchange(ctx context.Context, r platforms.ExchangeRequest) (platforms.Grant, error) {
	tokens, scope, err := p.oauth.Exchange(ctx, r)
	if err != nil {
		return platforms.Grant{}, err
	}
	return platforms.Grant{Tokens: tokens, Scopes: scopeList(scope)}, nil
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
	return p.oauth.Renew(ctx, app, refresh)
}

// Revoke tells X that neither token is needed any more.
func (p *Platform) Revoke(ctx context.Context, app platforms.App, _ platforms.Account, tokens platforms.Tokens) error {
	return p.oauth.Revoke(ctx, app, tokens)
}
