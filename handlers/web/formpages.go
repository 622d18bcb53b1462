package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// formPages says for each address that only takes forms which page its form is on.
// An answer to a form stands at its address: whoever loads that again, keeps it as
// a bookmark or comes back to it is led there, and sends nothing.
func formPages(all []Route) map[string]string {
	pages := map[string]bool{}
	for _, r := range all {
		if r.Method == http.MethodGet {
			pages[r.Path] = true
		}
	}
	out := map[string]string{}
	for _, r := range all {
		if r.Method != http.MethodPost || pages[r.Path] {
			continue
		}
		to := r.page
		for up := r.Path; to == ""; {
			if up = up[:strings.LastIndexByte(up, '/')]; up == "" || pages[up] {
				to = up + "/"
			}
		}
		out[r.Path] = strings.TrimSuffix(to, "/")
	}
	return out
}

// leadTo redirects to a page above the address that was asked for, or to a page
// without parameters.
func leadTo(page string) echo.HandlerFunc {
	return func(c echo.Context) error {
		to := page
		if strings.Contains(page, ":") {
			asked := strings.Split(c.Request().URL.EscapedPath(), "/")
			to = strings.Join(asked[:strings.Count(page, "/")+1], "/")
		}
		if to == "" {
			to = "/"
		}
		return c.Redirect(http.StatusSeeOther, to)
	}
}
