package calendar

import (
	"context"
	"io"
	"strconv"
	"sync"

	"github.com/a-h/templ"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/views/ui"
)

// dragged are cards that can be dragged to other days.
func dragged(all []Card) templ.Component { return cards(all, "card-", true) }

// listed are cards below each other, which can be moved by their menu. prefix
// begins their ids, so that a dialog can show one that is on the page already.
func listed(all []Card, prefix string) templ.Component { return cards(all, prefix, false) }

// cards is a list of posts. A month holds hundreds of
// them, and a template costs twelve times what appending does:
// so this one component is written by hand. Whatever
// people wrote goes through text.
func cards(all []Card, prefix string, drag bool) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		p := pens.Get().(*pen)
		defer func() {
			p.w = nil
			pens.Put(p)
		}()
		p.w, p.b = newCardWords(ctx), p.b[:0]
		p.raw(`<ul class="cards">`)
		for _, c := range all {
			p.card(c, prefix, drag)
		}
		p.raw(`</ul>`)
		_, err := w.Write(p.b)
		return err
	})
}

// pens keep their paper: a month would otherwise be written into half a
// megabyte of fresh memory.
var pens = sync.Pool{New: func() any { return new(pen) }}

// cardWords is what all cards of a list say alike.
type cardWords struct {
	ctx      context.Context
	practice string
	states   map[club.Status]string
}

func newCardWords(ctx context.Context) *cardWords {
	return &cardWords{ctx: ctx, practice: templ.EscapeString(i18n.T(ctx, "badge_practice")), states: map[club.Status]string{}}
}

// state is the icon of a status, and its word where it is not what one hopes for.
func (w *cardWords) state(s club.Status) string {
	html, ok := w.states[s]
	if !ok {
		html = `<svg class="icon"><use href="#i-` + ui.StatusIcon(s) + `"/></svg>`
		if s != club.Scheduled && s != club.Published {
			html += templ.EscapeString(i18n.T(w.ctx, "status_"+string(s)))
		}
		w.states[s] = html
	}
	return html
}

// pen appends HTML.
type pen struct {
	b []byte
	w *cardWords
}

func (p *pen) raw(parts ...string) {
	for _, s := range parts {
		p.b = append(p.b, s...)
	}
}

func (p *pen) text(s string) { p.b = append(p.b, templ.EscapeString(s)...) }

func (p *pen) number(n int64) { p.b = strconv.AppendInt(p.b, n, 10) }

// card is a post: a line with its time, where it goes and how it stands, and
// below its words and its picture. The link carries all facts for those who
// listen; what stands around it is for those who look. What can be done with the
// post stands in its attributes, and its buttons are called after it by
// reference: the menu and all words of it are on the page once (CardMenu).
func (p *pen) card(c Card, prefix string, drag bool) {
	p.raw(`<li class="pc" id="`, prefix)
	p.number(c.ID)
	p.raw(`" data-v="`)
	p.number(c.Version)
	p.raw(`" data-s="`)
	p.text(string(c.Status))
	p.raw(`"`)
	if c.Movable {
		p.raw(` data-move`)
	}
	if c.Editable {
		p.raw(` data-edit`)
	}
	p.raw(`><span class="pc-top" aria-hidden="true">`)
	if c.Time != "" {
		p.raw(`<b>`)
		p.text(c.Time)
		p.raw(`</b>`)
	}
	for _, chip := range c.Chips {
		p.raw(`<span><svg><use href="#p-`)
		p.text(chip.Platform)
		p.raw(`"/></svg>`)
		p.text(chip.Short)
		p.raw(`</span>`)
	}
	if c.Practice {
		p.raw(`<i class="badge">`, p.w.practice, `</i>`)
	}
	p.raw(`<i class="pc-state">`, p.w.state(c.Status), `</i></span>`)
	if c.Picture != "" {
		p.raw(`<img class="pc-pic" src="`)
		p.text(c.Picture)
		p.raw(`" width="36" height="36" alt="" loading="lazy" decoding="async">`)
	}
	p.raw(`<a class="pc-text" href="/posts/`)
	p.number(c.ID)
	p.raw(`" dir="auto">`)
	p.text(c.Text)
	p.raw(`<span class="vh">`)
	p.text(c.Facts)
	p.raw(`</span></a>`)
	if c.Movable && drag {
		p.raw(`<button class="grab" aria-labelledby="card-grab `, prefix)
		p.number(c.ID)
		p.raw(`"></button>`)
	}
	p.more(c, prefix)
	p.raw(`</li>`)
}

// more is the button that opens the menu, if there is more to do than to open
// the post.
func (p *pen) more(c Card, prefix string) {
	if !c.Movable && !c.Editable {
		return
	}
	p.raw(`<button class="dots" aria-haspopup="menu" aria-labelledby="card-more `, prefix)
	p.number(c.ID)
	p.raw(`"></button>`)
}
