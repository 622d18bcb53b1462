package accounts

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/accounts"
)

// signInTimeout bounds what happens between coming back from a platform, or
// sending a form, and the answer.
const signInTimeout = 25 * time.Second

func (room *Room) showConnect(c echo.Context) error {
	a := web.Actor(c)
	page := accounts.ConnectPage{
		Page: room.Page(c, "accounts", web.T(c, "accounts_connect")), Practice: a.Club.Practice, Manage: a.Role.Can(club.ManageClub),
	}
	for _, p := range room.Registry(a.Club.Practice).All() {
		i := p.Info()
		row := accounts.PlatformRow{ID: string(i.ID), Name: i.Name, Mark: i.Mark, Slot: i.AppSlot, Need: web.T(c, string(i.ID)+".connect_need")}
		if i.AppSlot != "" {
			app, err := room.AppCredentials(c.Request().Context(), a.Club.ID, a.Club.Practice, i.AppSlot)
			if err != nil {
				return err
			}
			row.NeedsSetup = len(app) == 0
		}
		page.Platforms = append(page.Platforms, row)
	}
	return room.Render(c, http.StatusOK, accounts.Connect(page))
}

// target is where a person wants to sign in, and for which account if they
// reconnect one.
type target struct {
	platform platforms.Platform
	info     platforms.Info
	app      platforms.App
	conn     *store.Connected // nil: a new account
}

// action is where the form that signs in goes to.
func (t target) action() string {
	if t.conn != nil {
		return "/accounts/" + strconv.FormatInt(t.conn.ID, 10) + "/reconnect"
	}
	return "/accounts/connect/" + string(t.info.ID)
}

// newAccount is the target in the address /accounts/connect/:platform.
func (room *Room) newAccount(c echo.Context) (target, error) {
	return room.target(c, platforms.ID(c.Param("platform")), nil)
}

// sameAccount is the target in the address /accounts/:id/reconnect.
func (room *Room) sameAccount(c echo.Context) (target, error) {
	conn, err := room.account(c)
	if err != nil {
		return target{}, err
	}
	return room.target(c, conn.Account.Platform, &conn)
}

func (room *Room) target(c echo.Context, id platforms.ID, conn *store.Connected) (target, error) {
	a := web.Actor(c)
	p, ok := room.Platforms(a.Club.ID, a.Club.Practice).Platform(id)
	if !ok {
		return target{}, club.ErrNotFound
	}
	to := target{platform: p, info: p.Info(), conn: conn}
	if to.info.AppSlot == "" {
		return to, nil
	}
	var err error
	to.app, err = room.AppCredentials(c.Request().Context(), a.Club.ID, a.Club.Practice, to.info.AppSlot)
	if err != nil {
		return to, err
	}
	if len(to.app) == 0 {
		return to, &club.Error{Code: club.Conflict, Key: "connect_needs_setup"}
	}
	return to, nil
}

func (room *Room) showConnectPlatform(c echo.Context) error {
	to, err := room.newAccount(c)
	if err != nil {
		return err
	}
	return room.showSignInAt(c, http.StatusOK, to, nil, "", &web.Faults{})
}

func (room *Room) showReconnect(c echo.Context) error {
	to, err := room.sameAccount(c)
	if err != nil {
		return err
	}
	return room.showSignInAt(c, http.StatusOK, to, nil, "", &web.Faults{})
}

// createSignInAt begins a sign-in for a new account.
func (room *Room) createSignInAt(c echo.Context) error {
	to, err := room.newAccount(c)
	if err != nil {
		return err
	}
	return room.signInAt(c, to)
}

// createReconnect begins a sign-in for an account that is there.
func (room *Room) createReconnect(c echo.Context) error {
	to, err := room.sameAccount(c)
	if err != nil {
		return err
	}
	return room.signInAt(c, to)
}

func (room *Room) signInAt(c echo.Context, to target) error {
	if err := room.heal(c, to.info); err != nil {
		return err
	}
	switch p := to.platform.(type) {
	case platforms.OAuthSignIn:
		return room.leaveFor(c, to, p)
	case platforms.PasswordSignIn:
		return room.signInTyped(c, to, p)
	}
	return club.ErrNotFound
}

// heal lets make-believe platforms accept a sign-in again that a person
// switched off to rehearse reconnecting.
func (room *Room) heal(c echo.Context, info platforms.Info) error {
	a := web.Actor(c)
	if !a.Club.Practice || room.Worlds == nil {
		return nil
	}
	world, err := room.Worlds.Of(a.Club.ID)
	if err != nil {
		return err
	}
	ids := []platforms.ID{info.ID}
	for _, p := range room.Practice.Slot(info.AppSlot) {
		ids = append(ids, p.Info().ID)
	}
	return world.Heal(ids...)
}

