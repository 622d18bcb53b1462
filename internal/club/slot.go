package club

import (
	"fmt"
	"time"
)

// wallLayout is how a wall time is written: to the minute, without a zone.
const wallLayout = "2006-01-02T15:04"

// Slot is a time a person chose: a wall time in a zone, and the instant it
// stands for.
type Slot struct {
	Local string // 2026-11-24T18:30
	Zone  string // IANA name
	At    time.Time
	Note  SlotNote
}

// SlotNote says that a wall time is special.
type SlotNote string

const (
	// SlotPlain: the wall time exists once.
	SlotPlain SlotNote = ""
	// SlotGap: the clocks go forward over it; At is the same wall time with the
	// offset from before (02:30 becomes 03:30).
	SlotGap SlotNote = "gap"
	// SlotTwice: the clocks go back over it; At is the first of the two.
	SlotTwice SlotNote = "twice"
)

// NewSlot resolves a date (2026-11-24) and a time of day (18:30) in a zone.
func NewSlot(date, clock, zone string) (Slot, error) {
	return ParseSlot(date+"T"+clock, zone)
}

// ParseSlot resolves a wall time in a zone. In a gap Local becomes the wall
// time that At really shows.
func ParseSlot(local, zone string) (Slot, error) {
	loc, err := time.LoadLocation(zone)
	if err != nil || zone == "" || zone == "Local" {
		return Slot{}, fmt.Errorf("unknown time zone %q", zone)
	}
	wall, err := time.Parse(wallLayout, local)
	if err != nil {
		return Slot{}, fmt.Errorf("not a wall time: %q", local)
	}
	at, note := resolve(wall, loc)
	return Slot{Local: at.In(loc).Format(wallLayout), Zone: zone, At: at.UTC(), Note: note}, nil
}

// SlotAt is the slot of an instant.
func SlotAt(at time.Time, zone string) (Slot, error) {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return Slot{}, fmt.Errorf("unknown time zone %q", zone)
	}
	return Slot{Local: at.In(loc).Format(wallLayout), Zone: zone, At: at.UTC().Truncate(time.Minute)}, nil
}

// Shows is the wall time, as in Slot.Local, that clocks in loc show at an
// instant.
func Shows(at time.Time, loc *time.Location) string { return at.In(loc).Format(wallLayout) }

// resolve finds the instant of a wall time (given as UTC fields) in loc. It
// does not rely on what time.Date does in gaps and repeated hours.
func resolve(wall time.Time, loc *time.Location) (time.Time, SlotNote) {
	// Offsets in force a day before and after enclose any one change.
	_, before := wall.Add(-24 * time.Hour).In(loc).Zone()
	_, after := wall.Add(24 * time.Hour).In(loc).Zone()
	var fits []time.Time
	for _, offset := range []int{before, after} {
		at := wall.Add(-time.Duration(offset) * time.Second)
		if _, real := at.In(loc).Zone(); real == offset && (len(fits) == 0 || !fits[0].Equal(at)) {
			fits = append(fits, at)
		}
	}
	switch len(fits) {
	case 0:
		return wall.Add(-time.Duration(before) * time.Second), SlotGap
	case 1:
		return fits[0], SlotPlain
	}
	if fits[1].Before(fits[0]) {
		fits[0] = fits[1]
	}
	return fits[0], SlotTwice
}

// Date is the day part of Local: 2026-11-24.
func (s Slot) Date() string {
	if len(s.Local) < 10 {
		return ""
	}
	return s.Local[:10]
}

// Clock is the time part of Local: 18:30.
func (s Slot) Clock() string {
	if len(s.Local) < 16 {
		return ""
	}
	return s.Local[11:16]
}

// Second is the later instant of a wall time that happens twice; any other slot
// stays as it is.
func (s Slot) Second() Slot {
	loc, err := time.LoadLocation(s.Zone)
	if s.Note != SlotTwice || err != nil {
		return s
	}
	_, first := s.At.In(loc).Zone()
	_, second := s.At.Add(24 * time.Hour).In(loc).Zone()
	s.At = s.At.Add(time.Duration(first-second) * time.Second)
	return s
}
