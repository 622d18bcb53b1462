package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

func TestAnotherZoneKeepsClockTimes(t *testing.T) {
	t.Parallel()
	db, _, s := first(t)
	ctx := t.Context()
	accounts := connect(t, db, s, true, "band")
	// The clock stands at 09:00 UTC on 23 November; Dublin is on UTC, Sydney on
	// UTC+11 in its summer and UTC+10 in its winter.
	posts := []struct {
		name, local string
		schedule    bool
		want        time.Time
		wantLocal   string
	}{
		{"tomorrow", "2026-11-24T18:30", true, time.Date(2026, 11, 24, 7, 30, 0, 0, time.UTC), "2026-11-24T18:30"},
		{"another season, a draft", "2027-07-01T08:00", false, time.Date(2027, 6, 30, 22, 0, 0, 0, time.UTC), "2027-07-01T08:00"},
		{"would be past", "2026-11-23T12:00", true, time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), "2026-11-23T23:00"},
		{"under way", "2026-11-23T09:05", true, time.Date(2026, 11, 23, 9, 5, 0, 0, time.UTC), "2026-11-23T09:05"},
		{"draft of the past", "2026-11-20T09:00", false, time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC), "2026-11-20T09:00"},
	}
	ids := make([]int64, len(posts))
	for i, p := range posts {
		c := store.PostChange{Op: p.name, Content: club.Content{Text: p.name, Accounts: accounts}, Slot: slot(t, p.local)}
		save := db.SavePost
		if p.schedule {
			save = func(ctx context.Context, s store.Scope, c store.PostChange) (store.SavedPost, error) {
				return db.SchedulePost(ctx, s, c, "test")
			}
		}
		saved, err := save(ctx, s, c)
		if err != nil {
			t.Fatalf("%s: %v", p.name, err)
		}
		ids[i] = saved.ID
	}
	if _, err := db.Writer().ExecContext(ctx, `UPDATE deliveries SET status = 'PUBLISHING', phase = 'preparing' WHERE post_id = ?`, ids[3]); err != nil {
		t.Fatal(err)
	}
	changed := db.Changes()
	got, err := db.UpdateClub(ctx, s, store.ClubChange{Name: "Riverside", Zone: "Australia/Sydney", WeekStart: time.Sunday, LateMinutes: 60}, "")
	if err != nil {
		t.Fatal(err)
	}
	if want := (store.ZoneChange{Moved: 2, Kept: 1}); got != want {
		t.Errorf("UpdateClub = %+v, want %+v", got, want)
	}
	select {
	case <-changed:
	default:
		t.Error("the engine was not told that times changed")
	}
	c, err := db.Club(ctx, s.ClubID)
	if err != nil || c.Zone != "Australia/Sydney" || c.WeekStart != time.Sunday || c.LateMinutes != 60 {
		t.Errorf("Club = %+v, %v", c, err)
	}
	for i, want := range posts {
		p, err := db.Post(ctx, s, ids[i])
		if err != nil {
			t.Fatal(err)
		}
		due := time.Time{}
		if want.schedule {
			due = want.want
		}
		if diff := cmp.Diff([]any{want.wantLocal, want.want, due}, []any{p.Planned.Local, p.Planned.At, p.Deliveries[0].DueAt}); diff != "" {
			t.Errorf("%s: %s", want.name, diff)
		}
	}
}
