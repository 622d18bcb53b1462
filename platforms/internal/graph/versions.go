package graph

import (
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// Version is the version that calls name, unless a setting names another.
const Version = "v26.0"

// Versions lists the living versions and those that ended lately, newest first.
// A call that names an ended version is served as the oldest living one, without
// any warning.
// https://developers.facebook.com/docs/graph-api/changelog/versions, 2026-11-30.
var Versions = []platforms.APIVersion{
	{Version: "v27.0", From: day(2026, 11, 4)},
	{Version: "v26.0", From: day(2026, 7, 29)},
	{Version: "v25.0", From: day(2026, 2, 18), End: day(2028, 7, 29)},
	{Version: "v24.0", From: day(2025, 10, 8), End: day(2028, 2, 18)},
	{Version: "v23.0", From: day(2025, 5, 29), End: day(2027, 10, 8)},
	{Version: "v22.0", From: day(2025, 1, 21), End: day(2027, 5, 20)},
	{Version: "v21.0", From: day(2024, 10, 2), End: day(2027, 1, 21)},
	{Version: "v20.0", From: day(2024, 5, 21), End: day(2026, 9, 24)},
	{Version: "v19.0", From: day(2024, 1, 23), End: day(2026, 5, 21)},
	{Version: "v18.0", From: day(2023, 9, 12), End: day(2026, 1, 26)},
}

// API describes the version that the client speaks.
func (c *Client) API() platforms.API {
	return platforms.API{Version: c.version, Versions: Versions, Source: platforms.Source{
		URL: "https://developers.facebook.com/docs/graph-api/changelog/versions", CheckedOn: day(2026, 11, 30),
	}}
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
