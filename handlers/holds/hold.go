// Package holds is where all posts are held and released, and where people decide
// on what was put aside or may be public already.
package holds

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/planning"
	"github.com/bandstand-app/bandstand/views/holds"
)

// Room answers for holds, and for what was put aside.
type Room struct {
	*web.App
	Planning planning.Desk
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
		slot, err := room.Planning.Resolve(c.Request().Context(), web.By(c), planning.Wish{Choice: planning.AtTime, Date: form.Date, Clock: form.Clock})
		if e, ok := errors.AsType[*club.Error](err); ok {
			text := web.TimeText(c, e)
			if e.Key == planning.KeyTimePast {
				text = web.T(c, "hold_until_past")
			}
			f.Add(e.Field, text)
		} else if err != nil {
			return err
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
	err := room.Planning.Release(c.Request().Context(), web.By(c), club.Phase(c.FormValue("phase")))
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
