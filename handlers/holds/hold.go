// Package holds is where all posts are held and released, and where people decide
// on what was put aside or may be public already.
package holds

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/views/holds"
)

// Room answers for holds, and for what was put aside.
type Room struct {
	*web.App
	// SlotAt resolves a date and a time of day that somebody typed. If it cannot,
	// message says why, and belongs to field.
	SlotAt func(c echo.Context, date, clock string) (slot club.Slot, field, message string)
	// FreeTime returns the next time, from a moment on, at which these accounts have
	// no other post near a time of day.
	FreeTime func(c echo.Context, post int64, accounts []int64, clock string, from time.Time) (club.Slot, error)
	// CheckDeliveries refuses to send deliveries of a post now if something about
	// them must be mended first.
	CheckDeliveries func(c echo.Context, post int64, ids []string) error
}

// Routes returns the addresses of the room.
func (room *Room) Routes() []web.Route {
	return []web.Route{
		web.Get("/hold", club.SchedulePosts, room.showHold),
		web.Post("/hold", club.SchedulePosts, room.createHold),
		web.Post("/hold/release", club.SchedulePosts, room.createRelease),
		web.Get("/waiting", club.SchedulePosts, room.showWaiting),
		web.Post("/waiting", club.SchedulePosts, room.createDecisions),
	}
}

// ReasonMax is as much as fits into a banner, in characters.
const ReasonMax = 120

// showHold is the switch that holds all posts, or releases them.
func (room *Room) showHold(c echo.Context) error {
	return room.drawHold(c, http.StatusOK, holds.Form{}, &web.Faults{})
}

func (room *Room) drawHold(c echo.Context, status int, form holds.Form, f *web.Faults) error {
	a := web.Actor(c)
	form.Errors = f.Errors()
	p := holds.Page{
		Page: room.Page(c, "", web.T(c, "hold_title")), Form: form, Zone: i18n.Place(a.Club.Zone), Today: room.Local(c, room.Now()).Format(time.DateOnly),
		Held: room.HoldWords(c, a.Hold), Phase: string(a.Hold.Phase), MayEnd: club.MayEndHold(a.Role, a.Hold.Phase),
	}
	p.Page.Faults = f.List
	if phase := string(a.Hold.Phase); phase != "" && a.Hold.Phase != club.Held {
		p.Question = &holds.Question{
			Title: web.T(c, "doubt_title_"+phase), Text: web.T(c, "doubt_text_"+phase, "when", i18n.When(c.Request().Context(), room.Local(c, a.Hold.Since))),
			Do: web.T(c, "doubt_do_"+phase), Answer: web.T(c, "doubt_answer_"+phase), Stay: web.T(c, "doubt_stay_"+phase),
		}
	}
	if ahead := room.Health().ClockAhead; ahead != 0 && a.Hold.Phase == club.ClockInDoubt {
		p.Question.Text += " " + web.T(c, "doubt_"+web.Direction(ahead)+"_clock", "time", web.Span(c, ahead))
	}
	return room.Render(c, status, holds.Switch(p))
}

// createHold holds all posts.
func (room *Room) createHold(c echo.Context) error {
	form, f := holds.Form{Reason: strings.TrimSpace(c.FormValue("reason")), Date: c.FormValue("date"), Clock: c.FormValue("time")}, &web.Faults{}
	if n := len([]rune(form.Reason)); n == 0 {
		f.Add("reason", web.T(c, "hold_reason_missing"))
	} else if n > ReasonMax {
		f.Add("reason", web.T(c, "hold_reason_long"))
	}
	var until time.Time
	if form.Date != "" || form.Clock != "" {
		slot, field, message := room.SlotAt(c, form.Date, form.Clock)
		switch {
		case field != "":
			f.Add(field, message)
		case !slot.At.After(room.Now()):
			f.Add("time", web.T(c, "hold_until_past"))
		}
		until = slot.At
	}
	if f.Any() {
		return room.drawHold(c, f.Status(), form, f)
	}
	if err := room.DB.HoldPosts(c.Request().Context(), web.Scope(c), form.Reason, until, web.Origin(c)); err != nil {
		return err
	}
	room.Flash(c, "done", web.T(c, "hold_done"))
	return web.SeeOther(c, "/hold")
}

// createRelease ends a hold: of people, or by the answer to a doubt.
func (room *Room) createRelease(c echo.Context) error {
	phase := club.Phase(c.FormValue("phase"))
	if !club.MayEndHold(web.Actor(c).Role, phase) {
		return web.Forbidden(club.ManageClub)
	}
	err := room.DB.EndHold(c.Request().Context(), web.Scope(c), phase, web.Origin(c))
	if club.CodeOf(err) == club.Conflict {
		room.Flash(c, "problem", room.ProblemOf(c, err).Text)
		return web.SeeOther(c, "/hold")
	}
	if err != nil {
		return err
	}
	room.Flash(c, "done", web.T(c, "hold_released"))
	return web.SeeOther(c, "/waiting")
}
