package linkedin

import (
	"bytes"
	"net/http"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

// limits reads from a refusal that the day's quota of one kind of call is used
// up: LinkedIn names no numbers, and sends no headers. Each member has one, and the app
// has one for all of them: the message says which.
// https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/rate-limits
func (p *Platform) limits(op string, resp *apihttp.Response) []platforms.Limit {
	if resp.Status != http.StatusTooManyRequests {
		return nil
	}
	unit := platforms.LimitCalls
	if op == stepPublish {
		unit = platforms.LimitPosts
	}
	l := platforms.Limit{Name: op + "_day", Unit: unit, Span: platforms.SpanDay, Call: true, Ends: p.quotaEnds(resp.Header)}
	if bytes.Contains(resp.Body, []byte("APPLICATION DAY")) {
		l.Name, l.Scope = op+"_app_day", platforms.ScopeApp
	}
	return []platforms.Limit{l}
}

// quotaEnds is when a used-up quota begins anew: it is counted by the day, in
// UTC, unless the answer says otherwise.
func (p *Platform) quotaEnds(h http.Header) time.Time {
	now := p.now().UTC()
	if at := apihttp.RetryAfter(h, now); !at.IsZero() {
		return at
	}
	return time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, time.UTC)
}
