package graph

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

// APIError is the error envelope of an answer.
type APIError struct {
	Code      int
	Sub       int
	Transient bool
	Message   string // in English, for developers
	UserText  string // localised, for people; often missing
	Trace     string
	// Answer is what the write would have answered without the error. With it the
	// write was done, and only reading back what it made went wrong: the error of
	// "read after write".
	// https://developers.facebook.com/docs/graph-api/overview, 2026-11-30; what it
	// looks like: github.com/sns-sdks/python-facebook/issues/224.
	Answer string // JSON; empty where there is none
}

// String is how the two numbers are written: "190/463".
func (e APIError) String() string {
	if e.Sub == 0 {
		return strconv.Itoa(e.Code)
	}
	return fmt.Sprintf("%d/%d", e.Code, e.Sub)
}

// ParseError finds the error in an answer, whatever its status: a 2xx may hold
// one too. Fields of a wrong type are left out.
func ParseError(body []byte) (APIError, bool) {
	var top map[string]json.RawMessage
	if json.Unmarshal(body, &top) != nil {
		return APIError{}, false
	}
	raw, ok := top["error"]
	if !ok || bytes.Equal(raw, []byte("null")) {
		return APIError{}, false
	}
	e := readError(raw)
	if e.Answer == "" {
		e.Answer = object(top[originalResponse])
	}
	return e, true
}

// originalResponse stands inside the error; beside it is taken too.
const originalResponse = "original_response"

// object is a JSON object as it stands, or empty.
func object(raw json.RawMessage) string {
	if raw = bytes.TrimSpace(raw); !bytes.HasPrefix(raw, []byte("{")) {
		return ""
	}
	return string(raw)
}

// made reports whether the error carries the answer of a write that named what
// it made.
func (e APIError) made() bool {
	var a struct{ ID string }
	return json.Unmarshal([]byte(e.Answer), &a) == nil && a.ID != ""
}

// readError reads the object inside an envelope, and what debug_token says of a
// dead token: the same fields under slightly different names.
func readError(raw json.RawMessage) APIError {
	var f map[string]json.RawMessage
	if json.Unmarshal(raw, &f) != nil {
		return APIError{}
	}
	number := func(names ...string) int {
		for _, name := range names {
			s := strings.Trim(string(f[name]), `"`)
			if n, err := strconv.ParseInt(s, 10, 32); err == nil {
				return int(n)
			}
		}
		return 0
	}
	text := func(name string) (s string) {
		_ = json.Unmarshal(f[name], &s)
		return s
	}
	return APIError{
		Code: number("code"), Sub: number("error_subcode", "subcode"), Transient: string(f["is_transient"]) == "true",
		Message: text("message"), UserText: text("error_user_msg"), Trace: text("fbtrace_id"),
		Answer: object(f[originalResponse]),
	}
}

// Refusal is one line of the table: what a pair of numbers means.
type Refusal struct {
	// Code and Sub are the pair. Sub 0 stands for any; Code 0 means that Sub
	// may come as either of the two numbers.
	Code, Sub int
	Kind      platforms.Kind
	Message   string // one of the platforms.Code… constants
	// Wait is how long to stay away where the answer does not say.
	Wait time.Duration
}

// Table is a list of refusals; the first line that fits best wins: the exact
// pair, then the one number in either place, then the code alone.
type Table []Refusal

