package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

func TestCalendarPosts(t *testing.T) {
	t.Parallel()
	db, _, s := first(t)
	ids := connect(t, db, s, true, "band", "choir")
	var posts []int64
	for _, when := range []string{"2026-11-24T18:30", "2026-11-24T09:00", "2026-11-30T23:59", "2026-12-01T00:00", ""} {
		c := store.PostChange{Content: club.Content{Text: strings.Repeat("é", 200), Accounts: ids}}
		if when != "" {
			c.Slot = slot(t, when)
		}
		p, err := db.SavePost(t.Context(), s, c)
		if err != nil {
			t.Fatal(err)
		}
		posts = append(posts, p.ID)
	}
	if err := db.DeletePost(t.Context(), s, posts[2], "test"); err != nil {
		t.Fatal(err)
	}
	got, err := db.CalendarPosts(t.Context(), s, slot(t, "2026-11-01T00:00").At, slot(t, "2026-12-01T00:00").At)
	if err != nil {
		t.Fatal(err)
	}
	var have []int64
	for _, p := range got {
		have = append(have, p.ID)
	}
	if diff := cmp.Diff([]int64{posts[1], posts[0]}, have); diff != "" {
		t.Errorf("posts (-want +got):\n%s", diff)
	}
	want := []store.CalendarDelivery{{ConnectionID: ids[0], Status: club.Draft}, {ConnectionID: ids[1], Status: club.Draft}}
	if diff := cmp.Diff(want, got[0].Deliveries); diff != "" {
		t.Errorf("deliveries (-want +got):\n%s", diff)
	}
	if n := len([]rune(got[0].Excerpt)); n != 91 {
		t.Errorf("the excerpt has %d characters, want 91", n)
	}
	tray, err := db.TrayPosts(t.Context(), s)
	if err != nil || len(tray) != 1 || tray[0].ID != posts[4] || !tray[0].At.IsZero() {
		t.Errorf("tray = %+v, %v", tray, err)
	}
}

func TestMovePostMovesItsDeliveries(t *testing.T) {
	t.Parallel()
	db, _, s := first(t)
	ids := connect(t, db, s, true, "band")
	p, err := db.SchedulePost(t.Context(), s, store.PostChange{Content: club.Content{Text: "Hello", Accounts: ids}, Slot: slot(t, "2026-11-24T18:30")}, "test")
	if err != nil {
		t.Fatal(err)
	}
	woken := db.Changes()
	m := store.Move{PostID: p.ID, Version: p.Version, Op: "op", To: slot(t, "2026-11-27T10:00"), Role: club.Publisher, Via: "drag"}
	moved, err := db.MovePost(t.Context(), s, m, "test")
	if err != nil {
		t.Fatal(err)
	}
	if moved.From.Local != "2026-11-24T18:30" || moved.To.Local != "2026-11-27T10:00" || moved.Version != p.Version+1 {
		t.Errorf("moved = %+v", moved)
	}
	ds, err := db.Deliveries(t.Context(), s, p.ID)
	if err != nil || len(ds) != 1 {
		t.Fatalf("deliveries = %v, %v", ds, err)
	}
	at := time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC)
	if d := ds[0]; !d.DueAt.Equal(at) || !d.NextAt.Equal(at) || !d.LateAfter.Equal(at.Add(2*time.Hour)) {
		t.Errorf("due %v, next %v, late after %v", d.DueAt, d.NextAt, d.LateAfter)
	}
	select {
	case <-woken:
	default:
		t.Error("the engine was not told")
	}
	again, err := db.MovePost(t.Context(), s, m, "test")
	if err != nil || again.Version != moved.Version {
		t.Errorf("the same request again = %+v, %v", again, err)
	}
	m.Op = "another"
	if _, err := db.MovePost(t.Context(), s, m, "test"); !isStale(err) {
		t.Errorf("an old version = %v, want ErrStale", err)
	}
	other := store.Scope{ClubID: s.ClubID + 1, PersonID: s.PersonID}
	m.Version, m.Op = moved.Version, "third"
	if _, err := db.MovePost(t.Context(), other, m, "test"); club.CodeOf(err) != club.NotFound {
		t.Errorf("a post of another club = %v, want not found", err)
	}
	audit, err := db.AuditEntries(t.Context(), s.ClubID, 1)
	if err != nil || len(audit) != 1 || audit[0].Action != "post_moved" || !strings.Contains(audit[0].Object, "2026-11-24T18:30 → 2026-11-27T10:00 (drag)") {
		t.Errorf("audit = %+v, %v", audit, err)
	}
}

func TestMoveThatFailsChangesNothing(t *testing.T) {
	t.Parallel()
	db, _, s := first(t)
	ids := connect(t, db, s, true, "band", "choir")
	p, err := db.SchedulePost(t.Context(), s, store.PostChange{Content: club.Content{Text: "Hello", Accounts: ids}, Slot: slot(t, "2026-11-24T18:30")}, "test")
	if err != nil {
		t.Fatal(err)
	}
	// The last of two deliveries is being sent when the move comes.
	_, err = db.Writer().ExecContext(t.Context(), `UPDATE deliveries SET status = 'PUBLISHING', phase = 'sending' WHERE post_id = ? AND connection_id = ?`, p.ID, ids[1])
	if err != nil {
		t.Fatal(err)
	}
	before, err := db.Deliveries(t.Context(), s, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.MovePost(t.Context(), s, store.Move{PostID: p.ID, Version: p.Version, To: slot(t, "2026-11-27T10:00"), Role: club.Admin}, "test")
	if club.CodeOf(err) != club.Conflict {
		t.Errorf("a post on its way = %v, want conflict", err)
	}
	after, err := db.Deliveries(t.Context(), s, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("deliveries changed:\n%s", diff)
	}
	if got, err := db.Post(t.Context(), s, p.ID); err != nil || got.Version != p.Version || got.Planned.Local != "2026-11-24T18:30" {
		t.Errorf("post = %+v, %v", got.Planned, err)
	}
}

func isStale(err error) bool { return errors.Is(err, store.ErrStale) }
