package handlers

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/people"
)

func (s *Server) showProfile(c echo.Context) error {
	return s.profile(c, http.StatusOK, s.profileForm(c), &web.Faults{})
}

func (s *Server) profileForm(c echo.Context) people.ProfileForm {
	p := web.Actor(c).Person
	return people.ProfileForm{Name: p.Name, Email: p.Email, Theme: p.Theme, Shortcuts: p.Shortcuts}
}

func (s *Server) profile(c echo.Context, status int, form people.ProfileForm, f *web.Faults) error {
	page := s.Page(c, "profile", web.T(c, "profile_title"))
	page.Faults, form.Errors = f.List, f.Errors()
	if page.Signed == nil {
		return s.Render(c, status, people.ProfileAlone(page, form))
	}
	return s.Render(c, status, people.Profile(page, form))
}

func (s *Server) updateProfile(c echo.Context) error {
	form := s.profileForm(c)
	form.Name, form.Theme, form.Shortcuts = c.FormValue("name"), c.FormValue("theme"), c.FormValue("shortcuts") != ""
	f := &web.Faults{}
	name, err := club.ParseName("name", "enter_name", form.Name)
	if err := f.Take(c, err); err != nil {
		return err
	}
	if form.Theme != "" && form.Theme != "light" && form.Theme != "dark" {
		_ = f.Take(c, club.Fault("theme", "choose_listed"))
	}
	if !f.Any() {
		err := s.DB.UpdatePerson(c.Request().Context(), web.Actor(c).Person.ID, store.PersonChange{Name: name, Theme: form.Theme, Shortcuts: form.Shortcuts})
		if err := f.Take(c, err); err != nil {
			return err
		}
	}
	if f.Any() {
		return s.profile(c, f.Status(), form, f)
	}
	s.Flash(c, "done", web.T(c, "saved"))
	return web.SeeOther(c, "/profile")
}

// updatePassword asks for the old password, ends all other sessions and keeps
// this one under a new token.
func (s *Server) updatePassword(c echo.Context) error {
	ctx, p := c.Request().Context(), web.Actor(c).Person
	f := &web.Faults{}
	_, err := s.checkPassword(c, p.Email, c.FormValue("old_password"))
	if ce, ok := errors.AsType[*club.Error](err); ok {
		if ce.Code == club.TooMany {
			return err
		}
		err = club.Fault("old_password", "old_password_wrong")
	}
	if err := f.Take(c, err); err != nil {
		return err
	}
	hash, err := s.newPassword(c, f, p.ID, p.Name, p.Email)
	if err != nil {
		return err
	}
	if f.Any() {
		return s.profile(c, http.StatusUnprocessableEntity, s.profileForm(c), f)
	}
	changed, err := s.DB.SetPassword(ctx, p.ID, hash, web.Origin(c))
	if err != nil {
		return err
	}
	if err := s.StartSession(ctx, changed, web.Actor(c).Club.ID); err != nil {
		return err
	}
	s.Flash(c, "done", web.T(c, "password_changed"))
	return web.SeeOther(c, "/profile")
}

// switchClub looks at another club of the same person.
func (s *Server) switchClub(c echo.Context) error {
	ctx := c.Request().Context()
	n := web.ParseID(c.FormValue("club"))
	if _, err := s.DB.Membership(ctx, n, web.Actor(c).Person.ID); err != nil {
		return err
	}
	if err := s.SwitchClub(ctx, n); err != nil {
		return err
	}
	return web.SeeOther(c, "/calendar")
}
