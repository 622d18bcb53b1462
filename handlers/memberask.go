package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/people"
)

const membersPath = "/settings/members"

// stake reads the member that an address names, with what hangs on them.
func (s *Server) stake(c echo.Context) (store.Stake, error) {
	n, err := pathID(c, "id")
	if err != nil {
		return store.Stake{}, err
	}
	return s.DB.Stake(c.Request().Context(), scope(c), n)
}

// showMemberRole asks before a member gets another role, and says what it changes.
func (s *Server) showMemberRole(c echo.Context) error {
	to := club.Role(c.QueryParam("to"))
	k, err := s.stake(c)
	if err != nil {
		return err
	}
	if !to.Valid() || to == k.Role {
		return seeOther(c, membersPath)
	}
	ctx, role := c.Request().Context(), t(c, "role_"+string(to))
	page := people.AskPage{
		Page: s.page(c, "settings", t(c, "member_role_title", "name", k.Name, "role", role)), Action: c.Request().URL.Path, Back: membersPath, AskPassword: !s.gaveLately(c),
		Button: t(c, "member_role_button", "name", k.Name, "role", role), Role: to,
	}
	if k.Role == club.Admin && k.Admins == 1 {
		page.Refused = t(c, "last_admin")
	}
	add := func(text string) { page.Changes = append(page.Changes, text) }
	if gains := s.abilitiesOf(c, to, k.Role); gains != "" {
		add(t(c, "member_role_gains", "name", k.Name, "abilities", gains))
	}
	if losses := s.abilitiesOf(c, k.Role, to); losses != "" {
		add(t(c, "member_role_loses", "name", k.Name, "abilities", losses))
	}
	switch {
	case to == club.Admin:
		add(t(c, "member_role_equal", "name", k.Name))
	case k.Role == club.Admin:
		s.addVoided(c, k, add)
		if k.PersonID == who(c).Person.ID {
			add(t(c, "member_role_no_way_back"))
		}
	}
	add(t(c, "member_signed_out", "name", k.Name))
	page.Stays = append(page.Stays, t(c, "member_role_stays", "name", k.Name))
	if k.Scheduled > 0 {
		page.Stays = append(page.Stays, i18n.N(ctx, "member_posts_stay", k.Scheduled, "name", k.Name))
	}
	return s.render(c, http.StatusOK, people.Ask(page))
}

// abilitiesOf says what one role lets somebody do that another does not.
func (s *Server) abilitiesOf(c echo.Context, role, other club.Role) string {
	var words []string
	for _, a := range []club.Action{club.WritePosts, club.SchedulePosts, club.ConnectAccount, club.ManageClub} {
		if role.Can(a) && !other.Can(a) {
			words = append(words, t(c, "ability_"+string(a)))
		}
	}
	return joinAnd(c, words)
}

// addVoided says what somebody loses who is not Admin any more.
func (s *Server) addVoided(c echo.Context, k store.Stake, add func(string)) {
	if k.Invitations > 0 {
		add(i18n.N(c.Request().Context(), "member_invitations_end", k.Invitations, "name", k.Name))
	}
}

// showMemberRemoval asks before a member is removed, and says what goes and what
// stays.
func (s *Server) showMemberRemoval(c echo.Context) error {
	k, err := s.stake(c)
	if err != nil {
		return err
	}
	ctx, a := c.Request().Context(), who(c)
	page := people.AskPage{
		Page: s.page(c, "settings", t(c, "member_remove_title", "name", k.Name, "club", a.Club.Name)), Action: c.Request().URL.Path, Back: membersPath, AskPassword: !s.gaveLately(c),
		Button: t(c, "member_remove_button", "name", k.Name),
	}
	add := func(text string) { page.Changes = append(page.Changes, text) }
	if k.PersonID == a.Person.ID {
		page.Page.Title, page.Button = t(c, "member_leave_title", "club", a.Club.Name), t(c, "member_leave_button", "club", a.Club.Name)
		add(t(c, "member_leave_ends", "club", a.Club.Name))
	} else {
		add(t(c, "member_remove_ends", "name", k.Name, "club", a.Club.Name))
	}
	if k.Role == club.Admin {
		if k.Admins == 1 {
			page.Refused = t(c, "last_admin")
		}
		s.addVoided(c, k, add)
	}
	stays := []string{t(c, "member_writing_stays")}
	if k.Scheduled > 0 {
		stays = append(stays, i18n.N(ctx, "member_posts_stay", k.Scheduled, "name", k.Name))
	}
	if len(k.Accounts) > 0 {
		var names []string
		for _, conn := range k.Accounts {
			names = append(names, t(c, "account_on", "account", labelOf(conn.Account), "platform", s.platformName(c, conn.Account.Platform)))
		}
		stays = append(stays, i18n.N(ctx, "member_accounts_stay", len(names), "name", k.Name, "accounts", joinAnd(c, names)))
	}
	if k.PersonID != a.Person.ID {
		stays = append(stays, t(c, "member_remove_again"))
	}
	page.Stays = stays
	return s.render(c, http.StatusOK, people.Ask(page))
}
