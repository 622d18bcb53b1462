package linkedin

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

func TestLimitsOfLinkedIn(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 23, 30, 0, 0, time.UTC)
	p := New(platforms.Env{Now: func() time.Time { return now.In(time.FixedZone("", 3600)) }}).(*Platform)
	midnight := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		op, after string
		status    int
		want      []platforms.Limit
	}{
		{stepPublish, "", 201, nil},
		{stepPublish, "", 429, []platforms.Limit{{Name: "publish_day", Unit: platforms.LimitPosts, Span: platforms.SpanDay, Ends: midnight, Call: true}}},
		{"numbers", "", 429, []platforms.Limit{{Name: "numbers_day", Unit: platforms.LimitCalls, Span: platforms.SpanDay, Ends: midnight, Call: true}}},
		{stepPublish, "120", 429, []platforms.Limit{{Name: "publish_day", Unit: platforms.LimitPosts, Span: platforms.SpanDay, Ends: now.Add(2 * time.Minute), Call: true}}},
	} {
		for said, scope := range map[string]platforms.LimitScope{"": "", "MEMBER": "", "APPLICATION": platforms.ScopeApp} {
			body := `{"message":"Resource level throttle ` + said + ` DAY limit for calls to this resource is reached.","code":"TOO_MANY_REQUESTS"}`
			for _, l := range p.limits(tt.op, &apihttp.Response{Status: tt.status, Body: []byte(body)}) {
				if l.Scope != scope || (l.Name == tt.op+"_app_day") != (scope == platforms.ScopeApp) {
					t.Errorf("%s, where the limit is said to be of the %q: %+v", tt.op, said, l)
				}
			}
		}
		got := p.limits(tt.op, &apihttp.Response{Status: tt.status, Header: http.Header{"Retry-After": {tt.after}}})
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s %d (-want +got):\n%s", tt.op, tt.status, diff)
		}
	}
}
