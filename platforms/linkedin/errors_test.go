package linkedin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

var (
	now      = time.Date(2026, 11, 24, 18, 30, 0, 0, time.UTC)
	tomorrow = time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
)

// answering is a platform whose every call gets this answer.
func answering(t *testing.T, status int, header map[string]string, body string) *Platform {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if body != "" {
			w.Header().Set("Content-Type", "application/json")
		}
		for k, v := range header {
			w.Header().Set(k, v)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return New(platforms.Env{
		HTTP: server.Client(), Now: func() time.Time { return now },
		Endpoints: map[string]string{"api": server.URL, "web": server.URL, "oauth": server.URL},
	}).(*Platform)
}

func refusedPost(t *testing.T, p *Platform, link *platforms.Link) *platforms.Error {
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

// The three places in which a code can stand.
func top(code string) string { return fmt.Sprintf(`{"message":"No.","code":%q}`, code) }

func inside(code string) string {
	return fmt.Sprintf(`{"message":"No.","errorDetails":{"inputErrors":[{"description":"Because.","input":{},"code":%q}]}}`, code)
}

func inMessage(code string) string {
	return fmt.Sprintf(`{"message":"com.linkedin: %s happened"}`, code)
}

func number(n int) string { return fmt.Sprintf(`{"message":"No.","serviceErrorCode":%d}`, n) }

const repeated = `{"errorDetailType":"com.linkedin.common.error.BadRequest","message":"com.linkedin.content.common.exception.BadRequestResponseException: Content is a duplicate of urn:li:share:7141138937766391808","errorDetails":{"inputErrors":[{"description":"Duplicate post is detected","input":{},"code":"DUPLICATE_POST"}]},"status":422}`

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
		{"revoked", 401, top("REVOKED_ACCESS_TOKEN"), platforms.Revoked, "auth_revoked"},
		{"revoked, by number", 401, number(65601), platforms.Revoked, "auth_revoked"},
		{"expired", 401, top("EXPIRED_ACCESS_TOKEN"), platforms.Expired, "auth_expired"},
		{"expired, by number", 401, number(65602), platforms.Expired, "auth_expired"},
		{"invalid", 401, top("INVALID_ACCESS_TOKEN"), platforms.Revoked, "auth_revoked"},
		{"invalid, by number", 401, number(65600), platforms.Revoked, "auth_revoked"},
		{"some other token trouble", 401, number(65604), platforms.Expired, "auth_expired"},
		{"token, without a body", 401, "", platforms.Expired, "auth_expired"},
		{"no product", 403, `{"serviceErrorCode":100,"code":"ACCESS_DENIED","message":"Not enough permissions to access: partnerApiPostsExternal.CREATE.20260901"}`, platforms.Rejected, "perm_missing_publish"},
		{"no role", 403, `{"message":"Organization permissions must be used when using organization as author"}`, platforms.Rejected, "perm_missing_publish"},
		{"gone", 404, top("NOT_FOUND"), platforms.Rejected, "account_gone"},
		{"picture broken", 400, inside("MEDIA_ASSET_PROCESSING_FAILED"), platforms.MediaRejected, "media_processing_failed"},
		{"picture not updated", 400, top("UPDATING_ASSET_FAILED"), platforms.MediaRejected, "media_processing_failed"},
		{"picture unknown", 400, inside("INVALID_IMAGE_ID"), platforms.MediaRejected, "media_processing_failed"},
		{"too long", 400, inside("FIELD_LENGTH_TOO_LONG"), platforms.Rejected, "text_too_long"},
		{"too long, in the message", 400, inMessage("FIELD_LENGTH_TOO_LONG"), platforms.Rejected, "text_too_long"},
		{"link", 400, inside("INVALID_URL"), platforms.Rejected, "link_not_allowed"},
		{"too large", 413, inMessage("x"), platforms.MediaRejected, "media_too_big"},
		{"duplicate", 422, repeated, platforms.Duplicate, "duplicate"},
		{"duplicate, in the message", 422, `{"message":"Content is a duplicate of urn:li:share:1"}`, platforms.Duplicate, "duplicate"},

		{"picture not ready", 400, inside("MEDIA_ASSET_WAITING_UPLOAD"), platforms.RateLimited, "media_processing_slow"},
		{"conflict", 409, top("CONFLICT"), platforms.RateLimited, "rate_limited"},
		{"daily quota", 429, `{"serviceErrorCode":101,"message":"Resource level throttle APPLICATION DAY limit for calls to this resource is reached."}`, platforms.RateLimited, "rate_limited"},
		{"daily quota, without a body", 429, "", platforms.RateLimited, "rate_limited"},
		{"version retired", 426, `{"code":"NONEXISTENT_VERSION","message":"Requested version 20260901 is not active"}`, platforms.VersionOver, "version_over"},
		{"schema", 422, `{"message":"ERROR :: /author :: field is required but not found and has no default value\n"}`, platforms.Rejected, "unknown_refusal"},
		{"not JSON", 400, top("ILLEGAL_ARGUMENT"), platforms.Rejected, "unknown_refusal"},

		{"refusal by a proxy", 403, `{"blocked":true}`, platforms.Unknown, "platform_down"},
		{"refusal without a body", 403, "", platforms.Unknown, "platform_down"},
		{"server error", 500, top("INTERNAL"), platforms.Unknown, "platform_down"},
		{"timed out", 408, top("x"), platforms.Unknown, "platform_down"},
		{"robot page", 999, "", platforms.Unknown, "platform_down"},
		{"success without an id", 201, "", platforms.Unknown, "platform_down"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := refusedPost(t, answering(t, c.status, map[string]string{"x-li-uuid": "abc"}, c.body), nil)
			if e.Kind != c.kind || e.Code != c.code {
				t.Errorf("got %s and %s, want %s and %s: %v", e.Kind, e.Code, c.kind, c.code, e)
			}
			if e.Platform != ID || e.Op != "publish" || e.Status != c.status {
				t.Errorf("incomplete: %+v", e)
			}
			if c.code == "unknown_refusal" && (e.PlatformText == "" || e.TraceID != "abc") {
				t.Errorf("an unknown refusal needs LinkedIn's sentence and its trace: %+v", e)
			}
		})
	}
}

