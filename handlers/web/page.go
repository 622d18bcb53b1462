package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/practice"
	"github.com/bandstand-app/bandstand/views/layout"
)

// Page returns the frame of a page of the club, with the message of a redirect if
// there is one. nav is the current entry of the menu.
func (app *App) Page(c echo.Context, nav, title string) layout.Page {
	p := app.Frame(c, title)
	p.Nav, p.Flash = nav, app.popFlash(c)
	return p
}

// Frame returns what is around a page of the club. The message of a redirect stays
// for the page that it leads to.
func (app *App) Frame(c echo.Context, title string) layout.Page {
	p := layout.Page{Title: title, Assets: app.Assets}
	a := Actor(c)
	if a == nil || a.Role == "" {
		return p
	}
	p.Signed = &layout.Signed{
		Person: a.Person.Name, Email: a.Person.Email, ClubID: a.Club.ID, Theme: a.Person.Theme, Shortcuts: a.Person.Shortcuts,
		Club: a.Club.Name, Role: a.Role, Practice: a.Club.Practice,
		Unread: a.Unread, Reconnect: a.Reconnect, Held: app.Health().Held, Damaged: app.Health().IsDamaged(), Plain: app.Plain(),
	}
	p.Signed.Waiting = a.Waiting
	p.Signed.Hold = app.HoldWords(c, a.Hold)
	if p.Signed.Hold != "" && a.Role.Can(club.SchedulePosts) {
		p.Signed.HoldAction = T(c, "frame_hold_release")
	}
	if ahead := app.Health().ClockAhead; ahead != 0 && a.Hold.Phase != club.ClockInDoubt {
		p.Signed.Clock = T(c, "frame_clock_"+Direction(ahead), "time", Span(c, ahead))
	}
	if a.Club.Practice {
		p.Signed.PracticeFed = practice.Path
	}
	for _, o := range a.OtherClubs {
		p.Signed.OtherClubs = append(p.Signed.OtherClubs, layout.ClubLink{ID: o.ID, Name: o.Name})
	}
	return p
}

// PlainPage returns the frame of a page outside a club.
func (app *App) PlainPage(c echo.Context, title string) layout.Page {
	return layout.Page{Title: title, Assets: app.Assets, Flash: app.popFlash(c)}
}

// T returns a message in the language of the request. args are names and values in
// turn.
func T(c echo.Context, key string, args ...string) string {
	return i18n.T(c.Request().Context(), key, args...)
}

// SeeOther sends the browser to another page after a form.
func SeeOther(c echo.Context, path string) error {
	if IsHX(c) {
		c.Response().Header().Set("HX-Redirect", path)
		return c.NoContent(http.StatusOK)
	}
	return c.Redirect(http.StatusSeeOther, path)
}

// IsHX reports whether htmx sent the request and wants a fragment.
func IsHX(c echo.Context) bool { return c.Request().Header.Get("HX-Request") == "true" }

// ToDialog sends the answer into the dialog of the page.
func (app *App) ToDialog(c echo.Context) {
	c.Response().Header().Set("HX-Retarget", "#dialog-root")
	c.Response().Header().Set("HX-Reswap", "innerHTML")
}
