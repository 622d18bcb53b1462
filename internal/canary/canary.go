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
	"strconv"
	"strings"
)

// Find names the ways in which a secret stands somewhere in data; none if it
// does not.
func Find(data []byte, secret string) []string {
	var ways []string
	for _, f := range Forms(secret) {
		if bytes.Contains(data, []byte(f.Text)) && !slices.Contains(ways, f.Way) {
			ways = append(ways, f.Way)
		}
	}
	return ways
}

// Form is how a secret may be written.
type Form struct{ Way, Text string }

// Forms are all the ways in which a secret is looked for, each text once.
func Forms(secret string) []Form {
	out := []Form{
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
		{"quoted", inner(strconv.Quote(secret))},
		{"html", html.EscapeString(secret)},
	}
	for before := range 3 {
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			out = append(out, Form{"base64", inside(enc, secret, before)})
		}
	}
	var texts []string
	return slices.DeleteFunc(out, func(f Form) bool {
		known := slices.Contains(texts, f.Text)
		texts = append(texts, f.Text)
		return known
	})
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
	return inner(string(b))
}

// inner is a text without its first and last character.
func inner(s string) string { return s[1 : len(s)-1] }

// inside is how base64 writes a secret behind so many other bytes, without the
// characters that what is before and behind it has a part in.
func inside(enc *base64.Encoding, secret string, before int) string {
	text := enc.EncodeToString([]byte(strings.Repeat("\x00", before) + secret))
	const bits, perChar = 8, 6
	return text[(before*bits+perChar-1)/perChar : (before+len(secret))*bits/perChar]
}
