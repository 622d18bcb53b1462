package results

import (
	"net/http"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/handlers/web/webtest"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// TestAnAddressOfResultsThatIsNotUnderstoodShowsTheUsualPage: an old bookmark, or
// one that somebody changed by hand, still opens.
func TestAnAddressOfResultsThatIsNotUnderstoodShowsTheUsualPage(t *testing.T) {
	t.Parallel()
	room := webtest.Serve(t, func(app *web.App) []web.Route { return (&Room{App: app}).Routes() })
	for _, query := range []string{"?days=8", "?account=-1&days=none", "?sort=seen", "?account=99999999999999999999"} {
		page := room.Get(club.Viewer, "/results"+query).Want(http.StatusOK)
		if got := page.Doc().Find("select[name=days] option[selected]").AttrOr("value", ""); got != "28" {
			t.Errorf("%s shows %q days, want 28", query, got)
		}
	}
	room.Post(club.Viewer, "/results/numbers", nil).Want(http.StatusForbidden)
}

func TestANumberThatWasNotGivenIsNoZeroInTheSheet(t *testing.T) {
	t.Parallel()
	r := store.Result{Numbers: map[platforms.Number]int64{platforms.Likes: 0}}
	if got := sheetNumber(r.Numbers[platforms.Likes], has(r, platforms.Likes)); got != "0" {
		t.Errorf("a zero that was given is %q", got)
	}
	if got := sheetNumber(r.Numbers[platforms.Reach], has(r, platforms.Reach)); got != "" {
		t.Errorf("a number that was not given is %q", got)
	}
	if !hasResponses(r) || hasResponses(store.Result{Numbers: map[platforms.Number]int64{platforms.Impressions: 7}}) {
		t.Error("what was seen is counted as a response, or a zero like is not")
	}
}

func TestSpansOfAChartCoverItsPeriod(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, days := range resultPeriods {
		spans := resultSpans(from, days)
		if !spans[0].Equal(from) || !spans[len(spans)-1].Before(from.AddDate(0, 0, days)) || len(spans) > 31 {
			t.Errorf("%d days are %d spans from %s to %s", days, len(spans), spans[0], spans[len(spans)-1])
		}
	}
}
