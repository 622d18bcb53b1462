package x

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
)

func TestWeight(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       int
	}{
		{"empty", "", 0},
		{"Latin letters", strings.Repeat("a", 280), 280},
		{"line breaks", "a\nb", 3},
		{"umlauts", "Grüße", 5},
		{"Cyrillic", "Привет", 6},
		{"Greek, Arabic, Hebrew", "αسש", 3},
		{"dashes and quotes", "– — “x” ‘y’", 11},
		{"ellipsis is heavy", "Los geht's …", 13},
		{"euro sign is heavy", "5 €", 4},
		{"arrow and bullet are heavy", "→•", 4},
		{"capital sharp s is heavy", "ẞ", 2},
		{"Japanese", "日本語", 6},
		{"Korean", "트위터", 6},
		{"140 heavy ones", strings.Repeat("語", 140), 280},
		{"composed before counting", "cafe\u0301", 4},
		{"joiners alone", "a\u200Db", 3},

		{"emoji", "Hello, world! 👋", 16},
		{"two emoji", "👋👋", 4},
		{"skin tone", "👍🏽", 2},
		{"family", "👨‍👩‍👧‍👦", 2},
		{"profession with skin tone", "👩🏾‍🚒", 2},
		{"heart with emoji form", "❤️", 2},
		{"heart on fire", "❤️‍🔥", 2},
		{"flag", "🇩🇪", 2},
		{"two flags", "🇩🇪🇮🇪", 4},
		{"letters that are no flag", "🇦🇦", 4},
		{"rainbow flag", "🏳️‍🌈", 2},
		{"flag of Scotland", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", 2},
		{"keycap", "1️⃣", 2},
		{"digits are no keycaps", "1", 1},
		{"hash keycap", "#️⃣", 2},
		{"copyright as text", "©", 1},
		{"copyright as emoji", "©️", 2},
		{"football", "⚽", 2},
		{"pictograph", "☎", 2},

		{"address", "https://example.com/a/very/long/path?x=1", 23},
		{"http", "http://test.com", 23},
		{"capitals", "HTTPS://Example.COM/Index.html", 23},
		{"host name alone", "see example.com", 27},
		{"host name of two letters", "t.co", 23},
		{"several", "Test https://test.com test https://test.com test.com test", 86},
		{"host name with two endings", "www.example.co.uk", 23},
		{"full stop after it", "Read example.com.", 29},
		{"comma after it", "https://example.com/a, then", 23 + 6},
		{"in brackets", "(https://example.com/a)", 25},
		{"brackets of its own", "https://en.wikipedia.org/wiki/Primer_(film)", 23},
		{"query", "https://example.com?a=b&c=d", 23},
		{"fragment", "https://example.com/#top", 23},
		{"port", "https://example.com:8080/x", 23},
		{"path of other letters", "https://example.com/Русские_слова", 23},
		{"host of other letters", "https://müller.de", 23},
		{"Japanese host", "https://例え.jp/", 23},
		{"ending of other letters", "https://пример.рф", 23},
		{"Japanese directly after it", "example.comの", 25},
		{"Japanese directly before it", "日本example.com", 27},
		{"punycode", "https://xn--mller-kva.de", 23},
		{"underscore below the domain", "http://test_a.example.com", 23},
		{"own shortener", "https://t.co/abc123", 23},
		{"own shortener and more", "https://t.co/abc/def", 27},

		{"unknown ending", "riverside.club-house", 20},
		{"no ending", "https://localhost/x", 19},
		{"number with a point", "15.30", 5},
		{"abbreviation", "e.V.", 4},
		{"file name", "trials.xlsx", 11},
		{"underscore in the domain", "http://foo_bar.com", 18},
		{"hyphen at the start", "http://-foo.com", 15},
		{"hyphen at the end", "http://foo-.com", 15},
		{"label too long", "https://" + strings.Repeat("a", 64) + ".com", 76},
		{"mail address", "secretary@example.com", 21},
		{"after a hash", "#example.com", 12},
		{"after a dollar", "$example.com", 12},
		{"after a letter", "xhttp://example.com", 19},
		{"after an accented letter", "éhttp://example.com", 24},
		{"after a slash", "/example.com", 12},
		{"other scheme", "ftp://example.com", 17},
		{"ending as part of a word", "example.commerce", 16},
		{"two points", "a..example.com", 14},

		{"retired ending, short", "See you at kick.off", 11 + 23},
		{"retired ending, long", "https://shop.boots/" + strings.Repeat("a", 30), 49},
		{"retired ending after another", "club.com.intel", 23 + 6},
		{"ending younger than X's list, short", "riverside.music", 23},
		{"ending younger than X's list, long", "https://riverside.kids/" + strings.Repeat("a", 30), 53},
		{"ending younger than X's list, in another script", "https://riverside.ישראל/" + strings.Repeat("a", 30), 24 + 30},
		{"longer than any address", "https://example.com/" + strings.Repeat("a", 4096), 20 + 4096},

		{"byte order mark is left out", "\uFEFFabc", 3},
		{"broken UTF-8", "a\xffb", 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := Weight(c.text); got != c.want {
				t.Errorf("%q weighs %d, want %d", c.text, got, c.want)
			}
		})
	}
}

