package web

import (
	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// NumberCell writes a number of a post, or says why there is none: never 0 for want
// of an answer. words are those of NumberWords.
func (app *App) NumberCell(c echo.Context, r store.Result, n platforms.Number, words map[platforms.Number]string) string {
	v, given := r.Numbers[n]
	switch {
	case given:
		return i18n.Number(c.Request().Context(), v)
	case words[n] == "":
		return T(c, "results_not_offered")
	case r.TakenAt.IsZero():
		return T(c, "results_not_yet")
	}
	return T(c, "results_not_given")
}

// NumberWords returns what a platform calls its numbers.
func (app *App) NumberWords(c echo.Context, id platforms.ID) map[platforms.Number]string {
	out := map[platforms.Number]string{}
	if p, ok := app.Registry(Actor(c).Club.Practice).Platform(id); ok {
		for _, w := range p.Info().Numbers {
			out[w.Number] = w.Word
		}
	}
	return out
}

// PostNumbers are the numbers of a post, in the order in which pages show them.
var PostNumbers = []platforms.Number{platforms.Impressions, platforms.Reach, platforms.Likes, platforms.Comments, platforms.Shares}
