package work_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/internal/secret"
	"github.com/bandstand-app/bandstand/jobs/work"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// stage is a database with a club, and a runner whose only kind a test makes.
type stage struct {
	t      *testing.T
	clock  *storetest.Clock
	dir    string
	keys   *secret.Keyset
	db     *store.DB
	club   *storetest.Club
	runner *work.Runner

	mu     sync.Mutex
	ran    []string // keys, in order
	inHand map[int64]bool
	beside bool // two of one account ran at once
}

func newStage(t *testing.T, kind work.Kind) *stage {
	t.Helper()
	keys, err := secret.New()
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, clock: storetest.NewClock(), dir: t.TempDir(), keys: keys, inHand: map[int64]bool{}}
	s.db = storetest.OpenIn(t, s.dir, keys, s.clock.Now)
	s.club = storetest.NewClub(t, s.db)
	s.runner = s.newRunner(s.db, kind)
	return s
}

func (s *stage) newRunner(db *store.DB, kind work.Kind) *work.Runner {
	kind.Name = store.WorkLink
	do := kind.Do
	if do != nil {
		kind.Do = func(ctx context.Context, i work.Item) work.Result {
			defer s.enter(i)()
			return do(ctx, i)
		}
	}
	start := s.clock.Now()
	return work.New(work.Config{
		DB: db, Log: slog.New(slog.DiscardHandler), Now: s.clock.Now, Elapsed: func() time.Duration { return s.clock.Now().Sub(start) },
		QuietFrom: s.clock.Now, May: func() bool { return true }, Fault: func(error) {},
		Line:     func(ctx context.Context, _ int64, do func(context.Context) error) error { return do(ctx) },
		Platform: func(store.Connection) platforms.Platform { return nil },
	}, kind)
}

// enter notes that an item is in hand.
func (s *stage) enter(i work.Item) (leave func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ran = append(s.ran, i.Key)
	s.beside = s.beside || s.inHand[i.ConnectionID]
	s.inHand[i.ConnectionID] = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.inHand[i.ConnectionID] = false
	}
}

func (s *stage) account(p platforms.ID) store.Connection {
	return s.club.Connection(p, platforms.Tokens{Access: platforms.NewSecret("a")})
}

// add makes an item that is due in a while.
func (s *stage) add(key string, c store.Connection, in time.Duration) {
	s.club.Exec(`INSERT INTO work (kind, key, club_id, connection_id, next_at) VALUES ('link', ?, ?, ?, ?)`,
		key, c.ClubID, c.ID, s.clock.Now().Add(in).UnixMilli())
}

func (s *stage) run() {
	s.t.Helper()
	_ = s.runner.RunDue(s.t.Context())
}

// taken returns what ran since it was last asked.
func (s *stage) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	ran := s.ran
	s.ran = nil
	return ran
}

