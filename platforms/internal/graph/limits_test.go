package graph

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

func limited() *Client {
	return New(platforms.Env{Now: func() time.Time { return now }}, "parrot", nil)
}

func TestUsageOfMeta(t *testing.T) {
	t.Parallel()
	percent := func(name string, span platforms.LimitSpan, left int64, ends time.Time) platforms.Limit {
		return platforms.Limit{Name: name, Unit: platforms.LimitPercent, Span: span, Max: 100, Left: left, Ends: ends}
	}
	ofApp := func(left int64) platforms.Limit {
		l := percent("app", platforms.SpanHour, left, time.Time{})
		l.Scope = platforms.ScopeApp
		return l
	}
	for _, tt := range []struct {
		name, app, page, cases string
		want                   []platforms.Limit
	}{
		{"nothing said", "", "", "", nil},
		{"an app", `{"call_count":28,"total_time":31,"total_cputime":25}`, "", "", []platforms.Limit{ofApp(69)}},
		{"an older text", "", `{"call_count":95}`, "", []platforms.Limit{percent("page", platforms.SpanDay, 5, time.Time{})}},
		{
			"a Page", "", "", `{"1001":[{"type":"pages","call_count":97,"total_cputime":23,"total_time":23,"estimated_time_to_regain_access":0}]}`,
			[]platforms.Limit{percent("use_pages", platforms.SpanDay, 3, time.Time{})},
		},
		{
			"with the minutes until it opens", "", "", `{"1001":[{"type":"instagram","call_count":100,"estimated_time_to_regain_access":17}]}`,
			[]platforms.Limit{percent("use_instagram", platforms.SpanDay, 0, now.Add(17*time.Minute))},
		},
		{
			"the fullest of a kind, and none that posting does not use", "", "",
			`{"1":[{"type":"pages","call_count":10},{"type":"messenger","call_count":100}],"2":[{"type":"pages","total_time":60.5}],"3":[{"call_count":99}]}`,
			[]platforms.Limit{percent("use_pages", platforms.SpanDay, 39, time.Time{})},
		},
		{"more than all", `{"call_count":180}`, "", "", []platforms.Limit{ofApp(0)}},
		{"less than nothing", `{"call_count":-3}`, "", "", []platforms.Limit{ofApp(100)}},
		{"nonsense", `[1]`, `"x"`, `{"1":{"type":"pages"}}`, nil},
	} {
		h := http.Header{"X-App-Usage": {tt.app}, "X-Page-Usage": {tt.page}, "X-Business-Use-Case-Usage": {tt.cases}}
		if diff := cmp.Diff(tt.want, limited().limits("read", &apihttp.Response{Header: h})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestRefusalOfTheAppIsALimitThatAllItsAccountsShare, and a refusal of a Page is not.
func TestRefusalOfTheAppIsALimitThatAllItsAccountsShare(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]platforms.Limit{
		`{"error":{"message":"(#4) Application request limit reached","type":"OAuthException","code":4}}`: {
			{Name: "app_refused", Unit: platforms.LimitCalls, Span: platforms.SpanHour, Scope: platforms.ScopeApp, Ends: now.Add(10 * time.Minute)},
		},
		`{"error":{"message":"(#32) Page request limit reached","type":"OAuthException","code":32}}`: nil,
		`<html>`: nil,
	} {
		resp := &apihttp.Response{Status: http.StatusForbidden, Header: http.Header{"Retry-After": {"600"}}, Body: []byte(body)}
		if diff := cmp.Diff(want, limited().limits("publish", resp)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
}

func FuzzUsage(f *testing.F) {
	f.Add(`{"call_count":28,"total_time":25,"total_cputime":25}`, `{"1001":[{"type":"pages","call_count":97,"estimated_time_to_regain_access":17}]}`)
	f.Add(`{"call_count":1e308}`, `{"1":[{"type":"pages","call_count":-1e308,"estimated_time_to_regain_access":1e308}],"2":null}`)
	f.Add(`null`, `{"":[{}]}`)
	f.Fuzz(func(t *testing.T, app, cases string) {
		resp := &apihttp.Response{Header: http.Header{"X-App-Usage": {app}, "X-Business-Use-Case-Usage": {cases}}}
		for _, l := range limited().limits("read", resp) {
			if l.Left < 0 || l.Left > 100 || !l.Ends.IsZero() && (l.Ends.Before(now) || l.Ends.Sub(now) > 24*time.Hour) {
				t.Errorf("believed %+v", l)
			}
		}
		if wait := regain(resp); wait < 0 || wait > 24*time.Hour {
			t.Errorf("waits %v", wait)
		}
	})
}
