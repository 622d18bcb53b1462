package jobs

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// bulk is a platform of which one call reads several posts.
type bulk struct {
	renewingFake
	asked [][]string      // the posts of each call
	gone  map[string]bool // that the platform refuses to speak of
	fails error           // of the next call
}

func (*bulk) PostsAtOnce() int { return 8 }

func (b *bulk) PostsNumbers(_ context.Context, _ platforms.Session, ids []string) (map[string]platforms.PostReading, error) {
	b.asked = append(b.asked, ids)
	if b.fails != nil {
		return nil, b.fails
	}
	out := map[string]platforms.PostReading{}
	for _, id := range ids {
		out[id] = platforms.PostReading{Numbers: platforms.Numbers{Values: map[platforms.Number]int64{platforms.Likes: 1}}}
		if b.gone[id] {
			out[id] = platforms.PostReading{Err: refusesAs(platforms.Rejected)}
		}
	}
	return out, nil
}

// inBulk publishes posts on a platform that reads them in bulk.
func inBulk(t *testing.T, posts int) (*rig, *bulk, store.Connection, []int64) {
	t.Helper()
	r := newRig(t, platforms.CertainByLooking)
	b := &bulk{renewingFake: renewingFake{r.fake}, gone: map[string]bool{}}
	r.on(b)
	conn := r.connect()
	var ids []int64
	for n := range posts {
		ids = append(ids, r.schedule(fmt.Sprint("Match day ", n), 0, conn))
	}
	r.settle()
	return r, b, conn, ids
}

// TestNumbersAreReadWithOneCallForManyPosts of one account, and what the platform
// says of one of them is about that one alone.
func TestNumbersAreReadWithOneCallForManyPosts(t *testing.T) {
	t.Parallel()
	r, b, _, posts := inBulk(t, 20)
	other := r.connect()
	elsewhere := r.schedule("Raffle", 0, other)
	r.settle()
	b.gone[r.delivery(posts[5]).RemoteID] = true
	r.clock.Advance(2 * time.Hour)
	r.do(takePosts)
	var sizes []int
	for _, ids := range b.asked {
		sizes = append(sizes, len(ids))
	}
	slices.Sort(sizes)
	if !slices.Equal(sizes, []int{1, 4, 8, 8}) {
		t.Errorf("calls for %v posts, want 8, 8 and 4 of one account and 1 of the other", sizes)
	}
	for i, p := range append(posts, elsewhere) {
		want := 1
		if i == 5 {
			want = 0
		}
		if n := len(r.snapshots(p)); n != want {
			t.Errorf("post %d: %d readings, want %d", i, n, want)
		}
	}
	var failures int
	if err := r.db.Reader().QueryRowContext(t.Context(), `SELECT sum(failures) FROM work WHERE kind = 'numbers'`).Scan(&failures); err != nil || failures != 1 {
		t.Errorf("%d failures, %v; want that of the post that is gone", failures, err)
	}
	b.asked = nil
	r.do(takePosts)
	if len(b.asked) != 0 {
		t.Error("asked again at once")
	}
}

// TestACallForManyPostsThatFailsCountsForEach, but one that is limited, for none.
func TestACallForManyPostsThatFailsCountsForEach(t *testing.T) {
	t.Parallel()
	for kind, want := range map[platforms.Kind]int{platforms.Unknown: 5, platforms.Rejected: 5, platforms.RateLimited: 0} {
		r, b, _, _ := inBulk(t, 5)
		b.fails = refusesAs(kind)
		r.clock.Advance(2 * time.Hour)
		r.do(takePosts)
		var failures int
		if err := r.db.Reader().QueryRowContext(t.Context(), `SELECT sum(failures) FROM work WHERE kind = 'numbers'`).Scan(&failures); err != nil || failures != want || len(b.asked) != 1 {
			t.Errorf("%s: %d failures after %d calls, %v; want %d after one", kind, failures, len(b.asked), err, want)
		}
	}
}

// TestThePaceOfNumbersIsObeyed, for posts from before the choice and from after it.
func TestThePaceOfNumbersIsObeyed(t *testing.T) {
	t.Parallel()
	r, _, conn, posts := inBulk(t, 1)
	before := posts[0]
	choose := func(p club.Pace) {
		t.Helper()
		if err := r.db.SetNumbersPace(t.Context(), r.club.Scope, conn.ID, p, "test"); err != nil {
			t.Fatal(err)
		}
	}
	accounts := func() (n int) {
		t.Helper()
		if err := r.db.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM account_snapshots WHERE connection_id = ?`, conn.ID).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	pass := func(days int) {
		t.Helper()
		for range days * 24 {
			r.clock.Advance(time.Hour)
			r.do(takePosts)
			r.do(takeAccounts)
		}
	}
	choose(club.PaceAsked)
	after := r.schedule("Raffle", 0, conn)
	r.settle()
	pass(3)
	if a, b, c := len(r.snapshots(before)), len(r.snapshots(after)), accounts(); a+b+c != 0 {
		t.Fatalf("%d, %d and %d readings that nobody asked for", a, b, c)
	}
	if n, err := r.db.MeasureNow(t.Context(), r.club.Scope, 0); err != nil || n != 3 {
		t.Fatalf("asked for %d, %v; want two posts and the account", n, err)
	}
	pass(3)
	if a, b, c := len(r.snapshots(before)), len(r.snapshots(after)), accounts(); a != 1 || b != 1 || c != 1 {
		t.Errorf("%d, %d and %d readings, want the one of each that was asked for", a, b, c)
	}

	choose(club.PaceWeekly)
	weekly := r.schedule("Trials", 0, conn)
	r.settle()
	pass(22)
	if a, b := len(r.snapshots(before))-1, len(r.snapshots(weekly)); a != 4 || b != 4 {
		t.Errorf("%d and %d readings in 22 days, want 4 each", a, b)
	}
	nights := accounts()
	if nights < 20 {
		t.Errorf("%d readings of the account, which cost nothing besides the daily check", nights)
	}

	choose(club.PaceUseful)
	hourly := r.schedule("Result", 0, conn)
	r.settle()
	pass(1)
	if n := len(r.snapshots(hourly)); n < 20 {
		t.Errorf("%d readings on the first day, want one each hour", n)
	}
}
