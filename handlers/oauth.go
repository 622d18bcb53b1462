package handlers

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/labstack/echo/v4"
	"golang.org/x/oauth2"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// CallbackPath is where people come back to from a platform.
func CallbackPath(id platforms.ID) string { return "/oauth/" + string(id) + "/callback" }

// redirectAddress is where platforms send people back to: one for each platform
// app, under the name of the first platform that uses it (rule A2).
func (s *Server) redirectAddress(info platforms.Info) string {
	return s.URL(CallbackPath(s.returnsTo(info)))
}

func (s *Server) returnsTo(info platforms.Info) platforms.ID {
	if shared := s.Real.Slot(info.AppSlot); len(shared) > 0 {
		return shared[0].Info().ID
	}
	return info.ID
}

// leaveFor begins a sign-in and sends the person to the platform.
func (s *Server) leaveFor(c echo.Context, to target, p platforms.OAuthSignIn) error {
	ctx := c.Request().Context()
	verifier := oauth2.GenerateVerifier()
	in := store.PlatformSignIn{
		Platform: to.ID, Practice: web.Actor(c).Club.Practice, Verifier: platforms.NewSecret(verifier), ReturnTo: web.LocalPath(c.FormValue("to")),
	}
	again := false
	if to.conn != nil {
		in.ConnectionID, again = to.conn.ID, len(to.conn.Account.Missing) > 0
	}
	state, err := s.DB.BeginSignIn(ctx, web.Scope(c), s.Sessions.Token(ctx), in)
	if err != nil {
		return err
	}
	address, err := p.AuthURL(platforms.AuthRequest{
		App: to.app, RedirectURL: s.redirectAddress(to.Info), State: state, Challenge: oauth2.S256ChallengeFromVerifier(verifier), Again: again,
	})
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, address)
}

// allowLeaving lets the form of this page lead to the platform's sign-in page.
func (s *Server) allowLeaving(c echo.Context, to target, p platforms.OAuthSignIn) error {
	origin, err := s.signInOrigin(to.app, to.Info, p)
	if err != nil {
		return err
	}
	web.AllowFormTo(c, origin)
	return nil
}

// becauseGone, in the address of the sign-in page, says that somebody came back
// from a platform and was signed out meanwhile.
const becauseGone = "gone"

// finishSignIn takes in somebody who comes back from a platform and sends them
// on at once, so that what stands in the address goes no further (rule A6).
func (s *Server) finishSignIn(c echo.Context) error {
	h := c.Response().Header()
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	if web.Actor(c) == nil {
		return c.Redirect(http.StatusSeeOther, "/sign-in?to=/accounts&because="+becauseGone)
	}
	if !web.Actor(c).Role.Can(club.ConnectAccount) {
		return web.Forbidden(club.ConnectAccount)
	}
	ctx := c.Request().Context()
	in, err := s.DB.TakeSignIn(ctx, web.Scope(c), s.Sessions.Token(ctx), c.QueryParam("state"))
	if errors.Is(err, club.ErrNotFound) {
		return s.backWith(c, "/accounts", web.T(c, "signin_at_unknown"))
	}
	if err != nil {
		return err
	}
	return s.comeBack(c, in)
}

// backWith ends a sign-in that changed nothing.
func (s *Server) backWith(c echo.Context, path, text string) error {
	s.Flash(c, "problem", text)
	return c.Redirect(http.StatusSeeOther, path)
}

// comeBack ends a sign-in whose state was right.
func (s *Server) comeBack(c echo.Context, in store.PlatformSignIn) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), signInTimeout)
	defer cancel()
	a := web.Actor(c)
	back := "/accounts"
	if in.Practice != a.Club.Practice {
		return s.backWith(c, back, web.T(c, "signin_at_unknown"))
	}
	var conn *store.Connected
	if in.ConnectionID != 0 {
		one, err := s.DB.ConnectedAccount(ctx, web.Scope(c), in.Practice, in.ConnectionID)
		if err != nil {
			return err
		}
		conn, back = &one, "/accounts/"+strconv.FormatInt(one.ID, 10)
	}
	p, ok := s.Platforms(a.Club.ID, in.Practice).Platform(in.Platform)
	if !ok {
		return club.ErrNotFound
	}
	info := p.Info()
	oauth, ok := p.(platforms.OAuthSignIn)
	if !ok || c.Param("platform") != string(s.returnsTo(info)) {
		return s.backWith(c, back, web.T(c, "signin_at_unknown"))
	}
	if c.QueryParam("error") != "" || c.QueryParam("error_message") != "" || c.QueryParam("code") == "" {
		return s.backWith(c, back, s.deniedText(c, info))
	}
	seen, err := s.exchange(ctx, c, in, info, oauth)
	if errors.Is(err, errOtherIssuer) {
		return s.backWith(c, back, web.T(c, "signin_at_unknown"))
	}
	if err != nil {
		_, text, known := s.refusalText(c, info, err)
		if !known {
			return err
		}
		s.Log.Warn("sign in at a platform", "platform", in.Platform, "err", err)
		return s.backWith(c, back, text)
	}
	if conn != nil {
		return s.reconnect(c, *conn, seen, in.ReturnTo, back)
	}
	if len(seen) == 0 {
		return s.backWith(c, back, s.noneText(c, in.Platform)+" "+web.T(c, "connect_unchanged"))
	}
	choice, err := s.DB.CreateChoice(ctx, web.Scope(c), store.Choice{Platform: in.Platform, Practice: in.Practice, Accounts: seen})
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/accounts/choose/"+choice)
}

// cancelled are the error parameters by which platforms say that the person
// said no (RFC 6749 4.1.2.1, and older ways).
var cancelled = []string{"access_denied", "user_cancelled_login", "user_cancelled_authorize", "user_denied"}

// deniedText puts the error parameters of a platform into words.
func (s *Server) deniedText(c echo.Context, info platforms.Info) string {
	if slices.Contains(cancelled, c.QueryParam("error")) || slices.Contains(cancelled, c.QueryParam("error_reason")) {
		return web.T(c, "connect_refused_consent_cancelled", "platform", info.SiteName())
	}
	// Some say error_message where they have no error to name.
	if said := short(cmp.Or(c.QueryParam("error_description"), c.QueryParam("error_message"))); said != "" {
		return web.T(c, "connect_refused_said", "platform", info.SiteName(), "said", said)
	}
	return web.T(c, "connect_refused_other", "platform", info.SiteName())
}

// saidRunes is the most that is shown of a platform's own sentence.
const saidRunes = 300

// short is a platform's sentence as it can be shown: on one line, without
// characters that have no picture but an effect, and not too long.
func short(text string) string {
	text = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, text)), " ")
	if r := []rune(text); len(r) > saidRunes {
		return string(r[:saidRunes]) + "…"
	}
	return text
}

// noneText says that a platform showed no account. Platforms whose accounts must
// be prepared elsewhere say how.
func (s *Server) noneText(c echo.Context, id platforms.ID) string {
	if own := string(id) + ".connect_none"; s.Catalogue.Has(own) {
		return web.T(c, own)
	}
	return web.T(c, "connect_no_accounts", "platform", s.SiteName(c, id))
}

// exchange turns the code into accounts, of all platforms that share the
// sign-in. Only the platform the person chose must answer.
func (s *Server) exchange(ctx context.Context, c echo.Context, in store.PlatformSignIn, info platforms.Info, oauth platforms.OAuthSignIn) ([]platforms.Account, error) {
	clubID := web.Actor(c).Club.ID
	app, err := s.AppCredentials(ctx, clubID, in.Practice, info.AppSlot)
	if err != nil {
		return nil, err
	}
	if err := s.checkIssuer(c, app, info, oauth); err != nil {
		return nil, err
	}
	grant, err := oauth.Exchange(ctx, platforms.ExchangeRequest{
		App: app, RedirectURL: s.redirectAddress(info), Code: c.QueryParam("code"), Verifier: in.Verifier.Reveal(),
	})
	if err != nil {
		return nil, err
	}
	var seen []platforms.Account
	for _, p := range s.Platforms(clubID, in.Practice).Slot(info.AppSlot) {
		sibling, ok := p.(platforms.OAuthSignIn)
		if !ok {
			continue
		}
		list, err := sibling.Accounts(ctx, app, grant)
		if err != nil && p.Info().ID == in.Platform {
			return nil, err
		}
		if err != nil {
			s.Log.Warn("list accounts", "platform", p.Info().ID, "err", err)
		}
		seen = append(seen, list...)
	}
	return seen, nil
}

// errOtherIssuer is the error of an answer that somebody else says they gave.
var errOtherIssuer = errors.New("the answer of a sign-in names another issuer")

// checkIssuer compares who gave the answer, if it says so (RFC 9207), with whom
// the person was sent to (rule A2).
func (s *Server) checkIssuer(c echo.Context, app platforms.App, info platforms.Info, p platforms.OAuthSignIn) error {
	iss := c.QueryParam("iss")
	if iss == "" {
		return nil
	}
	want, err := s.signInOrigin(app, info, p)
	if err != nil {
		return err
	}
	if got, err := url.Parse(iss); err != nil || got.Scheme+"://"+got.Host != want {
		return errOtherIssuer
	}
	return nil
}

// signInOrigin is where a platform's sign-in page is.
func (s *Server) signInOrigin(app platforms.App, info platforms.Info, p platforms.OAuthSignIn) (string, error) {
	address, err := p.AuthURL(platforms.AuthRequest{App: app, RedirectURL: s.redirectAddress(info), State: "none", Challenge: "none"})
	if err != nil {
		return "", err
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", errors.New("the address of a platform's sign-in page cannot be read")
	}
	return u.Scheme + "://" + u.Host, nil
}

// reconnect signs an account in again if it is among those seen, and others that
// wait for the same sign-in; any other account changes nothing (rule A4).
func (s *Server) reconnect(c echo.Context, conn store.Connected, seen []platforms.Account, to, back string) error {
	i := slices.IndexFunc(seen, func(a platforms.Account) bool { return sameAccount(a, conn.Account) })
	if i < 0 {
		return s.backWith(c, back, s.wrongAccount(c, conn, seen))
	}
	if seen[i].Unusable != "" {
		return s.backWith(c, back, s.unusable(c, seen[i]))
	}
	made, err := s.DB.Reconnect(c.Request().Context(), web.Scope(c), conn.Practice, seen[i], seen, web.Origin(c))
	if err != nil {
		return err
	}
	return s.connected(c, made, true, to)
}
