package graph

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// Operations that are judged in a special way.
const (
	OpToken   = "token"
	OpRead    = "read"
	OpCheck   = "check"
	OpLook    = "debug_token" // a look at a token, with the token of the app
	OpNumbers = "numbers"
	OpRevoke  = "revoke"
	OpComment = "comment" // what it is refused for is about the post, or a permission of its own
)

// Scopes are asked for at once, for all platforms that share the app.
// https://developers.facebook.com/docs/permissions, 2026-11-20.
var Scopes = []string{
	"pages_show_list", "pages_read_engagement", "pages_manage_posts", "read_insights", "business_management",
	"pages_read_user_content", "pages_manage_engagement",
	"instagram_basic", "instagram_content_publish", "instagram_manage_insights", "instagram_manage_comments",
}

// Need ties a feature to one permission that it cannot do without.
type Need struct {
	Feature platforms.Feature
	Scope   string
}

// AuthURL is the address of the login dialog.
func (c *Client) AuthURL(r platforms.AuthRequest) (string, error) {
	id := r.App[clientID]
	if id.IsZero() || r.App[clientSecret].IsZero() {
		return "", c.Refuse(platforms.Rejected, platforms.CodePlatformAppInvalid, OpToken, nil)
	}
	q := url.Values{
		clientID: {id.Reveal()}, "redirect_uri": {r.RedirectURL}, "state": {r.State},
		"response_type": {"code"}, "scope": {strings.Join(Scopes, ",")},
	}
	if r.Again {
		q.Set("auth_type", "rerequest")
	}
	return c.Web(c.version+"/dialog/oauth") + "?" + q.Encode(), nil
}

type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	ExpiresIn   int64  `json:"expires_in"` // seconds; may be missing
}

// Exchange turns the code of a callback into a long-lived user token. That must
// happen before Pages are listed: it decides whether their tokens run out.
func (c *Client) Exchange(ctx context.Context, r platforms.ExchangeRequest) (platforms.Grant, error) {
	short, err := c.token(ctx, r.App, url.Values{"redirect_uri": {r.RedirectURL}, "code": {r.Code}})
	if err != nil {
		return platforms.Grant{}, err
	}
	long, err := c.token(ctx, r.App, url.Values{
		"grant_type": {"fb_exchange_token"}, "fb_exchange_token": {short.Access.Reveal()},
	})
	if err != nil {
		return platforms.Grant{}, err
	}
	scopes, err := c.granted(ctx, r.App, long.Access)
	return platforms.Grant{Tokens: long, Scopes: scopes}, err
}

// token sends a form to the token address: the secret stays out of the URL.
func (c *Client) token(ctx context.Context, app platforms.App, form url.Values) (platforms.Tokens, error) {
	form.Set(clientID, app[clientID].Reveal())
	form.Set(clientSecret, app[clientSecret].Reveal())
	call := Call{Op: OpToken, Method: http.MethodPost, Path: "oauth/access_token", Params: form, App: app}
	var a tokenAnswer
	resp, err := c.Do(ctx, call, &a)
	switch {
	case err != nil:
		return platforms.Tokens{}, err
	case a.AccessToken == "":
		return platforms.Tokens{}, c.NoID(call, resp)
	}
	t := platforms.Tokens{Access: platforms.NewSecret(a.AccessToken)}
	if a.ExpiresIn > 0 {
		t.AccessExpires = c.Now().Add(time.Duration(a.ExpiresIn) * time.Second)
	}
	return t, nil
}

func (c *Client) granted(ctx context.Context, app platforms.App, user platforms.Secret) ([]string, error) {
	var a struct {
		Data []struct{ Permission, Status string }
	}
	if _, err := c.Do(ctx, Call{Op: OpToken, Path: "me/permissions", App: app, Token: user}, &a); err != nil {
		return nil, err
	}
	out := []string{}
	for _, p := range a.Data {
		if p.Status == "granted" {
			out = append(out, p.Permission)
		}
	}
	return out, nil
}

// Tokens are those of a Page. They do not run out, unless they were made from a
// user token that lives only hours. The person's own token, good for 60 days,
// goes with them: only it can withdraw the sign-in.
func (d Debug) Tokens(p Page, g platforms.Grant) platforms.Tokens {
	t := platforms.Tokens{
		Access: platforms.NewSecret(p.AccessToken), Refresh: g.Tokens.Access, RefreshExpires: g.Tokens.AccessExpires,
	}
	issued := d.IssuedAt
	if issued == 0 {
		issued = d.asked.Unix() // a sign-in looks at a token that was made just now
	}
	if d.ExpiresAt != 0 && d.ExpiresAt-issued < 24*60*60 {
		t.AccessExpires = time.Unix(d.ExpiresAt, 0).UTC()
	}
	return t
}

// Debug is what debug_token says about a token.
type Debug struct {
	AppID          string   `json:"app_id"`
	UserID         string   `json:"user_id"`                // of the person, the same for all of an app's tokens
	IssuedAt       int64    `json:"issued_at"`              // unix seconds; 0 where Meta does not say
	ExpiresAt      int64    `json:"expires_at"`             // 0: never by time
	DataAccessEnds int64    `json:"data_access_expires_at"` // 90 days after the person last said yes
	Scopes         []string `json:"scopes"`
	Granular       []struct {
		Scope   string   `json:"scope"`
		Targets []string `json:"target_ids"`
	} `json:"granular_scopes"`

	asked time.Time
}

