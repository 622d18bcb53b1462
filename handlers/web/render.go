package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/i18n"
)

// compressFrom is the size from which a page is worth compressing, in bytes.
const compressFrom = 1024

var (
	buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}
	gzips   = sync.Pool{New: func() any {
		w, err := gzip.NewWriterLevel(nil, 6)
		if err != nil {
			panic(err) // only for a level that does not exist
		}
		return w
	}}
)

// Render draws into a buffer first, so that a fault in a template is still a clean
// error, then sends it in one write with its length.
func (app *App) Render(c echo.Context, status int, parts ...templ.Component) error {
	buf := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buf)
	buf.Reset()
	for _, p := range parts {
		if err := p.Render(c.Request().Context(), buf); err != nil {
			return fmt.Errorf("draw page: %w", err)
		}
	}
	h := c.Response().Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Add("Vary", "Accept-Encoding")
	h.Add("Vary", "Accept-Language")
	h.Add("Vary", "HX-Request")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "private, no-store")
	}
	body := buf
	if buf.Len() >= compressFrom && strings.Contains(c.Request().Header.Get("Accept-Encoding"), "gzip") {
		z := buffers.Get().(*bytes.Buffer)
		defer buffers.Put(z)
		z.Reset()
		w := gzips.Get().(*gzip.Writer)
		defer gzips.Put(w)
		w.Reset(z)
		if _, err := w.Write(buf.Bytes()); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		h.Set("Content-Encoding", "gzip")
		body = z
	}
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	c.Response().WriteHeader(status)
	if c.Request().Method == http.MethodHead {
		return nil
	}
	_, err := c.Response().Write(body.Bytes())
	return err
}

// Unchanged answers 304 if the browser already has this page. The tag holds
// everything the page depends on: the club's change counter, the person, and what
// the caller adds (the day, for pages that show "today"). A page with a message of
// a redirect is never cached.
func (app *App) Unchanged(c echo.Context, parts ...string) (bool, error) {
	a := Actor(c)
	if a == nil || app.Sessions.Exists(c.Request().Context(), keyFlash) {
		return false, nil
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %s %s %d %d %s %d %d %d %t %t %t %t %s %s", app.Version, app.Assets.Version(), i18n.Lang(c.Request().Context()), a.Club.ID, a.Person.ID, a.Role, a.Club.Changes,
		a.Unread, a.Reconnect, app.Health().Held, app.Health().IsDamaged(), IsHX(c), a.Person.Shortcuts, a.Person.Theme, c.Request().RequestURI)
	for _, p := range parts {
		fmt.Fprintf(sum, "\x00%s", p)
	}
	tag := `W/"` + base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:12]) + `"`
	h := c.Response().Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "private, no-cache")
	h.Add("Vary", "Cookie") // or Back would show it to whoever comes after the sign-out
	if c.Request().Header.Get("If-None-Match") != tag {
		return false, nil
	}
	h.Add("Vary", "Accept-Encoding")
	h.Add("Vary", "Accept-Language")
	h.Add("Vary", "HX-Request")
	return true, c.NoContent(http.StatusNotModified)
}
