package people

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/people"
)

func (room *Room) showSettings(c echo.Context) error {
	cl, err := room.DB.Club(c.Request().Context(), web.Actor(c).Club.ID)
	if err != nil {
		return err
	}
	return room.settings(c, http.StatusOK, people.ClubForm{
		Name: cl.Name, Zone: cl.Zone, WeekStart: strconv.Itoa(int(cl.WeekStart)), Language: cl.Language, LateHours: strconv.FormatFloat(float64(cl.LateMinutes)/60, 'f', -1, 64),
	}, &web.Faults{})
}

func (room *Room) settings(c echo.Context, status int, form people.ClubForm, f *web.Faults) error {
	page := room.Page(c, "settings", web.T(c, "settings_title"))
	page.Faults, form.Errors, form.Zones = f.List, f.Errors(), club.Zones()
	form.Version = room.Version
	if loc, err := time.LoadLocation(form.Zone); err == nil {
		now := room.Now().In(loc)
		form.Now = web.T(c, "settings_zone_now", "time", i18n.Clock(c.Request().Context(), now), "place", i18n.Place(form.Zone))
	}
	return room.Render(c, status, people.Settings(page, form))
}

// updateSettings changes the club. Practice mode is switched on its own page.
func (room *Room) updateSettings(c echo.Context) error {
	ctx := c.Request().Context()
	form := people.ClubForm{Name: c.FormValue("club"), Zone: c.FormValue("zone"), WeekStart: c.FormValue("week_start"), Language: c.FormValue("language"), LateHours: c.FormValue("late_hours")}
	f := &web.Faults{}
	nc, err := cleanClub(c, f, form.Name, form.Zone, form.WeekStart, form.Language)
	if err != nil {
		return err
	}
	hours, err := strconv.ParseFloat(form.LateHours, 64)
	if err != nil || !(hours >= 0 && hours <= 24) { // nor what is no number
		_ = f.Take(c, club.Fault("late_hours", "enter_late_hours"))
	}
	var zone store.ZoneChange
	if !f.Any() {
		zone, err = room.DB.UpdateClub(ctx, web.Scope(c), store.ClubChange{
			Name: nc.Name, Zone: nc.Zone, WeekStart: nc.WeekStart, Language: nc.Language, LateMinutes: int(hours * 60),
		}, web.Origin(c))
		if err := f.Take(c, err); err != nil {
			return err
		}
	}
	if f.Any() {
		return room.settings(c, f.Status(), form, f)
	}
	text := web.T(c, "saved")
	if zone.Moved > 0 {
		text += " " + i18n.N(ctx, "settings_zone_moved", zone.Moved)
	}
	if zone.Kept > 0 {
		text += " " + i18n.N(ctx, "settings_zone_kept", zone.Kept)
	}
	room.Flash(c, "done", text)
	return web.SeeOther(c, "/settings")
}
