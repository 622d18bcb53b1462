package facebook

import (
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/graph"
)

// refusals is what Pages add to the common table. Meta documents few of them;
// the rest was met by other programs, in either of the two number fields.
// https://developers.facebook.com/docs/graph-api/reference/page/photos, 2026-11-20.
var refusals = graph.Table{
	{Code: 506, Kind: platforms.Duplicate, Message: platforms.CodeDuplicate},
	// The photos of this post already stand in a post: our own earlier call.
	{Sub: 1366051, Kind: platforms.Duplicate, Message: platforms.CodeDuplicate},

	{Code: 324, Kind: platforms.MediaRejected, Message: platforms.CodeMediaFailed},
	{Code: 382, Kind: platforms.MediaRejected, Message: platforms.CodeMediaFailed},
	{Code: 6000, Kind: platforms.MediaRejected, Message: platforms.CodeMediaFailed},
	{Code: 6001, Kind: platforms.Unknown, Message: platforms.CodePlatformDown},
	{Code: 389, Kind: platforms.MediaRejected, Message: platforms.CodeMediaNotFetchable},
	{Sub: 1366046, Kind: platforms.MediaRejected, Message: platforms.CodeMediaTooBig},
	{Sub: 2069019, Kind: platforms.MediaRejected, Message: platforms.CodeMediaFailed},

	{Sub: 1609005, Kind: platforms.Rejected, Message: platforms.CodeLinkNotAllowed},
	{Sub: 1609008, Kind: platforms.Rejected, Message: platforms.CodeLinkNotAllowed},
	{Sub: 2061006, Kind: platforms.Rejected, Message: platforms.CodeLinkNotAllowed},
	{Sub: 1346003, Kind: platforms.Rejected, Message: platforms.CodeRejectedContent},
	{Sub: 1349125, Kind: platforms.Rejected, Message: platforms.CodeRejectedContent},
	{Sub: 1404102, Kind: platforms.Rejected, Message: platforms.CodeRejectedContent},

	{Sub: 1404006, Kind: platforms.Rejected, Message: platforms.CodeAccountCheck},
	{Sub: 1404078, Kind: platforms.Rejected, Message: platforms.CodeAccountCheck},
	{Sub: 4854002, Kind: platforms.Rejected, Message: platforms.CodeAccountCheck},
	{Sub: 1404112, Kind: platforms.Rejected, Message: platforms.CodeRestricted},

	{Sub: 1390008, Kind: platforms.RateLimited, Message: platforms.CodeRateLimited, Wait: time.Hour},
	{Sub: 1363047, Kind: platforms.Unknown, Message: platforms.CodePlatformDown},
	{Sub: 1609010, Kind: platforms.Unknown, Message: platforms.CodePlatformDown},
}
