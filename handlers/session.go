package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/layout"
)

// How long a session lives (rule W4).
const (
	sessionLife = 14 * 24 * time.Hour
	sessionIdle = 12 * time.Hour
	// touchEvery keeps page views from becoming writes: the last sign of life
	// is stored at most this often.
	touchEvery = 5 * time.Minute
)

// What a session holds.
const (
	keyPerson = "person" // int64
	keyClub   = "club"   // int64, the club being looked at
	keySince  = "since"  // int64, UTC ms of the sign-in
	keySeen   = "seen"   // int64, UTC ms of the last sign of life
	keyFlash  = "flash"  // string: layout.Flash as JSON
)

// newSessions sets scs up: hashed tokens, a host-bound cookie, no idle time-out
// of its own, because that would write on every page view.
func newSessions(cfg Config) *scs.SessionManager {
	m := scs.New()
	m.Store = sessionStore{cfg.Sessions}
	m.HashTokenInStore = true
	m.Lifetime = sessionLife
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Path = "/"
	m.Cookie.Name = "bandstand"
	if cfg.BaseURL.Scheme == "https" {
		m.Cookie.Name = "__Host-bandstand"
		m.Cookie.Secure = true
	}
	return m
}

// sessionStore says which errors are those of a write, and what they mean.
type sessionStore struct{ scs.Store }

// unkept is the error of a session that could not be stored.
type unkept struct{ error }

func (u unkept) Unwrap() error { return u.error }

func (s sessionStore) Find(token string) ([]byte, bool, error) {
	b, found, err := s.Store.Find(token)
	return b, found, store.Fault(err)
}

func (s sessionStore) Commit(token string, b []byte, expiry time.Time) error {
	if err := s.Store.Commit(token, b, expiry); err != nil {
		return unkept{store.Fault(err)}
	}
	return nil
}

func (s sessionStore) Delete(token string) error { return store.Fault(s.Store.Delete(token)) }

// sessionFailed answers for a session that cannot be read. One that cannot be
// stored is missing a sign of life or a message, and no page is refused for
// that: what must be stored is stored by keepSession, before its answer.
func (s *Server) sessionFailed(w http.ResponseWriter, r *http.Request, err error) {
	s.Log.Error("session store", "err", err)
	if _, ok := errors.AsType[unkept](err); !ok {
		s.showError(err, s.echo.NewContext(r, w))
	}
}

// keepSession stores the session now, so that an answer which rests on it is
// only given if that went well.
func (s *Server) keepSession(ctx context.Context) error {
	if _, _, err := s.sessions.Commit(ctx); err != nil {
		return fmt.Errorf("keep session: %w", err)
	}
	return nil
}

// signIn starts a fresh session for a person.
func (s *Server) signIn(ctx context.Context, person, club int64) error {
	if err := s.sessions.RenewToken(ctx); err != nil {
		return err
	}
	now := s.Now().UnixMilli()
	s.sessions.Put(ctx, keyPerson, person)
	s.sessions.Put(ctx, keyClub, club)
	s.sessions.Put(ctx, keySince, now)
	s.sessions.Put(ctx, keySeen, now)
	return s.keepSession(ctx)
}

// flash keeps a message for the next page. kind is "done", "note" or "problem".
func (s *Server) flash(c echo.Context, kind, text string) { s.flashWith(c, kind, text) }

// flashWith keeps a message with what can be done about it. Who asks for the
// head of a page alone will not read it.
func (s *Server) flashWith(c echo.Context, kind, text string, actions ...layout.FlashAction) {
	if c.Request().Method == head {
		return
	}
	b, err := json.Marshal(layout.Flash{Kind: kind, Text: text, Actions: actions})
	if err != nil {
		panic(err) // only for types that JSON does not know
	}
	s.sessions.Put(c.Request().Context(), keyFlash, string(b))
}

// popFlash takes the message out. Reading an absent one writes nothing, and the
// head of a page leaves it for the page.
func (s *Server) popFlash(c echo.Context) *layout.Flash {
	ctx := c.Request().Context()
	if c.Request().Method == head || !s.sessions.Exists(ctx, keyFlash) {
		return nil
	}
	var f layout.Flash
	if err := json.Unmarshal([]byte(s.sessions.PopString(ctx, keyFlash)), &f); err != nil {
		return nil
	}
	return &f
}
