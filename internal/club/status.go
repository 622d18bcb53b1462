package club

import "time"

// Status is what people see of a delivery.
type Status string

// The seven words on screen, and Cancelled, which is not shown.
const (
	Draft          Status = "DRAFT"
	Scheduled      Status = "SCHEDULED"
	Publishing     Status = "PUBLISHING"
	Published      Status = "PUBLISHED"
	Failed         Status = "FAILED" // proved not public
	NeedsAttention Status = "NEEDS_ATTENTION"
	Cancelled      Status = "CANCELLED"
)

// Phase is where in a status the engine is.
type Phase string

// The phases, by status.
const (
	Waiting Phase = "waiting" // SCHEDULED: not due
	Blocked Phase = "blocked" // SCHEDULED: rate limit or reconnect, not yet late
	// AfterPart is SCHEDULED too: it waits for the part before it.
	AfterPart Phase = "after_part"

	Preparing   Phase = "preparing"   // PUBLISHING: safe steps
	Processing  Phase = "processing"  // the platform works on media
	Ready       Phase = "ready"       // everything but the irreversible step is done
	Sending     Phase = "sending"     // irreversible attempt in flight
	Reconciling Phase = "reconciling" // outcome unknown
	Backoff     Phase = "backoff"     // definitely not sent, will try again

	Linked   Phase = "linked"   // PUBLISHED: remote id known
	Unlinked Phase = "unlinked" // proved public, id not yet found

	Refused             Phase = "rejected" // FAILED
	Exhausted           Phase = "exhausted"
	MediaRefused        Phase = "media"
	CancelledByPlatform Phase = "cancelled_by_platform"

	Ambiguous        Phase = "ambiguous" // NEEDS_ATTENTION
	Late             Phase = "late"
	Held             Phase = "held" // people hold all posts
	Restored         Phase = "restored"
	Clone            Phase = "clone"
	ClockInDoubt     Phase = "clock"
	Reconnect        Phase = "reconnect"
	DuplicateSuspect Phase = "duplicate_suspect"
	Partial          Phase = "partial"
)

// PutAside are the phases of what Bandstand held back by itself and of which
// people decide: nothing of it is on its way.
var PutAside = []Phase{Held, Restored, Clone, ClockInDoubt, Late, Reconnect}

// PostStatus derives what a post shows from the statuses of its deliveries:
// the first rule that fits decides. Cancelled deliveries do not
// count. Without any it is a draft.
func PostStatus(deliveries []Status) Status {
	// The calendar asks this of hundreds of posts for a page: no map.
	var total, publishing, published, failed, attention, scheduled int
	for _, s := range deliveries {
		switch s {
		case Cancelled:
			continue
		case Publishing:
			publishing++
		case Published:
			published++
		case Failed:
			failed++
		case NeedsAttention:
			attention++
		case Scheduled:
			scheduled++
		}
		total++
	}
	switch {
	case total == 0:
		return Draft
	case publishing > 0:
		return Publishing
	case published == total:
		return Published
	case failed == total:
		return Failed
	case failed > 0, attention > 0:
		return NeedsAttention
	case scheduled > 0:
		return Scheduled
	case published > 0:
		return Published
	}
	return Draft
}

// Shown is the status that people see of a delivery whose account is as it is: what
// is scheduled on an account that needs somebody first cannot go out, and says so
// before its time.
func Shown(s Status, usable bool) Status {
	if s == Scheduled && !usable {
		return NeedsAttention
	}
	return s
}

// Health is how a connection is, in one word. "Expires soon" is
// derived from the expiry.
type Health string

// The states of a connection.
const (
	Working        Health = "working"
	WorksWithGaps  Health = "gaps"
	NeedsReconnect Health = "reconnect"
	// Paused: Bandstand must be updated before it can use the account.
	Paused       Health = "paused"
	Disconnected Health = "disconnected"
)

// How long before the end of a sign-in that cannot renew itself people are told,
// and how long before its account is called "Expires soon".
const (
	WarnOfEndWithin   = 14 * 24 * time.Hour
	ExpiresSoonWithin = 7 * 24 * time.Hour
)

// WarnOfVersionWithin is how long before a platform ends the version of its
// interface that Bandstand speaks admins are told.
const WarnOfVersionWithin = 90 * 24 * time.Hour

// VersionStage is which of the warnings belongs to what is left of a version: the
// one at 90, at 60 or at 30 days.
func VersionStage(left time.Duration) (days int) {
	for _, days := range []int{30, 60} {
		if left <= time.Duration(days)*24*time.Hour {
			return days
		}
	}
	return 90
}

// EndStage is which of the warnings belongs to what is left of a sign-in: the one
// at 14, at 7 or at 2 days.
func EndStage(left time.Duration) (days int) {
	for _, days := range []int{2, 7} {
		if left <= time.Duration(days)*24*time.Hour {
			return days
		}
	}
	return 14
}
