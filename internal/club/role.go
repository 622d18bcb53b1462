package club

import "slices"

// Role is what a member may do in a club.
type Role string

// The roles, from most to least.
const (
	Admin     Role = "admin"
	Publisher Role = "publisher"
	Writer    Role = "writer"
	Viewer    Role = "viewer"
)

// Roles lists all roles, from most to least.
var Roles = []Role{Admin, Publisher, Writer, Viewer}

// Action is something a member may or may not do. Every route names one.
type Action string

// The actions. Public ones need no sign-in; SignedIn ones no role.
const (
	Public         Action = "public"
	SignedIn       Action = "signed_in"
	ViewClub       Action = "view_club"       // see calendar, posts, results, accounts
	WritePosts     Action = "write_posts"     // make drafts, edit own posts, upload pictures
	SchedulePosts  Action = "schedule_posts"  // schedule, move, edit any post, decide on posts that need attention
	ConnectAccount Action = "connect_account" // connect, reconnect, disconnect, check
	ManageClub     Action = "manage_club"     // members, platform apps, settings
)

// Actions lists every action.
var Actions = []Action{Public, SignedIn, ViewClub, WritePosts, SchedulePosts, ConnectAccount, ManageClub}

// permissions is the one table of who may do what.
var permissions = map[Action][]Role{
	Public:         {Admin, Publisher, Writer, Viewer},
	SignedIn:       {Admin, Publisher, Writer, Viewer},
	ViewClub:       {Admin, Publisher, Writer, Viewer},
	WritePosts:     {Admin, Publisher, Writer},
	SchedulePosts:  {Admin, Publisher},
	ConnectAccount: {Admin, Publisher},
	ManageClub:     {Admin},
}

// Can tells whether the role may do the action. A role that is not in Roles may
// do nothing.
func (r Role) Can(a Action) bool { return slices.Contains(permissions[a], r) }

// Valid tells whether r is one of Roles.
func (r Role) Valid() bool { return slices.Contains(Roles, r) }

// WhoCan lists the roles that may do the action, from most to least.
func WhoCan(a Action) []Role { return slices.Clone(permissions[a]) }
