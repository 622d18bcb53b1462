package linkedin

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/bandstand-app/bandstand/platforms/internal/pattern"
)

// LinkedIn reads a post's text in its "little" format. A reserved character
// that is not escaped is answered with 201, and the published text ends there.
// https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/little-text-format
const reserved = `|{}@[]()<>#\*_~`

// mention is how a Page or a person is mentioned in a text: @[Name](urn).
var mention = pattern.Lazy(`^@\[([^\[\]()\\\n]{1,200})\]\((urn:li:(?:organization:[0-9]+|person:[A-Za-z0-9_-]+))\)`)

// webAddress is an address within a text: a number sign in it is no hashtag.
var webAddress = regexp.MustCompile(`^https?://[^\s]+`)

// little writes a text in the little format: hashtags and mentions stay what
// they are, every other reserved character is escaped, also within addresses. It
// looks for each only where it can begin, so that no text takes long.
func little(text string) string {
	var b strings.Builder
	before := rune(' ')
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		begins := !isWord(before)
		switch {
		case r == '@':
			if m := mention().FindStringSubmatch(text[i:]); m != nil {
				b.WriteString("@[" + escape(m[1]) + "](" + escape(m[2]) + ")")
				i += len(m[0])
				before = ')'
				continue
			}
		case r == 'h' && begins:
			if a := webAddress.FindString(text[i:]); a != "" {
				b.WriteString(escape(a))
				i += len(a)
				before = 'a'
				continue
			}
		case (r == '#' || r == '＃') && begins:
			if n := hashtag(text[i:]); n > 0 {
				b.WriteString("#" + escape(text[i+size:i+n]))
				i += n
				before = 'a'
				continue
			}
		}
		b.WriteString(escape(text[i : i+size]))
		before = r
		i += size
	}
	return b.String()
}

// hashtag returns the length of the hashtag at the beginning of s, or 0: a
// sign and a word that is not all digits.
func hashtag(s string) int {
	sign, n := utf8.DecodeRuneInString(s)
	if sign != '#' && sign != '＃' {
		return 0
	}
	letters := false
	for n < len(s) {
		r, size := utf8.DecodeRuneInString(s[n:])
		if !isWord(r) {
			break
		}
		letters = letters || unicode.IsLetter(r)
		n += size
	}
	if !letters {
		return 0
	}
	return n
}

func isWord(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r)
}

func escape(s string) string {
	if !strings.ContainsAny(s, reserved) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune(reserved, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// WireLength counts a text as it is sent, in UTF-16 code units: sources differ
// on whether escapes count, so the stricter reading holds.
func WireLength(text string) int {
	if n, ok := plainLength(text); ok {
		return n
	}
	return units(little(text))
}

func units(text string) int {
	n := 0
	for _, r := range text {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}

// plainLength is WireLength of a text without the signs of hashtags and mentions:
// every reserved character is escaped then.
func plainLength(text string) (n int, ok bool) {
	for _, r := range text {
		switch {
		case r == '#' || r == '＃' || r == '@':
			return 0, false
		case r < utf8.RuneSelf && strings.IndexByte(reserved, byte(r)) >= 0:
			n++
		}
		n += max(1, utf16.RuneLen(r))
	}
	return n, true
}

// template is a hashtag as LinkedIn returns it: {hashtag|\#|Word}.
var template = regexp.MustCompile(`^\{hashtag\|\\?[#＃]\|([^}]*)\}`)

// returnedMention is a mention as LinkedIn returns it, escapes included.
var returnedMention = regexp.MustCompile(`^@\[((?:[^\]\\]|\\.)*)\]\((?:[^)\\]|\\.)*\)`)

// visible undoes little: what a reader sees.
func visible(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		if m := template.FindStringSubmatch(text[i:]); m != nil {
			b.WriteString("#" + unescape(m[1]))
			i += len(m[0])
			continue
		}
		if m := returnedMention.FindStringSubmatch(text[i:]); m != nil {
			b.WriteString(unescape(m[1]))
			i += len(m[0])
			continue
		}
		if text[i] == '\\' && i+1 < len(text) && strings.IndexByte(reserved, text[i+1]) >= 0 {
			i++
		}
		_, n := utf8.DecodeRuneInString(text[i:])
		b.WriteString(text[i : i+n])
		i += n
	}
	return b.String()
}

func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && strings.IndexByte(reserved, s[i+1]) >= 0 {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
