package x

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// pictographic is Unicode's property Emoji (emoji-data.txt, version 16) without
// digits, letters of flags and skin tones: what can begin an emoji alone.
var pictographic = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x00A9, 0x00AE, 5},
		{0x203C, 0x203C, 1},
		{0x2049, 0x2049, 1},
		{0x2122, 0x2122, 1},
		{0x2139, 0x2139, 1},
		{0x2194, 0x2199, 1},
		{0x21A9, 0x21AA, 1},
		{0x231A, 0x231B, 1},
		{0x2328, 0x2328, 1},
		{0x23CF, 0x23CF, 1},
		{0x23E9, 0x23F3, 1},
		{0x23F8, 0x23FA, 1},
		{0x24C2, 0x24C2, 1},
		{0x25AA, 0x25AB, 1},
		{0x25B6, 0x25B6, 1},
		{0x25C0, 0x25C0, 1},
		{0x25FB, 0x25FE, 1},
		{0x2600, 0x2604, 1},
		{0x260E, 0x2611, 3},
		{0x2614, 0x2615, 1},
		{0x2618, 0x2618, 1},
		{0x261D, 0x2620, 3},
		{0x2622, 0x2623, 1},
		{0x2626, 0x262A, 4},
		{0x262E, 0x262F, 1},
		{0x2638, 0x263A, 1},
		{0x2640, 0x2642, 2},
		{0x2648, 0x2653, 1},
		{0x265F, 0x2660, 1},
		{0x2663, 0x2663, 1},
		{0x2665, 0x2666, 1},
		{0x2668, 0x267B, 19},
		{0x267E, 0x267F, 1},
		{0x2692, 0x2697, 1},
		{0x2699, 0x269B, 2},
		{0x269C, 0x269C, 1},
		{0x26A0, 0x26A1, 1},
		{0x26A7, 0x26A7, 1},
		{0x26AA, 0x26AB, 1},
		{0x26B0, 0x26B1, 1},
		{0x26BD, 0x26BE, 1},
		{0x26C4, 0x26C5, 1},
		{0x26C8, 0x26CE, 6},
		{0x26CF, 0x26D1, 2},
		{0x26D3, 0x26D4, 1},
		{0x26E9, 0x26EA, 1},
		{0x26F0, 0x26F5, 1},
		{0x26F7, 0x26FA, 1},
		{0x26FD, 0x2702, 5},
		{0x2705, 0x2705, 1},
		{0x2708, 0x270D, 1},
		{0x270F, 0x2712, 3},
		{0x2714, 0x2716, 2},
		{0x271D, 0x2721, 4},
		{0x2728, 0x2728, 1},
		{0x2733, 0x2734, 1},
		{0x2744, 0x2747, 3},
		{0x274C, 0x274E, 2},
		{0x2753, 0x2755, 1},
		{0x2757, 0x2757, 1},
		{0x2763, 0x2764, 1},
		{0x2795, 0x2797, 1},
		{0x27A1, 0x27A1, 1},
		{0x27B0, 0x27BF, 15},
		{0x2934, 0x2935, 1},
		{0x2B05, 0x2B07, 1},
		{0x2B1B, 0x2B1C, 1},
		{0x2B50, 0x2B55, 5},
		{0x3030, 0x303D, 13},
		{0x3297, 0x3299, 2},
	},
	R32: []unicode.Range32{
		{0x1F004, 0x1F004, 1},
		{0x1F0CF, 0x1F0CF, 1},
		{0x1F170, 0x1F171, 1},
		{0x1F17E, 0x1F17F, 1},
		{0x1F18E, 0x1F18E, 1},
		{0x1F191, 0x1F19A, 1},
		{0x1F201, 0x1F202, 1},
		{0x1F21A, 0x1F21A, 1},
		{0x1F22F, 0x1F22F, 1},
		{0x1F232, 0x1F23A, 1},
		{0x1F250, 0x1F251, 1},
		{0x1F300, 0x1F321, 1},
		{0x1F324, 0x1F393, 1},
		{0x1F396, 0x1F397, 1},
		{0x1F399, 0x1F39B, 1},
		{0x1F39E, 0x1F3F0, 1},
		{0x1F3F3, 0x1F3F5, 1},
		{0x1F3F7, 0x1F3FA, 1},
		{0x1F400, 0x1F4FD, 1},
		{0x1F4FF, 0x1F53D, 1},
		{0x1F549, 0x1F54E, 1},
		{0x1F550, 0x1F567, 1},
		{0x1F56F, 0x1F570, 1},
		{0x1F573, 0x1F57A, 1},
		{0x1F587, 0x1F587, 1},
		{0x1F58A, 0x1F58D, 1},
		{0x1F590, 0x1F590, 1},
		{0x1F595, 0x1F596, 1},
		{0x1F5A4, 0x1F5A5, 1},
		{0x1F5A8, 0x1F5A8, 1},
		{0x1F5B1, 0x1F5B2, 1},
		{0x1F5BC, 0x1F5BC, 1},
		{0x1F5C2, 0x1F5C4, 1},
		{0x1F5D1, 0x1F5D3, 1},
		{0x1F5DC, 0x1F5DE, 1},
		{0x1F5E1, 0x1F5E3, 2},
		{0x1F5E8, 0x1F5EF, 7},
		{0x1F5F3, 0x1F5FA, 7},
		{0x1F5FB, 0x1F64F, 1},
		{0x1F680, 0x1F6C5, 1},
		{0x1F6CB, 0x1F6D2, 1},
		{0x1F6D5, 0x1F6D7, 1},
		{0x1F6DC, 0x1F6E5, 1},
		{0x1F6E9, 0x1F6E9, 1},
		{0x1F6EB, 0x1F6EC, 1},
		{0x1F6F0, 0x1F6F3, 3},
		{0x1F6F4, 0x1F6FC, 1},
		{0x1F7E0, 0x1F7EB, 1},
		{0x1F7F0, 0x1F7F0, 1},
		{0x1F90C, 0x1F93A, 1},
		{0x1F93C, 0x1F945, 1},
		{0x1F947, 0x1F9FF, 1},
		{0x1FA70, 0x1FA7C, 1},
		{0x1FA80, 0x1FA89, 1},
		{0x1FA8F, 0x1FAC6, 1},
		{0x1FACE, 0x1FADC, 1},
		{0x1FADF, 0x1FAE9, 1},
		{0x1FAF0, 0x1FAF8, 1},
	},
}

