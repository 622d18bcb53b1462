package graph

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

// usage is how much of a bucket is used, in percent. An answer names all three;
// the highest decides.
type usage struct {
	Calls   float64 `json:"call_count"`
	CPU     float64 `json:"total_cputime"`
	Time    float64 `json:"total_time"`
	Type    string  `json:"type"`
	Minutes float64 `json:"estimated_time_to_regain_access"`
}

func (u usage) limit(name string, span platforms.LimitSpan, now func() time.Time) platforms.Limit {
	used := max(u.Calls, u.CPU, u.Time, 0)
	l := platforms.Limit{Name: name, Unit: platforms.LimitPercent, Span: span, Max: 100, Left: int64(100 - min(used, 100))}
	if wait := u.wait(); wait > 0 {
		l.Ends = now().Add(wait)
	}
	return l
}

// longestRegain is the most that is believed of the minutes.
const longestRegain = 24 * 60

func (u usage) wait() time.Duration {
	return time.Duration(max(min(u.Minutes, longestRegain), 0) * float64(time.Minute))
}

// useCases reads the header that is keyed by Page or business: a list of buckets
// each.
func useCases(h http.Header) map[string][]usage {
	var all map[string][]usage
	if json.Unmarshal([]byte(h.Get("X-Business-Use-Case-Usage")), &all) != nil {
		return nil
	}
	return all
}

// limits reads the usage headers. The app's bucket is of an hour, the others of
// 24 hours.
// https://developers.facebook.com/docs/graph-api/overview/rate-limiting, 2026-11-20.
func (c *Client) limits(_ string, resp *apihttp.Response) []platforms.Limit {
	var out []platforms.Limit
	for _, own := range []struct {
		header, name string
		span         platforms.LimitSpan
		scope        platforms.LimitScope
	}{
		{"X-App-Usage", "app", platforms.SpanHour, platforms.ScopeApp},
		{"X-Page-Usage", "page", platforms.SpanDay, platforms.ScopeAccount},
	} {
		var u usage
		if v := resp.Header.Get(own.header); v != "" && json.Unmarshal([]byte(v), &u) == nil {
			l := u.limit(own.name, own.span, c.Now)
			l.Scope = own.scope
			out = append(out, l)
		}
	}
	if l, ok := c.appRefused(resp); ok {
		out = append(out, l)
	}
	// One limit a type: that of which most is used.
	types := map[string]platforms.Limit{}
	for _, buckets := range useCases(resp.Header) {
		for _, u := range buckets {
			l := u.limit("use_"+u.Type, platforms.SpanDay, c.Now)
			if old, ok := types[u.Type]; u.Type != "" && len(u.Type) <= maxType && (!ok || l.Left < old.Left || l.Left == old.Left && l.Ends.After(old.Ends)) {
				types[u.Type] = l
			}
		}
	}
	for _, name := range caseTypes {
		if l, ok := types[name]; ok {
			out = append(out, l)
		}
	}
	return out
}

// appLimit is the code of a refusal because of all that the app has called.
const appLimit = 4

// appRefused is the limit behind such a refusal.
func (c *Client) appRefused(resp *apihttp.Response) (l platforms.Limit, ok bool) {
	var a struct {
		Error struct {
			Code int `json:"code"`
		} `json:"error"`
	}
	if resp.OK() || json.Unmarshal(resp.Body, &a) != nil || a.Error.Code != appLimit {
		return l, false
	}
	return platforms.Limit{
		Name: "app_refused", Unit: platforms.LimitCalls, Span: platforms.SpanHour, Scope: platforms.ScopeApp, Ends: c.opensAgain(resp, 0),
	}, true
}

const maxType = 40

// caseTypes are the buckets that posting and reading draw on.
var caseTypes = []string{"pages", "instagram"}

// regain is how long until the bucket opens again: the usage headers name it in
// minutes. Zero if they do not.
func regain(resp *apihttp.Response) time.Duration {
	var longest time.Duration
	for _, buckets := range useCases(resp.Header) {
		for _, u := range buckets {
			longest = max(longest, u.wait())
		}
	}
	return longest
}