// InputToken is the parameter in which debug_token takes the token it is asked
// about. It is the one exception of rule O5: Meta offers no other way, since apps
// made after 4 November 2026 can no longer let a POST stand for a GET. The request goes to Meta over
// TLS and follows no redirect; no error, log or dump names its address, for
// package apihttp takes addresses and secrets out of everything it reports.
// https://developers.facebook.com/blog, Graph API v27.0, 2026-11-30.
const InputToken = "input_token"

// Debug asks about a token, in the name of the app, whose own token goes in the
// header. A token that is no longer valid is an error of the kind that using it
// would give. A look that fails says nothing about the account: it never ends a
// sign-in.
func (c *Client) Debug(ctx context.Context, app platforms.App, token platforms.Secret) (Debug, error) {
	if app[clientID].IsZero() || app[clientSecret].IsZero() {
		return Debug{}, c.Refuse(platforms.Rejected, platforms.CodePlatformAppInvalid, OpLook, nil)
	}
	call := Call{
		Op: OpLook, Path: "debug_token", App: app,
		Params: url.Values{InputToken: {token.Reveal()}},
		Token:  platforms.NewSecret(app[clientID].Reveal() + "|" + app[clientSecret].Reveal()),
	}
	var a struct {
		Data struct {
			Debug
			Valid *bool           `json:"is_valid"`
			Error json.RawMessage `json:"error"`
		}
	}
	resp, err := c.Do(ctx, call, &a)
	if err != nil {
		return Debug{}, err
	}
	switch {
	case a.Data.Valid == nil:
		return Debug{}, c.unreadable(call, resp, errors.New("answer does not say whether the token is valid"))
	case !*a.Data.Valid:
		e := readError(a.Data.Error)
		if e.Code == 0 {
			e.Code = 190
		}
		if e.Code == 190 || e.Code == 102 {
			call.Op = OpCheck // this is about the token that was asked about
		}
		return Debug{}, c.refusal(call, resp, e)
	}
	d := a.Data.Debug
	d.asked = c.Now()
	return d, nil
}

// SignIn names the person's yes to the app, on which all her accounts hang.
func (d Debug) SignIn() string {
	if d.AppID == "" || d.UserID == "" {
		return ""
	}
	return AppSlot + "/" + d.AppID + "/" + d.UserID
}

// AsksAgain is when the 90 days of data access are over; zero if they never are.
func (d Debug) AsksAgain() time.Time {
	if d.DataAccessEnds == 0 {
		return time.Time{}
	}
	return time.Unix(d.DataAccessEnds, 0).UTC()
}

// Withdraw takes the app away from the person behind a sign-in, and with it the
// tokens of all her accounts. It needs her own token.
func (c *Client) Withdraw(ctx context.Context, app platforms.App, signIn string, tokens platforms.Tokens) error {
	person := path.Base(signIn)
	if signIn == "" || tokens.Refresh.IsZero() {
		return c.Refuse(platforms.Rejected, platforms.CodeAuthExpired, OpRevoke, errors.New("the person's own token is not kept"))
	}
	call := Call{Op: OpRevoke, Method: http.MethodDelete, Path: url.PathEscape(person) + "/permissions", App: app, Token: tokens.Refresh}
	var a struct{ Success bool }
	resp, err := c.Do(ctx, call, &a)
	if e, ok := errors.AsType[*platforms.Error](err); ok && e.PlatformCode == appRemoved {
		return nil
	}
	if err == nil && !a.Success {
		err = c.unreadable(call, resp, errors.New("answer does not say that the app was removed"))
	}
	return err
}

// appRemoved is the answer to every token of a person who took the app away.
const appRemoved = "190/458"

// Has reports whether a permission was given for this Page or account.
func (d Debug) Has(scope, target string) bool {
	if !slices.Contains(d.Scopes, scope) {
		return false
	}
	for _, g := range d.Granular {
		if g.Scope == scope && len(g.Targets) > 0 {
			return slices.Contains(g.Targets, target)
		}
	}
	return true
}

// dataAccess is how Meta calls the right to read, which ends by itself.
const dataAccess = "data access"

// Allowed compares what was given for an account with what the features need.
// Numbers also stop when the 90 days of data access are over.
func (d Debug) Allowed(target string, needs []Need) (granted []platforms.Feature, missing []platforms.MissingPermission) {
	lacking := map[platforms.Feature]bool{}
	lack := func(f platforms.Feature, permission string) {
		lacking[f] = true
		missing = append(missing, platforms.MissingPermission{Feature: f, Permission: permission})
	}
	for _, n := range needs {
		if !d.Has(n.Scope, target) {
			lack(n.Feature, n.Scope)
		}
	}
	if d.DataAccessEnds != 0 && d.asked.Unix() >= d.DataAccessEnds {
		lack(platforms.FeatureNumbers, dataAccess)
	}
	for _, n := range needs {
		if !lacking[n.Feature] && !slices.Contains(granted, n.Feature) {
			granted = append(granted, n.Feature)
		}
	}
	return granted, missing
}
