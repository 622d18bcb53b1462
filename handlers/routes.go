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
	// typed routes take what somebody wrote: signed out meanwhile, they get it back.
	typed
	// files routes take pictures with their form; all others refuse files.
	files
	// acting routes do something when they are fetched: they have no HEAD.
	acting
	// confirmed routes go on only for somebody who gave their password not long
	// ago (rule W4): they decide who may do what, and which accounts and apps the
	// club has. The results that can be exported are no secret of the club's, the
	// choice of accounts after a sign-in belongs to what was begun with one, and
	// reconnecting, on the way to a post that waits, brings the same account back.
	confirmed
)

const (
	get  = http.MethodGet
	head = http.MethodHead
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
		{get, "/confirm/:ref", club.ViewClub, s.showConfirm, 0},
		{get, "/setup", club.Public, s.showSetup, 0},
		{post, "/setup", club.Public, s.createSetup, 0},
		{get, "/sign-in/link/:token", club.Public, s.showSignInLink, 0},
		{post, "/sign-in/link/:token", club.Public, s.useSignInLink, 0},
		{get, "/invitations/:token", club.Public, s.showInvitation, 0},
		{post, "/invitations/:token", club.Public, s.acceptInvitation, 0},

		// The person
		{get, "/profile", club.SignedIn, s.showProfile, 0},
		{post, "/profile", club.SignedIn, s.updateProfile, 0},
		{post, "/profile/password", club.SignedIn, s.updatePassword, 0},
		{post, "/clubs/current", club.SignedIn, s.switchClub, 0},

		// The club
		{get, "/clubs/new", club.ManageClub, s.newClub, 0},
		{post, "/clubs", club.ManageClub, s.createClub, 0},
		{get, "/settings", club.ViewClub, s.showSettings, 0},
		{post, "/settings", club.ManageClub, s.updateSettings, 0},
		{get, "/settings/status", club.ManageClub, s.showStatus, 0},
		{get, "/settings/record", club.ManageClub, s.showRecord, 0},
		{get, "/settings/members", club.ViewClub, s.showMembers, 0},
		{get, "/settings/members/:id/role", club.ManageClub, s.showMemberRole, 0},
		{post, "/settings/members/:id/role", club.ManageClub, s.updateMemberRole, confirmed},
		{get, "/settings/members/:id/removal", club.ManageClub, s.showMemberRemoval, 0},
		{post, "/settings/members/:id/removal", club.ManageClub, s.removeMember, confirmed},
		{post, "/settings/members/:id/sign-in-link", club.ManageClub, s.createSignInLink, confirmed},
		{post, "/settings/invitations", club.ManageClub, s.createInvitation, confirmed},
		{post, "/settings/invitations/:id/withdrawal", club.ManageClub, s.withdrawInvitation, 0},

		// Calendar
		{get, "/calendar", club.ViewClub, s.showCalendar, heavy},
		{get, "/calendar/day/:date", club.ViewClub, s.showDay, 0},
		{get, "/calendar/changes", club.ViewClub, s.showCalendarChanges, heavy | poll},
		{get, "/calendar/agenda", club.ViewClub, s.showAgenda, heavy},
		{get, "/calendar/keys", club.ViewClub, s.showCalendarKeys, 0},
		{get, "/posts/:id/move", club.WritePosts, s.showMove, 0},
		{post, "/posts/:id/move", club.WritePosts, s.createMove, 0},

		// Posts
		{get, "/posts", club.ViewClub, s.showPosts, 0},
		{get, "/posts/new", club.WritePosts, s.showNewPost, 0},
		{post, "/posts", club.WritePosts, s.createPost, typed | files},
		{post, "/posts/autosave", club.WritePosts, s.createAutosave, typed},
		{post, "/posts/preview", club.WritePosts, s.createPreview, typed},
		{get, "/posts/kept/:ref", club.WritePosts, s.showKeptPost, 0},
		{get, "/posts/:id", club.ViewClub, s.showPost, 0},
		{get, "/posts/:id/status", club.ViewClub, s.showPostStatus, poll},
		{get, "/posts/:id/earlier", club.ViewClub, s.showEarlierTexts, 0},
		{get, "/posts/:id/edit", club.ViewClub, s.showPostEditor, 0},
		{post, "/posts/:id/autosave", club.WritePosts, s.createAutosave, typed},
		{post, "/posts/:id/schedule", club.SchedulePosts, s.createSchedule, typed},
		{post, "/posts/:id/draft", club.SchedulePosts, s.createDraft, 0},
		{post, "/posts/:id/revision", club.WritePosts, s.createRevision, files}, // a button of the same form,
		{post, "/posts/:id/duplicate", club.WritePosts, s.createDuplicate, 0},
		{post, "/posts/:id/deletion", club.WritePosts, s.createDeletion, 0},
		{post, "/deliveries/:id/answer", club.SchedulePosts, s.createAnswer, 0},

		// Holding all posts, and what was put aside
		{get, "/hold", club.SchedulePosts, s.showHold, 0},
		{post, "/hold", club.SchedulePosts, s.createHold, 0},
		{post, "/hold/release", club.SchedulePosts, s.createRelease, 0},
		{get, "/waiting", club.SchedulePosts, s.showWaiting, 0},
		{post, "/waiting", club.SchedulePosts, s.createDecisions, 0},

		// Pictures
		{post, "/media", club.WritePosts, s.createMedia, files},
		{get, "/media/:id/thumb", club.ViewClub, s.showThumb, 0},
		{get, "/media/:id/view", club.ViewClub, s.showView, 0},
		{get, "/m/:id/:expiry/:mac/:file", club.Public, s.showPublicMedia, machine},

		// Accounts
		{get, "/accounts", club.ViewClub, s.showAccounts, 0},
		{get, "/accounts/connect", club.ConnectAccount, s.showConnect, 0},
		{get, "/accounts/connect/:platform", club.ConnectAccount, s.showConnectPlatform, 0},
		{post, "/accounts/connect/:platform", club.ConnectAccount, s.createSignInAt, confirmed},
		{get, "/oauth/:platform/callback", club.Public, s.finishSignIn, acting},
		{get, "/accounts/choose/:id", club.ConnectAccount, s.showChoice, 0},
		{post, "/accounts/choose/:id", club.ConnectAccount, s.createConnections, 0},
		{get, "/accounts/:id", club.ViewClub, s.showAccount, 0},
		{post, "/accounts/:id/check", club.ConnectAccount, s.createCheck, 0},
		{post, "/accounts/:id/unsure", club.ConnectAccount, s.createUnsure, 0},
		{post, "/accounts/:id/numbers", club.ConnectAccount, s.updateNumbersPace, 0},
		{get, "/accounts/:id/reconnect", club.ConnectAccount, s.showReconnect, 0},
		{post, "/accounts/:id/reconnect", club.ConnectAccount, s.createReconnect, 0},
		{get, "/accounts/:id/disconnect", club.ConnectAccount, s.showDisconnect, 0},
		{post, "/accounts/:id/disconnect", club.ConnectAccount, s.createDisconnect, confirmed},
		{get, "/settings/platforms", club.ManageClub, s.showPlatformApps, 0},
		{get, "/settings/platforms/:slot", club.ManageClub, s.showPlatformApp, 0},
		{post, "/settings/platforms/:slot", club.ManageClub, s.createPlatformApp, confirmed},
		{post, "/settings/platforms/:slot/check", club.ManageClub, s.checkPlatformApp, 0},
		{post, "/settings/platforms/:slot/removal", club.ManageClub, s.removePlatformApp, confirmed},

		// Practice mode
		{get, "/practice", club.ViewClub, s.showPractice, 0},
		{post, "/practice/behaviour", club.SchedulePosts, s.createBehaviour, 0},
		{post, "/practice/reset", club.ManageClub, s.createReset, 0},
		{post, "/practice/mode", club.ManageClub, s.updatePracticeMode, confirmed},
		{get, "/practice/:mount/*", club.ViewClub, s.servePractice, acting},
		{post, "/practice/:mount/*", club.ConnectAccount, s.servePractice, 0},

		// Results
		{get, "/results", club.ViewClub, s.showResults, heavy},
		{post, "/results/numbers", club.WritePosts, s.takeNumbers, 0},
		{get, "/results.csv", club.ViewClub, s.exportResults, heavy | acting},

		// Notices
		{get, "/notices", club.ViewClub, s.showNotices, 0},
		{post, "/notices/:id/opening", club.ViewClub, s.createOpening, 0},
		{post, "/notices/read", club.ViewClub, s.readNotices, 0},
	}
}
