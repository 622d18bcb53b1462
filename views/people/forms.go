// Package people holds the pages about who one is: sign-in, set-up, profile,
// members, invitations, and the settings of a club.
package people

import (
	"context"
	"strconv"

	"github.com/a-h/templ"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/views/layout"
	"github.com/bandstand-app/bandstand/views/ui"
)

// SignInForm is what a person typed to sign in.
type SignInForm struct {
	Email  string
	To     string // path to go on to
	Dialog bool   // in a dialog, because a sign-in ended in the middle of work
	Kept   bool   // text was put aside, to go on with
	Error  string
}

// ConfirmForm asks who somebody is before what they asked for goes on.
type ConfirmForm struct {
	Ref, Path string // of what goes on
	Back      string // where it was asked for
	Ask       bool   // they have to give their password
	Email     string
	Error     string
}

// SetupForm is the first person and the first club.
type SetupForm struct {
	Code, Name, Email     string
	Club, Zone, WeekStart string
	Language              string
	Zones                 []string
	Errors                map[string]string
}

// ClubForm is the settings of a club.
type ClubForm struct {
	Name, Zone, WeekStart string
	Language              string // of the posts, BCP 47
	LateHours             string
	Now                   string // what time it is in the zone, in words
	Version               string
	Zones                 []string
	Errors                map[string]string
}

// InvitationForm is how somebody joins a club: they say to which address the
// invitation was sent, and then who they are.
type InvitationForm struct {
	Token, By, Club string
	Role            club.Role
	Name, Email     string
	Known           bool   // Email is the invited address
	HasAccount      bool   // there is an account with it
	SignedInAs      string // name
	Errors          map[string]string
}

// PasswordForm sets a new password by a link.
type PasswordForm struct {
	Token, Email string
	Errors       map[string]string
}

// ProfileForm is what a person sets about themselves.
type ProfileForm struct {
	Name, Email, Theme string
	Shortcuts          bool
	Errors             map[string]string
}

// MembersPage lists who is in the club.
type MembersPage struct {
	Page        layout.Page
	Manage      bool
	Members     []MemberRow
	Cut         string // says that there may be more members
	Invitations []InvitationRow
	Form        InviteForm
}

// AskPage asks before something is done that cannot simply be undone, with its
// consequences.
type AskPage struct {
	Page           layout.Page
	Changes, Stays []string // sentences
	Refused        string   // why it cannot be done; nothing is asked then
	Action, Back   string   // paths
	Button         string
	Takes          bool // something is taken from somebody
	Fields         []Hidden
	Choice         templ.Component // what is to be chosen, or nil
	AskPassword    bool
}

// Hidden is a field that a form sends along.
type Hidden struct{ Name, Value string }

func (p AskPage) kind() string {
	if p.Takes {
		return "danger"
	}
	return "main"
}

// MemberRow is one person.
type MemberRow struct {
	ID          int64
	Name, Email string
	Role        club.Role
	Seen        string
	Self        bool
}

// InvitationRow is one open invitation.
type InvitationRow struct {
	ID    int64
	Email string
	Role  club.Role
	Until string
}

// InviteForm invites somebody; after that it shows the link, once.
type InviteForm struct {
	Email                     string
	Role                      club.Role
	Link, LinkTitle, LinkHint string
	Errors                    map[string]string
}

func zoneOptions(zones []string) []ui.Option {
	out := make([]ui.Option, 0, len(zones))
	for _, z := range zones {
		out = append(out, ui.Option{Value: z, Label: z})
	}
	return out
}

func languageOptions() []ui.Option {
	var out []ui.Option
	for _, l := range club.Languages() {
		out = append(out, ui.Option{Value: l.Tag, Label: l.Name})
	}
	return out
}

// languageName is the name of a club's language in itself.
func languageName(tag string) string {
	for _, l := range club.Languages() {
		if l.Tag == tag {
			return l.Name
		}
	}
	return tag
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

// zoneHint says what time it is there, so that a wrong zone is noticed.
func zoneHint(ctx context.Context, f ClubForm) string {
	if f.Now != "" {
		return f.Now
	}
	return i18n.T(ctx, "field_zone_hint")
}
