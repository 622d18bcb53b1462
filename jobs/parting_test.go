package jobs

import (
	"context"
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
