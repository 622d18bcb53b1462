package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

// TestWhatWasSealedOpensInItsPlaceAlone: whoever can write into the database, but
// has no key, moves what was sealed from one row to another, or breaks it. Nothing
// of that is taken for a secret, nor for one that is not there.
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
			return only(f.db.LiveContents(ctx, f.maeve.ClubID, []int64{f.waits.PostID}))
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
