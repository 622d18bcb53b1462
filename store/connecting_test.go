package store_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/secret"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// page is an account as a sign-in shows it.
func page(remoteID string, missing ...platforms.MissingPermission) platforms.Account {
	return platforms.Account{
		Platform: "tin", RemoteID: remoteID, Name: "Riverside FC", Handle: "riversidefc", Kind: "Page",
		Granted: []platforms.Feature{platforms.FeaturePost}, Missing: missing,
		Tokens: platforms.Tokens{Access: platforms.NewSecret("canary-access-" + remoteID), Refresh: platforms.NewSecret("canary-refresh-" + remoteID)},
	}
}

func TestNothingSecretLiesInTheDatabase(t *testing.T) {
	t.Parallel()
	dir, clock := t.TempDir(), storetest.NewClock()
	keys, err := secret.New()
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), dir, keys, clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := storetest.NewClub(t, db).Scope
	ctx := t.Context()
	state, err := db.BeginSignIn(ctx, s, "canary-session", store.PlatformSignIn{Platform: "tin", Verifier: platforms.NewSecret("canary-verifier")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.CreateChoice(ctx, s, store.Choice{Platform: "tin", Accounts: []platforms.Account{page("1")}}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Connect(ctx, s, false, page("2"), "test"); err != nil {
		t.Fatal(err)
	}
	if err := db.SaveAppCredentials(ctx, s, "metal", platforms.App{"client_secret": platforms.NewSecret("canary-app")}, "test"); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{"canary-", state} {
			if i := bytes.Index(b, []byte(s)); i >= 0 {
				t.Errorf("%s holds a secret: %q", filepath.Base(f), b[i:min(i+30, len(b))])
			}
		}
	}
}

func TestSignInAtAPlatformGoesTheWholeWay(t *testing.T) {
	t.Parallel()
	clock := storetest.NewClock()
	db := storetest.Open(t, clock.Now)
	c := storetest.NewClub(t, db)
	ctx, s := t.Context(), c.Scope
	want := store.PlatformSignIn{Platform: "tin", Practice: true, Verifier: platforms.NewSecret("v"), ReturnTo: "/posts/5"}
	state, err := db.BeginSignIn(ctx, s, "session", want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := db.TakeSignIn(ctx, s, "session", state)
	if err != nil || got.Verifier.Reveal() != "v" {
		t.Fatal(got.Verifier.Reveal(), err)
	}
	got.Verifier = want.Verifier
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}

	gap := platforms.MissingPermission{Feature: platforms.FeatureNumbers, Permission: "read"}
	page2 := page("2", gap)
	page2.SignIn = "tin/app/maeve"
	unusable := page("3")
	unusable.Unusable = platforms.CodeNoPublish
	id, err := db.CreateChoice(ctx, s, store.Choice{Platform: "tin", Practice: true, Accounts: []platforms.Account{page("1"), page2, unusable}})
	if err != nil {
		t.Fatal(err)
	}
	other := c.Member(club.Publisher)
	if _, err := db.Choice(ctx, other, id); !errors.Is(err, club.ErrNotFound) {
		t.Errorf("somebody else sees what was shown: %v", err)
	}
	if _, err := db.ConnectChosen(ctx, other, id, []int{0}, "test"); !errors.Is(err, club.ErrNotFound) {
		t.Errorf("somebody else connects what was shown: %v", err)
	}
	made, err := db.ConnectChosen(ctx, s, id, []int{1, 2}, "test")
	if err != nil || len(made) != 1 || made[0].Account.RemoteID != "2" || made[0].Account.SignIn != page2.SignIn || made[0].Health != club.WorksWithGaps || !made[0].Practice {
		t.Fatalf("made %+v, %v", made, err)
	}
	if _, err := db.ConnectChosen(ctx, s, id, []int{0}, "test"); !errors.Is(err, club.ErrNotFound) {
		t.Errorf("a choice was made twice: %v", err)
	}
	if all, err := db.ConnectedAccounts(ctx, s, false); err != nil || len(all) != 0 {
		t.Errorf("a make-believe account is among the real ones: %v %v", all, err)
	}
}

func TestConnectingAgainKeepsTheConnection(t *testing.T) {
	t.Parallel()
	clock := storetest.NewClock()
	db := storetest.Open(t, clock.Now)
	c := storetest.NewClub(t, db)
	ctx, s := t.Context(), c.Scope
	first, err := db.Connect(ctx, s, false, page("1"), "test")
	if err != nil {
		t.Fatal(err)
	}
	due := clock.Now().Add(time.Hour)
	c.Scheduled("Trials on Saturday", due, first.ID)
	conn, err := db.ConnectedAccount(ctx, s, false, first.ID)
	if err != nil || conn.Waiting != 1 || !conn.CanRenew || conn.ByName != "Maeve" {
		t.Fatalf("%+v, %v", conn, err)
	}
	if err := db.SetHealth(ctx, first.ID, club.NeedsReconnect, platforms.CodeAuthRevoked); err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Minute)
	tom := c.Member(club.Publisher)
	fresh := page("1")
	fresh.Tokens.Refresh = platforms.Secret{}
	again, err := db.Connect(ctx, tom, false, fresh, "test")
	if err != nil || again.ID != first.ID || again.Health != club.Working || again.HealthCode != "" || again.ConnectedBy != tom.PersonID {
		t.Fatalf("%+v, %v", again, err)
	}
	tokens, err := db.SignInTokens(ctx, first.ID)
	if err != nil || !tokens.Refresh.IsZero() {
		t.Errorf("the refresh token of the old sign-in stays: %v", err)
	}
	real, err := db.Connect(ctx, s, true, page("1"), "test")
	if err != nil || real.ID == first.ID {
		t.Errorf("the make-believe account is the real one: %v", err)
	}

	if err := db.Disconnect(ctx, s, first.ID, "test"); err != nil {
		t.Fatal(err)
	}
	conn, err = db.ConnectedAccount(ctx, s, false, first.ID)
	if err != nil || conn.Health != club.Disconnected || conn.Waiting != 0 {
		t.Errorf("after disconnecting: %s, %d waiting, %v", conn.Health, conn.Waiting, err)
	}
	if _, err := db.SignInTokens(ctx, first.ID); !errors.Is(err, club.ErrNotFound) {
		t.Errorf("the sign-in is still there: %v", err)
	}
}

