package x

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

var now = time.Date(2026, 11, 24, 18, 30, 0, 0, time.UTC)

// answering is a platform whose every call gets this answer.
func answering(t *testing.T, status int, header map[string]string, body string) *Platform {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		for k, v := range header {
			w.Header().Set(k, v)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return New(platforms.Env{
		HTTP: server.Client(), Endpoints: map[string]string{"api": server.URL, "web": server.URL}, Now: func() time.Time { return now },
	}).(*Platform)
}

func publishing(t *testing.T, p *Platform, link *platforms.Link) *platforms.Error {
	t.Helper()
	pub := platforms.Publication{Draft: platforms.Draft{Text: "Hello", Link: link}}
	_, err := p.Perform(t.Context(), platforms.Session{}, pub, nil, platforms.Step{Kind: stepPublish, Irreversible: true})
	return asError(t, err)
}

func asError(t *testing.T, err error) *platforms.Error {
	t.Helper()
	e, ok := errors.AsType[*platforms.Error](err)
	if !ok {
		t.Fatalf("got %v, want a *platforms.Error", err)
	}
	return e
}

// TestAnEndpointThatIsOverIsNoFaultOfThePost: X turns off endpoints rather than
// versions.
func TestAnEndpointThatIsOverIsNoFaultOfThePost(t *testing.T) {
	t.Parallel()
	p := answering(t, http.StatusGone, nil, `{"errors":[{"code":251,"message":"This endpoint has been retired and should not be used."}]}`)
	if e := publishing(t, p, nil); e.Kind != platforms.VersionOver || e.Code != platforms.CodeVersionOver {
		t.Errorf("%s %q", e.Kind, e.Code)
	}
}

// said is X's form of a refusal that has only a sentence.
func said(detail string) string {
	return fmt.Sprintf(`{"title":"Forbidden","status":403,"type":"about:blank","detail":%q}`, detail)
}

func typed(problem, detail string) string {
	return fmt.Sprintf(`{"title":"No","type":"https://api.twitter.com/2/problems/%s","detail":%q}`, problem, detail)
}

// TestRefusals has one line for each line of the table, and for what is decided
// outside of it.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		status int
		body   string
		kind   platforms.Kind
		code   string
	}{
		{"duplicate", 403, said("You are not allowed to create a Tweet with duplicate content."), platforms.Duplicate, "duplicate"},
		{"credits", 402, typed("credits", "Your account does not have any credits."), platforms.RateLimited, "no_credit"},
		{"app not enrolled", 403, `{"title":"Client Forbidden","type":"https://api.x.com/2/problems/client-forbidden","reason":"client-not-enrolled","detail":"No."}`, platforms.Rejected, "platform_app_invalid"},
		{"app-only token", 403, typed("unsupported-authentication", "No."), platforms.Rejected, "platform_app_invalid"},
		{"read-only app", 403, typed("oauth1-permissions", "No."), platforms.Rejected, "platform_app_invalid"},
		{"suspended by type", 403, typed("user-suspended", "No."), platforms.Rejected, "account_restricted"},
		{"suspended by sentence", 403, said("Your account is suspended."), platforms.Rejected, "account_restricted"},
		{"locked", 403, said("To protect our users, this account is temporarily locked."), platforms.Rejected, "account_needs_check"},
		{"feature", 403, said("Your account is not permitted to access this feature"), platforms.Rejected, "account_restricted"},
		{"link", 403, said("The Tweet contains an invalid URL."), platforms.Rejected, "link_not_allowed"},
		{"automated", 403, said("This request looks like it might be automated."), platforms.Rejected, "spam_suspected"},
		{"not permitted", 403, said("You are not permitted to perform this action."), platforms.Rejected, "rejected_content"},
		{"account gone", 404, typed("resource-not-found", "Could not find user with id: [1]."), platforms.Rejected, "account_gone"},
		{"media type", 400, typed("invalid-request", "Unsupported media type."), platforms.MediaRejected, "media_type"},
		{"media id", 400, `{"title":"Invalid Request","errors":[{"message":"Your media IDs are invalid."}],"type":"https://api.twitter.com/2/problems/invalid-request"}`, platforms.MediaRejected, "media_processing_failed"},
		{"too large", 413, typed("x", "Too large."), platforms.MediaRejected, "media_too_big"},
		{"too long", 400, typed("invalid-request", "The text is too long."), platforms.Rejected, "text_too_long"},

		{"cashtags", 403, said("You are limited to a maximum of one cashtag per post."), platforms.Rejected, "too_many_cashtags"},
		{"parent gone", 403, said("You attempted to reply to a Tweet that is deleted or not visible to you."), platforms.Rejected, "parent_gone"},
		{"reply", 403, said("Reply to this conversation is not allowed because you have not been mentioned."), platforms.Rejected, "unknown_refusal"},
		{"new to us", 400, typed("invalid-request", "Something else."), platforms.Rejected, "unknown_refusal"},
		{"older form", 400, `{"errors":[{"code":32,"message":"Could not authenticate you."}]}`, platforms.Rejected, "unknown_refusal"},

		{"token", 401, said("Unauthorized"), platforms.Expired, "auth_expired"},
		{"token, without a body", 401, "", platforms.Expired, "auth_expired"},
		{"window used up", 429, said("Too Many Requests"), platforms.RateLimited, "rate_limited"},
		{"older form of it", 429, `{"errors":[{"code":88,"message":"Rate limit exceeded"}]}`, platforms.RateLimited, "rate_limited"},
		{"daily cap", 429, `{"title":"UsageCapExceeded","type":"https://api.twitter.com/2/problems/usage-capped","period":"Daily"}`, platforms.RateLimited, "daily_cap"},
		{"monthly cap", 429, `{"title":"UsageCapExceeded","type":"https://api.twitter.com/2/problems/usage-capped","period":"Monthly"}`, platforms.RateLimited, "month_cap"},

		{"refusal by a proxy", 403, `{"blocked":true}`, platforms.Unknown, "platform_down"},
		{"refusal without a body", 403, "", platforms.Unknown, "platform_down"},
		{"server error", 503, said("Service Unavailable"), platforms.Unknown, "platform_down"},
		{"timed out", 408, said("Timeout"), platforms.Unknown, "platform_down"},
		{"redirect", 308, "", platforms.Unknown, "platform_down"},
		{"success without an id", 201, `{"data":{}}`, platforms.Unknown, "platform_down"},
		{"success with a strange id", 201, `{"data":{"id":"none"}}`, platforms.Unknown, "platform_down"},
		{"success without a body", 201, "", platforms.Unknown, "platform_down"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := publishing(t, answering(t, c.status, map[string]string{"x-transaction-id": "abc"}, c.body), nil)
			if e.Kind != c.kind || e.Code != c.code {
				t.Errorf("got %s and %s, want %s and %s: %v", e.Kind, e.Code, c.kind, c.code, e)
			}
			if e.Platform != ID || e.Op != "publish" || e.Status != c.status {
				t.Errorf("incomplete: %+v", e)
			}
			if c.code == "unknown_refusal" && (e.PlatformText == "" || e.TraceID != "abc") {
				t.Errorf("an unknown refusal needs X's sentence and its trace: %+v", e)
			}
		})
	}
}