// showSignInAt is the page before a platform's own, or the form of those that
// are connected by typing.
func (room *Room) showSignInAt(c echo.Context, status int, to target, typed map[string]string, problem string, f *web.Faults) error {
	practice := web.Actor(c).Club.Practice
	page := accounts.SignInPage{
		Platform: to.info.Name, Action: to.action(), To: web.LocalPath(c.FormValue("to")), Problem: problem, Practice: practice,
		Button: web.T(c, "connect_button", "platform", to.info.Name), AskPassword: to.conn == nil && !room.GaveLately(c),
	}
	title := web.T(c, "connect_title", "platform", to.info.Name)
	if to.conn != nil {
		title = web.T(c, "reconnect_title", "account", room.AccountOn(c, to.conn.Account.Name, to.conn.Account.Platform))
		page.Intro = append(page.Intro, web.T(c, "reconnect_intro", "account", web.AccountLabel(to.conn.Account)))
		waits, err := room.awaiting(c, []store.Connection{to.conn.Connection})
		if err != nil {
			return err
		}
		page.Intro = append(page.Intro, room.awaitingWords(c, waits, "reconnect_")...)
	}
	switch p := to.platform.(type) {
	case platforms.OAuthSignIn:
		page.Button = web.T(c, "connect_go", "platform", to.info.SiteName())
		page.Intro = append(page.Intro, room.leaveWords(c, to)...)
		if err := room.allowLeaving(c, to, p); err != nil {
			return err
		}
	case platforms.PasswordSignIn:
		for _, field := range p.SignInFields() {
			own := string(to.info.ID) + ".signin_" + field.Key
			value := field.Default
			switch {
			case typed != nil:
				value = typed[field.Key]
			case to.conn != nil:
				known := map[string]string{"handle": to.conn.Account.Handle, "host": to.conn.Account.Host}
				value = cmp.Or(known[field.Key], field.Default)
			}
			page.Fields = append(page.Fields, accounts.SignInField{
				Key: field.Key, Label: web.T(c, own+"_label"), Hint: web.T(c, own+"_hint"), Value: value,
				Error: f.At("in-" + field.Key), Secret: field.Secret, Optional: field.Optional,
			})
		}
		if hint := string(to.info.ID) + ".connect_practice"; practice && room.Catalogue.Has(hint) {
			page.Intro = append(page.Intro, web.T(c, hint))
		}
	}
	page.Page = room.Page(c, "accounts", title)
	page.Page.Faults = f.List
	return room.Render(c, status, accounts.SignIn(page))
}

// leaveWords say what awaits the person at the platform.
func (room *Room) leaveWords(c echo.Context, to target) []string {
	words := []string{web.T(c, "connect_leave", "platform", to.info.SiteName()), web.T(c, "connect_leave_yes")}
	if web.Actor(c).Club.Practice {
		words[0] = web.T(c, "connect_leave_practice", "platform", to.info.SiteName())
	}
	var names []string
	for _, p := range room.Real.Slot(to.info.AppSlot) {
		names = append(names, p.Info().Name)
	}
	if len(names) > 1 {
		words = append(words, web.T(c, "connect_leave_shared", "platforms", web.JoinAnd(c, names)))
	}
	return words
}

// signInTyped connects by what was typed. The account is the one they named, so
// there is nothing to pick.
func (room *Room) signInTyped(c echo.Context, to target, p platforms.PasswordSignIn) error {
	f := &web.Faults{}
	typed, values := room.readSignIn(c, to, p, f)
	again := func(problem string) error {
		return room.showSignInAt(c, http.StatusUnprocessableEntity, to, values, problem, f)
	}
	if f.Any() {
		return again("")
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), signInTimeout)
	defer cancel()
	account, err := p.SignIn(ctx, typed)
	if err != nil {
		field, text, known := room.refusalText(c, to.info, err)
		if !known {
			return err
		}
		if slices.ContainsFunc(p.SignInFields(), func(x platforms.SignInField) bool { return x.Key == field }) {
			f.Add("in-"+field, text)
			return again("")
		}
		return again(text)
	}
	switch {
	case account.Unusable != "":
		return again(room.unusable(c, account))
	case to.conn != nil && !account.Is(to.conn.Account):
		return again(room.wrongAccount(c, *to.conn, []platforms.Account{account}))
	}
	conn, err := room.DB.Connect(c.Request().Context(), web.Scope(c), web.Actor(c).Club.Practice, account, web.Origin(c))
	if err != nil {
		return err
	}
	return room.connected(c, []store.Connection{conn}, to.conn != nil, web.LocalPath(c.FormValue("to")))
}

// readSignIn reads what was typed to connect an account: all of it, and what may
// be shown again.
func (room *Room) readSignIn(c echo.Context, to target, p platforms.PasswordSignIn, f *web.Faults) (typed, values map[string]string) {
	typed, values = map[string]string{}, map[string]string{}
	for _, field := range p.SignInFields() {
		v := c.FormValue("in-" + field.Key)
		typed[field.Key] = v
		if !field.Secret {
			values[field.Key] = v
		}
		if strings.TrimSpace(v) == "" && !field.Optional {
			f.Add("in-"+field.Key, web.T(c, "connect_enter", "label", web.T(c, string(to.info.ID)+".signin_"+field.Key+"_label")))
		}
	}
	return typed, values
}

// wrongAccount says that a sign-in was for another account than the one it
// began with (rule A4).
func (room *Room) wrongAccount(c echo.Context, conn store.Connected, seen []platforms.Account) string {
	var names []string
	for _, a := range seen {
		if a.Platform == conn.Account.Platform {
			names = append(names, web.AccountLabel(a))
		}
	}
	if len(names) == 0 {
		return web.T(c, "reconnect_none", "account", web.AccountLabel(conn.Account))
	}
	return web.T(c, "reconnect_wrong", "other", web.JoinAnd(c, names), "account", web.AccountLabel(conn.Account))
}

// lookAtSignIn answers a sign-in with mistakes, before anybody is asked for their
// password.
func (room *Room) lookAtSignIn(c echo.Context) error {
	to, err := room.newAccount(c)
	p, ok := to.platform.(platforms.PasswordSignIn)
	if err != nil || !ok {
		return nil //nolint:nilerr // nothing was typed that could be wrong; the door itself says that it leads nowhere
	}
	f := &web.Faults{}
	if _, values := room.readSignIn(c, to, p, f); f.Any() {
		return room.showSignInAt(c, f.Status(), to, values, "", f)
	}
	return nil
}
