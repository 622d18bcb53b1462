package people

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/text/language"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/password"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/people"
)

func (room *Room) showSetup(c echo.Context) error {
	needed, err := room.DB.NeedsSetup(c.Request().Context())
	if err != nil {
		return err
	}
	if !needed {
		return c.Redirect(http.StatusSeeOther, "/sign-in")
	}
	return room.Render(c, http.StatusOK, people.Setup(room.PlainPage(c, web.T(c, "setup_title")), people.SetupForm{
		Code: c.QueryParam("code"), Zone: "Europe/Dublin", WeekStart: "1", Language: readersLanguage(c), Zones: club.Zones(),
	}))
}

// createSetup makes the first person and the first club (rule W9).
func (room *Room) createSetup(c echo.Context) error {
	ctx := c.Request().Context()
	form := people.SetupForm{
		Code: strings.TrimSpace(c.FormValue("code")), Name: c.FormValue("name"), Email: c.FormValue("email"),
		Club: c.FormValue("club"), Zone: c.FormValue("zone"), WeekStart: c.FormValue("week_start"), Language: cmp.Or(c.FormValue("language"), readersLanguage(c)), Zones: club.Zones(),
	}
	f := &web.Faults{}
	tries := web.Guarded{What: "setup " + web.TriesFrom(c), Most: web.MaxTries}
	if wait := room.Tries.Begin(room.Now(), tries); wait > 0 {
		room.Distrust(c, store.Scope{}, "setup_locked", "", tries.What)
		return &club.Error{Code: club.TooMany, Key: "error_too_many", Wait: wait}
	}
	err := room.DB.CheckSetupCode(ctx, form.Code)
	if club.CodeOf(err) != club.Forbidden {
		room.Tries.Undo(room.Now(), tries)
	}
	if err := f.Take(c, err); err != nil {
		return err
	}
	p, err := room.newPerson(c, f, form.Name, form.Email, form.Club)
	if err != nil {
		return err
	}
	nc, err := cleanClub(c, f, form.Club, form.Zone, form.WeekStart, form.Language)
	if err != nil {
		return err
	}
	if !f.Any() {
		person, made, err := room.DB.CreateFirst(ctx, p, nc, web.Origin(c))
		if err == nil {
			if err := room.SignIn(c, person, made.ID); err != nil {
				return err
			}
			room.Flash(c, "done", web.T(c, "setup_done_next", "club", made.Name))
			return web.SeeOther(c, "/calendar")
		}
		if err := f.Take(c, err); err != nil {
			return err
		}
	}
	form.Errors = f.Errors()
	page := room.PlainPage(c, web.T(c, "setup_title"))
	page.Faults = f.List
	return room.Render(c, f.Status(), people.Setup(page, form))
}

// newPerson checks what a person said of themselves, and their password, which
// must not hold the name of the club. It is hashed only when everything else is
// right.
func (room *Room) newPerson(c echo.Context, f *web.Faults, name, email, clubName string) (store.NewPerson, error) {
	var p store.NewPerson
	var err error
	p.Name, err = club.ParseName("name", "enter_name", name)
	if err := f.Take(c, err); err != nil {
		return p, err
	}
	p.Email, err = club.ParseEmail("email", email)
	if err := f.Take(c, err); err != nil {
		return p, err
	}
	pw := c.FormValue("password")
	if err := f.Take(c, password.Check("password", pw, name, email, clubName)); err != nil {
		return p, err
	}
	if f.Any() {
		return p, nil
	}
	p.PasswordHash, err = room.Passwords.Hash(c.Request().Context(), pw)
	return p, err
}

// cleanClub checks what was said of a club. A form without a language, as one
// that was opened before an update, leaves it as it is.
func cleanClub(c echo.Context, f *web.Faults, name, zone, weekStart, lang string) (store.NewClub, error) {
	var nc store.NewClub
	var err error
	nc.Name, err = club.ParseName("club", "enter_club", name)
	if err := f.Take(c, err); err != nil {
		return nc, err
	}
	nc.Zone, err = club.ParseZone("zone", zone)
	if err := f.Take(c, err); err != nil {
		return nc, err
	}
	switch weekStart {
	case "0":
		nc.WeekStart = time.Sunday
	case "1":
		nc.WeekStart = time.Monday
	default:
		_ = f.Take(c, club.Fault("week_start", "choose_listed"))
	}
	if lang != "" {
		nc.Language, err = club.ParseLanguage("language", lang)
		if err := f.Take(c, err); err != nil {
			return nc, err
		}
	}
	return nc, nil
}

// readersLanguage is the language of posts that a browser prefers, or English.
func readersLanguage(c echo.Context) string {
	wanted, _, err := language.ParseAcceptLanguage(c.Request().Header.Get("Accept-Language"))
	if err != nil {
		return club.DefaultLanguage
	}
	offered := []language.Tag{language.Make(club.DefaultLanguage)} // the first is what nothing else fits
	for _, l := range club.Languages() {
		offered = append(offered, language.Make(l.Tag))
	}
	_, i, confidence := language.NewMatcher(offered).Match(wanted...)
	if i == 0 || confidence == language.No {
		return club.DefaultLanguage
	}
	return club.Languages()[i-1].Tag
}

// newClub shows the form for one more club on this installation. Whoever looks
// after a club may add another.
func (room *Room) newClub(c echo.Context) error {
	return room.Render(c, http.StatusOK, people.NewClub(room.Page(c, "settings", web.T(c, "club_new_title")), people.ClubForm{Zone: web.Actor(c).Club.Zone, WeekStart: "1", Language: readersLanguage(c), Zones: club.Zones()}))
}

func (room *Room) createClub(c echo.Context) error {
	form := people.ClubForm{Name: c.FormValue("club"), Zone: c.FormValue("zone"), WeekStart: c.FormValue("week_start"), Language: cmp.Or(c.FormValue("language"), readersLanguage(c)), Zones: club.Zones()}
	f := &web.Faults{}
	nc, err := cleanClub(c, f, form.Name, form.Zone, form.WeekStart, form.Language)
	if err != nil {
		return err
	}
	var made store.Club
	if !f.Any() {
		made, err = room.DB.CreateClub(c.Request().Context(), web.Actor(c).Person.ID, nc, web.Origin(c))
		if err := f.Take(c, err); err != nil {
			return err
		}
	}
	if f.Any() {
		form.Errors = f.Errors()
		page := room.Page(c, "settings", web.T(c, "club_new_title"))
		page.Faults = f.List
		return room.Render(c, f.Status(), people.NewClub(page, form))
	}
	if err := room.EnterClub(c.Request().Context(), made.ID); err != nil {
		return err
	}
	room.Flash(c, "done", web.T(c, "setup_done_next", "club", made.Name))
	return web.SeeOther(c, "/calendar")
}
