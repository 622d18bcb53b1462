package platforms

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// FinalText is the text of a draft as it goes to an account. Where an address
// must stand in the text to be seen at all and does not yet, it follows on a
// line of its own. Counters, previews and publishers all use it, so that what
// is counted is what is sent.
func (r Rules) FinalText(d Draft) string {
	needed := r.Link.InText || r.Link.InTextWithMedia && len(d.Media) > 0
	if !needed || d.Link == nil || d.Link.URL == "" || holdsAddress(d.Text, d.Link.URL) {
		return d.Text
	}
	text := strings.TrimRightFunc(d.Text, unicode.IsSpace)
	if text == "" {
		return d.Link.URL
	}
	return text + "\n" + d.Link.URL
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
	var cuts []int
	for i := range text {
		cuts = append(cuts, i)
	}
	// Measures grow with the text but for a few steps, as when "example.co"
	// becomes "example.com"; the loop mends what the search got wrong.
	n := sort.Search(len(cuts), func(i int) bool { return t.Measure(text[:cuts[i]]) > t.Max })
	for n--; n > 0 && t.Measure(text[:cuts[n]]) > t.Max; {
		n--
	}
	if n < 0 {
		return "", text
	}
	return text[:cuts[n]], text[cuts[n]:]
}
