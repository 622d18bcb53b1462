package linkcard

import (
	"bytes"
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"
)

// The most that is kept of a page's words, in characters: more than any
// platform shows.
const (
	maxTitle       = 200
	maxDescription = 500
)

// page is what a web page says of itself.
type page struct {
	title, description string
	image              *url.URL // nil: none
}

// read finds the title, description and picture in an HTML page of any
// charset. Open Graph wins over Twitter's names, and these over plain HTML; of
// one name the first counts. at is where the page was found.
func read(body []byte, contentType string, at *url.URL) page {
	found := map[string]string{}
	keep := func(name, value string) {
		if value = strings.TrimSpace(value); value != "" && found[name] == "" {
			found[name] = value
		}
	}
	utf8, err := charset.NewReader(bytes.NewReader(body), contentType)
	if err != nil { // charset unknown: what is ASCII can still be read
		utf8 = bytes.NewReader(body)
	}
	z := html.NewTokenizer(utf8)
	z.SetMaxBuf(1 << 20)
	drawing := 0 // inside of svg, which has titles of its own
	for {
		switch z.Next() {
		case html.ErrorToken: // the end, or what was read until here
			return choose(found, at)
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			switch {
			case t.DataAtom == atom.Svg && t.Type == html.StartTagToken:
				drawing++
			case t.DataAtom == atom.Title && t.Type == html.StartTagToken && drawing == 0:
				if z.Next() == html.TextToken {
					keep("title", z.Token().Data)
				}
			case t.DataAtom == atom.Meta:
				a := attributes(t)
				name := a["property"]
				if name == "" {
					name = a["name"]
				}
				keep(strings.ToLower(strings.TrimSpace(name)), a["content"])
			case t.DataAtom == atom.Link:
				a := attributes(t)
				keep("link:"+strings.ToLower(strings.TrimSpace(a["rel"])), a["href"])
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); atom.Lookup(name) == atom.Svg && drawing > 0 {
				drawing--
			}
		}
	}
}

func attributes(t html.Token) map[string]string {
	m := make(map[string]string, len(t.Attr))
	for _, a := range t.Attr {
		if _, twice := m[a.Key]; !twice {
			m[a.Key] = a.Val
		}
	}
	return m
}

func choose(found map[string]string, at *url.URL) page {
	first := func(names ...string) string {
		for _, n := range names {
			if found[n] != "" {
				return found[n]
			}
		}
		return ""
	}
	p := page{
		title:       tidy(first("og:title", "twitter:title", "title"), maxTitle),
		description: tidy(first("og:description", "twitter:description", "description"), maxDescription),
	}
	picture := first("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src", "link:image_src")
	if u, err := url.Parse(picture); err == nil && picture != "" {
		if u = at.ResolveReference(u); u.Scheme == "https" || u.Scheme == "http" {
			p.image = u
		}
	}
	return p
}

// tidy makes one line of a page's words, without what cannot be seen or turns
// the reading direction.
func tidy(s string, limit int) string {
	s = strings.ToValidUTF8(s, "")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > limit {
		s = strings.TrimRight(string(r[:limit-1]), " ") + "…"
	}
	return s
}
