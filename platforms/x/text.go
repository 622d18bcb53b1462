package x

import (
	_ "embed" // the list of endings
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
	"golang.org/x/text/unicode/norm"

	"github.com/bandstand-app/bandstand/platforms/internal/pattern"
)

// The figures of twitter-text's configuration, version 3.
const (
	maxWeight   = 280    // what fits into a post
	maxLong     = 25_000 // into one of an account that pays for X Premium
	scale       = 100
	lightWeight = 100 // in the light ranges
	heavyWeight = 200 // everything else, and a whole emoji sequence
	urlLength   = 23  // every address, however long
)

// light are the code points that count as one.
var light = &unicode.RangeTable{R16: []unicode.Range16{
	{Lo: 0x0000, Hi: 0x10FF, Stride: 1},
	{Lo: 0x2000, Hi: 0x200D, Stride: 1},
	{Lo: 0x2010, Hi: 0x201F, Stride: 1},
	{Lo: 0x2032, Hi: 0x2037, Stride: 1},
}}

// Weight counts a text as X does: addresses are 23, an emoji sequence is 2,
// code points are 1 or 2. Where it depends on the list of top-level domains
// whether something is an address, the larger of both counts holds: nobody
// outside of X knows which list X goes by.
func Weight(text string) int {
	text = norm.NFC.String(clean(text))
	f := finder{text: text, by: currentList}
	n := weigh(text, f.find())
	if f.disputed {
		n = max(n, weigh(text, findURLs(text, publishedList)))
	}
	return n
}

func weigh(text string, addresses []span) int {
	sum := 0
	for i := 0; i < len(text); {
		if len(addresses) > 0 && addresses[0].start == i {
			sum += urlLength * scale
			i = addresses[0].end
			addresses = addresses[1:]
			continue
		}
		if isPlain(text[i:]) {
			sum += lightWeight
			i++
			continue
		}
		if n := emojiAt(text[i:]); n > 0 {
			sum += heavyWeight
			i += n
			continue
		}
		r, n := utf8.DecodeRuneInString(text[i:])
		if unicode.Is(light, r) {
			sum += lightWeight
		} else {
			sum += heavyWeight
		}
		i += n
	}
	return sum / scale
}

// isPlain reports whether a text begins with a character of ASCII that begins no
// emoji, since none follows that could make it one. It is light then.
func isPlain(s string) bool {
	return s[0] < utf8.RuneSelf && (len(s) == 1 || s[1] < utf8.RuneSelf)
}

// clean takes out the three code points that X refuses in a post. They are
// invisible; byte order marks come along when text is pasted from files.
func clean(text string) string {
	if strings.IndexByte(text, forbiddenLead) < 0 && utf8.ValidString(text) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if isForbidden(r) {
			return -1
		}
		return r
	}, text)
}

// forbiddenLead is the first byte, in UTF-8, of all that isForbidden.
const forbiddenLead = 0xEF

func isForbidden(r rune) bool { return r == 0xFFFE || r == 0xFEFF || r == 0xFFFF }

// span is a part of a text, in bytes.
type span struct{ start, end int }

// findURLs finds what X turns into a link: addresses with http or https, and host
// names with an ending that the list knows.
func findURLs(text string, by list) []span {
	f := finder{text: text, by: by}
	return f.find()
}

// finder looks for the addresses of a text. It passes over the text once, and
// reads an address at most twice, so that no text takes long.
type finder struct {
	text string
	by   list
	// disputed says that the lists differ on the ending of something.
	disputed bool
}

func (f *finder) find() []span {
	var out []span
	text := f.text
	if strings.IndexByte(text, '.') < 0 {
		return nil // no host name
	}
	for i := 0; i < len(text); {
		if n := plainWord(text[i:]); n > 0 {
			i += n
			continue
		}
		scheme := schemeLen(text[i:])
		r, size := utf8.DecodeRuneInString(text[i:])
		if scheme == 0 && !isHostRune(r) {
			i += size
			continue
		}
		end := 0
		if mayPrecede(text[:i]) && (scheme > 0 || i == 0 || !strings.ContainsAny(text[i-1:i], "-_./")) {
			end = f.urlEnd(i+scheme, scheme > 0)
		}
		switch {
		case end == 0 && scheme > 0:
			i += scheme
			continue
		case end == 0:
			i = skipRun(text, i)
			continue
		case scheme > 0:
			end = limitShort(text[:end], i)
		}
		if end-i-scheme <= maxAddress {
			out = append(out, span{i, end})
		}
		i = end
	}
	return out
}

