// Package accounts connects a club's accounts on platforms, looks after them and
// disconnects them, and keeps the apps that platforms want for that.
package accounts

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/practice"
	"github.com/bandstand-app/bandstand/jobs"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/accounts"
)

// Room answers for accounts and platform apps.
type Room struct {
	*web.App
	// Platforms are those that a club's calls go to.
	Platforms func(clubID int64, practice bool) *platforms.Registry
	// AppCredentials returns the credentials of a platform app; empty if there are
	// none.
	AppCredentials func(ctx context.Context, clubID int64, practice bool, slot string) (platforms.App, error)
	// SignIns looks at accounts and renews what they are signed in with.
	SignIns *jobs.SignIns
	// Worlds are the clubs' practice worlds.
	Worlds *practice.Worlds
	// GaveLately reports whether the person behind a request gave their password to
	// this session not long ago.
	GaveLately func(c echo.Context) bool
}

// Routes returns the addresses of the room.
func (room *Room) Routes() []web.Route {
	return []web.Route{
		web.Get("/accounts", club.ViewClub, room.showAccounts),
		web.Get("/accounts/connect", club.ConnectAccount, room.showConnect),
		web.Get("/accounts/connect/:platform", club.ConnectAccount, room.showConnectPlatform),
		web.Post("/accounts/connect/:platform", club.ConnectAccount, room.createSignInAt, web.Confirmed).First(room.lookAtSignIn),
		web.Get("/oauth/:platform/callback", club.Public, room.finishSignIn, web.Acting),
		web.Get("/accounts/choose/:id", club.ConnectAccount, room.showChoice),
		web.Post("/accounts/choose/:id", club.ConnectAccount, room.createConnections),
		web.Get("/accounts/:id", club.ViewClub, room.showAccount),
		web.Post("/accounts/:id/check", club.ConnectAccount, room.createCheck),
		web.Post("/accounts/:id/unsure", club.ConnectAccount, room.createUnsure),
		web.Post("/accounts/:id/numbers", club.ConnectAccount, room.updateNumbersPace),
		web.Get("/accounts/:id/reconnect", club.ConnectAccount, room.showReconnect),
		web.Post("/accounts/:id/reconnect", club.ConnectAccount, room.createReconnect),
		web.Get("/accounts/:id/disconnect", club.ConnectAccount, room.showDisconnect),
		web.Post("/accounts/:id/disconnect", club.ConnectAccount, room.createDisconnect, web.Confirmed),
		web.Get("/settings/platforms", club.ManageClub, room.showPlatformApps),
		web.Get("/settings/platforms/:slot", club.ManageClub, room.showPlatformApp),
		web.Post("/settings/platforms/:slot", club.ManageClub, room.createPlatformApp, web.Confirmed).First(room.lookAtApp),
		web.Post("/settings/platforms/:slot/check", club.ManageClub, room.checkPlatformApp),
		web.Post("/settings/platforms/:slot/removal", club.ManageClub, room.removePlatformApp, web.Confirmed),
	}
}

// ChecksShown is how many looks at an account its page lists.
const ChecksShown = 20

func (room *Room) showAccounts(c echo.Context) error {
	a := web.Actor(c)
	all, err := room.DB.ConnectedAccounts(c.Request().Context(), web.Scope(c), a.Club.Practice)
	if err != nil {
		return err
	}
	registry := room.Registry(a.Club.Practice)
	slices.SortStableFunc(all, func(x, y store.Connected) int {
		return cmp.Or(compareBool(x.Health != club.NeedsReconnect, y.Health != club.NeedsReconnect),
			compareBool(x.Health != club.Paused, y.Health != club.Paused),
			compareBool(x.Health == club.Disconnected, y.Health == club.Disconnected), registry.Compare(x.Account.Platform, y.Account.Platform))
	})
	limits, err := room.DB.Limits(c.Request().Context(), web.Scope(c))
	if err != nil {
		return err
	}
	page := accounts.ListPage{Page: room.Page(c, "accounts", web.T(c, "accounts_title")), Act: a.Role.Can(club.ConnectAccount)}
	page.Cut = web.CutAt(c, "list_cut", len(all), store.ListMax)
	for _, conn := range all {
		card := room.accountCard(c, conn)
		card.Limits = room.limitsInShort(c, conn.Connection, limits[conn.ID])
		page.Cards = append(page.Cards, card)
	}
	return room.Render(c, http.StatusOK, accounts.List(page))
}

// compareBool orders false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// account reads the account in the address, in the mode the club is in.
func (room *Room) account(c echo.Context) (store.Connected, error) {
	n, err := web.PathID(c, "id")
	if err != nil {
		return store.Connected{}, err
	}
	return room.DB.ConnectedAccount(c.Request().Context(), web.Scope(c), web.Actor(c).Club.Practice, n)
}