func TestDuplicateNamesTheEarlierPost(t *testing.T) {
	t.Parallel()
	e := refusedPost(t, answering(t, 422, nil, repeated), nil)
	if e.Ref != "urn:li:share:7141138937766391808" {
		t.Errorf("Ref is %q", e.Ref)
	}
}

func TestRefusedLinkIsNamed(t *testing.T) {
	t.Parallel()
	e := refusedPost(t, answering(t, 400, nil, inside("INVALID_URL")), &platforms.Link{URL: "https://example.org/x"})
	if diff := cmp.Diff(map[string]string{"url": "https://example.org/x"}, e.Args); diff != "" {
		t.Errorf("args (-want +got):\n%s", diff)
	}
}

func TestPatience(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		want   time.Time
	}{
		"daily quota ends at midnight UTC": {429, "", tomorrow},
		"a picture takes a minute":         {400, inside("MEDIA_ASSET_WAITING_UPLOAD"), now.Add(time.Minute)},
		"so does a conflict":               {409, top("CONFLICT"), now.Add(time.Minute)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if e := refusedPost(t, answering(t, c.status, nil, c.body), nil); !e.RetryAt.Equal(c.want) {
				t.Errorf("until %v, want %v", e.RetryAt, c.want)
			}
		})
	}
}

func TestRefusalsBesidePublishing(t *testing.T) {
	t.Parallel()
	p := answering(t, 403, nil, top("ACCESS_DENIED"))
	_, err := p.PostNumbers(t.Context(), platforms.Session{}, "urn:li:share:1")
	if e := asError(t, err); e.Code != platforms.CodeNoFeature {
		t.Errorf("numbers that are not allowed: %+v", e)
	}
	p = answering(t, 404, nil, top("NOT_FOUND"))
	_, err = p.PostNumbers(t.Context(), platforms.Session{}, "urn:li:share:1")
	if e := asError(t, err); e.Code != platforms.CodeUnknownRefusal || e.Kind != platforms.Rejected {
		t.Errorf("numbers of a post that is gone: %+v", e)
	}
}

