package club

import (
	"fmt"
	"time"
)

const (
	freeAround = 30 * time.Minute // no other post of the account is nearer
	freeWithin = 60               // days that are looked through
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

func isFree(at time.Time, taken []time.Time) bool {
	for _, t := range taken {
		if t.Sub(at).Abs() < freeAround {
			return false
		}
	}
	return true
}
