package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
)

// route is one line of the table: who may, and what happens.
type route struct {
	method, path string
	action       club.Action
	serve        echo.HandlerFunc
	traits       traits
}

// traits are properties of a route that middleware reads.
type traits uint8

const (
	// heavy pages are admitted a few at a time.
	heavy traits = 1 << iota
	// poll requests do not count as a sign of life of the person.
	poll
	// machine routes are called by programs: no session.
	machine
)

const (
	get  = http.MethodGet
	post = http.MethodPost
)

// routes is every address of the program. There is none without an action.
func (s *Server) routes() []route {
	return []route{
		// The program itself
		{get, "/", club.Public, s.showStart, 0},
		{get, "/healthz", club.Public, s.showHealth, machine},

		// Set-up and sign-in
		{get, "/sign-in", club.Public, s.showSignIn, 0},
		{post, "/sign-in", club.Public, s.createSignIn, 0},
		{post, "/sign-out", club.SignedIn, s.createSignOut, 0},

		// The person

		// The club

		// Calendar

		// Posts

		// Pictures

		// Accounts

		// Practice mode

		// Results

		// Notices
	}
}
