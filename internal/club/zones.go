package club

import (
	_ "embed"
	"strings"
	"sync"
)

// zoneList is the zones of the tz database's zone.tab and UTC, one a line.
//
//go:embed zones.txt
var zoneList string

// zoneNameList has a line for each other name of those zones: the name and the
// zone of zoneList. It is made from the links of the tz database's files
// backward and etcetera (2026-07-21, public domain). Where such a link merges
// zones of several countries, the zone of the name's own country stands here.
//
//go:embed zonenames.txt
var zoneNameList string

// Zones lists the time zones a club can choose, by name.
func Zones() []string { return strings.Fields(zoneList) }

// OlderZoneNames returns the names of zones that Zones does not list, each with
// the name that it lists: Asia/Calcutta with Asia/Kolkata. Browsers report many
// zones by such names.
var OlderZoneNames = sync.OnceValue(func() map[string]string {
	f := strings.Fields(zoneNameList)
	names := make(map[string]string, len(f)/2)
	for ; len(f) >= 2; f = f[2:] {
		names[f[0]] = f[1]
	}
	return names
})
