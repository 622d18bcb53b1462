package handlers

import (
	"slices"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
)

// routes is every address of the program: those of the rooms, and the rest. There is
// none without an action.
func (s *Server) routes() []web.Route {
	return slices.Concat(s.ownRoutes(), s.people.Routes(), s.accounts.Routes(), s.holds.Routes(), s.practice.Routes(), s.results.Routes(), s.notices.Routes())
}

func (s *Server) ownRoutes() []web.Route {
	return []web.Route{
		// The program itself
		web.Get("/", club.Public, s.showStart),
		web.Get("/healthz", club.Public, s.showHealth, web.Machine),

		// Calendar
		web.Get("/calendar", club.ViewClub, s.showCalendar, web.Heavy),
		web.Get("/calendar/day/:date", club.ViewClub, s.showDay),
		web.Get("/calendar/changes", club.ViewClub, s.showCalendarChanges, web.Heavy|web.Poll),
		web.Get("/calendar/agenda", club.ViewClub, s.showAgenda, web.Heavy),
		web.Get("/calendar/keys", club.ViewClub, s.showCalendarKeys),
		web.Get("/posts/:id/move", club.WritePosts, s.showMove),
		web.Post("/posts/:id/move", club.WritePosts, s.createMove),

		// Posts
		web.Get("/posts", club.ViewClub, s.showPosts),
		web.Get("/posts/new", club.WritePosts, s.showNewPost),
		web.Post("/posts", club.WritePosts, s.createPost, web.Typed|web.Files),
		web.Post("/posts/autosave", club.WritePosts, s.createAutosave, web.Typed),
		web.Post("/posts/preview", club.WritePosts, s.createPreview, web.Typed),
		web.Get("/posts/kept/:ref", club.WritePosts, s.showKeptPost),
		web.Get("/posts/:id", club.ViewClub, s.showPost),
		web.Get("/posts/:id/status", club.ViewClub, s.showPostStatus, web.Poll),
		web.Get("/posts/:id/earlier", club.ViewClub, s.showEarlierTexts),
		web.Get("/posts/:id/edit", club.ViewClub, s.showPostEditor),
		web.Post("/posts/:id/autosave", club.WritePosts, s.createAutosave, web.Typed),
		web.Post("/posts/:id/schedule", club.SchedulePosts, s.createSchedule, web.Typed),
		web.Post("/posts/:id/draft", club.SchedulePosts, s.createDraft),
		web.Post("/posts/:id/revision", club.WritePosts, s.createRevision, web.Files), // a button of the same form,
		web.Post("/posts/:id/duplicate", club.WritePosts, s.createDuplicate),
		web.Post("/posts/:id/deletion", club.WritePosts, s.createDeletion),
		web.Post("/deliveries/:id/answer", club.SchedulePosts, s.createAnswer).On("/posts"),

		// Pictures
		web.Post("/media", club.WritePosts, s.createMedia, web.Files).On("/posts"),
		web.Get("/media/:id/thumb", club.ViewClub, s.showThumb),
		web.Get("/media/:id/view", club.ViewClub, s.showView),
		web.Get("/m/:id/:expiry/:mac/:file", club.Public, s.showPublicMedia, web.Machine),
	}
}
