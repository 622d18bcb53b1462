package bluesky

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"github.com/google/go-cmp/cmp"
)

// marked writes a layout as its parts: the text a reader sees and its meaning.
func marked(l layout) []string {
	var out []string
	for _, p := range l.parts {
		kind := map[partKind]string{linkPart: "link", tagPart: "tag", mentionPart: "mention"}[p.kind]
		out = append(out, kind+" "+l.text[p.start:p.end]+" = "+p.value)
	}
	return out
}

func TestLayFindsLinksHashtagsAndMentions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		written, shown string
		parts          []string
	}{
		"plain":                   {"Trials are open.", "Trials are open.", nil},
		"empty":                   {"", "", nil},
		"https":                   {"See https://club.example.org now", "See club.example.org now", []string{"link club.example.org = https://club.example.org"}},
		"http stays http":         {"http://club.example.org/a", "club.example.org/a", []string{"link club.example.org/a = http://club.example.org/a"}},
		"slash alone is not said": {"https://club.example.org/", "club.example.org", []string{"link club.example.org = https://club.example.org/"}},
		"short path stays":        {"https://a.org/fixtures/2026", "a.org/fixtures/2026", []string{"link a.org/fixtures/2026 = https://a.org/fixtures/2026"}},
		"long path is cut":        {"https://a.org/fixtures/2026/november", "a.org/fixtures/202…", []string{"link a.org/fixtures/202… = https://a.org/fixtures/2026/november"}},
		"query is path":           {"https://a.org?season=2026-2027", "a.org?season=2026-…", []string{"link a.org?season=2026-… = https://a.org?season=2026-2027"}},
		"full stop is not link":   {"Go to https://a.org/x. Now", "Go to a.org/x. Now", []string{"link a.org/x = https://a.org/x"}},
		"brackets":                {"(https://a.org/x)", "(a.org/x)", []string{"link a.org/x = https://a.org/x"}},
		"bare domain":             {"on riverside.org/trials, free", "on riverside.org/trials, free", []string{"link riverside.org/trials = https://riverside.org/trials"}},
		"bare with www":           {"www.riverside.org", "www.riverside.org", []string{"link www.riverside.org = https://www.riverside.org"}},
		"missing space":           {"We are open.Bring boots", "We are open.Bring boots", nil},
		"a number":                {"2.5 and 10.30 and 1.1.1.1", "2.5 and 10.30 and 1.1.1.1", nil},
		"mail address":            {"write to info@riverside.org", "write to info@riverside.org", nil},
		"mailto":                  {"mailto:info@riverside.org", "mailto:info@riverside.org", nil},
		"password in address":     {"https://me:pw@a.org/x", "https://me:pw@a.org/x", []string{"link https://me:pw@a.org/x = https://me:pw@a.org/x"}},
		"umlaut domain":           {"https://fußball.example.org", "fußball.example.org", []string{"link fußball.example.org = https://fußball.example.org"}},
		"two lines":               {"https://a.org\nhttps://b.org", "a.org\nb.org", []string{"link a.org = https://a.org", "link b.org = https://b.org"}},

		"tag":                {"#U12 trials", "#U12 trials", []string{"tag #U12 = U12"}},
		"tag with stop":      {"Come! #Trials.", "Come! #Trials.", []string{"tag #Trials = Trials"}},
		"tag of letters":     {"#Größe #東京 #under_12", "#Größe #東京 #under_12", []string{"tag #Größe = Größe", "tag #東京 = 東京", "tag #under_12 = under_12"}},
		"wide sign":          {"＃東京", "＃東京", []string{"tag ＃東京 = 東京"}},
		"number is no tag":   {"We are #1 of #2026", "We are #1 of #2026", nil},
		"keycap is no tag":   {"#️⃣ press", "#️⃣ press", nil},
		"inside a word":      {"a#b", "a#b", nil},
		"tag in brackets":    {"(#trials)", "(#trials)", []string{"tag #trials = trials"}},
		"two in one":         {"#a#b", "#a#b", []string{"tag #a = a"}},
		"fragment is no tag": {"https://a.org/#top", "a.org/#top", []string{"link a.org/#top = https://a.org/#top"}},
		"too long a tag":     {"#" + strings.Repeat("a", 65), "#" + strings.Repeat("a", 65), nil},
		"lone sign":          {"# and @", "# and @", nil},

		"mention":             {"with @Choir.bsky.social!", "with @Choir.bsky.social!", []string{"mention @Choir.bsky.social = Choir.bsky.social"}},
		"mention ends a text": {"Thanks @choir.example.org.", "Thanks @choir.example.org.", []string{"mention @choir.example.org = choir.example.org"}},
		"mention in brackets": {"(@choir.example.org)", "(@choir.example.org)", []string{"mention @choir.example.org = choir.example.org"}},
		"no domain":           {"@choir sings", "@choir sings", nil},
		"after a word":        {"x@choir.example.org", "x@choir.example.org", nil},
		"not a handle":        {"@choir.example.org@mastodon.social", "@choir.example.org@mastodon.social", nil},

		"bytes, not letters": {"⚽👩‍👩‍👧 #Tor https://a.org/ß", "⚽👩‍👩‍👧 #Tor a.org/ß", []string{"tag #Tor = Tor", "link a.org/ß = https://a.org/ß"}},
		"not UTF-8":          {"a\xffb #c", "a\uFFFDb #c", []string{"tag #c = c"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := lay(c.written)
			if l.text != c.shown {
				t.Errorf("lay(%q) shows %q, want %q", c.written, l.text, c.shown)
			}
			if diff := cmp.Diff(c.parts, marked(l)); diff != "" {
				t.Errorf("lay(%q) (-want +got):\n%s", c.written, diff)
			}
		})
	}
}