// planned are the items of a database with their failures.
func planned(t *testing.T, db *store.DB) map[string]int {
	t.Helper()
	rows, err := db.Reader().QueryContext(t.Context(), `SELECT key, failures FROM work WHERE kind = 'link'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := map[string]int{}
	for rows.Next() {
		var key string
		var failures int
		if err := rows.Scan(&key, &failures); err != nil {
			t.Fatal(err)
		}
		all[key] = failures
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestResultSaysWhatBecomesOfAnItem(t *testing.T) {
	t.Parallel()
	refusal := func(kind platforms.Kind) error { return &platforms.Error{Kind: kind} }
	for name, c := range map[string]struct {
		result func(now time.Time) work.Result
		want   string // the failures and the time of the first item, and of the second
		other  bool   // the second item of the account runs in the same round
	}{
		"done":          {func(time.Time) work.Result { return work.Done() }, "gone, gone", true},
		"again":         {func(now time.Time) work.Result { return work.Again(now.Add(time.Minute)) }, "0 in 1m0s, 0 in 1m0s", true},
		"dropped":       {func(time.Time) work.Result { return work.Drop("it is gone") }, "gone, gone", true},
		"kept":          {func(time.Time) work.Result { return work.Kept() }, "0 in 0s, 0 in 0s", true},
		"rest":          {func(now time.Time) work.Result { return work.Rest(now.Add(time.Minute)) }, "0 in 1m0s, 0 in 1m0s", false},
		"not yet":       {func(now time.Time) work.Result { return work.NotYet(now.Add(time.Minute)) }, "1 in 1m0s, 1 in 1m0s", true},
		"never":         {func(time.Time) work.Result { return work.NotYet(time.Time{}) }, "gone, gone", true},
		"refused":       {func(now time.Time) work.Result { return work.Failed(refusal(platforms.Rejected), now.Add(time.Minute)) }, "1 in 1m0s, 1 in 1m0s", true},
		"no answer":     {func(now time.Time) work.Result { return work.Failed(refusal(platforms.Unknown), now.Add(time.Minute)) }, "1 in 1m0s, 0 in 0s", false},
		"sign-in over":  {func(now time.Time) work.Result { return work.Failed(refusal(platforms.Revoked), now.Add(time.Minute)) }, "0 in 1m0s, 0 in 0s", false},
		"limit":         {func(now time.Time) work.Result { return work.Failed(refusal(platforms.RateLimited), now) }, "0 in 1h0m0s, 0 in 1h0m0s", false},
		"fault of ours": {func(now time.Time) work.Result { return work.Failed(errors.New("ours"), now) }, "1 in 30s, 0 in 0s", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s *stage
			s = newStage(t, work.Kind{Do: func(context.Context, work.Item) work.Result { return c.result(s.clock.Now()) }})
			conn := s.account("tin")
			s.add("1", conn, 0)
			s.add("2", conn, 0)
			s.run()
			want := []string{"1"}
			if c.other {
				want = append(want, "2")
			}
			if diff := cmp.Diff(want, s.taken()); diff != "" {
				t.Errorf("ran (-want +got):\n%s", diff)
			}
			of := func(key string) string {
				var failures int
				var next int64
				err := s.db.Reader().QueryRowContext(t.Context(), `SELECT failures, next_at FROM work WHERE kind = 'link' AND key = ?`, key).Scan(&failures, &next)
				if err != nil {
					return "gone"
				}
				return fmt.Sprintf("%d in %v", failures, time.UnixMilli(next).Sub(s.clock.Now()))
			}
			if got := of("1") + ", " + of("2"); got != c.want {
				t.Errorf("the items are %s; want %s", got, c.want)
			}
		})
	}
}

// TestItemThatPanicsEndsWithAWayOut: it is tried ever later and in the end given up,
// or tried four times a day for ever; the other items of its account go on.
func TestItemThatPanicsEndsWithAWayOut(t *testing.T) {
	t.Parallel()
	for _, tries := range []int{0, 5} {
		s := newStage(t, work.Kind{Tries: tries, Do: func(_ context.Context, i work.Item) work.Result {
			if i.Key == "bad" {
				panic("at the disco")
			}
			return work.Done()
		}})
		conn := s.account("tin")
		s.add("bad", conn, 0)
		times := 0
		for minute := range 7 * 24 * 60 {
			if minute == 60 {
				s.add("good", conn, 0)
			}
			s.run()
			s.clock.Advance(time.Minute)
		}
		for _, key := range s.taken() {
			if key == "bad" {
				times++
			}
		}
		left := planned(t, s.db)
		if _, there := left["good"]; there {
			t.Error("the other item of the account was never done")
		}
		_, there := left["bad"]
		switch {
		case tries == 0 && (!there || times < 4*6 || times > 4*7+12):
			t.Errorf("within a week it ran %d times, and is there: %v; want about four times a day", times, there)
		case tries > 0 && (there || times != tries):
			t.Errorf("it ran %d times, and is there: %v; want it given up after %d", times, there, tries)
		}
	}
}

// TestOneItemThatPanicsIsAloneAtFault: of those that are read in one call, only the
// one that cannot be read fails.
func TestOneItemThatPanicsIsAloneAtFault(t *testing.T) {
	t.Parallel()
	s := newStage(t, work.Kind{AtOnce: func(work.Item) int { return 10 }, Many: func(_ context.Context, all []work.Item) []work.Result {
		if slices.ContainsFunc(all, func(i work.Item) bool { return i.Key == "3" }) {
			panic("no such field")
		}
		return slices.Repeat([]work.Result{work.Done()}, len(all))
	}})
	conn := s.account("tin")
	for n := range 8 {
		s.add(fmt.Sprint(n), conn, 0)
	}
	s.run()
	if diff := cmp.Diff(map[string]int{"3": 1}, planned(t, s.db)); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

// TestWorkKilledAtEachStatementIsDoneOnce: wherever the program is killed, each item
// is either over or still due for the next start; none is lost.
func TestWorkKilledAtEachStatementIsDoneOnce(t *testing.T) {
	t.Parallel()
	kind := work.Kind{AtOnce: func(work.Item) int { return 2 }, Many: func(_ context.Context, all []work.Item) []work.Result {
		return slices.Repeat([]work.Result{work.Done()}, len(all))
	}}
	s := newStage(t, kind)
	keys := []string{"1", "2", "3", "4"}
	conn := s.account("tin")
	for _, key := range keys {
		s.add(key, conn, 0)
	}
	var lives []string
	storetest.BeforeEach(t, filepath.Join(s.dir, store.FileName), func(string) {
		lives = append(lives, t.TempDir())
		copyDatabase(t, s.dir, lives[len(lives)-1])
	})
	s.run()
	if left := planned(t, s.db); len(left) > 0 {
		t.Fatalf("left: %v", left)
	}
	begun := map[int]bool{}
	for n, dir := range lives {
		db := storetest.OpenIn(t, dir, s.keys, s.clock.Now)
		var second []string
		left := planned(t, db)
		r := s.newRunner(db, work.Kind{Do: func(_ context.Context, i work.Item) work.Result {
			second = append(second, i.Key)
			return work.Done()
		}})
		if err := r.RunDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		slices.Sort(second)
		want := slices.DeleteFunc(slices.Clone(keys), func(key string) bool { _, due := left[key]; return !due })
		if diff := cmp.Diff(want, second, cmp.Transformer("", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
			t.Errorf("killed at statement %d, the next start does (-want +got):\n%s", n+1, diff)
		}
		if len(left)%2 != 0 {
			t.Errorf("killed at statement %d: half of what one call did is kept", n+1)
		}
		if again := planned(t, db); len(again) > 0 {
			t.Errorf("killed at statement %d, left after the next start: %v", n+1, again)
		}
		begun[len(left)] = true
	}
	if !begun[4] || !begun[2] {
		t.Errorf("the kills left %v items, want four and two among them", begun)
	}
}

// copyDatabase copies what a kill would leave: the file and its log.
func copyDatabase(t *testing.T, from, to string) {
	t.Helper()
	for _, name := range []string{store.FileName, store.FileName + "-wal"} {
		b, err := os.ReadFile(filepath.Join(from, name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestItemPlannedAnewWhileItRanStaysPlanned: somebody asked for it again.
func TestItemPlannedAnewWhileItRanStaysPlanned(t *testing.T) {
	t.Parallel()
	var s *stage
	s = newStage(t, work.Kind{Do: func(_ context.Context, i work.Item) work.Result {
		s.club.Exec(`UPDATE work SET next_at = next_at + 1 WHERE key = ?`, i.Key)
		return work.Done()
	}})
	s.add("1", s.account("tin"), -time.Second)
	s.run()
	if left := planned(t, s.db); len(left) != 1 {
		t.Errorf("left: %v; want the item as it was planned", left)
	}
}

// TestHundredsOfItemsOfOneAccount: each is done once, one at a time, and the other
// account is not kept waiting.
func TestHundredsOfItemsOfOneAccount(t *testing.T) {
	t.Parallel()
	s := newStage(t, work.Kind{Do: func(context.Context, work.Item) work.Result { return work.Done() }})
	busy, other := s.account("tin"), s.account("tin")
	for n := range 450 {
		s.add(fmt.Sprintf("busy %03d", n), busy, -time.Hour)
	}
	s.add("other", other, 0)
	s.run()
	first := s.taken()
	if !slices.Contains(first, "other") {
		t.Error("the other account waits for hundreds of items")
	}
	s.run()
	s.run()
	all := append(first, s.taken()...)
	slices.Sort(all)
	if len(all) != 451 || len(slices.Compact(all)) != 451 {
		t.Errorf("%d runs of %d items, want one each of 451", len(all), len(slices.Compact(all)))
	}
	if s.beside {
		t.Error("two items of one account ran at once")
	}
}

// TestItemsOfAnAccountThatIsGone: nothing is done for an account that was
// disconnected, and nothing is left of one that was removed.
func TestItemsOfAnAccountThatIsGone(t *testing.T) {
	t.Parallel()
	s := newStage(t, work.Kind{Do: func(context.Context, work.Item) work.Result { return work.Done() }})
	conn, removed := s.account("tin"), s.account("tin")
	s.add("1", conn, 0)
	s.add("2", removed, 0)
	if err := s.db.Disconnect(t.Context(), s.club.Scope, conn.ID, "test"); err != nil {
		t.Fatal(err)
	}
	s.club.Exec(`DELETE FROM connections WHERE id = ?`, removed.ID)
	s.run()
	if ran := s.taken(); len(ran) > 0 {
		t.Errorf("ran: %v", ran)
	}
	var stray int
	err := s.db.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM work WHERE connection_id = ? OR connection_id = ? AND kind <> 'link'`, removed.ID, conn.ID).Scan(&stray)
	if err != nil || stray > 0 {
		t.Errorf("%d items of accounts that are gone, %v", stray, err)
	}
}

