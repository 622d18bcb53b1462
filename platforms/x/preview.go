package x

import (
	"context"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/pattern"
)

// cardView is what the preview card is drawn from.
type cardView struct {
	Initial  string
	Fits     []part // the text that will be seen
	Over     string // the end that does not fit
	Long     bool   // X shows the beginning, and the rest when it is asked for
	Pictures []platforms.Media
	Domain   string
}

// part is a piece of text; Marked ones are shown as links.
type part struct {
	Text   string
	Marked bool
}

func view(p platforms.Preview) cardView {
	rules := rulesOf(p.Account)
	fits, over := rules.Text[0].Split(clean(rules.FinalText(p.Draft)))
	v := cardView{Fits: parts(fits), Over: over, Pictures: p.Draft.Media}
	v.Long = rules.Text[0].Max > maxWeight && Weight(fits) > maxWeight
	if len(v.Pictures) > rules.Media.Max {
		v.Pictures = v.Pictures[:rules.Media.Max]
	}
	for _, r := range p.Account.Name {
		v.Initial = string(r)
		break
	}
	if p.Draft.Link != nil {
		if u, err := url.Parse(p.Draft.Link.URL); err == nil {
			v.Domain = strings.TrimPrefix(u.Hostname(), "www.")
		}
	}
	return v
}

// words writes the text without a space of its own: a template would put one
// between the parts, and the text is shown as it is.
func words(v cardView) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		var b strings.Builder
		for _, p := range v.Fits {
			if p.Marked {
				b.WriteString(`<span class="pv-x-link">` + templ.EscapeString(p.Text) + `</span>`)
			} else {
				b.WriteString(templ.EscapeString(p.Text))
			}
		}
		if v.Over != "" {
			b.WriteString(`<s class="pv-x-over">` + templ.EscapeString(v.Over) + `</s>`)
		}
		_, err := io.WriteString(w, b.String())
		return err
	})
}

// names are mentions, hashtags and cashtags, roughly: they are only coloured.
var names = pattern.Lazy(`(?:@[A-Za-z0-9_]{1,15}|#[\p{L}\p{M}\p{Nd}_]*[\p{L}\p{M}][\p{L}\p{M}\p{Nd}_]*|\$[A-Za-z]{1,6})\b`)

// parts marks what X will colour: addresses and names.
func parts(text string) []part {
	marks := findURLs(text, currentList)
	for _, m := range names().FindAllStringIndex(text, -1) {
		inURL := slices.ContainsFunc(marks, func(s span) bool { return m[0] < s.end && s.start < m[1] })
		if !inURL && mayPrecede(text[:m[0]]) {
			marks = append(marks, span{m[0], m[1]})
		}
	}
	slices.SortFunc(marks, func(a, b span) int { return a.start - b.start })
	var out []part
	at := 0
	for _, m := range marks {
		if m.start > at {
			out = append(out, part{Text: text[at:m.start]})
		}
		out = append(out, part{Text: text[m.start:m.end], Marked: true})
		at = m.end
	}
	if at < len(text) {
		out = append(out, part{Text: text[at:]})
	}
	return out
}
