package handlers

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

// reasonMax is as much as fits into a banner, in characters.
const reasonMax = 120

// showHold is the switch that holds all posts, or releases them.
func (s *Server) showHold(c echo.Context) error {
	return s.drawHold(c, http.StatusOK, holds.Form{}, &web.Faults{})
}

func (s *Server) drawHold(c echo.Context, status int, form holds.Form, f *web.Faults) error {
	a := web.Actor(c)
	form.Errors = f.Errors()
	p := holds.Page{
		Page: s.Page(c, "", web.T(c, "hold_title")), Form: form, Zone: i18n.Place(a.Club.Zone), Today: s.Local(c, s.Now()).Format(time.DateOnly),
		Held: s.HoldWords(c, a.Hold), Phase: string(a.Hold.Phase), MayEnd: mayEnd(a.Role, a.Hold.Phase),
	}
	p.Page.Faults = f.List
	if phase := string(a.Hold.Phase); phase != "" && a.Hold.Phase != club.Held {
		p.Question = &holds.Question{
			Title: web.T(c, "doubt_title_"+phase), Text: web.T(c, "doubt_text_"+phase, "when", i18n.When(c.Request().Context(), s.Local(c, a.Hold.Since))),
			Do: web.T(c, "doubt_do_"+phase), Answer: web.T(c, "doubt_answer_"+phase), Stay: web.T(c, "doubt_stay_"+phase),
		}
	}
	if ahead := s.Health().ClockAhead; ahead != 0 && a.Hold.Phase == club.ClockInDoubt {
		p.Question.Text += " " + web.T(c, "doubt_"+web.Direction(ahead)+"_clock", "time", web.Span(c, ahead))
	}
	return s.Render(c, status, holds.Switch(p))
}

// mayEnd: what Bandstand is in doubt about is for admins to answer.
func mayEnd(r club.Role, phase club.Phase) bool {
	doubt := phase == club.Restored || phase == club.Clone || phase == club.ClockInDoubt
	return !doubt || r.Can(club.ManageClub)
}

// createHold holds all posts.
func (s *Server) createHold(c echo.Context) error {
	form, f := holds.Form{Reason: strings.TrimSpace(c.FormValue("reason")), Date: c.FormValue("date"), Clock: c.FormValue("time")}, &web.Faults{}
	if n := len([]rune(form.Reason)); n == 0 {
		f.Add("reason", web.T(c, "hold_reason_missing"))
	} else if n > reasonMax {
		f.Add("reason", web.T(c, "hold_reason_long"))
	}
	var until time.Time
	if form.Date != "" || form.Clock != "" {
		slot, field, message := s.slotOf(c, &composerForm{when: "time", date: form.Date, clock: form.Clock})
		switch {
		case field != "":
			f.Add(field, message)
		case !slot.At.After(s.Now()):
			f.Add("time", web.T(c, "hold_until_past"))
		}
		until = slot.At
	}
	if f.Any() {
		return s.drawHold(c, f.Status(), form, f)
	}
	if err := s.DB.HoldPosts(c.Request().Context(), web.Scope(c), form.Reason, until, web.Origin(c)); err != nil {
		return err
	}
	s.Flash(c, "done", web.T(c, "hold_done"))
	return web.SeeOther(c, "/hold")
}

// createRelease ends a hold: of people, or by the answer to a doubt.
func (s *Server) createRelease(c echo.Context) error {
	phase := club.Phase(c.FormValue("phase"))
	if !mayEnd(web.Actor(c).Role, phase) {
		return web.Forbidden(club.ManageClub)
	}
	err := s.DB.EndHold(c.Request().Context(), web.Scope(c), phase, web.Origin(c))
	if club.CodeOf(err) == club.Conflict {
		s.Flash(c, "problem", s.ProblemOf(c, err).Text)
		return web.SeeOther(c, "/hold")
	}
	if err != nil {
		return err
	}
	s.Flash(c, "done", web.T(c, "hold_released"))
	return web.SeeOther(c, "/waiting")
}
