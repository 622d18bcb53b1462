package linkedin

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

// fault is an error answer. Its code can stand at the top, within inputErrors,
// or only within the message.
type fault struct {
	Message      string `json:"message"`
	Code         string `json:"code"`
	ServiceError int    `json:"serviceErrorCode"`
	Details      struct {
		Input []struct {
			Description string `json:"description"`
			Code        string `json:"code"`
		} `json:"inputErrors"`
	} `json:"errorDetails"`

	OAuthError       string `json:"error"`
	OAuthDescription string `json:"error_description"`
}

// codes lists every code in the answer.
func (f fault) codes() []string {
	var out []string
	if f.Code != "" {
		out = append(out, f.Code)
	}
	for _, e := range f.Details.Input {
		if e.Code != "" {
			out = append(out, e.Code)
		}
	}
	if f.ServiceError != 0 {
		out = append(out, strconv.Itoa(f.ServiceError))
	}
	return out
}

func (f fault) sentence() string {
	if len(f.Details.Input) > 0 && f.Details.Input[0].Description != "" {
		return f.Details.Input[0].Description
	}
	return cmp.Or(f.Message, f.OAuthDescription)
}

// readable tells whether the answer has the shape of a refusal by LinkedIn.
func (f fault) readable() bool { return f.Message != "" || len(f.codes()) > 0 || f.OAuthError != "" }

// says tells whether a code stands anywhere in the answer.
func (f fault) says(code string) bool {
	return slices.Contains(f.codes(), code) || strings.Contains(f.Message, code)
}

// line is one line of the table of refusals: the first that fits decides.
type line struct {
	status int
	says   string // a code, "" for any
	kind   platforms.Kind
	code   string
}

// refusals maps what LinkedIn says, by
// https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/error-handling
// and the error table of the Posts API.
var refusals = []line{
	{401, "REVOKED_ACCESS_TOKEN", platforms.Revoked, platforms.CodeAuthRevoked},
	{401, "65601", platforms.Revoked, platforms.CodeAuthRevoked},
	{401, "EXPIRED_ACCESS_TOKEN", platforms.Expired, platforms.CodeAuthExpired},
	{401, "65602", platforms.Expired, platforms.CodeAuthExpired},
	{401, "INVALID_ACCESS_TOKEN", platforms.Revoked, platforms.CodeAuthRevoked},
	{401, "65600", platforms.Revoked, platforms.CodeAuthRevoked},
	{401, "", platforms.Expired, platforms.CodeAuthExpired},
	{403, "", platforms.Rejected, platforms.CodeNoPublish},
	{404, "", platforms.Rejected, platforms.CodeAccountGone},
	{400, "MEDIA_ASSET_PROCESSING_FAILED", platforms.MediaRejected, platforms.CodeMediaFailed},
	{400, "UPDATING_ASSET_FAILED", platforms.MediaRejected, platforms.CodeMediaFailed},
	{400, "INVALID_IMAGE_ID", platforms.MediaRejected, platforms.CodeMediaFailed},
	{400, "FIELD_LENGTH_TOO_LONG", platforms.Rejected, platforms.CodeTextTooLong},
	{400, "INVALID_URL", platforms.Rejected, platforms.CodeLinkNotAllowed},
	{413, "", platforms.MediaRejected, platforms.CodeMediaTooBig},
	{426, "", platforms.VersionOver, platforms.CodeVersionOver},
	{422, "DUPLICATE_POST", platforms.Duplicate, platforms.CodeDuplicate},
	{422, "Content is a duplicate", platforms.Duplicate, platforms.CodeDuplicate},
}

// Refusals that only ask for patience: nothing was created.
const (
	waitForMedia = "MEDIA_ASSET_WAITING_UPLOAD"
	shortWait    = time.Minute
)

// earlier finds the post that a duplicate answer names.
var earlier = regexp.MustCompile(`urn:li:(?:share|ugcPost|activity):[0-9]+`)

