package people

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/password"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/people"
)

// showInvitation is where an invitation link leads. Whoever holds the link must
// know to whom it was sent: it asks for the address first.
func (room *Room) showInvitation(c echo.Context) error {
	inv, err := room.DB.Invitation(c.Request().Context(), c.Param("token"))
	if err != nil {
		return err
	}
	return room.invitation(c, http.StatusOK, inv, room.invitationForm(c, inv), &web.Faults{})
}

// invitationForm is the form as it begins. Somebody who is signed in with the
// invited address has nothing left to prove.
func (room *Room) invitationForm(c echo.Context, inv store.Invitation) people.InvitationForm {
	f := people.InvitationForm{Token: c.Param("token"), By: inv.InvitedBy, Club: inv.ClubName, Role: inv.Role}
	if a := web.Actor(c); a != nil {
		f.SignedInAs = a.Person.Name
		if strings.EqualFold(a.Person.Email, inv.Email) {
			f.Email, f.Known = a.Person.Email, true
		}
	}
	return f
}

func (room *Room) invitation(c echo.Context, status int, inv store.Invitation, form people.InvitationForm, f *web.Faults) error {
	page := room.PlainPage(c, web.T(c, "invitation_title", "club", inv.ClubName))
	page.Faults, form.Errors = f.List, f.Errors()
	return room.Render(c, status, people.Invitation(page, form))
}

// acceptInvitation takes the address first. With the right one it makes the
// signed-in person a member, or asks for a name and a password and makes an
// account for this address.
func (room *Room) acceptInvitation(c echo.Context) error {
	ctx, token := c.Request().Context(), c.Param("token")
	inv, err := room.DB.Invitation(ctx, token)
	if err != nil {
		return err
	}
	form, f := room.invitationForm(c, inv), &web.Faults{}
	if !form.Known {
		form.Email = strings.TrimSpace(c.FormValue("email"))
		if err := room.proveInvited(c, inv, form.Email); err != nil {
			if err := f.Take(c, err); err != nil {
				return err
			}
			return room.invitation(c, f.Status(), inv, form, f)
		}
		form.Known = true
	}
	if a := web.Actor(c); a != nil {
		if c.FormValue("as") != "me" {
			return room.invitation(c, http.StatusOK, inv, form, f)
		}
		return room.joinAs(c, token, a.Person.ID)
	}
	form.Name = c.FormValue("name")
	if _, sent := c.Request().PostForm["password"]; !sent { //nolint:forbidigo // the values of a request, not a call
		_, err := room.DB.PersonByEmail(ctx, form.Email)
		if err != nil && !errors.Is(err, club.ErrNotFound) {
			return err
		}
		form.HasAccount = err == nil
		return room.invitation(c, http.StatusOK, inv, form, f)
	}
	p, err := room.newPerson(c, f, form.Name, form.Email, inv.ClubName)
	if err != nil {
		return err
	}
	if !f.Any() {
		person, joined, err := room.DB.AcceptInvitationAsNew(ctx, token, p, web.Origin(c))
		if err == nil {
			if err := room.SignIn(c, person, joined.ClubID); err != nil {
				return err
			}
			room.Flash(c, "done", web.T(c, "invitation_welcome", "club", joined.ClubName))
			return web.SeeOther(c, "/calendar")
		}
		if err := f.Take(c, err); err != nil {
			return err
		}
	}
	return room.invitation(c, f.Status(), inv, form, f)
}

// proveInvited checks that somebody knows the address an invitation was made
// for. Tries are counted for the invitation and for where they come from.
func (room *Room) proveInvited(c echo.Context, inv store.Invitation, email string) error {
	if _, err := club.ParseEmail("email", email); err != nil {
		return err // nothing was guessed
	}
	number := strconv.FormatInt(inv.ID, 10)
	at := []web.Guarded{{What: "invitation " + number, Most: web.MaxTries}, addressGuard(c)}
	right := strings.EqualFold(email, inv.Email)
	if wait := room.Tries.Guess(room.Now(), right, at...); wait > 0 {
		room.Distrust(c, store.Scope{ClubID: inv.ClubID}, "invitation_locked", inv.Email, number)
		return &club.Error{Code: club.TooMany, Key: "error_too_many", Wait: wait}
	}
	if !right {
		room.Distrust(c, store.Scope{ClubID: inv.ClubID}, "invitation_missed", inv.Email, "")
		return club.Fault("email", "invitation_other_address", "by", inv.InvitedBy)
	}
	return nil
}

// joinAs makes somebody who is signed in a member.
func (room *Room) joinAs(c echo.Context, token string, personID int64) error {
	ctx := c.Request().Context()
	inv, err := room.DB.AcceptInvitation(ctx, token, personID, web.Origin(c))
	if err != nil {
		return err
	}
	if err := room.EnterClub(ctx, inv.ClubID); err != nil {
		return err
	}
	room.Flash(c, "done", web.T(c, "invitation_welcome", "club", inv.ClubName))
	return web.SeeOther(c, "/calendar")
}

// showSignInLink is where a link leads that an Admin made for somebody who
// forgot their password.
func (room *Room) showSignInLink(c echo.Context) error {
	p, err := room.DB.PasswordReset(c.Request().Context(), c.Param("token"))
	if err != nil {
		return err
	}
	return room.Render(c, http.StatusOK, people.NewPassword(room.PlainPage(c, web.T(c, "reset_title")), people.PasswordForm{Token: c.Param("token"), Email: p.Email}))
}

func (room *Room) useSignInLink(c echo.Context) error {
	ctx := c.Request().Context()
	p, err := room.DB.PasswordReset(ctx, c.Param("token"))
	if err != nil {
		return err
	}
	f := &web.Faults{}
	hash, err := room.newPassword(c, f, p.ID, p.Name, p.Email)
	if err != nil {
		return err
	}
	if f.Any() {
		page := room.PlainPage(c, web.T(c, "reset_title"))
		page.Faults = f.List
		return room.Render(c, http.StatusUnprocessableEntity, people.NewPassword(page, people.PasswordForm{Token: c.Param("token"), Email: p.Email, Errors: f.Errors()}))
	}
	person, err := room.DB.UsePasswordReset(ctx, c.Param("token"), hash, web.Origin(c))
	if err != nil {
		return err
	}
	if err := room.SignIn(c, person, 0); err != nil {
		return err
	}
	room.Flash(c, "done", web.T(c, "reset_done"))
	return web.SeeOther(c, "/calendar")
}

// newPassword checks the password that somebody chose for themselves and hashes
// it, if nothing else in the form is wrong.
func (room *Room) newPassword(c echo.Context, f *web.Faults, personID int64, names ...string) (hash string, err error) {
	ctx := c.Request().Context()
	clubs, err := room.clubNames(ctx, personID)
	if err != nil {
		return "", err
	}
	pw := c.FormValue("password")
	if err := f.Take(c, password.Check("password", pw, append(names, clubs...)...)); err != nil || f.Any() {
		return "", err
	}
	return room.Passwords.Hash(ctx, pw)
}

// clubNames are the names of the clubs that a person is in.
func (room *Room) clubNames(ctx context.Context, personID int64) ([]string, error) {
	all, err := room.DB.Memberships(ctx, personID)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, m := range all {
		names = append(names, m.Club.Name)
	}
	return names, nil
}
