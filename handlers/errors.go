package handlers

import (
	"context"
	"errors"
	"maps"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/views/layout"
)

// statusOf is the one map from domain code to HTTP status.
var statusOf = map[club.Code]int{
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

// problem is an error as a person sees it.
type problem struct {
	status      int
	title, text string
	reference   string
}

// showError is the one place where errors become answers.
func (s *Server) showError(err error, c echo.Context) {
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
		ctx = i18n.With(ctx, s.Catalogue, "en")
		c.SetRequest(c.Request().WithContext(ctx))
	}
	if club.CodeOf(err) == club.Unauthenticated {
		s.askToSignIn(c)
		return
	}
	p := s.problemOf(c, err)
	retryAfter(c, err)
	if isHX(c) {
		c.Response().Header().Set("HX-Reswap", "none")
		if p.status == http.StatusRequestEntityTooLarge {
			_ = c.NoContent(p.status) // likewise where a proxy in front of us refuses it
			return
		}
		if p.status >= http.StatusInternalServerError && !club.Storage(err) && club.CodeOf(err) != club.Damaged {
			_ = c.NoContent(p.status) // the page has words of its own for this
			return
		}
		_ = s.render(c, p.status, layout.Toast("problem", p.text))
		return
	}
	page := layout.Page{Title: p.title, Assets: s.Assets}
	if who(c) != nil && p.status < http.StatusInternalServerError {
		page = s.frame(c, p.title) // the way on is in the menu
	}
	if err := s.render(c, p.status, layout.Problem(page, p.text, p.reference)); err != nil && ctx.Err() == nil {
		s.Log.Error("draw error page", "err", err, "id", c.Get(idKey))
	}
}

// askToSignIn leads to the sign-in page and back.
func (s *Server) askToSignIn(c echo.Context) {
	back := "/sign-in"
	if c.Request().Method != post {
		back += "?" + url.Values{"to": {c.Request().URL.RequestURI()}}.Encode()
	}
	if isHX(c) {
		s.showSignInDialog(c)
		return
	}
	if typed, _ := c.Get(typedKey).(bool); typed {
		path, err := s.putAside(c)
		if err != nil {
			s.showError(err, c)
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

// retryAfter says in a header when to try again, where that is known.
func retryAfter(c echo.Context, err error) {
	if he, ok := errors.AsType[*echo.HTTPError](err); ok && he.Code == http.StatusServiceUnavailable {
		c.Response().Header().Set("Retry-After", busyWait)
	}
	if ce, ok := errors.AsType[*club.Error](err); ok && ce.Wait > 0 {
		c.Response().Header().Set("Retry-After", strconv.FormatInt(int64(math.Ceil(ce.Wait.Seconds())), 10))
	}
}

func (s *Server) problemOf(c echo.Context, err error) problem {
	one := i18n.N(c.Request().Context(), "error_summary", 1)
	if ce, ok := errors.AsType[*club.Error](err); ok {
		p := problem{status: statusOf[ce.Code], title: one, text: t(c, ce.Key, s.wordsFor(c, ce.Args)...)}
		switch ce.Code {
		case club.NotFound:
			p.title = t(c, "error_not_found_title")
		case club.Forbidden:
			p.title = t(c, "error_forbidden_title")
			if ce.Key == "error_cross_site" {
				p.title = t(c, "error_cross_site_title")
			} else if a := ce.Args["action"]; a != "" {
				p.text = s.whoCan(c, club.Action(a))
			}
		case club.Conflict:
			p.title = t(c, "error_conflict_title")
		case club.TooMany:
			p.title = t(c, "error_too_many_title")
		case club.Full:
			p.title = t(c, "error_full_title")
		case club.Busy:
			p.title = t(c, "error_busy_title")
		case club.Damaged:
			p.title = t(c, "error_damaged_title")
		}
		return p
	}
	if he, ok := errors.AsType[*echo.HTTPError](err); ok {
		switch he.Code {
		case http.StatusNotFound, http.StatusMethodNotAllowed:
			return problem{status: he.Code, title: t(c, "error_not_found_title"), text: t(c, "error_not_found")}
		case http.StatusUnsupportedMediaType:
			return problem{status: he.Code, title: t(c, "error_no_files_title"), text: t(c, "error_no_files")}
		case http.StatusServiceUnavailable:
			return problem{status: he.Code, title: t(c, "error_busy_title"), text: t(c, "error_busy")}
		}
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return problem{status: http.StatusRequestEntityTooLarge, title: t(c, "error_too_big_title"), text: t(c, "error_too_big")}
	}
	id, _ := c.Get(idKey).(string)
	return problem{status: http.StatusInternalServerError, title: t(c, "error_internal_title"), text: t(c, "error_internal"), reference: id}
}

// wordsFor fills the placeholders of a message. A moment, which the store gives
// as RFC 3339, becomes a time of day in the club's zone.
func (s *Server) wordsFor(c echo.Context, args map[string]string) []string {
	at, err := time.Parse(time.RFC3339, args["time"])
	if err != nil || who(c) == nil {
		return i18n.Args(args)
	}
	args = maps.Clone(args)
	args["time"] = i18n.Clock(c.Request().Context(), inZone(at, who(c).Club.Zone))
	return i18n.Args(args)
}

// whoCan says who may do an action, by role and by name: never a dead end.
func (s *Server) whoCan(c echo.Context, a club.Action) string {
	var words, names []string
	for _, r := range club.WhoCan(a) {
		words = append(words, t(c, "roles_"+string(r)))
	}
	text := t(c, "error_forbidden", "roles", joinAnd(c, words))
	actor := who(c)
	if actor == nil {
		return text
	}
	members, err := s.DB.Members(c.Request().Context(), actor.Club.ID)
	if err != nil {
		return text
	}
	for _, m := range members {
		if m.Role.Can(a) && len(names) < 3 {
			names = append(names, m.Name)
		}
	}
	if len(names) > 0 {
		text += " " + t(c, "error_forbidden_ask", "names", joinAnd(c, names))
	}
	return text
}

func joinAnd(c echo.Context, words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return t(c, "list_and", "first", strings.Join(words[:last], ", "), "last", words[last])
}