func TestTokenRefusals(t *testing.T) {
	t.Parallel()
	renew := func(ctx context.Context, p *Platform) error {
		_, err := p.Renew(ctx, platforms.App{}, platforms.Account{}, platforms.NewSecret("r"))
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
		{"refresh token ended", renew, 400, `{"error":"invalid_grant","error_description":"The provided authorization grant or refresh token is invalid, expired or revoked."}`, platforms.Revoked, "auth_revoked"},
		{"the same in other words", renew, 400, `{"error":"invalid_request","error_description":"The token used in the request has been revoked"}`, platforms.Revoked, "auth_revoked"},
		{"a mistake of ours", renew, 400, `{"error":"invalid_request","error_description":"A required parameter \"client_secret\" is missing"}`, platforms.Rejected, "unknown_refusal"},
		{"a sentence is missing", renew, 400, `{"error":"invalid_request"}`, platforms.Rejected, "unknown_refusal"},
		{"web page", renew, 400, "<!doctype html><title>Just a moment</title>", platforms.Unknown, "platform_down"},
		{"app not known", renew, 401, `{"error":"invalid_client","error_description":"Client authentication failed"}`, platforms.Rejected, "platform_app_invalid"},
		{"server error", renew, 503, `{"error":"invalid_grant"}`, platforms.Unknown, "platform_down"},
		{"too many", renew, 429, `{"message":"x"}`, platforms.RateLimited, "rate_limited"},
		{"no token", renew, 200, `{}`, platforms.Unknown, "platform_down"},
		{"wrong redirect", exchange, 400, `{"error":"invalid_redirect_uri","error_description":"the redirect uri does not match"}`, platforms.Rejected, "redirect_mismatch"},
		{"something else", exchange, 400, `{"error":"invalid_request","error_description":"A required parameter is missing"}`, platforms.Rejected, "unknown_refusal"},
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

func TestUploadAddresses(t *testing.T) {
	t.Parallel()
	p := &Platform{web: "https://practice.example/linkedin/www", host: "http://127.0.0.1:1/linkedin/www"}
	for issued, want := range map[string]string{
		"https://www.linkedin.com/dms-uploads/x?a=b":               "https://www.linkedin.com/dms-uploads/x?a=b",
		"https://media.licdn.com/x":                                "https://media.licdn.com/x",
		"https://practice.example/linkedin/www/dms-uploads/x":      "http://127.0.0.1:1/linkedin/www/dms-uploads/x",
		"http://127.0.0.1:1/linkedin/www/dms-uploads/x":            "http://127.0.0.1:1/linkedin/www/dms-uploads/x",
		"http://www.linkedin.com/x":                                "",
		"https://www.linkedin.com.evil.example/x":                  "",
		"https://evil.example/www.linkedin.com":                    "",
		"https://www.linkedin.com@evil.example/x":                  "",
		"https://user@www.linkedin.com/x":                          "",
		"https://www.linkedin.com:8443/x":                          "",
		"https://practice.example/linkedin/wwwevil/dms-uploads/x":  "",
		"//www.linkedin.com/x":                                     "",
		"":                                                         "",
		"https://practice.example.evil/linkedin/www/dms-uploads/x": "",
	} {
		got, ok := p.uploadAddress(issued)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%q: got %q, %v, want %q", issued, got, ok, want)
		}
	}
}

func TestUploadAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		status int
		body   string
		state  platforms.StepState
		code   string
	}{
		{"done", 201, "", platforms.StepDone, ""},
		{"address expired", 400, `{"code":"EXPIRED_UPLOAD_URL","message":"Upload URL has expired"}`, platforms.StepExpired, ""},
		{"address gone", 404, "", platforms.StepExpired, ""},
		{"refused", 400, "bad picture", "", "media_processing_failed"},
		{"too large", 413, "", "", "media_too_big"},
		{"too large, said so", 413, `{"message":"too large"}`, "", "media_too_big"},
		{"token", 401, top("EXPIRED_ACCESS_TOKEN"), "", "auth_expired"},
		{"server error", 503, "", "", "platform_down"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := answering(t, c.status, nil, c.body)
			done := []platforms.StepResult{{Kind: stepPrepare, State: platforms.StepDone, Ref: `{"url":"` + p.host + `/dms-uploads/x","image":"urn:li:image:1"}`}}
			pub := platforms.Publication{Draft: platforms.Draft{Media: []platforms.Media{{ID: "m", Name: "ball.jpg"}}}}
			r, err := p.Perform(t.Context(), platforms.Session{Media: files{}}, pub, done, platforms.Step{Kind: stepUpload})
			if c.code == "" && (err != nil || r.State != c.state) {
				t.Errorf("got %+v, %v, want %s", r, err, c.state)
			}
			if c.code != "" {
				if e := asError(t, err); e.Code != c.code {
					t.Errorf("got %s, want %s", e.Code, c.code)
				}
			}
		})
	}
}

