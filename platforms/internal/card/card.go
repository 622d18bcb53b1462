// Package card holds what preview cards of several platforms have in common:
// where a text is cut, and what stands in for a profile picture.
package card

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bandstand-app/bandstand/platforms"
)

// Text is a text in the pieces a card draws: what is seen at once, what the
// platform hides behind "more", and what does not fit at all.
type Text struct{ Seen, Folded, Over string }

// wordSlack is how far back from the fold a space is looked for, in characters.
const wordSlack = 15

// Cut divides the text that goes out. lines is after how many lines the
// platform folds, whatever their length; 0: it does not.
func Cut(r platforms.FormatRules, d platforms.Draft, computer bool, lines int) Text {
	text, over := r.FinalText(d), ""
	for _, rule := range r.Text {
		if !rule.Side {
			text, over = rule.Split(text)
		}
	}
	at := r.FoldPhone
	if computer {
		at = r.FoldComputer
	}
	n := foldAt(text, orNever(at), orNever(lines))
	if strings.TrimSpace(text[n:]) == "" {
		return Text{Seen: text, Over: over}
	}
	return Text{
		Seen:   strings.TrimRightFunc(text[:n], unicode.IsSpace),
		Folded: strings.TrimLeftFunc(text[n:], unicode.IsSpace),
		Over:   over,
	}
}

// orNever is a place at which a platform folds; 0 stands for none.
func orNever(at int) int {
	if at == 0 {
		return math.MaxInt
	}
	return at
}

// foldAt is the byte at which a text is folded: its length if it is not.
func foldAt(text string, characters, lines int) int {
	n, newlines, space, sinceSpace := 0, 0, 0, wordSlack+1
	for i, c := range text {
		switch {
		case c == '\n':
			newlines++
		case n >= characters && sinceSpace <= wordSlack && !unicode.IsSpace(c):
			return space
		case n >= characters:
			return i
		}
		if newlines >= lines {
			return i
		}
		if unicode.IsSpace(c) {
			space, sinceSpace = i, 0
		}
		n++
		sinceSpace++
	}
	return len(text)
}

// Initial stands in for a profile picture: the first letter of a name.
func Initial(name string) string {
	c, n := utf8.DecodeRuneInString(strings.TrimSpace(name))
	if n == 0 {
		return ""
	}
	return strings.ToUpper(string(c))
}
