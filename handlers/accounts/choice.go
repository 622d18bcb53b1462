package accounts

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/accounts"
	"github.com/bandstand-app/bandstand/views/layout"
)

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
			if slices.ContainsFunc(there, func(x store.Connected) bool { return x.Account.Is(a) && x.Health != club.Disconnected }) {
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
