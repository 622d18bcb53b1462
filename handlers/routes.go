package handlers

import (
	"slices"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
)

// routes is every address of the program: those of the rooms, and the rest. There is
// none without an action.
func (s *Server) routes() []web.Route {
	return slices.Concat(s.ownRoutes(), s.demoRoutes(), s.accounts.Routes(), s.holds.Routes(), s.practice.Routes(), s.results.Routes(), s.notices.Routes())
}

func (s *Server) ownRoutes() []web.Route {
	return []web.Route{
		// The program itself
		web.Get("/", club.Public, s.showStart),
		web.Get("/healthz", club.Public, s.showHealth, web.Machine),

		// Set-up and sign-in
		web.Get("/sign-in", club.Public, s.showSignIn),
		web.Post("/sign-in", club.Public, s.createSignIn),
		web.Post("/sign-out", club.SignedIn, s.createSignOut),
		web.Get("/confirm/:ref", club.ViewClub, s.showConfirm),
		web.Get("/setup", club.Public, s.showSetup),
		web.Post("/setup", club.Public, s.createSetup),
		web.Get("/sign-in/link/:token", club.Public, s.showSignInLink),
		web.Post("/sign-in/link/:token", club.Public, s.useSignInLink),
		web.Get("/invitations/:token", club.Public, s.showInvitation),
		web.Post("/invitations/:token", club.Public, s.acceptInvitation),

		// The person
		web.Get("/profile", club.SignedIn, s.showProfile),
		web.Post("/profile", club.SignedIn, s.updateProfile),
		web.Post("/profile/password", club.SignedIn, s.updatePassword),
		web.Post("/clubs/current", club.SignedIn, s.switchClub).On("/calendar"),

		// The club
		web.Get("/clubs/new", club.ManageClub, s.newClub),
		web.Post("/clubs", club.ManageClub, s.createClub).On("/clubs/new"),
		web.Get("/settings", club.ViewClub, s.showSettings),
		web.Post("/settings", club.ManageClub, s.updateSettings),
		web.Get("/settings/status", club.ManageClub, s.showStatus),
		web.Get("/settings/record", club.ManageClub, s.showRecord),
		web.Get("/settings/members", club.ViewClub, s.showMembers),
		web.Get("/settings/members/:id/role", club.ManageClub, s.showMemberRole),
		web.Post("/settings/members/:id/role", club.ManageClub, s.updateMemberRole, web.Confirmed).First(s.lookAtMember),
		web.Get("/settings/members/:id/removal", club.ManageClub, s.showMemberRemoval),
		web.Post("/settings/members/:id/removal", club.ManageClub, s.removeMember, web.Confirmed).First(s.lookAtMember),
		web.Post("/settings/members/:id/sign-in-link", club.ManageClub, s.createSignInLink, web.Confirmed).First(s.lookAtSignInLink),
		web.Post("/settings/invitations", club.ManageClub, s.createInvitation, web.Confirmed).On(membersPath).First(s.lookAtInvitation),
		web.Post("/settings/invitations/:id/withdrawal", club.ManageClub, s.withdrawInvitation).On(membersPath),

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