// refusal turns a complete answer outside of 2xx into an error.
func (p *Platform) refusal(op string, resp *apihttp.Response) *platforms.Error {
	var f fault
	_ = json.Unmarshal(resp.Body, &f) // what is not readable stays empty and is Unknown below
	e := p.client.Error(platforms.Rejected, platforms.CodeUnknownRefusal, op, resp)
	e.PlatformCode = strings.Join(f.codes(), "/")
	e.PlatformText = apihttp.Sentence(f.sentence())
	e.TraceID = cmp.Or(resp.Header.Get("x-li-uuid"), resp.Header.Get("x-li-request-id"))

	now := p.now().UTC()
	switch {
	case resp.Status == http.StatusTooManyRequests:
		e.Kind, e.Code, e.RetryAt = platforms.RateLimited, platforms.CodeRateLimited, p.quotaEnds(resp.Header)
		return e
	case !f.readable() && resp.Status != http.StatusUnauthorized:
		e.Kind, e.Code = platforms.Unknown, platforms.CodePlatformDown
		e.Err = errors.New("the refusal cannot be read")
		return e
	case resp.Status == http.StatusBadRequest && f.says(waitForMedia):
		e.Kind, e.Code, e.RetryAt = platforms.RateLimited, platforms.CodeMediaSlow, now.Add(shortWait)
		return e
	case resp.Status == http.StatusConflict:
		e.Kind, e.Code, e.RetryAt = platforms.RateLimited, platforms.CodeRateLimited, now.Add(shortWait)
		return e
	}
	for _, l := range refusals {
		if l.status == resp.Status && (l.says == "" || f.says(l.says)) {
			e.Kind, e.Code = l.kind, l.code
			break
		}
	}
	switch {
	case e.Kind == platforms.VersionOver:
		e.Args = map[string]string{"version": p.version}
	case e.Kind == platforms.Duplicate:
		e.Ref = earlier.FindString(f.Message)
	case e.Code == platforms.CodeNoPublish && !publishing[op]:
		e.Code = platforms.CodeNoFeature
	case e.Code == platforms.CodeAccountGone && op == "numbers":
		e.Code = platforms.CodeUnknownRefusal
	case op == stepComment && gone(resp.Status):
		e.Code = platforms.CodeParentGone
	}
	return e
}

// publishing are the calls that need the right to post; others need the right
// to something else.
var publishing = map[string]bool{stepPrepare: true, stepUpload: true, stepWait: true, stepPublish: true, "settle": true}

// tokenGone is how LinkedIn says that a refresh token is worth nothing any more,
// where it calls that invalid_request.
var tokenGone = regexp.MustCompile(`(?i)\btoken\b.*\b(?:invalid|expired|revoked)\b`)

// tokenRefusal is refusal for the OAuth endpoints: a refresh token that is not
// known any more can only be replaced by a person.
func (p *Platform) tokenRefusal(op string, resp *apihttp.Response) *platforms.Error {
	var f fault
	_ = json.Unmarshal(resp.Body, &f) // as in refusal
	if resp.Status == http.StatusTooManyRequests || f.OAuthError == "" {
		return p.refusal(op, resp)
	}
	e := p.client.Error(platforms.Rejected, platforms.CodeUnknownRefusal, op, resp)
	e.PlatformCode, e.PlatformText = f.OAuthError, apihttp.Sentence(f.OAuthDescription)
	said := strings.ToLower(f.OAuthDescription)
	switch {
	case f.OAuthError == "invalid_client_id", f.OAuthError == "invalid_client", f.OAuthError == "unauthorized_client":
		e.Code = platforms.CodePlatformAppInvalid
	case op == "renew" && (f.OAuthError == "invalid_grant" || f.OAuthError == "invalid_request" && tokenGone.MatchString(f.OAuthDescription)):
		e.Kind, e.Code = platforms.Revoked, platforms.CodeAuthRevoked
	case strings.Contains(said, "redirect"):
		e.Code = platforms.CodeRedirectMismatch
	}
	return e
}
