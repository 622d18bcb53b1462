package platforms_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/bandstand-app/bandstand/platforms"
)

func TestFinalTextAddsTheAddressOnlyWhereItIsNeeded(t *testing.T) {
	t.Parallel()
	inText := platforms.FormatRules{Link: platforms.LinkRules{InText: true}}
	link := &platforms.Link{URL: "https://example.org/a"}
	for _, c := range []struct {
		name, text, want string
		rules            platforms.FormatRules
		link             *platforms.Link
	}{
		{"no link", "Hello", "Hello", inText, nil},
		{"a card shows it", "Hello", "Hello", platforms.FormatRules{Link: platforms.LinkRules{Card: true, InTextWithMedia: true}}, link},
		{"added on its own line", "Hello \n", "Hello\nhttps://example.org/a", inText, link},
		{"nothing else", "", "https://example.org/a", inText, link},
		{"already there", "See https://example.org/a now", "See https://example.org/a now", inText, link},
		{"at the end of a sentence", "See https://example.org/a.", "See https://example.org/a.", inText, link},
		{"in brackets", "(https://example.org/a) is it", "(https://example.org/a) is it", inText, link},
		{"a longer address is another one", "https://example.org/ab", "https://example.org/ab\nhttps://example.org/a", inText, link},
		{"a page below is another one", "https://example.org/a/b", "https://example.org/a/b\nhttps://example.org/a", inText, link},
		{"a file name is another one", "https://example.org/a.html", "https://example.org/a.html\nhttps://example.org/a", inText, link},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := c.rules.FinalText(platforms.Draft{Text: c.text, Link: c.link}); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestBlankLinesAroundATextAreNotSent(t *testing.T) {
	t.Parallel()
	plain, inText := platforms.FormatRules{}, platforms.FormatRules{Link: platforms.LinkRules{InText: true}}
	for _, c := range []struct{ text, want string }{
		{"Hello\n\n", "Hello"},
		{"Hello \t\n \n", "Hello"},
		{"Hello\u00a0\n\u3000", "Hello"},
		{"Hello\n\u200b\ufeff\n", "Hello"},
		{"\n\n \nHello\n\nAgain\n", "Hello\n\nAgain"},
		{"\n  indented", "  indented"},
		{"  indented", "  indented"},
		{" \n\t\u200b\n", ""},
		{"", ""},
	} {
		if got := plain.FinalText(platforms.Draft{Text: c.text}); got != c.want {
			t.Errorf("%q goes out as %q, want %q", c.text, got, c.want)
		}
		want := strings.TrimPrefix(c.want+"\nhttps://example.org", "\n")
		if got := inText.FinalText(platforms.Draft{Text: c.text, Link: &platforms.Link{URL: "https://example.org"}}); got != want {
			t.Errorf("%q with an address goes out as %q, want %q", c.text, got, want)
		}
	}
	if ps := platforms.Check(plain, platforms.Draft{Text: " \n\u200b\n"}); len(ps) != 1 || ps[0].Code != platforms.CodeTextEmpty {
		t.Errorf("a text of blank lines: %+v", ps)
	}
}

func TestFinalTextAddsTheAddressWherePicturesHideTheCard(t *testing.T) {
	t.Parallel()
	r := platforms.FormatRules{Link: platforms.LinkRules{Card: true, InTextWithMedia: true}}
	d := platforms.Draft{Text: "Hello", Link: &platforms.Link{URL: "https://example.org/a"}, Media: make([]platforms.Media, 1)}
	if got, want := r.FinalText(d), "Hello\nhttps://example.org/a"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCheckCountsTheAddressThatWillBeAdded(t *testing.T) {
	t.Parallel()
	r := platforms.FormatRules{
		Text: []platforms.TextRule{{Unit: "characters", Max: 10, Measure: utf8.RuneCountInString, Code: platforms.CodeTextTooLong}},
		Link: platforms.LinkRules{InText: true},
	}
	d := platforms.Draft{Text: "Hello", Link: &platforms.Link{URL: "https://example.org/a"}}
	ps := platforms.Check(r, d)
	if len(ps) != 1 || ps[0].Code != platforms.CodeTextTooLong || ps[0].Args["used"] != "27" {
		t.Errorf("got %+v, want one %s with 27 used", ps, platforms.CodeTextTooLong)
	}
}

func TestSplitKeepsAsMuchAsFits(t *testing.T) {
	t.Parallel()
	doubled := func(s string) int { return 2 * utf8.RuneCountInString(s) }
	for _, c := range []struct {
		name, text, fits, over string
		max                    int
		measure                func(string) int
	}{
		{"fits", "abc", "abc", "", 3, utf8.RuneCountInString},
		{"one too many", "abcd", "abc", "d", 3, utf8.RuneCountInString},
		{"nothing fits", "abcd", "", "abcd", 0, utf8.RuneCountInString},
		{"not within a character", "äöü", "äö", "ü", 5, doubled},
		{"no room for the first", "äöü", "", "äöü", 1, doubled},
		{"a long text", strings.Repeat("ä", 5000), strings.Repeat("ä", 100), strings.Repeat("ä", 4900), 200, doubled},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fits, over := platforms.TextRule{Max: c.max, Measure: c.measure}.Split(c.text)
			if fits != c.fits || over != c.over {
				t.Errorf("got %q and %q, want %q and %q", fits, over, c.fits, c.over)
			}
		})
	}
}

func TestCuttingALongTextMeasuresLittleOfIt(t *testing.T) {
	t.Parallel()
	const limit, long = 280, 100_000
	measured := 0
	rule := platforms.TextRule{Max: limit, Measure: func(s string) int {
		measured += len(s)
		return utf8.RuneCountInString(s)
	}}
	if fits, over := rule.Split(strings.Repeat("a", long)); len(fits) != limit || len(over) != long-limit {
		t.Errorf("cut into %d and %d", len(fits), len(over))
	}
	if most := long + 20*limit; measured > most {
		t.Errorf("%d bytes were measured, at most %d are needed", measured, most)
	}
}