// plainWord returns the length of the ASCII word at the beginning of s if it is
// neither part of a host name nor followed by what ends a scheme: no address begins
// in it. 0: look closer.
func plainWord(s string) int {
	n := 0
	for n < len(s) && s[n] < utf8.RuneSelf && isHostRune(rune(s[n])) {
		n++
	}
	if n < len(s) && (s[n] == '.' || s[n] == ':' || s[n] >= utf8.RuneSelf) {
		return 0
	}
	return n
}

func schemeLen(s string) int {
	if s == "" || s[0]|0x20 != 'h' {
		return 0
	}
	for _, scheme := range []string{"https://", "http://"} {
		if len(s) >= len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
			return len(scheme)
		}
	}
	return 0
}

// mayPrecede tells whether an address can begin after this text: not within a
// word, a mention, a hashtag or a cashtag.
func mayPrecede(before string) bool {
	r, _ := utf8.DecodeLastRuneInString(before)
	return before == "" || !isAlnum(r) && !strings.ContainsRune("@＠$#＃", r)
}

// skipRun goes past a host-like run that holds no address, up to a scheme,
// which may begin one within the run: "éhttp://example.com".
func skipRun(text string, i int) int {
	for first := i; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if !isHostRune(r) && r != '.' || i > first && schemeLen(text[i:]) > 0 {
			return i
		}
		i += n
	}
	return i
}

// isHostRune tells whether a character can stand in a label of a host name
// that has no scheme: ASCII letters, digits, hyphen, underscore, accented Latin.
func isHostRune(r rune) bool {
	return r == '-' || r == '_' || isAlnum(r) || isLatinAccent(r)
}

