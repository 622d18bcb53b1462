package holds

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/handlers/web/webtest"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/planning"
	"github.com/bandstand-app/bandstand/store"
)

// TestAHoldSaysBesideEachFieldWhatIsWrong: also of a time, as every form does.
func TestAHoldSaysBesideEachFieldWhatIsWrong(t *testing.T) {
	t.Parallel()
	room := webtest.Serve(t, func(app *web.App) []web.Route {
		return (&Room{App: app, Planning: app.NewPlanning()}).Routes()
	})
	for field, form := range map[string]url.Values{
		"reason": {"reason": {strings.Repeat("é", ReasonMax+1)}},
		"date":   {"reason": {"storm"}, "date": {"soon"}},
		"time":   {"reason": {"storm"}, "date": {"2026-11-01"}, "time": {"09:00"}},
	} {
		a := room.Post(club.Publisher, "/hold", form).Want(http.StatusUnprocessableEntity)
		if a.Doc().Find("#"+field+"-e").Length() != 1 || a.Doc().Find(`.errors a[href="#`+field+`"]`).Length() != 1 {
			t.Errorf("nothing is said beside %s: %s", field, a.Text())
		}
	}
	skipped := url.Values{"reason": {"storm"}, "date": {"2027-03-28"}, "time": {"1.30"}}
	room.Post(club.Publisher, "/hold", skipped).Want(http.StatusUnprocessableEntity).Says("01:30 does not exist on Sun 28 Mar")
	room.Post(club.Publisher, "/hold", url.Values{"reason": {"storm"}}).To("/hold")
	room.Get(club.Publisher, "/hold").Want(http.StatusOK).Says("storm", "Tom Reid")
	room.Get(club.Writer, "/hold").Want(http.StatusForbidden)
}

// TestPostsLostAtTheSameTimeAreDecidedTogether: on one account, within half an
// hour of each other; the longest list comes first.
func TestPostsLostAtTheSameTimeAreDecidedTogether(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	lost := func(account int64, minutes int) *planning.Waiting {
		return &planning.Waiting{Phase: club.Ambiguous, Parts: []store.WaitingDelivery{{ConnectionID: account, UnknownSince: at.Add(time.Duration(minutes) * time.Minute)}}}
	}
	all := outages([]*planning.Waiting{
		lost(1, 0), {Phase: club.Restored, Parts: []store.WaitingDelivery{{ConnectionID: 1}}}, lost(2, 10), lost(2, 40), lost(1, 31), lost(2, 60),
	})
	var got []int
	for _, o := range all {
		got = append(got, int(o.account)*10+len(o.posts))
	}
	if len(got) != 3 || got[0] != 23 || got[1] != 11 || got[2] != 11 {
		t.Errorf("outages (account and number of posts) are %v, want 23, 11, 11", got)
	}
}
