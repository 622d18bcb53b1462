package club

import (
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// Pace is how often the numbers of an account's posts are read, where the platform
// charges for reading.
type Pace string

// The paces.
const (
	PaceUseful Pace = "useful" // hourly at first, then less often, daily in the end
	PaceWeekly Pace = "weekly"
	PaceAsked  Pace = "asked" // when people ask, and not otherwise
)

// Paces lists them, the usual one first.
var Paces = []Pace{PaceUseful, PaceWeekly, PaceAsked}

// How often and for how long the numbers of a post are read.
const (
	hourlyFor  = 24 * time.Hour
	quarterFor = 7 * 24 * time.Hour
	// NumbersFor is how long after publishing numbers are read.
	NumbersFor = 90 * 24 * time.Hour
	week       = 7 * 24 * time.Hour
)

// NextNumbers is when the numbers of a post are read next; zero: not by itself.
func NextNumbers(p Pace, published, now time.Time) time.Time {
	age := now.Sub(published)
	switch {
	case age >= NumbersFor, p == PaceAsked:
		return time.Time{}
	case p == PaceWeekly && age+week > NumbersFor:
		return time.Time{}
	case p == PaceWeekly:
		return now.Add(week)
	case age < hourlyFor:
		return now.Add(time.Hour)
	case age < quarterFor:
		return now.Add(6 * time.Hour)
	}
	return now.Add(24 * time.Hour)
}

// FirstNumbers is when the numbers of a post are read for the first time; zero: not
// by itself.
func FirstNumbers(p Pace, published time.Time) time.Time {
	switch p {
	case PaceAsked:
		return time.Time{}
	case PaceWeekly:
		return published.Add(24 * time.Hour)
	}
	return published.Add(time.Hour)
}

// MonthOfNumbers is what reading the numbers of so many posts, which are less than
// NumbersFor old, costs in a month of 30 days, in thousandths of a US dollar: at
// least, where the account owns the platform app, and at most. A post that is read
// several times on a day is paid for once.
func MonthOfNumbers(p Pace, price platforms.ReadingPrice, posts int) (least, most int64) {
	var readings int64 // of one post, in NumbersFor, which is three months
	switch p {
	case PaceUseful:
		readings = 90
	case PaceWeekly:
		readings = 13
	}
	own := price.Own
	if own == 0 {
		own = price.Post
	}
	n := readings * int64(posts)
	return n * own / 3, n * price.Post / 3
}
