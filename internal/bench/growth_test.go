package bench

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/secret"
	"github.com/bandstand-app/bandstand/store"
)

// measureGrowth: S5. The same month in a small and in a large database.
func measureGrowth(b *testing.B, bin binaries, r *report) {
	wanted := largeUsual
	if v := os.Getenv("BENCH_POSTS"); v != "" {
		var err error
		wanted, err = strconv.Atoi(v)
		must(b, err)
	}
	scenes := []scene{furnished(b, smallPosts), furnished(b, wanted)}
	var query [2][]float64
	for i, s := range scenes {
		query[i] = queries(b, s)
	}
	var apps [2]*process
	for i, s := range scenes {
		apps[i] = startApp(b, bin, s, "")
		apps[i].signIn()
	}
	var cpu [2][]float64
	for range pairs {
		for i, s := range scenes {
			path := "/calendar?view=month&date=" + s.month.Format(time.DateOnly)
			l := apps[i].run(ask{clients: 2, lasts: lasts, want: http.StatusOK, next: same(request{method: http.MethodGet, path: path})})
			cpu[i] = append(cpu[i], l.cpuEach())
		}
	}
	for _, a := range apps {
		a.stop()
	}
	page, one := ratio(cpu[1], cpu[0]), ratio(query[1], query[0])
	r.add(goal{
		id: "S5", what: count(scenes[1].posts) + " posts against " + count(scenes[0].posts) + ", the same month", wanted: "page ≤ 1.2×, query ≤ 1.25×",
		figure: fmt.Sprintf("page %s against %s CPU, query %s against %s", ms(median(cpu[1])), ms(median(cpu[0])), ms(median(query[1])), ms(median(query[0]))),
		ratio:  times(page) + ", " + times(one), met: page <= 1.2 && one <= 1.25,
	})
	if wanted < largeWanted {
		r.add(goal{id: "S5", what: "2,000,000 posts against 20,000", wanted: "page ≤ 1.2×, query ≤ 1.25×", figure: "make bench POSTS=2000000", ratio: "–", notRun: true})
	}
}

// queries times the query of the month.
func queries(b *testing.B, s scene) []float64 {
	b.Helper()
	keys, err := secret.Load(filepath.Join(s.dir, "keys", "bandstand.key"))
	must(b, err)
	db, err := store.Open(b.Context(), s.dir, keys, time.Now)
	must(b, err)
	defer db.Close()
	const each = 100
	var all []float64
	for i := range pairs + 1 {
		begin := time.Now()
		for range each {
			posts, err := db.CalendarPosts(b.Context(), store.Scope{ClubID: 1, PersonID: 1}, s.month, s.month.AddDate(0, 1, 0))
			must(b, err)
			if len(posts) != perMonth {
				b.Fatalf("the month has %d posts, want %d", len(posts), perMonth)
			}
		}
		if i > 0 { // the first is for warming up
			all = append(all, float64(time.Since(begin))/each)
		}
	}
	return all
}
