package club

import (
	"fmt"
	"strconv"
	"time"
)

// freeWithin is how many days NextFree looks through.
const freeWithin = 60

// The hours of a day at which FreeOn proposes a post.
const (
	firstHour = 8
	lastHour  = 21
)

// NextFree is the next time at which the accounts of a post are free: at the
// hour it was planned for, on the first day, from today on, on which nothing
// else is planned for them around that. taken are the times of the others.
func NextFree(planned Slot, zone string, taken []time.Time, now time.Time) (Slot, error) {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return Slot{}, fmt.Errorf("unknown time zone %q", zone)
	}
	clock := planned.At.In(loc).Format("15:04")
	today := now.In(loc)
	var slot Slot
	for day := range freeWithin {
		date := time.Date(today.Year(), today.Month(), today.Day()+day, 12, 0, 0, 0, time.UTC).Format("2006-01-02")
		if slot, err = NewSlot(date, clock, zone); err != nil {
			return Slot{}, err
		}
		if slot.At.After(now) && isFree(slot.At, taken) {
			break
		}
	}
	return slot, nil
}

// FreeOn is a time on a day at which the accounts of a post are free: the wished
// one if it is, or else the nearest later full hour of that day, or else the
// nearest earlier one. false: the day has none, or is over.
func FreeOn(date, clock, zone string, taken []time.Time, now time.Time) (Slot, bool) {
	wish, err := NewSlot(date, clock, zone)
	if err != nil {
		return Slot{}, false
	}
	clocks := []string{clock}
	hour, _ := strconv.Atoi(clock[:2])
	for h := hour + 1; h <= lastHour; h++ {
		clocks = append(clocks, fmt.Sprintf("%02d:00", h))
	}
	for h := hour - 1; h >= firstHour; h-- {
		clocks = append(clocks, fmt.Sprintf("%02d:00", h))
	}
	for _, c := range clocks {
		slot, err := NewSlot(date, c, zone)
		if err == nil && slot.Note == SlotPlain && slot.Date() == wish.Date() && slot.At.After(now) && isFree(slot.At, taken) {
			return slot, true
		}
	}
	return Slot{}, false
}

// isFree reports whether no other post is so near that people would be warned
// of it.
func isFree(at time.Time, taken []time.Time) bool {
	for _, t := range taken {
		if t.Sub(at).Abs() <= CloseWithin {
			return false
		}
	}
	return true
}
