package jobs

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"

	"github.com/bandstand-app/bandstand/platforms"
)

const removed = "[removed]"

// secretKey matches names of fields that may hold what must not be kept.
var secretKey = regexp.MustCompile(`(?i)token|secret|code|signature|password|authorization`)

// redact removes from a platform's answer what must not be kept (reliability.md
// §3.5): fields named like secrets, queries of addresses, and the sign-in that
// was used. What is not JSON is not kept at all.
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
	known := []string{s.Access.Reveal()}
	for _, value := range s.App {
		known = append(known, value.Reveal())
	}
	b, err := json.Marshal(redacted(v, known))
	if err != nil {
		return nil
	}
	return b
}

func redacted(v any, known []string) any {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			if _, isText := inner.(string); isText && secretKey.MatchString(k) {
				v[k] = removed
				continue
			}
			v[k] = redacted(inner, known)
		}
	case []any:
		for i, inner := range v {
			v[i] = redacted(inner, known)
		}
	case string:
		for _, secret := range known {
			if secret != "" {
				v = strings.ReplaceAll(v, secret, removed)
			}
		}
		if strings.HasPrefix(v, "http://") || strings.HasPrefix(v, "https://") {
			v, _, _ = strings.Cut(v, "?")
		}
		return v
	}
	return v
}
