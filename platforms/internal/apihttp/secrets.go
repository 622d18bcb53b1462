package apihttp

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// removed stands where a secret stood.
const removed = "[secret]"

// shortest is how long a value must be to be a secret, in bytes: shorter ones
// would be found all over an answer, and no platform gives out such.
const shortest = 8

// secretName matches names of fields whose values must not come to light. Codes
// of a sign-in and their verifiers are among them.
var secretName = regexp.MustCompile(`(?i)token|secret|code|verifier|proof|signature|password|assertion`)

// query matches what stands behind the path in an address.
var query = regexp.MustCompile(`\?[^\s"'<>?]*=[^\s"'<>]*`)

// withoutQuery takes the queries of addresses out of a text: one may hold a token,
// in whatever way it is escaped there.
func withoutQuery(s string) string { return query.ReplaceAllString(s, "?…") }

// cleaner takes out of texts what a request carried. Platforms quote it: "The
// access token EAAB… could not be decrypted".
type cleaner struct{ replace *strings.Replacer }

// clean is a text without the secrets of the request.
func (c cleaner) clean(s string) string {
	if c.replace == nil {
		return s
	}
	return c.replace.Replace(s)
}

// newCleaner knows what a request carries: what it signs in with, and values of
// fields that are named like secrets.
func newCleaner(r Request) cleaner {
	secrets := []string{r.Bearer.Reveal()}
	secrets = append(secrets, credentials(r.Header.Get("Authorization"))...)
	for _, form := range []url.Values{r.Form, r.Query} {
		for name, values := range form {
			if secretName.MatchString(name) {
				secrets = append(secrets, values...)
			}
		}
	}
	if r.JSON != nil {
		secrets = append(secrets, named(r.JSON)...)
	}
	var pairs []string
	for _, s := range secrets {
		if len(s) < shortest {
			continue
		}
		for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s), inJSON(s)} {
			pairs = append(pairs, form, removed)
		}
	}
	if pairs == nil {
		return cleaner{}
	}
	return cleaner{strings.NewReplacer(pairs...)}
}

// credentials are what an Authorization header holds, as it stands there and
// taken apart.
func credentials(header string) []string {
	_, value, ok := strings.Cut(header, " ")
	if !ok {
		return nil
	}
	out := []string{value}
	if plain, err := base64.StdEncoding.DecodeString(value); err == nil {
		_, secret, _ := strings.Cut(string(plain), ":")
		out = append(out, string(plain), secret)
		if s, err := url.QueryUnescape(secret); err == nil { // RFC 6749 2.3.1
			out = append(out, s)
		}
	}
	return out
}

// named are the values of a JSON object that are named like secrets.
func named(body any) []string {
	b, err := json.Marshal(body)
	if err != nil {
		return nil
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(b, &fields) != nil {
		return nil
	}
	var out []string
	for name, raw := range fields {
		var s string
		if secretName.MatchString(name) && json.Unmarshal(raw, &s) == nil {
			out = append(out, s)
		}
	}
	return out
}

func inJSON(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return s
	}
	return string(b[1 : len(b)-1])
}

// withoutSecrets takes what the request carried out of an answer that is no
// success: nothing in it has a use for that.
func (r *Response) withoutSecrets() {
	r.Body = []byte(r.Clean(string(r.Body)))
	h := make(http.Header, len(r.Header))
	for name, values := range r.Header {
		for _, v := range values {
			h[name] = append(h[name], r.Clean(v))
		}
	}
	r.Header = h
}

// Clean is a text of the answer without the secrets that the request carried.
// Answers that are no success hold none any more.
func (r *Response) Clean(s string) string {
	if r.sent == nil {
		return s
	}
	return r.sent().clean(s)
}

// Decode reads a JSON answer into v. Its error quotes no secret.
func (r *Response) Decode(v any) error {
	err := r.decode(v)
	if err == nil {
		return nil
	}
	return errors.New(r.Clean(err.Error()))
}
