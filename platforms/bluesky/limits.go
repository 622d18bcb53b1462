package bluesky

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

// limits reads the headers that describe the tightest window of the account's
// server. Those of minutes count the requests of our address, the longer ones points for what
// is written: three for a new record.
// https://docs.bsky.app/docs/advanced-guides/rate-limits
func (b *Bluesky) limits(_ string, resp *apihttp.Response) []platforms.Limit {
	h := resp.Header
	left, ok := apihttp.Count(h.Get("RateLimit-Remaining"))
	if !ok {
		return nil
	}
	most, _ := apihttp.Count(h.Get("RateLimit-Limit"))
	l := platforms.Limit{Unit: platforms.LimitCalls, Span: platforms.SpanWindow, Max: most, Left: left, Call: true, Ends: apihttp.Epoch(h.Get("RateLimit-Reset"))}
	window := windowOf(h)
	switch {
	case window >= 24*time.Hour:
		l.Unit, l.Span, l.Call = platforms.LimitPoints, platforms.SpanDay, false
	case window >= time.Hour:
		l.Unit, l.Span, l.Call = platforms.LimitPoints, platforms.SpanHour, false
	}
	l.Name = string(l.Unit) + "_" + string(l.Span)
	return []platforms.Limit{l}
}

// windowOf reads RateLimit-Policy: "3000;w=300" is a window of 300 seconds. Zero
// if it does not say.
func windowOf(h http.Header) time.Duration {
	first, _, _ := strings.Cut(h.Get("RateLimit-Policy"), ",")
	for part := range strings.SplitSeq(first, ";") {
		if w, ok := strings.CutPrefix(strings.TrimSpace(part), "w="); ok {
			if s, err := strconv.ParseInt(w, 10, 32); err == nil && s > 0 {
				return time.Duration(s) * time.Second
			}
		}
	}
	return 0
}

// retryAt reads Retry-After or RateLimit-Reset (unix seconds). Zero if neither
// is there.
func (b *Bluesky) retryAt(h http.Header) time.Time {
	if at := apihttp.RetryAfter(h, b.now()); !at.IsZero() {
		return at
	}
	return apihttp.Epoch(h.Get("RateLimit-Reset"))
}
