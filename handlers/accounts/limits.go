package accounts

import (
	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// limitLines say how much of a platform's limits an account has used, and
// whether its posts wait for one of them.
func (room *Room) limitLines(c echo.Context, conn store.Connection) ([]string, error) {
	limits, err := room.DB.Limits(c.Request().Context(), web.Scope(c))
	if err != nil {
		return nil, err
	}
	var lines []string
	if conn.BlockedUntil.After(room.Now()) {
		lines = append(lines, web.T(c, "limit_waits", "platform", room.SiteName(c, conn.Account.Platform), "when", i18n.When(c.Request().Context(), room.Local(c, conn.BlockedUntil))))
	}
	for _, l := range limits[conn.ID] {
		line := room.limitLine(c, conn, l.Limit)
		if l.Scope == platforms.ScopeApp {
			line += " " + web.T(c, "limit_shared", "app", room.AppName(c, conn.Account.Platform))
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// limitsInShort are what people should know of an account's limits where they see
// all accounts: that its posts wait, or will soon.
func (room *Room) limitsInShort(c echo.Context, conn store.Connection, limits []store.SeenLimit) []string {
	if !conn.Usable() {
		return nil
	}
	var lines []string
	now := room.Now()
	waits := conn.BlockedUntil.After(now)
	if waits {
		ctx, until := c.Request().Context(), room.Local(c, conn.BlockedUntil)
		when := i18n.When(ctx, until)
		if web.SameDay(until, room.Local(c, now)) {
			when = i18n.Clock(ctx, until)
		}
		lines = append(lines, web.T(c, "limit_waits_short", "when", when))
	}
	for _, l := range limits {
		if l.Unit == platforms.LimitCredit || !waits && l.MostlyUsed() {
			lines = append(lines, room.limitLine(c, conn, l.Limit))
		}
	}
	return lines
}

// limitLine is one limit in words: "312 of 500 posts used this month."
func (room *Room) limitLine(c echo.Context, conn store.Connection, l platforms.Limit) string {
	ctx := c.Request().Context()
	key := "limit_used_" + string(l.Span)
	switch {
	case l.Unit == platforms.LimitCredit:
		key = "limit_credit"
	case l.Unit == platforms.LimitPercent:
		key = "limit_percent_" + string(l.Span)
	case l.Max == 0 || l.Unit == platforms.LimitCalls:
		key = "limit_spent"
	}
	args := []string{
		"platform", room.SiteName(c, conn.Account.Platform), "used", i18n.Number(ctx, max(l.Max-l.Left, 0)), "max", i18n.Number(ctx, l.Max),
		"unit", web.T(c, "limit_unit_"+string(l.Unit)), "console", room.ConsoleOf(c, conn.Account.Platform), "when", "",
	}
	if !l.Ends.IsZero() {
		args[len(args)-1] = i18n.When(ctx, room.Local(c, l.Ends))
	} else if key == "limit_spent" || key == "limit_used_"+string(platforms.SpanWindow) {
		key += "_open"
	}
	return web.T(c, key, args...)
}