const (
	joiner    = 0x200D
	emojiForm = 0xFE0F // "show as emoji"
	textForm  = 0xFE0E // "show as text"
	keycap    = 0x20E3
	blackFlag = 0x1F3F4
	tagEnd    = 0xE007F
)

// emojiAt returns the length in bytes of the emoji sequence at the beginning
// of s, or 0. A sequence X does not know yet would count more there; those are
// rarer than new emoji.
func emojiAt(s string) int {
	first, n := utf8.DecodeRuneInString(s)
	second, m := utf8.DecodeRuneInString(s[n:])
	switch {
	case first == '#', first == '*', '0' <= first && first <= '9':
		return keycapAt(s, n)
	case isRegional(first) && isRegional(second):
		if isFlag(first, second) {
			return n + m
		}
		return 0
	case first == blackFlag && isTag(second):
		return n + tagsAt(s[n:])
	case (first == 0xA9 || first == 0xAE || first == 0x2122) && second != emojiForm:
		return 0 // ©, ® and ™ are text unless asked to be emoji
	}
	return pictureAt(s)
}

// pictureAt matches pictures with their skin tone, joined by zero-width joiners.
func pictureAt(s string) int {
	end := 0
	for {
		r, n := utf8.DecodeRuneInString(s[end:])
		if !unicode.Is(pictographic, r) {
			return end
		}
		at := end + n
		switch next, m := utf8.DecodeRuneInString(s[at:]); {
		case next == textForm && end == 0:
			return 0
		case next == emojiForm, next >= 0x1F3FB && next <= 0x1F3FF:
			at += m
		}
		next, m := utf8.DecodeRuneInString(s[at:])
		after, _ := utf8.DecodeRuneInString(s[at+m:])
		if next != joiner || !unicode.Is(pictographic, after) {
			return at
		}
		end = at + m
	}
}

func keycapAt(s string, n int) int {
	r, m := utf8.DecodeRuneInString(s[n:])
	if r == emojiForm {
		n += m
		r, m = utf8.DecodeRuneInString(s[n:])
	}
	if r == keycap {
		return n + m
	}
	return 0
}

func isRegional(r rune) bool { return 0x1F1E6 <= r && r <= 0x1F1FF }

// isFlag tells whether two regional letters name a country.
func isFlag(a, b rune) bool {
	code := string([]rune{a - 0x1F1E6 + 'A', b - 0x1F1E6 + 'A'})
	region, err := language.ParseRegion(code)
	return err == nil && (region.IsCountry() || code == "EU" || code == "UN")
}

func isTag(r rune) bool { return 0xE0020 <= r && r <= 0xE007E }

// tagsAt returns the length of the tags of a regional flag, such as Scotland's.
func tagsAt(s string) int {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		if r == tagEnd {
			return i
		}
		if !isTag(r) {
			break
		}
	}
	return 0
}
