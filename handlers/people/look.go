package people

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
)

// lookAtInvitation answers an invitation with mistakes, before anybody is asked for
// their password.
func (room *Room) lookAtInvitation(c echo.Context) error {
	f := &web.Faults{}
	form, email, err := readInvitation(c, f)
	if err != nil {
		return err
	}
	if !f.Any() {
		if err := f.Take(c, room.DB.CheckInvitation(c.Request().Context(), web.Scope(c), email)); err != nil {
			return err
		}
	}
	if f.Any() {
		return room.members(c, f.Status(), form, f)
	}
	return nil
}

// lookAtMember refuses what would leave the club without an Admin.
func (room *Room) lookAtMember(c echo.Context) error {
	role := club.Role(c.FormValue("role"))
	if c.Path() == "/settings/members/:id/role" && !role.Valid() {
		return club.Fault("role", "choose_role")
	}
	k, err := room.stake(c)
	if err != nil {
		return err
	}
	if k.Role == club.Admin && k.Admins == 1 && role != club.Admin {
		return room.memberProblem(c, &club.Error{Code: club.Conflict, Field: "role", Key: "last_admin"})
	}
	return nil
}

func (room *Room) lookAtSignInLink(c echo.Context) error {
	n, err := web.PathID(c, "id")
	if err != nil {
		return err
	}
	if err := room.DB.CheckMemberReset(c.Request().Context(), web.Scope(c), n); err != nil {
		return room.memberProblem(c, err)
	}
	return nil
}

// OwnPassword is the field in which forms that need it take the password of who
// is signed in, so that nobody is sent to another page for it.
const OwnPassword = "own_password"

// giveAtOnce takes the password that came with a form. It reports whether the
// request can go on; if not, it has been answered: the form is put aside, and the
// password is asked for as usual.
func (room *Room) giveAtOnce(c echo.Context) (ok bool, err error) {
	pw := c.FormValue(OwnPassword)
	c.Request().Form.Del(OwnPassword)
	c.Request().PostForm.Del(OwnPassword) //nolint:forbidigo // the values of a request, not a call
	if pw == "" {
		return false, room.putOff(c)
	}
	err = room.give(c, pw)
	if err == nil {
		return true, nil
	}
	ce, known := errors.AsType[*club.Error](err)
	if !known {
		return false, err
	}
	ref, err := room.keepRequest(c)
	if err != nil {
		return false, err
	}
	web.RetryAfter(c, ce)
	return false, room.askAgain(c, web.StatusOf[ce.Code], ref, c.Request().URL.EscapedPath(), room.ProblemOf(c, ce).Text)
}
