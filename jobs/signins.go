package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/failpoint"
	"github.com/bandstand-app/bandstand/jobs/gate"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// Numbers of renewing.
const (
	renewWithin  = 10 * time.Minute // of life left, before a call …
	renewPercent = 15               // … or this much of its whole life
	renewTimeout = 65 * time.Second
	keepTries    = 30 // a tick apart
	tellAfter    = 3  // failures before the account page says so
)

// renewAgain is how long to wait after a renewal that failed: first soon, for
// some servers repeat a lost answer within a short time. What is to go out waits
// for it, and has tries for an hour of such waits. The first wait is committed
// before the call, so that the next process keeps to it as well: the server may
// still be at work on what this one has asked.
var renewAgain = []time.Duration{30 * time.Second, 5 * time.Minute, 15 * time.Minute}

// SignIns hands out sign-ins for single calls and renews them, one renewal a
// connection at a time (rule P17).
type SignIns struct {
	Config
	mu    sync.Mutex
	locks map[any]*sync.Mutex // by id of a connection, by name of a shared sign-in
	// unkept are new pairs that could not be stored yet, by connection.
	unkept map[int64]pair
	// limits are what was last kept of each window.
	limits map[limitOf]keptLimit
	clocks gate.Clocks // of the platforms
}

// pair is what a renewal gave, and the version of the pair it replaces.
type pair struct {
	version int64
	tokens  platforms.Tokens
}

// NewSignIns makes a SignIns.
func NewSignIns(c Config) *SignIns {
	return &SignIns{Config: c, locks: map[any]*sync.Mutex{}, unkept: map[int64]pair{}}
}

// Session is the right to act as an account for one call, and the version of
// the access token in it. A sign-in that is about to end is renewed first. The
// error is an *platforms.Error of kind NotSent or Revoked, or a fault of ours.
func (s *SignIns) Session(ctx context.Context, conn store.Connection, p platforms.Platform) (platforms.Session, int64, error) {
	app, err := s.App(ctx, conn.ClubID, conn.Practice, p.Info().AppSlot)
	if err != nil {
		return platforms.Session{}, 0, err
	}
	token, err := s.DB.AccessToken(ctx, conn.ID)
	if errors.Is(err, club.ErrNotFound) {
		return platforms.Session{}, 0, &platforms.Error{Kind: platforms.Revoked, Code: platforms.CodeAuthRevoked, Platform: conn.Account.Platform}
	}
	if err != nil {
		return platforms.Session{}, 0, err
	}
	if _, ok := p.(platforms.Renewer); ok && s.endsSoon(token) {
		token, err = s.renewed(ctx, conn, token)
		if err != nil {
			return platforms.Session{}, token.Version, err
		}
	}
	return platforms.Session{App: app, Account: conn.Account, Access: token.Secret}, token.Version, nil
}

// endsSoon tells whether a token is to be renewed before it is used. One that
// lasts as long as what it is renewed with gains nothing by it.
func (s *SignIns) endsSoon(t store.AccessToken) bool {
	if t.Expires.IsZero() || t.Last && !s.ended(t) {
		return false
	}
	life := t.Expires.Sub(t.IssuedAt)
	return t.Expires.Sub(s.Now()) < max(renewWithin, life*renewPercent/100)
}

// ended tells whether the time of a token is over.
func (s *SignIns) ended(t store.AccessToken) bool {
	return !t.Expires.IsZero() && !t.Expires.After(s.Now())
}

// renewed renews a token that is about to end; while it lives it will do.
func (s *SignIns) renewed(ctx context.Context, conn store.Connection, old store.AccessToken) (store.AccessToken, error) {
	token, err := s.renew(ctx, conn, old.Version, false)
	if err == nil {
		return token, nil
	}
	e, ok := errors.AsType[*platforms.Error](err)
	switch {
	case !ok, e.Kind == platforms.Revoked:
		return old, err
	case !s.ended(old):
		return old, nil
	}
	e.Kind = platforms.NotSent
	return old, e
}

// Renew replaces the access token that has the version seen, and returns the
// new one; if that happened meanwhile, the one that is there. An
// *platforms.Error of kind Revoked means that only a person can sign in again,
// and is recorded; any other leaves the old pair as it is.
func (s *SignIns) Renew(ctx context.Context, conn store.Connection, seen int64) (store.AccessToken, error) {
	return s.renew(ctx, conn, seen, true)
}

// renew does that. refused: the platform has refused the token already, whatever
// it said of its end.
func (s *SignIns) renew(ctx context.Context, conn store.Connection, seen int64, refused bool) (token store.AccessToken, err error) {
	err = aside(ctx, func() (err error) {
		token, err = s.renewNow(ctx, conn, seen, refused)
		return err
	})
	return token, err
}

