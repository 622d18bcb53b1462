package accounts

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/labstack/echo/v4"
	"golang.org/x/oauth2"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/views/accounts"
)

// slots lists the platform apps: what each is called, once.
func (room *Room) slots() []platforms.Info {
	var out []platforms.Info
	for _, p := range room.Real.All() {
		i := p.Info()
		if i.AppSlot != "" && !slices.ContainsFunc(out, func(o platforms.Info) bool { return o.AppSlot == i.AppSlot }) {
			out = append(out, i)
		}
	}
	return out
}

// slot is the platform app in the address.
func (room *Room) slot(c echo.Context) (platforms.Info, error) {
	all := room.slots()
	i := slices.IndexFunc(all, func(i platforms.Info) bool { return i.AppSlot == c.Param("slot") })
	if i < 0 {
		return platforms.Info{}, club.ErrNotFound
	}
	return all[i], nil
}

// slotNames are the platforms that share an app.
func (room *Room) slotNames(c echo.Context, info platforms.Info) string {
	var names []string
	for _, p := range room.Real.Slot(info.AppSlot) {
		names = append(names, p.Info().Name)
	}
	return web.JoinAnd(c, names)
}

func (room *Room) showPlatformApps(c echo.Context) error {
	page := accounts.AppsPage{Page: room.Page(c, "settings", web.T(c, "settings_platforms")), Practice: web.Actor(c).Club.Practice}
	for _, i := range room.slots() {
		state, _, err := room.appState(c, i)
		if err != nil {
			return err
		}
		page.Apps = append(page.Apps, accounts.App{Slot: i.AppSlot, Name: i.AppName, Platforms: room.slotNames(c, i), State: state})
	}
	return room.Render(c, http.StatusOK, accounts.Apps(page))
}

// appState says whether an app is set up, and whether that was done here.
func (room *Room) appState(c echo.Context, i platforms.Info) (text string, entered bool, err error) {
	ctx := c.Request().Context()
	at, by, err := room.DB.AppEntered(ctx, web.Scope(c), i.AppSlot)
	if err != nil {
		return "", false, err
	}
	if !at.IsZero() {
		return web.T(c, "app_entered", "person", by, "date", i18n.DayYear(ctx, at.In(room.Zone(c)))), true, nil
	}
	app, err := room.AppCredentials(ctx, web.Actor(c).Club.ID, false, i.AppSlot)
	if err != nil {
		return "", false, err
	}
	if len(app) > 0 {
		return web.T(c, "app_from_environment"), false, nil
	}
	return web.T(c, "app_missing"), false, nil
}

func (room *Room) showPlatformApp(c echo.Context) error {
	i, err := room.slot(c)
	if err != nil {
		return err
	}
	return room.platformApp(c, http.StatusOK, i, nil, nil, &web.Faults{})
}

// platformApp shows the form. typed is nil at first; secrets are never shown.
func (room *Room) platformApp(c echo.Context, status int, i platforms.Info, typed map[string]string, lines []accounts.Line, f *web.Faults) error {
	ctx := c.Request().Context()
	app, err := room.AppCredentials(ctx, web.Actor(c).Club.ID, false, i.AppSlot)
	if err != nil {
		return err
	}
	page := accounts.AppPage{
		Slot: i.AppSlot, Intro: web.T(c, "app_there_intro", "app", i.AppName, "platforms", room.slotNames(c, i)), Lines: lines,
		Addresses: []accounts.Address{{ID: "redirect", Label: web.T(c, "app_redirect"), Value: room.redirectAddress(i)}},
		Site:      i.AppGuide.Site, Asks: i.AppGuide.Permissions, Plain: !room.Secure(),
		Checked: web.T(c, "app_checked_on", "date", i18n.DayYear(ctx, i.CheckedOn)),
	}
	for _, step := range i.AppGuide.Steps {
		page.Steps = append(page.Steps, web.T(c, step))
	}
	if page.State, page.Entered, err = room.appState(c, i); err != nil {
		return err
	}
	for _, field := range i.AppFields {
		one := accounts.AppField{Key: field.Key, Label: field.Label, Secret: field.Secret, Error: f.At("app-" + field.Key)}
		switch {
		case typed != nil && !field.Secret:
			one.Value = typed[field.Key]
		case !field.Secret && page.Entered:
			one.Value = app[field.Key].Reveal() // not a secret: the developer site shows it too
		}
		if field.Secret {
			one.Hint = web.T(c, "app_secret_hint")
			if page.Entered {
				one.Hint = web.T(c, "app_secret_kept")
			}
		}
		page.Fields = append(page.Fields, one)
	}
	page.Page = room.Page(c, "settings", i.AppName)
	page.Page.Faults = f.List
	return room.Render(c, status, accounts.AppForm(page))
}

