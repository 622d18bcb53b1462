package bluesky

import (
	"iter"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/publicsuffix"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/pattern"
)

// A text on Bluesky is plain; beside it stand facets, which say that the bytes
// from here to there are a link, a hashtag or a mention. The server stores
// wrong positions without a word, so they are computed here once and tested.

// layout is a text as it is sent, with the parts that mean something.
type layout struct {
	text  string
	parts []part // in order, never overlapping
}

// part is one link, hashtag or mention. start and end count bytes of UTF-8.
type part struct {
	kind       partKind
	start, end int
	value      string // full address, tag without #, handle without @
}

type partKind int

const (
	linkPart partKind = iota
	tagPart
	mentionPart
)

// layDraft lays the text of a draft as it goes out.
func layDraft(d platforms.Draft) layout { return lay(rules.FinalText(d)) }

// lay turns what a person wrote into what is sent: addresses are shown short,
// as the official app does, and kept whole in their part.
func lay(written string) layout {
	written = strings.ToValidUTF8(written, "\uFFFD")
	var out strings.Builder
	var parts []part
	words := func(s string, first bool) {
		for _, p := range wordParts(s, first) {
			p.start, p.end = p.start+out.Len(), p.end+out.Len()
			parts = append(parts, p)
		}
		out.WriteString(s)
	}
	at := 0
	for _, l := range links(written) {
		words(written[at:l.start], at == 0)
		start := out.Len()
		out.WriteString(short(written[l.start:l.end]))
		parts = append(parts, part{linkPart, start, out.Len(), l.value})
		at = l.end
	}
	words(written[at:], at == 0)
	return layout{out.String(), parts}
}

// shown is the text of lay: what a reader sees. Most texts hold no address, and
// are then shown as they are written.
func shown(written string) string {
	written = strings.ToValidUTF8(written, "\uFFFD")
	addresses := links(written)
	if len(addresses) == 0 {
		return written
	}
	var out strings.Builder
	at := 0
	for _, l := range addresses {
		out.WriteString(written[at:l.start])
		out.WriteString(short(written[l.start:l.end]))
		at = l.end
	}
	out.WriteString(written[at:])
	return out.String()
}

// mentions lists the handles of a text, lower case, each once, in order.
func (l layout) mentions() []string {
	var out []string
	seen := map[string]bool{}
	for _, p := range l.parts {
		if h := strings.ToLower(p.value); p.kind == mentionPart && !seen[h] {
			out, seen[h] = append(out, h), true
		}
	}
	return out
}

// links finds the addresses of web pages in a text: with https:// or http://,
// or bare ones (riverside-fc.org/trials) that stand as a word of their own.
func links(s string) []part {
	if !mayHoldAddress(s) {
		return nil
	}
	var out []part
	for start, word := range wordsOf(s) {
		if !mayHoldAddress(word) {
			continue
		}
		if p, ok := linkIn(word); ok {
			p.start, p.end = p.start+start, p.end+start
			out = append(out, p)
		}
	}
	return out
}

var (
	schemeForm = regexp.MustCompile(`(?i)https?://`)
	// bareForm is a domain, which begins with a letter: "3.pm" is a time of day.
	bareForm = pattern.Lazy(`^\(*(\pL(?:[\pL\pN-]*[\pL\pN])?\.(?:[\pL\pN](?:[\pL\pN-]*[\pL\pN])?\.)*[\pL\pN-]*\pL)(?::\d{1,5})?(?:[/?#].*)?`)
)

// mayHoldAddress reports whether s has what every address has: a scheme, or a full
// stop with something after it. It costs little and spares most words linkIn.
func mayHoldAddress(s string) bool {
	dot := strings.IndexByte(s, '.')
	return dot >= 0 && dot < len(s)-1 || strings.Contains(s, "://")
}

// linkIn finds the address in a word, if there is one.
func linkIn(word string) (part, bool) {
	if m := schemeForm.FindStringIndex(word); m != nil {
		before, _ := utf8.DecodeLastRuneInString(word[:m[0]])
		found := withoutTail(word[m[0]:], before)
		u, err := url.Parse(found)
		ok := err == nil && strings.Trim(u.Hostname(), ".-") != "" && !unicode.IsLetter(before) && !unicode.IsDigit(before)
		return part{linkPart, m[0], m[0] + len(found), found}, ok
	}
	m := bareForm().FindStringSubmatchIndex(word)
	if m == nil || !isDomain(word[m[2]:m[3]]) {
		return part{}, false
	}
	switch r, size := utf8.DecodeRuneInString(word[m[1]:]); {
	case size == 0:
	case unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("@-_", r):
		return part{}, false
	case r == ':' && strings.Contains(word[m[1]:], "@"): // a name and a password before a host
		return part{}, false
	}
	found := withoutTail(word[m[2]:m[1]], 0)
	return part{linkPart, m[2], m[2] + len(found), "https://" + found}, true
}

const (
	// endsSentence are the signs that the official app leaves out of an address
	// that ends with them. Everything else stays: "_" ends the ids of many videos.
	endsSentence = ".,;:!?"
	// neverInAddress end an address wherever they stand: quotes, angle brackets,
	// an ellipsis, and what is invisible.
	neverInAddress = "<>\"“”„«»…" + invisible
	invisible      = "\u00AD\u200B\u2060\uFEFF"
)