func isAlnum(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

func isLatinAccent(r rune) bool {
	return r >= 0xC0 && r <= 0x24F && r != 0xD7 && r != 0xF7 ||
		r >= 0x300 && r <= 0x36F || r >= 0x1E00 && r <= 0x1EFF
}

// isWideHostRune is the same for addresses with a scheme, where names in any
// script are taken.
func isWideHostRune(r rune) bool {
	if r < utf8.RuneSelf {
		return r == '-' || r == '_' || isAlnum(r)
	}
	return !unicode.IsSpace(r) && !unicode.Is(unicode.Bidi_Control, r) && !isForbidden(r) &&
		r != 0x180E && r != utf8.RuneError
}

// Parts of an address after the host. Round brackets must be balanced, one
// level deep, and full stops and the like at the end stay outside.
var (
	generalPath = `[a-zA-Z0-9\p{Cyrillic}!*';:=+,.$/%#\[\]\p{Pd}_~&|@\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{24F}\x{300}-\x{36F}\x{1E00}-\x{1EFF}]`
	endOfPath   = `[a-zA-Z0-9\p{Cyrillic}=_#/+\-\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{24F}\x{300}-\x{36F}\x{1E00}-\x{1EFF}]`
	brackets    = `\((?:` + generalPath + `+|` + generalPath + `*\(` + generalPath + `+\)` + generalPath + `*)\)`

	port  = regexp.MustCompile(`^:[0-9]+`)
	route = pattern.Lazy(`^/(?:(?:` + generalPath + `|` + brackets + `)*(?:` + endOfPath + `|` + brackets + `))?`)
	query = regexp.MustCompile(`^\?[a-zA-Z0-9!?*'();:&=+$/%#\[\]\-_.,~|@]*[a-zA-Z0-9_&=#/\-]`)
)

// maxAddress is the longest address X makes a link of, and maxTopLevel more
// than any top-level domain is long, in bytes.
const (
	maxAddress  = 4096
	maxTopLevel = 80
)

// urlEnd returns where the address ends whose host begins at i, or 0 if there
// is none.
func (f *finder) urlEnd(i int, scheme bool) int {
	end := f.hostEnd(i, scheme)
	if end == 0 {
		return 0
	}
	for _, part := range []*regexp.Regexp{port, route(), query} {
		end += len(part.FindString(f.text[end:]))
	}
	return end
}

// hostEnd finds the longest host name from i on that ends in a known top-level
// domain, or returns 0.
func (f *finder) hostEnd(i int, scheme bool) int {
	inHost := isHostRune
	if scheme {
		inHost = isWideHostRune
	}
	end, label, previous := 0, i, ""
	for n := 0; ; n++ {
		stop := label
		for stop < len(f.text) && stop-i <= maxAddress {
			r, size := utf8.DecodeRuneInString(f.text[stop:])
			if !inHost(r) {
				break
			}
			stop += size
		}
		name := f.text[label:stop]
		if n > 0 && isDomainLabel(previous) {
			if k := f.topLevel(label, stop); k > 0 {
				end = label + k
			}
		}
		if !isSubdomainLabel(name) || stop >= len(f.text) || f.text[stop] != '.' || stop-i > maxAddress || !isLookedUp(name) {
			return end
		}
		previous, label = name, stop+1
	}
}

// isSubdomainLabel: hyphens and underscores only inside.
func isSubdomainLabel(s string) bool {
	return s != "" && !strings.ContainsAny(s[:1]+s[len(s)-1:], "-_")
}

func isDomainLabel(s string) bool { return isSubdomainLabel(s) && !strings.Contains(s, "_") }

// topLevel returns the length of the top-level domain with which the label from
// start to stop begins: letters of another script may follow directly
// ("example.comの").
func (f *finder) topLevel(start, stop int) int {
	label := f.text[start:stop]
	for k := min(len(label), maxTopLevel); k > 0; k-- {
		if k < len(label) && !utf8.RuneStart(label[k]) {
			continue
		}
		next, _ := utf8.DecodeRuneInString(f.text[start+k:])
		if isAlnum(next) || next == '@' || next == '+' || next == '-' {
			continue
		}
		if f.isTopLevel(label[:k]) {
			return k
		}
	}
	return 0
}

// list is a list of top-level domains.
type list int

const (
	eitherList    list = iota
	currentList        // the public suffix list
	publishedList      // the one X published last, in 2021
)

//go:embed endings.txt
var endings string

// disputes holds the top-level domains that one list alone has.
var disputes = sync.OnceValue(func() map[string]list {
	out := map[string]list{}
	for line := range strings.Lines(endings) {
		switch name := strings.TrimSpace(line[1:]); line[0] {
		case '-':
			out[name] = publishedList
		case '+':
			out[name] = currentList
		}
	}
	return out
})

// isTopLevel asks the list, whose common part is the part of the public suffix
// list that ICANN keeps.
func (f *finder) isTopLevel(s string) bool {
	ascii, err := idna.ToASCII(strings.ToLower(s))
	if err != nil || ascii == "" || len(ascii) > 63 || strings.ContainsAny(ascii, "_.") {
		return false
	}
	if strings.HasPrefix(ascii, "xn--") && ascii == strings.ToLower(s) {
		return true
	}
	if only, ok := disputes()[ascii]; ok {
		f.disputed = true
		return f.by == eitherList || f.by == only
	}
	_, known := publicsuffix.PublicSuffix("a.b." + ascii)
	return known
}

// isLookedUp reports whether a name with this label can be looked up: it is not
// longer than 63 characters in its ASCII form.
func isLookedUp(label string) bool {
	ascii, err := idna.ToASCII(label)
	return err == nil && len(ascii) <= 63
}

var short = regexp.MustCompile(`(?i)^https?://t\.co/[a-z0-9]+`)

// limitShort ends an address of X's own shortener after its code: X takes
// nothing that follows as part of it.
func limitShort(text string, start int) int {
	if m := short.FindString(text[start:]); m != "" {
		return start + len(m)
	}
	return len(text)
}

// maxCashtag is how many letters a cashtag has at most.
const maxCashtag = 6

// countCashtags counts the names of shares in a text, $ABC: a sign at the
// beginning of a word, one to six letters, and the end of the word.
func countCashtags(text string) int {
	n, before := 0, ' '
	for i, r := range text {
		if r == '$' && (unicode.IsSpace(before) || unicode.Is(unicode.Bidi_Control, before)) {
			name := text[i+1:]
			letters := 0
			for letters < len(name) && letters <= maxCashtag && 'a' <= name[letters]|0x20 && name[letters]|0x20 <= 'z' {
				letters++
			}
			after, size := utf8.DecodeRuneInString(name[letters:])
			if letters > 0 && letters <= maxCashtag && (size == 0 || unicode.IsSpace(after) || strings.ContainsRune(endsCashtag, after)) {
				n++
			}
		}
		before = r
	}
	return n
}

// endsCashtag are the signs after which the letters of a cashtag are over.
const endsCashtag = "!'#%&()*+,\\-./:;<=>?@[]^_{|}~$"
