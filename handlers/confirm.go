package handlers

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/layout"
	"github.com/bandstand-app/bandstand/views/people"
)

// confirmedFor is how long a password that was given is enough (rule W4).
const confirmedFor = 10 * time.Minute

// confirmField is the field of a form that goes on with what was put aside: its
// reference. Forms that are put aside have none of this name.
const confirmField = "confirm"

// gaveLately tells whether who is behind the request gave their password to this
// session not long ago. A clock that was set back proves nothing.
func (s *Server) gaveLately(c echo.Context) bool {
	if s.Demo != nil && s.Demo.PersonID == web.Actor(c).Person.ID {
		return true // came in by the door of a demo, and was never told a password
	}
	since := s.Now().Sub(s.PasswordGivenAt(c.Request().Context()))
	return since >= 0 && since <= confirmedFor
}

// confirm returns the middleware that lets a request through if the password was given lately, or came with
// it. If not, it is looked at for mistakes and put aside, and goes on, once, with
// the form in which the password is given: to the same address, so that whether
// they may is looked at again.
func (s *Server) confirm(look echo.HandlerFunc) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error { return s.confirmed(c, look, next) }
	}
}

func (s *Server) confirmed(c echo.Context, look, next echo.HandlerFunc) error {
	r := c.Request()
	ref, path := c.FormValue(confirmField), r.URL.EscapedPath()
	if ref == "" && s.gaveLately(c) {
		return next(c)
	}
	if ref == "" {
		if look != nil {
			if err := look(c); err != nil || c.Response().Committed {
				return err
			}
		}
		if ok, err := s.giveAtOnce(c); !ok {
			return err
		}
		return next(c)
	}
	kept, err := s.DB.KeptRequest(r.Context(), web.Scope(c), ref)
	if errors.Is(err, club.ErrNotFound) || err == nil && kept.Path != path {
		return errConfirmGone
	}
	if err != nil {
		return err
	}
	if err := s.giveAgain(c); err != nil {
		ce, ok := errors.AsType[*club.Error](err)
		if !ok {
			return err
		}
		web.RetryAfter(c, err)
		return s.askAgain(c, web.StatusOf[ce.Code], ref, path, s.ProblemOf(c, err).Text)
	}
	kept, err = s.DB.TakeRequest(r.Context(), web.Scope(c), ref)
	if errors.Is(err, club.ErrNotFound) {
		return errConfirmGone
	}
	if err != nil {
		return err
	}
	r.Form, r.PostForm = kept.Form, kept.Form
	return next(c)
}

// keepRequest puts what was asked for aside.
func (s *Server) keepRequest(c echo.Context) (ref string, err error) {
	r := c.Request()
	return s.DB.KeepRequest(r.Context(), web.Scope(c), store.KeptRequest{Path: r.URL.EscapedPath(), Form: r.Form})
}

// putOff puts what was asked for aside and asks for the password.
func (s *Server) putOff(c echo.Context) error {
	ref, err := s.keepRequest(c)
	if err != nil {
		return err
	}
	return web.SeeOther(c, "/confirm/"+ref)
}

var errConfirmGone = &club.Error{Code: club.NotFound, Key: "confirm_gone"}

// giveAgain takes the password of who is signed in already, under the limits of
// sign-in, and gives the session a new token.
func (s *Server) giveAgain(c echo.Context) error {
	if s.gaveLately(c) {
		return nil
	}
	return s.give(c, c.FormValue("password"))
}

func (s *Server) give(c echo.Context, pw string) error {
	ctx, a := c.Request().Context(), web.Actor(c)
	_, err := s.checkPassword(c, a.Person.Email, pw)
	if club.CodeOf(err) == club.Invalid {
		return club.Fault("password", "old_password_wrong")
	}
	if err != nil {
		return err
	}
	if err := s.DB.Audit(ctx, web.Scope(c), "password_given", c.Request().URL.EscapedPath(), web.Origin(c)); err != nil {
		return err
	}
	return s.MarkPasswordGiven(ctx)
}

// showConfirm asks for the password before a request that was put aside goes on.
// Who signed in on the way here has given it.
func (s *Server) showConfirm(c echo.Context) error {
	kept, err := s.DB.KeptRequest(c.Request().Context(), web.Scope(c), c.Param("ref"))
	if errors.Is(err, club.ErrNotFound) {
		return errConfirmGone
	}
	if err != nil {
		return err
	}
	return s.askAgain(c, http.StatusOK, c.Param("ref"), kept.Path, "")
}

func (s *Server) askAgain(c echo.Context, status int, ref, path, problem string) error {
	if strings.HasPrefix(path, "/accounts/") { // what goes on may be a sign-in at a platform
		if err := s.accounts.AllowLeavingToAll(c); err != nil {
			return err
		}
	}
	page := s.PlainPage(c, web.T(c, "confirm_title"))
	if problem != "" {
		page.Faults = []layout.Fault{{Field: "password", Text: problem}}
	}
	return s.Render(c, status, people.Confirm(page, people.ConfirmForm{
		Ref: ref, Path: path, Back: askedOn(path), Ask: !s.gaveLately(c), Email: web.Actor(c).Person.Email, Error: problem,
	}))
}

// askedOn is the page with the form that asks for what an address does.
func askedOn(path string) string {
	if strings.HasPrefix(path, "/settings/members/") || strings.HasPrefix(path, "/settings/invitations") {
		return "/settings/members"
	}
	return strings.TrimSuffix(strings.TrimSuffix(path, "/removal"), "/mode")
}
