package web

import (
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
)

// ParseDate reads a date as UTC midnight. It refuses years before 2000 and after
// 2100, so that nobody can page for ever.
func ParseDate(s string) (time.Time, error) {
	d, err := time.Parse(time.DateOnly, s)
	if err == nil && (d.Year() < 2000 || d.Year() > 2100) {
		err = strconv.ErrRange
	}
	return d, err
}

// SameDay reports whether two times, each in its own zone, have the same date.
func SameDay(a, b time.Time) bool { return a.Format(time.DateOnly) == b.Format(time.DateOnly) }

// Local returns an instant in the club's zone.
func (app *App) Local(c echo.Context, at time.Time) time.Time { return InZone(at, Actor(c).Club.Zone) }

// Zone returns the club's time zone, or UTC if it is not known here.
func (app *App) Zone(c echo.Context) *time.Location {
	loc, err := time.LoadLocation(Actor(c).Club.Zone)
	if err != nil {
		return time.UTC
	}
	return loc
}

// ClockLayout is the layout of a time of day in forms; that of a date is
// time.DateOnly.
const ClockLayout = "15:04"

// InZone returns an instant in a zone, or in UTC if there is no such zone.
func InZone(at time.Time, zone string) time.Time {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		loc = time.UTC
	}
	return at.In(loc)
}
