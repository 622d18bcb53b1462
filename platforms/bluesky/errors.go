package bluesky

import (
	"context"
	"errors"
	"regexp"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

// refusals says what each error name means. They come with 400 unless said
// otherwise, even ExpiredToken; the name decides, not the status.
// https://atproto.com/specs/xrpc#error-responses and the lexicons of the methods.
var refusals = []struct {
	name string
	text *regexp.Regexp // of the message, where the name says too little
	kind platforms.Kind
	code string
}{
	{"ExpiredToken", nil, platforms.Expired, platforms.CodeAuthExpired},
	{"InvalidToken", nil, platforms.Revoked, platforms.CodeAuthRevoked},
	{"AuthMissing", nil, platforms.Revoked, platforms.CodeAuthRevoked},             // 401
	{"AuthenticationRequired", nil, platforms.Revoked, platforms.CodeAuthRevoked},  // 401
	{"AuthFactorTokenRequired", nil, platforms.Revoked, platforms.CodeAuthRevoked}, // 401
	{"AccountTakedown", nil, platforms.Rejected, platforms.CodeRestricted},         // 401
	{"AccountDeactivated", nil, platforms.Rejected, platforms.CodeRestricted},      // 401
	{"ScopeMissingError", nil, platforms.Rejected, platforms.CodeNoPublish},        // 403
	{"RateLimitExceeded", nil, platforms.RateLimited, platforms.CodeRateLimited},   // 429
	{"PayloadTooLarge", nil, platforms.MediaRejected, platforms.CodeMediaTooBig},   // 413
	{"BlobTooLarge", nil, platforms.MediaRejected, platforms.CodeMediaTooBig},
	{"InvalidMimeType", nil, platforms.MediaRejected, platforms.CodeMediaType},
	{"BlobNotFound", nil, platforms.MediaRejected, platforms.CodeMediaFailed},
	{"InvalidSize", nil, platforms.MediaRejected, platforms.CodeMediaFailed},
	{"InvalidSwap", nil, platforms.Duplicate, platforms.CodeDuplicate},
	{"AccountNotFound", nil, platforms.Rejected, platforms.CodeAccountGone}, // 403
	{"RepoNotFound", nil, platforms.Rejected, platforms.CodeAccountGone},
	{"RecordNotFound", nil, platforms.Rejected, platforms.CodeUnknownRefusal},
	{"InvalidRequest", regexp.MustCompile(`(?:grapheme|string) too big .* at \$\.record\.text$`), platforms.Rejected, platforms.CodeTextTooLong},
	{"InvalidRequest", regexp.MustCompile(`blob too big `), platforms.MediaRejected, platforms.CodeMediaTooBig},
	{"InvalidRequest", regexp.MustCompile(`array too big .* at \$\.record\.embed\.images$`), platforms.MediaRejected, platforms.CodeTooManyMedia},
	{"InvalidRequest", regexp.MustCompile(`^Could not find repo`), platforms.Rejected, platforms.CodeAccountGone},
	{"InvalidRequest", nil, platforms.Rejected, platforms.CodeUnknownRefusal},
}

// call performs a request and reads a good answer into out. Everything else is
// an error of the right kind.
func (b *Bluesky) call(ctx context.Context, r apihttp.Request, out any) (*apihttp.Response, error) {
	resp, err := b.api.Do(ctx, r)
	if err != nil {
		if e, ok := errors.AsType[*platforms.Error](err); ok && resp != nil {
			e.PlatformCode, e.PlatformText = refusalOf(resp)
		}
		return resp, err
	}
	if !resp.OK() {
		return resp, b.refused(r.Op, resp)
	}
	if out == nil {
		return resp, nil
	}
	if err := resp.Decode(out); err != nil {
		return resp, b.unusable(r.Op, resp, err)
	}
	return resp, nil
}

// refused classifies a 4xx answer. One that is not in the protocol's form comes
// from something in between and proves nothing.
func (b *Bluesky) refused(op string, resp *apihttp.Response) error {
	name, text := refusalOf(resp)
	if name == "" {
		return b.unusable(op, resp, errors.New("refusal is not in the form of the protocol"))
	}
	e := b.api.Error(platforms.Rejected, platforms.CodeUnknownRefusal, op, resp)
	e.PlatformCode, e.PlatformText = name, text
	for _, r := range refusals {
		if r.name == name && (r.text == nil || r.text.MatchString(text)) {
			e.Kind, e.Code = r.kind, r.code
			break
		}
	}
	if e.Kind == platforms.RateLimited {
		e.RetryAt = b.retryAt(resp.Header)
	}
	return e
}

// unusable is an answer that cannot be relied on.
func (b *Bluesky) unusable(op string, resp *apihttp.Response, cause error) error {
	e := b.api.Error(platforms.Unknown, platforms.CodePlatformDown, op, resp)
	e.Err = cause
	return e
}

// refusalOf reads {"error":"Name","message":"…"}.
func refusalOf(resp *apihttp.Response) (name, text string) {
	var body struct {
		Error   string `json:"error"`
		Message string `json:"message"`
	}
	if resp.Decode(&body) != nil || !nameForm.MatchString(body.Error) {
		return "", ""
	}
	return body.Error, apihttp.Sentence(body.Message)
}

var nameForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,99}$`)
