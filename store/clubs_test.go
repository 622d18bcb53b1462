package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/store"
)

func TestAnotherZoneKeepsClockTimes(t *testing.T) {
	t.Parallel()
	db, _, s := first(t)
	ctx := t.Context()
	_, err := db.Writer().ExecContext(ctx, `
		INSERT INTO connections (id, club_id, platform, practice, remote_id, name, health, connected_by, connected_at)
		VALUES (1, ?, 'one', 1, 'r', 'n', 'working', ?, 0)`, s.ClubID, s.PersonID)
	if err != nil {
		t.Fatal(err)
	}
	// The clock stands at 09:00 UTC on 23 November; Dublin is on UTC.
	posts := []struct {
		name, local, status, phase string
		want                       time.Time // in Sydney, UTC+11
		wantLocal                  string
	}{
		{"tomorrow", "2026-11-24T18:30", "SCHEDULED", "waiting", time.Date(2026, 11, 24, 7, 30, 0, 0, time.UTC), "2026-11-24T18:30"},
		{"summer time begins elsewhere", "2027-07-01T08:00", "DRAFT", "", time.Date(2027, 6, 30, 22, 0, 0, 0, time.UTC), "2027-07-01T08:00"},
		{"would be past", "2026-11-23T12:00", "SCHEDULED", "waiting", time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), "2026-11-23T23:00"},
		{"under way", "2026-11-23T09:05", "PUBLISHING", "preparing", time.Date(2026, 11, 23, 9, 5, 0, 0, time.UTC), "2026-11-23T09:05"},
		{"past", "2026-11-20T09:00", "PUBLISHED", "unlinked", time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC), "2026-11-20T09:00"},
	}
	dublin, err := time.LoadLocation("Europe/Dublin")
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range posts {
		at, err := time.ParseInLocation("2006-01-02T15:04", p.local, dublin)
		if err != nil {
			t.Fatal(err)
		}
		_, err = db.Writer().ExecContext(ctx, `
			INSERT INTO posts (id, club_id, author_id, practice, planned_at, planned_local, planned_zone, created_at, updated_at, updated_by)
			VALUES (?, ?, ?, 1, ?, ?, 'Europe/Dublin', 0, 0, ?)`, i+1, s.ClubID, s.PersonID, at.UnixMilli(), p.local, s.PersonID)
		if err != nil {
			t.Fatal(err)
		}
		_, err = db.Writer().ExecContext(ctx, `
			INSERT INTO deliveries (id, club_id, post_id, connection_id, status, phase, due_at, late_after, next_at)
			VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?)`, []byte{byte(i)}, s.ClubID, i+1, p.status, p.phase, at.UnixMilli(), at.Add(2*time.Hour).UnixMilli(), at.UnixMilli())
		if err != nil {
			t.Fatal(err)
		}
	}
	changed := db.Changes()
	got, err := db.UpdateClub(ctx, s, store.ClubChange{Name: "Riverside", Zone: "Australia/Sydney", WeekStart: time.Sunday, Practice: true, LateMinutes: 60}, "")
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
	for i, p := range posts {
		var local string
		var planned, due, late, next int64
		err := db.Reader().QueryRowContext(ctx, `
			SELECT p.planned_local, p.planned_at, d.due_at, d.late_after, d.next_at FROM posts p JOIN deliveries d ON d.post_id = p.id WHERE p.id = ?`, i+1).
			Scan(&local, &planned, &due, &late, &next)
		if err != nil {
			t.Fatal(err)
		}
		grace := 2 * time.Hour
		if p.status == "SCHEDULED" {
			grace = time.Hour
		}
		want := []any{p.wantLocal, p.want.UnixMilli(), p.want.UnixMilli(), p.want.Add(grace).UnixMilli(), p.want.UnixMilli()}
		if diff := cmp.Diff(want, []any{local, planned, due, late, next}); diff != "" {
			t.Errorf("%s: %s", p.name, diff)
		}
	}
}
