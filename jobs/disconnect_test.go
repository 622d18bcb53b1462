package jobs

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// withdrawing is a platform whose shared sign-ins can be taken back.
type withdrawing struct {
	*fake
	withdrawn atomic.Int64
}

func (w *withdrawing) Revoke(context.Context, platforms.App, platforms.Account, platforms.Tokens) error {
	w.withdrawn.Add(1)
	return nil
}

// TestOfAccountsThatGoAtOnceOneIsTheLast: however many people press Disconnect at
// the same time, the sign-in they share is taken back, and once.
func TestOfAccountsThatGoAtOnceOneIsTheLast(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	p := &withdrawing{fake: r.fake}
	registry := platforms.NewRegistry(p)
	r.config.Platforms = func(int64, bool) *platforms.Registry { return registry }
	signIns := NewSignIns(r.config)
	var conns []store.Connection
	for range 8 {
		c := r.connect()
		c.Account.SignIn = "fake/app/maeve"
		r.club.Exec(`UPDATE connections SET sign_in = ? WHERE id = ?`, c.Account.SignIn, c.ID)
		conns = append(conns, c)
	}
	var all sync.WaitGroup
	for _, c := range conns {
		all.Go(func() {
			if _, err := signIns.Disconnect(t.Context(), r.club.Scope, c, "test"); err != nil {
				t.Errorf("disconnect %d: %v", c.ID, err)
			}
		})
	}
	all.Wait()
	if n := p.withdrawn.Load(); n != 1 {
		t.Errorf("the sign-in was taken back %d times, want once", n)
	}
}

// killing is a platform whose first sign-in that is taken back is the last that the
// program does.
type killing struct {
	withdrawing
	kills bool
}

func (k *killing) Revoke(context.Context, platforms.App, platforms.Account, platforms.Tokens) error {
	k.withdrawn.Add(1)
	if k.kills {
		panic("killed")
	}
	return nil
}

// TestDisconnectionThatIsKilledHalfwayIsEnded: the platform has taken the sign-in
// back, and the program is killed before it destroys its own. The next one does, in
// the name of the person who asked for it; unless somebody signs in again meanwhile.
func TestDisconnectionThatIsKilledHalfwayIsEnded(t *testing.T) {
	t.Parallel()
	for _, again := range []bool{false, true} {
		r := newRig(t, platforms.CertainByLooking)
		k := &killing{withdrawing: withdrawing{fake: r.fake}, kills: true}
		r.on(k)
		conn := r.connect()
		post := r.schedule("Match day", time.Hour, conn)
		func() {
			defer func() { _ = recover() }()
			_, _ = r.engine.signIns.Disconnect(t.Context(), r.club.Scope, conn, "test")
			t.Fatal("the program was not killed")
		}()
		k.kills = false
		r.restart()
		r.do(endDisconnects)
		if c := r.connection(conn.ID); c.Health != club.Working {
			t.Fatalf("it is %s at once: the other process may still be at it", c.Health)
		}
		if again {
			account := conn.Account
			account.Tokens = r.tokens
			if _, err := r.db.Connect(t.Context(), r.club.Scope, false, account, "test"); err != nil {
				t.Fatal(err)
			}
		}
		r.clock.Advance(disconnectAgain)
		r.do(endDisconnects)
		r.do(endDisconnects)
		c := r.connection(conn.ID)
		if again {
			if c.Health != club.Working || k.withdrawn.Load() != 1 {
				t.Errorf("signed in again, and it is %s; the sign-in was taken back %d times", c.Health, k.withdrawn.Load())
			}
			continue
		}
		if c.Health != club.Disconnected || k.withdrawn.Load() != 2 {
			t.Errorf("it is %s, and the sign-in was taken back %d times; want it disconnected, once more", c.Health, k.withdrawn.Load())
		}
		if _, err := r.db.AccessToken(t.Context(), conn.ID); !errors.Is(err, club.ErrNotFound) {
			t.Errorf("its token is still there: %v", err)
		}
		r.want(post, club.Cancelled, "")
		var lines int
		err := r.db.Reader().QueryRowContext(t.Context(), `
			SELECT count(*) FROM audit WHERE action = 'account_disconnected' AND person_id = ? AND origin = 'test'`, r.club.PersonID).Scan(&lines)
		if err != nil || lines != 1 {
			t.Errorf("%d lines in the record, %v; want one", lines, err)
		}
	}
}

func TestDisconnectPressedTwiceIsRecordedOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	conn := r.connect()
	for range 2 {
		if _, err := r.engine.signIns.Disconnect(t.Context(), r.club.Scope, conn, "test"); err != nil {
			t.Fatal(err)
		}
	}
	var lines int
	err := r.db.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM audit WHERE action = 'account_disconnected'`).Scan(&lines)
	if err != nil || lines != 1 || r.planned(store.WorkDisconnect) != 0 {
		t.Errorf("%d lines in the record, %v, and %d disconnections to end", lines, err, r.planned(store.WorkDisconnect))
	}
}

// TestAccountsOfOneSignInRenewOneAfterTheOther: their one refresh token is good
// for one renewal, and the next begins with what that one gave.
func TestAccountsOfOneSignInRenewOneAfterTheOther(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, renewing(onUse), expiring(time.Minute), func(r *rig) { r.server.spends = map[string]bool{} })
	var conns []store.Connection
	for range 6 {
		c := r.connect()
		c.Account.SignIn = "fake/app/maeve"
		r.club.Exec(`UPDATE connections SET sign_in = ? WHERE id = ?`, c.Account.SignIn, c.ID)
		conns = append(conns, c)
	}
	signIns := NewSignIns(r.config)
	var all sync.WaitGroup
	for _, c := range conns {
		all.Go(func() {
			if _, err := signIns.Renew(t.Context(), c, 1); err != nil {
				t.Errorf("renew %d: %v", c.ID, err)
			}
		})
	}
	all.Wait()
	for _, c := range conns {
		if h, code := r.health(c); h != club.Working {
			t.Errorf("account %d is %s (%s)", c.ID, h, code)
		}
	}
}
