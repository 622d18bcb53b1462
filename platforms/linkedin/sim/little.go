package sim

import (
	"strings"
	"unicode"
)

// This file reads the little text format by its grammar, written apart from
// the client's escaper so that one mistake cannot hide in both.

// special are the characters that mean something unless a backslash stands
// before them.
const special = "|{}@[]()<>#\\*_~"

// parser walks over a commentary.
type parser struct {
	in  []rune
	at  int
	out strings.Builder
}

// Render is what readers see of a commentary. Where it is not well-formed, the rest
// is dropped without a word, as LinkedIn does.
func Render(commentary string) string {
	p := &parser{in: []rune(commentary)}
	for p.at < len(p.in) {
		if !p.element() {
			break
		}
	}
	return p.out.String()
}

// element reads one element; false where the grammar ends.
func (p *parser) element() bool {
	switch c := p.in[p.at]; {
	case c == '\\':
		return p.escaped(&p.out)
	case c == '#' || c == '＃':
		return p.hashtag()
	case c == '{':
		return p.template()
	case c == '@':
		return p.mention()
	case strings.ContainsRune(special, c):
		return false
	default:
		p.out.WriteRune(c)
		p.at++
		return true
	}
}

// escaped reads a backslash and the special character after it.
func (p *parser) escaped(into *strings.Builder) bool {
	if p.at+1 >= len(p.in) || !strings.ContainsRune(special, p.in[p.at+1]) {
		return false
	}
	into.WriteRune(p.in[p.at+1])
	p.at += 2
	return true
}

// hashtag reads a sign and one word.
func (p *parser) hashtag() bool {
	var word strings.Builder
	for p.at++; p.at < len(p.in); {
		c := p.in[p.at]
		if c == '\\' && p.at+1 < len(p.in) && p.in[p.at+1] == '_' {
			p.escaped(&word)
			continue
		}
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) && !unicode.Is(unicode.M, c) {
			break
		}
		word.WriteRune(c)
		p.at++
	}
	if word.Len() == 0 {
		return false
	}
	p.out.WriteString("#" + word.String())
	return true
}

// until reads text up to a closing character, which it takes too.
func (p *parser) until(end rune) (string, bool) {
	var b strings.Builder
	for p.at < len(p.in) {
		switch c := p.in[p.at]; {
		case c == end:
			p.at++
			return b.String(), true
		case c == '\\':
			if !p.escaped(&b) {
				return "", false
			}
		case strings.ContainsRune(special, c):
			return "", false
		default:
			b.WriteRune(c)
			p.at++
		}
	}
	return "", false
}

// template reads {hashtag|\#|word}.
func (p *parser) template() bool {
	p.at++
	name, ok := p.until('|')
	sign, ok2 := p.until('|')
	word, ok3 := p.until('}')
	if !ok || !ok2 || !ok3 || name != "hashtag" || sign != "#" || word == "" {
		return false
	}
	p.out.WriteString("#" + word)
	return true
}

// mention reads @[name](urn). Both parts may be escaped.
func (p *parser) mention() bool {
	p.at++
	name := ""
	if p.at < len(p.in) && p.in[p.at] == '[' {
		p.at++
		var ok bool
		if name, ok = p.until(']'); !ok {
			return false
		}
	}
	if p.at >= len(p.in) || p.in[p.at] != '(' {
		return false
	}
	p.at++
	urn, ok := p.until(')')
	if !ok || !strings.HasPrefix(urn, "urn:li:organization:") && !strings.HasPrefix(urn, "urn:li:person:") {
		return false
	}
	if o, known := organizationOf(urn); known && name == "" {
		name = o.Name
	}
	p.out.WriteString(name)
	return true
}
