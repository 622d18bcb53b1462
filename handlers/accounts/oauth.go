package accounts

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
func (room *Room) redirectAddress(info platforms.Info) string {
	return room.URL(CallbackPath(room.returnsTo(info)))
}

func (room *Room) returnsTo(info platforms.Info) platforms.ID {
	if shared := room.Real.Slot(info.AppSlot); len(shared) > 0 {
		return shared[0].Info().ID
	}
	return info.ID
}

// leaveFor begins a sign-in and sends the person to the platform.
func (room *Room) leaveFor(c echo.Context, to target, p platforms.OAuthSignIn) error {
	ctx := c.Request().Context()
	verifier := oauth2.GenerateVerifier()
	in := store.PlatformSignIn{
		Platform: to.info.ID, Practice: web.Actor(c).Club.Practice, Verifier: platforms.NewSecret(verifier), ReturnTo: web.LocalPath(c.FormValue("to")),
	}
	again := false
	if to.conn != nil {
		in.ConnectionID, again = to.conn.ID, len(to.conn.Account.Missing) > 0
	}
	state, err := room.DB.BeginSignIn(ctx, web.Scope(c), room.Sessions.Token(ctx), in)
	if err != nil {
		return err
	}
	address, err := p.AuthURL(platforms.AuthRequest{
		App: to.app, RedirectURL: room.redirectAddress(to.info), State: state, Challenge: oauth2.S256ChallengeFromVerifier(verifier), Again: again,
	})
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, address)
}

// allowLeaving lets the form of this page lead to the platform's sign-in page.
func (room *Room) allowLeaving(c echo.Context, to target, p platforms.OAuthSignIn) error {
	origin, err := room.signInOrigin(to.app, to.info, p)
	if err != nil {
		return err
	}
	web.AllowFormTo(c, origin)
	return nil
}

// finishSignIn takes in somebody who comes back from a platform and sends them
// on at once, so that what stands in the address goes no further (rule A6).
func (room *Room) finishSignIn(c echo.Context) error {
	h := c.Response().Header()
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	if web.Actor(c) == nil {
		return c.Redirect(http.StatusSeeOther, "/sign-in?to=/accounts&because="+web.BecauseGone)
	}
	if !web.Actor(c).Role.Can(club.ConnectAccount) {
		return web.Forbidden(club.ConnectAccount)
	}
	ctx := c.Request().Context()
	in, err := room.DB.TakeSignIn(ctx, web.Scope(c), room.Sessions.Token(ctx), c.QueryParam("state"))
	if errors.Is(err, club.ErrNotFound) {
		return room.backWith(c, "/accounts", web.T(c, "signin_at_unknown"))
	}
	if err != nil {
		return err
	}
	return room.comeBack(c, in)
}

// backWith ends a sign-in that changed nothing.
func (room *Room) backWith(c echo.Context, path, text string) error {
	room.Flash(c, "problem", text)
	return c.Redirect(http.StatusSeeOther, path)
}

// comeBack ends a sign-in whose state was right.
func (room *Room) comeBack(c echo.Context, in store.PlatformSignIn) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), signInTimeout)
	defer cancel()
	a := web.Actor(c)
	back := "/accounts"
	if in.Practice != a.Club.Practice {
		return room.backWith(c, back, web.T(c, "signin_at_unknown"))
	}
	var conn *store.Connected
	if in.ConnectionID != 0 {
		one, err := room.DB.ConnectedAccount(ctx, web.Scope(c), in.Practice, in.ConnectionID)
		if err != nil {
			return err
		}
		conn, back = &one, "/accounts/"+strconv.FormatInt(one.ID, 10)
	}
	p, ok := room.Platforms(a.Club.ID, in.Practice).Platform(in.Platform)
	if !ok {
		return club.ErrNotFound
	}
	info := p.Info()
	oauth, ok := p.(platforms.OAuthSignIn)
	if !ok || c.Param("platform") != string(room.returnsTo(info)) {
		return room.backWith(c, back, web.T(c, "signin_at_unknown"))
	}
	if c.QueryParam("error") != "" || c.QueryParam("error_message") != "" || c.QueryParam("code") == "" {
		return room.backWith(c, back, room.deniedText(c, info))
	}
	seen, err := room.exchange(ctx, c, in, info, oauth)
	if errors.Is(err, errOtherIssuer) {
		return room.backWith(c, back, web.T(c, "signin_at_unknown"))
	}
	if err != nil {
		_, text, known := room.refusalText(c, info, err)
		if !known {
			return err
		}
		room.Log.Warn("sign in at a platform", "platform", in.Platform, "err", err)
		return room.backWith(c, back, text)
	}
	if conn != nil {
		return room.reconnect(c, *conn, seen, in.ReturnTo, back)
	}
	if len(seen) == 0 {
		return room.backWith(c, back, room.noneText(c, in.Platform)+" "+web.T(c, "connect_unchanged"))
	}
	choice, err := room.DB.CreateChoice(ctx, web.Scope(c), store.Choice{Platform: in.Platform, Practice: in.Practice, Accounts: seen})
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/accounts/choose/"+choice)
}

// cancelled are the error parameters by which platforms say that the person
// said no (RFC 6749 4.1.2.1, and older ways).
var cancelled = []string{"access_denied", "user_cancelled_login", "user_cancelled_authorize", "user_denied"}

