package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/password"
	"github.com/bandstand-app/bandstand/views/people"
)

// showInvitation is where an invitation link leads.
func (s *Server) showInvitation(c echo.Context) error {
	noReferrer(c)
	inv, err := s.DB.Invitation(c.Request().Context(), c.Param("token"))
	if err != nil {
		return err
	}
	page := s.plainPage(c, t(c, "invitation_title", "club", inv.ClubName))
	return s.render(c, http.StatusOK, people.Invitation(page, s.invitationForm(c, inv.InvitedBy, inv.ClubName, inv.Role, inv.Email)))
}

func (s *Server) invitationForm(c echo.Context, by, clubName string, role club.Role, email string) people.InvitationForm {
	f := people.InvitationForm{Token: c.Param("token"), By: by, Club: clubName, Role: role, Email: email}
	if a := who(c); a != nil {
		f.SignedInAs = a.Person.Name
	}
	return f
}

// acceptInvitation makes the signed-in person a member, or a new person.
func (s *Server) acceptInvitation(c echo.Context) error {
	ctx, token := c.Request().Context(), c.Param("token")
	if a := who(c); a != nil && c.FormValue("as") == "me" {
		inv, err := s.DB.AcceptInvitation(ctx, token, a.Person.ID, origin(c))
		if err != nil {
			return err
		}
		if err := s.enterClub(ctx, inv.ClubID); err != nil {
			return err
		}
		s.flash(c, "done", t(c, "invitation_welcome", "club", inv.ClubName))
		return seeOther(c, "/calendar")
	}
	inv, err := s.DB.Invitation(ctx, token)
	if err != nil {
		return err
	}
	f := &faults{c: c}
	p, err := s.newPerson(f, c.FormValue("name"), c.FormValue("email"), c.FormValue("password"), c)
	if err != nil {
		return err
	}
	if !f.any() {
		person, joined, err := s.DB.AcceptInvitationAsNew(ctx, token, p, origin(c))
		if err == nil {
			if err := s.signIn(c, person, joined.ClubID); err != nil {
				return err
			}
			s.flash(c, "done", t(c, "invitation_welcome", "club", joined.ClubName))
			return seeOther(c, "/calendar")
		}
		if err := f.take(err); err != nil {
			return err
		}
	}
	form := s.invitationForm(c, inv.InvitedBy, inv.ClubName, inv.Role, c.FormValue("email"))
	form.Name, form.Errors = c.FormValue("name"), f.errors()
	page := s.plainPage(c, t(c, "invitation_title", "club", inv.ClubName))
	page.Faults = f.list
	return s.render(c, f.status(), people.Invitation(page, form))
}

// showSignInLink is where a link leads that an Admin made for somebody who
// forgot their password.
func (s *Server) showSignInLink(c echo.Context) error {
	noReferrer(c)
	p, err := s.DB.PasswordReset(c.Request().Context(), c.Param("token"))
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, people.NewPassword(s.plainPage(c, t(c, "reset_title")), people.PasswordForm{Token: c.Param("token"), Email: p.Email}))
}

func (s *Server) useSignInLink(c echo.Context) error {
	ctx := c.Request().Context()
	p, err := s.DB.PasswordReset(ctx, c.Param("token"))
	if err != nil {
		return err
	}
	f := &faults{c: c}
	pw := c.FormValue("password")
	if err := f.take(password.Check("password", pw, p.Name, p.Email)); err != nil {
		return err
	}
	if f.any() {
		page := s.plainPage(c, t(c, "reset_title"))
		page.Faults = f.list
		return s.render(c, http.StatusUnprocessableEntity, people.NewPassword(page, people.PasswordForm{Token: c.Param("token"), Email: p.Email, Errors: f.errors()}))
	}
	hash, err := s.Passwords.Hash(ctx, pw)
	if err != nil {
		return err
	}
	person, err := s.DB.UsePasswordReset(ctx, c.Param("token"), hash, origin(c))
	if err != nil {
		return err
	}
	if err := s.signIn(c, person, 0); err != nil {
		return err
	}
	s.flash(c, "done", t(c, "reset_done"))
	return seeOther(c, "/calendar")
}

// noReferrer keeps the secret in an address from the next page.
func noReferrer(c echo.Context) { c.Response().Header().Set("Referrer-Policy", "no-referrer") }
