package bench

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/media"
	"github.com/bandstand-app/bandstand/internal/planning"
	"github.com/bandstand-app/bandstand/internal/secret"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/bluesky"
	"github.com/bandstand-app/bandstand/platforms/facebook"
	"github.com/bandstand-app/bandstand/platforms/instagram"
	"github.com/bandstand-app/bandstand/platforms/linkedin"
	"github.com/bandstand-app/bandstand/platforms/x"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// season is how many drafts are checked at once.
const season = 500

// measurePlanning: S22. A season of drafts for all accounts of a club, checked in
// one go, against the page of one month.
func measurePlanning(b *testing.B, bin binaries, r *report) {
	s := furnished(b, smallPosts)
	app := startApp(b, bin, s, "")
	app.signIn()
	path := "/calendar?view=month&date=" + s.month.Format(time.DateOnly)
	desk, plans := s.desk(b, "sqlite3"), s.drafts()
	var page, check []float64
	for range pairs {
		l := app.run(ask{clients: 1, lasts: lasts, want: http.StatusOK, next: same(request{method: http.MethodGet, path: path})})
		page = append(page, l.cpuEach())
		begin := ownCPU(b)
		all, err := desk.CheckAll(b.Context(), 1, plans)
		must(b, err)
		check = append(check, float64(ownCPU(b)-begin))
		if len(all) != season || len(all[0].Drafts) != accountsEach {
			b.Fatalf("%d drafts were checked, for %d accounts", len(all), len(all[0].Drafts))
		}
	}
	app.stop()
	watched := s.desk(b, storetest.DriverName)
	queries := func(plans []planning.Plan) int {
		return len(storetest.Statements(b, watched.DB, func() {
			_, err := watched.CheckAll(b.Context(), 1, plans)
			must(b, err)
		}))
	}
	few, many := queries(plans[:5]), queries(plans)
	cost := ratio(check, page)
	r.add(goal{
		id: "S22", what: "500 drafts for 5 accounts, checked at once", wanted: "queries as for 5 drafts, CPU ≤ 3× a month page",
		figure: fmt.Sprintf("%d queries (5 drafts: %d), %s (month page %s)", many, few, ms(median(check)), ms(median(page))),
		ratio:  times(cost), met: few == many && cost <= 3,
	})
}

// ownCPU is the processor time that this process has used so far.
func ownCPU(b *testing.B) time.Duration {
	b.Helper()
	var t unix.Timespec
	must(b, unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t))
	return time.Duration(t.Nano())
}

// desk plans on the scene's database, read through a driver.
func (s scene) desk(b *testing.B, driver string) planning.Desk {
	b.Helper()
	keys, err := secret.Load(filepath.Join(s.dir, "keys", "bandstand.key"))
	must(b, err)
	db, err := store.OpenThrough(b.Context(), driver, s.dir, keys, time.Now)
	must(b, err)
	b.Cleanup(func() { must(b, db.Close()) })
	library, err := media.Open(db, media.Settings{Dir: filepath.Join(b.TempDir(), "media"), Key: make([]byte, 32), Now: time.Now})
	must(b, err)
	var all []platforms.Platform
	for _, make := range []func(platforms.Env) platforms.Platform{facebook.New, instagram.New, x.New, linkedin.New, bluesky.New} {
		all = append(all, make(platforms.Env{Now: time.Now}))
	}
	registry := platforms.NewRegistry(all...)
	return planning.Desk{
		DB: db, Media: planning.Measured{Library: library}, Language: "en", Now: time.Now,
		Platforms: func(int64, bool) *platforms.Registry { return registry },
	}
}

// drafts are a season of posts for all accounts of the first club.
func (s scene) drafts() []planning.Plan {
	var accounts []int64
	for i := range accountsEach {
		accounts = append(accounts, int64(account(1, i)))
	}
	text := strings.Fields(words)
	plans := make([]planning.Plan, season)
	for i := range plans {
		at := i * 7 % (len(text) - 20)
		c := club.Content{Text: fmt.Sprintf("Match %d: %s", i, strings.Join(text[at:at+20], " ")), Link: "https://club.example/matches", Accounts: accounts}
		plans[i] = planning.Plan{Content: c.Normal(), Slot: club.Slot{At: s.month.Add(time.Duration(i) * time.Hour), Zone: zone}}
	}
	return plans
}
