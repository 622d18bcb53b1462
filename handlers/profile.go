package handlers

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/people"
)

func (s *Server) showProfile(c echo.Context) error {
	return s.profile(c, http.StatusOK, s.profileForm(c), &faults{})
}

func (s *Server) profileForm(c echo.Context) people.ProfileForm {
	p := who(c).Person
	return people.ProfileForm{Name: p.Name, Email: p.Email, Theme: p.Theme, Shortcuts: p.Shortcuts}
}

func (s *Server) profile(c echo.Context, status int, form people.ProfileForm, f *faults) error {
	page := s.page(c, "profile", t(c, "profile_title"))
	page.Faults, form.Errors = f.list, f.errors()
	if page.Signed == nil {
		return s.render(c, status, people.ProfileAlone(page, form))
	}
	return s.render(c, status, people.Profile(page, form))
}

func (s *Server) updateProfile(c echo.Context) error {
	form := s.profileForm(c)
	form.Name, form.Theme, form.Shortcuts = c.FormValue("name"), c.FormValue("theme"), c.FormValue("shortcuts") != ""
	f := &faults{}
	name, err := club.ParseName("name", "enter_name", form.Name)
	if err := f.take(c, err); err != nil {
		return err
	}
	if form.Theme != "" && form.Theme != "light" && form.Theme != "dark" {
		_ = f.take(c, club.Fault("theme", "choose_listed"))
	}
	if !f.any() {
		err := s.DB.UpdatePerson(c.Request().Context(), who(c).Person.ID, store.PersonChange{Name: name, Theme: form.Theme, Shortcuts: form.Shortcuts})
		if err := f.take(c, err); err != nil {
			return err
		}
	}
	if f.any() {
		return s.profile(c, f.status(), form, f)
	}
	s.flash(c, "done", t(c, "saved"))
	return seeOther(c, "/profile")
}

// updatePassword asks for the old password, ends all other sessions and keeps
// this one under a new token.
func (s *Server) updatePassword(c echo.Context) error {
	ctx, p := c.Request().Context(), who(c).Person
	f := &faults{}
	_, err := s.checkPassword(c, p.Email, c.FormValue("old_password"))
	if ce, ok := errors.AsType[*club.Error](err); ok {
		if ce.Code == club.TooMany {
			return err
		}
		err = club.Fault("old_password", "old_password_wrong")
	}
	if err := f.take(c, err); err != nil {
		return err
	}
	hash, err := s.newPassword(c, f, p.ID, p.Name, p.Email)
	if err != nil {
		return err
	}
	if f.any() {
		return s.profile(c, http.StatusUnprocessableEntity, s.profileForm(c), f)
	}
	changed, err := s.DB.SetPassword(ctx, p.ID, hash, origin(c))
	if err != nil {
		return err
	}
	if err := s.startSession(ctx, changed, who(c).Club.ID); err != nil {
		return err
	}
	s.flash(c, "done", t(c, "password_changed"))
	return seeOther(c, "/profile")
}

// switchClub looks at another club of the same person.
func (s *Server) switchClub(c echo.Context) error {
	ctx := c.Request().Context()
	n := parseID(c.FormValue("club"))
	if _, err := s.DB.Membership(ctx, n, who(c).Person.ID); err != nil {
		return err
	}
	s.sessions.Put(ctx, keyClub, n)
	if err := s.keepSession(ctx); err != nil {
		return err
	}
	return seeOther(c, "/calendar")
}
