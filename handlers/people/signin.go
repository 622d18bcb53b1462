package people

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

func (room *Room) showSignIn(c echo.Context) error {
	to := web.LocalPath(c.QueryParam("to"))
	if web.Actor(c) != nil {
		return c.Redirect(http.StatusSeeOther, cmp.Or(to, "/calendar"))
	}
	form := people.SignInForm{To: to, Kept: strings.HasPrefix(to, web.KeptPath)}
	page := room.PlainPage(c, web.T(c, "signin_title"))
	if c.QueryParam("because") == web.BecauseGone {
		page.Flash = &layout.Flash{Kind: "problem", Text: web.T(c, "signin_at_gone")}
	}
	return room.Render(c, http.StatusOK, people.SignIn(page, form))
}

// createSignIn checks e-mail and password. One message for both, and the same
// work whether or not the person exists.
func (room *Room) createSignIn(c echo.Context) error {
	ctx := c.Request().Context()
	form := people.SignInForm{Email: strings.TrimSpace(c.FormValue("email")), To: web.LocalPath(c.FormValue("to")), Dialog: c.FormValue("dialog") != ""}
	form.Kept = strings.HasPrefix(form.To, web.KeptPath)
	p, err := room.checkPassword(c, form.Email, c.FormValue("password"))
	if ce, ok := errors.AsType[*club.Error](err); ok {
		form.Error = web.T(c, ce.Key)
		web.RetryAfter(c, err)
		return room.signInAgain(c, web.StatusOf[ce.Code], form)
	}
	if err != nil {
		return err
	}
	at := room.SessionClub(ctx)
	if form.Dialog {
		// The page that is still open is one of this club.
		if at, err = room.clubOfPage(c, p.ID); err != nil {
			return err
		}
	}
	if form.Kept {
		// What was put aside is for the person who wrote it, in the club they wrote
		// it for; anybody else begins as usual.
		at, err = room.DB.KeptFormClub(ctx, p.ID, strings.TrimPrefix(form.To, web.KeptPath))
		if errors.Is(err, club.ErrNotFound) {
			form.To, err = "", nil
		}
		if err != nil {
			return err
		}
	}
	if err := room.SignIn(c, p, at); err != nil {
		if !club.Storage(err) {
			return err
		}
		p := room.ProblemOf(c, err)
		form.Error = p.Text
		return room.signInAgain(c, p.Status, form)
	}
	if form.Dialog && web.IsHX(c) {
		c.Response().Header().Set("HX-Trigger", "bs:signed-in")
		words := web.T(c, "signin_back")
		if c.FormValue("again") != "" {
			words = web.T(c, "signin_back_again")
		}
		return room.Render(c, http.StatusOK, layout.Toast("done", words))
	}
	if form.To == "" {
		form.To = "/calendar"
	}
	return web.SeeOther(c, form.To)
}

// clubOfPage is the club of the page on which a person signs in again, 0 if they
// are not in it any more.
func (room *Room) clubOfPage(c echo.Context, personID int64) (int64, error) {
	m, err := room.DB.Membership(c.Request().Context(), web.ParseID(c.FormValue("club")), personID)
	if errors.Is(err, club.ErrNotFound) {
		return 0, nil
	}
	return m.Club.ID, err
}

// checkPassword is the one way to prove who one is by password.
func (room *Room) checkPassword(c echo.Context, email, password string) (store.Person, error) {
	ctx := c.Request().Context()
	p, err := room.DB.PersonByEmail(ctx, email)
	if err != nil && !errors.Is(err, club.ErrNotFound) {
		return p, err
	}
	account, err := room.accountGuard(c, p.ID, email)
	if err != nil {
		return p, err
	}
	address := addressGuard(c)
	if wait := room.Tries.Begin(room.Now(), account, address); wait > 0 {
		room.Distrust(c, store.Scope{PersonID: p.ID}, "signin_locked", "", account.What)
		return store.Person{}, &club.Error{Code: club.TooMany, Key: "error_too_many", Wait: wait}
	}
	ok, old, err := room.Passwords.Matches(ctx, password, p.PasswordHash)
	if err != nil {
		room.Tries.Undo(room.Now(), account, address)
		return store.Person{}, err
	}
	if !ok {
		if _, err := club.ParseEmail("", email); err == nil && password != "" {
			room.Distrust(c, store.Scope{PersonID: p.ID}, "signin_failed", "", "") // known or not: it takes as long
		}
		return store.Person{}, &club.Error{Code: club.Invalid, Key: "signin_wrong"}
	}
	room.Tries.Undo(room.Now(), address)
	room.Tries.Forget(account)
	if old {
		hash, err := room.Passwords.Hash(ctx, password)
		if err != nil {
			return p, err
		}
		if err := room.DB.RehashPassword(ctx, p.ID, p.PasswordHash, hash); err != nil {
			return p, err
		}
	}
	return p, nil
}

// KnownFor is how long a place is known from which somebody signed in.
const KnownFor = 90 * 24 * time.Hour

// accountGuard is what tries at an account count for. Where the person signed in
// from before, tries count apart from those of the rest of the world: nobody
// else can keep them out by trying again and again.
func (room *Room) accountGuard(c echo.Context, personID int64, email string) (web.Guarded, error) {
	g := web.Guarded{What: "email " + strings.ToLower(email), Most: web.MaxTries}
	origins, err := room.DB.SignInOrigins(c.Request().Context(), personID, room.Now().Add(-KnownFor))
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

func (room *Room) signInAgain(c echo.Context, status int, form people.SignInForm) error {
	if form.Dialog && web.IsHX(c) {
		room.ToDialog(c)
		return room.Render(c, status, people.SignInDialog(form))
	}
	page := room.PlainPage(c, web.T(c, "signin_title"))
	page.Faults = []layout.Fault{{Field: "email", Text: form.Error}}
	return room.Render(c, status, people.SignIn(page, form))
}

// createSignOut ends the session, and lets the browser forget what it keeps of it:
// copies of pages, and of what was typed.
func (room *Room) createSignOut(c echo.Context) error {
	ctx := c.Request().Context()
	if !room.Plain() { // there, browsers do not listen
		c.Response().Header().Set("Clear-Site-Data", `"cache", "storage"`)
	}
	if err := room.Sessions.Destroy(ctx); err != nil {
		return err
	}
	if err := room.DB.Audit(ctx, store.Scope{PersonID: web.Actor(c).Person.ID}, "signed_out", "", web.Origin(c)); err != nil && !club.Storage(err) {
		return err
	}
	return web.SeeOther(c, "/sign-in")
}
