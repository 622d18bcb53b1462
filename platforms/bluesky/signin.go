package bluesky

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

// Fields of the sign-in form.
const (
	fieldHost     = "host"
	fieldHandle   = "handle"
	fieldPassword = "password"
)

// How long tokens live when they do not say so themselves.
const (
	accessLife  = 2 * time.Hour
	refreshLife = 90 * 24 * time.Hour
)

// appPassword is the form of an app password. The main password of an account
// could do everything and cannot be taken back alone: we refuse it.
var appPassword = regexp.MustCompile(`^[a-z0-9]{4}(?:-[a-z0-9]{4}){3}$`)

// SignInFields implements platforms.PasswordSignIn.
func (b *Bluesky) SignInFields() []platforms.SignInField {
	return []platforms.SignInField{
		{Key: fieldHandle, Practice: "riversidefc.test"},
		{Key: fieldPassword, Secret: true, Practice: "demo-demo-demo-demo"},
		{Key: fieldHost, Optional: true},
	}
}

// session is an answer of createSession, refreshSession and getSession.
type session struct {
	Access  string `json:"accessJwt"`
	Refresh string `json:"refreshJwt"`
	DID     string `json:"did"`
	Handle  string `json:"handle"`
	Active  *bool  `json:"active"` // missing on old servers: active
}

// SignIn implements platforms.PasswordSignIn. The password is sent only after the
// directory has said whose handle it is, and to the account's own server unless
// the person names another.
func (b *Bluesky) SignIn(ctx context.Context, typed map[string]string) (platforms.Account, error) {
	const op = "sign_in"
	at := func(field, code string) error {
		return &platforms.Error{Kind: platforms.Rejected, Code: code, Field: field, Platform: ID, Op: op}
	}
	host, named, ok := b.typedServer(typed[fieldHost])
	if !ok {
		return platforms.Account{}, at(fieldHost, platforms.CodeUnreachable)
	}
	handle, ok := typedHandle(typed[fieldHandle])
	if !ok {
		return platforms.Account{}, at(fieldHandle, platforms.CodeSignInWrong)
	}
	password := visible(typed[fieldPassword])
	if !appPassword.MatchString(password) {
		return platforms.Account{}, at(fieldPassword, platforms.CodeNeedsAppPassword)
	}

	did, err := b.typedDID(ctx, host, named, handle)
	if err != nil {
		return platforms.Account{}, err
	}
	doc, err := b.document(ctx, did)
	if err != nil {
		return platforms.Account{}, err
	}
	if handle != did && !doc.has(handle) {
		return platforms.Account{}, at(fieldHandle, platforms.CodeSignInWrong)
	}
	if !named {
		host = doc.server
	}
	s, err := b.createSession(ctx, host, handle, password)
	if err != nil && named && host != doc.server {
		return platforms.Account{}, wrongServer(err, doc.server)
	}
	if err != nil {
		return platforms.Account{}, err
	}
	if s.DID != did {
		return platforms.Account{}, at(fieldHandle, platforms.CodeWrongAccount)
	}
	account := b.account(s, doc.server)
	if account.Name, err = b.profileName(ctx, account); err != nil {
		return platforms.Account{}, err
	}
	account.Tokens = b.tokens(s)
	account.CheckedBy = "com.atproto.server.createSession"
	return account, nil
}

// typedDID finds the DID of a handle. The server that the person named may know
// no handles but its own, or may be none: then Bluesky's own is asked.
func (b *Bluesky) typedDID(ctx context.Context, host string, named bool, handle string) (string, error) {
	if validDID(handle) {
		return handle, nil
	}
	did, err := b.resolveHandle(ctx, host, handle)
	if named && answered(err) {
		did, err = b.resolveHandle(ctx, b.entryway, handle)
	}
	return did, refusedField(err, fieldHandle, platforms.CodeSignInWrong)
}

// answered reports whether a server refused, or spoke in another form than that
// of the protocol: web servers do.
func answered(err error) bool {
	e, ok := errors.AsType[*platforms.Error](err)
	return ok && e.Status != 0 && e.Status < http.StatusInternalServerError && e.Kind != platforms.RateLimited
}

// wrongServer says where the account lives, if the server that the person named
// refused the sign-in or is no server of this kind.
func wrongServer(err error, server string) error {
	if !answered(err) {
		return err
	}
	e, _ := errors.AsType[*platforms.Error](err)
	e.Kind, e.Code, e.Field = platforms.Rejected, platforms.CodeWrongServer, fieldHost
	e.Args = map[string]string{"server": hostOf(server)}
	return e
}

func (b *Bluesky) createSession(ctx context.Context, host, handle, password string) (session, error) {
	var s session
	resp, err := b.call(ctx, apihttp.Request{
		Op: "sign_in", Method: http.MethodPost, URL: xrpc(host, "com.atproto.server.createSession"),
		JSON: struct {
			Identifier string `json:"identifier"`
			Password   string `json:"password"`
		}{handle, password},
	}, &s)
	if e, ok := errors.AsType[*platforms.Error](err); ok {
		if e.PlatformCode == "AuthFactorTokenRequired" { // asked for main passwords alone
			return s, refusedField(err, fieldPassword, platforms.CodeNeedsAppPassword)
		}
		if e.Kind == platforms.Revoked {
			return s, refusedField(err, fieldPassword, platforms.CodeSignInWrong)
		}
	}
	if err != nil {
		return s, err
	}
	if s.Access == "" || s.Refresh == "" || !validDID(s.DID) {
		return s, b.unusable("sign_in", resp, errors.New("answer has no session"))
	}
	return s, nil
}

