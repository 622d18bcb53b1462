package instagram

import (
	"cmp"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/a-h/templ"

	"github.com/bandstand-app/bandstand/platforms"
)

// Preview implements platforms.Platform.
func (i *instagram) Preview(p platforms.Preview) templ.Component {
	return card(p, fold(p, i.Rules(p.Account)))
}

// parts is the text in the pieces it is drawn in.
type parts struct {
	Shown, Folded, Over string
	FoldKey             string
}

// foldLines is how many lines Instagram shows before it folds a caption.
const foldLines = 2

// fold cuts the text where Instagram, about, hides the rest, and before what
// does not fit at all.
func fold(p platforms.Preview, r platforms.Rules) parts {
	at, key := r.FoldPhone, "instagram.preview_fold_phone"
	if p.Computer {
		at, key = r.FoldComputer, "instagram.preview_fold_computer"
	}
	text := []rune(p.Draft.Text)
	fits := text[:max(0, len(text)-p.Over)]
	out := parts{Over: string(text[len(fits):]), FoldKey: key}
	lines := 0
	for n, c := range fits {
		if c == '\n' {
			lines++
		}
		if n >= at || lines >= foldLines {
			out.Shown, out.Folded = string(fits[:n]), string(fits[n:])
			return out
		}
	}
	out.Shown = string(fits)
	return out
}

// shape names the frame all pictures of a post are cut to: that of the first,
// within what Instagram takes.
func shape(ms []platforms.Media) string {
	first := ms[0]
	if first.Width <= 0 || first.Height <= 0 {
		return "square"
	}
	ratio := float64(first.Width) / float64(first.Height)
	switch {
	case ratio < 0.9:
		return "tall"
	case ratio < 1.2:
		return "square"
	case ratio < 1.6:
		return "wide"
	}
	return "widest"
}

// initial stands in for the profile picture.
func initial(name string) string {
	c, n := utf8.DecodeRuneInString(strings.TrimSpace(name))
	if n == 0 {
		return ""
	}
	return strings.ToUpper(string(c))
}

// handle is the name Instagram shows beside a post.
func handle(a platforms.Account) string { return cmp.Or(a.Handle, a.Name) }

var address = regexp.MustCompile(`(?i)\bhttps?://\S`)

// hasAddress tells whether the caption holds an address, which will be dead.
func hasAddress(d platforms.Draft) bool { return d.Link != nil || address.MatchString(d.Text) }
