// Package people is who somebody is and what they may do: set-up, sign-in, the
// password before what matters most, the profile, and the club with its members,
// invitations, record and status.
package people

import (
	"context"
	"slices"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/views/people"
)

// Room answers for people and their clubs.
type Room struct {
	*web.App
	Passwords Passwords
	// Demo is the door of a demo; nil otherwise.
	Demo *Demo
	// AllowLeaving lets a form of this page lead to the sign-in pages of all
	// platforms.
	AllowLeaving func(c echo.Context) error
}

// Passwords hashes and checks passwords: *password.Hasher.
type Passwords interface {
	Hash(ctx context.Context, password string) (string, error)
	Matches(ctx context.Context, password, hash string) (ok, old bool, err error)
}

// Routes returns the addresses of the room.
func (room *Room) Routes() []web.Route {
	return slices.Concat(room.demoRoutes(), []web.Route{
		// Set-up and sign-in
		web.Get("/sign-in", club.Public, room.showSignIn),
		web.Post("/sign-in", club.Public, room.createSignIn),
		web.Post("/sign-out", club.SignedIn, room.createSignOut),
		web.Get("/confirm/:ref", club.ViewClub, room.showConfirm),
		web.Get("/setup", club.Public, room.showSetup),
		web.Post("/setup", club.Public, room.createSetup),
		web.Get("/sign-in/link/:token", club.Public, room.showSignInLink),
		web.Post("/sign-in/link/:token", club.Public, room.useSignInLink),
		web.Get("/invitations/:token", club.Public, room.showInvitation),
		web.Post("/invitations/:token", club.Public, room.acceptInvitation),

		// The person
		web.Get("/profile", club.SignedIn, room.showProfile),
		web.Post("/profile", club.SignedIn, room.updateProfile),
		web.Post("/profile/password", club.SignedIn, room.updatePassword),
		web.Post("/clubs/current", club.SignedIn, room.switchClub).On("/calendar"),

		// The club
		web.Get("/clubs/new", club.ManageClub, room.newClub),
		web.Post("/clubs", club.ManageClub, room.createClub).On("/clubs/new"),
		web.Get("/settings", club.ViewClub, room.showSettings),
		web.Post("/settings", club.ManageClub, room.updateSettings),
		web.Get("/settings/status", club.ManageClub, room.showStatus),
		web.Get("/settings/record", club.ManageClub, room.showRecord),
		web.Get("/settings/members", club.ViewClub, room.showMembers),
		web.Get("/settings/members/:id/role", club.ManageClub, room.showMemberRole),
		web.Post("/settings/members/:id/role", club.ManageClub, room.updateMemberRole, web.Confirmed).First(room.lookAtMember),
		web.Get("/settings/members/:id/removal", club.ManageClub, room.showMemberRemoval),
		web.Post("/settings/members/:id/removal", club.ManageClub, room.removeMember, web.Confirmed).First(room.lookAtMember),
		web.Post("/settings/members/:id/sign-in-link", club.ManageClub, room.createSignInLink, web.Confirmed).First(room.lookAtSignInLink),
		web.Post("/settings/invitations", club.ManageClub, room.createInvitation, web.Confirmed).On(membersPath).First(room.lookAtInvitation),
		web.Post("/settings/invitations/:id/withdrawal", club.ManageClub, room.withdrawInvitation).On(membersPath),
	})
}

// SignInDialog asks somebody whose session has ended to sign in, on top of the page
// that they are on.
func SignInDialog() templ.Component {
	return people.SignInDialog(people.SignInForm{Dialog: true})
}
