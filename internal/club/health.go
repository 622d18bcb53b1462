package club

import (
	"slices"

	"github.com/bandstand-app/bandstand/platforms"
)

// HealthOf says how a connection is whose sign-in works, from what the platform
// lets it do, with the message code of what is missing.
func HealthOf(a platforms.Account) (Health, string) {
	switch {
	case a.Unusable != "":
		return WorksWithGaps, a.Unusable
	case len(a.Missing) == 0:
		return Working, ""
	case slices.ContainsFunc(a.Missing, func(m platforms.MissingPermission) bool { return m.Feature == platforms.FeaturePost }):
		return WorksWithGaps, platforms.CodeNoPublish
	}
	return WorksWithGaps, platforms.CodeNoFeature
}