func TestTwoCashtagsAreRefusedBeforeSending(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"":                           0,
		"$ABC":                       1,
		"$ABC and $def.":             2,
		"$ABC $ABC":                  2,
		"($ABC)":                     0, // after a bracket it is none
		"$ABC.B, $ABC_X":             2,
		"$ABCDEFG":                   0, // seven letters
		"$5 and $ 5 and US$ABC":      0,
		"$A1":                        0,
		"$":                          0,
		"a\u00a0$ABC\u3000$DEF":      2,
		"$ABC\u200f":                 0,
		"$ABC\n$DEF\n":               2,
		"Entry $5, $ABC! $DEF? $GHI": 3,
	} {
		if got := countCashtags(text); got != want {
			t.Errorf("%q has %d cashtags, want %d", text, got, want)
		}
		refused := slices.ContainsFunc(platforms.Check(rules, platforms.Draft{Text: text}), func(p platforms.Problem) bool {
			return p.Code == platforms.CodeTooManyCashtags && p.Severity == platforms.MustFix
		})
		if refused != (want > 1) {
			t.Errorf("%q is refused: %v", text, refused)
		}
	}
}

func TestFindURLs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want []string
	}{
		{"nothing here", nil},
		{"a https://example.com/x. b example.org, c", []string{"https://example.com/x", "example.org"}},
		{"https://example.com/a?b=c!", []string{"https://example.com/a?b=c"}},
		{"“https://example.com/a”", []string{"https://example.com/a"}},
		{"https://example.com/a\nhttps://example.com/b", []string{"https://example.com/a", "https://example.com/b"}},
		{"https://example.com/(a)b", []string{"https://example.com/(a)b"}},
		{"https://example.com/a(b", []string{"https://example.com/a"}},
		{"foo.example.com:80/path/", []string{"foo.example.com:80/path/"}},
		{"example.com/", []string{"example.com/"}},
		{"example.com‑ x", []string{"example.com"}},
		{"https://t.co/AbC9?x=1", []string{"https://t.co/AbC9"}},
	} {
		var got []string
		for _, s := range findURLs(c.text, currentList) {
			got = append(got, c.text[s.start:s.end])
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("in %q (-want +got):\n%s", c.text, diff)
		}
	}
}

func TestWeightIsQuickOnHostileText(t *testing.T) {
	t.Parallel()
	// Each of these once meant work that grew with the square of the length.
	for _, unit := range []string{"com.", "a.", "日", "http://", "a.日", "(", "-", "a-"} {
		text := strings.Repeat(unit, 60_000/len(unit))
		if Weight(text) == 0 {
			t.Errorf("%q weighs nothing", unit)
		}
	}
}

