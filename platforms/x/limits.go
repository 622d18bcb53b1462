package x

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

// limitFamilies are the headers that speak of limits, on good answers and bad.
// The second and third come with plans that have a daily limit; the third counts the
// calls of the app for all its users.
// https://docs.x.com/x-api/fundamentals/rate-limits
var limitFamilies = []struct {
	header string
	name   string
	span   platforms.LimitSpan
	scope  platforms.LimitScope
}{
	{"x-rate-limit", "window", platforms.SpanWindow, platforms.ScopeAccount},
	{"x-user-limit-24hour", "user_day", platforms.SpanDay, platforms.ScopeAccount},
	{"x-app-limit-24hour", "app_day", platforms.SpanDay, platforms.ScopeApp},
}

// limits reads what an answer says of X's limits. Each counts one kind of call,
// save those of the plan.
func (p *Platform) limits(op string, resp *apihttp.Response) []platforms.Limit {
	var out []platforms.Limit
	unit := platforms.LimitCalls
	if op == stepPublish {
		unit = platforms.LimitPosts
	}
	for _, f := range limitFamilies {
		left, ok := apihttp.Count(resp.Header.Get(f.header + "-remaining"))
		if !ok {
			continue
		}
		most, _ := apihttp.Count(resp.Header.Get(f.header + "-limit"))
		out = append(out, platforms.Limit{
			Name: op + "_" + f.name, Unit: unit, Span: f.span, Max: most, Left: left, Call: true, Scope: f.scope,
			Ends: apihttp.Epoch(resp.Header.Get(f.header + "-reset")),
		})
	}
	return append(out, p.planLimits(resp)...)
}

// planLimits reads from a refusal that the plan is used up. Plan and credit are the
// app's: https://docs.x.com/x-api/getting-started/pricing
func (p *Platform) planLimits(resp *apihttp.Response) []platforms.Limit {
	if resp.Status == http.StatusPaymentRequired {
		return []platforms.Limit{{Name: "credit", Unit: platforms.LimitCredit, Span: platforms.SpanNone, Scope: platforms.ScopeApp}}
	}
	var b problem
	if resp.Status != http.StatusTooManyRequests || json.Unmarshal(resp.Body, &b) != nil || b.kindOfProblem() != "usage-capped" {
		return nil
	}
	l := platforms.Limit{Name: "plan_month", Unit: platforms.LimitPosts, Span: platforms.SpanMonth, Scope: platforms.ScopeApp, Ends: p.periodEnds("")}
	if strings.EqualFold(b.Period, daily) {
		l.Name, l.Span, l.Ends = "plan_day", platforms.SpanDay, p.periodEnds(daily)
	}
	return []platforms.Limit{l}
}

// daily is one of the periods of a plan; the other is a month.
const daily = "Daily"

// periodEnds is when the day or the month of a plan is over.
func (p *Platform) periodEnds(period string) time.Time {
	now := p.now().UTC()
	if period == daily {
		return time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, time.UTC)
	}
	return time.Date(now.Year(), now.Month()+1, 1, 0, 0, 0, 0, time.UTC)
}
