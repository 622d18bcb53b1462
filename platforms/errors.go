package platforms

import (
	"errors"
	"fmt"
	"time"
)

// Kind is the class of a platform's answer: what the engine decides by.
// What people read is decided by Error.Code.
type Kind string

const (
	// NotSent: no byte of the request left this machine.
	NotSent Kind = "not_sent"
	// Rejected: a well-formed refusal; nothing was published.
	Rejected Kind = "rejected"
	// MediaRejected: the same, because of a picture.
	MediaRejected Kind = "media_rejected"
	// Expired: the access token is no longer accepted, but renewing may help.
	Expired Kind = "expired"
	// Revoked: only a person can sign in again; nothing was published.
	Revoked Kind = "revoked"
	// RateLimited: refused for now, and this refusal proves that nothing was
	// published.
	RateLimited Kind = "rate_limited"
	// Duplicate: the platform says it has this post already: evidence, not
	// failure. Ref names the earlier post where the platform does.
	Duplicate Kind = "duplicate"
	// VersionOver: the platform does not serve the version of its interface that
	// we speak any more; nothing was published. Only another version helps.
	VersionOver Kind = "version_over"
	// Unknown: everything else. For a safe step it means try again; for an
	// irreversible one it means look before anything else.
	Unknown Kind = "unknown"
)

