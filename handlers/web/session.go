package web

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
	SessionLife = 14 * 24 * time.Hour
	SessionIdle = 12 * time.Hour
	// TouchEvery keeps page views from becoming writes: the last sign of life
	// is stored at most this often.
	TouchEvery = 5 * time.Minute
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
	m.Store = &sessionStore{Store: cfg.SessionStore, fault: cfg.DB.Fault}
	m.HashTokenInStore = true
	m.Lifetime = SessionLife
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
func (app *App) sessionFailed(w http.ResponseWriter, r *http.Request, err error) {
	if !errors.Is(r.Context().Err(), context.Canceled) { // whoever left is no fault
		app.Log.Error("session store", "err", err)
	}
	if _, ok := errors.AsType[unkept](err); !ok {
		app.ShowError(err, app.echo.NewContext(r, w))
	}
}

// keepSession stores the session now, so that an answer which rests on it is
// only given if that went well.
func (app *App) keepSession(ctx context.Context) error {
	if _, _, err := app.Sessions.Commit(ctx); err != nil {
		return fmt.Errorf("keep session: %w", err)
	}
	return nil
}

// SignIn starts a fresh session for a person who has proved who they are, and
// records it. Nothing of an earlier session of this browser is left.
func (app *App) SignIn(c echo.Context, p store.Person, clubID int64) error {
	ctx := c.Request().Context()
	if err := app.DB.Audit(ctx, store.Scope{PersonID: p.ID}, "signed_in", "", Origin(c)); err != nil {
		return err
	}
	return app.StartSession(ctx, p, clubID)
}

// StartSession gives the browser a session of the person as they were when they
// proved who they are: if their password or role has changed since, it is over.
func (app *App) StartSession(ctx context.Context, p store.Person, clubID int64) error {
	if err := app.Sessions.Clear(ctx); err != nil {
		return err
	}
	if err := app.Sessions.RenewToken(ctx); err != nil {
		return err
	}
	now := app.Now().UnixMilli()
	app.Sessions.Put(ctx, keyPerson, p.ID)
	app.Sessions.Put(ctx, keyProof, p.SessionsFrom.UnixMilli())
	app.Sessions.Put(ctx, keyClub, clubID)
	app.Sessions.Put(ctx, keySince, now)
	app.Sessions.Put(ctx, keyGave, now)
	if err := app.seeIn(ctx, p.ID, clubID); err != nil {
		return err
	}
	return app.keepSession(ctx)
}

// seeIn notes a sign of life of a person in a club, 0 if it is not known yet in
// which: in the session, and for the list of members. What cannot be stored now is
// no reason to refuse anything.
func (app *App) seeIn(ctx context.Context, person, clubID int64) error {
	app.Sessions.Put(ctx, keySeen, app.Now().UnixMilli())
	app.Sessions.Put(ctx, keySeenIn, clubID)
	if err := app.DB.MarkSeen(ctx, store.Scope{ClubID: clubID, PersonID: person}); err != nil && !club.Storage(err) {
		return err
	}
	return nil
}

// EnterClub looks at a club in which the person has just got a role, under a new
// token (rule W4).
func (app *App) EnterClub(ctx context.Context, clubID int64) error {
	if err := app.Sessions.RenewToken(ctx); err != nil {
		return err
	}
	app.Sessions.Put(ctx, keyClub, clubID)
	return app.keepSession(ctx)
}

// SwitchClub looks at another club of the same person.
func (app *App) SwitchClub(ctx context.Context, clubID int64) error {
	app.Sessions.Put(ctx, keyClub, clubID)
	return app.keepSession(ctx)
}

// SessionClub returns the club that the session looks at, 0 if there is none yet.
func (app *App) SessionClub(ctx context.Context) int64 { return app.Sessions.GetInt64(ctx, keyClub) }

// PasswordGivenAt returns when the person last gave this session their password.
func (app *App) PasswordGivenAt(ctx context.Context) time.Time {
	return time.UnixMilli(app.Sessions.GetInt64(ctx, keyGave))
}

// MarkPasswordGiven notes that the person just gave their password, and continues
// the session under a new token (rule W4).
func (app *App) MarkPasswordGiven(ctx context.Context) error {
	if err := app.Sessions.RenewToken(ctx); err != nil {
		return err
	}
	app.Sessions.Put(ctx, keyGave, app.Now().UnixMilli())
	return app.keepSession(ctx)
}

// over reports whether a session has ended by itself at a time.
func (app *App) over(ctx context.Context, p store.ActorPerson, now time.Time) bool {
	ms := func(key string) int64 { return app.Sessions.GetInt64(ctx, key) }
	return ms(keyProof) != p.SessionsFrom.UnixMilli() ||
		now.Sub(time.UnixMilli(ms(keySeen))) > SessionIdle ||
		now.Sub(time.UnixMilli(ms(keySince))) > SessionLife
}

// Flash keeps a message for the next page. kind is "done", "note" or "problem".
func (app *App) Flash(c echo.Context, kind, text string) { app.FlashWith(c, kind, text) }

// FlashWith keeps a message with what can be done about it. A request for the head
// of a page alone keeps none, and neither does one of somebody who is not signed
// in: visitors cause no writes.
func (app *App) FlashWith(c echo.Context, kind, text string, actions ...layout.FlashAction) {
	if c.Request().Method == http.MethodHead || !app.Sessions.Exists(c.Request().Context(), keyPerson) {
		return
	}
	b, err := json.Marshal(layout.Flash{Kind: kind, Text: text, Actions: actions})
	if err != nil {
		panic(err) // only for types that JSON does not know
	}
	app.Sessions.Put(c.Request().Context(), keyFlash, string(b))
}

// popFlash takes the message out. Reading an absent one writes nothing, and the
// head of a page leaves it for the page.
func (app *App) popFlash(c echo.Context) *layout.Flash {
	ctx := c.Request().Context()
	if c.Request().Method == http.MethodHead || !app.Sessions.Exists(ctx, keyFlash) {
		return nil
	}
	var f layout.Flash
	if err := json.Unmarshal([]byte(app.Sessions.PopString(ctx, keyFlash)), &f); err != nil {
		return nil
	}
	return &f
}
