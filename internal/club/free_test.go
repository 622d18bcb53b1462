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
		"something else is planned that day": {"2026-11-24T10:00", "2026-11-20T18:30", []string{"2026-11-24T20:00"}, "2026-11-24T18:30"},
		"something is so near that it warns": {"2026-11-24T10:00", "2026-11-20T18:30", []string{"2026-11-24T19:30"}, "2026-11-25T18:30"},
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

func TestFreeTimeOfADay(t *testing.T) {
	t.Parallel()
	const zone, day = "Europe/Berlin", "2026-11-24"
	at := func(local string) time.Time {
		s, err := ParseSlot(local, zone)
		if err != nil {
			t.Fatal(err)
		}
		return s.At
	}
	for name, tt := range map[string]struct {
		now   string
		taken []string
		want  string // empty: none
	}{
		"its hour is free":         {"2026-11-23T10:00", nil, "18:30"},
		"another post is at it":    {"2026-11-23T10:00", []string{day + "T18:30"}, "20:00"},
		"the evening is full":      {"2026-11-23T10:00", []string{day + "T18:30", day + "T20:00", day + "T21:30"}, "17:00"},
		"its hour has passed":      {day + "T19:10", nil, "20:00"},
		"only the morning is past": {day + "T16:30", []string{day + "T18:30", day + "T20:00", day + "T21:30"}, "17:00"},
		"the day is nearly over":   {day + "T21:10", nil, ""},
		"the day is over":          {"2026-11-25T00:10", nil, ""},
		"another day is as full":   {"2026-11-23T10:00", []string{"2026-11-23T18:30", "2026-11-25T18:30"}, "18:30"},
	} {
		var taken []time.Time
		for _, x := range tt.taken {
			taken = append(taken, at(x))
		}
		got, ok := FreeOn(day, "18:30", zone, taken, at(tt.now))
		if ok != (tt.want != "") || got.Clock() != tt.want || ok && got.Date() != day {
			t.Errorf("%s: got %s, %v; want %s", name, got.Local, ok, tt.want)
		}
	}
	if got, ok := FreeOn("yesterday", "18:30", zone, nil, at("2026-11-23T10:00")); ok {
		t.Errorf("no day at all: got %s", got.Local)
	}
}
