package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
)

// Route is one line of a table of routes: who may, and what happens.
type Route struct {
	Method, Path string
	Action       club.Action
	Serve        echo.HandlerFunc
	Traits       Traits
	page         string           // see On
	look         echo.HandlerFunc // see First
}

// Get returns the route of a page.
func Get(path string, action club.Action, serve echo.HandlerFunc, with ...Traits) Route {
	return newRoute(http.MethodGet, path, action, serve, with)
}

// Post returns the route of a form.
func Post(path string, action club.Action, serve echo.HandlerFunc, with ...Traits) Route {
	return newRoute(http.MethodPost, path, action, serve, with)
}

func newRoute(method, path string, action club.Action, serve echo.HandlerFunc, with []Traits) Route {
	r := Route{Method: method, Path: path, Action: action, Serve: serve}
	for _, t := range with {
		r.Traits |= t
	}
	return r
}

// On names the page that the form is on, where that is not the nearest page above
// its address.
func (r Route) On(page string) Route {
	r.page = page
	return r
}

// First names a handler that answers a form with mistakes, before anybody is asked
// for a password to go on with it. It leaves a form without mistakes unanswered.
func (r Route) First(look echo.HandlerFunc) Route {
	r.look = look
	return r
}

// Traits are properties of a route that middleware reads.
type Traits uint8

const (
	// Heavy pages are admitted a few at a time.
	Heavy Traits = 1 << iota
	// Poll requests do not count as a sign of life of the person.
	Poll
	// Machine routes are called by programs: no session.
	Machine
	// Typed routes take what somebody wrote: signed out meanwhile, they get it back.
	Typed
	// Files routes take pictures with their form; all others refuse files.
	Files
	// Acting routes do something when they are fetched: they have no HEAD.
	Acting
	// Confirmed routes go on only for somebody who gave their password not long
	// ago (rule W4): they decide who may do what, and which accounts and apps the
	// club has. The results that can be exported are no secret of the club's, the
	// choice of accounts after a sign-in belongs to what was begun with one, and
	// reconnecting, on the way to a post that waits, brings the same account back.
	Confirmed
)

// Add serves routes, and leads from the addresses of forms to their pages.
func (app *App) Add(all []Route) {
	for path, to := range formPages(all) {
		app.echo.Match([]string{http.MethodGet, http.MethodHead}, path, leadTo(to))
	}
	for _, r := range all {
		app.echo.Add(r.Method, r.Path, r.Serve, app.chain(r)...)
		if r.Method == http.MethodGet && r.Traits&Acting == 0 {
			app.echo.Add(http.MethodHead, r.Path, r.Serve, app.chain(r)...)
		}
	}
}
