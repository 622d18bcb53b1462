package linkcard

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// The most that is kept of a page's words, in characters: more than any
// platform shows.
const (
	maxTitle       = 200
	maxDescription = 500
)

// maxImages is how many pictures of a page are tried.
const maxImages = 4

// page is what a web page says of itself.
type page struct {
	title, description string
	images             []*url.URL // the best first
}

// read finds the title, description and pictures in an HTML page of any
// charset. Words that cannot be read for certain are left out. at is where the
// page was found.
func read(body []byte, contentType string, at *url.URL) page {
	var best page
	for i, r := range readings(body, contentType) {
		p := choose(parse(r.text), at)
		isSound := r.isSound(p.title) && r.isSound(p.description)
		if isSound && p.title+p.description != "" {
			return p
		}
		if i == 0 {
			best = p
			if !r.isSound(p.title) {
				best.title = ""
			}
			if !r.isSound(p.description) {
				best.description = ""
			}
		}
	}
	return best
}

// values are what a page says, by name, in the order in which it stands there.
type values map[string][]string

// parse reads the values of a page: of <meta> by property or name, the title as
// "title", links as "link:" and their relation, the base as "base".
func parse(text string) values {
	found := values{}
	keep := func(name, value string) {
		if value = strings.TrimSpace(value); value != "" && len(found[name]) < maxImages {
			found[name] = append(found[name], value)
		}
	}
	z := html.NewTokenizer(strings.NewReader(strings.ReplaceAll(text, "\x00", "")))
	z.SetMaxBuf(maxPage)
	drawing := 0 // inside of svg, which has titles of its own
	for {
		switch z.Next() {
		case html.ErrorToken: // the end, or what was read until here
			return found
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			switch t.DataAtom {
			case atom.Svg:
				if t.Type == html.StartTagToken {
					drawing++
				}
			case atom.Title:
				if t.Type == html.StartTagToken && drawing == 0 && z.Next() == html.TextToken {
					keep("title", z.Token().Data)
				}
			case atom.Meta:
				a := attributes(t)
				name := a["property"]
				if name == "" {
					name = a["name"]
				}
				keep(strings.ToLower(strings.TrimSpace(name)), a["content"])
			case atom.Link:
				a := attributes(t)
				keep("link:"+strings.ToLower(strings.TrimSpace(a["rel"])), a["href"])
			case atom.Base:
				keep("base", attributes(t)["href"])
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

// choose takes the best of what a page says: Open Graph wins over Twitter's
// names, and these over plain HTML; of one name the first counts.
func choose(found values, at *url.URL) page {
	first := func(names ...string) string {
		for _, n := range names {
			if len(found[n]) > 0 {
				return found[n][0]
			}
		}
		return ""
	}
	p := page{
		title:       tidy(first("og:title", "twitter:title", "title"), maxTitle),
		description: tidy(first("og:description", "twitter:description", "description"), maxDescription),
	}
	base := at
	if u, ok := resolved(at, first("base")); ok {
		base = u
	}
	known := map[string]bool{}
	for _, name := range []string{"og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src", "link:image_src"} {
		for _, address := range found[name] {
			u, ok := resolved(base, address)
			if !ok || known[u.String()] || len(p.images) == maxImages {
				continue
			}
			known[u.String()] = true
			p.images = append(p.images, u)
		}
	}
	return p
}

// resolved is an address on a page, seen from where the page is.
func resolved(base *url.URL, address string) (*url.URL, bool) {
	u, err := url.Parse(address)
	if err != nil || address == "" {
		return nil, false
	}
	u = base.ResolveReference(u)
	return u, u.Scheme == "https" || u.Scheme == "http"
}

// tidy makes one line of a page's words, without what cannot be seen or turns
// the reading direction. Joiners stay, which make one emoji of several and shape
// Persian and Indic words, and the tags of flags.
func tidy(s string, limit int) string {
	const flag, lastTag = '\U0001f3f4', '\U000e007f'
	inFlag := false
	s = strings.Map(func(r rune) rune {
		isTag := r >= '\U000e0020' && r <= lastTag
		inFlag = r == flag || inFlag && isTag
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == '\u200c', r == '\u200d', isTag && inFlag, unicode.IsPrint(r):
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, ""))
	return shortened(strings.Trim(strings.Join(strings.Fields(s), " "), "\u200c\u200d"), limit)
}

// shortened cuts text to a number of runes between what readers see as
// characters.
func shortened(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	kept, runes := 0, 0
	for g := graphemes.FromString(s); g.Next(); {
		if runes += utf8.RuneCountInString(g.Value()); runes > limit-1 {
			break
		}
		kept = g.End()
	}
	return strings.TrimRight(s[:kept], " ") + "…"
}
