package instagram

import (
	"regexp"
	"unicode/utf16"
)

// countText counts UTF-16 units: Meta does not say what a character is, and
// this is the strictest of the usual readings.
func countText(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

var (
	// Emoji make hashtags here: with the marks that change their colour or join
	// them, and the keycap.
	hashtag = regexp.MustCompile(`#[\p{L}\p{M}\p{N}_\p{So}\x{1F3FB}-\x{1F3FF}\x{200D}\x{20E3}]+`)
	mention = regexp.MustCompile(`@[A-Za-z0-9._]+`)
)

// countHashtags and countMentions count anywhere in the text, as Instagram does.
func countHashtags(s string) int { return len(hashtag.FindAllStringIndex(s, -1)) }

func countMentions(s string) int { return len(mention.FindAllStringIndex(s, -1)) }
