package linkcard

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"
)

// How many charsets a page may name before the rest is ignored.
const maxCharsets = 4

// charsetInHeader finds the charset also in headers that are not well formed
// ("text/html; charset: utf-8").
var charsetInHeader = regexp.MustCompile(`(?i)charset\s*[=:]\s*["']?([^\s"';,]+)`)

// charsetInXML finds it in the first line of pages that are XML, too; browsers heed
// that in others as well (WHATWG HTML, "get an XML encoding", checked 2026-11-30).
var charsetInXML = regexp.MustCompile(`^\s*<\?xml[^>]*encoding\s*=\s*["']([^"'>]+)`)

// byteOrderMarks decide before anything else (WHATWG Encoding, "BOM sniff").
var byteOrderMarks = []struct{ mark, label string }{
	{"\xef\xbb\xbf", "utf-8"}, {"\xff\xfe", "utf-16le"}, {"\xfe\xff", "utf-16be"},
}

// localCharsets are what browsers take pages for that name no charset, by the
// language of their readers (WHATWG HTML, "determining the character encoding",
// checked 2026-11-30). Here the page's own language decides.
var localCharsets = map[string]string{
	"ar": "windows-1256", "az": "windows-1254", "bg": "windows-1251", "cs": "windows-1250", "el": "iso-8859-7", "et": "windows-1257", "fa": "windows-1256",
	"he": "windows-1255", "hr": "windows-1250", "hu": "iso-8859-2", "ja": "shift_jis", "kk": "windows-1251", "ko": "euc-kr", "lt": "windows-1257", "lv": "windows-1257",
	"mk": "windows-1251", "pl": "iso-8859-2", "ru": "windows-1251", "sk": "windows-1250", "sl": "iso-8859-2", "sr": "windows-1251", "th": "windows-874",
	"tr": "windows-1254", "uk": "windows-1251", "vi": "windows-1258", "zh": "gb18030",
}

// western is the charset of pages that name none.
const western = "windows-1252"

// reading is a page in one of the charsets that it may be of.
type reading struct {
	text string
	// isWestern: read as Windows-1252 or its like, in which any bytes make words.
	isWestern bool
	// isGuess: nothing speaks for this charset.
	isGuess bool
}

// readings returns the page in the charsets that it may be of, the likeliest
// first. Which one is right shows in its words. A mark of byte order decides,
// and so does UTF-8, whatever the page or its server say of it. Then count the
// header, the page's own <meta> wherever it stands, and the page's language.
func readings(body []byte, contentType string) []reading {
	for _, m := range byteOrderMarks {
		if rest, marked := bytes.CutPrefix(body, []byte(m.mark)); marked {
			return []reading{{text: decoded(rest, m.label)}}
		}
	}
	declared := declaredCharsets(body, contentType)
	if isUTF8(body, declared) {
		return []reading{{text: decoded(wholeRunes(body), "utf-8")}}
	}
	out := make([]reading, 0, len(declared)+1)
	isDeclared := false
	for _, label := range declared {
		isWestern := label == western
		isDeclared = isDeclared || isWestern
		out = append(out, reading{text: decoded(body, label), isWestern: isWestern})
	}
	if !isDeclared {
		out = append(out, reading{text: decoded(body, western), isWestern: true, isGuess: true})
	}
	return out
}

// decoded reads bytes of a charset. What is broken becomes U+FFFD.
func decoded(body []byte, label string) string {
	enc, _ := charset.Lookup(label)
	if enc == nil {
		return strings.ToValidUTF8(string(body), "\ufffd")
	}
	text, err := enc.NewDecoder().Bytes(body)
	if err != nil {
		return strings.ToValidUTF8(string(body), "\ufffd")
	}
	return strings.ToValidUTF8(string(text), "\ufffd")
}

// wholeRunes drops a last rune of UTF-8 of which only a part was read.
func wholeRunes(body []byte) []byte {
	for i := len(body) - 1; i >= 0 && i > len(body)-utf8.UTFMax; i-- {
		if utf8.RuneStart(body[i]) {
			if !utf8.FullRune(body[i:]) {
				return body[:i]
			}
			break
		}
	}
	return body
}

