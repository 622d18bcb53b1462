package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
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
	keyProof  = "proof"  // int64, store.Person.SessionsFrom when they proved who they are
	keySince  = "since"  // int64, UTC ms of the sign-in
	keyGave   = "gave"   // int64, UTC ms of when they last gave their password
	keySeen   = "seen"   // int64, UTC ms of the last sign of life
	keySeenIn = "in"     // int64, the club in which that was
	keyFlash  = "flash"  // string: layout.Flash as JSON
)

// newSessions sets scs up: hashed tokens, a host-bound cookie, no idle time-out
// of its own, because that would write on every page view.
func newSessions(cfg Config) *scs.SessionManager {
	m := scs.New()
	m.Store = &sessionStore{Store: cfg.Sessions, fault: cfg.DB.Fault}
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

// sessionStore says which errors are those of a write, and what they mean. A
// session that ended while a request of it was under way stays ended, whatever
// that request had to keep.
type sessionStore struct {
	scs.Store
	fault func(error) error
	mu    sync.Mutex // between looking for a session and changing it
}

// loadedKey holds the *string, of a request, that names the session it began with.
type loadedKey struct{}

// unkept is the error of a session that could not be stored.
type unkept struct{ error }

func (u unkept) Unwrap() error { return u.error }

func (s *sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	b, found, err := s.Store.Find(token)
	if loaded, ok := ctx.Value(loadedKey{}).(*string); ok && found {
		*loaded = token
	}
	return b, found, s.fault(err)
}

func (s *sessionStore) CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if loaded, ok := ctx.Value(loadedKey{}).(*string); ok && *loaded == token {
		if _, found, err := s.Store.Find(token); err != nil || !found {
			return s.fault(err)
		}
	}
	if err := s.Store.Commit(token, b, expiry); err != nil {
		return unkept{s.fault(err)}
	}
	return nil
}

func (s *sessionStore) DeleteCtx(_ context.Context, token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fault(s.Store.Delete(token))
}

// sessionFailed answers for a session that cannot be read. One that cannot be
// stored is missing a sign of life or a message, and no page is refused for
// that: what must be stored is stored by keepSession, before its answer.
func (s *Server) sessionFailed(w http.ResponseWriter, r *http.Request, err error) {
	if !errors.Is(r.Context().Err(), context.Canceled) { // whoever left is no fault
		s.Log.Error("session store", "err", err)
	}
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

// signIn starts a fresh session for a person who has proved who they are, and
// records it. Nothing of an earlier session of this browser is left.
func (s *Server) signIn(c echo.Context, p store.Person, clubID int64) error {
	ctx := c.Request().Context()
	if err := s.DB.Audit(ctx, store.Scope{PersonID: p.ID}, "signed_in", "", origin(c)); err != nil {
		return err
	}
	return s.startSession(ctx, p, clubID)
}

// startSession gives the browser a session of the person as they were when they
// proved who they are: if their password or role has changed since, it is over.
func (s *Server) startSession(ctx context.Context, p store.Person, clubID int64) error {
	if err := s.sessions.Clear(ctx); err != nil {
		return err
	}
	if err := s.sessions.RenewToken(ctx); err != nil {
		return err
	}
	now := s.Now().UnixMilli()
	s.sessions.Put(ctx, keyPerson, p.ID)
	s.sessions.Put(ctx, keyProof, p.SessionsFrom.UnixMilli())
	s.sessions.Put(ctx, keyClub, clubID)
	s.sessions.Put(ctx, keySince, now)
	s.sessions.Put(ctx, keyGave, now)
	if err := s.seeIn(ctx, p.ID, clubID); err != nil {
		return err
	}
	return s.keepSession(ctx)
}

// seeIn notes a sign of life of a person in a club, 0 if it is not known yet in
// which: in the session, and for the list of members. What cannot be stored now is
// no reason to refuse anything.
func (s *Server) seeIn(ctx context.Context, person, clubID int64) error {
	s.sessions.Put(ctx, keySeen, s.Now().UnixMilli())
	s.sessions.Put(ctx, keySeenIn, clubID)
	if err := s.DB.MarkSeen(ctx, store.Scope{ClubID: clubID, PersonID: person}); err != nil && !club.Storage(err) {
		return err
	}
	return nil
}

// enterClub looks at a club in which the person has just got a role, under a new
// token (rule W4).
func (s *Server) enterClub(ctx context.Context, clubID int64) error {
	if err := s.sessions.RenewToken(ctx); err != nil {
		return err
	}
	s.sessions.Put(ctx, keyClub, clubID)
	return s.keepSession(ctx)
}

// over tells whether a session has ended, at a time, without being signed out.
func (s *Server) over(ctx context.Context, p store.ActorPerson, now time.Time) bool {
	ms := func(key string) int64 { return s.sessions.GetInt64(ctx, key) }
	return ms(keyProof) != p.SessionsFrom.UnixMilli() ||
		now.Sub(time.UnixMilli(ms(keySeen))) > sessionIdle ||
		now.Sub(time.UnixMilli(ms(keySince))) > sessionLife
}

// flash keeps a message for the next page. kind is "done", "note" or "problem".
func (s *Server) flash(c echo.Context, kind, text string) { s.flashWith(c, kind, text) }

// flashWith keeps a message with what can be done about it. Who asks for the
// head of a page alone will not read it, and for somebody who is not signed in
// there is no session to keep it in: visitors cause no writes.
func (s *Server) flashWith(c echo.Context, kind, text string, actions ...layout.FlashAction) {
	if c.Request().Method == head || !s.sessions.Exists(c.Request().Context(), keyPerson) {
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
