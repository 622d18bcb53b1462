package club

import (
	"slices"
	"time"

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

// CheckAccountsEvery is how often the sign-in of each account is checked.
const CheckAccountsEvery = 24 * time.Hour

// aboutAccounts are the codes of refusals that speak of the account, or of the
// platform app that all of its calls go through.
var aboutAccounts = []string{
	platforms.CodeNoPublish, platforms.CodeNoFeature, platforms.CodeAccountCheck, platforms.CodeRestricted, platforms.CodeNotBusiness,
	platforms.CodeAccountGone, platforms.CodePageUnpublished, platforms.CodePlatformAppInvalid,
}

// AfterRefusal is the health of a connection after the platform answered a check
// with a well-formed refusal, and the message code that goes with it. ok is false
// where the refusal changes nothing: it does not speak of the account, or the
// connection cannot be used. Only an answer that shows that a connection works
// makes it usable again, and a refusal shows no such thing.
func AfterRefusal(was Health, code string) (health Health, ok bool) {
	usable := was == Working || was == WorksWithGaps
	if !usable || !slices.Contains(aboutAccounts, code) {
		return was, false
	}
	return WorksWithGaps, true
}
