package planning_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/planning"
)

// TestWishesForATime: the clock stands at Monday 2026-11-23, 09:00 in Dublin.
func TestWishesForATime(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	brass := s.account("brass")
	if _, err := s.desk.Schedule(t.Context(), s.as(club.Admin), request("Trials", brass)); err != nil {
		t.Fatal(err)
	}
	by := s.as(club.Publisher)
	at := func(date, clock string) planning.Wish {
		return planning.Wish{Choice: planning.AtTime, Date: date, Clock: clock}
	}
	for name, tt := range map[string]struct {
		wish  planning.Wish
		want  string // UTC
		field string
		key   string
		args  map[string]string
	}{
		"a time to come":           {wish: at("2026-11-24", "6:30 pm"), want: "2026-11-24T18:30"},
		"in summer":                {wish: at("2027-06-01", "18.30"), want: "2027-06-01T17:30"},
		"no time":                  {wish: planning.Wish{Choice: planning.AtNoTime}},
		"nothing chosen":           {wish: planning.Wish{Date: "2026-11-24", Clock: "18:30"}},
		"now":                      {wish: planning.Wish{Choice: planning.Now}, want: "2026-11-23T09:00"},
		"no date":                  {wish: at("soon", "18:30"), field: "date", key: planning.KeyDateUnreadable},
		"a day that is not":        {wish: at("2026-11-31", "18:30"), field: "date", key: planning.KeyDateUnreadable},
		"a year that nobody means": {wish: at("20266-11-24", "18:30"), field: "date", key: planning.KeyDateUnreadable},
		"no time, of another zone": {wish: planning.Wish{Choice: planning.AtNoTime, Zone: "UTC"}, field: "time", key: planning.KeyZoneOther},
		"the year 2101":            {wish: at("2101-01-01", "18:30"), field: "date", key: planning.KeyDateUnreadable},
		"no time of day":           {wish: at("2026-11-24", "evening"), field: "time", key: planning.KeyTimeUnreadable},
		"another zone":             {wish: planning.Wish{Choice: planning.AtTime, Date: "2026-11-24", Clock: "18:30", Zone: "UTC"}, field: "time", key: planning.KeyZoneOther},
		"the club's zone":          {wish: planning.Wish{Choice: planning.AtTime, Date: "2026-11-24", Clock: "18:30", Zone: "Europe/Dublin"}, want: "2026-11-24T18:30"},
		"a time that passed":       {wish: at("2026-11-23", "8:59"), want: "2026-11-23T08:59", field: "time", key: planning.KeyTimePast, args: map[string]string{"clock": "08:59", "at": "2026-11-23T08:59:00Z"}},
		"this very minute":         {wish: at("2026-11-23", "9:00"), want: "2026-11-23T09:00", field: "time", key: planning.KeyTimePast, args: map[string]string{"clock": "09:00", "at": "2026-11-23T09:00:00Z"}},
		"a time that clocks skip":  {wish: at("2027-03-28", "1.30"), want: "2027-03-28T01:30", field: "time", key: planning.KeyTimeGap, args: map[string]string{"clock": "01:30", "at": "2027-03-28T01:30:00Z"}},
		"a time that comes twice":  {wish: at("2027-10-31", "1:30 am"), want: "2027-10-31T00:30"},
		"the later of two":         {wish: planning.Wish{Choice: planning.AtTime, Date: "2027-10-31", Clock: "01:30", Second: true}, want: "2027-10-31T01:30"},
		"the next that is free":    {wish: planning.Wish{Choice: planning.AtNextFree, Clock: "18:30", Accounts: []int64{brass}}, want: "2026-11-23T18:30"},
		"free, but today is over":  {wish: planning.Wish{Choice: planning.AtNextFree, Clock: "08:30", Accounts: []int64{brass}}, want: "2026-11-24T08:30"},
		"free for the post itself": {wish: planning.Wish{Choice: planning.AtNextFree, Clock: "18:30", Accounts: []int64{brass}, PostID: 1}, want: "2026-11-23T18:30"},
	} {
		slot, err := s.desk.Resolve(t.Context(), by, tt.wish)
		got := ""
		if !slot.At.IsZero() {
			got = slot.At.UTC().Format("2006-01-02T15:04")
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
		var field, key string
		var args map[string]string
		if e, ok := errors.AsType[*club.Error](err); ok {
			field, key, args = e.Field, e.Key, e.Args
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if field != tt.field || key != tt.key || !cmp.Equal(args, tt.args) {
			t.Errorf("%s: at %q says %q %v, want at %q %q %v", name, field, key, args, tt.field, tt.key, tt.args)
		}
	}
	s.clock.Advance(24 * time.Hour)
	free, err := s.desk.NextFree(t.Context(), by, 0, []int64{brass}, "18:30", s.clock.Now())
	if err != nil || free.Date() != "2026-11-25" {
		t.Errorf("next to a post the free time is %s, %v", free.Local, err)
	}
}

func TestProposalsForANewPost(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	brass, wood := s.account("brass"), s.account("wood")
	if _, err := s.desk.Schedule(t.Context(), s.as(club.Admin), request("Trials", brass)); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		ask  planning.Proposal
		want string
		free bool
	}{
		"nothing asked":         {planning.Proposal{Accounts: []int64{brass}}, "2026-11-23T18:30", true},
		"a day":                 {planning.Proposal{Accounts: []int64{wood}, Date: "2026-11-24"}, "2026-11-24T18:30", false},
		"a day that is taken":   {planning.Proposal{Accounts: []int64{brass}, Date: "2026-11-24"}, "2026-11-24T20:00", false},
		"a time of day":         {planning.Proposal{Accounts: []int64{brass}, Date: "2026-11-24", Clock: "9 am"}, "2026-11-24T09:00", false},
		"after a day":           {planning.Proposal{Accounts: []int64{brass}, After: "2026-11-24"}, "2026-11-25T18:30", true},
		"a day that is over":    {planning.Proposal{Accounts: []int64{brass}, Date: "2026-11-02"}, "2026-11-23T18:30", false},
		"a clock that is none":  {planning.Proposal{Accounts: []int64{wood}, Date: "2026-11-24", Clock: "noonish"}, "2026-11-24T18:30", false},
		"too soon to write one": {planning.Proposal{Accounts: []int64{wood}, Clock: "9:30"}, "2026-11-24T09:30", true},
	} {
		slot, free, err := s.desk.Propose(t.Context(), s.as(club.Writer), tt.ask)
		if err != nil || slot.Local != tt.want || free != tt.free {
			t.Errorf("%s: %s, free %v, %v; want %s, free %v", name, slot.Local, free, err, tt.want, tt.free)
		}
	}
}
