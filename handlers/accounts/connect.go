package accounts

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/accounts"
	"github.com/bandstand-app/bandstand/views/layout"
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
	platforms.Platform
	platforms.Info
	app  platforms.App
	conn *store.Connected // nil: a new account
}

// action is where the form that signs in goes to.
func (t target) action() string {
	if t.conn != nil {
		return "/accounts/" + strconv.FormatInt(t.conn.ID, 10) + "/reconnect"
	}
	return "/accounts/connect/" + string(t.ID)
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
	to := target{Platform: p, Info: p.Info(), conn: conn}
	if to.AppSlot == "" {
		return to, nil
	}
	var err error
	to.app, err = room.AppCredentials(c.Request().Context(), a.Club.ID, a.Club.Practice, to.AppSlot)
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
	if err := room.heal(c, to.Info); err != nil {
		return err
	}
	switch p := to.Platform.(type) {
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
		Platform: to.Name, Action: to.action(), To: web.LocalPath(c.FormValue("to")), Problem: problem, Practice: practice,
		Button: web.T(c, "connect_button", "platform", to.Name), AskPassword: to.conn == nil && !room.GaveLately(c),
	}
	title := web.T(c, "connect_title", "platform", to.Name)
	if to.conn != nil {
		title = web.T(c, "reconnect_title", "account", room.AccountOn(c, to.conn.Account.Name, to.conn.Account.Platform))
		page.Intro = append(page.Intro, web.T(c, "reconnect_intro", "account", web.AccountLabel(to.conn.Account)))
		waits, err := room.awaiting(c, []store.Connection{to.conn.Connection})
		if err != nil {
			return err
		}
		page.Intro = append(page.Intro, room.awaitingWords(c, waits, "reconnect_")...)
	}
	switch p := to.Platform.(type) {
	case platforms.OAuthSignIn:
		page.Button = web.T(c, "connect_go", "platform", to.SiteName())
		page.Intro = append(page.Intro, room.leaveWords(c, to)...)
		if err := room.allowLeaving(c, to, p); err != nil {
			return err
		}
	case platforms.PasswordSignIn:
		for _, field := range p.SignInFields() {
			own := string(to.ID) + ".signin_" + field.Key
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
		if hint := string(to.ID) + ".connect_practice"; practice && room.Catalogue.Has(hint) {
			page.Intro = append(page.Intro, web.T(c, hint))
		}
	}
	page.Page = room.Page(c, "accounts", title)
	page.Page.Faults = f.List
	return room.Render(c, status, accounts.SignIn(page))
}

// leaveWords say what awaits the person at the platform.
func (room *Room) leaveWords(c echo.Context, to target) []string {
	words := []string{web.T(c, "connect_leave", "platform", to.SiteName()), web.T(c, "connect_leave_yes")}
	if web.Actor(c).Club.Practice {
		words[0] = web.T(c, "connect_leave_practice", "platform", to.SiteName())
	}
	var names []string
	for _, p := range room.Real.Slot(to.AppSlot) {
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
		field, text, known := room.refusalText(c, to.Info, err)
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
	case to.conn != nil && account.RemoteID != to.conn.Account.RemoteID:
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
			f.Add("in-"+field.Key, web.T(c, "connect_enter", "label", web.T(c, string(to.ID)+".signin_"+field.Key+"_label")))
		}
	}
	return typed, values
}

func (room *Room) showChoice(c echo.Context) error {
	choice, err := room.choice(c)
	if err != nil {
		return err
	}
	return room.showChoices(c, http.StatusOK, choice, nil, &web.Faults{})
}

// choice reads what was shown to this person.
func (room *Room) choice(c echo.Context) (store.Choice, error) {
	choice, err := room.DB.Choice(c.Request().Context(), web.Scope(c), c.Param("id"))
	if errors.Is(err, club.ErrNotFound) || err == nil && choice.Practice != web.Actor(c).Club.Practice {
		return store.Choice{}, &club.Error{Code: club.NotFound, Key: "choose_gone"}
	}
	return choice, err
}

// showChoices lists the accounts behind a sign-in. ticked is nil at first: then
// all that can be used are, unless none is of the platform that was asked for.
func (room *Room) showChoices(c echo.Context, status int, choice store.Choice, ticked []int, f *web.Faults) error {
	ctx := c.Request().Context()
	there, err := room.DB.ConnectedAccounts(ctx, web.Scope(c), choice.Practice)
	if err != nil {
		return err
	}
	page := accounts.ChoosePage{ID: choice.ID, Error: f.At("accounts")}
	own := 0
	for _, a := range choice.Accounts {
		if a.Platform == choice.Platform {
			own++
		}
	}
	if ticked == nil && own == 0 {
		ticked = []int{} // none of them is what the person wanted
	}
	for i, a := range choice.Accounts {
		one := accounts.Choice{Index: i, Platform: room.PlatformName(c, a.Platform), Name: web.AccountLabel(a), Usable: a.Unusable == ""}
		if p, ok := room.Registry(choice.Practice).Platform(a.Platform); ok {
			one.Mark = p.Info().Mark
		}
		one.Ticked = one.Usable && (ticked == nil || slices.Contains(ticked, i))
		switch {
		case !one.Usable:
			one.Note = room.unusable(c, a)
		default:
			one.Note = room.abilities(c, a)
			if slices.ContainsFunc(there, func(x store.Connected) bool { return sameAccount(x.Account, a) && x.Health != club.Disconnected }) {
				one.Note = web.T(c, "choose_connected") + " " + one.Note
			}
		}
		page.Choices = append(page.Choices, one)
	}
	switch own {
	case len(choice.Accounts):
		page.Intro = i18n.N(ctx, "choose_intro", own, "platform", room.SiteName(c, choice.Platform))
	case 0: // they belong to others that share the sign-in
		page.None = room.noneText(c, choice.Platform)
		page.Intro = i18n.N(ctx, "choose_intro_others", len(choice.Accounts))
	default:
		page.Intro = i18n.N(ctx, "choose_intro_shared", len(choice.Accounts))
	}
	page.Page = room.Page(c, "accounts", web.T(c, "choose_title"))
	page.Page.Faults = f.List
	return room.Render(c, status, accounts.Choose(page))
}

