package jobs

import (
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// TestSouthernClocksChangeWhileItRuns is T-TIME on the southern half, where clocks
// go back in April and forward in spring, by half an hour on one island, at midnight
// in one country: posts that were moved across the change in the calendar, into hours
// that come twice or not at all, go out once each, at the instant that was promised.
// The instants are worked out by hand.
func TestSouthernClocksChangeWhileItRuns(t *testing.T) {
	t.Parallel()
	type at struct {
		local  string
		second bool // of two
		want   string
	}
	for name, tt := range map[string]struct {
		zone string
		all  []at
	}{
		"Sydney goes back": {"Australia/Sydney", []at{
			{"2027-04-04T01:30", false, "2027-04-03T14:30:00Z"},
			{"2027-04-04T02:30", false, "2027-04-03T15:30:00Z"},
			{"2027-04-04T02:30", true, "2027-04-03T16:30:00Z"},
			{"2027-04-04T03:00", false, "2027-04-03T17:00:00Z"},
		}},
		"Sydney goes forward": {"Australia/Sydney", []at{
			{"2027-10-03T01:45", false, "2027-10-02T15:45:00Z"}, {"2027-10-03T02:30", false, "2027-10-02T16:30:00Z"}, {"2027-10-03T04:00", false, "2027-10-02T17:00:00Z"},
		}},
		"Lord Howe goes back by half an hour": {"Australia/Lord_Howe", []at{
			{"2027-04-04T01:45", false, "2027-04-03T14:45:00Z"}, {"2027-04-04T01:45", true, "2027-04-03T15:15:00Z"}, {"2027-04-04T02:00", false, "2027-04-03T15:30:00Z"},
		}},
		"Lord Howe goes forward by half an hour": {"Australia/Lord_Howe", []at{
			{"2027-10-03T01:45", false, "2027-10-02T15:15:00Z"}, {"2027-10-03T02:15", false, "2027-10-02T15:45:00Z"}, {"2027-10-03T03:00", false, "2027-10-02T16:00:00Z"},
		}},
		"Auckland goes back": {"Pacific/Auckland", []at{
			{"2027-04-04T02:30", false, "2027-04-03T13:30:00Z"}, {"2027-04-04T02:30", true, "2027-04-03T14:30:00Z"}, {"2027-04-04T03:30", false, "2027-04-03T15:30:00Z"},
		}},
		"Auckland goes forward": {"Pacific/Auckland", []at{
			{"2027-09-26T01:30", false, "2027-09-25T13:30:00Z"}, {"2027-09-26T02:30", false, "2027-09-25T14:30:00Z"}, {"2027-09-26T04:30", false, "2027-09-25T15:30:00Z"},
		}},
		"Santiago goes back at midnight": {"America/Santiago", []at{
			{"2027-04-03T23:30", false, "2027-04-04T02:30:00Z"}, {"2027-04-03T23:30", true, "2027-04-04T03:30:00Z"}, {"2027-04-04T00:30", false, "2027-04-04T04:30:00Z"},
		}},
		"Santiago goes forward at midnight": {"America/Santiago", []at{
			{"2027-09-04T23:30", false, "2027-09-05T03:30:00Z"}, {"2027-09-05T00:30", false, "2027-09-05T04:30:00Z"}, {"2027-09-05T02:30", false, "2027-09-05T05:30:00Z"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, platforms.CertainByLooking)
			r.club.Exec(`UPDATE clubs SET zone = ? WHERE id = ?`, tt.zone, r.club.ClubID)
			conn := r.connect()
			want := map[string]time.Time{}
			for i, a := range tt.all {
				due, err := time.Parse(time.RFC3339, a.want)
				if err != nil {
					t.Fatal(err)
				}
				slot, err := club.ParseSlot(a.local, tt.zone)
				if err != nil {
					t.Fatal(err)
				}
				if a.second {
					slot = slot.Second()
				}
				if i == 0 {
					r.clock.Advance(due.Add(-6 * time.Hour).Sub(r.clock.Now()))
					r.restart()
				}
				text := a.want
				want[text] = due
				side := time.Hour // it was planned later by an hour, or by a day
				if i%2 == 1 {
					side = 24 * time.Hour
				}
				post := r.schedule(text, side+due.Sub(r.clock.Now()), conn)
				p, err := r.db.MovingPost(t.Context(), r.club.Scope, post)
				if err != nil {
					t.Fatal(err)
				}
				move := store.Move{PostID: post, Version: p.Version, Op: store.NewID(), To: slot, Role: club.Admin, Via: "drag"}
				if _, err := r.db.MovePost(t.Context(), r.club.Scope, move, "test"); err != nil {
					t.Fatal(err)
				}
			}
			for range 12 * 12 { // half a day
				r.after(5 * time.Minute)
			}
			for _, a := range r.server.took() {
				if !a.At.Equal(want[a.Text]) {
					t.Errorf("%s went out at %s", a.Text, a.At)
				}
				r.wantAccepted(a.Text, 1)
			}
			if n := len(r.server.took()); n != len(tt.all) {
				t.Errorf("%d went out, want %d", n, len(tt.all))
			}
		})
	}
}
