package handlers

import (
	"slices"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
)

// routes is every address of the program: those of the rooms, and the two that belong
// to none. There is none without an action.
func (s *Server) routes() []web.Route {
	return slices.Concat(s.ownRoutes(), s.calendar.Routes(), s.posts.Routes(), s.people.Routes(), s.accounts.Routes(),
		s.holds.Routes(), s.practice.Routes(), s.results.Routes(), s.notices.Routes())
}

func (s *Server) ownRoutes() []web.Route {
	return []web.Route{
		web.Get("/", club.Public, s.showStart),
		web.Get("/healthz", club.Public, s.showHealth, web.Machine),
	}
}
