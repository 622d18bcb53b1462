package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/jobs/work"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// Disconnection is what disconnecting an account means to the sign-in behind it.
type Disconnection struct {
	// Here are accounts of the same club that hang on the same sign-in and stay;
	// Elsewhere counts those of other clubs.
	Here      []store.Connection
	Elsewhere int
	// Told: the platform is told that the sign-in is over. It never is while
	// other accounts hang on it.
	Told bool
	// Unsure is why the platform may not have taken the sign-in back; nil if it
	// has, or was not asked.
	Unsure error
}

// Shared reports whether other accounts hang on the same sign-in.
func (d Disconnection) Shared() bool { return len(d.Here) > 0 || d.Elsewhere > 0 }

// PreviewDisconnect returns what disconnecting a connection would mean. It changes
// nothing.
func (s *SignIns) PreviewDisconnect(ctx context.Context, scope store.Scope, conn store.Connection) (Disconnection, error) {
	here, elsewhere, err := s.DB.Sharers(ctx, scope, conn)
	if err != nil {
		return Disconnection{}, err
	}
	p := Disconnection{Here: here, Elsewhere: elsewhere}
	p.Told = !p.Shared() && s.revoker(conn) != nil
	return p, nil
}

// Disconnect tells the platform that a sign-in is over, where nothing else hangs
// on it, and destroys ours, whatever the platform says (rule A5). Of several
// accounts of one sign-in that go at once, one is the last. What is begun is ended,
// by the next process if this one is killed.
func (s *SignIns) Disconnect(ctx context.Context, scope store.Scope, conn store.Connection, origin string) (Disconnection, error) {
	if conn.Account.SignIn != "" {
		defer s.lock(conn.Account.SignIn)()
	}
	defer s.lock(conn.ID)() // a renewal under way would make a new pair
	p, err := s.PreviewDisconnect(ctx, scope, conn)
	if err != nil {
		return p, err
	}
	ctx = context.WithoutCancel(ctx) // what the platform took back must not stay here
	if err := s.DB.BeginDisconnect(ctx, scope, conn.ID, origin, s.Now().Add(disconnectAgain)); err != nil {
		return p, err
	}
	if p.Told {
		p.Unsure = s.revoke(ctx, conn)
	}
	return p, s.DB.Disconnect(ctx, scope, conn.ID, origin)
}

// endDisconnect ends a disconnection that another process began.
func (e *Engine) endDisconnect(ctx context.Context, i work.Item) work.Result {
	var begun store.Disconnection
	if err := json.Unmarshal(i.Args, &begun); err != nil {
		return work.Failed(fmt.Errorf("read who disconnects connection %d: %w", i.ConnectionID, err), time.Time{})
	}
	scope := store.Scope{ClubID: i.ClubID, PersonID: begun.PersonID}
	done, err := e.signIns.Disconnect(ctx, scope, i.Connection, begun.Origin)
	if err != nil {
		return work.Failed(err, time.Time{})
	}
	e.Log.Info("a disconnection that was cut off is ended", "connection", i.ConnectionID, "unsure", done.Unsure)
	return work.Kept()
}

const (
	// revokeTimeout is how long disconnecting waits for the platform.
	revokeTimeout = 10 * time.Second
	// disconnectAgain is how long one may take before another process ends it.
	disconnectAgain = time.Minute
)

func (s *SignIns) revoke(ctx context.Context, conn store.Connection) error {
	tokens, err := s.DB.SignInTokens(ctx, conn.ID)
	if errors.Is(err, club.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	app, err := s.App(ctx, conn.ClubID, conn.Practice, s.platform(conn).Info().AppSlot)
	if err != nil {
		return err
	}
	call, cancel := context.WithTimeout(ctx, revokeTimeout)
	defer cancel()
	return s.revoker(conn).Revoke(call, app, conn.Account, tokens)
}

// revoker is who can be told of the end of a sign-in, or nil.
func (s *SignIns) revoker(conn store.Connection) platforms.Revoker {
	r, _ := s.platform(conn).(platforms.Revoker)
	return r
}

// platform is where a connection belongs, or nil if it is no longer there.
func (s *SignIns) platform(conn store.Connection) platforms.Platform {
	p, _ := s.Platforms(conn.ClubID, conn.Practice).Platform(conn.Account.Platform)
	return p
}
