package people

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/people"
)

func (room *Room) showProfile(c echo.Context) error {
	return room.profile(c, http.StatusOK, room.profileForm(c), &web.Faults{})
}

func (room *Room) profileForm(c echo.Context) people.ProfileForm {
	p := web.Actor(c).Person
	return people.ProfileForm{Name: p.Name, Email: p.Email, Theme: p.Theme, Shortcuts: p.Shortcuts}
}

func (room *Room) profile(c echo.Context, status int, form people.ProfileForm, f *web.Faults) error {
	page := room.Page(c, "profile", web.T(c, "profile_title"))
	page.Faults, form.Errors = f.List, f.Errors()
	if page.Signed == nil {
		return room.Render(c, status, people.ProfileAlone(page, form))
	}
	return room.Render(c, status, people.Profile(page, form))
}

func (room *Room) updateProfile(c echo.Context) error {
	form := room.profileForm(c)
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
		err := room.DB.UpdatePerson(c.Request().Context(), web.Actor(c).Person.ID, store.PersonChange{Name: name, Theme: form.Theme, Shortcuts: form.Shortcuts})
		if err := f.Take(c, err); err != nil {
			return err
		}
	}
	if f.Any() {
		return room.profile(c, f.Status(), form, f)
	}
	room.Flash(c, "done", web.T(c, "saved"))
	return web.SeeOther(c, "/profile")
}

// updatePassword asks for the old password, ends all other sessions and keeps
// this one under a new token.
func (room *Room) updatePassword(c echo.Context) error {
	ctx, p := c.Request().Context(), web.Actor(c).Person
	f := &web.Faults{}
	_, err := room.checkPassword(c, p.Email, c.FormValue("old_password"))
	if ce, ok := errors.AsType[*club.Error](err); ok {
		if ce.Code == club.TooMany {
			return err
		}
		err = club.Fault("old_password", "old_password_wrong")
	}
	if err := f.Take(c, err); err != nil {
		return err
	}
	hash, err := room.newPassword(c, f, p.ID, p.Name, p.Email)
	if err != nil {
		return err
	}
	if f.Any() {
		return room.profile(c, http.StatusUnprocessableEntity, room.profileForm(c), f)
	}
	changed, err := room.DB.SetPassword(ctx, p.ID, hash, web.Origin(c))
	if err != nil {
		return err
	}
	if err := room.StartSession(ctx, changed, web.Actor(c).Club.ID); err != nil {
		return err
	}
	room.Flash(c, "done", web.T(c, "password_changed"))
	return web.SeeOther(c, "/profile")
}

// switchClub looks at another club of the same person.
func (room *Room) switchClub(c echo.Context) error {
	ctx := c.Request().Context()
	n := web.ParseID(c.FormValue("club"))
	if _, err := room.DB.Membership(ctx, n, web.Actor(c).Person.ID); err != nil {
		return err
	}
	if err := room.SwitchClub(ctx, n); err != nil {
		return err
	}
	return web.SeeOther(c, "/calendar")
}
