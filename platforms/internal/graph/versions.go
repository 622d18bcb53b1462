package graph

import "time"

// Version is the version that every call names.
const Version = "v26.0"

// A Life is how long Meta serves one version of the API. A call that names an
// ended version is served as the oldest living one, without any warning.
type Life struct {
	Version string
	From    time.Time
	End     time.Time // zero: not announced
}

// Versions lists the living versions and those that ended lately, newest first.
// https://developers.facebook.com/docs/graph-api/changelog/versions, 2026-11-20.
var Versions = []Life{
	{"v26.0", day(2026, 7, 29), time.Time{}},
	{"v25.0", day(2026, 2, 18), day(2028, 7, 29)},
	{"v24.0", day(2025, 10, 8), day(2028, 2, 18)},
	{"v23.0", day(2025, 5, 29), day(2027, 10, 8)},
	{"v22.0", day(2025, 1, 21), day(2027, 5, 20)},
	{"v21.0", day(2024, 10, 2), day(2027, 1, 21)},
	{"v20.0", day(2024, 5, 21), day(2026, 9, 24)},
	{"v19.0", day(2024, 1, 23), day(2026, 5, 21)},
	{"v18.0", day(2023, 9, 12), day(2026, 1, 26)},
}

// CheckedOn is the day the facts of this package were compared with Meta's
// documentation.
var CheckedOn = day(2026, 11, 20)

// Served is the version that answers a call naming v: v itself while it lives,
// otherwise the oldest living one.
func Served(v string, now time.Time) string {
	oldest := Version
	for _, l := range Versions {
		if !l.End.IsZero() && !now.Before(l.End) {
			continue
		}
		if l.Version == v {
			return v
		}
		oldest = l.Version
	}
	return oldest
}

func day(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }
