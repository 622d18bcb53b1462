package canary

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"os"
	"path/filepath"
	"slices"
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
		"clear":  {secret},
		"hex":    {hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte("a" + secret)))},
		"url":    {url.QueryEscape(secret), url.PathEscape(secret), percent, strings.ToLower(percent), url.Values{"access_token": {secret}}.Encode()},
		"json":   {string(asJSON), unicode},
		"html":   {html.EscapeString(secret)},
		"quoted": {fmt.Sprintf("%q", secret)},
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

// TestFlockFindsWhatOneFinds looks for many secrets at once in data that hold
// some of them.
func TestFlockFindsWhatOneFinds(t *testing.T) {
	t.Parallel()
	secrets := []string{`c4nary"+/&<s3cret>`, "c4nary-other", "c4nary-o", strings.Repeat("\x00\xff", 16), "0123456789abcdef"}
	var flock Flock
	for _, s := range secrets {
		flock.Add(s, s)
	}
	for i, s := range secrets {
		for n, form := range Forms(s) {
			data := []byte(strings.Repeat("c4nary c4nar", n) + form.Text + strings.Repeat("x", i))
			for _, other := range secrets {
				var ways []string
				for _, seen := range flock.Find(data) {
					if seen.Name == other {
						ways = append(ways, seen.Way)
					}
				}
				want := Find(data, other)
				slices.Sort(want)
				if !slices.Equal(ways, want) {
					t.Errorf("%q in %q: found as %v by all together, as %v alone", other, data, ways, want)
				}
			}
		}
	}
	if got := flock.Find([]byte("nothing")); len(got) != 0 || len((&Flock{}).Find([]byte("nothing at all"))) != 0 {
		t.Errorf("found %v where there is nothing", got)
	}
}
