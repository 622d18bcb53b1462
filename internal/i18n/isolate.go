package i18n

import (
	"strings"

	"golang.org/x/text/unicode/bidi"
)

// What begins and ends a stretch of text with a direction of its own (UAX #9).
const (
	isolateFirst = "\u2068"
	isolateEnd   = "\u2069"
)

// Isolate keeps words that run from right to left from turning the words and
// numbers around them. All others are returned as they are.
func Isolate(s string) string {
	if !strings.ContainsFunc(s, turns) || strings.HasPrefix(s, isolateFirst) && strings.HasSuffix(s, isolateEnd) {
		return s
	}
	return isolateFirst + s + isolateEnd
}

// turns reports whether a character runs from right to left.
func turns(r rune) bool {
	if r < 0x590 { // the first of them is Hebrew
		return false
	}
	p, _ := bidi.LookupRune(r)
	return p.Class() == bidi.R || p.Class() == bidi.AL
}