func TestCanonicalTellsTheSamePost(t *testing.T) {
	t.Parallel()
	short := func(pairs ...string) *entities {
		e := &entities{}
		for i := 0; i < len(pairs); i += 2 {
			e.URLs = append(e.URLs, shortened{URL: pairs[i], Expanded: pairs[i+1]})
		}
		return e
	}
	for _, c := range []struct {
		name, sent, back string
		es               *entities
		same             bool
	}{
		{"plain", "Hello  world\n", "Hello world", nil, true},
		{"address", "See https://example.com/a now", "See https://t.co/x now", short("https://t.co/x", "https://example.com/a"), true},
		{"bare host gets a scheme", "See example.com", "See https://t.co/x", short("https://t.co/x", "http://example.com"), true},
		{"slash at the end", "https://example.com", "https://t.co/x", short("https://t.co/x", "https://example.com/"), true},
		{"capitals in the host", "https://Example.com/A", "https://t.co/x", short("https://t.co/x", "https://example.com/A"), true},
		{"another page", "https://example.com/a", "https://t.co/x", short("https://t.co/x", "https://example.com/b"), false},
		{"picture", "Goal!", "Goal! https://t.co/p", short("https://t.co/p", "https://x.com/riversidefc/status/1/photo/1"), true},
		{"composed", "cafe\u0301", "caf\u00e9", nil, true},
		{"other words", "Hello", "Hello!", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := canonical(c.sent, nil) == canonical(c.back, c.es); got != c.same {
				t.Errorf("%q and %q: same is %v, want %v", canonical(c.sent, nil), canonical(c.back, c.es), got, c.same)
			}
		})
	}
}

func FuzzWeight(f *testing.F) {
	for _, s := range []string{"", "example.com", "https://例え.jp/(a)b?c=d#e", "👨‍👩‍👧‍👦 5 €", "1️⃣🇩🇪🏴󠁧󠁢󠁳󠁣󠁴󠁿", "a\xffb.com", "a\ufeffb\ufffe.com\uffff", "http://http://t.co/a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := Weight(s)
		if n < 0 || n > 2*23*utf8.RuneCountInString(s)+2*len(s) {
			t.Errorf("%q weighs %d", s, n)
		}
		spans := findURLs(s, currentList)
		if !slices.IsSortedFunc(spans, func(a, b span) int { return a.start - b.start }) {
			t.Errorf("addresses in %q out of order: %v", s, spans)
		}
		end := 0
		for _, sp := range spans {
			if sp.start < end || sp.end <= sp.start || sp.end > len(s) {
				t.Errorf("addresses in %q overlap: %v", s, spans)
			}
			end = sp.end
		}
		if want := string(slices.DeleteFunc([]rune(s), isForbidden)); clean(s) != want {
			t.Errorf("%q is cleaned to %q, want %q", s, clean(s), want)
		}
		for i := range s {
			rest := s[i:]
			if isPlain(rest) {
				if r, _ := utf8.DecodeRuneInString(rest); emojiAt(rest) > 0 || !unicode.Is(light, r) {
					t.Errorf("%q does not begin with a character that counts as one", rest)
				}
			}
			f := finder{text: s}
			if n := plainWord(rest); n > 0 && (schemeLen(rest) > 0 || f.urlEnd(i, false) > 0 || skipRun(s, i) != i+n) {
				t.Errorf("%q is taken for a word alone", rest)
			}
		}
		if got := strings.Join(joined(parts(s)), ""); got != s {
			t.Errorf("parts of %q make %q", s, got)
		}
		_ = canonical(s, nil)
	})
}

func joined(ps []part) (out []string) {
	for _, p := range ps {
		out = append(out, p.Text)
	}
	return out
}
