package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// TestChangedZoneRulesMovePostsToCome plants posts as they would stand in the
// database if Dublin had changed its clocks since they were planned.
func TestChangedZoneRulesMovePostsToCome(t *testing.T) {
	t.Parallel()
	clock := storetest.NewClock()
	db := storetest.Open(t, clock.Now)
	c := storetest.NewClub(t, db)
	account := c.Connection("parrot", platforms.Tokens{Access: platforms.NewSecret("access")}).ID
	at := func(local string) time.Time { return slot(t, local).At }
	tests := []struct {
		name, local string
		was         time.Time // what it was resolved to
		want        time.Time
		wantLocal   string
	}{
		{"as planned", "2026-11-24T18:30", at("2026-11-24T18:30"), at("2026-11-24T18:30"), "2026-11-24T18:30"},
		{"an hour late by the new rules", "2026-11-25T18:30", at("2026-11-25T19:30"), at("2026-11-25T18:30"), "2026-11-25T18:30"},
		{"would have passed", "2026-11-23T08:30", at("2026-11-23T09:30"), at("2026-11-23T09:30"), "2026-11-23T09:30"},
		{"the second of a repeated hour", "2027-10-31T01:30", slot(t, "2027-10-31T01:30").Second().At, slot(t, "2027-10-31T01:30").Second().At, "2027-10-31T01:30"},
	}
	ids := make([]int64, len(tests))
	for i, tt := range tests {
		ids[i] = c.Scheduled(tt.name, tt.was, account)
		c.Exec(`UPDATE posts SET planned_at = ?, planned_local = ?, planned_zone = 'Europe/Dublin' WHERE id = ?`, tt.was.UnixMilli(), tt.local, ids[i])
	}
	s := c.Member(club.Admin)
	for round, want := range [][]int64{{ids[1], ids[2]}, nil} {
		moved, err := db.FollowZones(t.Context(), clock.Now().AddDate(2, 0, 0))
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(moved)
		if !slices.Equal(moved, want) {
			t.Errorf("round %d moved %v, want %v", round+1, moved, want)
		}
	}
	for i, tt := range tests {
		p, err := db.Post(t.Context(), s, ids[i])
		if err != nil {
			t.Fatal(err)
		}
		if !p.Planned.At.Equal(tt.want) || p.Planned.Local != tt.wantLocal || !p.Deliveries[0].DueAt.Equal(tt.want) {
			t.Errorf("%s: stands at %v (%s), goes out at %v; want %v (%s)", tt.name, p.Planned.At, p.Planned.Local, p.Deliveries[0].DueAt, tt.want, tt.wantLocal)
		}
	}
	notices, err := db.Notices(t.Context(), s, 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(notices) != 2 || notices[0].Kind != "zone_rules" {
		t.Errorf("people were told %+v, want one line for each moved post", notices)
	}
}