// closing is the sign that ends what another began: *https://example.org*.
var closing = map[rune]rune{'[': ']', '{': '}', '\'': '\'', '‘': '’', '‚': '‘', '‹': '›', '›': '‹', '*': '*', '_': '_', '~': '~', '`': '`'}

// withoutTail cuts off what ends the sentence rather than the address: full
// stops and the like, a bracket that was opened before it, and the counterparts
// of the sign before it.
func withoutTail(s string, before rune) string {
	if i := strings.IndexAny(s, neverInAddress); i >= 0 {
		s = s[:i]
	}
	opened, closed := strings.Count(s, "("), strings.Count(s, ")")
	for s != "" {
		r, size := utf8.DecodeLastRuneInString(s)
		switch {
		case strings.ContainsRune(endsSentence, r):
		case r == ')' && opened < closed:
			closed--
		case r == closing[before]:
		default:
			return s
		}
		s = s[:len(s)-size]
	}
	return s
}

// isDomain tells a domain from a missing space after a full stop, "open.Bring".
func isDomain(host string) bool {
	suffix, known := publicsuffix.PublicSuffix(strings.ToLower(host))
	return (known || strings.Contains(suffix, ".")) && len(suffix) < len(host) && strings.HasSuffix(host, suffix)
}

// isSpace reports whether the official app takes r for white space: what Unicode
// calls so, and the byte order mark.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r == '\uFEFF' }

// wordsOf walks over what stands between white space, with its position.
func wordsOf(s string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for at := 0; at < len(s); {
			end := strings.IndexFunc(s[at:], isSpace)
			if end < 0 {
				end = len(s) - at
			}
			if end > 0 && !yield(at, s[at:at+end]) {
				return
			}
			_, size := utf8.DecodeRuneInString(s[at+end:])
			at += end + size
		}
	}
}

func beginsWord(before string) bool {
	r, size := utf8.DecodeLastRuneInString(before)
	return size == 0 || isSpace(r) || r == '('
}

// short is how an address is shown: the host and the beginning of the path.
func short(address string) string {
	const most, kept = 15, 13 // characters of the path
	full := address
	if !strings.Contains(full, "://") {
		full = "https://" + full
	}
	u, err := url.Parse(full)
	if err != nil || u.Host == "" || u.User != nil {
		return address
	}
	rest := full[strings.Index(full, "://")+len("://"):]
	i := strings.IndexAny(rest, "/?#")
	if i < 0 {
		return rest
	}
	host, path := rest[:i], []rune(rest[i:])
	switch {
	case string(path) == "/":
		return host
	case len(path) > most:
		return host + string(path[:kept]) + "…"
	}
	return rest
}

var (
	// tagForm is a hashtag: it ends at every white space of Unicode, which \s is
	// not, and at what the official app takes to end one (packages/api in
	// bluesky-social/atproto, rich-text/util.ts, checked on 2026-11-30).
	tagForm = regexp.MustCompile(`[#＃]([^\s\v\pZ\x{85}\x{FEFF}\x{AD}\x{200A}-\x{200D}\x{2060}\x{20E2}#＃]+)`)
	// mentionForm is @ and a handle: a domain name.
	mentionForm = pattern.Lazy(`@((?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)`)
)

// wordParts finds hashtags and mentions in a text without links. first tells
// that the text stands at the beginning, where a word may begin.
func wordParts(s string, first bool) []part {
	starts := func(i int) bool {
		if i == 0 {
			return first
		}
		return beginsWord(s[:i])
	}
	if !mayHoldSign(s) {
		return nil
	}
	var out []part
	for _, m := range tagForm.FindAllStringSubmatchIndex(s, -1) {
		tag := strings.TrimRightFunc(s[m[2]:m[3]], unicode.IsPunct)
		if starts(m[0]) && validTag(tag) {
			out = append(out, part{tagPart, m[0], m[2] + len(tag), tag})
		}
	}
	for _, m := range mentionForm().FindAllStringSubmatchIndex(s, -1) {
		after, size := utf8.DecodeRuneInString(s[m[1]:])
		if starts(m[0]) && (size == 0 || !unicode.IsLetter(after) && !unicode.IsDigit(after) && !strings.ContainsRune("@-_", after)) {
			out = append(out, part{mentionPart, m[0], m[1], s[m[2]:m[3]]})
		}
	}
	slices.SortFunc(out, func(a, b part) int { return a.start - b.start })
	end := 0 // of the part before: what overlaps it is left out
	return slices.DeleteFunc(out, func(p part) bool {
		if p.start < end {
			return true
		}
		end = p.end
		return false
	})
}

// mayHoldSign reports whether s has a sign with which a hashtag or a mention begins.
func mayHoldSign(s string) bool {
	return strings.IndexByte(s, '#') >= 0 || strings.IndexByte(s, '@') >= 0 || strings.Contains(s, "＃")
}

// validTag: not a mere number (#1), not an emoji keycap, within the limits.
func validTag(tag string) bool {
	if tag == "" || strings.HasPrefix(tag, "\uFE0F") || len(tag) > maxTagBytes || countGraphemes(tag) > maxTagGraphemes {
		return false
	}
	return strings.IndexFunc(tag, func(r rune) bool { return !unicode.IsDigit(r) && !unicode.IsPunct(r) }) >= 0
}
