package club

import (
	"testing"
	"time"
)

// FuzzSlot: a wall time that is understood is shown by the clocks of its zone,
// unless they skip it, and means the same when it is read again.
func FuzzSlot(f *testing.F) {
	for _, s := range [][3]string{
		{"2026-11-24", "18:30", "Europe/Dublin"},
		{"2026-11-24", "7:30", "Europe/Dublin"},
		{"2026-03-29", "01:30", "Europe/Dublin"},
		{"2026-10-25", "01:30", "Europe/Dublin"},
		{"2026-04-05", "02:15", "Australia/Lord_Howe"},
		{"2011-12-30", "12:00", "Pacific/Apia"},
		{"0000-01-01", "00:00", "UTC"},
		{"9999-12-31", "23:59", "Asia/Kathmandu"},
		{"2026-02-30", "25:61", "Local"},
		{"2026-11-24T", "", "../../etc/passwd"},
		{"1900-01-01", "00:00", "Africa/Monrovia"},
	} {
		f.Add(s[0], s[1], s[2])
	}
	f.Fuzz(func(t *testing.T, date, clock, zone string) {
		s, err := NewSlot(date, clock, zone)
		if err != nil {
			return
		}
		loc, err := time.LoadLocation(s.Zone)
		if err != nil {
			t.Fatalf("%s %s in %q is a slot of no zone: %v", date, clock, zone, err)
		}
		wall, err := time.Parse(wallLayout, date+"T"+clock) // 7:30 is 07:30
		if got := Shows(s.At, loc); err != nil || got != s.Local || s.Note != SlotGap && s.Local != wall.Format(wallLayout) {
			t.Errorf("%sT%s in %s is %+v, when clocks show %s", date, clock, zone, s, got)
		}
		again, err := ParseSlot(s.Local, s.Zone)
		if err != nil || !again.At.Equal(s.At) && s.Note == SlotPlain {
			t.Errorf("%+v is read again as %+v (%v)", s, again, err)
		}
		if second := s.Second(); second.At.Before(s.At) {
			t.Errorf("the second of %+v is before it: %v", s, second.At)
		}
	})
}
