package bench

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/secret"
	"github.com/bandstand-app/bandstand/jobs/work"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

const (
	workAccounts = 50 // on two platforms
	workEach     = 20 // items an account
	workAnswers  = 100 * time.Millisecond
	workAtOnce   = 8 // accounts of one platform
)

// measureWork: S23. A thousand items are due, and one account of the first platform
// does not answer. A second look at what is due, while they run, begins none twice.
func measureWork(b *testing.B, _ binaries, r *report) {
	keys, err := secret.New()
	must(b, err)
	db, err := store.Open(b.Context(), b.TempDir(), keys, time.Now)
	must(b, err)
	b.Cleanup(func() { must(b, db.Close()) })
	c := storetest.NewClub(b, db)
	hangs := fillWork(b, db, c)

	var mu sync.Mutex
	ran := map[string]int{}
	begin := time.Now()
	finished := 0
	var last time.Time // when the last of them was
	done := make(chan struct{})
	do := func(ctx context.Context, i work.Item) work.Result {
		mu.Lock()
		ran[i.Key]++
		mu.Unlock()
		if i.ConnectionID == hangs {
			<-ctx.Done()
			return work.Failed(ctx.Err(), time.Time{})
		}
		time.Sleep(workAnswers)
		mu.Lock()
		defer mu.Unlock()
		last = time.Now()
		if finished++; finished == (workAccounts-1)*workEach {
			close(done)
		}
		return work.Done()
	}
	runner := work.New(work.Config{
		DB: db, Log: slog.New(slog.DiscardHandler), Now: time.Now, Elapsed: func() time.Duration { return time.Since(begin) },
		QuietFrom: time.Now, May: func() bool { return true }, Fault: func(err error) { b.Error(err) },
		Line:     func(ctx context.Context, _ int64, do func(context.Context) error) error { return do(ctx) },
		Platform: func(store.Connection) platforms.Platform { return nil },
	}, work.Kind{Name: store.WorkNumbers, Do: do})
	ctx, stop := context.WithTimeout(b.Context(), time.Minute)
	defer stop()
	must(b, runner.Tick(ctx))
	must(b, runner.Tick(ctx))
	select {
	case <-done:
	case <-ctx.Done():
	}
	stop()
	runner.Wait()

	twice := 0
	for _, n := range ran {
		twice += n - 1
	}
	lost := (workAccounts-1)*workEach - finished
	took := last.Sub(begin)
	// The platform of the account that hangs has one place less.
	ideal := workAccounts / 2 * workEach * workAnswers / (workAtOnce - 1)
	ratio := float64(took) / float64(ideal)
	r.add(goal{
		id: "S23", what: fmt.Sprintf("%s work items due, platforms answer in 100 ms, one account hangs", count(workAccounts*workEach)),
		wanted: "≤ 1.2× of the least, none twice, none of another account left",
		figure: fmt.Sprintf("%.1f s (least %.2f s), %d twice, %d left", took.Seconds(), ideal.Seconds(), twice, lost),
		ratio:  times(ratio), met: ratio <= 1.2 && twice == 0 && lost == 0,
	})
}

// fillWork makes the items, and returns the account that hangs.
func fillWork(b *testing.B, db *store.DB, c *storetest.Club) (hangs int64) {
	b.Helper()
	tx, err := db.Writer().BeginTx(b.Context(), nil)
	must(b, err)
	for n := 1; n <= workAccounts; n++ {
		platform := "one"
		if n%2 == 0 {
			platform = "two"
		}
		_, err := tx.ExecContext(b.Context(), `
			INSERT INTO connections (id, club_id, platform, practice, remote_id, name, health, connected_by, connected_at)
			VALUES (?1, ?2, ?3, 0, ?1, 'Riverside FC', 'working', ?4, 0)`, n, c.ClubID, platform, c.PersonID)
		must(b, err)
		for k := range workEach {
			_, err := tx.ExecContext(b.Context(), `INSERT INTO work (kind, key, club_id, connection_id, next_at) VALUES ('numbers', ?, ?, ?, ?)`,
				fmt.Sprintf("%d/%d", n, k), c.ClubID, n, k)
			must(b, err)
		}
	}
	must(b, tx.Commit())
	return 1
}
