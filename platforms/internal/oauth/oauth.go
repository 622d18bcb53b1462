// Package oauth makes the calls of OAuth 2.0 that platforms have alike: a code
// or a refresh token becomes tokens, and tokens are given back.
package oauth

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

// Server is where a platform gives out tokens and takes them back.
type Server struct {
	Client    *apihttp.Client
	TokenURL  string
	RevokeURL string
	// Identify puts the credentials of the app into a call: into its form or its
	// headers, as the platform wants them.
	Identify func(app platforms.App, form url.Values, h http.Header)
	// Refusal reads an answer that is no success.
	Refusal func(op string, resp *apihttp.Response) *platforms.Error
	Now     func() time.Time
}

// answer is what RFC 6749 5.1 says of a token, and the life of the refresh token
// where a platform tells it. Lives are in seconds.
type answer struct {
	Access         string `json:"access_token"`
	Expires        int64  `json:"expires_in"`
	Refresh        string `json:"refresh_token"`
	RefreshExpires int64  `json:"refresh_token_expires_in"`
	Scope          string `json:"scope"`
}

// Exchange turns the code into tokens. Scope is the list as the platform writes
// it; empty where it leaves it out, which means all that was asked for.
func (s Server) Exchange(ctx context.Context, r platforms.ExchangeRequest) (t platforms.Tokens, scope string, err error) {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {r.Code}, "redirect_uri": {r.RedirectURL}}
	if r.Verifier != "" {
		form.Set("code_verifier", r.Verifier)
	}
	return s.token(ctx, "exchange", r.App, form)
}

// Renew turns a refresh token into new tokens. The refresh token among them is
// zero where the platform goes on with the old one.
func (s Server) Renew(ctx context.Context, app platforms.App, refresh platforms.Secret) (platforms.Tokens, error) {
	t, _, err := s.token(ctx, "renew", app, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh.Reveal()}})
	return t, err
}

// Revoke tells the platform that neither token is needed any more.
func (s Server) Revoke(ctx context.Context, app platforms.App, tokens platforms.Tokens) error {
	var errs []error
	for _, t := range []platforms.Secret{tokens.Refresh, tokens.Access} {
		if t.IsZero() {
			continue
		}
		resp, err := s.Post(ctx, "revoke", app, s.RevokeURL, url.Values{"token": {t.Reveal()}})
		if err == nil && !resp.OK() {
			err = s.Refusal("revoke", resp)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Post sends a form with the credentials of the app.
func (s Server) Post(ctx context.Context, op string, app platforms.App, address string, form url.Values) (*apihttp.Response, error) {
	h := http.Header{}
	s.Identify(app, form, h)
	return s.Client.Do(ctx, apihttp.Request{Op: op, Method: http.MethodPost, URL: address, Header: h, Form: form})
}

func (s Server) token(ctx context.Context, op string, app platforms.App, form url.Values) (platforms.Tokens, string, error) {
	resp, err := s.Post(ctx, op, app, s.TokenURL, form)
	switch {
	case err != nil:
		return platforms.Tokens{}, "", err
	case !resp.OK():
		return platforms.Tokens{}, "", s.Refusal(op, resp)
	}
	var a answer
	if err := resp.Decode(&a); err != nil || a.Access == "" {
		return platforms.Tokens{}, "", s.Client.Unclear(op, resp, "the answer holds no token")
	}
	return a.tokens(s.Now()), a.Scope, nil
}

// tokens counts both lives from one moment: a platform may end them together.
func (a answer) tokens(now time.Time) platforms.Tokens {
	after := func(seconds int64) time.Time {
		if seconds <= 0 {
			return time.Time{}
		}
		return now.Add(time.Duration(seconds) * time.Second).UTC()
	}
	t := platforms.Tokens{Access: platforms.NewSecret(a.Access), AccessExpires: after(a.Expires)}
	if a.Refresh != "" {
		t.Refresh, t.RefreshExpires = platforms.NewSecret(a.Refresh), after(a.RefreshExpires)
	}
	return t
}

// InForm puts id and secret of the app into the form.
func InForm(app platforms.App, form url.Values, _ http.Header) {
	form.Set("client_id", app["client_id"].Reveal())
	form.Set("client_secret", app["client_secret"].Reveal())
}

// InHeader puts id and secret of the app into a header; an app without a secret,
// which is a public one, puts its id into the form.
func InHeader(app platforms.App, form url.Values, h http.Header) {
	id, secret := app["client_id"].Reveal(), app["client_secret"].Reveal()
	if secret == "" {
		form.Set("client_id", id)
		return
	}
	h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(id+":"+secret)))
}
