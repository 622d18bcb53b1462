package handlers

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/accounts"
)

// checksShown is how many looks at an account its page lists.
const checksShown = 20

func (s *Server) showAccounts(c echo.Context) error {
	a := web.Actor(c)
	all, err := s.DB.ConnectedAccounts(c.Request().Context(), web.Scope(c), a.Club.Practice)
	if err != nil {
		return err
	}
	registry := s.Registry(a.Club.Practice)
	slices.SortStableFunc(all, func(x, y store.Connected) int {
		return cmp.Or(compareBool(x.Health != club.NeedsReconnect, y.Health != club.NeedsReconnect),
			compareBool(x.Health != club.Paused, y.Health != club.Paused),
			compareBool(x.Health == club.Disconnected, y.Health == club.Disconnected), registry.Compare(x.Account.Platform, y.Account.Platform))
	})
	limits, err := s.DB.Limits(c.Request().Context(), web.Scope(c))
	if err != nil {
		return err
	}
	page := accounts.ListPage{Page: s.Page(c, "accounts", web.T(c, "accounts_title")), Act: a.Role.Can(club.ConnectAccount)}
	for _, conn := range all {
		card := s.accountCard(c, conn)
		card.Limits = s.limitsInShort(c, conn.Connection, limits[conn.ID])
		page.Cards = append(page.Cards, card)
	}
	return s.Render(c, http.StatusOK, accounts.List(page))
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
func (s *Server) account(c echo.Context) (store.Connected, error) {
	n, err := web.PathID(c, "id")
	if err != nil {
		return store.Connected{}, err
	}
	return s.DB.ConnectedAccount(c.Request().Context(), web.Scope(c), web.Actor(c).Club.Practice, n)
}

func (s *Server) showAccount(c echo.Context) error {
	ctx := c.Request().Context()
	conn, err := s.account(c)
	if err != nil {
		return err
	}
	checks, err := s.DB.ConnectionChecks(ctx, web.Scope(c), conn.ID, checksShown)
	if err != nil {
		return err
	}
	page := accounts.DetailPage{
		Page: s.Page(c, "accounts", web.AccountLabel(conn.Account)), Card: s.accountCard(c, conn), Kind: conn.Account.Kind, Server: conn.Account.Host,
	}
	for _, f := range conn.Account.Granted {
		page.Can = append(page.Can, web.T(c, "account_feature_"+string(f)))
	}
	zone := s.Zone(c)
	for _, k := range checks {
		text := ""
		if k.Code != "" {
			text = s.why(c, conn.Connection, k.Code)
		}
		page.Checks = append(page.Checks, accounts.Check{
			At: i18n.WhenYear(ctx, k.At.In(zone)), Stamp: k.At.Format(time.RFC3339), Health: string(k.Health), Text: text,
		})
	}
	if page.Limits, err = s.limitLines(c, conn.Connection); err != nil {
		return err
	}
	if s.refusesRepeats(conn.Connection) {
		page.Unsure = &accounts.Unsure{SendsAgain: conn.SendsAgain}
	}
	if page.Price, err = s.numbersPrice(c, conn.Connection); err != nil {
		return err
	}
	if err := s.accountNumbers(c, conn, &page); err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, accounts.Detail(page))
}

// accountNumbers adds the newest numbers of an account, under the platform's
// own names and in its order.
func (s *Server) accountNumbers(c echo.Context, conn store.Connected, page *accounts.DetailPage) error {
	ctx := c.Request().Context()
	numbers, taken, err := s.DB.AccountNumbers(ctx, web.Scope(c), conn.ID)
	if err != nil || taken.IsZero() {
		return err
	}
	if p, ok := s.Registry(conn.Practice).Platform(conn.Account.Platform); ok {
		for _, w := range p.Info().Numbers {
			if n, ok := numbers[w.Number]; ok {
				page.Numbers = append(page.Numbers, accounts.Number{Word: w.Word, Value: i18n.Number(ctx, n)})
			}
		}
	}
	page.Taken = web.T(c, "account_numbers_taken", "when", i18n.WhenYear(ctx, taken.In(s.Zone(c))))
	return nil
}

// createCheck asks the platform now and says what came of it.
func (s *Server) createCheck(c echo.Context) error {
	conn, err := s.account(c)
	if err != nil {
		return err
	}
	kind, text, err := s.checkNow(c, conn.Connection)
	if err != nil {
		return err
	}
	s.Flash(c, kind, text)
	return web.SeeOther(c, cmp.Or(web.LocalPath(c.FormValue("to")), "/accounts"))
}

