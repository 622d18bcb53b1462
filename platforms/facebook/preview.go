package facebook

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/a-h/templ"

	"github.com/bandstand-app/bandstand/platforms"
)

// Preview implements platforms.Platform.
func (f *facebook) Preview(p platforms.Preview) templ.Component {
	return card(p, fold(p, f.Rules(p.Account)))
}

// parts is the text in the pieces it is drawn in.
type parts struct {
	Shown, Folded, Over string
	FoldKey             string
}

// foldLines is how many lines a platform shows before it folds a text.
const foldLines = 5

// fold cuts the text where Facebook, about, hides the rest, and before what
// does not fit at all.
func fold(p platforms.Preview, r platforms.Rules) parts {
	at, key := r.FoldPhone, "facebook.preview_fold_phone"
	if p.Computer {
		at, key = r.FoldComputer, "facebook.preview_fold_computer"
	}
	text := []rune(p.Draft.Text)
	fits := text[:max(0, len(text)-p.Over)]
	out := parts{Over: string(text[len(fits):]), FoldKey: key}
	lines := 0
	for i, c := range fits {
		if c == '\n' {
			lines++
		}
		if i >= at || lines >= foldLines {
			out.Shown, out.Folded = string(fits[:i]), string(fits[i:])
			return out
		}
	}
	out.Shown = string(fits)
	return out
}

// maxTiles is how many photos the grid shows before it only counts the rest.
const maxTiles = 5

// tiles are the photos drawn in the grid.
func tiles(ms []platforms.Media) []platforms.Media { return ms[:min(len(ms), maxTiles)] }

// initial stands in for the profile picture.
func initial(name string) string {
	c, n := utf8.DecodeRuneInString(strings.TrimSpace(name))
	if n == 0 {
		return ""
	}
	return strings.ToUpper(string(c))
}

// domain is how Facebook names the site of a link.
func domain(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return strings.ToUpper(strings.TrimPrefix(u.Hostname(), "www."))
}
