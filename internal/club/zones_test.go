//go:build !race

package club

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestEveryZoneForTenYears compares what a wall time resolves to with a table
// made the other way round: from each minute near a change of the clocks to what
// the clocks show (T-TIME). Between changes a wall time exists once.
func TestEveryZoneForTenYears(t *testing.T) {
	t.Parallel()
	from, to := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC)
	changes := 0
	for _, zone := range Zones() {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Errorf("a club can choose %s: %v", zone, err)
			continue
		}
		for at := from; ; {
			_, at = at.In(loc).ZoneBounds()
			if at.IsZero() || at.After(to) {
				break
			}
			changes++
			compareAround(t, zone, loc, at.UTC())
		}
		for at := from; at.Before(to); at = at.AddDate(4, 5, 6) {
			compareAround(t, zone, loc, at)
		}
	}
	if changes < 1000 {
		t.Errorf("saw %d changes of clocks in %d zones: something is missing", changes, len(Zones()))
	}
}

// compareAround holds each wall time within two hours of an instant against the
// minutes at which the clocks show it.
func compareAround(t *testing.T, zone string, loc *time.Location, around time.Time) {
	t.Helper()
	const span = 4 * time.Hour
	shown := map[string][]time.Time{}
	for at := around.Add(-span); !at.After(around.Add(span)); at = at.Add(time.Minute) {
		wall := Shows(at, loc)
		shown[wall] = append(shown[wall], at)
	}
	_, before := around.Add(-time.Minute).In(loc).Zone()
	middle := around.Add(time.Duration(before) * time.Second)
	for wall := middle.Add(-span / 2); !wall.After(middle.Add(span / 2)); wall = wall.Add(5 * time.Minute) {
		local := wall.Format(wallLayout)
		want, note := wall.Add(-time.Duration(before)*time.Second), SlotGap
		if seen := shown[local]; len(seen) > 0 {
			want, note = seen[0], SlotPlain
			if len(seen) > 1 {
				note = SlotTwice
			}
		}
		at, got := resolve(wall, loc)
		if !at.Equal(want) || got != note {
			t.Errorf("%s %s resolves to %v (%q), want %v (%q)", zone, local, at, got, want, note)
		}
		slot := Slot{Local: local, Zone: zone, At: at, Note: got}
		if second := slot.Second().At; note == SlotTwice && !second.Equal(shown[local][1]) {
			t.Errorf("%s %s happens again at %v, want %v", zone, local, second, shown[local][1])
		}
	}
}

// TestClocksChangeByTheLaw checks ten years of changes against the text of the
// rules rather than against zone data, north and south.
func TestClocksChangeByTheLaw(t *testing.T) {
	t.Parallel()
	last := func(y int, m time.Month) int { // last Sunday
		return time.Date(y, m+1, 0, 0, 0, 0, 0, time.UTC).Day() - int(time.Date(y, m+1, 0, 0, 0, 0, 0, time.UTC).Weekday())
	}
	nth := func(n int) func(int, time.Month) int { // n-th Sunday
		return func(y int, m time.Month) int {
			return 1 + (7-int(time.Date(y, m, 1, 0, 0, 0, 0, time.UTC).Weekday()))%7 + 7*(n-1)
		}
	}
	laws := []struct {
		zone  string
		gap   time.Month
		gapOn func(int, time.Month) int
		gapAt string // a wall time that does not exist
		is    string // what it becomes
		back  time.Month
		on    func(int, time.Month) int
		twice string
	}{
		{"Europe/Berlin", time.March, last, "02:30", "03:30", time.October, last, "02:30"},
		{"Europe/Dublin", time.March, last, "01:30", "02:30", time.October, last, "01:30"},
		{"America/New_York", time.March, nth(2), "02:30", "03:30", time.November, nth(1), "01:30"},
		{"Australia/Sydney", time.October, nth(1), "02:30", "03:30", time.April, nth(1), "02:30"},
		{"Pacific/Auckland", time.September, last, "02:30", "03:30", time.April, nth(1), "02:30"},
		{"Australia/Lord_Howe", time.October, nth(1), "02:15", "02:45", time.April, nth(1), "01:45"},
	}
	for _, law := range laws {
		for y := 2026; y < 2036; y++ {
			gap, err := NewSlot(fmt.Sprintf("%d-%02d-%02d", y, law.gap, law.gapOn(y, law.gap)), law.gapAt, law.zone)
			if err != nil || gap.Note != SlotGap || gap.Clock() != law.is {
				t.Errorf("%s %d: %s on the day of the gap is %+v, %v", law.zone, y, law.gapAt, gap, err)
			}
			twice, err := NewSlot(fmt.Sprintf("%d-%02d-%02d", y, law.back, law.on(y, law.back)), law.twice, law.zone)
			if err != nil || twice.Note != SlotTwice || !twice.At.Before(twice.Second().At) {
				t.Errorf("%s %d: %s on the day of the repeated hour is %+v, %v", law.zone, y, law.twice, twice, err)
			}
		}
	}
}

func TestZoneThatTheBrowserCallsByAnOlderName(t *testing.T) {
	t.Parallel()
	for _, c := range cases[struct {
		Says string `json:"browser_says"`
		Want string
	}](t, "testdata/browser-zones.jsonl") {
		if got, err := ParseZone("zone", c.Says); got != c.Want || err != nil {
			t.Errorf("ParseZone(%s) = %s, %v; want %s", c.Says, got, err, c.Want)
		}
	}
	// The names that ICU, and so every large browser, still reports.
	for says, want := range map[string]string{
		"Asia/Saigon": "Asia/Ho_Chi_Minh", "Asia/Katmandu": "Asia/Kathmandu", "Asia/Rangoon": "Asia/Yangon", "Atlantic/Faeroe": "Atlantic/Faroe", "America/Godthab": "America/Nuuk", "America/Indianapolis": "America/Indiana/Indianapolis", "America/Louisville": "America/Kentucky/Louisville",
		"America/Cordoba": "America/Argentina/Cordoba", "America/Coral_Harbour": "America/Atikokan", "Africa/Asmera": "Africa/Asmara", "Pacific/Truk": "Pacific/Chuuk", "Pacific/Ponape": "Pacific/Pohnpei", "Pacific/Enderbury": "Pacific/Kanton", "Etc/UTC": "UTC", "GMT": "UTC", "Eire": "Europe/Dublin", "US/Pacific": "America/Los_Angeles",
	} {
		if got := OlderZoneNames()[says]; got != want {
			t.Errorf("%s is %s, want %s", says, got, want)
		}
	}
}

// TestOlderZoneNamesShowTheSameTime compares each older name with its zone by
// Go's own copy of the tz database, for the years of which calendars are made.
func TestOlderZoneNamesShowTheSameTime(t *testing.T) {
	t.Parallel()
	zones := Zones()
	for name, zone := range OlderZoneNames() {
		old, err := time.LoadLocation(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if slices.Contains(zones, name) || !slices.Contains(zones, zone) {
			t.Errorf("%s leads to %s, want a name that is not listed to lead to one that is", name, zone)
		}
		listed, err := time.LoadLocation(zone)
		if err != nil {
			t.Error(err)
			continue
		}
		for at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2036; at = at.AddDate(0, 0, 7) {
			if a, b := Shows(at, old), Shows(at, listed); a != b {
				t.Errorf("%s shows %s when %s shows %s", name, a, zone, b)
				break
			}
		}
	}
}
