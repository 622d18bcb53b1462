package club

import (
	"testing"
	"time"
)

func TestNextFreeTime(t *testing.T) {
	t.Parallel()
	const zone = "Europe/Berlin"
	slot := func(local string) Slot {
		s, err := ParseSlot(local, zone)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for name, tt := range map[string]struct {
		now, planned string
		taken        []string
		want         string
	}{
		"its hour is still to come":          {"2026-11-24T10:00", "2026-11-20T18:30", nil, "2026-11-24T18:30"},
		"its hour has passed":                {"2026-11-24T19:00", "2026-11-24T18:30", nil, "2026-11-25T18:30"},
		"something else is planned":          {"2026-11-24T10:00", "2026-11-20T18:30", []string{"2026-11-24T18:10", "2026-11-25T18:59"}, "2026-11-26T18:30"},
		"something else is planned that day": {"2026-11-24T10:00", "2026-11-20T18:30", []string{"2026-11-24T19:00"}, "2026-11-24T18:30"},
		"the clocks change in between":       {"2026-10-24T20:00", "2026-10-24T18:30", nil, "2026-10-25T18:30"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var taken []time.Time
			for _, at := range tt.taken {
				taken = append(taken, slot(at).At)
			}
			got, err := NextFree(slot(tt.planned), zone, taken, slot(tt.now).At)
			if err != nil || got.Local != tt.want {
				t.Errorf("got %s, %v; want %s", got.Local, err, tt.want)
			}
		})
	}
}
