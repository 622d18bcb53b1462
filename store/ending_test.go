package store_test

import (
	"testing"

	"github.com/bandstand-app/bandstand/store"
)

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