// common holds what is the same on every platform of this API.
// https://developers.facebook.com/docs/graph-api/guides/error-handling, 2026-11-20.
var common = Table{
	{Code: 1, Kind: platforms.Unknown, Message: platforms.CodePlatformDown},
	{Code: 2, Kind: platforms.Unknown, Message: platforms.CodePlatformDown},
	{Code: 4, Kind: platforms.RateLimited, Message: platforms.CodeRateLimited},
	{Code: 17, Kind: platforms.RateLimited, Message: platforms.CodeRateLimited},
	{Code: 32, Kind: platforms.RateLimited, Message: platforms.CodeRateLimited},
	{Code: 341, Kind: platforms.RateLimited, Message: platforms.CodeRateLimited},
	{Code: 613, Kind: platforms.RateLimited, Message: platforms.CodeRateLimited},
	{Code: 80000, Kind: platforms.RateLimited, Message: platforms.CodeRateLimited},
	{Code: 80001, Kind: platforms.RateLimited, Message: platforms.CodeRateLimited},
	{Code: 80002, Kind: platforms.RateLimited, Message: platforms.CodeRateLimited},
	{Code: 80006, Kind: platforms.RateLimited, Message: platforms.CodeRateLimited},

	// Met on the Marketing API, which refuses ended versions; elsewhere an ended
	// version is so far served as the oldest living one.
	{Code: 2635, Kind: platforms.VersionOver, Message: platforms.CodeVersionOver},

	{Code: 102, Kind: platforms.Revoked, Message: platforms.CodeAuthRevoked},
	{Code: 190, Kind: platforms.Revoked, Message: platforms.CodeAuthRevoked},
	{Code: 190, Sub: 458, Kind: platforms.Revoked, Message: platforms.CodeAuthRevoked},
	{Code: 190, Sub: 459, Kind: platforms.Revoked, Message: platforms.CodeAccountCheck},
	{Code: 190, Sub: 460, Kind: platforms.Revoked, Message: platforms.CodeAuthRevoked},
	{Code: 190, Sub: 463, Kind: platforms.Expired, Message: platforms.CodeAuthExpired},
	{Code: 190, Sub: 464, Kind: platforms.Revoked, Message: platforms.CodeAccountCheck},
	{Code: 190, Sub: 467, Kind: platforms.Revoked, Message: platforms.CodeAuthRevoked},
	{Code: 190, Sub: 490, Kind: platforms.Expired, Message: platforms.CodeAuthExpired},
	{Code: 190, Sub: 492, Kind: platforms.Revoked, Message: platforms.CodeNoPublish},

	{Code: 3, Kind: platforms.Rejected, Message: platforms.CodeNoPublish},
	{Code: 10, Kind: platforms.Rejected, Message: platforms.CodeNoPublish},
	{Code: 200, Kind: platforms.Rejected, Message: platforms.CodeNoPublish},
	{Code: 33, Kind: platforms.Rejected, Message: platforms.CodeAccountGone},
	{Code: 100, Sub: 33, Kind: platforms.Rejected, Message: platforms.CodeAccountGone},
	{Code: 803, Kind: platforms.Rejected, Message: platforms.CodeAccountGone},
	{Code: 101, Kind: platforms.Rejected, Message: platforms.CodePlatformAppInvalid},
	{Code: 104, Kind: platforms.Rejected, Message: platforms.CodePlatformAppInvalid},
	{Code: 191, Kind: platforms.Rejected, Message: platforms.CodeRedirectMismatch},
	{Code: 100, Sub: 36008, Kind: platforms.Rejected, Message: platforms.CodeRedirectMismatch},
	{Code: 368, Kind: platforms.Rejected, Message: platforms.CodeRestricted},
}

// ambiguous lists the answers that prove nothing about an irreversible call:
// the post may be public all the same. An answer of the
// write inside the error that names no post is one of them.
func ambiguous(e APIError) bool {
	return e.Transient || e.Answer != "" || e.Sub == 2207051 || slices.Contains([]int{1, 2, 4, 17, 32, 613}, e.Code)
}

// find returns the line of the table for e.
func (t Table) find(e APIError) (Refusal, bool) {
	code := e.Code
	if code > 200 && code < 300 {
		code = 200 // the whole block means that a permission is missing
	}
	for _, fits := range []func(Refusal) bool{
		func(r Refusal) bool { return r.Code == code && r.Sub == e.Sub && r.Code != 0 },
		func(r Refusal) bool { return r.Code == 0 && (r.Sub == e.Sub || r.Sub == e.Code) },
		func(r Refusal) bool { return r.Code == code && r.Sub == 0 },
	} {
		if i := slices.IndexFunc(t, fits); i >= 0 {
			return t[i], true
		}
	}
	return Refusal{}, false
}

