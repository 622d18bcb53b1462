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

const membersPath = "/settings/members"

// stake reads the member that an address names, with what hangs on them.
func (room *Room) stake(c echo.Context) (store.Stake, error) {
	n, err := web.PathID(c, "id")
	if err != nil {
		return store.Stake{}, err
	}
	return room.DB.Stake(c.Request().Context(), web.Scope(c), n)
}

// showMemberRole asks before a member gets another role, and says what it changes.
func (room *Room) showMemberRole(c echo.Context) error {
	to := club.Role(c.QueryParam("to"))
	k, err := room.stake(c)
	if err != nil {
		return err
	}
	if !to.Valid() || to == k.Role {
		return web.SeeOther(c, membersPath)
	}
	ctx, role := c.Request().Context(), web.T(c, "role_"+string(to))
	page := people.AskPage{
		Page: room.Page(c, "settings", web.T(c, "member_role_title", "name", k.Name, "role", role)), Action: c.Request().URL.Path, Back: membersPath, AskPassword: !room.GaveLately(c),
		Button: web.T(c, "member_role_button", "name", k.Name, "role", role), Fields: []people.Hidden{{Name: "role", Value: string(to)}},
	}
	if k.Role == club.Admin && k.Admins == 1 {
		page.Refused = web.T(c, "last_admin")
	}
	add := func(text string) { page.Changes = append(page.Changes, text) }
	if gains := room.abilitiesOf(c, to, k.Role); gains != "" {
		add(web.T(c, "member_role_gains", "name", k.Name, "abilities", gains))
	}
	if losses := room.abilitiesOf(c, k.Role, to); losses != "" {
		add(web.T(c, "member_role_loses", "name", k.Name, "abilities", losses))
	}
	switch {
	case to == club.Admin:
		add(web.T(c, "member_role_equal", "name", k.Name))
	case k.Role == club.Admin:
		room.addVoided(c, k, add)
		if k.PersonID == web.Actor(c).Person.ID {
			add(web.T(c, "member_role_no_way_back"))
		}
	}
	add(web.T(c, "member_signed_out", "name", k.Name))
	page.Stays = append(page.Stays, web.T(c, "member_role_stays", "name", k.Name))
	if k.Scheduled > 0 {
		page.Stays = append(page.Stays, i18n.N(ctx, "member_posts_stay", k.Scheduled, "name", k.Name))
	}
	return room.Render(c, http.StatusOK, people.Ask(page))
}

// abilitiesOf says what one role lets somebody do that another does not.
func (room *Room) abilitiesOf(c echo.Context, role, other club.Role) string {
	var words []string
	for _, a := range []club.Action{club.WritePosts, club.SchedulePosts, club.ConnectAccount, club.ManageClub} {
		if role.Can(a) && !other.Can(a) {
			words = append(words, web.T(c, "ability_"+string(a)))
		}
	}
	return web.JoinAnd(c, words)
}

// addVoided says what somebody loses who is not Admin any more.
func (room *Room) addVoided(c echo.Context, k store.Stake, add func(string)) {
	if k.Invitations > 0 {
		add(i18n.N(c.Request().Context(), "member_invitations_end", k.Invitations, "name", k.Name))
	}
}

// showMemberRemoval asks before a member is removed, and says what goes and what
// stays.
func (room *Room) showMemberRemoval(c echo.Context) error {
	k, err := room.stake(c)
	if err != nil {
		return err
	}
	ctx, a := c.Request().Context(), web.Actor(c)
	page := people.AskPage{
		Page: room.Page(c, "settings", web.T(c, "member_remove_title", "name", k.Name, "club", a.Club.Name)), Action: c.Request().URL.Path, Back: membersPath, AskPassword: !room.GaveLately(c),
		Button: web.T(c, "member_remove_button", "name", k.Name), Takes: true,
	}
	add := func(text string) { page.Changes = append(page.Changes, text) }
	if k.PersonID == a.Person.ID {
		page.Page.Title, page.Button = web.T(c, "member_leave_title", "club", a.Club.Name), web.T(c, "member_leave_button", "club", a.Club.Name)
		add(web.T(c, "member_leave_ends", "club", a.Club.Name))
	} else {
		add(web.T(c, "member_remove_ends", "name", k.Name, "club", a.Club.Name))
	}
	if k.Role == club.Admin {
		if k.Admins == 1 {
			page.Refused = web.T(c, "last_admin")
		}
		room.addVoided(c, k, add)
	}
	stays := []string{web.T(c, "member_writing_stays")}
	if k.Scheduled > 0 {
		stays = append(stays, i18n.N(ctx, "member_posts_stay", k.Scheduled, "name", k.Name))
	}
	if len(k.Accounts) > 0 {
		var names []string
		for _, conn := range k.Accounts {
			names = append(names, web.T(c, "account_on", "account", web.AccountLabel(conn.Account), "platform", room.PlatformName(c, conn.Account.Platform)))
		}
		stays = append(stays, i18n.N(ctx, "member_accounts_stay", len(names), "name", k.Name, "accounts", web.JoinAnd(c, names)))
	}
	if k.PersonID != a.Person.ID {
		stays = append(stays, web.T(c, "member_remove_again"))
	}
	page.Stays = stays
	return room.Render(c, http.StatusOK, people.Ask(page))
}