func TestEndOfASignIn(t *testing.T) {
	t.Parallel()
	access, refresh := time.Unix(10, 0), time.Unix(20, 0)
	for _, c := range []struct {
		name          string
		renews, token bool
		again         time.Time
		want          time.Time
	}{
		{"renewed with what it has", true, true, time.Time{}, refresh},
		{"nothing to renew with", true, false, time.Time{}, access},
		{"the platform renews nothing", false, true, time.Time{}, access},
		{"the platform asks again first", true, true, time.Unix(15, 0), time.Unix(15, 0)},
		{"the platform asks again later", true, false, time.Unix(15, 0), access},
	} {
		conn := store.Connection{AccessExpires: access, RefreshExpires: refresh, Account: platforms.Account{AsksAgain: c.again}}
		if got := (store.Connected{Connection: conn, CanRenew: c.token}).End(c.renews); !got.Equal(c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
	only := store.Connected{Connection: store.Connection{Account: platforms.Account{AsksAgain: access}}}
	if got := only.End(false); !got.Equal(access) {
		t.Errorf("only the platform's own date is known: got %v", got)
	}
}

func TestNumbersOfAnAccountAreTheNewest(t *testing.T) {
	t.Parallel()
	clock := storetest.NewClock()
	db := storetest.Open(t, clock.Now)
	c := storetest.NewClub(t, db)
	ctx, conn := t.Context(), c.Connection("tin", page("1").Tokens)
	if _, taken, err := db.AccountNumbers(ctx, c.Scope, conn.ID); err != nil || !taken.IsZero() {
		t.Fatal(taken, err)
	}
	for i, day := range []string{"2026-11-23", "2026-11-24"} {
		clock.Advance(24 * time.Hour)
		n := platforms.Numbers{Values: map[platforms.Number]int64{platforms.Followers: int64(100 + i)}}
		if err := db.SaveAccountNumbers(ctx, accountNumbers(conn), day, n, nil, clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	got, taken, err := db.AccountNumbers(ctx, c.Scope, conn.ID)
	if diff := cmp.Diff(map[platforms.Number]int64{platforms.Followers: 101}, got); diff != "" || err != nil || !taken.Equal(clock.Now()) {
		t.Error(diff, taken, err)
	}
	if _, taken, _ := db.AccountNumbers(ctx, store.Scope{ClubID: c.ClubID + 1}, conn.ID); !taken.IsZero() {
		t.Error("another club sees the numbers")
	}
}

// TestSameIDOnTwoServersIsTwoAccounts: an id of a platform that is many servers names
// an account of one of them only.
func TestSameIDOnTwoServersIsTwoAccounts(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.NewClock().Now)
	c := storetest.NewClub(t, db)
	ctx, s := t.Context(), c.Scope
	on := func(server, name string) platforms.Account {
		a := page("1")
		a.Server, a.Name = server, name
		return a
	}
	connect := func(a platforms.Account) store.Connection {
		t.Helper()
		made, err := db.Connect(ctx, s, false, a, "test")
		if err != nil {
			t.Fatal(err)
		}
		if !made.Account.Is(a) {
			t.Fatalf("connected %s on %q, want %s on %q", made.Account.RemoteID, made.Account.Server, a.RemoteID, a.Server)
		}
		return made
	}
	river, hill := connect(on("river.example", "Riverside FC")), connect(on("hill.example", "Hillside FC"))
	if river.ID == hill.ID {
		t.Fatal("both are one connection")
	}
	if again := connect(on("hill.example", "Hillside FC")); again.ID != hill.ID {
		t.Errorf("signed in again it is connection %d, want %d", again.ID, hill.ID)
	}
	if nowhere := connect(on("", "Seaside FC")); nowhere.ID == river.ID || nowhere.ID == hill.ID {
		t.Error("an account of no server is one of a server")
	}

	// Who signs in again on one server signs in nobody on the other.
	for _, conn := range []store.Connection{river, hill} {
		if err := db.SetHealth(ctx, conn.ID, club.NeedsReconnect, platforms.CodeAuthRevoked); err != nil {
			t.Fatal(err)
		}
	}
	both := []platforms.Account{on("river.example", "Riverside FC"), on("lake.example", "Lakeside FC")}
	made, err := db.Reconnect(ctx, s, false, both[0], both, "test")
	if err != nil || len(made) != 1 || made[0].ID != river.ID {
		t.Errorf("signed in again are %+v, %v; want only the one that was asked for", made, err)
	}
	if conn, err := db.ConnectedAccount(ctx, s, false, hill.ID); err != nil || conn.Health != club.NeedsReconnect {
		t.Errorf("the account of the other server: %s, %v; want it to wait for its own sign-in", conn.Health, err)
	}

	// A check of one says nothing of the other.
	if err := db.SaveCheck(ctx, hill.ID, on("river.example", "Another"), club.Working, ""); err != nil {
		t.Fatal(err)
	}
	if conn, err := db.ConnectedAccount(ctx, s, false, hill.ID); err != nil || conn.Account.Name != "Hillside FC" {
		t.Errorf("it took its name from another server: %q, %v", conn.Account.Name, err)
	}

	// Nor does a post with the same id.
	due := storetest.NewClock().Now()
	delivery := func(conn store.Connection) store.Delivery {
		t.Helper()
		ds, err := db.Deliveries(ctx, s, c.Scheduled("Trials on Saturday", due, conn.ID))
		if err != nil || len(ds) != 1 {
			t.Fatalf("%d deliveries, %v", len(ds), err)
		}
		return ds[0]
	}
	there, here := delivery(hill), delivery(river)
	c.Exec(`UPDATE deliveries SET status = 'PUBLISHED', phase = 'linked', next_at = NULL, remote_id = '7' WHERE id = unhex(?)`, there.ID)
	if owned, _, err := db.Others(ctx, here, []string{"7"}); err != nil || len(owned) > 0 {
		t.Errorf("a post of another server is taken for one of this account: %v, %v", owned, err)
	}
	// Another club shares the account, and its posts are those of the same account.
	other := storetest.NewClub(t, db)
	shared, err := db.Connect(ctx, other.Scope, false, on("hill.example", "Hillside FC"), "test")
	if err != nil {
		t.Fatal(err)
	}
	ds, err := db.Deliveries(ctx, other.Scope, other.Scheduled("Trials on Sunday", due, shared.ID))
	if err != nil || len(ds) != 1 {
		t.Fatalf("%d deliveries, %v", len(ds), err)
	}
	if owned, _, err := db.Others(ctx, ds[0], []string{"7"}); err != nil || !owned["7"] {
		t.Errorf("a post of the same account in another club is not known: %v, %v", owned, err)
	}
}

// TestWhatACheckLearnedStays: until another check learns something else.
func TestWhatACheckLearnedStays(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.NewClock().Now)
	c := storetest.NewClub(t, db)
	ctx, s := t.Context(), c.Scope
	knowing := func(facts string) platforms.Account {
		a := page("1")
		if facts != "" {
			a.Facts = []byte(facts)
		}
		return a
	}
	id, err := db.CreateChoice(ctx, s, store.Choice{Platform: "tin", Accounts: []platforms.Account{knowing(`{"long":true}`)}})
	if err != nil {
		t.Fatal(err)
	}
	made, err := db.ConnectChosen(ctx, s, id, []int{0}, "test")
	if err != nil || len(made) != 1 {
		t.Fatalf("%+v, %v", made, err)
	}
	know := func(when, want string) {
		t.Helper()
		conn, err := db.Connection(ctx, s, made[0].ID)
		if got := string(conn.Account.Facts); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", when, got, err, want)
		}
	}
	know("what the sign-in said", `{"long":true}`)
	if _, err := db.Connect(ctx, s, false, knowing(""), "test"); err != nil {
		t.Fatal(err)
	}
	know("after signing in again", `{"long":true}`)
	for _, check := range []struct{ learned, want string }{{`{"long":false}`, `{"long":false}`}, {"", `{"long":false}`}, {`{}`, `{}`}} {
		if err := db.SaveCheck(ctx, made[0].ID, knowing(check.learned), club.Working, ""); err != nil {
			t.Fatal(err)
		}
		know("after a check that learned "+check.learned, check.want)
	}
	if plain, err := db.Connect(ctx, s, false, page("2"), "test"); err != nil || plain.Account.Facts != nil {
		t.Errorf("an account of which nothing is known: %q, %v", plain.Account.Facts, err)
	}
}
