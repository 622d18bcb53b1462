package bluesky

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

var limitsNow = time.Date(2026, 11, 24, 18, 30, 0, 0, time.UTC)

func limited() *Bluesky {
	return New(platforms.Env{Now: func() time.Time { return limitsNow }}).(*Bluesky)
}

func headers(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i+1 < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

func TestLimitsOfBluesky(t *testing.T) {
	t.Parallel()
	ends := time.Unix(1_795_545_900, 0).UTC()
	for _, tt := range []struct {
		policy string
		want   platforms.Limit
	}{
		{"3000;w=300", platforms.Limit{Name: "calls_window", Unit: platforms.LimitCalls, Span: platforms.SpanWindow, Call: true}},
		{"", platforms.Limit{Name: "calls_window", Unit: platforms.LimitCalls, Span: platforms.SpanWindow, Call: true}},
		{"5000;w=3600", platforms.Limit{Name: "points_hour", Unit: platforms.LimitPoints, Span: platforms.SpanHour}},
		{"35000; w=86400, 5000;w=3600", platforms.Limit{Name: "points_day", Unit: platforms.LimitPoints, Span: platforms.SpanDay}},
		{"w=x", platforms.Limit{Name: "calls_window", Unit: platforms.LimitCalls, Span: platforms.SpanWindow, Call: true}},
	} {
		tt.want.Max, tt.want.Left, tt.want.Ends = 5000, 4997, ends
		resp := &apihttp.Response{Header: headers("RateLimit-Limit", "5000", "RateLimit-Remaining", "4997", "RateLimit-Reset", "1795545900", "RateLimit-Policy", tt.policy)}
		if diff := cmp.Diff([]platforms.Limit{tt.want}, limited().limits("publish", resp)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.policy, diff)
		}
	}
	if got := limited().limits("publish", &apihttp.Response{Header: headers("RateLimit-Limit", "5000")}); got != nil {
		t.Errorf("without a remainder: %+v", got)
	}
}

func TestWhenBlueskyLetsUsComeBack(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		after, reset string
		want         time.Time
	}{
		{"60", "1795545900", limitsNow.Add(time.Minute)},
		{"Tue, 24 Nov 2026 18:40:00 GMT", "1795545900", limitsNow.Add(10 * time.Minute)},
		{"", "1795545900", time.Unix(1_795_545_900, 0)},
		{"soon", "", time.Time{}},
	} {
		if got := limited().retryAt(headers("Retry-After", tt.after, "RateLimit-Reset", tt.reset)); !got.Equal(tt.want) {
			t.Errorf("%q and %q: got %v, want %v", tt.after, tt.reset, got, tt.want)
		}
	}
}

func FuzzLimits(f *testing.F) {
	f.Add("5000", "4997", "1795545900", "5000;w=3600", "60")
	f.Add("", "0", "-1", ";;w=;w=99999999999,", "Tue, 24 Nov 2026 18:40:00 GMT")
	f.Fuzz(func(t *testing.T, most, left, reset, policy, after string) {
		h := headers("RateLimit-Limit", most, "RateLimit-Remaining", left, "RateLimit-Reset", reset, "RateLimit-Policy", policy, "Retry-After", after)
		for _, l := range limited().limits("publish", &apihttp.Response{Header: h}) {
			if l.Left < 0 || l.Name == "" || l.Ends.Year() > 4000 {
				t.Errorf("believed %+v", l)
			}
		}
		if at := limited().retryAt(h); at.Year() > 4000 {
			t.Errorf("waits until %v", at)
		}
	})
}
