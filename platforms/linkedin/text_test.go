package linkedin_test

import (
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/bandstand-app/bandstand/platforms/linkedin"
	"github.com/bandstand-app/bandstand/platforms/linkedin/sim"
)

// seen is what a reader should see of a text: mentions by name, one kind of
// hashtag sign.
var littleCases = []struct {
	name, text, wire, seen string
}{
	{"empty", "", "", ""},
	{"plain", "Trials on Saturday", "Trials on Saturday", ""},
	{"free characters", `5 € & 10 % "now": a;b?c!d'e=f+g-h/i^j$k` + "`", `5 € & 10 % "now": a;b?c!d'e=f+g-h/i^j$k` + "`", ""},
	{"line breaks", "a\n\nb", "a\n\nb", ""},
	{"emoji and umlauts", "Grüße ⚽ 👨‍👩‍👧‍👦", "Grüße ⚽ 👨‍👩‍👧‍👦", ""},
	{"every reserved one", `|{}@[]()<>#\*_~`, `\|\{\}\@\[\]\(\)\<\>\#\\\*\_\~`, ""},
	{"brackets", "Trials (under 12)", `Trials \(under 12\)`, ""},
	{"heart", "thanks <3", `thanks \<3`, ""},
	{"emphasis is not meant", "*really* _now_ ~no~", `\*really\* \_now\_ \~no\~`, ""},
	{"backslash", `C:\clubs`, `C:\\clubs`, ""},
	{"an escape as typed", `a\(b`, `a\\\(b`, ""},
	{"double backslash", `\\`, `\\\\`, ""},
	{"table", "a | b", `a \| b`, ""},
	{"template as typed", `{hashtag|\#|U12}`, `\{hashtag\|\\\#\|U12\}`, ""},

	{"hashtag", "#U12 trials", "#U12 trials", ""},
	{"hashtag at the end", "see #Trials", "see #Trials", ""},
	{"hashtag before punctuation", "#Trials, #Club.", "#Trials, #Club.", ""},
	{"hashtag in brackets", "(#Trials)", `\(#Trials\)`, ""},
	{"hashtag with underscore", "#under_12", `#under\_12`, ""},
	{"hashtag with umlaut", "#Fußball", "#Fußball", ""},
	{"hashtag in another script", "#サッカー試合", "#サッカー試合", ""},
	{"wide sign", "＃Trials", "#Trials", "#Trials"},
	{"two hashtags in a row", "#a#b", `#a\#b`, ""},
	{"after a letter", "C#major", `C\#major`, ""},
	{"digits alone", "#12", `\#12`, ""},
	{"sign alone", "# 1", `\# 1`, ""},
	{"sign at the end", "we are #", `we are \#`, ""},
	{"doubled sign", "##Trials", `\##Trials`, ""},
	{"number sign of an address", "https://e.org/#top", `https://e.org/\#top`, ""},

	{"at sign", "mail secretary@riverside.org", `mail secretary\@riverside.org`, ""},
	{"name as elsewhere", "thanks @countyleague", `thanks \@countyleague`, ""},
	{"mention", "thanks @[County League](urn:li:organization:71209913)!", "thanks @[County League](urn:li:organization:71209913)!", "thanks County League!"},
	{"mention of a person", "@[Maeve Byrne](urn:li:person:Mv3x_q9-k)", `@[Maeve Byrne](urn:li:person:Mv3x\_q9-k)`, "Maeve Byrne"},
	{"mention with reserved ones", "@[A*B_C](urn:li:organization:1)", `@[A\*B\_C](urn:li:organization:1)`, "A*B_C"},
	{"mention of something else", "@[A](urn:li:share:1)", `\@\[A\]\(urn:li:share:1\)`, ""},
	{"half a mention", "@[County League]", `\@\[County League\]`, ""},
	{"mention across lines", "@[County\nLeague](urn:li:organization:1)", `\@\[County` + "\n" + `League\]\(urn:li:organization:1\)`, ""},

	{"address", "https://riverside.org/a_b?c=(d)&e=~f", `https://riverside.org/a\_b?c=\(d\)&e=\~f`, ""},
}

func TestLittle(t *testing.T) {
	t.Parallel()
	for _, c := range littleCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.seen == "" {
				c.seen = c.text
			}
			got := linkedin.Little(c.text)
			if got != c.wire {
				t.Errorf("%q goes out as\n%q, want\n%q", c.text, got, c.wire)
			}
			if seen := sim.Render(got); seen != c.seen {
				t.Errorf("readers see\n%q, want\n%q", seen, c.seen)
			}
			if seen := linkedin.Visible(got); seen != c.seen {
				t.Errorf("we read it back as\n%q, want\n%q", seen, c.seen)
			}
		})
	}
}

func TestVisibleReadsWhatLinkedInReturns(t *testing.T) {
	t.Parallel()
	for wire, want := range map[string]string{
		`{hashtag|\#|U12} trials`:                              "#U12 trials",
		`{hashtag|#|U12}`:                                      "#U12",
		`{hashtag|\#|under\_12}`:                               "#under_12",
		`@[County League](urn:li:organization:71209913) \(1\)`: "County League (1)",
		`@[A \[B\]](urn:li:organization:1)`:                    "A [B]",
		`a \ b`:                                                `a \ b`,
		`\`:                                                    `\`,
	} {
		if got := linkedin.Visible(wire); got != want {
			t.Errorf("%q reads %q, want %q", wire, got, want)
		}
	}
}

func TestRenderDropsWhatIsNotEscaped(t *testing.T) {
	t.Parallel()
	for commentary, want := range map[string]string{
		"Trials (under 12) are open": "Trials ",
		"thanks <3":                  "thanks ",
		"a [b":                       "a ",
		"a {b}":                      "a ",
		"mail a@b.org":               "mail a",
		"# 1":                        "",
		`a \b`:                       "a ",
		`a\`:                         "a",
		"a_b":                        "a",
	} {
		if got := sim.Render(commentary); got != want {
			t.Errorf("of %q readers see %q, want %q", commentary, got, want)
		}
	}
}

func TestWireLength(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"": 0, "abc": 3, "(a)": 5, "#tag": 4, "#a_b": 5, "👋": 2, "語": 1, "a\xffb": 3,
		strings.Repeat("(", 1500): 3000,
	} {
		if got := linkedin.WireLength(text); got != want {
			t.Errorf("%q is %d long, want %d", text, got, want)
		}
	}
}

// FuzzLittle: whatever is typed, readers see all of it. The simulator reads the
// format by its own parser.
func FuzzLittle(f *testing.F) {
	for _, c := range littleCases {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) || strings.ContainsRune(text, '＃') || strings.Contains(text, "](urn:li:") {
			return
		}
		wire := linkedin.Little(text)
		if n, want := linkedin.WireLength(text), len(utf16.Encode([]rune(wire))); n != want {
			t.Errorf("%q is sent with %d units, counted %d", text, want, n)
		}
		if got := sim.Render(wire); got != text {
			t.Errorf("of %q, sent as %q, readers see %q", text, wire, got)
		}
		if got := linkedin.Visible(wire); got != text {
			t.Errorf("%q, sent as %q, reads %q", text, wire, got)
		}
	})
}

func FuzzVisible(f *testing.F) {
	f.Add(`{hashtag|\#|a} @[b](c) \`)
	f.Fuzz(func(_ *testing.T, wire string) {
		_ = linkedin.Visible(wire)
		_ = sim.Render(wire)
	})
}
