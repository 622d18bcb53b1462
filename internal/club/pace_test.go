package club

import (
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// TestHowOftenNumbersAreRead counts the readings of one post until nothing is read
// any more, and the days on which a platform that charges by the day is paid.
func TestHowOftenNumbersAreRead(t *testing.T) {
	t.Parallel()
	for pace, want := range map[Pace]struct{ readings, days int }{
		PaceUseful: {24 + 24 + 83, 91}, PaceWeekly: {13, 13}, PaceAsked: {0, 0},
	} {
		published := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		readings, days := 0, map[string]bool{}
		for at := FirstNumbers(pace, published); !at.IsZero(); at = NextNumbers(pace, published, at) {
			readings++
			days[at.Format(time.DateOnly)] = true
		}
		if readings != want.readings || len(days) != want.days {
			t.Errorf("%s: %d readings on %d days, want %d on %d", pace, readings, len(days), want.readings, want.days)
		}
	}
	if next := NextNumbers("", time.Now(), time.Now()); next.IsZero() {
		t.Error("no pace is not the usual one")
	}
}

func TestWhatNumbersCostInAMonth(t *testing.T) {
	t.Parallel()
	x := platforms.ReadingPrice{Post: 5, Own: 1}
	for _, tt := range []struct {
		pace        Pace
		price       platforms.ReadingPrice
		posts       int
		least, most int64
	}{
		{PaceUseful, x, 15, 450, 2250},
		{PaceUseful, platforms.ReadingPrice{Post: 5}, 15, 2250, 2250},
		{PaceWeekly, x, 15, 65, 325},
		{PaceAsked, x, 15, 0, 0},
		{PaceUseful, x, 0, 0, 0},
		{PaceUseful, platforms.ReadingPrice{}, 15, 0, 0},
	} {
		if least, most := MonthOfNumbers(tt.pace, tt.price, tt.posts); least != tt.least || most != tt.most {
			t.Errorf("%s, %+v, %d posts: %d to %d, want %d to %d", tt.pace, tt.price, tt.posts, least, most, tt.least, tt.most)
		}
	}
}
