package web

import (
	"context"
	"errors"
	"maps"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/views/layout"
)

// StatusOf is the one map from domain code to HTTP status.
var StatusOf = map[club.Code]int{
	club.Invalid:         http.StatusUnprocessableEntity,
	club.NotFound:        http.StatusNotFound,
	club.Forbidden:       http.StatusForbidden,
	club.Conflict:        http.StatusConflict,
	club.Unauthenticated: http.StatusUnauthorized,
	club.TooMany:         http.StatusTooManyRequests,
	club.Full:            http.StatusInsufficientStorage,
	club.Busy:            http.StatusServiceUnavailable,
	club.Damaged:         http.StatusInternalServerError,
}

// Problem is an error as a person sees it.
type Problem struct {
	Status      int
	Title, Text string
	Reference   string
}

// ShowError is the one place where errors become answers.
func (app *App) ShowError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	ctx := c.Request().Context()
	if ctx.Err() != nil {
		// The answer is drawn all the same: an empty one would look as if all were
		// well. Work that was cut off is no fault of ours, whether the time of the
		// request was over or that of its connection, which end together.
		if _, said := errors.AsType[*echo.HTTPError](err); !said && club.CodeOf(err) == "" {
			err = echo.NewHTTPError(http.StatusServiceUnavailable).SetInternal(err)
		}
		ctx = context.WithoutCancel(ctx)
		c.SetRequest(c.Request().WithContext(ctx))
	}
	if i18n.T(ctx, "app_name") == "app_name" {
		ctx = i18n.With(ctx, app.Catalogue, app.language(c))
		c.SetRequest(c.Request().WithContext(ctx))
	}
	if club.CodeOf(err) == club.Unauthenticated {
		app.askToSignIn(c)
		return
	}
	p := app.ProblemOf(c, err)
	RetryAfter(c, err)
	if IsHX(c) {
		c.Response().Header().Set("HX-Reswap", "none")
		if p.Status == http.StatusRequestEntityTooLarge {
			_ = c.NoContent(p.Status) // likewise where a proxy in front of us refuses it
			return
		}
		if p.Status >= http.StatusInternalServerError && !club.Storage(err) && club.CodeOf(err) != club.Damaged {
			_ = c.NoContent(p.Status) // the page has words of its own for this
			return
		}
		_ = app.Render(c, p.Status, layout.Toast("problem", p.Text))
		return
	}
	page := layout.Page{Title: p.Title, Assets: app.Assets}
	if Actor(c) != nil && p.Status < http.StatusInternalServerError {
		page = app.Frame(c, p.Title) // the way on is in the menu
	}
	if err := app.Render(c, p.Status, layout.Problem(page, p.Text, p.Reference)); err != nil && ctx.Err() == nil {
		app.Log.Error("draw error page", "err", err, "id", c.Get(idKey))
	}
}

// askToSignIn leads to the sign-in page and back.
func (app *App) askToSignIn(c echo.Context) {
	back := "/sign-in"
	if c.Request().Method != http.MethodPost {
		back += "?" + url.Values{"to": {c.Request().URL.RequestURI()}}.Encode()
	}
	if IsHX(c) {
		// What they typed stays on the page.
		app.ToDialog(c)
		_ = app.Render(c, http.StatusUnauthorized, app.SignInDialog)
		return
	}
	if typed, _ := c.Get(typedKey).(bool); typed {
		path, err := app.putAside(c)
		if err != nil {
			app.ShowError(err, c)
			return
		}
		if path != "" {
			back = "/sign-in?" + url.Values{"to": {path}}.Encode()
		}
	}
	_ = c.Redirect(http.StatusSeeOther, back)
}

// busyWait is when whoever found us busy may try again, in seconds.
const busyWait = "3"

