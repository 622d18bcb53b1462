package platforms

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// FinalText is the text of a draft as it goes to an account: without the blank
// lines around it. Where an address must stand in the text to be seen at all and
// does not yet, it follows on a line of its own. Counters, previews and
// publishers all use it, so that what is counted is what is sent.
func (r FormatRules) FinalText(d Draft) string {
	if r.NoText {
		return ""
	}
	text := withoutBlankLines(d.Text)
	needed := r.Link.InText || r.Link.InTextWithMedia && len(d.Media) > 0
	if !needed || d.Link == nil || d.Link.URL == "" || holdsAddress(text, d.Link.URL) {
		return text
	}
	if text == "" {
		return d.Link.URL
	}
	return text + "\n" + d.Link.URL
}

// withoutBlankLines takes off the blank lines at the beginning of a text, and all
// blank space at its end. The first line that is not blank keeps its indent.
func withoutBlankLines(s string) string {
	s = strings.TrimRightFunc(s, isBlank)
	first := strings.IndexFunc(s, func(r rune) bool { return !isBlank(r) })
	return s[strings.LastIndexByte(s[:max(first, 0)], '\n')+1:]
}

// isBlank reports whether nothing is seen of a character at the end of a text:
// white space, and what comes along invisibly when text is pasted.
func isBlank(r rune) bool {
	return unicode.IsSpace(r) || r == '\u200B' || r == '\u2060' || r == '\uFEFF'
}

// holdsAddress tells whether the address stands in the text as a whole, not
// merely as the beginning of a longer one.
func holdsAddress(text, address string) bool {
	for rest := text; ; {
		i := strings.Index(rest, address)
		if i < 0 {
			return false
		}
		rest = rest[i+len(address):]
		// Full stops and the like end an address only when nothing follows them.
		after, _ := utf8.DecodeRuneInString(strings.TrimLeft(rest, ".,;:!?)]}'\"»”’"))
		if rest == "" || unicode.IsSpace(after) || after == utf8.RuneError {
			return true
		}
	}
}

// Split cuts a text where this rule is exceeded: over is the shortest end
// without which the rest fits. It never cuts within a character of UTF-8.
func (t TextRule) Split(text string) (fits, over string) {
	if t.Measure(text) <= t.Max {
		return text, ""
	}
	// A first look finds where to search, so that a long text is not measured
	// as a whole again and again.
	reach := min(t.Max, len(text))
	for reach < len(text) && t.Measure(text[:wholeRunes(text, reach)]) <= t.Max {
		reach = min(2*reach+1, len(text))
	}
	var cuts []int
	for i := range text[:reach] {
		cuts = append(cuts, i)
	}
	// Measures grow with the text but for a few steps, as when "example.co"
	// becomes "example.com".
	n := sort.Search(len(cuts), func(i int) bool { return t.Measure(text[:cuts[i]]) > t.Max }) - 1
	if n < 0 {
		return "", text
	}
	return text[:cuts[n]], text[cuts[n]:]
}

// wholeRunes is the end of the last whole character within the first n bytes.
func wholeRunes(s string, n int) int {
	for n > 0 && n < len(s) && !utf8.RuneStart(s[n]) {
		n--
	}
	return n
}