func (room *Room) showAccount(c echo.Context) error {
	ctx := c.Request().Context()
	conn, err := room.account(c)
	if err != nil {
		return err
	}
	checks, err := room.DB.ConnectionChecks(ctx, web.Scope(c), conn.ID, ChecksShown)
	if err != nil {
		return err
	}
	page := accounts.DetailPage{
		Page: room.Page(c, "accounts", web.AccountLabel(conn.Account)), Card: room.accountCard(c, conn), Kind: conn.Account.Kind, Server: conn.Account.Host,
	}
	for _, f := range conn.Account.Granted {
		page.Can = append(page.Can, web.T(c, "account_feature_"+string(f)))
	}
	zone := room.Zone(c)
	for _, k := range checks {
		text := ""
		if k.Code != "" {
			text = room.why(c, conn.Connection, k.Code)
		}
		page.Checks = append(page.Checks, accounts.Check{
			At: i18n.WhenYear(ctx, k.At.In(zone)), Stamp: k.At.Format(time.RFC3339), Health: string(k.Health), Text: text,
		})
	}
	if page.Limits, err = room.limitLines(c, conn.Connection); err != nil {
		return err
	}
	if room.refusesRepeats(conn.Connection) {
		page.Unsure = &accounts.Unsure{SendsAgain: conn.SendsAgain}
	}
	if page.Price, err = room.numbersPrice(c, conn.Connection); err != nil {
		return err
	}
	if err := room.accountNumbers(c, conn, &page); err != nil {
		return err
	}
	return room.Render(c, http.StatusOK, accounts.Detail(page))
}

// accountNumbers adds the newest numbers of an account, under the platform's
// own names and in its order.
func (room *Room) accountNumbers(c echo.Context, conn store.Connected, page *accounts.DetailPage) error {
	ctx := c.Request().Context()
	numbers, taken, err := room.DB.AccountNumbers(ctx, web.Scope(c), conn.ID)
	if err != nil || taken.IsZero() {
		return err
	}
	if p, ok := room.Registry(conn.Practice).Platform(conn.Account.Platform); ok {
		for _, w := range p.Info().Numbers {
			if n, ok := numbers[w.Number]; ok {
				page.Numbers = append(page.Numbers, accounts.Number{Word: w.Word, Value: i18n.Number(ctx, n)})
			}
		}
	}
	page.Taken = web.T(c, "account_numbers_taken", "when", i18n.WhenYear(ctx, taken.In(room.Zone(c))))
	return nil
}

// createCheck asks the platform now and says what came of it.
func (room *Room) createCheck(c echo.Context) error {
	conn, err := room.account(c)
	if err != nil {
		return err
	}
	kind, text, err := room.checkNow(c, conn.Connection)
	if err != nil {
		return err
	}
	room.Flash(c, kind, text)
	return web.SeeOther(c, cmp.Or(web.LocalPath(c.FormValue("to")), "/accounts"))
}

// checkNow asks the platform and puts the answer into words.
func (room *Room) checkNow(c echo.Context, conn store.Connection) (kind, text string, err error) {
	refusal, err := room.SignIns.Check(c.Request().Context(), conn)
	if err != nil {
		return "", "", err
	}
	name := web.AccountLabel(conn.Account)
	if refusal == nil {
		return "done", web.T(c, "account_checked_fine", "account", name), nil
	}
	told := slices.Contains([]platforms.Kind{platforms.Revoked, platforms.Expired, platforms.Rejected, platforms.VersionOver}, refusal.Kind)
	if told || refusal.Code == platforms.CodePlatformAppInvalid { // that is for an Admin to mend
		return "problem", name + ": " + room.why(c, conn, cmp.Or(refusal.Code, platforms.CodeAuthRevoked)), nil
	}
	text = web.T(c, "account_not_asked", "platform", room.SiteName(c, conn.Account.Platform))
	if !conn.CheckedAt.IsZero() {
		text += " " + web.T(c, "account_last_good", "when", i18n.When(c.Request().Context(), conn.CheckedAt.In(room.Zone(c))))
	}
	return "note", text, nil
}

