package platforms

import (
	"slices"
	"time"
)

// API is which version of a platform's interface is spoken, where the platform
// ends versions. The zero value: it has none.
type API struct {
	// Version in use: "v26.0", "202609". Env.Version sets it, where given.
	Version string
	// Versions lists those that are known, newest first.
	Versions []APIVersion
	Source
}

// APIVersion is how long a platform serves one version of its interface.
type APIVersion struct {
	Version string
	From    time.Time // zero: not known
	End     time.Time // from then on it is not served, UTC; zero: not announced
}

// Ends is when the version in use ends; zero if that is not known.
func (a API) Ends() time.Time {
	i := slices.IndexFunc(a.Versions, func(v APIVersion) bool { return v.Version == a.Version })
	if i < 0 {
		return time.Time{}
	}
	return a.Versions[i].End
}
