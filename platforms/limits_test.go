package platforms_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
)

func TestNearALimit(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 18, 30, 0, 0, time.UTC)
	for _, tt := range []struct {
		name  string
		limit platforms.Limit
		near  bool
	}{
		{"three of a hundred left", platforms.Limit{Unit: platforms.LimitPosts, Max: 100, Left: 3}, false},
		{"two of a hundred left", platforms.Limit{Unit: platforms.LimitPosts, Max: 100, Left: 2}, true},
		{"two of an unknown number left", platforms.Limit{Unit: platforms.LimitPoints, Left: 2}, true},
		{"a window that is over", platforms.Limit{Unit: platforms.LimitPosts, Max: 100, Ends: now}, false},
		{"a window that goes on", platforms.Limit{Unit: platforms.LimitPosts, Max: 100, Ends: now.Add(time.Second)}, true},
		{"two of a handful left", platforms.Limit{Unit: platforms.LimitPosts, Max: 5, Left: 2}, false},
		{"none of a handful left", platforms.Limit{Unit: platforms.LimitPosts, Max: 5}, true},
		{"89 % used", platforms.Limit{Unit: platforms.LimitPercent, Max: 100, Left: 11}, false},
		{"90 % used", platforms.Limit{Unit: platforms.LimitPercent, Max: 100, Left: 10}, true},
		{"no credit", platforms.Limit{Unit: platforms.LimitCredit}, true},
	} {
		if got := tt.limit.Near(now); got != tt.near {
			t.Errorf("%s: near is %v, want %v", tt.name, got, tt.near)
		}
	}
}

func TestLimitsAreSeenByWhoeverWatches(t *testing.T) {
	t.Parallel()
	var seen []platforms.Limit
	limit := platforms.Limit{Name: "day", Left: 3}
	platforms.ReportLimits(t.Context(), limit) // nobody watches
	platforms.ReportLimits(platforms.WatchLimits(t.Context(), func(l platforms.Limit) { seen = append(seen, l) }), limit, limit)
	if diff := cmp.Diff([]platforms.Limit{limit, limit}, seen); diff != "" {
		t.Error(diff)
	}
}
