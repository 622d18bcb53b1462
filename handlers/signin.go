package handlers

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/layout"
	"github.com/bandstand-app/bandstand/views/people"
)

func (s *Server) showSignIn(c echo.Context) error {
	to := web.LocalPath(c.QueryParam("to"))
	if web.Actor(c) != nil {
		return c.Redirect(http.StatusSeeOther, cmp.Or(to, "/calendar"))
	}
	form := people.SignInForm{To: to, Kept: strings.HasPrefix(to, web.KeptPath)}
	page := s.PlainPage(c, web.T(c, "signin_title"))
	if c.QueryParam("because") == web.BecauseGone {
		page.Flash = &layout.Flash{Kind: "problem", Text: web.T(c, "signin_at_gone")}
	}
	return s.Render(c, http.StatusOK, people.SignIn(page, form))
}

// createSignIn checks e-mail and password. One message for both, and the same
// work whether or not the person exists.
func (s *Server) createSignIn(c echo.Context) error {
	ctx := c.Request().Context()
	form := people.SignInForm{Email: strings.TrimSpace(c.FormValue("email")), To: web.LocalPath(c.FormValue("to")), Dialog: c.FormValue("dialog") != ""}
	form.Kept = strings.HasPrefix(form.To, web.KeptPath)
	p, err := s.checkPassword(c, form.Email, c.FormValue("password"))
	if ce, ok := errors.AsType[*club.Error](err); ok {
		form.Error = web.T(c, ce.Key)
		web.RetryAfter(c, err)
		return s.signInAgain(c, web.StatusOf[ce.Code], form)
	}
	if err != nil {
		return err
	}
	at := s.SessionClub(ctx)
	if form.Dialog {
		// The page that is still open is one of this club.
		if at, err = s.clubOfPage(c, p.ID); err != nil {
			return err
		}
	}
	if form.Kept {
		// What was put aside is for the person who wrote it, in the club they wrote
		// it for; anybody else begins as usual.
		at, err = s.DB.KeptFormClub(ctx, p.ID, strings.TrimPrefix(form.To, web.KeptPath))
		if errors.Is(err, club.ErrNotFound) {
			form.To, err = "", nil
		}
		if err != nil {
			return err
		}
	}
	if err := s.SignIn(c, p, at); err != nil {
		if !club.Storage(err) {
			return err
		}
		p := s.ProblemOf(c, err)
		form.Error = p.Text
		return s.signInAgain(c, p.Status, form)
	}
	if form.Dialog && web.IsHX(c) {
		c.Response().Header().Set("HX-Trigger", "bs:signed-in")
		words := web.T(c, "signin_back")
		if c.FormValue("again") != "" {
			words = web.T(c, "signin_back_again")
		}
		return s.Render(c, http.StatusOK, layout.Toast("done", words))
	}
	if form.To == "" {
		form.To = "/calendar"
	}
	return web.SeeOther(c, form.To)
}

// clubOfPage is the club of the page on which a person signs in again, 0 if they
// are not in it any more.
func (s *Server) clubOfPage(c echo.Context, personID int64) (int64, error) {
	m, err := s.DB.Membership(c.Request().Context(), web.ParseID(c.FormValue("club")), personID)
	if errors.Is(err, club.ErrNotFound) {
		return 0, nil
	}
	return m.Club.ID, err
}

// checkPassword is the one way to prove who one is by password.
func (s *Server) checkPassword(c echo.Context, email, password string) (store.Person, error) {
	ctx := c.Request().Context()
	p, err := s.DB.PersonByEmail(ctx, email)
	if err != nil && !errors.Is(err, club.ErrNotFound) {
		return p, err
	}
	account, err := s.accountGuard(c, p.ID, email)
	if err != nil {
		return p, err
	}
	address := addressGuard(c)
	if wait := s.Tries.Begin(s.Now(), account, address); wait > 0 {
		s.Distrust(c, store.Scope{PersonID: p.ID}, "signin_locked", "", account.What)
		return store.Person{}, &club.Error{Code: club.TooMany, Key: "error_too_many", Wait: wait}
	}
	ok, old, err := s.Passwords.Matches(ctx, password, p.PasswordHash)
	if err != nil {
		s.Tries.Undo(s.Now(), account, address)
		return store.Person{}, err
	}
	if !ok {
		if _, err := club.ParseEmail("", email); err == nil && password != "" {
			s.Distrust(c, store.Scope{PersonID: p.ID}, "signin_failed", "", "") // known or not: it takes as long
		}
		return store.Person{}, &club.Error{Code: club.Invalid, Key: "signin_wrong"}
	}
	s.Tries.Undo(s.Now(), address)
	s.Tries.Forget(account)
	if old {
		hash, err := s.Passwords.Hash(ctx, password)
		if err != nil {
			return p, err
		}
		if err := s.DB.RehashPassword(ctx, p.ID, p.PasswordHash, hash); err != nil {
			return p, err
		}
	}
	return p, nil
}

// knownFor is how long a place is known from which somebody signed in.
const knownFor = 90 * 24 * time.Hour

// accountGuard is what tries at an account count for. Where the person signed in
// from before, tries count apart from those of the rest of the world: nobody
// else can keep them out by trying again and again.
func (s *Server) accountGuard(c echo.Context, personID int64, email string) (web.Guarded, error) {
	g := web.Guarded{What: "email " + strings.ToLower(email), Most: web.MaxTries}
	origins, err := s.DB.SignInOrigins(c.Request().Context(), personID, s.Now().Add(-knownFor))
	if err != nil {
		return g, err
	}
	here := web.TriesFrom(c)
	if slices.ContainsFunc(origins, func(o string) bool { return web.Network(o) == here }) {
		g.What += " from " + here
	}
	return g, nil
}

// addressGuard is what all tries from an address count for.
func addressGuard(c echo.Context) web.Guarded {
	return web.Guarded{What: "address " + web.TriesFrom(c), Most: web.MaxAddressTries}
}

func (s *Server) signInAgain(c echo.Context, status int, form people.SignInForm) error {
	if form.Dialog && web.IsHX(c) {
		s.ToDialog(c)
		return s.Render(c, status, people.SignInDialog(form))
	}
	page := s.PlainPage(c, web.T(c, "signin_title"))
	page.Faults = []layout.Fault{{Field: "email", Text: form.Error}}
	return s.Render(c, status, people.SignIn(page, form))
}

// createSignOut ends the session, and lets the browser forget what it keeps of it:
// copies of pages, and of what was typed.
func (s *Server) createSignOut(c echo.Context) error {
	ctx := c.Request().Context()
	if !s.Plain() { // there, browsers do not listen
		c.Response().Header().Set("Clear-Site-Data", `"cache", "storage"`)
	}
	if err := s.Sessions.Destroy(ctx); err != nil {
		return err
	}
	if err := s.DB.Audit(ctx, store.Scope{PersonID: web.Actor(c).Person.ID}, "signed_out", "", web.Origin(c)); err != nil && !club.Storage(err) {
		return err
	}
	return web.SeeOther(c, "/sign-in")
}