// accountCard puts an account into words.
func (room *Room) accountCard(c echo.Context, conn store.Connected) accounts.Card {
	ctx, zone, a := c.Request().Context(), room.Zone(c), conn.Account
	card := accounts.Card{
		ID: conn.ID, Platform: room.PlatformName(c, a.Platform), Site: room.SiteName(c, a.Platform), Name: web.AccountLabel(a), Health: string(conn.Health), Waiting: conn.Waiting,
		Act: web.Actor(c).Role.Can(club.ConnectAccount), Broken: conn.Health == club.NeedsReconnect, Disconnected: conn.Health == club.Disconnected,
		Connected: web.T(c, "account_connected", "person", conn.ByName, "date", i18n.DayYear(ctx, conn.ConnectedAt.In(zone))),
	}
	card.Full = web.T(c, "account_on", "account", card.Name, "platform", card.Platform)
	renews, fixed := false, false
	if p, ok := room.Registry(conn.Practice).Platform(a.Platform); ok {
		card.Mark, fixed = p.Info().Mark, p.Info().Renewal.Fixed
		_, renews = p.(platforms.Renewer)
	}
	if card.Disconnected {
		return card
	}
	if words := room.features(c, a.Granted); words != "" {
		card.Can = web.T(c, "account_can", "features", words)
	}
	card.Gaps = room.gaps(c, a.Missing)
	if conn.HealthCode != "" && (card.Broken || len(card.Gaps) == 0) {
		card.Why = room.why(c, conn.Connection, conn.HealthCode)
	}
	end := conn.End(renews)
	switch moves := renews && conn.CanRenew && !fixed && !end.Equal(a.AsksAgain); {
	case card.Broken:
	case renews && conn.CanRenew && end.IsZero():
		card.End = web.T(c, "account_renews")
	case moves:
		card.End = web.T(c, "account_until_renews", "date", i18n.DayYear(ctx, end.In(zone)))
	case !end.IsZero():
		card.End = web.T(c, "account_until", "date", i18n.DayYear(ctx, end.In(zone)))
	}
	usable := conn.Health == club.Working || conn.Health == club.WorksWithGaps
	left := end.Sub(room.Now())
	if usable && !end.IsZero() && left <= club.WarnOfEndWithin {
		card.Ending = web.T(c, "account_ending", "date", i18n.WhenYear(ctx, end.In(zone)))
		if left <= club.ExpiresSoonWithin {
			card.Health, card.Broken = "expires", true
		}
	}
	if !conn.CheckedAt.IsZero() {
		card.Checked = room.ago(c, conn.CheckedAt)
	}
	return card
}

// gaps says for each feature that is not allowed what that costs.
func (room *Room) gaps(c echo.Context, missing []platforms.MissingPermission) []accounts.Gap {
	var out []accounts.Gap
	var order []platforms.Feature
	names := map[platforms.Feature][]string{}
	for _, m := range missing {
		if !slices.Contains(order, m.Feature) {
			order = append(order, m.Feature)
		}
		names[m.Feature] = append(names[m.Feature], m.Permission)
	}
	for _, f := range order {
		out = append(out, accounts.Gap{
			Feature: web.T(c, "account_gap_"+string(f)), Effect: web.T(c, "account_effect_"+string(f)), Permissions: web.Join(c, names[f]),
		})
	}
	return out
}

// features lists what an account can do: "post and read numbers".
func (room *Room) features(c echo.Context, fs []platforms.Feature) string {
	var words []string
	for _, f := range fs {
		words = append(words, web.T(c, "account_can_"+string(f)))
	}
	return web.JoinAnd(c, words)
}

// why says in a sentence what a code means for an account.
func (room *Room) why(c echo.Context, conn store.Connection, code string) string {
	key := "account_why_" + code
	if !room.Catalogue.Has(key) {
		key = "account_why_other"
	}
	return web.T(c, key, "platform", room.SiteName(c, conn.Account.Platform), "account", web.AccountLabel(conn.Account))
}

// ago says when an account was last asked.
func (room *Room) ago(c echo.Context, at time.Time) string {
	ctx := c.Request().Context()
	minutes := int(room.Now().Sub(at) / time.Minute)
	switch {
	case minutes < 1:
		return web.T(c, "account_checked_now")
	case minutes < 60:
		return i18n.N(ctx, "account_checked_minutes", minutes)
	}
	return web.T(c, "account_checked", "when", i18n.WhenYear(ctx, at.In(room.Zone(c))))
}

// refusalText puts a platform's refusal of a sign-in into words.
func (room *Room) refusalText(c echo.Context, info platforms.Info, err error) (field, text string, known bool) {
	e, ok := errors.AsType[*platforms.Error](err)
	if !ok {
		return "", "", false
	}
	key := "connect_refused_" + e.Code
	switch {
	case room.Catalogue.Has(key):
	case e.PlatformText != "":
		key = "connect_refused_said"
	default:
		key = "connect_refused_other"
	}
	args := append(i18n.Args(e.Args), "platform", info.SiteName(), "app", info.AppName, "said", e.PlatformText)
	return e.Field, web.T(c, key, args...), true
}
