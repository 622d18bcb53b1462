package jobs

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/bandstand-app/bandstand/platforms"
)

const removed = "[removed]"

// secretKey matches names of fields that may hold what must not be kept.
var secretKey = regexp.MustCompile(`(?i)token|secret|code|signature|password|authorization`)

// query matches an address with a query, and of it what may be kept.
var query = regexp.MustCompile(`(https?://[^\s?"<>]*)\?[^\s"<>]*`)

// redact removes from a platform's answer what must not be kept: texts under names
// of secrets, queries of addresses, and the sign-in that was used. What is not JSON is not kept at all.
func redact(raw []byte, s platforms.Session) []byte {
	if len(raw) == 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return nil
	}
	var known []string
	for _, secret := range append(slices.Collect(maps.Values(s.App)), s.Access) {
		if !secret.IsZero() {
			known = append(known, secret.Reveal(), removed)
		}
	}
	b, err := json.Marshal(redactor{strings.NewReplacer(known...)}.value(v, false))
	if err != nil {
		return nil
	}
	return b
}

// redactor takes known secrets out of texts.
type redactor struct{ known *strings.Replacer }

// value goes through what JSON can hold. Below the name of a secret no text is
// kept: numbers there are codes of errors.
func (r redactor) value(v any, secret bool) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, inner := range v {
			out[r.text(k)] = r.value(inner, secret || secretKey.MatchString(k))
		}
		return out
	case []any:
		for i, inner := range v {
			v[i] = r.value(inner, secret)
		}
	case string:
		if secret {
			return removed
		}
		return r.text(v)
	}
	return v
}

func (r redactor) text(s string) string {
	return query.ReplaceAllString(r.known.Replace(s), "$1")
}