// RetryAfter says in a header when to try again, where that is known.
func RetryAfter(c echo.Context, err error) {
	if he, ok := errors.AsType[*echo.HTTPError](err); ok && he.Code == http.StatusServiceUnavailable {
		c.Response().Header().Set("Retry-After", busyWait)
	}
	if ce, ok := errors.AsType[*club.Error](err); ok && ce.Wait > 0 {
		c.Response().Header().Set("Retry-After", strconv.FormatInt(int64(math.Ceil(ce.Wait.Seconds())), 10))
	}
}

// ProblemOf puts an error into words.
func (app *App) ProblemOf(c echo.Context, err error) Problem {
	one := i18n.N(c.Request().Context(), "error_summary", 1)
	if ce, ok := errors.AsType[*club.Error](err); ok {
		p := Problem{Status: StatusOf[ce.Code], Title: one, Text: T(c, ce.Key, app.wordsFor(c, ce.Args)...)}
		switch ce.Code {
		case club.NotFound:
			p.Title = T(c, "error_not_found_title")
		case club.Forbidden:
			p.Title = T(c, "error_forbidden_title")
			if ce.Key == "error_cross_site" {
				p.Title = T(c, "error_cross_site_title")
			} else if a := ce.Args["action"]; a != "" {
				p.Text = app.WhoCan(c, club.Action(a))
			}
		case club.Conflict:
			p.Title = T(c, "error_conflict_title")
		case club.TooMany:
			p.Title = T(c, "error_too_many_title")
		case club.Full:
			p.Title = T(c, "error_full_title")
		case club.Busy:
			p.Title = T(c, "error_busy_title")
		case club.Damaged:
			p.Title = T(c, "error_damaged_title")
		}
		return p
	}
	if he, ok := errors.AsType[*echo.HTTPError](err); ok {
		switch he.Code {
		case http.StatusNotFound, http.StatusMethodNotAllowed:
			return Problem{Status: he.Code, Title: T(c, "error_not_found_title"), Text: T(c, "error_not_found")}
		case http.StatusUnsupportedMediaType:
			return Problem{Status: he.Code, Title: T(c, "error_no_files_title"), Text: T(c, "error_no_files")}
		case http.StatusServiceUnavailable:
			return Problem{Status: he.Code, Title: T(c, "error_busy_title"), Text: T(c, "error_busy")}
		}
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return Problem{Status: http.StatusRequestEntityTooLarge, Title: T(c, "error_too_big_title"), Text: T(c, "error_too_big")}
	}
	id, _ := c.Get(idKey).(string)
	return Problem{Status: http.StatusInternalServerError, Title: T(c, "error_internal_title"), Text: T(c, "error_internal"), Reference: id}
}

// wordsFor fills the placeholders of a message. A moment, which the store gives
// as RFC 3339, becomes a time of day in the club's zone.
func (app *App) wordsFor(c echo.Context, args map[string]string) []string {
	at, err := time.Parse(time.RFC3339, args["time"])
	if err != nil || Actor(c) == nil {
		return i18n.Args(args)
	}
	args = maps.Clone(args)
	args["time"] = i18n.Clock(c.Request().Context(), InZone(at, Actor(c).Club.Zone))
	return i18n.Args(args)
}

// WhoCan says who may do an action, by role and by name, so that a refusal is no
// dead end.
func (app *App) WhoCan(c echo.Context, a club.Action) string {
	var words, names []string
	for _, r := range club.WhoCan(a) {
		words = append(words, T(c, "roles_"+string(r)))
	}
	text := T(c, "error_forbidden", "roles", JoinAnd(c, words))
	actor := Actor(c)
	if actor == nil {
		return text
	}
	members, err := app.DB.Members(c.Request().Context(), actor.Club.ID)
	if err != nil {
		return text
	}
	for _, m := range members {
		if m.Role.Can(a) && len(names) < 3 {
			names = append(names, m.Name)
		}
	}
	if len(names) > 0 {
		text += " " + T(c, "error_forbidden_ask", "names", JoinAnd(c, names))
	}
	return text
}
