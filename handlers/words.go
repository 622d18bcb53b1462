package handlers

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/i18n"
)

// zone is the club's time zone.
func (s *Server) zone(c echo.Context) *time.Location {
	loc, err := time.LoadLocation(who(c).Club.Zone)
	if err != nil {
		return time.UTC
	}
	return loc
}

// seen says how long ago somebody was here.
func (s *Server) seen(c echo.Context, at, now time.Time) string {
	ctx, loc := c.Request().Context(), s.zone(c)
	day := func(t time.Time) string { return t.In(loc).Format(time.DateOnly) }
	switch {
	case at.IsZero():
		return t(c, "seen_never")
	case now.Sub(at) < 15*time.Minute:
		return t(c, "seen_now")
	case day(at) == day(now):
		return t(c, "seen_today")
	case day(at) == day(now.AddDate(0, 0, -1)):
		return t(c, "seen_yesterday")
	}
	return i18n.DayYear(ctx, at.In(loc))
}
