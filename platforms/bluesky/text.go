package bluesky

import (
	"iter"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"mvdan.cc/xurls/v2"
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

// mentions lists the handles of a text, lower case, each once, in order.
func (l layout) mentions() []string {
	var out []string
	for _, p := range l.parts {
		if h := strings.ToLower(p.value); p.kind == mentionPart && !slices.Contains(out, h) {
			out = append(out, h)
		}
	}
	return out
}

var addresses = sync.OnceValue(xurls.Relaxed)

// links finds the addresses of web pages in a text: with https:// or http://,
// or bare ones (riverside-fc.example/trials) that stand as a word of their own.
func links(s string) []part {
	var out []part
	for start, word := range wordsOf(s) {
		if !strings.ContainsAny(word, ".:") {
			continue // looking closer is slow, and in vain
		}
		for _, m := range addresses().FindAllStringIndex(word, -1) {
			found := word[m[0]:m[1]]
			lower := strings.ToLower(found)
			at := part{linkPart, start + m[0], start + m[1], found}
			switch {
			case strings.HasPrefix(lower, "https://"), strings.HasPrefix(lower, "http://"):
				out = append(out, at)
			case strings.ContainsAny(found, ":@"), !beginsWord(word[:m[0]]), !bareDomain(found):
			default:
				at.value = "https://" + found
				out = append(out, at)
			}
		}
	}
	return out
}

// wordsOf walks over what stands between white space, with its position.
func wordsOf(s string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for at := 0; at < len(s); {
			end := strings.IndexFunc(s[at:], unicode.IsSpace)
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

// bareDomain tells a domain from a missing space after a full stop, "open.Bring".
func bareDomain(s string) bool {
	host := s
	if i := strings.IndexAny(s, "/?#"); i >= 0 {
		host = s[:i]
	}
	tld := host[strings.LastIndexByte(host, '.')+1:]
	return strings.Contains(host, ".") && len(tld) >= 2 && strings.ToLower(tld) == tld && strings.Trim(host, "0123456789.") != ""
}

func beginsWord(before string) bool {
	r, size := utf8.DecodeLastRuneInString(before)
	return size == 0 || unicode.IsSpace(r) || r == '('
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
	tagForm = regexp.MustCompile(`[#＃]([^\s#＃]+)`)
	// mentionForm is @ and a handle: a domain name.
	mentionForm = regexp.MustCompile(`@((?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)`)
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
	var out []part
	for _, m := range tagForm.FindAllStringSubmatchIndex(s, -1) {
		tag := strings.TrimRightFunc(s[m[2]:m[3]], func(r rune) bool { return unicode.IsPunct(r) && r != '_' })
		if starts(m[0]) && validTag(tag) {
			out = append(out, part{tagPart, m[0], m[2] + len(tag), tag})
		}
	}
	for _, m := range mentionForm.FindAllStringSubmatchIndex(s, -1) {
		after, size := utf8.DecodeRuneInString(s[m[1]:])
		if starts(m[0]) && (size == 0 || !unicode.IsLetter(after) && !unicode.IsDigit(after) && !strings.ContainsRune("@-_", after)) {
			out = append(out, part{mentionPart, m[0], m[1], s[m[2]:m[3]]})
		}
	}
	slices.SortFunc(out, func(a, b part) int { return a.start - b.start })
	return slices.CompactFunc(out, func(a, b part) bool { return b.start < a.end })
}

// validTag: not a mere number (#1), not an emoji keycap, within the limits.
func validTag(tag string) bool {
	if tag == "" || strings.HasPrefix(tag, "\uFE0F") || len(tag) > maxTagBytes || countGraphemes(tag) > maxTagGraphemes {
		return false
	}
	return strings.IndexFunc(tag, func(r rune) bool { return !unicode.IsDigit(r) && !unicode.IsPunct(r) }) >= 0
}
