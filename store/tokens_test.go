package store_test

import (
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// TestANewerSignInIsNotUndone: what came late from a platform, about tokens that
// are not the newest any more, changes nothing.
func TestANewerSignInIsNotUndone(t *testing.T) {
	t.Parallel()
	f := newScenes(t).take(t, nil)
	ctx := t.Context()
	f.ok(f.db.SaveTokens(ctx, f.page.ID, newerPair))
	late := platforms.Tokens{Access: platforms.NewSecret("late"), Refresh: platforms.NewSecret("late too")}
	f.ok(f.db.FinishRenewal(ctx, f.page.ID, 1, late))
	if marked, err := f.db.MarkRevoked(ctx, f.page.ID, 1, "expired"); marked || err != nil {
		t.Errorf("a refusal of the older token broke the account: %v, %v", marked, err)
	}
	if err := f.db.SaveTokens(ctx, f.page.ID, platforms.Tokens{Refresh: platforms.NewSecret("alone")}); err == nil {
		t.Error("an empty access token was kept (rule P17)")
	}
	tokens, err := f.db.SignInTokens(ctx, f.page.ID)
	if err != nil || tokens.Access.Reveal() != newerPair.Access.Reveal() || tokens.Refresh.Reveal() != newerPair.Refresh.Reveal() {
		t.Errorf("the newer pair is gone, %v", err)
	}
	f.ok(f.db.Disconnect(ctx, f.maeve, f.page.ID, "test"))
	f.ok(f.db.SetHealth(ctx, f.page.ID, club.NeedsReconnect, "expired"))
	f.ok(f.db.SaveCheck(ctx, f.page.ID, account(f, "1", "metal/1"), club.Working, ""))
	if c, err := f.db.Connection(ctx, f.maeve, f.page.ID); err != nil || c.Health != club.Disconnected {
		t.Errorf("a look that was on its way made a disconnected account %s, %v", c.Health, err)
	}
}
