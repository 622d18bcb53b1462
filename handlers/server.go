// Package handlers puts together the rooms that answer what people ask for. A room
// binds what they sent, asks the domain, and shows the answer; what all rooms share is
// package web. No SQL, no rules, no time arithmetic.
package handlers

import (
	"context"

	"github.com/bandstand-app/bandstand/handlers/accounts"
	"github.com/bandstand-app/bandstand/handlers/calendar"
	"github.com/bandstand-app/bandstand/handlers/holds"
	"github.com/bandstand-app/bandstand/handlers/notices"
	"github.com/bandstand-app/bandstand/handlers/people"
	"github.com/bandstand-app/bandstand/handlers/posts"
	"github.com/bandstand-app/bandstand/handlers/practice"
	"github.com/bandstand-app/bandstand/handlers/results"
	"github.com/bandstand-app/bandstand/handlers/web"
	worlds "github.com/bandstand-app/bandstand/internal/practice"
	"github.com/bandstand-app/bandstand/jobs"
	"github.com/bandstand-app/bandstand/platforms"
)

// Config is what the handlers need from the rest of the program.
type Config struct {
	web.Config
	Services
}

// Services are the parts of the program that single rooms call.
type Services struct {
	Passwords people.Passwords
	Links     posts.LinkReader
	// Demo is the door of a demo; nil otherwise.
	Demo *people.Demo
	// Platforms are those that a club's calls go to.
	Platforms func(clubID int64, practice bool) *platforms.Registry
	// AppCredentials returns the credentials of a platform app; empty if there are
	// none.
	AppCredentials func(ctx context.Context, clubID int64, practice bool, slot string) (platforms.App, error)
	// SignIns looks at accounts and renews what they are signed in with.
	SignIns *jobs.SignIns
	// Worlds are the clubs' practice worlds.
	Worlds *worlds.Worlds
}

// Server answers all requests.
type Server struct {
	*web.App
	Services

	accounts *accounts.Room
	calendar *calendar.Room
	holds    *holds.Room
	notices  *notices.Room
	people   *people.Room
	posts    *posts.Room
	practice *practice.Room
	results  *results.Room
}

// New makes the server. It fails only on mistakes in its configuration.
func New(cfg Config) (*Server, error) {
	app, err := web.New(cfg.Config)
	if err != nil {
		return nil, err
	}
	s := &Server{App: app, Services: cfg.Services}
	desk := app.NewPlanning()
	s.people = &people.Room{App: app, Passwords: cfg.Passwords, Demo: cfg.Demo}
	s.accounts = &accounts.Room{
		App: app, Platforms: cfg.Platforms, AppCredentials: cfg.AppCredentials, SignIns: cfg.SignIns, Worlds: cfg.Worlds, GaveLately: s.people.GaveLately,
	}
	s.people.AllowLeaving = s.accounts.AllowLeavingToAll
	s.calendar = calendar.New(app, desk)
	s.posts = &posts.Room{
		App: app, Planning: desk, Links: cfg.Links, OnCalendar: s.calendar.OnCalendar, AllowReconnecting: s.accounts.AllowReconnecting,
	}
	s.holds = &holds.Room{App: app, Planning: desk}
	s.notices = &notices.Room{App: app, IsUnsure: s.holds.IsUnsure}
	s.practice = &practice.Room{App: app, Worlds: cfg.Worlds, GaveLately: s.people.GaveLately}
	s.results = &results.Room{App: app}
	app.ConfirmWith, app.SignInDialog = s.people.Confirm, people.SignInDialog()
	app.Add(s.routes())
	return s, nil
}
