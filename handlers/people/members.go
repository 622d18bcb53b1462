package people

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/people"
)

func (room *Room) showMembers(c echo.Context) error {
	return room.members(c, http.StatusOK, people.InviteForm{Role: club.Writer}, &web.Faults{})
}

func (room *Room) members(c echo.Context, status int, form people.InviteForm, f *web.Faults) error {
	ctx, a := c.Request().Context(), web.Actor(c)
	members, err := room.DB.Members(ctx, a.Club.ID)
	if err != nil {
		return err
	}
	page := people.MembersPage{Page: room.Page(c, "settings", web.T(c, "members_title")), Manage: a.Role.Can(club.ManageClub), Form: form}
	page.Page.Faults, page.Form.Errors = f.List, f.Errors()
	page.Cut = web.CutAt(c, "list_cut", len(members), store.ListMax)
	now := room.Now()
	for _, m := range members {
		page.Members = append(page.Members, people.MemberRow{
			ID: m.PersonID, Name: m.Name, Email: m.Email, Role: m.Role, Self: m.PersonID == a.Person.ID,
			Seen: room.seen(c, m.SeenAt, now),
		})
	}
	if page.Manage {
		open, err := room.DB.Invitations(ctx, a.Club.ID)
		if err != nil {
			return err
		}
		for _, i := range open {
			page.Invitations = append(page.Invitations, people.InvitationRow{
				ID: i.ID, Email: i.Email, Role: i.Role, Until: i18n.DayYear(ctx, i.ExpiresAt.In(room.Zone(c))),
			})
		}
	}
	return room.Render(c, status, people.Members(page))
}

// createInvitation shows the link once; only its hash is kept.
func (room *Room) createInvitation(c echo.Context) error {
	ctx, f := c.Request().Context(), &web.Faults{}
	form, email, err := readInvitation(c, f)
	if err != nil {
		return err
	}
	if !f.Any() {
		token, err := room.DB.CreateInvitation(ctx, web.Scope(c), email, form.Role, web.Origin(c))
		if err == nil {
			return room.members(c, http.StatusOK, people.InviteForm{
				Role: club.Writer, Link: room.URL("/invitations/" + token), LinkTitle: web.T(c, "invite_link_title", "email", email), LinkHint: web.T(c, "invite_link_hint"),
			}, f)
		}
		if err := f.Take(c, err); err != nil {
			return err
		}
	}
	return room.members(c, f.Status(), form, f)
}

// readInvitation reads the form that invites somebody.
func readInvitation(c echo.Context, f *web.Faults) (form people.InviteForm, email string, err error) {
	form = people.InviteForm{Email: c.FormValue("email"), Role: club.Role(c.FormValue("role"))}
	email, err = club.ParseEmail("email", form.Email)
	if err := f.Take(c, err); err != nil {
		return form, "", err
	}
	if !form.Role.Valid() {
		_ = f.Take(c, club.Fault("role", "choose_role"))
	}
	return form, email, nil
}

func (room *Room) withdrawInvitation(c echo.Context) error {
	n, err := web.PathID(c, "id")
	if err != nil {
		return err
	}
	if err := room.DB.WithdrawInvitation(c.Request().Context(), web.Scope(c), n, web.Origin(c)); err != nil {
		return err
	}
	room.Flash(c, "done", web.T(c, "invite_withdrawn"))
	return web.SeeOther(c, "/settings/members")
}

func (room *Room) updateMemberRole(c echo.Context) error {
	n, err := web.PathID(c, "id")
	if err != nil {
		return err
	}
	role := club.Role(c.FormValue("role"))
	if !role.Valid() {
		return club.Fault("role", "choose_role")
	}
	if err := room.DB.SetRole(c.Request().Context(), web.Scope(c), n, role, web.Origin(c)); err != nil {
		return room.memberProblem(c, err)
	}
	room.Flash(c, "done", web.T(c, "member_role_changed", "role", web.T(c, "role_"+string(role))))
	return web.SeeOther(c, "/settings/members")
}

func (room *Room) removeMember(c echo.Context) error {
	n, err := web.PathID(c, "id")
	if err != nil {
		return err
	}
	if err := room.DB.RemoveMember(c.Request().Context(), web.Scope(c), n, web.Origin(c)); err != nil {
		return room.memberProblem(c, err)
	}
	room.Flash(c, "done", web.T(c, "member_removed"))
	return web.SeeOther(c, "/settings/members")
}

// memberProblem says on the members page what stands in the way.
func (room *Room) memberProblem(c echo.Context, err error) error {
	if club.CodeOf(err) != club.Conflict {
		return err
	}
	room.Flash(c, "problem", room.ProblemOf(c, err).Text)
	return web.SeeOther(c, "/settings/members")
}

// createSignInLink makes a link by which a member sets a new password.
func (room *Room) createSignInLink(c echo.Context) error {
	ctx := c.Request().Context()
	n, err := web.PathID(c, "id")
	if err != nil {
		return err
	}
	p, token, err := room.DB.CreateMemberReset(ctx, web.Scope(c), n, web.Origin(c))
	if err != nil {
		return room.memberProblem(c, err)
	}
	return room.members(c, http.StatusOK, people.InviteForm{
		Role: club.Writer, Link: room.URL("/sign-in/link/" + token), LinkTitle: web.T(c, "reset_link_title", "name", p.Name), LinkHint: web.T(c, "reset_link_hint"),
	}, &web.Faults{})
}
