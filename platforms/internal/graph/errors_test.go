package graph

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

var now = time.Date(2026, 11, 24, 18, 30, 0, 0, time.UTC)

// answering is a client whose every call gets this answer.
func answering(t *testing.T, status int, header http.Header, body string) *Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for k, vs := range header {
			w.Header()[k] = vs
		}
		if w.Header().Get("Content-Type") == "" {
			w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return New(platforms.Env{
		HTTP: server.Client(), Now: func() time.Time { return now },
		Endpoints: map[string]string{"graph": server.URL, "dialog": "https://www.example"},
	}, "parrot", nil)
}

func envelope(code, sub int, rest string) string {
	return fmt.Sprintf(`{"error":{"message":"(#%d) Something","type":"OAuthException","code":%d,"error_subcode":%d%s,"fbtrace_id":"Atrace"}}`, code, code, sub, rest)
}

func errorOf(t *testing.T, c *Client, call Call) *platforms.Error {
	t.Helper()
	_, err := c.Do(t.Context(), call, nil)
	e, ok := errors.AsType[*platforms.Error](err)
	if !ok {
		t.Fatalf("got %v (%T), want a *platforms.Error", err, err)
	}
	return e
}

// TestAVersionThatIsOverIsNoFaultOfThePost: under whatever number Meta says so,
// nothing was published, and the account waits for another version.
func TestAVersionThatIsOverIsNoFaultOfThePost(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"error":{"message":"(#2635) You are calling a deprecated version of the Ads API. Please update to the latest version: v27.0.","type":"OAuthException","code":2635,"fbtrace_id":"A"}}`,
		`{"error":{"message":"(#2635) Something","type":"OAuthException","code":2635,"fbtrace_id":"A"}}`,
		`{"error":{"message":"(#4711) Calls to this version are deprecated","type":"OAuthException","code":4711,"fbtrace_id":"A"}}`,
		`{"error":{"message":"This API version is no longer supported","type":"OAuthException","code":4711,"fbtrace_id":"A"}}`,
	} {
		for _, call := range []Call{{Op: OpRead}, {Op: "publish", Method: http.MethodPost, Irreversible: true}} {
			e := errorOf(t, answering(t, 400, nil, body), call)
			if e.Kind != platforms.VersionOver || e.Code != platforms.CodeVersionOver || e.Args["version"] != Version {
				t.Errorf("%s %s: %s %q %v", call.Op, body, e.Kind, e.Code, e.Args)
			}
		}
	}
	other := `{"error":{"message":"(#4711) The field deprecated_version is not known","type":"OAuthException","code":4711}}`
	if e := errorOf(t, answering(t, 400, nil, other), Call{Op: OpRead}); e.Kind != platforms.Rejected {
		t.Errorf("%s: %s", other, e.Kind)
	}
}

// TestRefusals has one line for each line of the common table, as a safe step
// and as the call that publishes.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		code, sub     int
		kind          platforms.Kind
		message       string
		whenPublished platforms.Kind
	}{
		{1, 0, platforms.Unknown, "platform_down", platforms.Unknown},
		{1, 99, platforms.Unknown, "platform_down", platforms.Unknown},
		{2, 0, platforms.Unknown, "platform_down", platforms.Unknown},
		{4, 0, platforms.RateLimited, "rate_limited", platforms.Unknown},
		{17, 0, platforms.RateLimited, "rate_limited", platforms.Unknown},
		{32, 0, platforms.RateLimited, "rate_limited", platforms.Unknown},
		{613, 1996, platforms.RateLimited, "rate_limited", platforms.Unknown},
		{4, 2207051, platforms.RateLimited, "rate_limited", platforms.Unknown},
		{341, 0, platforms.RateLimited, "rate_limited", platforms.RateLimited},
		{80000, 0, platforms.RateLimited, "rate_limited", platforms.RateLimited},
		{80001, 2446079, platforms.RateLimited, "rate_limited", platforms.RateLimited},
		{80002, 0, platforms.RateLimited, "rate_limited", platforms.RateLimited},
		{80006, 0, platforms.RateLimited, "rate_limited", platforms.RateLimited},
		{102, 0, platforms.Revoked, "auth_revoked", platforms.Revoked},
		{190, 0, platforms.Revoked, "auth_revoked", platforms.Revoked},
		{190, 458, platforms.Revoked, "auth_revoked", platforms.Revoked},
		{190, 459, platforms.Revoked, "account_needs_check", platforms.Revoked},
		{190, 460, platforms.Revoked, "auth_revoked", platforms.Revoked},
		{190, 463, platforms.Expired, "auth_expired", platforms.Expired},
		{190, 464, platforms.Revoked, "account_needs_check", platforms.Revoked},
		{190, 467, platforms.Revoked, "auth_revoked", platforms.Revoked},
		{190, 490, platforms.Expired, "auth_expired", platforms.Expired},
		{190, 492, platforms.Revoked, "perm_missing_publish", platforms.Revoked},
		{190, 777, platforms.Revoked, "auth_revoked", platforms.Revoked},
		{3, 0, platforms.Rejected, "perm_missing_publish", platforms.Rejected},
		{10, 0, platforms.Rejected, "perm_missing_publish", platforms.Rejected},
		{200, 0, platforms.Rejected, "perm_missing_publish", platforms.Rejected},
		{210, 0, platforms.Rejected, "perm_missing_publish", platforms.Rejected},
		{299, 0, platforms.Rejected, "perm_missing_publish", platforms.Rejected},
		{33, 0, platforms.Rejected, "account_gone", platforms.Rejected},
		{100, 33, platforms.Rejected, "account_gone", platforms.Rejected},
		{803, 0, platforms.Rejected, "account_gone", platforms.Rejected},
		{101, 0, platforms.Rejected, "platform_app_invalid", platforms.Rejected},
		{104, 0, platforms.Rejected, "platform_app_invalid", platforms.Rejected},
		{191, 0, platforms.Rejected, "redirect_mismatch", platforms.Rejected},
		{100, 36008, platforms.Rejected, "redirect_mismatch", platforms.Rejected},
		{368, 0, platforms.Rejected, "account_restricted", platforms.Rejected},
		{100, 0, platforms.Rejected, "unknown_refusal", platforms.Rejected},
		{4711, 12, platforms.Rejected, "unknown_refusal", platforms.Rejected},
	} {
		t.Run(fmt.Sprintf("%d_%d", tc.code, tc.sub), func(t *testing.T) {
			t.Parallel()
			c := answering(t, 400, nil, envelope(tc.code, tc.sub, ""))
			e := errorOf(t, c, Call{Op: "upload", Path: "1/photos"})
			if e.Kind != tc.kind || e.Code != tc.message {
				t.Errorf("safe step: got %s %s, want %s %s", e.Kind, e.Code, tc.kind, tc.message)
			}
			if e.TraceID != "Atrace" || e.Status != 400 || e.PlatformText != "Something" || !strings.HasPrefix(e.PlatformCode, fmt.Sprint(tc.code)) {
				t.Errorf("incomplete error %+v", e)
			}
			e = errorOf(t, c, Call{Op: "publish", Method: http.MethodPost, Path: "1/feed", Irreversible: true})
			if e.Kind != tc.whenPublished {
				t.Errorf("publishing: got %s, want %s", e.Kind, tc.whenPublished)
			}
		})
	}
}

func TestEveryLineOfTheTableIsFound(t *testing.T) {
	t.Parallel()
	for _, line := range common {
		if got, ok := common.find(APIError{Code: line.Code, Sub: line.Sub}); !ok || got != line {
			t.Errorf("line %+v is hidden by %+v", line, got)
		}
	}
}

func TestSubcodeIsFoundInEitherPlace(t *testing.T) {
	t.Parallel()
	table := Table{{Sub: 1366046, Kind: platforms.MediaRejected, Message: "media_too_big"}, {Code: 100, Kind: platforms.Rejected, Message: "x"}}
	for _, e := range []APIError{{Code: 100, Sub: 1366046}, {Code: 1366046}} {
		if got, ok := table.find(e); !ok || got.Message != "media_too_big" {
			t.Errorf("%v: got %+v", e, got)
		}
	}
}

func TestTransientProvesNothing(t *testing.T) {
	t.Parallel()
	c := answering(t, 400, nil, envelope(100, 0, `,"is_transient":true`))
	for _, irreversible := range []bool{false, true} {
		if e := errorOf(t, c, Call{Op: "publish", Irreversible: irreversible}); e.Kind != platforms.Unknown {
			t.Errorf("irreversible %v: got %s, want unknown", irreversible, e.Kind)
		}
	}
}

// An answer that contradicts itself proves nothing about a post.
func TestErrorInsideSuccess(t *testing.T) {
	t.Parallel()
	c := answering(t, 200, nil, envelope(190, 460, ""))
	if e := errorOf(t, c, Call{Op: "read"}); e.Kind != platforms.Revoked {
		t.Errorf("read: got %s, want revoked", e.Kind)
	}
	if e := errorOf(t, c, Call{Op: "publish", Irreversible: true}); e.Kind != platforms.Unknown {
		t.Errorf("publish: got %s, want unknown", e.Kind)
	}
}

func TestServerErrorProvesNothing(t *testing.T) {
	t.Parallel()
	for _, body := range []string{envelope(190, 460, ""), `{"error":"internal"}`, "", "<html>"} {
		if e := errorOf(t, answering(t, 500, nil, body), Call{Op: "publish", Irreversible: true}); e.Kind != platforms.Unknown {
			t.Errorf("500 with %q: got %s, want unknown", body, e.Kind)
		}
	}
}

func TestWordsDependOnWhatWasAsked(t *testing.T) {
	t.Parallel()
	denied, gone := answering(t, 403, nil, envelope(200, 0, "")), answering(t, 400, nil, envelope(100, 33, ""))
	secret := answering(t, 400, nil, envelope(1, 0, ""))
	for _, tc := range []struct {
		c        *Client
		op, want string
	}{
		{denied, OpNumbers, "perm_missing_feature"},
		{denied, OpComment, "perm_missing_feature"},
		{denied, "publish", "perm_missing_publish"},
		{gone, OpComment, "parent_gone"},
		{gone, OpNumbers, "unknown_refusal"},
		{gone, OpCheck, "account_gone"},
		{secret, OpToken, "platform_app_invalid"},
	} {
		if e := errorOf(t, tc.c, Call{Op: tc.op}); e.Code != tc.want || e.Kind != platforms.Rejected {
			t.Errorf("%s: got %s %s, want %s", tc.op, e.Kind, e.Code, tc.want)
		}
	}
}

func TestWaitComesFromTheUsageHeader(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Time{
		`{"1001":[{"type":"pages","call_count":100,"estimated_time_to_regain_access":17}]}`:                              now.Add(17 * time.Minute),
		`{"1001":[{"type":"pages","estimated_time_to_regain_access":2}],"1002":[{"estimated_time_to_regain_access":5}]}`: now.Add(5 * time.Minute),
		`{"1001":[{"estimated_time_to_regain_access":1e30}]}`:                                                            now.Add(24 * time.Hour),
		`not json`: {},
		``:         {},
	} {
		c := answering(t, 400, http.Header{"X-Business-Use-Case-Usage": {header}}, envelope(80001, 0, ""))
		if e := errorOf(t, c, Call{Op: "read"}); !e.RetryAt.Equal(want) {
			t.Errorf("header %s: got %v, want %v", header, e.RetryAt, want)
		}
	}
}

func TestPlatformTextHoldsNoSecret(t *testing.T) {
	t.Parallel()
	const token = "EAABsecretsecretsecret"
	c := answering(t, 400, nil, `{"error":{"message":"Malformed access token `+token+`","code":190}}`)
	e := errorOf(t, c, Call{Op: "read", Token: platforms.NewSecret(token)})
	if strings.Contains(fmt.Sprintf("%+v %v", e, e), token) || !strings.Contains(e.PlatformText, "[secret]") {
		t.Errorf("got %+v", e)
	}
}

func TestPeopleReadTheTextMeantForThem(t *testing.T) {
	t.Parallel()
	c := answering(t, 400, nil, envelope(100, 0, `,"error_user_title":"Cannot post","error_user_msg":"This is not allowed here."`))
	if e := errorOf(t, c, Call{Op: "publish", Irreversible: true}); e.PlatformText != "This is not allowed here." || e.Code != "unknown_refusal" {
		t.Errorf("got %q %q", e.Code, e.PlatformText)
	}
}

func FuzzParseError(f *testing.F) {
	for _, s := range []string{
		envelope(190, 463, ""), `{"error":"internal"}`, `{"error":null}`, `{"error":{"code":"4","error_subcode":"2207051"}}`,
		`{"error":{"code":1e99,"is_transient":"yes","message":7}}`, `{"data":{}}`, `[]`, ``, `{"error":[]}`, `{"error":{"code":-1}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		e, ok := ParseError(body)
		if !ok && e != (APIError{}) {
			t.Errorf("no error in %q, yet %+v", body, e)
		}
		common.find(e)
		_ = ambiguous(e)
	})
}

func TestParseErrorIsTolerant(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]APIError{
		`{"error":{"code":"4","error_subcode":"2207051"}}`:                {Code: 4, Sub: 2207051},
		`{"error":{"code":-1,"error_subcode":2207001,"message":{"a":1}}}`: {Code: -1, Sub: 2207001},
		`{"error":"internal"}`:                              {},
		`{"error":{"code":1.5,"is_transient":true}}`:        {Transient: true},
		`{"id":"1","error":{"code":190,"message":"gone."}}`: {Code: 190, Message: "gone."},
	} {
		got, ok := ParseError([]byte(body))
		if !ok || got != want {
			t.Errorf("%s: got %+v, %v; want %+v", body, got, ok, want)
		}
	}
	for _, body := range []string{`{"error":null}`, `{"id":"1"}`, `null`, `7`, ``, `{`} {
		if e, ok := ParseError([]byte(body)); ok {
			t.Errorf("%q: found %+v", body, e)
		}
	}
}
