package x

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

var limitsNow = time.Date(2026, 11, 24, 18, 30, 0, 0, time.UTC)

func limited() *Platform {
	return New(platforms.Env{Now: func() time.Time { return limitsNow }}).(*Platform)
}

func headers(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i+1 < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

func TestLimitsOfX(t *testing.T) {
	t.Parallel()
	reset := time.Unix(1_795_545_900, 0).UTC()
	window := platforms.Limit{Name: "publish_window", Unit: platforms.LimitPosts, Span: platforms.SpanWindow, Max: 100, Left: 97, Ends: reset, Call: true}
	for _, tt := range []struct {
		name, op string
		resp     apihttp.Response
		want     []platforms.Limit
	}{
		{"a post", stepPublish, apihttp.Response{Status: 201, Header: headers("x-rate-limit-limit", "100", "x-rate-limit-remaining", "97", "x-rate-limit-reset", "1795545900")}, []platforms.Limit{window}},
		{"a refused post", stepPublish, apihttp.Response{Status: 403, Header: headers("x-rate-limit-limit", "100", "x-rate-limit-remaining", "97", "x-rate-limit-reset", "1795545900")}, []platforms.Limit{window}},
		{"a reading", "numbers", apihttp.Response{Status: 200, Header: headers("x-rate-limit-remaining", "1")}, []platforms.Limit{
			{Name: "numbers_window", Unit: platforms.LimitCalls, Span: platforms.SpanWindow, Left: 1, Call: true},
		}},
		{"a plan with days", stepPublish, apihttp.Response{Status: 429, Header: headers(
			"x-rate-limit-limit", "100", "x-rate-limit-remaining", "97", "x-rate-limit-reset", "1795545900",
			"x-user-limit-24hour-limit", "17", "x-user-limit-24hour-remaining", "0", "x-user-limit-24hour-reset", "1795545900",
			"x-app-limit-24hour-limit", "50", "x-app-limit-24hour-remaining", "20", "x-app-limit-24hour-reset", "bad",
		)}, []platforms.Limit{
			window,
			{Name: "publish_user_day", Unit: platforms.LimitPosts, Span: platforms.SpanDay, Max: 17, Ends: reset, Call: true},
			{Name: "publish_app_day", Unit: platforms.LimitPosts, Span: platforms.SpanDay, Max: 50, Left: 20, Call: true, Scope: platforms.ScopeApp},
		}},
		{"out of credit", stepPublish, apihttp.Response{Status: 402, Body: []byte(`{"title":"CreditsDepleted"}`)}, []platforms.Limit{
			{Name: "credit", Unit: platforms.LimitCredit, Span: platforms.SpanNone, Scope: platforms.ScopeApp},
		}},
		{"the month is used up", stepPublish, apihttp.Response{Status: 429, Body: []byte(`{"title":"UsageCapExceeded","type":"https://api.twitter.com/2/problems/usage-capped","period":"Monthly"}`)}, []platforms.Limit{
			{Name: "plan_month", Unit: platforms.LimitPosts, Span: platforms.SpanMonth, Scope: platforms.ScopeApp, Ends: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)},
		}},
		{"the day is used up", stepPublish, apihttp.Response{Status: 429, Body: []byte(`{"title":"UsageCapExceeded","type":"https://api.twitter.com/2/problems/usage-capped","period":"Daily"}`)}, []platforms.Limit{
			{Name: "plan_day", Unit: platforms.LimitPosts, Span: platforms.SpanDay, Scope: platforms.ScopeApp, Ends: time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)},
		}},
		{"nothing said", stepPublish, apihttp.Response{Status: 200}, nil},
		{"nonsense", stepPublish, apihttp.Response{Status: 200, Header: headers("x-rate-limit-remaining", "-1", "x-user-limit-24hour-remaining", "many")}, nil},
	} {
		if diff := cmp.Diff(tt.want, limited().limits(tt.op, &tt.resp)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func FuzzLimits(f *testing.F) {
	f.Add(200, "100", "97", "1795545900", `{}`)
	f.Add(402, "", "", "", `{"title":"CreditsDepleted"}`)
	f.Add(429, "100", "0", "-5", `{"type":"https://api.twitter.com/2/problems/usage-capped","period":"Daily"}`)
	f.Add(429, "99999999999999999999", "1e3", "9223372036854775807", `[`)
	f.Fuzz(func(t *testing.T, status int, most, left, reset, body string) {
		h := headers("x-rate-limit-limit", most, "x-rate-limit-remaining", left, "x-rate-limit-reset", reset,
			"x-user-limit-24hour-remaining", left, "x-user-limit-24hour-reset", reset)
		p := limited()
		resp := &apihttp.Response{Status: status, Header: h, Body: []byte(body)}
		for _, l := range p.limits(stepPublish, resp) {
			if l.Left < 0 || l.Max < 0 || l.Name == "" || l.Unit == "" || l.Span == "" || l.Ends.Year() > 4000 {
				t.Errorf("believed %+v", l)
			}
		}
		if e := p.refusal(stepPublish, resp); e.RetryAt.Year() > 4000 {
			t.Errorf("waits until %v", e.RetryAt)
		}
	})
}
