package calendar

import (
	"context"
	"io"
	"strconv"
	"strings"
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
		return p.to(w)
	})
}

// pens keep their paper: a month would otherwise be written into half a
// megabyte of fresh memory.
var pens = sync.Pool{New: func() any { return new(pen) }}

// cardWords is what all cards of a list say alike.
type cardWords struct {
	ctx                                    context.Context
	open, move, edit, menu, grab, practice string
	dots, grip                             string                 // icons
	badges                                 map[club.Status]string // drawn
	err                                    error
}

func newCardWords(ctx context.Context) *cardWords {
	t := func(key string) string { return templ.EscapeString(i18n.T(ctx, key)) }
	w := &cardWords{
		ctx: ctx, open: t("calendar_open"), move: t("calendar_move"), edit: t("calendar_edit"), menu: t("calendar_menu"), grab: t("calendar_grab"),
		practice: t("calendar_practice"), badges: map[club.Status]string{},
	}
	w.dots, w.grip = w.draw(ui.Icon("ellipsis")), w.draw(ui.Icon("grip-vertical"))
	return w
}

func (w *cardWords) draw(c templ.Component) string {
	var b strings.Builder
	if err := c.Render(w.ctx, &b); err != nil {
		w.err = err
	}
	return b.String()
}

func (w *cardWords) badge(s club.Status) string {
	html, ok := w.badges[s]
	if !ok {
		html = w.draw(ui.Badge(s))
		w.badges[s] = html
	}
	return html
}

// pen appends HTML.
type pen struct {
	b []byte
	w *cardWords
}

// to sends what was appended.
func (p *pen) to(w io.Writer) error {
	if p.w.err != nil {
		return p.w.err
	}
	_, err := w.Write(p.b)
	return err
}

func (p *pen) raw(parts ...string) {
	for _, s := range parts {
		p.b = append(p.b, s...)
	}
}

func (p *pen) text(s string) { p.b = append(p.b, templ.EscapeString(s)...) }

func (p *pen) number(n int64) { p.b = strconv.AppendInt(p.b, n, 10) }

// card is a post in a cell. The link carries all facts for those who listen;
// what stands around it is for those who look.
func (p *pen) card(c Card) {
	p.raw(`<li class="pc" id="card-`)
	p.number(c.ID)
	p.raw(`" data-v="`)
	p.number(c.Version)
	p.raw(`" data-s="`)
	p.text(string(c.Status))
	if c.Movable {
		p.raw(`" data-move="`)
	}
	p.raw(`"><span class="pc-top" aria-hidden="true">`)
	if c.Time != "" {
		p.raw(`<b>`)
		p.text(c.Time)
		p.raw(`</b>`)
	}
	for _, chip := range c.Chips {
		p.raw(`<span class="pf"><svg><use href="#p-`)
		p.text(chip.Platform)
		p.raw(`"></use></svg>`)
		p.text(chip.Short)
		p.raw(`</span>`)
	}
	p.raw(`</span><a class="pc-text" href="/posts/`)
	p.number(c.ID)
	p.raw(`">`)
	p.text(c.Text)
	p.raw(`<span class="vh">`)
	p.text(c.Facts)
	p.raw(`</span></a><span class="pc-state" aria-hidden="true">`, p.w.badge(c.Status))
	if c.Practice {
		p.raw(`<span class="badge">`, p.w.practice, `</span>`)
	}
	p.raw(`</span>`)
	if c.Movable {
		p.raw(`<button class="grab" type="button" aria-label="`, p.w.grab, ` `)
		p.text(c.Text)
		p.raw(`">`, p.w.grip, `</button>`)
	}
	if c.Movable || c.Editable {
		p.menu(c)
	}
	p.raw(`</li>`)
}

func (p *pen) menu(c Card) {
	p.raw(`<details class="menu"><summary aria-label="`, p.w.menu, ` `)
	p.text(c.Text)
	p.raw(`">`, p.w.dots, `</summary><div class="menu-list"><a href="/posts/`)
	p.number(c.ID)
	p.raw(`">`, p.w.open, `</a>`)
	if c.Movable {
		p.raw(`<a class="to-move" href="/posts/`)
		p.number(c.ID)
		p.raw(`/move" hx-get="/posts/`)
		p.number(c.ID)
		p.raw(`/move" hx-target="#dialog-root" hx-swap="innerHTML">`, p.w.move, `</a>`)
	}
	if c.Editable {
		p.raw(`<a class="to-edit" href="/posts/`)
		p.number(c.ID)
		p.raw(`/edit">`, p.w.edit, `</a>`)
	}
	p.raw(`</div></details>`)
}

// menu is the menu of one card, for rows.
func menu(c Card) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		p := pen{w: newCardWords(ctx)}
		p.menu(c)
		return p.to(w)
	})
}
