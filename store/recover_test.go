package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

// TestRecoverBelievesTheJournal: what only the journal knows of is taken over, all
// is held because the database is an old copy, and a second start finds nothing
// more to do.
func TestRecoverBelievesTheJournal(t *testing.T) {
	t.Parallel()
	f := newScenes(t).take(t, nil)
	ctx := t.Context()
	got := must[store.Recovered](t)(f.db.Recover(ctx, boot, f.journal))
	forgotten := got.Forgotten // the post that is public is in no journal
	if forgotten.Outcome != club.Accepted || forgotten.Attempt == "" {
		t.Errorf("nothing is said of the call that the journal lacks: %+v", forgotten)
	}
	if diff := cmp.Diff(store.Recovered{Open: 1, Settled: 1, Lost: 3, Strange: 1, Forgotten: forgotten}, got); diff != "" {
		t.Errorf("recovered (-want +got):\n%s", diff)
	}
	for _, tt := range []struct {
		what     string
		d        store.Delivery
		status   club.Status
		remoteID string
	}{
		{"an answer that was lost", f.goes, club.Published, "43"},
		{"an id that is another's", f.gone, club.Publishing, ""},
		{"a call without an answer, and one that was refused", f.waits, club.NeedsAttention, ""},
		{"a post of which the database knew nothing", f.asks, club.Published, "44"},
		{"one that is public anyway", f.public, club.Published, "42"},
	} {
		d, err := f.db.Delivery(ctx, f.maeve, tt.d.ID)
		if err != nil || d.Status != tt.status || d.RemoteID != tt.remoteID {
			t.Errorf("%s: %s %q, %v; want %s %q", tt.what, d.Status, d.RemoteID, err, tt.status, tt.remoteID)
		}
	}
	if h, err := f.db.ActiveHold(ctx, f.maeve); err != nil || h.Phase != club.Restored {
		t.Errorf("hold %q, %v; want %q", h.Phase, err, club.Restored)
	}
	again := must[store.Recovered](t)(f.db.Recover(ctx, "the next boot", append(f.journal, forgotten)))
	if diff := cmp.Diff(store.Recovered{Strange: 1}, again); diff != "" {
		t.Errorf("recovered again (-want +got):\n%s", diff)
	}
}