// Error is a platform's refusal, or the lack of an answer.
type Error struct {
	Kind Kind
	// Code is the key of the message for people, one of the Code… constants.
	Code string
	// Field is the sign-in field the message belongs to, if any.
	Field string
	// Args fill the placeholders of the message.
	Args map[string]string

	Platform     ID
	Op           string // "publish", "upload": which call
	Status       int    // HTTP status, 0 without an answer
	PlatformCode string // "190/463", "DUPLICATE_POST"
	PlatformText string // the platform's own sentence, at most 300 characters
	TraceID      string // for support: fbtrace_id, x-transaction-id …
	Ref          string // the earlier post of a Duplicate
	RetryAt      time.Time
	Err          error // cause, with secrets scrubbed
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s %s: %s", e.Platform, e.Op, e.Kind)
	if e.Status != 0 {
		s += fmt.Sprintf(", status %d", e.Status)
	}
	if e.PlatformCode != "" {
		s += ", code " + e.PlatformCode
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of err: Unknown if it is not an *Error.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Unknown
}

// Message codes. Each has its four texts in the catalogue.
const (
	CodeAuthRevoked        = "auth_revoked"
	CodeAuthExpired        = "auth_expired"
	CodeRenewFailing       = "auth_renew_failing"
	CodeNoPublish          = "perm_missing_publish"
	CodeNoFeature          = "perm_missing_feature"
	CodeAccountCheck       = "account_needs_check"
	CodeRestricted         = "account_restricted"
	CodeNotBusiness        = "account_not_business"
	CodeAccountGone        = "account_gone"
	CodePageUnpublished    = "page_unpublished"
	CodeWrongAccount       = "wrong_account_chosen"
	CodeConsentCancelled   = "consent_cancelled"
	CodeRedirectMismatch   = "redirect_mismatch"
	CodeAppNotLive         = "app_not_live"
	CodeRateLimited        = "rate_limited"
	CodeDailyCap           = "daily_cap"
	CodeMonthCap           = "month_cap"
	CodeNoCredit           = "no_credit" // what was paid in is used up
	CodePlatformDown       = "platform_down"
	CodePlatformExhausted  = "platform_down_exhausted"
	CodeOutcomeUnknown     = "outcome_unknown"
	CodeOutcomeLooking     = "outcome_looking"  // the same, and Bandstand goes on looking
	CodeOutcomeNotKept     = "outcome_not_kept" // what the platform answered could not be kept
	CodeOurFault           = "our_fault"        // Bandstand itself cannot work on it
	CodeUnreachable        = "unreachable"
	CodeWeWereOff          = "we_were_off"
	CodeLate               = "late"            // its time passed for another reason
	CodeHeld               = "held"            // people hold all posts
	CodeRestored           = "restored"        // the data is an older copy
	CodeCopied             = "copied"          // the data directory was copied or moved
	CodeClock              = "clock"           // the computer's clock is in doubt
	CodeContentChanged     = "content_changed" // not what was scheduled (rule P16)
	CodeMediaNotFetchable  = "media_not_fetchable"
	CodeMediaSlow          = "media_processing_slow"
	CodeMediaFailed        = "media_processing_failed"
	CodeUnknownRefusal     = "unknown_refusal"
	CodeTextTooLong        = "text_too_long"
	CodeTextEmpty          = "text_empty"
	CodeDuplicate          = "duplicate"
	CodeRejectedContent    = "rejected_content"
	CodeSpam               = "spam_suspected"
	CodeLinkNotAllowed     = "link_not_allowed"
	CodeMentionUnknown     = "mention_unknown"
	CodeTooManyHashtags    = "too_many_hashtags"
	CodeManyHashtags       = "many_hashtags" // more than the platform advises
	CodeTooManyMentions    = "too_many_mentions"
	CodeTooManyCashtags    = "too_many_cashtags"
	CodeMediaMissing       = "media_missing"
	CodeMediaAspect        = "media_aspect"
	CodeMediaTooSmall      = "media_too_small"
	CodeMediaTooBig        = "media_too_big"
	CodeMediaType          = "media_type"
	CodeTooManyMedia       = "too_many_media"
	CodeMediaGone          = "media_gone"
	CodeMediaStill         = "media_still"
	CodeAltMissing         = "alt_missing"
	CodeAltTooLong         = "alt_too_long"
	CodeLinkPlain          = "link_plain"
	CodeLinkWithMedia      = "link_with_media"
	CodeSignInWrong        = "signin_wrong"
	CodeNeedsAppPassword   = "needs_app_password"
	CodeWrongServer        = "wrong_server" // the account lives on another one
	CodePublicAddress      = "public_address_needed"
	CodePlatformAppInvalid = "platform_app_invalid"
	CodeVersionOver        = "version_over" // Bandstand must be updated
	CodeTextNotShown       = "text_not_shown"
	CodeOptionUnknown      = "option_unknown"
	CodeOptionMissing      = "option_missing"
	CodeOptionTooLong      = "option_too_long"
	CodeFormatUnknown      = "format_unknown" // the account does not take this format
	CodeParentGone         = "parent_gone"    // what a reply or a comment belongs to is there no more
	CodeParentUnfound      = "parent_unfound" // the part before it is public, and its id could not be found out
	CodePartBefore         = "part_before"    // the part before it is not public
	CodeCutOff             = "cut_off"        // its account was disconnected after the part before it went out
)

// Remedy is what helps after a failure.
type Remedy int

// Remedies.
const (
	RemedySend      Remedy = iota // sending the post again as it is
	RemedyEdit                    // changing the post: as it is, it would be refused again
	RemedyElsewhere               // something on the platform, or on the server; the post can be sent after that
)

// RemedyFor is what helps after a failure with a code.
func RemedyFor(code string) Remedy {
	switch code {
	case CodeTextTooLong, CodeTextEmpty, CodeDuplicate, CodeRejectedContent, CodeSpam, CodeLinkNotAllowed, CodeMentionUnknown,
		CodeTooManyHashtags, CodeTooManyMentions, CodeTooManyCashtags, CodeMediaMissing, CodeMediaAspect, CodeMediaTooSmall, CodeMediaTooBig,
		CodeMediaType, CodeTooManyMedia, CodeMediaGone, CodeAltMissing, CodeAltTooLong, CodeMediaFailed, CodeUnknownRefusal,
		CodeOptionUnknown, CodeOptionMissing, CodeOptionTooLong, CodeFormatUnknown:
		return RemedyEdit
	case CodeAuthRevoked, CodeAuthExpired, CodeRenewFailing, CodeNoPublish, CodeNoFeature, CodeAccountCheck, CodeRestricted, CodeNotBusiness,
		CodeAccountGone, CodePageUnpublished, CodeAppNotLive, CodeMonthCap, CodeNoCredit, CodeUnreachable, CodeMediaNotFetchable,
		CodePublicAddress, CodePlatformAppInvalid, CodeVersionOver, CodeOutcomeUnknown, CodeOutcomeLooking, CodeOutcomeNotKept, CodeParentGone, CodeParentUnfound, CodePartBefore, CodeCutOff:
		return RemedyElsewhere
	}
	return RemedySend
}
