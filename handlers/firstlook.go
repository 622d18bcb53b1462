package handlers

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// firstLook answers a form that has mistakes, before anybody is asked for a
// password to go on with it. A form without any is left unanswered.
func (s *Server) firstLook(c echo.Context) error {
	switch c.Path() {
	case "/settings/invitations":
		return s.lookAtInvitation(c)
	case "/settings/members/:id/role", "/settings/members/:id/removal":
		return s.lookAtMember(c)
	case "/settings/members/:id/sign-in-link":
		return s.lookAtSignInLink(c)
	case "/accounts/connect/:platform":
		return s.lookAtSignIn(c)
	case "/settings/platforms/:slot":
		return s.lookAtApp(c)
	}
	return nil
}

func (s *Server) lookAtInvitation(c echo.Context) error {
	f := &faults{}
	form, email, err := readInvitation(c, f)
	if err != nil {
		return err
	}
	if !f.any() {
		if err := f.take(c, s.DB.CheckInvitation(c.Request().Context(), scope(c), email)); err != nil {
			return err
		}
	}
	if f.any() {
		return s.members(c, f.status(), form, f)
	}
	return nil
}

// lookAtMember refuses what would leave the club without an Admin.
func (s *Server) lookAtMember(c echo.Context) error {
	role := club.Role(c.FormValue("role"))
	if c.Path() == "/settings/members/:id/role" && !role.Valid() {
		return club.Fault("role", "choose_role")
	}
	k, err := s.stake(c)
	if err != nil {
		return err
	}
	if k.Role == club.Admin && k.Admins == 1 && role != club.Admin {
		return s.memberProblem(c, &club.Error{Code: club.Conflict, Field: "role", Key: "last_admin"})
	}
	return nil
}

func (s *Server) lookAtSignInLink(c echo.Context) error {
	n, err := pathID(c, "id")
	if err != nil {
		return err
	}
	if err := s.DB.CheckMemberReset(c.Request().Context(), scope(c), n); err != nil {
		return s.memberProblem(c, err)
	}
	return nil
}

func (s *Server) lookAtSignIn(c echo.Context) error {
	to, err := s.newAccount(c)
	p, ok := to.Platform.(platforms.PasswordSignIn)
	if err != nil || !ok {
		return nil //nolint:nilerr // nothing was typed that could be wrong; the door itself says that it leads nowhere
	}
	f := &faults{}
	if _, values := s.readSignIn(c, to, p, f); f.any() {
		return s.showSignInAt(c, f.status(), to, values, "", f)
	}
	return nil
}

func (s *Server) lookAtApp(c echo.Context) error {
	i, err := s.slot(c)
	if err != nil {
		return err
	}
	f := &faults{}
	_, typed, err := s.readApp(c, i, f)
	if err != nil {
		return err
	}
	if f.any() {
		return s.platformApp(c, f.status(), i, typed, nil, f)
	}
	return nil
}

// ownPassword is the field in which forms that need it take the password of who
// is signed in, so that nobody is sent to another page for it.
const ownPassword = "own_password"

// giveAtOnce takes the password that came with a form. It reports whether the
// request can go on; if not, it has been answered: the form is put aside, and the
// password is asked for as usual.
func (s *Server) giveAtOnce(c echo.Context) (ok bool, err error) {
	pw := c.FormValue(ownPassword)
	c.Request().Form.Del(ownPassword)
	c.Request().PostForm.Del(ownPassword) //nolint:forbidigo // the values of a request, not a call
	if pw == "" {
		return false, s.putOff(c)
	}
	err = s.give(c, pw)
	if err == nil {
		return true, nil
	}
	ce, known := errors.AsType[*club.Error](err)
	if !known {
		return false, err
	}
	ref, err := s.keepRequest(c)
	if err != nil {
		return false, err
	}
	retryAfter(c, ce)
	return false, s.askAgain(c, statusOf[ce.Code], ref, c.Request().URL.EscapedPath(), s.problemOf(c, ce).text)
}