// TestDueAfterALongAbsence: what was due meanwhile is done once, not once for each
// time it was missed.
func TestDueAfterALongAbsence(t *testing.T) {
	t.Parallel()
	var s *stage
	s = newStage(t, work.Kind{Do: func(context.Context, work.Item) work.Result { return work.Again(s.clock.Now().Add(time.Hour)) }})
	conn := s.account("tin")
	for n := range 5 {
		s.add(fmt.Sprint(n), conn, time.Duration(n)*time.Hour)
	}
	s.clock.Advance(400 * 24 * time.Hour)
	for range 5 {
		s.run()
		s.clock.Advance(10 * time.Second)
	}
	if diff := cmp.Diff([]string{"0", "1", "2", "3", "4"}, s.taken()); diff != "" {
		t.Errorf("ran (-want +got):\n%s", diff)
	}
}

// TestNothingWaitsForYearsAfterTheClockJumpedBack: what a clock that was ahead has
// planned is due as soon as the times are mended; what a right one planned waits.
func TestNothingWaitsForYearsAfterTheClockJumpedBack(t *testing.T) {
	t.Parallel()
	var s *stage
	s = newStage(t, work.Kind{Do: func(context.Context, work.Item) work.Result { return work.Again(s.clock.Now().Add(time.Hour)) }})
	conn := s.account("tin")
	s.clock.Advance(10 * 365 * 24 * time.Hour)
	s.add("ahead", conn, 0)
	s.run()
	s.taken()
	s.clock.Advance(-10 * 365 * 24 * time.Hour)
	s.add("right", conn, time.Hour)
	s.run()
	if ran := s.taken(); len(ran) > 0 {
		t.Fatalf("ran: %v", ran)
	}
	if err := s.db.MendTimes(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.run()
	if diff := cmp.Diff([]string{"ahead"}, s.taken()); diff != "" {
		t.Errorf("ran (-want +got):\n%s", diff)
	}
}

// TestItemInHandIsNotBegunAgain, however often the time comes; the end of the program
// cuts it off.
func TestItemInHandIsNotBegunAgain(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{}, 64)
	var first sync.Once
	s := newStage(t, work.Kind{Do: func(ctx context.Context, _ work.Item) work.Result {
		hangs := false
		first.Do(func() { hangs = true })
		if !hangs {
			return work.Done()
		}
		entered <- struct{}{}
		<-ctx.Done()
		return work.Failed(ctx.Err(), time.Time{})
	}})
	conn := s.account("tin")
	s.add("1", conn, 0)
	s.add("2", conn, 0)
	ctx, stop := context.WithCancel(t.Context())
	if err := s.runner.Tick(ctx); err != nil {
		t.Fatal(err)
	}
	<-entered
	for range 3 {
		s.run()
	}
	stop()
	s.runner.Wait()
	if ran := s.taken(); len(ran) != 1 {
		t.Errorf("ran: %v; want one", ran)
	}
	if diff := cmp.Diff(map[string]int{"1": 0, "2": 0}, planned(t, s.db)); diff != "" {
		t.Errorf("what the end of the program cut off is due (-want +got):\n%s", diff)
	}
}

// TestItemWhoseEndCannotBeKeptIsLetAlone: it is not done again and again.
func TestItemWhoseEndCannotBeKeptIsLetAlone(t *testing.T) {
	t.Parallel()
	s := newStage(t, work.Kind{Do: func(context.Context, work.Item) work.Result { return work.Done() }})
	conn := s.account("tin")
	s.add("1", conn, 0)
	s.club.Exec(`CREATE TRIGGER refuse BEFORE DELETE ON work BEGIN SELECT RAISE(ABORT, 'no'); END`)
	for range 60 { // ten minutes
		s.run()
		s.clock.Advance(10 * time.Second)
	}
	if ran := s.taken(); len(ran) < 3 || len(ran) > 6 {
		t.Errorf("ran %d times within ten minutes, want ever later", len(ran))
	}
	s.club.Exec(`DROP TRIGGER refuse`)
	s.clock.Advance(time.Hour)
	s.run()
	if left := planned(t, s.db); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
