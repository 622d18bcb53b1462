package handlers

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/i18n"
)

// seen says how long ago somebody was here.
func (s *Server) seen(c echo.Context, at, now time.Time) string {
	ctx, loc := c.Request().Context(), s.Zone(c)
	day := func(t time.Time) string { return t.In(loc).Format(time.DateOnly) }
	switch {
	case at.IsZero():
		return web.T(c, "seen_never")
	case now.Sub(at) < 15*time.Minute:
		return web.T(c, "seen_now")
	case day(at) == day(now):
		return web.T(c, "seen_today")
	case day(at) == day(now.AddDate(0, 0, -1)):
		return web.T(c, "seen_yesterday")
	}
	return i18n.DayYear(ctx, at.In(loc))
}
