package handlers

import (
	"cmp"
	"errors"
	"net/http"
	"strings"

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
	return s.render(c, http.StatusOK, people.SignIn(s.plainPage(c, t(c, "signin_title")), form))
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
		return s.signInAgain(c, statusOf[ce.Code], form)
	}
	if err != nil {
		return err
	}
	at := s.sessions.GetInt64(ctx, keyClub)
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
	if err := s.signIn(ctx, p.ID, at); err != nil {
		if !club.Storage(err) {
			return err
		}
		p := s.problemOf(c, err)
		form.Error = p.text
		return s.signInAgain(c, p.status, form)
	}
	if form.Dialog && isHX(c) {
		c.Response().Header().Set("HX-Trigger", "bs:signed-in")
		return s.render(c, http.StatusOK, layout.Toast("done", t(c, "signin_back")))
	}
	if form.To == "" {
		form.To = "/calendar"
	}
	return seeOther(c, form.To)
}

// checkPassword is the one way to prove who one is by password.
func (s *Server) checkPassword(c echo.Context, email, password string) (store.Person, error) {
	ctx, now := c.Request().Context(), s.Now()
	keys := []string{"email " + strings.ToLower(email), "address " + c.RealIP()}
	if s.signIns.blocked(keys[0], now) || s.signIns.blocked(keys[1], now) {
		return store.Person{}, &club.Error{Code: club.TooMany, Key: "error_too_many"}
	}
	p, err := s.DB.PersonByEmail(ctx, email)
	if err != nil && !errors.Is(err, club.ErrNotFound) {
		return p, err
	}
	ok, old, err := s.Passwords.Matches(ctx, password, p.PasswordHash)
	if err != nil {
		return p, err
	}
	if !ok {
		for _, k := range keys {
			s.signIns.wrong(k, now)
		}
		return p, &club.Error{Code: club.Invalid, Key: "signin_wrong"}
	}
	s.signIns.right(keys[0])
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

func (s *Server) createSignOut(c echo.Context) error {
	if err := s.sessions.Destroy(c.Request().Context()); err != nil {
		return err
	}
	return seeOther(c, "/sign-in")
}

// localPath keeps a way back only if it is a path of ours.
func localPath(p string) string {
	if !strings.HasPrefix(p, "/") || strings.HasPrefix(p, "//") || strings.ContainsAny(p, "\\\r\n\t") {
		return ""
	}
	return p
}
