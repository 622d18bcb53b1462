package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// checkTimeout is how long a look at an account may take: a person may be
// waiting for it.
const checkTimeout = 15 * time.Second

// Check asks the platform whether the sign-in of a connection works and what it
// may do, and keeps the answer. refusal is what the platform said if it did not
// say yes; trouble on the way changes nothing but the list of checks.
func (s *SignIns) Check(ctx context.Context, conn store.Connection) (refusal *platforms.Error, err error) {
	if conn.Health == club.Disconnected {
		return nil, nil
	}
	p, ok := s.Platforms(conn.ClubID, conn.Practice).Platform(conn.Account.Platform)
	if !ok {
		return nil, fmt.Errorf("check connection %d: no platform %q", conn.ID, conn.Account.Platform)
	}
	call, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	account, version, err := s.ask(call, conn, p)
	if err == nil {
		if account.RemoteID != conn.Account.RemoteID || account.Server != conn.Account.Server {
			return nil, fmt.Errorf("check connection %d: the platform spoke of another account", conn.ID)
		}
		health, code := club.HealthOf(account)
		return nil, s.DB.SaveCheck(ctx, conn.ID, account, health, code)
	}
	refusal, ok = errors.AsType[*platforms.Error](err)
	if !ok || ctx.Err() != nil { // whoever asked has gone, or gave way to a post: the platform said nothing
		return nil, cmp.Or(ctx.Err(), err)
	}
	switch refusal.Kind {
	case platforms.Revoked:
		if version == 0 {
			return refusal, nil // renewing has found and kept it
		}
		if _, err = s.revoked(ctx, conn, version, refusal); errors.Is(err, refusal) {
			return refusal, nil
		}
		return nil, err // or somebody signed in meanwhile
	case platforms.VersionOver:
		return refusal, s.DB.MarkOutdated(ctx, conn.ID, p.Info().API.Version)
	case platforms.Rejected:
		if health, speaks := club.AfterRefusal(conn.Health, refusal.Code); speaks {
			return refusal, s.DB.SetUsableHealth(ctx, conn.ID, health, refusal.Code)
		}
	}
	return refusal, s.DB.NoteFailedCheck(ctx, store.Scope{ClubID: conn.ClubID}, conn.ID, cmp.Or(refusal.Code, platforms.CodePlatformDown))
}

// ask looks once, and once more with a new token if the first has run out. It
// returns the version of the token that the answer is about, 0 if none was used.
func (s *SignIns) ask(ctx context.Context, conn store.Connection, p platforms.Platform) (platforms.Account, int64, error) {
	session, version, err := s.Session(ctx, conn, p)
	if err != nil {
		return platforms.Account{}, 0, err
	}
	watched, keep := s.watch(ctx, conn, true)
	defer keep()
	account, err := p.Check(watched, session)
	if err == nil {
		s.readLimits(ctx, conn, p, session)
	}
	if err == nil || platforms.KindOf(err) != platforms.Expired {
		return account, version, err
	}
	token, err := s.Renew(ctx, conn, version)
	if err != nil {
		return account, 0, err
	}
	session.Access = token.Secret
	account, err = p.Check(ctx, session)
	return account, token.Version, err
}
