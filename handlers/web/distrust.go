package web

import (
	"log/slog"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

// MaxRecorded bounds how many lines people who have not signed in can add to the
// audit log within TriesWait. All of it is in the program's log.
const MaxRecorded = 200

// Distrust puts on record what somebody did who has not proved who they are:
// always in the program's log with their address, and in the audit log, unless too
// much was added to that lately. What somebody may repeat as often as they like
// has a name, same, and is added once within TriesWait. Where nothing can be
// stored, they are refused all the same.
func (app *App) Distrust(c echo.Context, of store.Scope, action, object, same string) {
	attrs := []slog.Attr{
		slog.String("action", action), slog.String("from", Origin(c)), slog.String("method", c.Request().Method),
		slog.String("route", c.Path()), slog.Any("id", c.Get(idKey)),
	}
	if of.PersonID != 0 {
		attrs = append(attrs, slog.Int64("person", of.PersonID))
	}
	ctx := c.Request().Context()
	app.Log.LogAttrs(ctx, slog.LevelWarn, "refused", attrs...)
	left := []Guarded{{"record", MaxRecorded}}
	if same != "" {
		left = append(left, Guarded{action + " " + same, 1})
	}
	if app.Tries.Begin(app.Now(), left...) > 0 {
		return
	}
	if err := app.DB.Audit(ctx, of, action, object, Origin(c)); err != nil && !club.Storage(err) {
		app.Log.LogAttrs(ctx, slog.LevelError, "record", slog.String("action", action), slog.Any("err", err))
	}
}

// siteOf is the site that a browser names as the one a form is on; "" if it
// names none.
func siteOf(c echo.Context) string {
	const most = 100 // characters that are kept of it
	u, err := url.Parse(c.Request().Header.Get("Origin"))
	if err != nil || u.Host == "" {
		return ""
	}
	site := u.Scheme + "://" + u.Host
	return site[:min(len(site), most)]
}
