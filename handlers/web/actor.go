package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/store"
)

// actorKey holds the *store.Actor of a request.
const actorKey = "actor"

// Actor returns the person behind the request, in the club they look at. Routes
// that ask for a role always have one; on others it may be nil.
func Actor(c echo.Context) *store.Actor {
	a, _ := c.Get(actorKey).(*store.Actor)
	return a
}

// Scope returns the right to touch data of the actor's club.
func Scope(c echo.Context) store.Scope {
	a := Actor(c)
	return store.Scope{ClubID: a.Club.ID, PersonID: a.Person.ID}
}

// chain returns what a request to r passes before its handler.
func (app *App) chain(r Route) []echo.MiddlewareFunc {
	if r.Traits&Machine != 0 {
		return nil
	}
	mw := []echo.MiddlewareFunc{app.limit(r), app.withSession, app.identify(r), app.authorize(r)}
	if r.Traits&Files != 0 {
		mw = append(mw, app.receive)
	}
	mw = append(mw, readForm(r))
	if r.Traits&Confirmed != 0 {
		mw = append(mw, app.ConfirmWith(r.look))
	}
	if r.Traits&Heavy != 0 {
		mw = append(mw, app.admit)
	}
	return mw
}

// withSession loads the session, and turns errors into answers while it can
// still be stored.
func (app *App) withSession(next echo.HandlerFunc) echo.HandlerFunc {
	load := echo.WrapMiddleware(app.Sessions.LoadAndSave)(func(c echo.Context) error {
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

// language is the language there is that the browser likes best.
func (app *App) language(c echo.Context) string {
	return app.Catalogue.Choose(c.Request().Header.Get("Accept-Language"))
}

// identify finds the actor of a request.
func (app *App) identify(r Route) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			ctx := i18n.With(c.Request().Context(), app.Catalogue, app.language(c))
			c.SetRequest(c.Request().WithContext(ctx))
			person := app.Sessions.GetInt64(ctx, keyPerson)
			if person == 0 {
				return next(c)
			}
			a, err := app.DB.Actor(ctx, person, app.Sessions.GetInt64(ctx, keyClub))
			if errors.Is(err, club.ErrNotFound) {
				return next(c)
			}
			if err != nil {
				return err
			}
			now := app.Now()
			if app.over(ctx, a.Person, now) {
				// One that cannot be removed now is refused again next time.
				if err := app.Sessions.Destroy(ctx); err != nil && !club.Storage(err) {
					return err
				}
				return next(c)
			}
			c.Set(actorKey, a)
			if r.Traits&Poll == 0 && c.Request().Method != http.MethodHead {
				if err := app.touch(c, now); err != nil {
					return err
				}
			}
			return next(c)
		}
	}
}

// touch notes a sign of life of who is behind the request, once in a while and
// when they look at another club.
func (app *App) touch(c echo.Context, now time.Time) error {
	ctx, a := c.Request().Context(), Actor(c)
	if now.Sub(time.UnixMilli(app.Sessions.GetInt64(ctx, keySeen))) <= TouchEvery && app.Sessions.GetInt64(ctx, keySeenIn) == a.Club.ID {
		return nil
	}
	return app.seeIn(ctx, a.Person.ID, a.Club.ID)
}

// authorize lets only those through who may do the route's action.
func (app *App) authorize(r Route) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			a := Actor(c)
			switch {
			case r.Action == club.Public:
			case a == nil:
				c.Set(typedKey, r.Traits&Typed != 0)
				return &club.Error{Code: club.Unauthenticated, Key: "signin_needed"}
			case r.Action == club.SignedIn:
			case a.Role == "":
				// Signed in, but in no club any more.
				return club.ErrNotFound
			case !a.Role.Can(r.Action):
				return Forbidden(r.Action)
			}
			return next(c)
		}
	}
}

// Forbidden returns the error for somebody who may not do an action.
func Forbidden(a club.Action) error {
	return &club.Error{Code: club.Forbidden, Key: "error_forbidden", Args: map[string]string{"action": string(a)}}
}

// atNowhere finds the actor of a request that no route is for: whoever is signed
// in keeps the menu.
func (app *App) atNowhere(next echo.HandlerFunc) echo.HandlerFunc {
	known := app.withSession(app.identify(Route{})(next))
	return func(c echo.Context) error {
		if c.Path() == "" {
			return known(c)
		}
		return next(c)
	}
}