// checkNow asks the platform and puts the answer into words.
func (s *Server) checkNow(c echo.Context, conn store.Connection) (kind, text string, err error) {
	refusal, err := s.SignIns.Check(c.Request().Context(), conn)
	if err != nil {
		return "", "", err
	}
	name := web.AccountLabel(conn.Account)
	if refusal == nil {
		return "done", web.T(c, "account_checked_fine", "account", name), nil
	}
	told := slices.Contains([]platforms.Kind{platforms.Revoked, platforms.Expired, platforms.Rejected, platforms.VersionOver}, refusal.Kind)
	if told || refusal.Code == platforms.CodePlatformAppInvalid { // that is for an Admin to mend
		return "problem", name + ": " + s.why(c, conn, cmp.Or(refusal.Code, platforms.CodeAuthRevoked)), nil
	}
	text = web.T(c, "account_not_asked", "platform", s.SiteName(c, conn.Account.Platform))
	if !conn.CheckedAt.IsZero() {
		text += " " + web.T(c, "account_last_good", "when", i18n.When(c.Request().Context(), conn.CheckedAt.In(s.Zone(c))))
	}
	return "note", text, nil
}

// accountCard puts an account into words.
func (s *Server) accountCard(c echo.Context, conn store.Connected) accounts.Card {
	ctx, zone, a := c.Request().Context(), s.Zone(c), conn.Account
	card := accounts.Card{
		ID: conn.ID, Platform: s.PlatformName(c, a.Platform), Site: s.SiteName(c, a.Platform), Name: web.AccountLabel(a), Health: string(conn.Health), Waiting: conn.Waiting,
		Act: web.Actor(c).Role.Can(club.ConnectAccount), Broken: conn.Health == club.NeedsReconnect, Disconnected: conn.Health == club.Disconnected,
		Connected: web.T(c, "account_connected", "person", conn.ByName, "date", i18n.DayYear(ctx, conn.ConnectedAt.In(zone))),
	}
	card.Full = web.T(c, "account_on", "account", card.Name, "platform", card.Platform)
	renews, fixed := false, false
	if p, ok := s.Registry(conn.Practice).Platform(a.Platform); ok {
		card.Mark, fixed = p.Info().Mark, p.Info().Renewal.Fixed
		_, renews = p.(platforms.Renewer)
	}
	if card.Disconnected {
		return card
	}
	if words := s.features(c, a.Granted); words != "" {
		card.Can = web.T(c, "account_can", "features", words)
	}
	card.Gaps = s.gaps(c, a.Missing)
	if conn.HealthCode != "" && (card.Broken || len(card.Gaps) == 0) {
		card.Why = s.why(c, conn.Connection, conn.HealthCode)
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
	left := end.Sub(s.Now())
	if usable && !end.IsZero() && left <= club.WarnOfEndWithin {
		card.Ending = web.T(c, "account_ending", "date", i18n.WhenYear(ctx, end.In(zone)))
		if left <= club.ExpiresSoonWithin {
			card.Health, card.Broken = "expires", true
		}
	}
	if !conn.CheckedAt.IsZero() {
		card.Checked = s.ago(c, conn.CheckedAt)
	}
	return card
}

// gaps says for each feature that is not allowed what that costs.
func (s *Server) gaps(c echo.Context, missing []platforms.MissingPermission) []accounts.Gap {
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
func (s *Server) features(c echo.Context, fs []platforms.Feature) string {
	var words []string
	for _, f := range fs {
		words = append(words, web.T(c, "account_can_"+string(f)))
	}
	return web.JoinAnd(c, words)
}

// why says in a sentence what a code means for an account.
func (s *Server) why(c echo.Context, conn store.Connection, code string) string {
	key := "account_why_" + code
	if !s.Catalogue.Has(key) {
		key = "account_why_other"
	}
	return web.T(c, key, "platform", s.SiteName(c, conn.Account.Platform), "account", web.AccountLabel(conn.Account))
}

// ago says when an account was last asked.
func (s *Server) ago(c echo.Context, at time.Time) string {
	ctx := c.Request().Context()
	minutes := int(s.Now().Sub(at) / time.Minute)
	switch {
	case minutes < 1:
		return web.T(c, "account_checked_now")
	case minutes < 60:
		return i18n.N(ctx, "account_checked_minutes", minutes)
	}
	return web.T(c, "account_checked", "when", i18n.WhenYear(ctx, at.In(s.Zone(c))))
}

// refusalText puts a platform's refusal of a sign-in into words.
func (s *Server) refusalText(c echo.Context, info platforms.Info, err error) (field, text string, known bool) {
	e, ok := errors.AsType[*platforms.Error](err)
	if !ok {
		return "", "", false
	}
	key := "connect_refused_" + e.Code
	switch {
	case s.Catalogue.Has(key):
	case e.PlatformText != "":
		key = "connect_refused_said"
	default:
		key = "connect_refused_other"
	}
	args := append(i18n.Args(e.Args), "platform", info.SiteName(), "app", info.AppName, "said", e.PlatformText)
	return e.Field, web.T(c, key, args...), true
}