func (s *SignIns) renewNow(ctx context.Context, conn store.Connection, seen int64, refused bool) (store.AccessToken, error) {
	asked := ctx
	ctx = context.WithoutCancel(ctx) // a new pair that is not kept is lost
	if conn.Account.SignIn != "" {   // its accounts have one refresh token between them
		defer s.lock(conn.Account.SignIn)()
	}
	defer s.lock(conn.ID)()
	if err := s.keepUnkept(ctx, conn.ID); err != nil {
		return store.AccessToken{}, err
	}
	token, err := s.DB.AccessToken(ctx, conn.ID)
	if err != nil || token.Version != seen {
		return token, err
	}
	p, ok := s.Platforms(conn.ClubID, conn.Practice).Platform(conn.Account.Platform)
	if !ok {
		return token, fmt.Errorf("renew connection %d: no platform %q", conn.ID, conn.Account.Platform)
	}
	renewer, ok := p.(platforms.Renewer)
	if !ok {
		return s.revoked(ctx, conn, seen, &platforms.Error{Kind: platforms.Revoked, Code: platforms.CodeAuthExpired, Platform: conn.Account.Platform})
	}
	app, err := s.App(ctx, conn.ClubID, conn.Practice, p.Info().AppSlot)
	if err != nil {
		return token, err
	}
	r, err := s.DB.StartRenewal(ctx, conn.ID, s.Boot, s.Now().Add(renewAgain[0]))
	if errors.Is(err, store.ErrRenewLater) {
		return token, &platforms.Error{Kind: platforms.NotSent, Code: platforms.CodeRenewFailing, Platform: conn.Account.Platform, RetryAt: r.NotBefore}
	}
	if errors.Is(err, club.ErrNotFound) && !refused && !s.ended(token) {
		return token, &platforms.Error{Kind: platforms.NotSent, Code: platforms.CodeAuthExpired, Platform: conn.Account.Platform}
	}
	if errors.Is(err, club.ErrNotFound) {
		return s.revoked(ctx, conn, seen, &platforms.Error{Kind: platforms.Revoked, Code: platforms.CodeAuthExpired, Platform: conn.Account.Platform})
	}
	if err != nil {
		return token, err
	}
	call, cancel := context.WithTimeout(ctx, renewTimeout)
	defer cancel()
	if err := failpoint.Hit("renewal.request"); err != nil {
		return token, err
	}
	tokens, err := renewer.Renew(call, app, conn.Account, r.Refresh)
	err = cmp.Or(failpoint.Hit("renewal.response"), err)
	if err == nil && tokens.Access.IsZero() {
		err = &platforms.Error{Kind: platforms.Unknown, Code: platforms.CodePlatformDown, Platform: conn.Account.Platform, Op: "renew"}
	}
	if err != nil {
		e := asError(err)
		if e.Kind == platforms.Revoked {
			return s.revoked(ctx, conn, seen, e)
		}
		return token, s.failed(ctx, conn, r, e)
	}
	if err := s.keep(ctx, asked, conn.ID, seen, tokens); err != nil {
		return token, err
	}
	return s.newest(ctx, conn)
}

// newest is the access token that is there now. A connection without one was
// disconnected meanwhile.
func (s *SignIns) newest(ctx context.Context, conn store.Connection) (store.AccessToken, error) {
	token, err := s.DB.AccessToken(ctx, conn.ID)
	if errors.Is(err, club.ErrNotFound) {
		err = &platforms.Error{Kind: platforms.Revoked, Code: platforms.CodeAuthRevoked, Platform: conn.Account.Platform}
	}
	return token, err
}

// keep stores a new pair. The old one may be worth nothing any more, so no
// trouble must lose it: what could not be stored now is stored by the next who
// asks. It is tried for longer where the place is at fault, and somebody waits;
// else a few times only, for the process may be ending.
func (s *SignIns) keep(ctx, asked context.Context, id, seen int64, tokens platforms.Tokens) error {
	for try := 1; ; try++ {
		err := s.DB.FinishRenewal(ctx, id, seen, tokens)
		if err == nil {
			return nil
		}
		if try >= keepTries || try >= commitTries && (asked.Err() != nil || !club.Storage(err)) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.unkept[id] = pair{seen, tokens}
			return err
		}
		<-s.After(tickEvery)
	}
}

// keepUnkept stores the pair that could not be stored before, if there is one.
func (s *SignIns) keepUnkept(ctx context.Context, id int64) error {
	s.mu.Lock()
	p, ok := s.unkept[id]
	s.mu.Unlock()
	if !ok {
		return nil
	}
	if err := s.DB.FinishRenewal(ctx, id, p.version, p.tokens); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.unkept, id)
	return nil
}

// failed keeps the old pair and plans the next try.
func (s *SignIns) failed(ctx context.Context, conn store.Connection, r store.Renewal, e *platforms.Error) error {
	next := s.Now().Add(renewAgain[min(r.Failures, len(renewAgain)-1)])
	if e.RetryAt.After(next) {
		next = e.RetryAt
	}
	e.RetryAt = next
	if err := s.DB.FailRenewal(ctx, conn.ID, next); err != nil {
		return err
	}
	if r.Failures+1 >= tellAfter && conn.HealthCode != platforms.CodeRenewFailing {
		if err := s.DB.SetUsableHealth(ctx, conn.ID, conn.Health, platforms.CodeRenewFailing); err != nil {
			return err
		}
	}
	return e
}

// revoked marks a connection as needing a person, unless somebody signed in
// meanwhile: then the new token is what counts.
func (s *SignIns) revoked(ctx context.Context, conn store.Connection, seen int64, e *platforms.Error) (store.AccessToken, error) {
	marked, err := s.DB.MarkRevoked(ctx, conn.ID, seen, cmp.Or(e.Code, platforms.CodeAuthRevoked))
	if err != nil {
		return store.AccessToken{Version: seen}, err
	}
	if marked {
		return store.AccessToken{Version: seen}, e
	}
	return s.newest(ctx, conn)
}

// lock takes the lock of one connection or of one shared sign-in and returns
// how to let go of it.
func (s *SignIns) lock(of any) func() {
	s.mu.Lock()
	l, ok := s.locks[of]
	if !ok {
		l = &sync.Mutex{}
		s.locks[of] = l
	}
	s.mu.Unlock()
	l.Lock()
	return l.Unlock
}