// createPlatformApp seals what an admin copied from the developer site.
func (room *Room) createPlatformApp(c echo.Context) error {
	i, err := room.slot(c)
	if err != nil {
		return err
	}
	f := &web.Faults{}
	app, typed, err := room.readApp(c, i, f)
	if err != nil {
		return err
	}
	if !f.Any() {
		err := room.DB.SaveAppCredentials(c.Request().Context(), web.Scope(c), i.AppSlot, app, web.Origin(c))
		if err := f.Take(c, err); err != nil {
			return err
		}
	}
	if f.Any() {
		return room.platformApp(c, f.Status(), i, typed, nil, f)
	}
	room.Flash(c, "done", web.T(c, "app_saved", "app", i.AppName))
	return web.SeeOther(c, "/settings/platforms/"+i.AppSlot)
}

// readApp reads what was typed of a platform app.
func (room *Room) readApp(c echo.Context, i platforms.Info, f *web.Faults) (app platforms.App, typed map[string]string, err error) {
	_, entered, err := room.appState(c, i)
	if err != nil {
		return nil, nil, err
	}
	app, typed = platforms.App{}, map[string]string{}
	for _, field := range i.AppFields {
		v := strings.TrimSpace(c.FormValue("app-" + field.Key))
		typed[field.Key] = v
		fault := ""
		switch {
		case v == "" && (!field.Secret || !entered):
			fault = web.T(c, "connect_enter", "label", field.Label)
		case strings.ContainsFunc(v, unicode.IsSpace):
			fault = web.T(c, "app_spaces", "label", field.Label)
		case len(v) > MaxAppField:
			fault = web.T(c, "app_too_long", "label", field.Label)
		}
		if fault != "" {
			f.Add("app-"+field.Key, fault)
			continue
		}
		app[field.Key] = platforms.NewSecret(v)
	}
	return app, typed, nil
}

// MaxAppField is longer than any credential of a platform, in bytes.
const MaxAppField = 1000

func (room *Room) removePlatformApp(c echo.Context) error {
	i, err := room.slot(c)
	if err != nil {
		return err
	}
	if err := room.DB.DeleteAppCredentials(c.Request().Context(), web.Scope(c), i.AppSlot, web.Origin(c)); err != nil {
		return err
	}
	room.Flash(c, "done", web.T(c, "app_removed", "app", i.AppName))
	return web.SeeOther(c, "/settings/platforms")
}

// checkPlatformApp looks at an app without a person's sign-in.
func (room *Room) checkPlatformApp(c echo.Context) error {
	i, err := room.slot(c)
	if err != nil {
		return err
	}
	lines, err := room.appLines(c, i)
	if err != nil {
		return err
	}
	return room.platformApp(c, http.StatusOK, i, nil, lines, &web.Faults{})
}

func (room *Room) appLines(c echo.Context, i platforms.Info) ([]accounts.Line, error) {
	line := func(state, key string, args ...string) accounts.Line {
		return accounts.Line{State: state, Text: web.T(c, key, append(args, "app", i.AppName, "address", room.redirectAddress(i))...)}
	}
	var lines []accounts.Line
	if room.Secure() {
		lines = append(lines, line("works", "app_line_https"))
	} else {
		lines = append(lines, line("attention", "app_line_plain"))
	}
	app, err := room.AppCredentials(c.Request().Context(), web.Actor(c).Club.ID, false, i.AppSlot)
	if err != nil {
		return nil, err
	}
	if len(app) == 0 {
		return append(lines, line("attention", "app_line_empty")), nil
	}
	for _, field := range i.AppFields {
		if app[field.Key].IsZero() {
			return append(lines, line("attention", "app_line_field", "label", field.Label)), nil
		}
	}
	return append(lines, room.probe(c, i, app, line)), nil
}

// probe exchanges a code that no platform ever gave out. A platform that knows
// the app complains of the code; one that does not complains of the app.
func (room *Room) probe(c echo.Context, i platforms.Info, app platforms.App, line func(string, string, ...string) accounts.Line) accounts.Line {
	ctx, cancel := context.WithTimeout(c.Request().Context(), signInTimeout)
	defer cancel()
	p, _ := room.Real.Platform(i.ID)
	oauth, ok := p.(platforms.OAuthSignIn)
	if !ok {
		return line("unchecked", "app_line_unknown")
	}
	_, err := oauth.Exchange(ctx, platforms.ExchangeRequest{App: app, RedirectURL: room.redirectAddress(i), Code: "bandstand-check", Verifier: oauth2.GenerateVerifier()})
	e, ok := errors.AsType[*platforms.Error](err)
	switch {
	case !ok:
		return line("unchecked", "app_line_unknown")
	case e.Code == platforms.CodePlatformAppInvalid:
		return line("attention", "app_line_wrong")
	case e.Code == platforms.CodeRedirectMismatch:
		return line("attention", "app_line_redirect")
	case e.Kind == platforms.Rejected || e.Kind == platforms.Revoked:
		return line("works", "app_line_known")
	}
	return line("unchecked", "app_line_unreached")
}

// lookAtApp answers credentials with mistakes, before anybody is asked for their
// password.
func (room *Room) lookAtApp(c echo.Context) error {
	i, err := room.slot(c)
	if err != nil {
		return err
	}
	f := &web.Faults{}
	_, typed, err := room.readApp(c, i, f)
	if err != nil {
		return err
	}
	if f.Any() {
		return room.platformApp(c, f.Status(), i, typed, nil, f)
	}
	return nil
}
