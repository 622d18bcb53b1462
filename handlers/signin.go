package handlers

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/layout"
	"github.com/bandstand-app/bandstand/views/people"
)

func (s *Server) showSignIn(c echo.Context) error {
	to := localPath(c.QueryParam("to"))
	if who(c) != nil {
		return c.Redirect(http.StatusSeeOther, cmp.Or(to, "/calendar"))
	}
	form := people.SignInForm{To: to, Kept: strings.HasPrefix(to, keptPath)}
	page := s.plainPage(c, t(c, "signin_title"))
	if c.QueryParam("because") == becauseGone {
		page.Flash = &layout.Flash{Kind: "problem", Text: t(c, "signin_at_gone")}
	}
	return s.render(c, http.StatusOK, people.SignIn(page, form))
}

// createSignIn checks e-mail and password. One message for both, and the same
// work whether or not the person exists.
func (s *Server) createSignIn(c echo.Context) error {
	ctx := c.Request().Context()
	form := people.SignInForm{Email: strings.TrimSpace(c.FormValue("email")), To: localPath(c.FormValue("to")), Dialog: c.FormValue("dialog") != ""}
	form.Kept = strings.HasPrefix(form.To, keptPath)
	p, err := s.checkPassword(c, form.Email, c.FormValue("password"))
	if ce, ok := errors.AsType[*club.Error](err); ok {
		form.Error = t(c, ce.Key)
		retryAfter(c, err)
		return s.signInAgain(c, statusOf[ce.Code], form)
	}
	if err != nil {
		return err
	}
	at := s.sessions.GetInt64(ctx, keyClub)
	if form.Dialog {
		// The page that is still open is one of this club.
		if at, err = s.clubOfPage(c, p.ID); err != nil {
			return err
		}
	}
	if form.Kept {
		// What was put aside is for the person who wrote it, in the club they wrote
		// it for; anybody else begins as usual.
		at, err = s.DB.KeptFormClub(ctx, p.ID, strings.TrimPrefix(form.To, keptPath))
		if errors.Is(err, club.ErrNotFound) {
			form.To, err = "", nil
		}
		if err != nil {
			return err
		}
	}
	if err := s.signIn(c, p, at); err != nil {
		if !club.Storage(err) {
			return err
		}
		p := s.problemOf(c, err)
		form.Error = p.text
		return s.signInAgain(c, p.status, form)
	}
	if form.Dialog && isHX(c) {
		c.Response().Header().Set("HX-Trigger", "bs:signed-in")
		words := t(c, "signin_back")
		if c.FormValue("again") != "" {
			words = t(c, "signin_back_again")
		}
		return s.render(c, http.StatusOK, layout.Toast("done", words))
	}
	if form.To == "" {
		form.To = "/calendar"
	}
	return seeOther(c, form.To)
}

// clubOfPage is the club of the page on which a person signs in again, 0 if they
// are not in it any more.
func (s *Server) clubOfPage(c echo.Context, personID int64) (int64, error) {
	m, err := s.DB.Membership(c.Request().Context(), parseID(c.FormValue("club")), personID)
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
	if wait := s.signIns.begin(s.Now(), account, address); wait > 0 {
		s.distrust(c, store.Scope{PersonID: p.ID}, "signin_locked", "", account.what)
		return store.Person{}, &club.Error{Code: club.TooMany, Key: "error_too_many", Wait: wait}
	}
	ok, old, err := s.Passwords.Matches(ctx, password, p.PasswordHash)
	if err != nil {
		s.signIns.undo(s.Now(), account, address)
		return store.Person{}, err
	}
	if !ok {
		if _, err := club.ParseEmail("", email); err == nil && password != "" {
			s.distrust(c, store.Scope{PersonID: p.ID}, "signin_failed", "", "") // known or not: it takes as long
		}
		return store.Person{}, &club.Error{Code: club.Invalid, Key: "signin_wrong"}
	}
	s.signIns.undo(s.Now(), address)
	s.signIns.forget(account)
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
func (s *Server) accountGuard(c echo.Context, personID int64, email string) (guarded, error) {
	g := guarded{"email " + strings.ToLower(email), maxTries}
	origins, err := s.DB.SignInOrigins(c.Request().Context(), personID, s.Now().Add(-knownFor))
	if err != nil {
		return g, err
	}
	here := triesFrom(c)
	if slices.ContainsFunc(origins, func(o string) bool { return network(o) == here }) {
		g.what += " from " + here
	}
	return g, nil
}

// addressGuard is what all tries from an address count for.
func addressGuard(c echo.Context) guarded {
	return guarded{"address " + triesFrom(c), maxAddressTries}
}

func (s *Server) signInAgain(c echo.Context, status int, form people.SignInForm) error {
	if form.Dialog && isHX(c) {
		s.dialogHeaders(c)
		return s.render(c, status, people.SignInDialog(form))
	}
	page := s.plainPage(c, t(c, "signin_title"))
	page.Faults = []layout.Fault{{Field: "email", Text: form.Error}}
	return s.render(c, status, people.SignIn(page, form))
}

// showSignInDialog answers an htmx request of somebody whose sign-in has ended:
// what they typed stays on the page.
func (s *Server) showSignInDialog(c echo.Context) {
	s.dialogHeaders(c)
	_ = s.render(c, http.StatusUnauthorized, people.SignInDialog(people.SignInForm{Dialog: true}))
}

// dialogHeaders send the answer into the dialog of the page.
func (s *Server) dialogHeaders(c echo.Context) {
	c.Response().Header().Set("HX-Retarget", "#dialog-root")
	c.Response().Header().Set("HX-Reswap", "innerHTML")
}

// createSignOut ends the session, and lets the browser forget what it keeps of it:
// copies of pages, and of what was typed.
func (s *Server) createSignOut(c echo.Context) error {
	ctx := c.Request().Context()
	if !s.plain() { // there, browsers do not listen
		c.Response().Header().Set("Clear-Site-Data", `"cache", "storage"`)
	}
	if err := s.sessions.Destroy(ctx); err != nil {
		return err
	}
	if err := s.DB.Audit(ctx, store.Scope{PersonID: who(c).Person.ID}, "signed_out", "", origin(c)); err != nil && !club.Storage(err) {
		return err
	}
	return seeOther(c, "/sign-in")
}

// localPath keeps a way back only if it is a path of ours, and text.
func localPath(p string) string {
	if !utf8.ValidString(p) || !strings.HasPrefix(p, "/") || strings.HasPrefix(p, "//") || strings.ContainsAny(p, "\\\r\n\t") {
		return ""
	}
	return p
}
