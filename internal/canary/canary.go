// Package canary finds secrets where none may be: in pages, logs and files, as
// they are or written in one of the ways in which bytes are usually written. It
// is for tests.
package canary

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"
)

// Find names the ways in which a secret stands somewhere in data; none if it
// does not.
func Find(data []byte, secret string) []string {
	var ways []string
	for _, f := range forms(secret) {
		if bytes.Contains(data, []byte(f.text)) && !slices.Contains(ways, f.way) {
			ways = append(ways, f.way)
		}
	}
	return ways
}

type form struct{ way, text string }

// forms are all the ways in which a secret is looked for.
func forms(secret string) []form {
	out := []form{
		{"clear", secret},
		{"hex", hex.EncodeToString([]byte(secret))},
		{"hex", strings.ToUpper(hex.EncodeToString([]byte(secret)))},
		{"url", url.QueryEscape(secret)},
		{"url", url.PathEscape(secret)},
		{"url", each(secret, "%%%02X")},
		{"url", each(secret, "%%%02x")},
		{"json", quoted(secret)},
		{"json", each(secret, `\u%04x`)},
		{"json", each(secret, `\u%04X`)},
		{"html", html.EscapeString(secret)},
	}
	for before := range 3 {
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			out = append(out, form{"base64", inside(enc, secret, before)})
		}
	}
	return out
}

func each(s, format string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, format, c)
	}
	return b.String()
}

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return s
	}
	return string(b[1 : len(b)-1])
}

// inside is how base64 writes a secret behind so many other bytes, without the
// characters that what is before and behind it has a part in.
func inside(enc *base64.Encoding, secret string, before int) string {
	text := enc.EncodeToString([]byte(strings.Repeat("\x00", before) + secret))
	const bits, perChar = 8, 6
	return text[(before*bits+perChar-1)/perChar : (before+len(secret))*bits/perChar]
}
