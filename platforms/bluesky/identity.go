package bluesky

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
	"github.com/bandstand-app/bandstand/platforms/internal/pattern"
)

// A handle is a domain name and may change; a DID is for ever; the document of
// a DID says on which server the account lives.

var (
	handleForm = pattern.Lazy(`^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$`)
	plcForm    = pattern.Lazy(`^did:plc:[a-z2-7]{24}$`)
	webForm    = pattern.Lazy(`^did:web:([a-zA-Z0-9.-]{1,253})$`)
)

// resolveHandle asks a server for the DID behind a handle.
func (b *Bluesky) resolveHandle(ctx context.Context, host, handle string) (string, error) {
	const op = "identity"
	var answer struct {
		DID string `json:"did"`
	}
	resp, err := b.call(ctx, apihttp.Request{
		Op: op, Method: http.MethodGet, URL: xrpc(host, "com.atproto.identity.resolveHandle"), Query: url.Values{"handle": {handle}},
	}, &answer)
	if err != nil {
		return "", err
	}
	if !validDID(answer.DID) {
		return "", b.unusable(op, resp, errors.New("answer has no DID"))
	}
	return answer.DID, nil
}

func validDID(did string) bool { return plcForm().MatchString(did) || webForm().MatchString(did) }

// identity is what the document of a DID says.
type identity struct {
	handles []string
	server  string // base address of the account's own server
}

// document reads the document of a DID from the directory, or for did:web from
// the domain itself.
func (b *Bluesky) document(ctx context.Context, did string) (identity, error) {
	const op = "identity"
	address := b.plc + "/" + did
	if m := webForm().FindStringSubmatch(did); m != nil {
		address = "https://" + m[1] + "/.well-known/did.json"
	}
	var raw json.RawMessage
	resp, err := b.call(ctx, apihttp.Request{Op: op, Method: http.MethodGet, URL: address}, &raw)
	if err != nil {
		return identity{}, err
	}
	doc, err := parseDocument(raw, did)
	if err != nil {
		return identity{}, b.unusable(op, resp, err)
	}
	if !b.acceptable(doc.server) {
		return identity{}, b.unusable(op, resp, errors.New("the account's server has no https address"))
	}
	return doc, nil
}

func parseDocument(raw []byte, did string) (identity, error) {
	var doc struct {
		ID          string   `json:"id"`
		AlsoKnownAs []string `json:"alsoKnownAs"`
		Service     []struct {
			ID       string          `json:"id"`
			Type     string          `json:"type"`
			Endpoint json.RawMessage `json:"serviceEndpoint"` // text, or something that is not ours
		} `json:"service"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return identity{}, err
	}
	if doc.ID != did {
		return identity{}, errors.New("document of another DID")
	}
	var out identity
	for _, name := range doc.AlsoKnownAs {
		if h, ok := strings.CutPrefix(name, "at://"); ok && handleForm().MatchString(strings.ToLower(h)) {
			out.handles = append(out.handles, strings.ToLower(h))
		}
	}
	for _, s := range doc.Service {
		if s.Type == "AtprotoPersonalDataServer" && (s.ID == "#atproto_pds" || s.ID == did+"#atproto_pds") {
			if err := json.Unmarshal(s.Endpoint, &out.server); err != nil {
				return identity{}, err
			}
			out.server = strings.TrimRight(out.server, "/")
			return out, nil
		}
	}
	return identity{}, errors.New("document names no server")
}

// acceptable tells whether we talk to this server: by https, or in the clear
// only where the operator has set an entryway in the clear.
func (b *Bluesky) acceptable(server string) bool {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && strings.HasPrefix(b.entryway, "http://")
}

// visible is what a person typed or pasted, without white space around it and
// without characters that nobody sees: pages put bidirectional marks around
// handles, which come along when the handle is copied.
func visible(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, s))
}

// typedServer reads what a person typed as server: pds.example.org. named says
// that it is another one than Bluesky's own, which stands for all of theirs.
func (b *Bluesky) typedServer(s string) (server string, named, ok bool) {
	s = visible(s)
	if s == "" {
		return b.entryway, false, true
	}
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	s = strings.TrimRight(s, "/")
	return s, !strings.EqualFold(s, b.entryway), b.acceptable(s)
}

// typedHandle reads what a person typed as handle: @Club.example.org or a DID.
func typedHandle(s string) (string, bool) {
	s = strings.TrimSpace(strings.TrimLeft(visible(s), "@＠"))
	if validDID(s) {
		return s, true
	}
	s = strings.ToLower(s)
	return s, handleForm().MatchString(s)
}

func (i identity) has(handle string) bool { return slices.Contains(i.handles, handle) }

// refusedField turns a refusal into one that belongs beside a field of the
// sign-in form.
func refusedField(err error, field, code string) error {
	e, ok := errors.AsType[*platforms.Error](err)
	if !ok {
		return err // nil, too
	}
	if e.Kind == platforms.Rejected || e.Kind == platforms.Revoked {
		e.Kind, e.Code, e.Field = platforms.Rejected, code, field
	}
	return e
}
