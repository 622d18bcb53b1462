package canary

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEveryFormIsFound plants a secret in a file in every form, at every
// alignment, and looks for it.
func TestEveryFormIsFound(t *testing.T) {
	t.Parallel()
	const secret = `c4nary"+/&<s3cret>`
	unicode := ""
	percent := ""
	for _, c := range []byte(secret) {
		unicode += `\u00` + hex.EncodeToString([]byte{c})
		percent += "%" + strings.ToUpper(hex.EncodeToString([]byte{c}))
	}
	asJSON, err := json.Marshal(map[string]string{"token": secret})
	if err != nil {
		t.Fatal(err)
	}
	for way, texts := range map[string][]string{
		"clear": {secret},
		"hex":   {hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte("a" + secret)))},
		"url":   {url.QueryEscape(secret), url.PathEscape(secret), percent, strings.ToLower(percent), url.Values{"access_token": {secret}}.Encode()},
		"json":  {string(asJSON), unicode},
		"html":  {html.EscapeString(secret)},
	} {
		for _, text := range texts {
			planted(t, way, secret, text)
		}
	}
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 7 {
			for behind := range 4 {
				planted(t, "base64", secret, enc.EncodeToString([]byte("abcdefg"[:before]+secret+"xyzw"[:behind])))
			}
		}
	}
	if ways := Find([]byte("canary secret c4nary"), secret); len(ways) != 0 {
		t.Errorf("found by %v where it is not", ways)
	}
}

func planted(t *testing.T, way, secret, text string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "planted")
	if err := os.WriteFile(file, []byte("\x00\xffnoise"+text+"noise\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range Find(data, secret) {
		if w == way {
			return
		}
	}
	t.Errorf("not found as %s in %q", way, text)
}
