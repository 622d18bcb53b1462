package bluesky

import (
	"cmp"
	"strings"

	"github.com/a-h/templ"
	"github.com/clipperhouse/uax29/v2/graphemes"

	"github.com/bandstand-app/bandstand/platforms"
)

// Preview implements platforms.Platform.
func (b *Bluesky) Preview(p platforms.Preview) templ.Component {
	return card(p, runs(layDraft(p.Draft)))
}

// run is a stretch of text that looks the same throughout.
type run struct {
	text   string
	marked bool // link, hashtag or mention
	over   bool // beyond the limit
}

// runs cuts a text at its parts and at the limit.
func runs(l layout) []run {
	limit := fits(l.text)
	var out []run
	add := func(start, end int, marked bool) {
		for _, cut := range []struct {
			start, end int
			over       bool
		}{{start, min(end, limit), false}, {max(start, limit), end, true}} {
			if cut.start < cut.end {
				out = append(out, run{l.text[cut.start:cut.end], marked, cut.over})
			}
		}
	}
	at := 0
	for _, p := range l.parts {
		add(at, p.start, false)
		add(p.start, p.end, true)
		at = p.end
	}
	add(at, len(l.text), false)
	return out
}

// fits is the number of bytes of a text that the server takes.
func fits(text string) int {
	n, end := 0, 0
	for it := graphemes.FromString(text); it.Next(); n++ {
		if n == maxGraphemes || it.End() > maxBytes {
			break
		}
		end = it.End()
	}
	return end
}

func isOver(rs []run) bool { return len(rs) > 0 && rs[len(rs)-1].over }

// initial stands for the picture of an account.
func initial(a platforms.Account) string {
	for it := graphemes.FromString(strings.TrimSpace(cmp.Or(a.Name, a.Handle))); it.Next(); {
		return strings.ToUpper(it.Value())
	}
	return ""
}

func linkTitle(l *platforms.Link) string { return cmp.Or(l.Title, hostOf(l.URL), l.URL) }
