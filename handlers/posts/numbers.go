package posts

import (
	"cmp"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/posts"
)

// numbersOf are the latest figures of a post; nil while there are none.
func (room *Room) numbersOf(c echo.Context, p store.Post) (*posts.Numbers, error) {
	ctx := c.Request().Context()
	found, err := room.DB.PostResults(ctx, web.Scope(c), p.ID)
	if err != nil {
		return nil, err
	}
	n := &posts.Numbers{}
	for _, num := range web.PostNumbers {
		n.Columns = append(n.Columns, web.T(c, "number_"+string(num)))
	}
	var taken readings
	d := &composerContext{practice: p.Practice}
	for _, r := range found {
		if r.TakenAt.IsZero() {
			continue
		}
		var row posts.NumberRow
		for _, x := range p.Deliveries {
			if x.ConnectionID == r.ConnectionID {
				row.Account, row.Name = room.accountView(d, x.Connection), room.nameAmong(d, x.Connection, p.Deliveries)
			}
		}
		words := room.NumberWords(c, r.Platform)
		for _, num := range web.PostNumbers {
			cell := posts.NumberCell{Text: room.NumberCell(c, r, num, words)}
			if _, given := r.Numbers[num]; !given {
				cell = posts.NumberCell{Why: cell.Text}
			}
			row.Values = append(row.Values, cell)
		}
		n.Rows = append(n.Rows, row)
		taken.add(i18n.When(ctx, room.Local(c, r.TakenAt)), row.Name)
	}
	if len(n.Rows) == 0 {
		return nil, nil
	}
	n.Taken = taken.words(c)
	return n, nil
}

// reading is a time at which figures were read, with whose they are.
type reading struct {
	when  string
	names []string
}

type readings []reading

func (r *readings) add(when, name string) {
	i := slices.IndexFunc(*r, func(x reading) bool { return x.when == when })
	if i < 0 {
		*r = append(*r, reading{when: when, names: []string{name}})
		return
	}
	(*r)[i].names = append((*r)[i].names, name)
}

// words say the commonest time once, and who differs from it.
func (r readings) words(c echo.Context) string {
	slices.SortStableFunc(r, func(a, b reading) int { return cmp.Compare(len(b.names), len(a.names)) })
	text := web.T(c, "post_numbers_taken", "when", r[0].when)
	for _, other := range r[1:] {
		text = web.T(c, "post_numbers_but", "text", text, "accounts", web.JoinAnd(c, other.names), "when", other.when)
	}
	return text
}
