package club

import (
	_ "embed"
	"strings"
)

// zoneList is the zones of the tz database's zone.tab, one a line.
//
//go:embed zones.txt
var zoneList string

// Zones lists the time zones a club can choose, by name.
func Zones() []string { return strings.Fields(zoneList) }