func TestRefusedLinkIsNamed(t *testing.T) {
	t.Parallel()
	e := publishing(t, answering(t, 403, nil, said("The Tweet contains an invalid URL.")), &platforms.Link{URL: "https://example.org/x"})
	if diff := cmp.Diff(map[string]string{"url": "https://example.org/x"}, e.Args); diff != "" {
		t.Errorf("args (-want +got):\n%s", diff)
	}
}

func TestRateLimitHeaders(t *testing.T) {
	t.Parallel()
	const window, daily, app = "1795545900", "1795600000", "1795610000"
	for _, c := range []struct {
		name   string
		header map[string]string
		code   string
		want   time.Time
	}{
		{"window", map[string]string{"x-rate-limit-remaining": "0", "x-rate-limit-reset": window}, "rate_limited", time.Unix(1795545900, 0).UTC()},
		{
			"daily limit of the account", map[string]string{
				"x-rate-limit-reset": window, "x-user-limit-24hour-remaining": "0", "x-user-limit-24hour-reset": daily,
			}, "daily_cap", time.Unix(1795600000, 0).UTC(),
		},
		{
			"daily limit of the app", map[string]string{
				"x-rate-limit-reset": window, "x-user-limit-24hour-remaining": "3", "x-user-limit-24hour-reset": daily,
				"x-app-limit-24hour-remaining": "0", "x-app-limit-24hour-reset": app,
			}, "daily_cap", time.Unix(1795610000, 0).UTC(),
		},
		{
			"daily limits with room",
			map[string]string{"x-rate-limit-reset": window, "x-user-limit-24hour-remaining": "3", "x-user-limit-24hour-reset": daily},
			"rate_limited", time.Unix(1795545900, 0).UTC(),
		},
		{"no headers", nil, "rate_limited", time.Time{}},
		{"nonsense", map[string]string{"x-rate-limit-reset": "soon"}, "rate_limited", time.Time{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := publishing(t, answering(t, 429, c.header, said("Too Many Requests")), nil)
			if e.Code != c.code || !e.RetryAt.Equal(c.want) {
				t.Errorf("got %s until %v, want %s until %v", e.Code, e.RetryAt, c.code, c.want)
			}
		})
	}
}

func TestCapsEndWithTheirPeriod(t *testing.T) {
	t.Parallel()
	for period, want := range map[string]time.Time{
		"Daily":   time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC),
		"Monthly": time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC),
	} {
		e := publishing(t, answering(t, 429, nil, `{"title":"x","type":"https://api.x.com/2/problems/usage-capped","period":"`+period+`"}`), nil)
		if !e.RetryAt.Equal(want) {
			t.Errorf("%s: until %v, want %v", period, e.RetryAt, want)
		}
	}
}

