//go:build !race

package browser

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/text/unicode/bidi"
)

// TestWordsFromRightToLeftAreReadableEverywhere: on no page do words of people that
// run from right to left lie loose among ours. They stand in an element that takes
// its direction from them, or are a stretch of their own within a sentence.
func TestWordsFromRightToLeftAreReadableEverywhere(t *testing.T) {
	t.Parallel()
	app := startless(t)
	furnishMore(t, app)
	rewrite(t, app, func(column string, i int) string { return fmt.Sprintf("שבת שלום (3:1) %d, FC", i) })
	change(t, app, `UPDATE clubs SET changes = changes + 1`)
	c := newCrawler(t, app)
	said, words := map[string]bool{}, 0
	c.drawn = func(what string, page *html.Node) {
		for n := range page.Descendants() {
			if n.Type != html.TextNode || !strings.ContainsFunc(n.Data, fromTheRight) || unseen(n) {
				continue
			}
			words++
			if at := number.ReplaceAllString(what, "N") + place(n); strings.ContainsFunc(outsideIsolates(n.Data), fromTheRight) && !takesDirection(n) && !said[at] {
				said[at] = true
				t.Errorf("%s: %s holds %.60q", what, place(n), strings.TrimSpace(n.Data))
			}
		}
	}
	c.crawl(c.starts()...)
	if words < 300 {
		t.Errorf("%d texts were looked at, that cannot be all", words)
	}
}

func fromTheRight(r rune) bool {
	p, _ := bidi.LookupRune(r)
	return p.Class() == bidi.R || p.Class() == bidi.AL
}

// unseen reports whether nobody reads a text with their eyes on the page, or whether
// it is part of the composer, which sets directions while one types.
func unseen(n *html.Node) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		switch p.Data {
		case "head", "script", "style", "bs-composer":
			return true
		}
		for class := range strings.FieldsSeq(value(p, "class")) {
			if class == "vh" {
				return true
			}
		}
	}
	return false
}

// takesDirection reports whether the nearest direction that is set for a text is its own.
func takesDirection(n *html.Node) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		if attribute(p, "dir") {
			return value(p, "dir") == "auto"
		}
	}
	return false
}

// outsideIsolates is a text without the stretches that have a direction of their own.
func outsideIsolates(s string) string {
	var b strings.Builder
	depth := 0
	for _, r := range s {
		switch {
		case r == '\u2068':
			depth++
		case r == '\u2069' && depth > 0:
			depth--
		case depth == 0:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// place is where a text stands: the elements around it with their classes.
func place(n *html.Node) string {
	var parts []string
	for p := n.Parent; p != nil && p.Data != "body" && len(parts) < 4; p = p.Parent {
		parts = append([]string{strings.TrimRight(p.Data+"."+value(p, "class"), ".")}, parts...)
	}
	return strings.Join(parts, " > ")
}