// deniedText puts the error parameters of a platform into words.
func (room *Room) deniedText(c echo.Context, info platforms.Info) string {
	if slices.Contains(cancelled, c.QueryParam("error")) || slices.Contains(cancelled, c.QueryParam("error_reason")) {
		return web.T(c, "connect_refused_consent_cancelled", "platform", info.SiteName())
	}
	// Some say error_message where they have no error to name.
	if said := short(cmp.Or(c.QueryParam("error_description"), c.QueryParam("error_message"))); said != "" {
		return web.T(c, "connect_refused_said", "platform", info.SiteName(), "said", said)
	}
	return web.T(c, "connect_refused_other", "platform", info.SiteName())
}

// SaidRunes is the most that is shown of a platform's own sentence.
const SaidRunes = 300

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
	if r := []rune(text); len(r) > SaidRunes {
		return string(r[:SaidRunes]) + "…"
	}
	return text
}

// noneText says that a platform showed no account. Platforms whose accounts must
// be prepared elsewhere say how.
func (room *Room) noneText(c echo.Context, id platforms.ID) string {
	if own := string(id) + ".connect_none"; room.Catalogue.Has(own) {
		return web.T(c, own)
	}
	return web.T(c, "connect_no_accounts", "platform", room.SiteName(c, id))
}

// exchange turns the code into accounts, of all platforms that share the
// sign-in. Only the platform the person chose must answer.
func (room *Room) exchange(ctx context.Context, c echo.Context, in store.PlatformSignIn, info platforms.Info, oauth platforms.OAuthSignIn) ([]platforms.Account, error) {
	clubID := web.Actor(c).Club.ID
	app, err := room.AppCredentials(ctx, clubID, in.Practice, info.AppSlot)
	if err != nil {
		return nil, err
	}
	if err := room.checkIssuer(c, app, info, oauth); err != nil {
		return nil, err
	}
	grant, err := oauth.Exchange(ctx, platforms.ExchangeRequest{
		App: app, RedirectURL: room.redirectAddress(info), Code: c.QueryParam("code"), Verifier: in.Verifier.Reveal(),
	})
	if err != nil {
		return nil, err
	}
	var seen []platforms.Account
	for _, p := range room.Platforms(clubID, in.Practice).Slot(info.AppSlot) {
		sibling, ok := p.(platforms.OAuthSignIn)
		if !ok {
			continue
		}
		list, err := sibling.Accounts(ctx, app, grant)
		if err != nil && p.Info().ID == in.Platform {
			return nil, err
		}
		if err != nil {
			room.Log.Warn("list accounts", "platform", p.Info().ID, "err", err)
		}
		seen = append(seen, list...)
	}
	return seen, nil
}

// errOtherIssuer is the error of an answer that somebody else says they gave.
var errOtherIssuer = errors.New("the answer of a sign-in names another issuer")

// checkIssuer compares who gave the answer, if it says so (RFC 9207), with whom
// the person was sent to (rule A2).
func (room *Room) checkIssuer(c echo.Context, app platforms.App, info platforms.Info, p platforms.OAuthSignIn) error {
	iss := c.QueryParam("iss")
	if iss == "" {
		return nil
	}
	want, err := room.signInOrigin(app, info, p)
	if err != nil {
		return err
	}
	if got, err := url.Parse(iss); err != nil || got.Scheme+"://"+got.Host != want {
		return errOtherIssuer
	}
	return nil
}

// signInOrigin is where a platform's sign-in page is.
func (room *Room) signInOrigin(app platforms.App, info platforms.Info, p platforms.OAuthSignIn) (string, error) {
	address, err := p.AuthURL(platforms.AuthRequest{App: app, RedirectURL: room.redirectAddress(info), State: "none", Challenge: "none"})
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
func (room *Room) reconnect(c echo.Context, conn store.Connected, seen []platforms.Account, to, back string) error {
	i := slices.IndexFunc(seen, func(a platforms.Account) bool { return a.Is(conn.Account) })
	if i < 0 {
		return room.backWith(c, back, room.wrongAccount(c, conn, seen))
	}
	if seen[i].Unusable != "" {
		return room.backWith(c, back, room.unusable(c, seen[i]))
	}
	made, err := room.DB.Reconnect(c.Request().Context(), web.Scope(c), conn.Practice, seen[i], seen, web.Origin(c))
	if err != nil {
		return err
	}
	return room.connected(c, made, true, to)
}

// AllowLeavingToAll lets a form of this page lead to the sign-in pages of all
// platforms.
func (room *Room) AllowLeavingToAll(c echo.Context) error {
	a := web.Actor(c)
	for _, p := range room.Platforms(a.Club.ID, a.Club.Practice).All() {
		oauth, ok := p.(platforms.OAuthSignIn)
		if !ok {
			continue
		}
		to, err := room.target(c, p.Info().ID, nil)
		if club.CodeOf(err) == club.Conflict {
			continue // not set up: nobody signs in there
		}
		if err != nil {
			return err
		}
		if err := room.allowLeaving(c, to, oauth); err != nil {
			return err
		}
	}
	return nil
}

// AllowReconnecting reports whether an account can be signed in again from this
// page, and whether that leaves for the platform's own page; then the form of this
// page may lead there.
func (room *Room) AllowReconnecting(c echo.Context, conn store.Connection) (possible, leaves bool, err error) {
	to, err := room.target(c, conn.Account.Platform, &store.Connected{Connection: conn})
	if code := club.CodeOf(err); code == club.Conflict || code == club.NotFound {
		return false, false, nil
	}
	if err != nil {
		return false, false, err
	}
	// A fragment comes into a page that was opened under the rules of before.
	oauth, ok := to.platform.(platforms.OAuthSignIn)
	if !ok || web.IsHX(c) {
		return true, false, nil
	}
	return true, true, room.allowLeaving(c, to, oauth)
}
