package bluesky

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

// Recorded answers of a real server, one or more for each line of refusals.
func TestRefusalsMeanWhatTheTableSays(t *testing.T) {
	t.Parallel()
	const invalid = `{"error":"InvalidRequest","message":"Invalid app.bsky.feed.post record: `
	met := map[string]bool{}
	for _, c := range []struct {
		status int
		body   string
		kind   platforms.Kind
		code   string
	}{
		{400, `{"error":"ExpiredToken","message":"Token has expired"}`, platforms.Expired, platforms.CodeAuthExpired},
		{400, `{"error":"InvalidToken","message":"Token could not be verified"}`, platforms.Revoked, platforms.CodeAuthRevoked},
		{401, `{"error":"AuthMissing","message":"Authentication Required"}`, platforms.Revoked, platforms.CodeAuthRevoked},
		{401, `{"error":"AuthenticationRequired","message":"Authentication Required"}`, platforms.Revoked, platforms.CodeAuthRevoked},
		{401, `{"error":"AuthFactorTokenRequired","message":"A sign in code has been sent"}`, platforms.Revoked, platforms.CodeAuthRevoked},
		{401, `{"error":"AccountTakedown","message":"Account has been taken down"}`, platforms.Rejected, platforms.CodeRestricted},
		{401, `{"error":"AccountDeactivated","message":"Account is deactivated"}`, platforms.Rejected, platforms.CodeRestricted},
		{403, `{"error":"ScopeMissingError","message":"Missing required scope \"repo:app.bsky.feed.post?action=create\""}`, platforms.Rejected, platforms.CodeNoPublish},
		{403, `{"error":"AccountNotFound","message":"Account not found"}`, platforms.Rejected, platforms.CodeAccountGone},
		{429, `{"error":"RateLimitExceeded","message":"Rate Limit Exceeded"}`, platforms.RateLimited, platforms.CodeRateLimited},
		{413, `{"error":"PayloadTooLarge","message":"request entity too large"}`, platforms.MediaRejected, platforms.CodeMediaTooBig},
		{400, `{"error":"BlobTooLarge","message":"too large"}`, platforms.MediaRejected, platforms.CodeMediaTooBig},
		{400, `{"error":"InvalidMimeType","message":"Referenced Mimetype does not match stored blob"}`, platforms.MediaRejected, platforms.CodeMediaType},
		{400, `{"error":"BlobNotFound","message":"Could not find blob: bafkreia"}`, platforms.MediaRejected, platforms.CodeMediaFailed},
		{400, `{"error":"InvalidSize","message":"Referenced Size does not match stored blob. Expected: 0, Got: 73"}`, platforms.MediaRejected, platforms.CodeMediaFailed},
		{400, `{"error":"InvalidSwap","message":"Record was at bafyreia"}`, platforms.Duplicate, platforms.CodeDuplicate},
		{400, `{"error":"RepoNotFound","message":"Could not find repo"}`, platforms.Rejected, platforms.CodeAccountGone},
		{400, `{"error":"RecordNotFound","message":"Could not locate record: at://x"}`, platforms.Rejected, platforms.CodeUnknownRefusal},
		{400, invalid + `grapheme too big (maximum 300, got 301) at $.record.text"}`, platforms.Rejected, platforms.CodeTextTooLong},
		{400, invalid + `string too big (maximum 3000, got 3001) at $.record.text"}`, platforms.Rejected, platforms.CodeTextTooLong},
		{400, invalid + `blob too big (maximum 2000000, got 2701788) at $.record.embed.images[0].image"}`, platforms.MediaRejected, platforms.CodeMediaTooBig},
		{400, invalid + `array too big (maximum 4, got 5) at $.record.embed.images"}`, platforms.MediaRejected, platforms.CodeTooManyMedia},
		{400, `{"error":"InvalidRequest","message":"Could not find repo: did:plc:x"}`, platforms.Rejected, platforms.CodeAccountGone},
		{400, invalid + `Invalid language (got \"x!\") at $.record.langs[0]"}`, platforms.Rejected, platforms.CodeUnknownRefusal},
		{400, `{"error":"SomethingNew","message":"Who knows"}`, platforms.Rejected, platforms.CodeUnknownRefusal},

		{404, `{"message":"no form of the protocol"}`, platforms.Unknown, platforms.CodePlatformDown},
		{403, `{"error":"not a name","message":"x"}`, platforms.Unknown, platforms.CodePlatformDown},
		{400, `{"error":{"code":1}}`, platforms.Unknown, platforms.CodePlatformDown},
		{400, ``, platforms.Unknown, platforms.CodePlatformDown},
	} {
		b := &Bluesky{api: apihttp.Client{Platform: ID}, now: func() time.Time { return noon }}
		resp := &apihttp.Response{Status: c.status, Body: []byte(c.body), Header: http.Header{}}
		e, ok := errors.AsType[*platforms.Error](b.refused("publish", resp))
		if !ok || e.Kind != c.kind || e.Code != c.code || e.Status != c.status || e.Platform != ID || e.Op != "publish" {
			t.Errorf("%d %s: got %+v, want %s %s", c.status, c.body, e, c.kind, c.code)
		}
		for i, r := range refusals {
			if r.name == e.PlatformCode && (r.text == nil || r.text.MatchString(e.PlatformText)) {
				met[r.name+string(rune('0'+i))] = true
				break
			}
		}
	}
	for i, r := range refusals {
		if !met[r.name+string(rune('0'+i))] {
			t.Errorf("no answer for line %d: %s %v", i, r.name, r.text)
		}
	}
}

func TestRateLimitsSayWhenToTryAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		after string
		reset string
		want  time.Time
	}{
		{"Retry-After", "300", "", noon.Add(5 * time.Minute)},
		{"both", "300", "1", noon.Add(5 * time.Minute)},
		{"RateLimit-Reset in unix seconds", "", "1795521900", time.Unix(1795521900, 0).UTC()},
		{"nonsense", "soon", "99999999999999999", time.Time{}},
		{"negative", "-1", "-1", time.Time{}},
		{"neither", "", "", time.Time{}},
	} {
		b := &Bluesky{api: apihttp.Client{Platform: ID}, now: func() time.Time { return noon }}
		h := http.Header{}
		h.Set("Retry-After", c.after)
		h.Set("RateLimit-Reset", c.reset)
		err := b.refused("publish", &apihttp.Response{Status: 429, Header: h, Body: []byte(`{"error":"RateLimitExceeded","message":"x"}`)})
		if e, _ := errors.AsType[*platforms.Error](err); !e.RetryAt.Equal(c.want) {
			t.Errorf("%s: try again at %v, want %v", c.name, e.RetryAt, c.want)
		}
	}
}

func FuzzRefused(f *testing.F) {
	f.Add(400, []byte(`{"error":"InvalidRequest","message":"grapheme too big at $.record.text"}`))
	f.Add(429, []byte(`{"error":"RateLimitExceeded"}`))
	f.Add(404, []byte(`[]`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		b := &Bluesky{api: apihttp.Client{Platform: ID}, now: func() time.Time { return noon }}
		e, ok := errors.AsType[*platforms.Error](b.refused("publish", &apihttp.Response{Status: status, Body: body, Header: http.Header{}}))
		if !ok || e.Kind == "" || e.Code == "" {
			t.Fatalf("refused(%d, %q) is %+v", status, body, e)
		}
		if e.PlatformCode == "" && e.Kind != platforms.Unknown {
			t.Fatalf("refused(%d, %q) is sure without a name: %+v", status, body, e)
		}
	})
}
