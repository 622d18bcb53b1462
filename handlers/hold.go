package handlers

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/holds"
)

// reasonMax is as much as fits into a banner, in characters.
const reasonMax = 120

// holdWords says that all posts are held, since when, by whom and why; empty if
// they are not.
func (s *Server) holdWords(c echo.Context, h store.Hold) string {
	if h.Phase == "" {
		return ""
	}
	ctx := c.Request().Context()
	since := i18n.When(ctx, s.local(c, h.Since))
	if h.Phase != club.Held {
		return t(c, "hold_banner_"+string(h.Phase), "when", since)
	}
	args := []string{"when", since, "person", h.Person, "reason", h.Reason}
	if !h.Until.IsZero() {
		args = append(args, "until", i18n.When(ctx, s.local(c, h.Until)))
	}
	return t(c, "hold_banner", args...)
}

// direction is the way in which the clock is off, in the words of message keys.
func direction(ahead time.Duration) string {
	if ahead < 0 {
		return "behind"
	}
	return "ahead"
}

// span is how long something is, roughly, in words.
func span(c echo.Context, d time.Duration) string {
	d = d.Abs()
	key, unit := "clock_minutes", time.Minute
	switch {
	case d >= 48*time.Hour:
		key, unit = "clock_days", 24*time.Hour
	case d >= 2*time.Hour:
		key, unit = "clock_hours", time.Hour
	}
	return i18n.N(c.Request().Context(), key, int((d+unit/2)/unit))
}

// showHold is the switch that holds all posts, or releases them.
func (s *Server) showHold(c echo.Context) error {
	return s.drawHold(c, http.StatusOK, holds.Form{}, &faults{})
}

func (s *Server) drawHold(c echo.Context, status int, form holds.Form, f *faults) error {
	a := who(c)
	form.Errors = f.errors()
	p := holds.Page{
		Page: s.page(c, "", t(c, "hold_title")), Form: form, Zone: i18n.Place(a.Club.Zone), Today: s.local(c, s.Now()).Format(time.DateOnly),
		Held: s.holdWords(c, a.Hold), Phase: string(a.Hold.Phase), MayEnd: mayEnd(a.Role, a.Hold.Phase),
	}
	p.Page.Faults = f.list
	if phase := string(a.Hold.Phase); phase != "" && a.Hold.Phase != club.Held {
		p.Question = &holds.Question{
			Title: t(c, "doubt_title_"+phase), Text: t(c, "doubt_text_"+phase, "when", i18n.When(c.Request().Context(), s.local(c, a.Hold.Since))),
			Do: t(c, "doubt_do_"+phase), Answer: t(c, "doubt_answer_"+phase), Stay: t(c, "doubt_stay_"+phase),
		}
	}
	if ahead := s.Health().ClockAhead; ahead != 0 && a.Hold.Phase == club.ClockInDoubt {
		p.Question.Text += " " + t(c, "doubt_"+direction(ahead)+"_clock", "time", span(c, ahead))
	}
	return s.render(c, status, holds.Switch(p))
}

// mayEnd: what Bandstand is in doubt about is for admins to answer.
func mayEnd(r club.Role, phase club.Phase) bool {
	doubt := phase == club.Restored || phase == club.Clone || phase == club.ClockInDoubt
	return !doubt || r.Can(club.ManageClub)
}

// createHold holds all posts.
func (s *Server) createHold(c echo.Context) error {
	form, f := holds.Form{Reason: strings.TrimSpace(c.FormValue("reason")), Date: c.FormValue("date"), Clock: c.FormValue("time")}, &faults{}
	if n := len([]rune(form.Reason)); n == 0 {
		f.add("reason", t(c, "hold_reason_missing"))
	} else if n > reasonMax {
		f.add("reason", t(c, "hold_reason_long"))
	}
	var until time.Time
	if form.Date != "" || form.Clock != "" {
		slot, field, message := s.slotOf(c, &composerForm{when: "time", date: form.Date, clock: form.Clock})
		switch {
		case field != "":
			f.add(field, message)
		case !slot.At.After(s.Now()):
			f.add("time", t(c, "hold_until_past"))
		}
		until = slot.At
	}
	if f.any() {
		return s.drawHold(c, f.status(), form, f)
	}
	if err := s.DB.HoldPosts(c.Request().Context(), scope(c), form.Reason, until, origin(c)); err != nil {
		return err
	}
	s.flash(c, "done", t(c, "hold_done"))
	return seeOther(c, "/hold")
}

// createRelease ends a hold: of people, or by the answer to a doubt.
func (s *Server) createRelease(c echo.Context) error {
	phase := club.Phase(c.FormValue("phase"))
	if !mayEnd(who(c).Role, phase) {
		return forbidden(club.ManageClub)
	}
	err := s.DB.EndHold(c.Request().Context(), scope(c), phase, origin(c))
	if club.CodeOf(err) == club.Conflict {
		s.flash(c, "problem", s.problemOf(c, err).text)
		return seeOther(c, "/hold")
	}
	if err != nil {
		return err
	}
	s.flash(c, "done", t(c, "hold_released"))
	return seeOther(c, "/waiting")
}
