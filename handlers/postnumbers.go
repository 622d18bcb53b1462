package handlers

import (
	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/posts"
)

// postNumbers are the columns of a post's numbers.
var postNumbers = []platforms.Number{platforms.Impressions, platforms.Reach, platforms.Likes, platforms.Comments, platforms.Shares}

// numbersOf are the latest figures of a post; nil while there are none.
func (s *Server) numbersOf(c echo.Context, p store.Post) (*posts.Numbers, error) {
	ctx := c.Request().Context()
	found, err := s.DB.PostResults(ctx, web.Scope(c), p.ID)
	if err != nil {
		return nil, err
	}
	n := &posts.Numbers{}
	for _, num := range postNumbers {
		n.Columns = append(n.Columns, web.T(c, "number_"+string(num)))
	}
	for _, r := range found {
		if r.TakenAt.IsZero() {
			continue
		}
		row := posts.NumberRow{Taken: i18n.When(ctx, s.Local(c, r.TakenAt))}
		for _, x := range p.Deliveries {
			if x.ConnectionID == r.ConnectionID {
				row.Account = s.accountView(&desk{practice: p.Practice}, x.Connection)
			}
		}
		words := s.numberWords(c, r.Platform)
		for _, num := range postNumbers {
			row.Values = append(row.Values, s.cell(c, r, num, words))
		}
		n.Rows = append(n.Rows, row)
	}
	if len(n.Rows) == 0 {
		return nil, nil
	}
	return n, nil
}