func TestMentionsAreLookedUpOnce(t *testing.T) {
	t.Parallel()
	got := lay("@a.example.org @B.example.org @A.example.org").mentions()
	if diff := cmp.Diff([]string{"a.example.org", "b.example.org"}, got); diff != "" {
		t.Errorf("mentions (-want +got):\n%s", diff)
	}
}

func FuzzLay(f *testing.F) {
	for _, seed := range []string{
		"See https://a.org/x?y=z#w, #tag and @b.example.org!", "⚽ Grüße a.org/ß\n#Größe", "\xff\xfe#a", "https://", "@a.b@c.d", "(#a#b)",
		"https://a.org/" + strings.Repeat("ü", 40), "#️⃣ 1.1.1.1 a.b.c.org:80/x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, written string) {
		l := lay(written)
		if !utf8.ValidString(l.text) {
			t.Fatalf("lay(%q) is not UTF-8: %q", written, l.text)
		}
		at := 0
		for _, p := range l.parts {
			if p.start < at || p.end <= p.start || p.end > len(l.text) || p.value == "" {
				t.Fatalf("lay(%q): part %+v overlaps or is out of place in %q", written, p, l.text)
			}
			if !utf8.ValidString(l.text[p.start:p.end]) || !utf8.ValidString(l.text[:p.start]) {
				t.Fatalf("lay(%q): part %+v cuts a character of %q", written, p, l.text)
			}
			at = p.end
		}
		if again := lay(written); !cmp.Equal(l, again, cmp.AllowUnexported(layout{}, part{})) {
			t.Fatalf("lay(%q) is %+v, then %+v", written, l, again)
		}
		if len(l.text) > len(strings.ToValidUTF8(written, "\uFFFD"))+len("…")*len(l.parts) {
			t.Fatalf("lay(%q) grew to %q", written, l.text)
		}
		if got := shown(written); got != l.text {
			t.Fatalf("%q is counted as %q, and sent as %q", written, got, l.text)
		}
		if n := fits(l.text); n < len(l.text) && countGraphemes(l.text) <= maxGraphemes && len(l.text) <= maxBytes {
			t.Fatalf("%q fits, and is cut at %d", l.text, n)
		}
	})
}

// FuzzShortcutsChangeNoCount: what is not looked at closely holds nothing that a
// close look would find.
func FuzzShortcutsChangeNoCount(f *testing.F) {
	for _, seed := range []string{
		"", "Trials are open. Come!", "HTTP://localhost", "a.b", ".", "a.", "://", "(club.example", "＃東京 # @", "a\r\nb\r\r\n\n\x00\x7f",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, word := range wordsOf(s) {
			if _, found := linkIn(word); found && (!mayHoldAddress(word) || !mayHoldAddress(s)) {
				t.Errorf("the address in %q of %q is not looked for", word, s)
			}
		}
		if !mayHoldSign(s) && (tagForm.MatchString(s) || mentionForm().MatchString(s)) {
			t.Errorf("the hashtag or mention in %q is not looked for", s)
		}
		n := 0
		for it := graphemes.FromString(s); it.Next(); {
			n++
		}
		if got := countGraphemes(s); got != n {
			t.Errorf("%q has %d characters, counted %d", s, n, got)
		}
	})
}

func BenchmarkMeasure(b *testing.B) {
	text := strings.Repeat("Trials are open for everybody. ", 8) + "https://riverside-fc.example/trials #U12 @choir.example.org"
	rule := (&Bluesky{}).Rules(zeroAccount).Usual().Text[0]
	for b.Loop() {
		rule.Measure(text)
	}
}