// refusal turns an error envelope into an error for the engine and for people.
func (c *Client) refusal(call Call, resp *apihttp.Response, e APIError) *platforms.Error {
	line, known := c.table.find(e)
	if !known && versionOver.MatchString(e.Message) {
		line, known = Refusal{Kind: platforms.VersionOver, Message: platforms.CodeVersionOver}, true
	}
	switch {
	case call.Op == OpLook:
		line = look(line, known, e.Transient || e.Code == 0 || resp.Status >= 500)
	case call.Irreversible && (ambiguous(e) || resp.Status < 400 || resp.Status >= 500):
		line = Refusal{Kind: platforms.Unknown, Message: platforms.CodePlatformDown}
	case call.Op == OpToken && (e.Code == 1 || e.Code == 101):
		line = Refusal{Kind: platforms.Rejected, Message: platforms.CodePlatformAppInvalid}
	case !known && (e.Transient || e.Code == 0 || resp.Status >= 500):
		line = Refusal{Kind: platforms.Unknown, Message: platforms.CodePlatformDown}
	case !known:
		line = Refusal{Kind: platforms.Rejected, Message: platforms.CodeUnknownRefusal}
	case line.Message == platforms.CodeAccountGone && call.Op == OpComment:
		line.Message = platforms.CodeParentGone
	case line.Message == platforms.CodeNoPublish && (call.Op == OpNumbers || call.Op == OpComment):
		line.Message = platforms.CodeNoFeature
	case line.Message == platforms.CodeAccountGone && (call.Op == OpNumbers || call.Op == OpRead):
		line.Message = platforms.CodeUnknownRefusal // it is the post that is gone
	}
	out := c.http.Error(line.Kind, line.Message, call.Op, resp)
	out.PlatformCode = e.String()
	out.TraceID = resp.Clean(e.Trace)
	out.PlatformText = apihttp.Sentence(resp.Clean(e.UserText))
	if out.PlatformText == "" {
		out.PlatformText = apihttp.Sentence(resp.Clean(codePrefix.ReplaceAllString(e.Message, "")))
	}
	if line.Kind == platforms.VersionOver {
		out.Args = map[string]string{"version": c.version}
	}
	if line.Kind == platforms.RateLimited {
		out.RetryAt = c.opensAgain(resp, line.Wait)
	}
	return out
}

// versionOver is how Meta says under other numbers that a version has ended.
var versionOver = regexp.MustCompile(`(?i)\b(?:deprecated version of|version (?:you are calling )?(?:is|has been) (?:deprecated|no longer (?:supported|available))|calls to (?:this|an? (?:old|ended)) version are deprecated)\b`)

// look is what a refusal of a look at a token means. The call is the app's own,
// so its refusal is about the app or the call: never about the account or the
// token that was asked about. Nothing is known of those, so it changes nothing.
func look(line Refusal, known, passes bool) Refusal {
	switch {
	case known && (line.Kind == platforms.RateLimited || line.Kind == platforms.VersionOver):
		return line
	case known && (line.Kind == platforms.Revoked || line.Kind == platforms.Expired || line.Message == platforms.CodePlatformAppInvalid):
		return Refusal{Kind: platforms.Unknown, Message: platforms.CodePlatformAppInvalid}
	case passes || known && line.Kind == platforms.Unknown:
		return Refusal{Kind: platforms.Unknown, Message: platforms.CodePlatformDown}
	}
	return Refusal{Kind: platforms.Unknown, Message: platforms.CodeUnknownRefusal}
}

// opensAgain is until when a refused call should wait; zero if the answer does not
// say. least is what is known of this refusal.
func (c *Client) opensAgain(resp *apihttp.Response, least time.Duration) time.Time {
	if wait := max(least, regain(resp)); wait > 0 {
		return c.Now().Add(wait)
	}
	return apihttp.RetryAfter(resp.Header, c.Now())
}

// limitIn is the limit behind a refusal that proves nothing about the post, and so
// is no refusal to the engine: the account waits for its end all the same before
// it calls again.
func (c *Client) limitIn(e APIError, resp *apihttp.Response) (l platforms.Limit, ok bool) {
	line, known := c.table.find(e)
	if !known || line.Kind != platforms.RateLimited {
		return platforms.Limit{}, false
	}
	l = platforms.Limit{
		Name: "refused", Unit: platforms.LimitCalls, Span: platforms.SpanHour, Ends: c.opensAgain(resp, line.Wait),
	}
	if e.Code == appLimit {
		l.Scope = platforms.ScopeApp
	}
	return l, true
}

// codePrefix is how many messages begin: "(#100) ". The code is kept elsewhere.
var codePrefix = regexp.MustCompile(`^\(#\d+\)\s*`)
