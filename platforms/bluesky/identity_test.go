package bluesky

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const plcDID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"

func TestDocumentNamesHandlesAndServer(t *testing.T) {
	t.Parallel()
	const good = `{"@context":["x"],"id":"` + plcDID + `","alsoKnownAs":["at://Club.Example.org","https://x"],
		"service":[{"id":"#other","type":"Other","serviceEndpoint":{"a":1}},
		{"id":"#atproto_pds","type":"AtprotoPersonalDataServer","serviceEndpoint":"https://pds.example.org/"}]}`
	doc, err := parseDocument([]byte(good), plcDID)
	if err != nil || doc.server != "https://pds.example.org" || !doc.has("club.example.org") || len(doc.handles) != 1 {
		t.Errorf("document is %+v, %v", doc, err)
	}
	full := strings.ReplaceAll(good, `"#atproto_pds"`, `"`+plcDID+`#atproto_pds"`)
	if doc, err := parseDocument([]byte(full), plcDID); err != nil || doc.server == "" {
		t.Errorf("full service id: %+v, %v", doc, err)
	}
	for name, bad := range map[string]string{
		"other DID":     strings.ReplaceAll(good, plcDID, "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"),
		"no server":     `{"id":"` + plcDID + `"}`,
		"wrong type":    strings.ReplaceAll(good, "AtprotoPersonalDataServer", "X"),
		"server object": strings.ReplaceAll(good, `"https://pds.example.org/"`, `{}`),
		"not JSON":      `<html>`,
	} {
		if doc, err := parseDocument([]byte(bad), plcDID); err == nil {
			t.Errorf("%s: %+v", name, doc)
		}
	}
}

func TestTypedHandles(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"riverside.bsky.social":    "riverside.bsky.social",
		" @Riverside.bsky.social ": "riverside.bsky.social",
		plcDID:                     plcDID,
		"did:web:example.org":      "did:web:example.org",
		"riverside":                "",
		"":                         "",
		"a b.org":                  "",
		"-a.org":                   "",
		"info@riverside.org":       "",
		"https://riverside.org":    "",
		"did:plc:short":            "",
		"riverside.org/x":          "",
	} {
		got, ok := typedHandle(typed)
		if ok != (want != "") || ok && got != want {
			t.Errorf("typedHandle(%q) = %q, %v, want %q", typed, got, ok, want)
		}
	}
}

func TestTypedServers(t *testing.T) {
	t.Parallel()
	real, sandbox := &Bluesky{entryway: "https://bsky.social"}, &Bluesky{entryway: "http://127.0.0.1:9/bluesky"}
	for _, c := range []struct {
		b     *Bluesky
		typed string
		want  string
	}{
		{real, "", "https://bsky.social"},
		{real, " pds.example.org/ ", "https://pds.example.org"},
		{real, "https://pds.example.org", "https://pds.example.org"},
		{real, "http://pds.example.org", ""},
		{real, "https://me:pw@pds.example.org", ""},
		{real, "https://pds.example.org/?x=1", ""},
		{real, "ftp://pds.example.org", ""},
		{real, "https://", ""},
		{sandbox, "", "http://127.0.0.1:9/bluesky"},
		{sandbox, "http://127.0.0.1:9/bluesky", "http://127.0.0.1:9/bluesky"},
	} {
		got, _, ok := c.b.typedServer(c.typed)
		if ok != (c.want != "") || ok && got != c.want {
			t.Errorf("typedServer(%q) = %q, %v, want %q", c.typed, got, ok, c.want)
		}
	}
}

func TestExpiryIsReadFromTokens(t *testing.T) {
	t.Parallel()
	jwt := func(payload string) string {
		return "e30." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".x"
	}
	for token, want := range map[string]time.Time{
		jwt(`{"exp":1795237880}`):          time.Unix(1795237880, 0).UTC(),
		jwt(`{"exp":"tomorrow"}`):          {},
		jwt(`{"exp":-1}`):                  {},
		jwt(`{"exp":99999999999999}`):      {},
		jwt(`{}`):                          {},
		"e30.!!!.x":                        {},
		"opaque":                           {},
		"":                                 {},
		jwt(`{"exp":1795237880}`) + ".too": {},
	} {
		if got := expiry(token); !got.Equal(want) {
			t.Errorf("expiry(%q) = %v, want %v", token, got, want)
		}
	}
	b := &Bluesky{now: func() time.Time { return noon }}
	got := b.tokens(session{Access: "a", Refresh: "r"})
	if diff := cmp.Diff([]time.Time{noon.Add(accessLife), noon.Add(refreshLife)}, []time.Time{got.AccessExpires, got.RefreshExpires}); diff != "" {
		t.Errorf("tokens that do not say (-want +got):\n%s", diff)
	}
}

func FuzzParsers(f *testing.F) {
	f.Add([]byte(`{"id":"`+plcDID+`","service":[{"id":"#atproto_pds","type":"AtprotoPersonalDataServer","serviceEndpoint":"https://a"}]}`), "e30.e30.x")
	f.Add([]byte(`{"likeCount":1,"replyCount":null,"repostCount":-1,"quoteCount":"2"}`), "a.b.c")
	f.Fuzz(func(t *testing.T, body []byte, token string) {
		if doc, err := parseDocument(body, plcDID); err == nil && strings.HasSuffix(doc.server, "/") {
			t.Fatalf("parseDocument(%q) = %+v", body, doc)
		}
		if end := expiry(token); !end.IsZero() && end.Year() > 40000 {
			t.Fatalf("expiry(%q) = %v", token, end)
		}
		for name, n := range counts(body, body, postCounts).Named {
			if n < 0 {
				t.Fatalf("counts(%q): %s is %d", body, name, n)
			}
		}
	})
}
