package handlers

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/practice"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/layout"
)

// actorKey holds the *store.Actor of a request.
const actorKey = "actor"

// who is the person behind the request, in the club they look at. Routes that
// ask for a role always have one; others may get nil.
func who(c echo.Context) *store.Actor {
	a, _ := c.Get(actorKey).(*store.Actor)
	return a
}

// scope is the right to touch data of the actor's club.
func scope(c echo.Context) store.Scope {
	a := who(c)
	return store.Scope{ClubID: a.Club.ID, PersonID: a.Person.ID}
}

// chain is what a request to r passes before its handler.
func (s *Server) chain(r route) []echo.MiddlewareFunc {
	if r.traits&machine != 0 {
		return nil
	}
	mw := []echo.MiddlewareFunc{s.limit(r), s.withSession, s.identify(r), s.authorize(r)}
	if r.traits&files != 0 {
		mw = append(mw, s.receive)
	}
	mw = append(mw, readForm(r))
	if r.traits&confirmed != 0 {
		mw = append(mw, s.confirm)
	}
	if r.traits&heavy != 0 {
		mw = append(mw, s.admit)
	}
	return mw
}

// withSession loads the session, and turns errors into answers while it can
// still be stored.
func (s *Server) withSession(next echo.HandlerFunc) echo.HandlerFunc {
	load := echo.WrapMiddleware(s.sessions.LoadAndSave)(func(c echo.Context) error {
		if err := next(c); err != nil {
			c.Error(err)
			return &answered{err}
		}
		return nil
	})
	return func(c echo.Context) error {
		c.SetRequest(c.Request().WithContext(context.WithValue(c.Request().Context(), loadedKey{}, new(string))))
		return load(c)
	}
}

// answered is an error whose answer was already sent; it is kept for the log.
type answered struct{ error }

func (a *answered) Unwrap() error { return a.error }

// identify finds the actor of a request.
func (s *Server) identify(r route) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			ctx := i18n.With(c.Request().Context(), s.Catalogue, "en")
			c.SetRequest(c.Request().WithContext(ctx))
			person := s.sessions.GetInt64(ctx, keyPerson)
			if person == 0 {
				return next(c)
			}
			a, err := s.DB.Actor(ctx, person, s.sessions.GetInt64(ctx, keyClub))
			if errors.Is(err, club.ErrNotFound) {
				return next(c)
			}
			if err != nil {
				return err
			}
			now := s.Now()
			if s.over(ctx, a.Person, now) {
				// One that cannot be removed now is refused again next time.
				if err := s.sessions.Destroy(ctx); err != nil && !club.Storage(err) {
					return err
				}
				return next(c)
			}
			c.Set(actorKey, a)
			if r.traits&poll == 0 && c.Request().Method != head {
				if err := s.touch(c, now); err != nil {
					return err
				}
			}
			return next(c)
		}
	}
}

// touch notes a sign of life of who is behind the request, once in a while and
// when they look at another club.
func (s *Server) touch(c echo.Context, now time.Time) error {
	ctx, a := c.Request().Context(), who(c)
	if now.Sub(time.UnixMilli(s.sessions.GetInt64(ctx, keySeen))) <= touchEvery && s.sessions.GetInt64(ctx, keySeenIn) == a.Club.ID {
		return nil
	}
	return s.seeIn(ctx, a.Person.ID, a.Club.ID)
}

// authorize lets only those through who may do the route's action.
func (s *Server) authorize(r route) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			a := who(c)
			switch {
			case r.action == club.Public:
			case a == nil:
				c.Set(typedKey, r.traits&typed != 0)
				return &club.Error{Code: club.Unauthenticated, Key: "signin_needed"}
			case r.action == club.SignedIn:
			case a.Role == "":
				// Signed in, but in no club any more.
				return club.ErrNotFound
			case !a.Role.Can(r.action):
				return forbidden(r.action)
			}
			return next(c)
		}
	}
}

// forbidden is the answer to somebody who may not do an action.
func forbidden(a club.Action) error {
	return &club.Error{Code: club.Forbidden, Key: "error_forbidden", Args: map[string]string{"action": string(a)}}
}

// atNowhere finds the actor of a request that no route is for: whoever is signed
// in keeps the menu.
func (s *Server) atNowhere(next echo.HandlerFunc) echo.HandlerFunc {
	known := s.withSession(s.identify(route{})(next))
	return func(c echo.Context) error {
		if c.Path() == "" {
			return known(c)
		}
		return next(c)
	}
}

// page is the frame of a page of the club. nav is the current entry of the menu.
func (s *Server) page(c echo.Context, nav, title string) layout.Page {
	p := s.frame(c, title)
	p.Nav, p.Flash = nav, s.popFlash(c)
	return p
}

// frame is what is around a page of the club. The message of a redirect stays
// for the page that it leads to.
func (s *Server) frame(c echo.Context, title string) layout.Page {
	p := layout.Page{Title: title, Assets: s.Assets}
	a := who(c)
	if a == nil || a.Role == "" {
		return p
	}
	p.Signed = &layout.Signed{
		Person: a.Person.Name, Email: a.Person.Email, ClubID: a.Club.ID, Theme: a.Person.Theme, Shortcuts: a.Person.Shortcuts,
		Club: a.Club.Name, Role: a.Role, Practice: a.Club.Practice,
		Unread: a.Unread, Reconnect: a.Reconnect, Held: s.Health().Held, Damaged: s.Health().damaged(), Plain: s.plain(),
	}
	p.Signed.Waiting = a.Waiting
	p.Signed.Hold = s.holdWords(c, a.Hold)
	if p.Signed.Hold != "" && a.Role.Can(club.SchedulePosts) {
		p.Signed.HoldAction = t(c, "frame_hold_release")
	}
	if ahead := s.Health().ClockAhead; ahead != 0 && a.Hold.Phase != club.ClockInDoubt {
		p.Signed.Clock = t(c, "frame_clock_"+direction(ahead), "time", span(c, ahead))
	}
	if a.Club.Practice {
		p.Signed.PracticeFed = practice.Path
	}
	for _, o := range a.OtherClubs {
		p.Signed.OtherClubs = append(p.Signed.OtherClubs, layout.ClubLink{ID: o.ID, Name: o.Name})
	}
	return p
}

// plainPage is the frame of a page outside a club.
func (s *Server) plainPage(c echo.Context, title string) layout.Page {
	return layout.Page{Title: title, Assets: s.Assets, Flash: s.popFlash(c)}
}

// t is a message in the language of the request.
func t(c echo.Context, key string, args ...string) string {
	return i18n.T(c.Request().Context(), key, args...)
}

// seeOther sends the browser on after a form.
func seeOther(c echo.Context, path string) error {
	if isHX(c) {
		c.Response().Header().Set("HX-Redirect", path)
		return c.NoContent(http.StatusOK)
	}
	return c.Redirect(http.StatusSeeOther, path)
}

// isHX tells whether htmx asked, and a fragment is wanted.
func isHX(c echo.Context) bool { return c.Request().Header.Get("HX-Request") == "true" }
