package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// TestWhatWasSealedOpensInItsPlaceAlone: whoever can write into the database, but
// has no key, moves what was sealed from one row to another, or breaks it. Nothing
// of that is taken for a secret, nor for one that is not there
// (reliability.md §3.2).
func TestWhatWasSealedOpensInItsPlaceAlone(t *testing.T) {
	t.Parallel()
	scenes := newScenes(t)
	for _, tt := range []struct {
		name, move string
		do         func(ctx context.Context, f *furnished) error
	}{
		{
			"the access token of another account",
			`UPDATE connection_tokens SET access = (SELECT access FROM connection_tokens WHERE connection_id = 3) WHERE connection_id = 1`,
			func(ctx context.Context, f *furnished) error { return only(f.db.AccessToken(ctx, f.page.ID)) },
		},
		{
			"the refresh token of another account",
			`UPDATE connection_refresh_tokens SET refresh = (SELECT refresh FROM connection_refresh_tokens WHERE connection_id = 3) WHERE connection_id = 1`,
			func(ctx context.Context, f *furnished) error {
				return only(f.db.StartRenewal(ctx, f.page.ID, boot, f.clock.Now()))
			},
		},
		{
			"a refresh token that is to be withdrawn",
			`UPDATE connection_refresh_tokens SET refresh = (SELECT access FROM connection_tokens WHERE connection_id = 1) WHERE connection_id = 1`,
			func(ctx context.Context, f *furnished) error { return only(f.db.SignInTokens(ctx, f.page.ID)) },
		},
		{
			"the app of another platform",
			`UPDATE app_credentials SET slot = 'other'`,
			func(ctx context.Context, f *furnished) error {
				return only(f.db.AppCredentials(ctx, f.maeve.ClubID, "other", nil))
			},
		},
		{
			"what belongs to a sign-in",
			`UPDATE oauth_states SET verifier = x'00'`,
			func(ctx context.Context, f *furnished) error {
				return only(f.db.TakeSignIn(ctx, f.maeve, f.session, f.state))
			},
		},
		{
			"the accounts of a choice",
			`UPDATE oauth_choices SET accounts = (SELECT verifier FROM oauth_states)`,
			func(ctx context.Context, f *furnished) error { return only(f.db.Choice(ctx, f.maeve, f.choice)) },
		},
		{
			"a form that somebody else put aside",
			`UPDATE kept_forms SET fields = o.fields FROM (SELECT ref_hash, fields FROM kept_forms) o WHERE o.ref_hash <> kept_forms.ref_hash`,
			func(ctx context.Context, f *furnished) error { return only(f.db.KeptForm(ctx, f.maeve, f.form)) },
		},
		{
			"a request that somebody else put aside",
			`UPDATE kept_forms SET fields = o.fields FROM (SELECT ref_hash, fields FROM kept_forms) o WHERE o.ref_hash <> kept_forms.ref_hash`,
			func(ctx context.Context, f *furnished) error { return only(f.db.KeptRequest(ctx, f.maeve, f.request)) },
		},
		{
			"what a platform answered about another post",
			`UPDATE post_snapshots SET raw = (SELECT raw FROM account_snapshots)`,
			func(ctx context.Context, f *furnished) error { return only(f.db.RawAnswer(ctx, f.maeve, f.public.ID)) },
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := scenes.take(t, func(f *furnished) { f.exec(tt.move) })
			defer scenes.giveBack(true)
			if err := tt.do(t.Context(), f); err == nil || errors.Is(err, club.ErrNotFound) {
				t.Errorf("it says %v, want that it cannot be opened", err)
			}
		})
	}
}

