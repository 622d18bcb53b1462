package people

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/i18n"
)

// seen says how long ago somebody was here.
func (room *Room) seen(c echo.Context, at, now time.Time) string {
	loc := room.Zone(c)
	today, seen := now.In(loc), at.In(loc)
	switch {
	case at.IsZero():
		return web.T(c, "seen_never")
	case now.Sub(at) < 15*time.Minute:
		return web.T(c, "seen_now")
	case web.SameDay(seen, today):
		return web.T(c, "seen_today")
	case web.SameDay(seen, today.AddDate(0, 0, -1)):
		return web.T(c, "seen_yesterday")
	}
	return i18n.DayYear(c.Request().Context(), seen)
}
