package bluesky

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
)

// cases reads a file of testdata that holds one case a line.
func cases[T any](t *testing.T, name string) []T {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []T
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		var c T
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		t.Fatalf("%s holds no cases", name)
	}
	return out
}

// values lists what the parts of one kind mean.
func values(l layout, kind partKind) []string {
	out := []string{}
	for _, p := range l.parts {
		if p.kind == kind {
			out = append(out, p.value)
		}
	}
	return out
}

func TestAddressesEndWhereTheOfficialAppEndsThem(t *testing.T) {
	t.Parallel()
	type addresses struct {
		Text string   `json:"text"`
		Want []string `json:"want_links"`
	}
	one := func(text string, want ...string) addresses { return addresses{text, append([]string{}, want...)} }
	for _, c := range append(cases[addresses](t, "bluesky-links.jsonl"),
		// Signs that are part of an address stay, wherever they stand.
		one("https://a.org/x~", "https://a.org/x~"),
		one("https://a.org/x* now", "https://a.org/x*"),
		one("https://a.org/it's", "https://a.org/it's"),
		one("https://a.org/x'", "https://a.org/x'"),
		one("https://a.org/x]", "https://a.org/x]"),
		one("https://a.org/_a_/", "https://a.org/_a_/"),
		one("a.org/abc_", "https://a.org/abc_"),
		one("https://en.wikipedia.org/wiki/Choir_(music)", "https://en.wikipedia.org/wiki/Choir_(music)"),
		// What ends a sentence does not.
		one("Really https://a.org/x?!", "https://a.org/x"),
		one("https://a.org/x; https://b.org/y: c", "https://a.org/x", "https://b.org/y"),
		one("(see https://a.org/x).", "https://a.org/x"),
		one("(https://a.org/x_(y))", "https://a.org/x_(y)"),
		one("\u201ehttps://a.org/x\u201c", "https://a.org/x"),
		one("\u00abhttps://a.org/x\u00bb", "https://a.org/x"),
		one("https://a.org/x\u2026", "https://a.org/x"),
		one("https://a.org/x\u200b", "https://a.org/x"),
		// The counterpart of a sign before the address does not belong to it.
		one("*https://a.org/x*", "https://a.org/x"),
		one("**https://a.org/x**", "https://a.org/x"),
		one("_https://a.org/x_", "https://a.org/x"),
		one("[https://a.org/x]", "https://a.org/x"),
		one("'https://a.org/x'", "https://a.org/x"),
		// A domain before a colon is one; a time, a count and a version are not.
		one("riversidefc.org:Free entry", "https://riversidefc.org"),
		one("riversidefc.org:8080/x", "https://riversidefc.org:8080/x"),
		one("riversidefc.org:, riversidefc.org.", "https://riversidefc.org", "https://riversidefc.org"),
		one("me.org:secret@a.org"),
		one("Doors 7.pm, start 8.pm; 10.am on Sunday"),
		one("2nd.in the cup, 1st.at home"),
		one("(3.pm)"),
		one("3.pm.club.org" /* begins with a digit, too */),
	) {
		if diff := cmp.Diff(c.Want, values(lay(c.Text), linkPart)); diff != "" {
			t.Errorf("links of %q (-want +got):\n%s", c.Text, diff)
		}
	}
}

func TestHashtagsEndAtEverySpace(t *testing.T) {
	t.Parallel()
	type tags struct {
		Text string   `json:"text"`
		Want []string `json:"want_tags"`
	}
	all := cases[tags](t, "bluesky-hashtags.jsonl")
	for _, r := range "\t\n\v\f\r \u0085\u00a0\u00ad\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u200c\u200d\u2028\u2029\u202f\u205f\u2060\u20e2\u3000\ufeff" {
		all = append(all, tags{"#Tor" + string(r) + "schuss", []string{"Tor"}})
		if isSpace(r) {
			all = append(all, tags{"Das" + string(r) + "#Tor", []string{"Tor"}})
		}
	}
	for _, c := range append(all,
		tags{"Hourra #Paris\u202f!", []string{"Paris"}},
		tags{"#under_12 #club_", []string{"under_12", "club"}},
		tags{"#1\u00a0#2026\u3000#U12", []string{"U12"}},
	) {
		l := lay(c.Text)
		if diff := cmp.Diff(c.Want, values(l, tagPart)); diff != "" {
			t.Errorf("tags of %q (-want +got):\n%s", c.Text, diff)
		}
		for _, p := range l.parts {
			if got := strings.TrimLeft(l.text[p.start:p.end], "#＃"); got != p.value {
				t.Errorf("in %q the tag %q covers %q", c.Text, p.value, got)
			}
		}
	}
}

func TestPostsSayTheirLanguage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lang, text string
		want       []string
	}{
		{"en", "Trials are open", []string{"en"}},
		{"de-CH", "Grüße", []string{"de-CH"}},
		{"en", "⚽ 3:1", []string{"en"}},
		{"en", "", []string{"en"}},
		{"en", "Тренировки по субботам, FC", nil},
		{"en", "東京すごい", nil},
		{"ja", "東京すごい", []string{"ja"}},
		{"ja", "Trials are open", nil},
		{"ru", "Тренировки", []string{"ru"}},
		{"ta", "வணக்கம்", []string{"ta"}},
		{"", "Trials are open", nil},
		{"English!", "Trials are open", nil},
	} {
		p := platforms.Publication{Draft: platforms.Draft{Text: c.text, Lang: c.lang}}
		if diff := cmp.Diff(c.want, record(p, nil).Langs); diff != "" {
			t.Errorf("%q in %q (-want +got):\n%s", c.text, c.lang, diff)
		}
	}
}

func TestInvisibleMarksAroundAHandleAreDropped(t *testing.T) {
	t.Parallel()
	type handle struct{ Typed, Want string }
	all := cases[handle](t, "bluesky-handles.jsonl")
	for _, r := range "\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff" {
		m := string(r)
		all = append(all,
			handle{m + "riversidefc.test" + m, "riversidefc.test"},
			handle{m + "@" + m + " Riversidefc." + m + "test\u00a0", "riversidefc.test"},
			handle{m + plcDID + m, plcDID},
		)
	}
	for _, c := range all {
		if got, ok := typedHandle(c.Typed); !ok || got != c.Want {
			t.Errorf("typed %+q is %q, %v, want %q", c.Typed, got, ok, c.Want)
		}
	}
	b := &Bluesky{entryway: "https://bsky.social"}
	if got, named, ok := b.typedServer("\u202ahttps://pds.example.org\u202c"); got != "https://pds.example.org" || !named || !ok {
		t.Errorf("server is %q, %v, %v", got, named, ok)
	}
	for _, own := range []string{"", "\u200e", "bsky.social", "https://BSKY.social/"} {
		if got, named, ok := b.typedServer(own); named || !ok {
			t.Errorf("%q is %q, taken for another server", own, got)
		}
	}
}
