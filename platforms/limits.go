package platforms

import (
	"context"
	"time"
)

// Limit is what an answer said of one limit of the platform: how much of it is
// left, and until when.
type Limit struct {
	// Name of the window, the same from answer to answer: "publish_window".
	Name string
	Unit LimitUnit
	Span LimitSpan
	Max  int64     // 0: the platform does not say
	Left int64     // of Max; 100 % less what is used where Unit is LimitPercent
	Ends time.Time // when the window begins anew; zero if the platform does not say
	// Call: it counts calls of one kind, and others may go on when it is used up.
	Call bool
	// Scope is who shares it.
	Scope LimitScope
}

// LimitScope is who shares a limit.
type LimitScope string

// The scopes of limits.
const (
	ScopeAccount LimitScope = ""
	// ScopeApp limits are shared by all accounts that are connected through the same
	// platform app: all of them rest when it is about to be reached.
	ScopeApp LimitScope = "app"
)

// LimitUnit is what a limit counts.
type LimitUnit string

// The units of limits.
const (
	LimitPosts   LimitUnit = "posts"
	LimitCalls   LimitUnit = "calls"
	LimitPoints  LimitUnit = "points"
	LimitPercent LimitUnit = "percent" // of something the platform does not name
	LimitCredit  LimitUnit = "credit"  // paid in advance
)

// LimitSpan is over which time a limit counts.
type LimitSpan string

// The spans of limits.
const (
	SpanWindow LimitSpan = "window" // minutes, until Ends
	SpanHour   LimitSpan = "hour"
	SpanDay    LimitSpan = "day"
	SpanMonth  LimitSpan = "month"
	SpanNone   LimitSpan = "none" // until somebody does something about it
)

// Code is the message for people who wait until the limit ends.
func (l Limit) Code() string {
	switch {
	case l.Unit == LimitCredit:
		return CodeNoCredit
	case l.Span == SpanMonth:
		return CodeMonthCap
	}
	return CodeRateLimited
}

// How much must be left for calls to go on. Limits of a
// handful leave nothing to spare.
const (
	nearLeft    = 2
	nearPercent = 10
	handful     = 10
)

// Near tells whether the limit is about to be reached: the next calls wait for
// its end rather than for the platform's refusal.
func (l Limit) Near(now time.Time) bool {
	switch {
	case !l.Ends.IsZero() && !l.Ends.After(now):
		return false
	case l.Unit == LimitPercent:
		return l.Left <= nearPercent
	case l.Max > 0 && l.Max <= handful:
		return l.Left <= 0
	}
	return l.Left <= nearLeft
}

// mostly is the share of a limit, in percent, from which people are told of it
// without having asked.
const mostly = 80

// MostlyUsed tells whether people should know of the limit.
func (l Limit) MostlyUsed() bool { return l.Left <= 0 || l.Left*100 <= l.Max*(100-mostly) }

type limitKey struct{}

// WatchLimits lets see be called with every limit that an answer to a call under
// this context speaks of, be the answer good or bad.
func WatchLimits(ctx context.Context, see func(Limit)) context.Context {
	return context.WithValue(ctx, limitKey{}, see)
}

// ReportLimits passes limits on to whoever watches. Platforms call it with what
// they read in an answer.
func ReportLimits(ctx context.Context, limits ...Limit) {
	see, ok := ctx.Value(limitKey{}).(func(Limit))
	if !ok {
		return
	}
	for _, l := range limits {
		see(l)
	}
}

// LimitsReader is implemented by platforms that must be asked for a limit: no
// other answer speaks of it. Its answers are reported as all are.
type LimitsReader interface {
	ReadLimits(ctx context.Context, s Session) error
}
