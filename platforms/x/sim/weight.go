package sim

import (
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"golang.org/x/net/publicsuffix"
	"golang.org/x/text/unicode/norm"

	"github.com/bandstand-app/bandstand/platforms/internal/pattern"
)

// This file counts as X does, written apart from the client's counter so that
// one mistake cannot hide in both: addresses by one pattern, emoji by grapheme.

// maybeAddress finds what looks like an address; isAddress decides.
var maybeAddress = pattern.Lazy(
	`(?i)(^|[^a-z0-9@＠$#＃_./-])((?:https?://)?(?:[\p{L}\p{N}](?:[\p{L}\p{N}_-]*[\p{L}\p{N}])?\.)+([\p{L}]+|xn--[a-z0-9-]+)(?::\d+)?(?:/(?:[^\s()<>"]*(?:\([^\s()<>"]*\))?)*)?(?:\?[^\s<>"]*)?)`)

// addresses lists the addresses in a text with their places in bytes.
func addresses(text string) (out [][2]int) {
	for at := 0; at < len(text); {
		m := maybeAddress().FindStringSubmatchIndex(text[at:])
		if m == nil {
			break
		}
		start, end := at+m[4], at+m[5]
		ending := text[at+m[6] : at+m[7]]
		after, _ := utf8.DecodeRuneInString(text[at+m[7]:])
		found := text[start:end]
		trimmed := strings.TrimRight(found, ".,;:!?'*")
		_, known := publicsuffix.PublicSuffix("a.b." + strings.ToLower(ending))
		if known && !strings.ContainsRune("0123456789@+-_", after) {
			out = append(out, [2]int{start, start + len(trimmed)})
			at = start + len(trimmed)
			continue
		}
		at = at + m[7]
	}
	return out
}

// weight is the weighted length of a text.
func weight(text string) int {
	text = norm.NFC.String(text)
	sum, at := 0, 0
	for _, a := range addresses(text) {
		sum += plainWeight(text[at:a[0]]) + 23
		at = a[1]
	}
	return sum + plainWeight(text[at:])
}

func plainWeight(text string) int {
	sum := 0
	for g := graphemes.FromString(text); g.Next(); {
		if isEmoji(g.Value()) {
			sum += 2
			continue
		}
		for _, r := range g.Value() {
			switch {
			case r <= 4351, r >= 8192 && r <= 8205, r >= 8208 && r <= 8223, r >= 8242 && r <= 8247:
				sum++
			default:
				sum += 2
			}
		}
	}
	return sum
}

// isEmoji recognises a grapheme that is drawn as one emoji.
func isEmoji(g string) bool {
	if strings.ContainsRune(g, 0x20E3) || strings.ContainsRune(g, 0xFE0F) {
		return true
	}
	r, _ := utf8.DecodeRuneInString(g)
	return r >= 0x1F000 && r <= 0x1FAFF || r >= 0x2600 && r <= 0x27BF
}