// account describes who is signed in, without a name.
func (b *Bluesky) account(s session, host string) platforms.Account {
	a := platforms.Account{
		Platform: ID, RemoteID: s.DID, Handle: s.Handle, Host: host,
		// An app password may do everything we need; there is nothing to tick.
		Granted: []platforms.Feature{platforms.FeaturePost, platforms.FeatureNumbers},
	}
	if s.Active != nil && !*s.Active {
		a.Unusable, a.Granted = platforms.CodeRestricted, nil
	}
	return a
}

// profileName reads the name a person gave the account, from the account's own
// server: the public view may be hours behind. Without one it is the handle.
func (b *Bluesky) profileName(ctx context.Context, a platforms.Account) (string, error) {
	var answer struct {
		Value struct {
			DisplayName string `json:"displayName"`
		} `json:"value"`
	}
	_, err := b.call(ctx, apihttp.Request{
		Op: "profile", Method: http.MethodGet, URL: xrpc(a.Host, "com.atproto.repo.getRecord"),
		Query: url.Values{"repo": {a.RemoteID}, "collection": {profileCollection}, "rkey": {"self"}},
	}, &answer)
	if e, ok := errors.AsType[*platforms.Error](err); ok && e.PlatformCode == "RecordNotFound" {
		return a.Handle, nil
	}
	if err != nil {
		return "", err
	}
	if name := strings.TrimSpace(answer.Value.DisplayName); name != "" {
		return name, nil
	}
	return a.Handle, nil
}

// Check implements platforms.Platform.
func (b *Bluesky) Check(ctx context.Context, s platforms.Session) (platforms.Account, error) {
	var now session
	resp, err := b.call(ctx, apihttp.Request{
		Op: "check", Method: http.MethodGet, URL: xrpc(s.Account.Host, "com.atproto.server.getSession"), Bearer: s.Access,
	}, &now)
	if err != nil {
		return platforms.Account{}, err
	}
	if now.DID != s.Account.RemoteID {
		return platforms.Account{}, b.unusable("check", resp, errors.New("answer is about another account"))
	}
	account := b.account(now, s.Account.Host)
	account.CheckedBy = "com.atproto.server.getSession"
	if account.Name, err = b.profileName(ctx, account); err != nil {
		return platforms.Account{}, err
	}
	return account, nil
}

// Renew implements platforms.Renewer. The old refresh token goes on working for
// two hours, so that a lost answer does not lose the sign-in.
func (b *Bluesky) Renew(
	ctx context.Context, _ platforms.App, account platforms.Account, refresh platforms.Secret,
) (platforms.Tokens, error) {
	const op = "renew"
	var s session
	resp, err := b.call(ctx, apihttp.Request{
		Op: op, Method: http.MethodPost, URL: xrpc(account.Host, "com.atproto.server.refreshSession"), Bearer: refresh,
	}, &s)
	if e, ok := errors.AsType[*platforms.Error](err); ok {
		switch {
		case e.PlatformCode == "ExpiredToken", e.PlatformCode == "InvalidToken": // nothing is left to renew with
			e.Kind, e.Code = platforms.Revoked, platforms.CodeAuthRevoked
		case e.Kind == platforms.Expired, e.Kind == platforms.Revoked: // it was not looked at
			e.Kind, e.Code = platforms.Rejected, platforms.CodeUnknownRefusal
		}
	}
	if err != nil {
		return platforms.Tokens{}, err
	}
	if s.Access == "" || s.Refresh == "" || s.DID != account.RemoteID {
		return platforms.Tokens{}, b.unusable(op, resp, errors.New("answer has no session of this account"))
	}
	return b.tokens(s), nil
}

// Revoke implements platforms.Revoker. A session that is over already is fine.
func (b *Bluesky) Revoke(
	ctx context.Context, _ platforms.App, account platforms.Account, tokens platforms.Tokens,
) error {
	_, err := b.call(ctx, apihttp.Request{
		Op: "disconnect", Method: http.MethodPost, URL: xrpc(account.Host, "com.atproto.server.deleteSession"), Bearer: tokens.Refresh,
	}, nil)
	if k := platforms.KindOf(err); err != nil && (k == platforms.Expired || k == platforms.Revoked) {
		return nil
	}
	return err
}

func (b *Bluesky) tokens(s session) platforms.Tokens {
	ends := func(token string, life time.Duration) time.Time {
		if end := expiry(token); !end.IsZero() {
			return end
		}
		return b.now().Add(life).UTC()
	}
	return platforms.Tokens{
		Access: platforms.NewSecret(s.Access), AccessExpires: ends(s.Access, accessLife),
		Refresh: platforms.NewSecret(s.Refresh), RefreshExpires: ends(s.Refresh, refreshLife),
	}
}

// expiry reads the end of a JWT's life. The token is not ours to verify; zero if
// it cannot be read.
func expiry(token string) time.Time {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return time.Time{}
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return time.Time{}
	}
	var claims struct {
		Exp int64 `json:"exp"`
	}
	if json.Unmarshal(payload, &claims) != nil || claims.Exp <= 0 || claims.Exp > 1<<40 {
		return time.Time{}
	}
	return time.Unix(claims.Exp, 0).UTC()
}