// TestVersionIsAlive fails when this client needs a newer version of the API:
// a release must leave people time to install it.
func TestVersionIsAlive(t *testing.T) {
	t.Parallel()
	api := New(platforms.Env{}).Info().API
	if end := api.Ends(); end.Before(api.CheckedOn.AddDate(0, 6, 0)) {
		t.Errorf("version %s ends %v, the facts were checked on %v", api.Version, end, api.CheckedOn)
	}
}

// TestAVersionThatIsOverIsNoFaultOfThePost: whatever call meets it, each of the
// answers collected from other programs holds the account, and fails no post.
func TestAVersionThatIsOverIsNoFaultOfThePost(t *testing.T) {
	t.Parallel()
	known, err := os.ReadFile("testdata/version-over.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	answers := 0
	for line := range strings.Lines(string(known)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		answers++
		var a struct {
			Status int
			Body   json.RawMessage
		}
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatal(err)
		}
		p := answering(t, a.Status, nil, string(a.Body))
		s := platforms.Session{Account: platforms.Account{RemoteID: "1"}}
		pub := platforms.Publication{Draft: platforms.Draft{Text: "Match day"}}
		for name, call := range map[string]func() error{
			"publish": func() error {
				_, err := p.Perform(t.Context(), s, pub, nil, platforms.Step{Kind: stepPublish, Irreversible: true})
				return err
			},
			"prepare": func() error {
				_, err := p.Perform(t.Context(), s, pub, nil, platforms.Step{Kind: stepPrepare})
				return err
			},
			"look": func() error {
				_, err := p.Settle(t.Context(), s, pub, nil, now)
				return err
			},
			"numbers": func() error {
				_, err := p.PostNumbers(t.Context(), s, "urn:li:share:1")
				return err
			},
			"numbers of the account": func() error {
				_, err := p.AccountNumbers(t.Context(), s)
				return err
			},
		} {
			if e := asError(t, call()); e.Kind != platforms.VersionOver || e.Code != platforms.CodeVersionOver || e.Args["version"] != usualVersion {
				t.Errorf("%s: %s %q, %v", name, e.Kind, e.Code, e.Args)
			}
		}
	}
	if answers == 0 {
		t.Error("no answers")
	}
}

// TestTheVersionOfTheSettingIsSpoken: it is sent, and told with its end.
func TestTheVersionOfTheSettingIsSpoken(t *testing.T) {
	t.Parallel()
	var spoken string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { spoken = r.Header.Get("LinkedIn-Version") }))
	t.Cleanup(server.Close)
	p := New(platforms.Env{HTTP: server.Client(), Endpoints: map[string]string{"api": server.URL}, Version: "202603", Now: time.Now})
	_, _ = p.(*Platform).AccountNumbers(t.Context(), platforms.Session{})
	if api := p.Info().API; spoken != "202603" || api.Version != "202603" || !api.Ends().Equal(day(2027, time.March, 16)) {
		t.Errorf("spoke %q, tells %q until %v", spoken, api.Version, api.Ends())
	}
}

func FuzzRefusal(f *testing.F) {
	f.Add(422, repeated)
	f.Add(401, number(65601))
	f.Add(400, inside("INVALID_URL"))
	f.Add(400, `[]`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		p := &Platform{client: New(platforms.Env{}).(*Platform).client, now: func() time.Time { return now }}
		resp := &apihttp.Response{Status: status, Header: http.Header{}, Body: []byte(body)}
		for _, e := range []*platforms.Error{p.refusal("publish", resp), p.tokenRefusal("renew", resp)} {
			if e.Kind == "" || e.Code == "" || len([]rune(e.PlatformText)) > 300 || e.Ref != "" && e.Kind != platforms.Duplicate {
				t.Errorf("status %d, %q: %+v", status, body, e)
			}
		}
	})
}
