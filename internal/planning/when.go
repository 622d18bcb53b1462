package planning

import (
	"context"
	"slices"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

// Choice is how somebody says when a post goes out.
type Choice string

// The choices.
const (
	AtNoTime   Choice = "none"
	AtTime     Choice = "time" // on a date, at a time of day
	Now        Choice = "now"
	AtNextFree Choice = "free" // at a time of day on the next day on which the accounts are free
)

// Wish is when a post is to go out, as somebody asked for it.
type Wish struct {
	Choice Choice
	Date   string // 2026-11-24
	Clock  string // a time of day, as people write it
	Zone   string // the one that the wish was made in; empty: the club's
	Second bool   // the later of two equal wall times

	// With AtNextFree: whose times count, and the post that it is for, unless 0.
	Accounts []int64
	PostID   int64
}

// Keys of what can be wrong with a wish. The errors are at the fields "date" and
// "time". Arguments: "clock" is the wished time of day as 18:30; "at" the moment
// that it stands for, RFC 3339.
const (
	KeyZoneOther      = "time_zone" // the club's zone was changed meanwhile
	KeyDateUnreadable = "date_unreadable"
	KeyTimeUnreadable = "time_unreadable"
	KeyTimeMissing    = "time_missing"
	KeyTimePast       = "time_past"
	KeyTimeGap        = "time_gap" // the clocks go forward over it
)

// The years in which posts are planned: nobody means another.
const firstYear, lastYear = 2000, 2100

// Read understands a wish in a zone, whether or not it can be granted: the time may
// have passed, or not exist. The zero slot is no time. What is free only a Desk
// knows.
func (w Wish) Read(zone string, now time.Time) (club.Slot, error) {
	if w.Zone != "" && w.Zone != zone {
		return club.Slot{}, club.Fault("time", KeyZoneOther)
	}
	switch w.Choice {
	case Now:
		slot, err := club.SlotAt(now, zone)
		if err != nil {
			return club.Slot{}, club.Fault("time", KeyTimeUnreadable)
		}
		return slot, nil
	case AtTime:
		return w.read(zone)
	case AtNoTime, AtNextFree:
	}
	return club.Slot{}, nil
}

func (w Wish) read(zone string) (club.Slot, error) {
	if day, err := time.Parse(time.DateOnly, w.Date); err != nil || day.Year() < firstYear || day.Year() > lastYear {
		return club.Slot{}, club.Fault("date", KeyDateUnreadable)
	}
	clock, err := club.ParseClock(w.Clock)
	if err != nil {
		return club.Slot{}, club.Fault("time", KeyTimeUnreadable)
	}
	slot, err := club.NewSlot(w.Date, clock, zone)
	if err != nil {
		return club.Slot{}, club.Fault("time", KeyTimeUnreadable)
	}
	if w.Second {
		slot = slot.Second()
	}
	return slot, nil
}

// Resolve finds the time of a wish that is to be granted: one that exists and has
// not passed. The slot is returned with the error where the wish can be understood.
func (d Desk) Resolve(ctx context.Context, by Actor, w Wish) (club.Slot, error) {
	now := d.Now()
	if w.Choice == AtNextFree {
		return d.NextFree(ctx, by, w.PostID, w.Accounts, w.Clock, now)
	}
	slot, err := w.Read(by.Zone, now)
	if err != nil || slot.At.IsZero() || w.Choice == Now {
		return slot, err
	}
	var fault string
	switch {
	case !slot.At.After(now):
		fault = KeyTimePast
	case slot.Note == club.SlotGap:
		fault = KeyTimeGap
	default:
		return slot, nil
	}
	clock, _ := club.ParseClock(w.Clock) // Read has read it
	return slot, club.Fault("time", fault, "clock", clock, "at", slot.At.Format(time.RFC3339))
}

// UsualClock is when a post goes out if nobody has said when.
const UsualClock = "18:30"

// TimeToWrite is how far ahead a proposed time is at least: it must not have
// passed when the post is written.
const TimeToWrite = time.Hour

// NextFree is the next time, from a moment on, at which these accounts have no
// other post near a time of day. post, unless 0, is the one that it is for.
func (d Desk) NextFree(ctx context.Context, by Actor, post int64, accounts []int64, clock string, from time.Time) (club.Slot, error) {
	others, err := d.others(ctx, by, accounts)
	if err != nil {
		return club.Slot{}, err
	}
	return nextFree(by.Zone, clock, taken(others, post, accounts), from)
}

func nextFree(zone, clock string, taken []time.Time, from time.Time) (club.Slot, error) {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return club.Slot{}, err
	}
	planned, err := club.NewSlot(from.In(loc).Format(time.DateOnly), clock, zone)
	if err != nil {
		return club.Slot{}, err
	}
	return club.NextFree(planned, zone, taken, from)
}

// others are the times that accounts have posts, as far as they matter from now on.
func (d Desk) others(ctx context.Context, by Actor, accounts []int64) ([]store.PlannedTime, error) {
	return d.DB.PlannedFor(ctx, by.Scope, accounts, d.Now().Add(-club.CloseWithin))
}

// taken are the times at which any of the accounts has another post than this one.
func taken(others []store.PlannedTime, post int64, accounts []int64) []time.Time {
	var times []time.Time
	for _, o := range others {
		if o.PostID != post && slices.Contains(accounts, o.ConnectionID) {
			times = append(times, o.At)
		}
	}
	return times
}

// Proposal is what is known of the time that a new post shall have. All may be
// empty.
type Proposal struct {
	Accounts []int64
	Clock    string // a time of day; what is none counts as UsualClock
	Date     string // the day on which it should be
	After    string // the first day on which it may be
}

// Propose finds a time for a new post that is free for its accounts: on the wished
// day, if it has one, or else at the same time of day on the next day that has.
// free: it is of our choice.
func (d Desk) Propose(ctx context.Context, by Actor, p Proposal) (slot club.Slot, free bool, err error) {
	now := d.Now().Add(TimeToWrite)
	others, err := d.others(ctx, by, p.Accounts)
	if err != nil {
		return slot, false, err
	}
	taken := taken(others, 0, p.Accounts)
	clock, err := club.ParseClock(p.Clock)
	if err != nil {
		clock = UsualClock
	}
	if slot, ok := club.FreeOn(p.Date, clock, by.Zone, taken, now); ok {
		return slot, false, nil
	}
	from := now
	for _, day := range []string{p.After, p.Date} {
		if begin, err := club.NewSlot(day, "00:00", by.Zone); err == nil && begin.At.After(from) {
			from = begin.At
		}
	}
	slot, err = nextFree(by.Zone, clock, taken, from)
	return slot, p.Date == "", err
}