// isUTF8 reports whether a page is UTF-8, whatever it is called, with a few
// broken runes at most. Text of another charset is that only by accident, and
// hardly ever: pairs of bytes of East Asian charsets may look like runes of two
// bytes, so there only longer ones count.
func isUTF8(body []byte, declared []string) bool {
	shortest := 2
	for _, label := range declared {
		switch label {
		case "gbk", "gb18030", "big5", "shift_jis", "euc-jp", "euc-kr":
			shortest = 3
		}
	}
	runes, broken := 0, 0
	for len(body) > 0 {
		r, n := utf8.DecodeRune(body)
		switch {
		case r == utf8.RuneError && n == 1:
			broken++
		case n >= shortest:
			runes++
		}
		body = body[n:]
	}
	return runes > 0 && runes >= broken
}

// declaredCharsets lists the charsets that the header, the page and its language
// speak for, by their canonical names and each once.
func declaredCharsets(body []byte, contentType string) []string {
	var labels []string
	if m := charsetInHeader.FindStringSubmatch(contentType); m != nil {
		labels = append(labels, m[1])
	}
	inPage, language := declarations(body)
	labels = append(labels, inPage...)
	language, region, _ := strings.Cut(strings.ToLower(language), "-")
	local := localCharsets[language]
	if language == "zh" && (region == "tw" || region == "hk" || region == "hant") {
		local = "big5"
	}
	labels = append(labels, local)
	var out []string
	known := map[string]bool{}
	for _, l := range labels {
		enc, name := charset.Lookup(l)
		if enc == nil || name == "replacement" || known[name] {
			continue
		}
		known[name] = true
		if out = append(out, name); len(out) == maxCharsets {
			break
		}
	}
	return out
}

// declarations finds what a page says of its charset, and its language. All of
// it is ASCII, so it can be read before the charset is known.
func declarations(body []byte) (labels []string, language string) {
	if m := charsetInXML.FindSubmatch(body[:min(len(body), 1024)]); m != nil {
		labels = append(labels, string(m[1]))
	}
	z := html.NewTokenizer(bytes.NewReader(body))
	z.SetMaxBuf(maxPage)
	for len(labels) < maxCharsets {
		switch z.Next() {
		case html.ErrorToken:
			return labels, language
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			switch t.DataAtom {
			case atom.Html:
				if language == "" {
					language = attributes(t)["lang"]
				}
			case atom.Meta:
				if l := metaCharset(attributes(t)); l != "" {
					labels = append(labels, l)
				}
			}
		}
	}
	return labels, language
}

func metaCharset(a map[string]string) string {
	label := a["charset"]
	if label == "" && strings.EqualFold(strings.TrimSpace(a["http-equiv"]), "content-type") {
		if m := charsetInHeader.FindStringSubmatch(a["content"]); m != nil {
			label = m[1]
		}
	}
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(label)), "utf-16") {
		return "utf-8" // it could not have been read here if it were true
	}
	return label
}

// isSound reports whether words were read in their own charset, as far as they
// show it. Nothing that is broken may be published: a card goes without words for
// which this is false.
func (r reading) isSound(words string) bool {
	english, other := 0, 0
	var last rune
	for _, c := range words {
		switch {
		case c == utf8.RuneError, c >= 0x80 && c < 0xa0:
			return false
		case !r.isWestern:
		case strings.ContainsRune(wordless, last) && unicode.IsLetter(c), r.isGuess && strings.ContainsRune(eastern, c):
			return false
		case c < utf8.RuneSelf && unicode.IsLetter(c):
			english++
		case unicode.IsLetter(c) && c != 'ª' && c != 'º':
			other++
		}
		last = c
	}
	// In languages that are written in Latin-1 most letters are English ones. Where
	// Cyrillic, Greek or Chinese is taken for it, hardly any are.
	return other <= english+1
}

const (
	// wordless are signs of Latin-1 that no word begins with or has in its middle.
	// Where they do, they are letters of another charset: "¯ó³w" is Polish.
	wordless = "¢£¤¥¦¨¬¯±²³´¶¸¹¼½¾×÷"
	// eastern are letters of Windows-1252 that hardly any western language has:
	// they stand where other charsets have common letters.
	eastern = "šžŠŽƒˆ˜ÿ"
)
