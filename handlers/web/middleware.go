package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

const (
	idKey         = "request_id"
	formActionKey = "form_action"
)

// Limits of a request's body (rule W8), in bytes: of forms, of forms with
// pictures, and of what anybody may send who is not signed in.
const (
	MaxBody    = 1 << 20
	MaxUpload  = 48 << 20
	maxVisitor = 64 << 10
)

// maxVisitorFields is how many fields an address or a form may have of somebody
// who is not signed in: a field costs more than its bytes.
const maxVisitorFields = 200

// requestID names the request, for error pages and the log.
func (app *App) requestID(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		var b [4]byte
		_, _ = rand.Read(b[:])
		c.Set(idKey, strings.ToUpper(hex.EncodeToString(b[:])))
		return next(c)
	}
}

// logged writes one line a request, none for assets and health checks, and
// turns errors into answers.
func (app *App) logged(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start, ctx := app.Now(), c.Request().Context()
		err := next(c)
		if err != nil {
			c.Error(err)
		}
		path := c.Path()
		if path == "/static/*" || path == "/healthz" {
			return nil
		}
		status := c.Response().Status
		attrs := []slog.Attr{
			slog.String("method", c.Request().Method), slog.String("route", path), slog.Int("status", status),
			slog.Int64("ms", app.Now().Sub(start).Milliseconds()), slog.Any("id", c.Get(idKey)),
		}
		if a := Actor(c); a != nil {
			attrs = append(attrs, slog.Int64("person", a.Person.ID))
		}
		level := slog.LevelInfo
		switch {
		case errors.Is(ctx.Err(), context.Canceled):
			// The visitor went on to another page: no fault of anybody's.
			attrs = append(attrs, slog.Bool("left", true))
		case status >= http.StatusInternalServerError:
			level = slog.LevelError
			attrs = append(attrs, slog.Any("err", err))
		}
		app.Log.LogAttrs(c.Request().Context(), level, "request", attrs...)
		return nil
	}
}

// recovered turns a panic into an error, with its stack in the log.
func (app *App) recovered(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(v)
			}
			app.Log.Error("panic", "type", fmt.Sprintf("%T", v), "id", c.Get(idKey), "stack", string(debug.Stack()))
			err = fmt.Errorf("panic of type %T", v)
		}()
		return next(c)
	}
}

// cutOff ends an answer that panicked where nobody could make another: while an
// error was shown. net/http would log what it panicked with.
func (app *App) cutOff() {
	v := recover()
	if v == nil {
		return
	}
	if err, ok := v.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
		app.Log.Error("panic", "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
	}
	panic(http.ErrAbortHandler)
}

// secureHeaders sets the headers of rule W5 on every answer.
func (app *App) secureHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", contentPolicy("'self'"))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		if !app.Plain() { // there, browsers only complain about it
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
		}
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		if app.Secure() {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		c.Response().Before(func() {
			if extra, ok := c.Get(formActionKey).([]string); ok {
				h.Set("Content-Security-Policy", contentPolicy("'self' "+strings.Join(extra, " ")))
			}
		})
		return next(c)
	}
}

func contentPolicy(formAction string) string {
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; connect-src 'self'; form-action " + formAction + "; frame-ancestors 'none'; base-uri 'none'"
}

// AllowFormTo lets a form of this page lead by redirect to another origin as well:
// the sign-in page of a platform.
func AllowFormTo(c echo.Context, origin string) {
	all, _ := c.Get(formActionKey).([]string)
	c.Set(formActionKey, append(all, origin))
}

// sameOrigin refuses changes that come from other sites (rule W3).
func (app *App) sameOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := app.cross.Check(c.Request()); err != nil {
			app.Distrust(c, store.Scope{}, "cross_site", siteOf(c), TriesFrom(c))
			return &club.Error{Code: club.Forbidden, Key: "error_cross_site", Err: err}
		}
		return next(c)
	}
}

// limit bounds what is read of a request. Files are refused where none are
// taken, and what says that it is too long, before any of it is read.
func (app *App) limit(r Route) echo.MiddlewareFunc {
	limit := int64(MaxBody)
	switch {
	case r.Traits&Files != 0:
		limit = MaxUpload
	case r.Action == club.Public:
		limit = maxVisitor
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			req := c.Request()
			if bringsFiles(req) && r.Traits&Files == 0 {
				return echo.NewHTTPError(http.StatusUnsupportedMediaType)
			}
			if req.ContentLength > limit {
				return &http.MaxBytesError{Limit: limit}
			}
			if r.Action == club.Public && strings.Count(req.URL.RawQuery, "&") >= maxVisitorFields {
				return &club.Error{Code: club.Invalid, Key: "error_unreadable"}
			}
			req.Body = http.MaxBytesReader(c.Response(), req.Body, limit)
			return next(c)
		}
	}
}

// bringsFiles reports whether a form comes in parts, as one with files does. A
// type that is not quite right counts, too: somebody may yet read it so.
func bringsFiles(r *http.Request) bool {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(kind)), "multipart/")
}

// admit lets a few heavy pages be made at once; others wait their turn, and
// when too many wait, hear so at once. A page gives its place back before its
// first byte is sent: how fast a browser reads is nobody else's business.
func (app *App) admit(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		select {
		case app.heavy <- struct{}{}:
		default:
			if err := app.waitForPlace(c); err != nil {
				return err
			}
		}
		leave := sync.OnceFunc(func() { <-app.heavy })
		defer leave()
		c.Response().Before(leave)
		return next(c)
	}
}

// HeavyPages returns how many heavy pages are being made, and how many may be at
// once.
func (app *App) HeavyPages() (now, most int) { return len(app.heavy), cap(app.heavy) }

func (app *App) waitForPlace(c echo.Context) error {
	select {
	case app.queue <- struct{}{}:
	default:
		return echo.NewHTTPError(http.StatusServiceUnavailable)
	}
	defer func() { <-app.queue }()
	select {
	case app.heavy <- struct{}{}:
		return nil
	case <-c.Request().Context().Done():
		return c.Request().Context().Err()
	}
}

// ipExtractor takes the peer's address or, from a listed proxy, what it says.
func ipExtractor(trusted []netip.Prefix) echo.IPExtractor {
	if len(trusted) == 0 {
		return echo.ExtractIPDirect()
	}
	opts := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range trusted {
		if _, n, err := net.ParseCIDR(p.String()); err == nil {
			opts = append(opts, echo.TrustIPRange(n))
		}
	}
	return echo.ExtractIPFromXFFHeader(opts...)
}
