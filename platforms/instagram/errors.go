package instagram

import (
	"regexp"
	"strconv"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/graph"
)

// The refusals that our own code looks for.
const (
	subQuota    = 2207042 // with code 9: no more posts today
	subNotReady = 2207027 // with code 9007: published too early
)

// refusals is what publishing adds to the common table.
// https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/error-codes, 2026-11-20.
var refusals = graph.Table{
	{Code: -1, Kind: platforms.Unknown, Message: platforms.CodePlatformDown},
	{Code: -1, Sub: 2207001, Kind: platforms.Unknown, Message: platforms.CodePlatformDown},
	{Code: -1, Sub: 2207032, Kind: platforms.Unknown, Message: platforms.CodePlatformDown},
	{Code: -1, Sub: 2207053, Kind: platforms.Unknown, Message: platforms.CodePlatformDown},
	{Code: -2, Sub: 2207003, Kind: platforms.Unknown, Message: platforms.CodeMediaNotFetchable},

	{Code: 9, Sub: subQuota, Kind: platforms.RateLimited, Message: platforms.CodeDailyCap},
	{Code: 4, Sub: 2207051, Kind: platforms.Rejected, Message: platforms.CodeSpam},
	{Code: 25, Sub: 2207050, Kind: platforms.Rejected, Message: platforms.CodeRestricted},

	// The container is not ready, or gone: its status says which.
	{Code: 9007, Sub: subNotReady, Kind: platforms.Unknown, Message: platforms.CodeMediaSlow},
	{Code: -2, Sub: 2207020, Kind: platforms.Unknown, Message: platforms.CodeMediaFailed},
	{Code: 24, Sub: 2207006, Kind: platforms.Unknown, Message: platforms.CodeMediaFailed},
	{Code: 24, Sub: 2207008, Kind: platforms.Unknown, Message: platforms.CodeMediaFailed},

	{Code: 9004, Kind: platforms.MediaRejected, Message: platforms.CodeMediaNotFetchable},
	{Code: 9004, Sub: 2207052, Kind: platforms.MediaRejected, Message: platforms.CodeMediaNotFetchable},
	{Code: 36000, Sub: 2207004, Kind: platforms.MediaRejected, Message: platforms.CodeMediaTooBig},
	{Code: 36001, Sub: 2207005, Kind: platforms.MediaRejected, Message: platforms.CodeMediaType},
	{Code: 36003, Sub: 2207009, Kind: platforms.MediaRejected, Message: platforms.CodeMediaAspect},
	{Code: 352, Sub: 2207026, Kind: platforms.MediaRejected, Message: platforms.CodeMediaFailed},
	{Sub: 2207076, Kind: platforms.MediaRejected, Message: platforms.CodeMediaFailed},
	{Sub: 2207077, Kind: platforms.MediaRejected, Message: platforms.CodeMediaFailed},
	{Sub: 2207082, Kind: platforms.Unknown, Message: platforms.CodePlatformDown},

	{Code: 36004, Sub: 2207010, Kind: platforms.Rejected, Message: platforms.CodeTextTooLong},
	{Code: 100, Sub: 2207028, Kind: platforms.Rejected, Message: platforms.CodeTooManyMedia},
	{Code: 100, Sub: 2207040, Kind: platforms.Rejected, Message: platforms.CodeTooManyMentions},
}

var sevenDigits = regexp.MustCompile(`\b2207\d{3}\b`)

// failed is the line for a container whose status is ERROR: its text carries
// the number somewhere.
func failed(status string) (graph.Refusal, bool) {
	n, err := strconv.Atoi(sevenDigits.FindString(status))
	if err != nil {
		return graph.Refusal{}, false
	}
	for _, r := range refusals {
		if r.Sub == n && r.Kind == platforms.MediaRejected {
			return r, true
		}
	}
	return graph.Refusal{}, false
}
