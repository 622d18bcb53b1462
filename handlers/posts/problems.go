package posts

import (
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/views/posts"
)

// severalKeys are the words for a problem that several pictures have.
var severalKeys = map[string]string{
	platforms.CodeAltMissing:  "problem_alt_missing_several",
	platforms.CodeMediaAspect: "problem_media_aspect_several",
}

// oneEach says a thing once: pictures with the same problem share a line, which
// leads to the first of them, and a problem of every account names none.
func (room *Room) oneEach(c echo.Context, all []posts.Problem, accounts int) []posts.Problem {
	out := make([]posts.Problem, 0, len(all))
	for i, q := range all {
		if key := severalKeys[q.Code]; key != "" {
			same := func(o posts.Problem) bool { return o.Code == q.Code && o.Account == q.Account }
			if slices.ContainsFunc(all[:i], same) {
				continue
			}
			n := 0
			for _, o := range all {
				if same(o) {
					n++
				}
			}
			if n > 1 {
				q.Text = i18n.N(c.Request().Context(), key, n)
			}
		}
		if accounts > 1 && q.Accounts == accounts {
			q.Account = ""
		}
		out = append(out, q)
	}
	return out
}