func sameAccount(a, b platforms.Account) bool {
	return a.Platform == b.Platform && a.RemoteID == b.RemoteID
}

// createConnections connects the accounts that were ticked.
func (room *Room) createConnections(c echo.Context) error {
	choice, err := room.choice(c)
	if err != nil {
		return err
	}
	form, err := c.FormParams()
	if err != nil {
		return err
	}
	picks := []int{}
	for _, v := range form["account"] {
		if n, err := strconv.Atoi(v); err == nil && n >= 0 && n < len(choice.Accounts) && choice.Accounts[n].Unusable == "" {
			picks = append(picks, n)
		}
	}
	if len(picks) == 0 {
		f := &web.Faults{}
		_ = f.Take(c, club.Fault("accounts", "choose_one"))
		return room.showChoices(c, http.StatusUnprocessableEntity, choice, picks, f)
	}
	made, err := room.DB.ConnectChosen(c.Request().Context(), web.Scope(c), choice.ID, picks, web.Origin(c))
	if err != nil {
		return err
	}
	return room.connected(c, made, false, "")
}

// connected looks at new accounts at once and says what they can do.
func (room *Room) connected(c echo.Context, made []store.Connection, again bool, to string) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), signInTimeout)
	defer cancel()
	text, kind := []string{web.T(c, "connected")}, "done"
	var actions []layout.FlashAction
	page := "/accounts#account-" + strconv.FormatInt(made[0].ID, 10)
	if again {
		page = "/accounts/" + strconv.FormatInt(made[0].ID, 10)
		text[0] = web.T(c, "reconnected")
		waits, err := room.awaiting(c, made)
		if err != nil {
			return err
		}
		text = append(text, room.awaitingWords(c, waits, "reconnected_")...)
		if waits.Asking > 0 && web.Actor(c).Role.Can(club.SchedulePosts) {
			if to != "" {
				actions = append(actions, layout.FlashAction{Label: i18n.N(c.Request().Context(), "reconnected_decide", waits.Asking), Path: "/waiting"})
			}
			page = "/waiting"
		}
	}
	for _, conn := range made {
		// What the sign-in itself said is kept already; a look that fails is
		// recorded and takes nothing back.
		if _, err := room.SignIns.Check(ctx, conn); err != nil {
			room.Log.Warn("look at a new account", "connection", conn.ID, "err", err)
		}
		now, err := room.DB.Connection(c.Request().Context(), web.Scope(c), conn.ID)
		if err != nil {
			return err
		}
		text = append(text, room.abilities(c, now.Account))
		if now.Health == club.NeedsReconnect || len(now.Account.Missing) > 0 {
			kind = "note"
		}
	}
	room.FlashWith(c, kind, strings.Join(text, " "), actions...)
	return web.SeeOther(c, cmp.Or(to, page))
}

// awaiting counts what waits for accounts to work again.
func (room *Room) awaiting(c echo.Context, made []store.Connection) (store.Awaiting, error) {
	ids := make([]int64, len(made))
	for i, conn := range made {
		ids[i] = conn.ID
	}
	return room.DB.Awaiting(c.Request().Context(), web.Scope(c), ids)
}

// awaitingWords say what becomes of posts that wait for an account: key is
// "reconnect_" before it works again, "reconnected_" once it does.
func (room *Room) awaitingWords(c echo.Context, a store.Awaiting, key string) []string {
	var words []string
	for _, one := range []struct {
		key string
		n   int
	}{{"due", a.Due}, {"planned", a.Planned}, {"asking", a.Asking}} {
		if one.n > 0 {
			words = append(words, i18n.N(c.Request().Context(), key+one.key, one.n))
		}
	}
	return words
}

// abilities say what an account can and cannot do: "Riverside FC can post.
// Reading numbers was not allowed."
func (room *Room) abilities(c echo.Context, a platforms.Account) string {
	text := web.T(c, "account_can_nothing", "account", web.AccountLabel(a))
	if words := room.features(c, a.Granted); words != "" {
		text = web.T(c, "account_can_words", "account", web.AccountLabel(a), "features", words)
	}
	for _, g := range room.gaps(c, a.Missing) {
		text += " " + g.Feature
	}
	return text
}

// unusable says why an account cannot be ticked.
func (room *Room) unusable(c echo.Context, a platforms.Account) string {
	key := "choose_unusable_" + a.Unusable
	if !room.Catalogue.Has(key) {
		key = "choose_unusable_other"
	}
	return web.T(c, key, "account", web.AccountLabel(a), "platform", room.SiteName(c, a.Platform))
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
	p, ok := to.Platform.(platforms.PasswordSignIn)
	if err != nil || !ok {
		return nil //nolint:nilerr // nothing was typed that could be wrong; the door itself says that it leads nowhere
	}
	f := &web.Faults{}
	if _, values := room.readSignIn(c, to, p, f); f.Any() {
		return room.showSignInAt(c, f.Status(), to, values, "", f)
	}
	return nil
}
