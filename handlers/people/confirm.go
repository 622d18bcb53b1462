package people

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

// ConfirmedFor is how long a password that was given is enough (rule W4).
const ConfirmedFor = 10 * time.Minute

// ConfirmField is the field of a form that goes on with what was put aside: its
// reference. Forms that are put aside have none of this name.
const ConfirmField = "confirm"

// GaveLately reports whether the person behind the request gave their password to
// this session not long ago. A clock that was set back proves nothing.
func (room *Room) GaveLately(c echo.Context) bool {
	if room.Demo != nil && room.Demo.PersonID == web.Actor(c).Person.ID {
		return true // came in by the door of a demo, and was never told a password
	}
	since := room.Now().Sub(room.PasswordGivenAt(c.Request().Context()))
	return since >= 0 && since <= ConfirmedFor
}

// Confirm returns the middleware that lets a request through if the password was given lately, or came with
// it. If not, it is looked at for mistakes and put aside, and goes on, once, with
// the form in which the password is given: to the same address, so that whether
// they may is looked at again.
func (room *Room) Confirm(look echo.HandlerFunc) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error { return room.confirmed(c, look, next) }
	}
}

func (room *Room) confirmed(c echo.Context, look, next echo.HandlerFunc) error {
	r := c.Request()
	ref, path := c.FormValue(ConfirmField), r.URL.EscapedPath()
	if ref == "" && room.GaveLately(c) {
		return next(c)
	}
	if ref == "" {
		if look != nil {
			if err := look(c); err != nil || c.Response().Committed {
				return err
			}
		}
		if ok, err := room.giveAtOnce(c); !ok {
			return err
		}
		return next(c)
	}
	kept, err := room.DB.KeptRequest(r.Context(), web.Scope(c), ref)
	if errors.Is(err, club.ErrNotFound) || err == nil && kept.Path != path {
		return errConfirmGone
	}
	if err != nil {
		return err
	}
	if err := room.giveAgain(c); err != nil {
		ce, ok := errors.AsType[*club.Error](err)
		if !ok {
			return err
		}
		web.RetryAfter(c, err)
		return room.askAgain(c, web.StatusOf[ce.Code], ref, path, room.ProblemOf(c, err).Text)
	}
	kept, err = room.DB.TakeRequest(r.Context(), web.Scope(c), ref)
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
func (room *Room) keepRequest(c echo.Context) (ref string, err error) {
	r := c.Request()
	return room.DB.KeepRequest(r.Context(), web.Scope(c), store.KeptRequest{Path: r.URL.EscapedPath(), Form: r.Form})
}

// putOff puts what was asked for aside and asks for the password.
func (room *Room) putOff(c echo.Context) error {
	ref, err := room.keepRequest(c)
	if err != nil {
		return err
	}
	return web.SeeOther(c, "/confirm/"+ref)
}

var errConfirmGone = &club.Error{Code: club.NotFound, Key: "confirm_gone"}

// giveAgain takes the password of who is signed in already, under the limits of
// sign-in, and gives the session a new token.
func (room *Room) giveAgain(c echo.Context) error {
	if room.GaveLately(c) {
		return nil
	}
	return room.give(c, c.FormValue("password"))
}

func (room *Room) give(c echo.Context, pw string) error {
	ctx, a := c.Request().Context(), web.Actor(c)
	_, err := room.checkPassword(c, a.Person.Email, pw)
	if club.CodeOf(err) == club.Invalid {
		return club.Fault("password", "old_password_wrong")
	}
	if err != nil {
		return err
	}
	if err := room.DB.Audit(ctx, web.Scope(c), "password_given", c.Request().URL.EscapedPath(), web.Origin(c)); err != nil {
		return err
	}
	return room.MarkPasswordGiven(ctx)
}

// showConfirm asks for the password before a request that was put aside goes on.
// Who signed in on the way here has given it.
func (room *Room) showConfirm(c echo.Context) error {
	kept, err := room.DB.KeptRequest(c.Request().Context(), web.Scope(c), c.Param("ref"))
	if errors.Is(err, club.ErrNotFound) {
		return errConfirmGone
	}
	if err != nil {
		return err
	}
	return room.askAgain(c, http.StatusOK, c.Param("ref"), kept.Path, "")
}

func (room *Room) askAgain(c echo.Context, status int, ref, path, problem string) error {
	if strings.HasPrefix(path, "/accounts/") { // what goes on may be a sign-in at a platform
		if err := room.AllowLeaving(c); err != nil {
			return err
		}
	}
	page := room.PlainPage(c, web.T(c, "confirm_title"))
	if problem != "" {
		page.Faults = []layout.Fault{{Field: "password", Text: problem}}
	}
	return room.Render(c, status, people.Confirm(page, people.ConfirmForm{
		Ref: ref, Path: path, Back: askedOn(path), Ask: !room.GaveLately(c), Email: web.Actor(c).Person.Email, Error: problem,
	}))
}

// askedOn is the page with the form that asks for what an address does.
func askedOn(path string) string {
	if strings.HasPrefix(path, "/settings/members/") || strings.HasPrefix(path, "/settings/invitations") {
		return "/settings/members"
	}
	return strings.TrimSuffix(strings.TrimSuffix(path, "/removal"), "/mode")
}
