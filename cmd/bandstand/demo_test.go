package main

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/consent"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// TestDemoIsFurnished looks at what a person finds: posts in all states on all
// platforms, and an account that needs reconnecting.
func TestDemoIsFurnished(t *testing.T) {
	t.Parallel()
	clock := e2ekit.NewClock()
	app, err := e2ekit.OpenDemo(t.Context(), e2ekit.SettingsFor(filepath.Join(t.TempDir(), "data")), &bytes.Buffer{}, clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer app.Close()
	s := store.Scope{ClubID: app.Demo.ClubID, PersonID: app.Demo.PersonID}
	posts, err := app.DB().Posts(t.Context(), s, store.PostFilter{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	states := map[club.Status]int{}
	for _, p := range posts {
		states[p.Status()]++
	}
	want := map[club.Status]int{club.Published: 17, club.NeedsAttention: 2, club.Scheduled: 7, club.Draft: 5}
	for status, n := range want {
		if states[status] != n {
			t.Errorf("%d posts are %s, want %d (all: %v)", states[status], status, n, states)
		}
	}
	accounts, err := app.DB().Connections(t.Context(), s)
	if err != nil || len(accounts) != len(e2ekit.Catalogue().Platforms) {
		t.Fatalf("%d accounts, %v; want one on each of %d platforms", len(accounts), err, len(e2ekit.Catalogue().Platforms))
	}
	broken := 0
	for _, a := range accounts {
		if a.Health == club.NeedsReconnect {
			broken++
			if err := signInAgain(t, app, s.ClubID, a.Account.Platform); err != nil {
				t.Errorf("the account that lost its sign-in cannot be reconnected: %v", err)
			}
		}
	}
	if broken != 1 {
		t.Errorf("%d accounts need reconnecting, want 1", broken)
	}
	if before, got, after := clock.Now(), app.Now(), clock.Now(); got.Before(before) || got.After(after) {
		t.Errorf("the demo's clock shows %v, want the present: %v", got, before)
	}
}

// signInAgain goes through the consent pages of a make-believe platform.
func signInAgain(t *testing.T, app *e2ekit.App, clubID int64, id platforms.ID) error {
	t.Helper()
	p, ok := app.Worlds().Platforms(clubID).Platform(id)
	if !ok {
		t.Fatalf("no platform %s", id)
	}
	credentials, err := app.PlatformApp(t.Context(), clubID, true, p.Info().AppSlot)
	if err != nil {
		t.Fatal(err)
	}
	_, err = consent.SayYes(t.Context(), app.Worlds().Client(clubID), p.(platforms.OAuthSignIn), credentials, app.Base().String()+"/oauth/"+string(id)+"/callback")
	return err
}