func TestTokenRefusals(t *testing.T) {
	t.Parallel()
	renew := func(ctx context.Context, p *Platform) error {
		_, err := p.Renew(ctx, platforms.App{"client_id": platforms.NewSecret("id")}, platforms.Account{}, platforms.NewSecret("r"))
		return err
	}
	exchange := func(ctx context.Context, p *Platform) error {
		_, err := p.Exchange(ctx, platforms.ExchangeRequest{Code: "c"})
		return err
	}
	for _, c := range []struct {
		name   string
		do     func(context.Context, *Platform) error
		status int
		body   string
		kind   platforms.Kind
		code   string
	}{
		{"spent refresh token", renew, 400, `{"error":"invalid_request","error_description":"Value passed for the token was invalid."}`, platforms.Revoked, "auth_revoked"},
		{"the same in other words", renew, 400, `{"error":"invalid_grant","error_description":"Value passed for the token was invalid."}`, platforms.Revoked, "auth_revoked"},
		{"a mistake of ours", renew, 400, `{"error":"invalid_request","error_description":"Missing required parameter [refresh_token]."}`, platforms.Rejected, "unknown_refusal"},
		{"a sentence is missing", renew, 400, `{"error":"invalid_request"}`, platforms.Rejected, "unknown_refusal"},
		{"client of another app", renew, 400, `{"error":"invalid_client","error_description":"Value passed for the client was invalid."}`, platforms.Rejected, "platform_app_invalid"},
		{"web page", renew, 400, "<!doctype html><title>Just a moment</title>", platforms.Unknown, "platform_down"},
		{"app not known", renew, 401, `{"error":"unauthorized_client","error_description":"Missing valid authorization header"}`, platforms.Rejected, "platform_app_invalid"},
		{"app not known, as a problem", renew, 401, said("Unauthorized"), platforms.Rejected, "platform_app_invalid"},
		{"server error", renew, 503, `{"error":"invalid_grant"}`, platforms.Unknown, "platform_down"},
		{"too many", renew, 429, `{"title":"Too Many Requests"}`, platforms.RateLimited, "rate_limited"},
		{"no token", renew, 200, `{}`, platforms.Unknown, "platform_down"},
		{"old code", exchange, 400, `{"error":"invalid_request","error_description":"Value passed for the authorization code was invalid."}`, platforms.Rejected, "unknown_refusal"},
		{"wrong redirect", exchange, 400, `{"error":"invalid_request","error_description":"Value passed for the redirect uri did not match the uri of the authorization code."}`, platforms.Rejected, "redirect_mismatch"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := asError(t, c.do(t.Context(), answering(t, c.status, nil, c.body)))
			if e.Kind != c.kind || e.Code != c.code {
				t.Errorf("got %s and %s, want %s and %s", e.Kind, e.Code, c.kind, c.code)
			}
		})
	}
}

func TestNumbersUnderBothNames(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body string
		want map[platforms.Number]int64
	}{
		"old names": {
			`{"retweet_count":2,"quote_count":1,"reply_count":3,"like_count":4,"impression_count":50,"bookmark_count":9}`,
			map[platforms.Number]int64{"shares": 3, "comments": 3, "likes": 4, "impressions": 50},
		},
		"new names": {
			`{"repost_count":2,"quote_count":1,"reply_count":3,"like_count":4}`,
			map[platforms.Number]int64{"shares": 3, "comments": 3, "likes": 4},
		},
		"both at once count once": {
			`{"repost_count":2,"retweet_count":2,"quote_count":0}`, map[platforms.Number]int64{"shares": 2},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := answering(t, 200, nil, `{"data":[{"id":"7","public_metrics":`+c.body+`}]}`)
			n, err := p.PostNumbers(t.Context(), platforms.Session{}, "7")
			if diff := cmp.Diff(c.want, n.Values); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestNumbersOfAPostThatIsGone(t *testing.T) {
	t.Parallel()
	p := answering(t, 200, nil, `{"errors":[{"detail":"Could not find tweet with ids: [7].","type":"https://api.twitter.com/2/problems/resource-not-found"}]}`)
	_, err := p.PostNumbers(t.Context(), platforms.Session{}, "7")
	if e := asError(t, err); e.Kind != platforms.Rejected || e.PlatformCode != "resource-not-found" {
		t.Errorf("got %+v", e)
	}
}

func FuzzRefusal(f *testing.F) {
	f.Add(403, said("duplicate content"))
	f.Add(429, `{"errors":[{"code":88}]}`)
	f.Add(400, `{"error":"invalid_request"}`)
	f.Add(400, `[]`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		p := &Platform{client: New(platforms.Env{}).(*Platform).client, now: func() time.Time { return now }}
		for _, e := range []*platforms.Error{
			p.refusal("publish", response(status, body)), p.tokenRefusal("renew", response(status, body)),
		} {
			if e.Kind == "" || e.Code == "" || len([]rune(e.PlatformText)) > 300 {
				t.Errorf("status %d, %q: %+v", status, body, e)
			}
		}
	})
}

func response(status int, body string) *apihttp.Response {
	return &apihttp.Response{Status: status, Header: http.Header{}, Body: []byte(body)}
}
