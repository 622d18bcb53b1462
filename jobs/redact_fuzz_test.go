package jobs

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/bandstand-app/bandstand/platforms"
)

// FuzzRedact: of an answer that is kept, no sign-in can be read.
func FuzzRedact(f *testing.F) {
	const access, secret = "canary-access", "canary-secret"
	for _, s := range []string{
		`{"error":{"message":"Invalid token canary-access","code":190,"fbtrace_id":"x"}}`, `{"access_token":"canary-access"}`, `{"canary-access":"x"}`,
		`{"access_token":["canary-access"]}`, `["https://a.example/?access_token=canary-access"]`, `"canary\u002daccess"`, `{"a":{"Authorization":{"b":"canary-secret"}}}`,
		`{"token":123}`, `[`, `1e400`, `{"a":"see https://a.example/x?code=abc now"}`, `{} {"canary-access":1}`,
	} {
		f.Add([]byte(s))
	}
	session := platforms.Session{App: platforms.App{"client_secret": platforms.NewSecret(secret)}, Access: platforms.NewSecret(access)}
	f.Fuzz(func(t *testing.T, raw []byte) {
		kept := redact(raw, session)
		if len(kept) > 0 && !json.Valid(kept) {
			t.Errorf("%q is kept as %q", raw, kept)
		}
		if bytes.Contains(kept, []byte(access)) || bytes.Contains(kept, []byte(secret)) {
			t.Errorf("%q is kept as %q", raw, kept)
		}
	})
}