// TestWhatNobodyWroteIsNotRead: a row that this program would not have written is
// an error, and no post without accounts, no clock that is right, no account
// without permissions.
func TestWhatNobodyWroteIsNotRead(t *testing.T) {
	t.Parallel()
	scenes := newScenes(t)
	for _, tt := range []struct {
		name, write string
		do          func(ctx context.Context, f *furnished) error
	}{
		{"accounts of the last post", `UPDATE members SET last_accounts = '['`, func(ctx context.Context, f *furnished) error {
			return only(f.db.Membership(ctx, f.maeve.ClubID, f.maeve.PersonID))
		}},
		{"permissions of an account", `UPDATE connections SET granted = '['`, func(ctx context.Context, f *furnished) error {
			return only(f.db.Connection(ctx, f.maeve, f.page.ID))
		}},
		{"how far the clock is off", `UPDATE installation SET value = 'far' WHERE key = 'clock_off'`, func(ctx context.Context, f *furnished) error {
			return both(f.db.ClockOff(ctx))
		}},
		{"when the database was examined", `UPDATE installation SET value = 'lately' WHERE key = 'examined'`, func(ctx context.Context, f *furnished) error {
			return only(f.db.Examined(ctx))
		}},
		{"what a post says", `UPDATE revisions SET content = '{'`, func(ctx context.Context, f *furnished) error {
			return only(f.db.Material(ctx, f.waits))
		}},
		{"what a post to be scheduled says", `UPDATE revisions SET content = '{'`, func(ctx context.Context, f *furnished) error {
			return f.db.Schedule(ctx, f.maeve, f.draft, []int64{f.page.ID}, f.clock.Now())
		}},
		{"the zone of a post to come", `UPDATE posts SET planned_zone = 'Mars/Olympus' WHERE planned_zone IS NOT NULL`, func(ctx context.Context, f *furnished) error {
			return only(f.db.FollowZones(ctx, f.clock.Now().AddDate(1, 0, 0)))
		}},
		{"the time of a post to come", `UPDATE posts SET planned_local = 'noon' WHERE planned_local IS NOT NULL`, func(ctx context.Context, f *furnished) error {
			return only(f.db.FollowZones(ctx, f.clock.Now().AddDate(1, 0, 0)))
		}},
		{"the time of a post that is to have another zone", `UPDATE posts SET planned_local = 'noon' WHERE planned_local IS NOT NULL`, func(ctx context.Context, f *furnished) error {
			return only(f.db.UpdateClub(ctx, f.maeve, store.ClubChange{Name: "Riverside", Zone: "Europe/Dublin"}, "test"))
		}},
		{"what a request did", `UPDATE ops SET result = 'something' WHERE op = 'schedule Trials'`, func(ctx context.Context, f *furnished) error {
			return only(f.db.SchedulePost(ctx, f.maeve, store.PostChange{Request: "Trials"}, "test"))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := scenes.take(t, func(f *furnished) { f.exec(tt.write) })
			defer scenes.giveBack(true)
			w := watch(t, f)
			if err := tt.do(t.Context(), f); err == nil || errors.Is(err, club.ErrNotFound) {
				t.Errorf("it says %v, want that it cannot be read", err)
			}
			if w.changed() {
				t.Error("it went on with that")
			}
		})
	}
}

// TestNothingIsAskedAboutNothing: where there is nothing to look for, the answer
// is nothing, too.
func TestNothingIsAskedAboutNothing(t *testing.T) {
	t.Parallel()
	f := newScenes(t).take(t, nil)
	ctx := t.Context()
	if m, err := f.db.Media(ctx, f.maeve.ClubID, []string{"none"}); len(m) > 0 || err != nil {
		t.Errorf("pictures: %v, %v", m, err)
	}
	if m, err := f.db.KnownMedia(ctx, []string{"none"}); len(m) > 0 || err != nil {
		t.Errorf("known pictures: %v, %v", m, err)
	}
	if r, err := f.db.Renditions(ctx, nil); len(r) > 0 || err != nil {
		t.Errorf("copies: %v, %v", r, err)
	}
	if r, err := f.db.Repeats(ctx, f.maeve, f.draft, nil, time.Time{}); len(r) > 0 || err != nil {
		t.Errorf("repeats: %v, %v", r, err)
	}
	if b, err := f.db.RawAnswer(ctx, f.maeve, f.waits.ID); len(b) > 0 || err != nil {
		t.Errorf("answer about a post that is not public: %q, %v", b, err)
	}
	if d, err := f.db.Delivery(ctx, f.maeve, "none"); !errors.Is(err, club.ErrNotFound) {
		t.Errorf("a delivery without an id: %v, %v", d, err)
	}
}

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

// TestPeopleAreWarnedOnceOfEachEnd: the job comes every hour.
func TestPeopleAreWarnedOnceOfEachEnd(t *testing.T) {
	t.Parallel()
	f := newScenes(t).take(t, nil)
	ctx := t.Context()
	before := must[int](t)(f.db.Unread(ctx, f.maeve))
	for range 3 {
		ending := must[[]store.EndingSignIn](t)(f.db.EndingSignIns(ctx, "tin", false, f.clock.Now().AddDate(0, 0, 1)))
		if len(ending) != 3 {
			t.Fatalf("%d sign-ins end, want 3", len(ending))
		}
		for _, e := range ending {
			f.ok(f.db.WarnOfEnd(ctx, e, 1))
		}
	}
	if n := must[int](t)(f.db.Unread(ctx, f.maeve)) - before; n != 3 {
		t.Errorf("%d notices of 3 sign-ins", n)
	}
}
