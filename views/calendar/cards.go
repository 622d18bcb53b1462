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

// cards is a list that posts can be dragged into. A month holds hundreds of
// them, and a template costs twelve times what appending does
// (performance.md §2.2): so this one component is written by hand. Whatever
// people wrote goes through text.
func cards(all []Card) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		p := pens.Get().(*pen)
		defer func() {
			p.w = nil
			pens.Put(p)
		}()
		p.w, p.b = newCardWords(ctx), p.b[:0]
		p.raw(`<ul class="cards">`)
		for _, c := range all {
			p.card(c)
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
	return &cardWords{ctx: ctx, practice: templ.EscapeString(i18n.T(ctx, "calendar_practice")), states: map[club.Status]string{}}
}

// state is icon and word of a status.
func (w *cardWords) state(s club.Status) string {
	html, ok := w.states[s]
	if !ok {
		html = `<svg class="icon"><use href="#i-` + ui.StatusIcon(s) + `"/></svg>` + templ.EscapeString(i18n.T(w.ctx, "status_"+string(s)))
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

// card is a post in a cell. The link carries all facts for those who listen;
// what stands around it is for those who look. What can be done with the post
// stands in its attributes, and its buttons are called after it by reference:
// the menu and all words of it are on the page once (CardMenu).
func (p *pen) card(c Card) {
	p.raw(`<li class="pc" id="card-`)
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
	p.raw(`</span><a class="pc-text" href="/posts/`)
	p.number(c.ID)
	p.raw(`">`)
	p.text(c.Text)
	p.raw(`<span class="vh">`)
	p.text(c.Facts)
	p.raw(`</span></a><span class="badge pc-state" aria-hidden="true">`, p.w.state(c.Status), `</span>`)
	if c.Practice {
		p.raw(`<span class="badge" aria-hidden="true">`, p.w.practice, `</span>`)
	}
	if c.Movable {
		p.raw(`<button class="grab" aria-labelledby="card-grab card-`)
		p.number(c.ID)
		p.raw(`"></button>`)
	}
	p.more(c, "card-")
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

// more is the same for rows.
func more(c Card, prefix string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		var p pen
		p.more(c, prefix)
		_, err := w.Write(p.b)
		return err
	})
}
