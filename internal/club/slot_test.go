package club

import (
	"testing"
	"time"
	_ "time/tzdata"
)

func TestParseSlot(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, local, zone string
		want              string // UTC
		wantLocal         string
		note              SlotNote
	}{
		{"plain winter", "2026-11-24T18:30", "Europe/Dublin", "2026-11-24T18:30", "2026-11-24T18:30", SlotPlain},
		{"plain summer", "2026-07-01T09:00", "Europe/Berlin", "2026-07-01T07:00", "2026-07-01T09:00", SlotPlain},
		{"gap keeps the offset from before", "2026-03-29T02:30", "Europe/Berlin", "2026-03-29T01:30", "2026-03-29T03:30", SlotGap},
		{"last minute before the gap", "2026-03-29T01:59", "Europe/Berlin", "2026-03-29T00:59", "2026-03-29T01:59", SlotPlain},
		{"first minute after the gap", "2026-03-29T03:00", "Europe/Berlin", "2026-03-29T01:00", "2026-03-29T03:00", SlotPlain},
		{"repeated hour is the first", "2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30", "2026-10-25T02:30", SlotTwice},
		{"hour after the repeated one", "2026-10-25T03:00", "Europe/Berlin", "2026-10-25T02:00", "2026-10-25T03:00", SlotPlain},
		{"south: gap in October", "2026-10-04T02:15", "Australia/Sydney", "2026-10-03T16:15", "2026-10-04T03:15", SlotGap},
		{"south: repeated in April", "2026-04-05T02:15", "Australia/Sydney", "2026-04-04T15:15", "2026-04-05T02:15", SlotTwice},
		{"half-hour shift", "2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03T15:45", "2026-10-04T02:45", SlotGap},
		{"UTC", "2026-02-28T23:59", "UTC", "2026-02-28T23:59", "2026-02-28T23:59", SlotPlain},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseSlot(tt.local, tt.zone)
			if err != nil {
				t.Fatal(err)
			}
			want, _ := time.Parse(wallLayout, tt.want)
			if !got.At.Equal(want) || got.Local != tt.wantLocal || got.Note != tt.note {
				t.Errorf("ParseSlot(%s, %s) = %v, %s, %q; want %v, %s, %q", tt.local, tt.zone, got.At, got.Local, got.Note, want, tt.wantLocal, tt.note)
			}
		})
	}
	for _, bad := range [][2]string{{"2026-11-24T18:30", "Mars/Base"}, {"2026-11-24T18:30", ""}, {"2026-11-24T18:30", "Local"}, {"2026-02-30T18:30", "UTC"}, {"24/11/2026", "UTC"}} {
		if _, err := ParseSlot(bad[0], bad[1]); err == nil {
			t.Errorf("ParseSlot(%q, %q) accepted", bad[0], bad[1])
		}
	}
}
