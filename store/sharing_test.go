package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// shared is an account that hangs on a sign-in.
func shared(remoteID, signIn, refresh string) platforms.Account {
	a := page(remoteID)
	a.SignIn, a.Tokens.Refresh = signIn, platforms.NewSecret(refresh)
	return a
}

func TestSharersAreNamedInOneClubAndCountedInOthers(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.NewClock().Now)
	own, other := storetest.NewClub(t, db).Scope, storetest.NewClub(t, db).Scope
	ctx := t.Context()
	connect := func(s store.Scope, practice bool, a platforms.Account) store.Connection {
		t.Helper()
		c, err := db.Connect(ctx, s, practice, a, "test")
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := connect(own, false, shared("1", "tin/app/maeve", "r1"))
	second := connect(own, false, shared("2", "tin/app/maeve", "r2"))
	gone := connect(own, false, shared("3", "tin/app/maeve", "r3"))
	connect(own, false, shared("4", "tin/app/tom", "r4"))
	alone := connect(own, false, shared("5", "", "r5"))
	rehearsal := connect(own, true, shared("1", "tin/app/maeve", "r6"))
	connect(other, false, shared("6", "tin/app/maeve", "r7"))
	connect(other, true, shared("7", "tin/app/maeve", "r8"))
	if err := db.Disconnect(ctx, own, gone.ID, "test"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name      string
		conn      store.Connection
		here      []int64
		elsewhere int
	}{
		{"one of two", first, []int64{second.ID}, 1},
		{"the other", second, []int64{first.ID}, 1},
		{"by itself", alone, nil, 0},
		{"in practice mode every club is alone", rehearsal, nil, 0},
	} {
		here, elsewhere, err := db.Sharers(ctx, own, tt.conn)
		var ids []int64
		for _, c := range here {
			ids = append(ids, c.ID)
		}
		if diff := cmp.Diff(tt.here, ids); err != nil || diff != "" || elsewhere != tt.elsewhere {
			t.Errorf("%s: %d elsewhere, %v, here (-want +got):\n%s", tt.name, elsewhere, err, diff)
		}
	}
}

// TestTheNewestRefreshTokenIsThatOfEveryAccount: of two accounts on one sign-in
// either may be the one that is renewed, or the last to go.
func TestTheNewestRefreshTokenIsThatOfEveryAccount(t *testing.T) {
	t.Parallel()
	clock := storetest.NewClock()
	db := storetest.Open(t, clock.Now)
	s, ctx := storetest.NewClub(t, db).Scope, t.Context()
	refresh := func(c store.Connection) string {
		t.Helper()
		tokens, err := db.SignInTokens(ctx, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		return tokens.Refresh.Reveal()
	}
	connect := func(a platforms.Account) store.Connection {
		t.Helper()
		c, err := db.Connect(ctx, s, false, a, "test")
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := connect(shared("1", "tin/app/maeve", "canary-old"))
	stranger := connect(shared("3", "tin/app/tom", "canary-tom"))
	fresh := shared("2", "tin/app/maeve", "canary-new")
	fresh.AsksAgain = clock.Now().Add(90 * 24 * time.Hour)
	fresh.Tokens.RefreshExpires = clock.Now().Add(60 * 24 * time.Hour)
	second := connect(fresh)
	if got := refresh(first); got != "canary-new" {
		t.Errorf("after the person signed in again the first account has %q", got)
	}
	if c, err := db.Connection(ctx, s, first.ID); err != nil || !c.RefreshExpires.Equal(fresh.Tokens.RefreshExpires) || !c.Account.AsksAgain.Equal(fresh.AsksAgain) {
		t.Errorf("the first account's ends %v, and the platform asks again %v, %v", c.RefreshExpires, c.Account.AsksAgain, err)
	}
	renewed := platforms.Tokens{Access: platforms.NewSecret("canary-a3"), Refresh: platforms.NewSecret("canary-r3")}
	if err := db.FinishRenewal(ctx, first.ID, 1, renewed); err != nil {
		t.Fatal(err)
	}
	if got := refresh(second); got != "canary-r3" {
		t.Errorf("after a renewal the second account has %q", got)
	}
	if token, err := db.AccessToken(ctx, second.ID); err != nil || token.Secret.Reveal() != "canary-access-2" || token.Version != 1 {
		t.Errorf("the second account's access changed: version %d, %v", token.Version, err)
	}
	if c, err := db.Connection(ctx, s, stranger.ID); err != nil || !c.Account.AsksAgain.IsZero() {
		t.Errorf("somebody else is asked again %v, %v", c.Account.AsksAgain, err)
	}
	if got := refresh(stranger); got != "canary-tom" {
		t.Errorf("somebody else's sign-in has %q", got)
	}
}
