package x

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

// problem is an error answer. X sends RFC 9457 problems, older pages a list of
// errors, the token endpoint the OAuth form; often more than one at once.
type problem struct {
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Type   string `json:"type"`
	Reason string `json:"reason"`
	Period string `json:"period"`
	Errors []struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"errors"`

	OAuthError       string `json:"error"`
	OAuthDescription string `json:"error_description"`
}

// kindOfProblem is the last part of the type: X names the same problem with
// either of its two hosts.
func (b problem) kindOfProblem() string {
	if b.Type == "" || b.Type == "about:blank" {
		return ""
	}
	return path.Base(b.Type)
}

// sentence is the most telling text of the answer.
func (b problem) sentence() string {
	if len(b.Errors) > 0 && b.Errors[0].Message != "" {
		return b.Errors[0].Message
	}
	return cmp.Or(b.Detail, b.OAuthDescription, b.Title)
}

func (b problem) code() string {
	switch {
	case b.kindOfProblem() != "" && b.Reason != "":
		return b.kindOfProblem() + "/" + b.Reason
	case b.kindOfProblem() != "":
		return b.kindOfProblem()
	case len(b.Errors) > 0 && b.Errors[0].Code != 0:
		return strconv.Itoa(b.Errors[0].Code)
	}
	return cmp.Or(b.OAuthError, b.Title)
}

// readable tells whether the answer has the shape of a refusal by X: a proxy's
// JSON is none, and then nothing is known.
func (b problem) readable() bool {
	return b.Title != "" || b.Detail != "" || len(b.Errors) > 0 || b.OAuthError != ""
}

// refusal is one line of the table: the first that fits decides.
type refusal struct {
	status   int
	problem  string // last part of the problem's type, "" for any
	contains string // in the sentence, lower case, "" for any
	kind     platforms.Kind
	code     string
}

// refusals maps what X says, by
// https://docs.x.com/x-api/fundamentals/response-codes-and-errors and, for the
// sentences that come without a type, by answers seen in public issue reports.
var refusals = []refusal{
	{403, "", "duplicate content", platforms.Duplicate, platforms.CodeDuplicate},
	{402, "", "", platforms.RateLimited, platforms.CodeNoCredit},
	{403, "client-forbidden", "", platforms.Rejected, platforms.CodePlatformAppInvalid},
	{403, "unsupported-authentication", "", platforms.Rejected, platforms.CodePlatformAppInvalid},
	{403, "oauth1-permissions", "", platforms.Rejected, platforms.CodePlatformAppInvalid},
	{403, "user-suspended", "", platforms.Rejected, platforms.CodeRestricted},
	{403, "", "suspended", platforms.Rejected, platforms.CodeRestricted},
	{403, "", "temporarily locked", platforms.Rejected, platforms.CodeAccountCheck},
	{403, "", "account is not permitted to access this feature", platforms.Rejected, platforms.CodeRestricted},
	{403, "", "invalid url", platforms.Rejected, platforms.CodeLinkNotAllowed},
	{403, "", "deleted or not visible to you", platforms.Rejected, platforms.CodeParentGone},
	{403, "", "one cashtag", platforms.Rejected, platforms.CodeTooManyCashtags},
	{403, "", "might be automated", platforms.Rejected, platforms.CodeSpam},
	{403, "", "not permitted to perform this action", platforms.Rejected, platforms.CodeRejectedContent},
	{404, "resource-not-found", "user with id", platforms.Rejected, platforms.CodeAccountGone},
	{400, "", "media type", platforms.MediaRejected, platforms.CodeMediaType},
	{400, "", "media id", platforms.MediaRejected, platforms.CodeMediaFailed},
	{410, "", "", platforms.VersionOver, platforms.CodeVersionOver},
	{413, "", "", platforms.MediaRejected, platforms.CodeMediaTooBig},
	{400, "", "too long", platforms.Rejected, platforms.CodeTextTooLong},
}

// mediaOps are the calls whose refusal is about a picture.
var mediaOps = map[string]bool{stepUpload: true, stepDescribe: true}

// refusal turns a complete answer outside of 2xx into an error.
func (p *Platform) refusal(op string, resp *apihttp.Response) *platforms.Error {
	var b problem
	_ = json.Unmarshal(resp.Body, &b) // what is not readable stays empty and is Unknown below
	e := p.client.Error(platforms.Rejected, platforms.CodeUnknownRefusal, op, resp)
	e.PlatformCode = b.code()
	e.PlatformText = apihttp.Sentence(b.sentence())
	e.TraceID = resp.Header.Get("x-transaction-id")

	switch {
	case resp.Status == http.StatusUnauthorized:
		e.Kind, e.Code = platforms.Expired, platforms.CodeAuthExpired
		return e
	case resp.Status == http.StatusTooManyRequests:
		e.Kind, e.Code, e.RetryAt = p.tooMany(b, resp.Header)
		return e
	case !b.readable():
		e.Kind, e.Code = platforms.Unknown, platforms.CodePlatformDown
		e.Err = errors.New("the refusal cannot be read")
		return e
	}
	said := strings.ToLower(b.sentence() + " " + b.Detail)
	for _, r := range refusals {
		if r.status == resp.Status &&
			(r.problem == "" || r.problem == b.kindOfProblem()) &&
			strings.Contains(said, r.contains) {
			e.Kind, e.Code = r.kind, r.code
			return e
		}
	}
	if mediaOps[op] {
		e.Kind, e.Code = platforms.MediaRejected, platforms.CodeMediaFailed
	}
	return e
}

// tokenRefusal is refusal for the OAuth endpoints: a refresh token that is not
// known any more can only be replaced by a person. X calls that invalid_request
// as well, which it also says of mistakes of ours: the sentence tells.
func (p *Platform) tokenRefusal(op string, resp *apihttp.Response) *platforms.Error {
	var b problem
	_ = json.Unmarshal(resp.Body, &b) // as in refusal
	if resp.Status == http.StatusTooManyRequests || b.OAuthError == "" {
		e := p.refusal(op, resp)
		if e.Kind == platforms.Expired {
			e.Kind, e.Code = platforms.Rejected, platforms.CodePlatformAppInvalid
		}
		return e
	}
	e := p.client.Error(platforms.Rejected, platforms.CodeUnknownRefusal, op, resp)
	e.PlatformCode, e.PlatformText = b.OAuthError, apihttp.Sentence(b.OAuthDescription)
	e.TraceID = resp.Header.Get("x-transaction-id")
	said := strings.ToLower(b.OAuthDescription)
	switch {
	case b.OAuthError == "invalid_client", b.OAuthError == "unauthorized_client":
		e.Code = platforms.CodePlatformAppInvalid
	case strings.Contains(said, "redirect"):
		e.Code = platforms.CodeRedirectMismatch
	case op == "renew" && (b.OAuthError == "invalid_grant" || b.OAuthError == "invalid_request" && strings.Contains(said, "the token was invalid")):
		e.Kind, e.Code = platforms.Revoked, platforms.CodeAuthRevoked
	}
	return e
}

// tooMany reads a 429: a used-up plan, or too many calls in a window.
func (p *Platform) tooMany(b problem, h http.Header) (platforms.Kind, string, time.Time) {
	if b.kindOfProblem() == "usage-capped" {
		if strings.EqualFold(b.Period, daily) {
			return platforms.RateLimited, platforms.CodeDailyCap, p.periodEnds(daily)
		}
		return platforms.RateLimited, platforms.CodeMonthCap, p.periodEnds("")
	}
	// Plans with a daily limit carry a second family of headers, which decides
	// when it is the one that is used up.
	for _, family := range []string{"x-user-limit-24hour", "x-app-limit-24hour"} {
		if h.Get(family+"-remaining") == "0" {
			return platforms.RateLimited, platforms.CodeDailyCap, apihttp.Epoch(h.Get(family + "-reset"))
		}
	}
	if at := apihttp.Epoch(h.Get("x-rate-limit-reset")); !at.IsZero() {
		return platforms.RateLimited, platforms.CodeRateLimited, at
	}
	return platforms.RateLimited, platforms.CodeRateLimited, apihttp.RetryAfter(h, p.now())
}
