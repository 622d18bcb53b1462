package handlers

import (
	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// limitLines say how much of a platform's limits an account has used, and
// whether its posts wait for one of them.
func (s *Server) limitLines(c echo.Context, conn store.Connection) ([]string, error) {
	limits, err := s.DB.Limits(c.Request().Context(), scope(c), conn.ID)
	if err != nil {
		return nil, err
	}
	var lines []string
	if conn.BlockedUntil.After(s.Now()) {
		lines = append(lines, t(c, "limit_waits", "platform", s.siteName(c, conn.Account.Platform), "when", i18n.When(c.Request().Context(), s.local(c, conn.BlockedUntil))))
	}
	for _, l := range limits {
		lines = append(lines, s.limitLine(c, conn, l.Limit))
	}
	return lines, nil
}

// limitLine is one limit in words: "312 of 500 posts used this month."
func (s *Server) limitLine(c echo.Context, conn store.Connection, l platforms.Limit) string {
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
		"platform", s.siteName(c, conn.Account.Platform), "used", i18n.Number(ctx, max(l.Max-l.Left, 0)), "max", i18n.Number(ctx, l.Max),
		"unit", t(c, "limit_unit_"+string(l.Unit)), "when", "",
	}
	if !l.Ends.IsZero() {
		args[len(args)-1] = i18n.When(ctx, s.local(c, l.Ends))
	} else if key == "limit_spent" || key == "limit_used_"+string(platforms.SpanWindow) {
		key += "_open"
	}
	return t(c, key, args...)
}
