package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/results"
	"github.com/bandstand-app/bandstand/views/ui"
)

// resultsShown is the most rows of the results page.
const resultsShown = 500

// resultPeriods are the choices of how far back, in days.
var resultPeriods = []int{7, 28, 90, 365}

// resultQuery is what the address of the results page says.
type resultQuery struct {
	days    int
	account int64
	sort    string
}

func (s *Server) resultQuery(c echo.Context) resultQuery {
	q := resultQuery{days: 28, account: web.ParseID(c.QueryParam("account")), sort: c.QueryParam("sort")}
	if n, err := strconv.Atoi(c.QueryParam("days")); err == nil && slices.Contains(resultPeriods, n) {
		q.days = n
	}
	if q.sort != "responses" && (q.sort != "seen" || q.account == 0) {
		q.sort = "published"
	}
	return q
}

func (q resultQuery) href(path, sort string) string {
	v := url.Values{"days": {strconv.Itoa(q.days)}, "sort": {sort}}
	if q.account != 0 {
		v.Set("account", strconv.FormatInt(q.account, 10))
	}
	return path + "?" + v.Encode()
}

// findResults reads the rows that the address asks for, newest first.
func (s *Server) findResults(c echo.Context, q resultQuery) ([]store.Result, error) {
	return s.DB.Results(c.Request().Context(), web.Scope(c), store.ResultFilter{
		From: s.resultsFrom(c, q.days), To: s.Now().Add(time.Minute), Connection: q.account, Practice: web.Actor(c).Club.Practice, Limit: resultsShown,
	})
}

// resultsFrom is when a period of so many days begins that ends with today: at
// midnight of the club.
func (s *Server) resultsFrom(c echo.Context, days int) time.Time {
	y, m, d := s.Local(c, s.Now()).Date()
	return time.Date(y, m, d+1-days, 0, 0, 0, 0, s.Zone(c))
}

// resultsBefore reads the rows of as many days before those of the page, to compare
// with.
func (s *Server) resultsBefore(c echo.Context, q resultQuery) ([]store.Result, error) {
	end := s.resultsFrom(c, q.days)
	return s.DB.Results(c.Request().Context(), web.Scope(c), store.ResultFilter{
		From: end.AddDate(0, 0, -q.days), To: end, Connection: q.account, Practice: web.Actor(c).Club.Practice, Limit: resultsShown,
	})
}

func (s *Server) showResults(c echo.Context) error {
	ctx := c.Request().Context()
	q := s.resultQuery(c)
	rows, err := s.findResults(c, q)
	if err != nil {
		return err
	}
	before, err := s.resultsBefore(c, q)
	if err != nil {
		return err
	}
	posts := s.byPost(rows, q.sort)
	page := results.Page{
		Page: s.Page(c, "results", web.T(c, "results_title")), Days: strconv.Itoa(q.days), Account: strconv.FormatInt(q.account, 10),
		CSV: q.href("/results.csv", q.sort), CanTake: web.Actor(c).Role.Can(club.WritePosts), Sorts: s.resultSorts(c, q),
		Accounts: []ui.Option{{Value: "0", Label: web.T(c, "results_all_accounts")}},
	}
	for _, d := range resultPeriods {
		page.Periods = append(page.Periods, ui.Option{Value: strconv.Itoa(d), Label: i18n.N(ctx, "results_days", d)})
	}
	connections, err := s.DB.Connections(ctx, web.Scope(c))
	if err != nil {
		return err
	}
	for _, x := range connections {
		if x.Practice != web.Actor(c).Club.Practice {
			continue
		}
		page.Accounts = append(page.Accounts, ui.Option{Value: strconv.FormatInt(x.ID, 10), Label: s.AccountOn(c, x.Account.Name, x.Account.Platform)})
	}
	page.Summary, page.Figures = s.resultSummary(c, q, rows, before)
	page.Most = s.mostSeen(c, rows)
	page.Chart = s.resultChart(c, q, rows)
	if len(rows) == resultsShown {
		page.Cut = web.T(c, "results_cut", "n", strconv.Itoa(len(posts)))
	}
	for _, p := range posts {
		page.Posts = append(page.Posts, s.resultPost(c, p))
	}
	return s.Render(c, http.StatusOK, results.Results(page))
}

// resultSorts are the orders of the list. What a platform counts as seen compares
// with that of no other, so that order is there for one account alone.
func (s *Server) resultSorts(c echo.Context, q resultQuery) []results.Sort {
	var out []results.Sort
	for _, sort := range []string{"published", "responses", "seen"} {
		if sort != "seen" || q.account != 0 {
			out = append(out, results.Sort{Label: web.T(c, "results_sort_"+sort), Href: q.href("/results", sort), Current: sort == q.sort})
		}
	}
	return out
}

// cell writes a number, or says why there is none: never 0 for want of an
// answer.
func (s *Server) cell(c echo.Context, r store.Result, n platforms.Number, words map[platforms.Number]string) string {
	v, given := r.Numbers[n]
	switch {
	case given:
		return i18n.Number(c.Request().Context(), v)
	case words[n] == "":
		return web.T(c, "results_not_offered")
	case r.TakenAt.IsZero():
		return web.T(c, "results_not_yet")
	}
	return web.T(c, "results_not_given")
}

// numberWords is what a platform calls its numbers.
func (s *Server) numberWords(c echo.Context, id platforms.ID) map[platforms.Number]string {
	out := map[platforms.Number]string{}
	if p, ok := s.Registry(web.Actor(c).Club.Practice).Platform(id); ok {
		for _, w := range p.Info().Numbers {
			out[w.Number] = w.Word
		}
	}
	return out
}

// takeNumbers asks the platforms for numbers soon; the page is rendered from
// what is kept.
func (s *Server) takeNumbers(c echo.Context) error {
	n, err := s.DB.MeasureNow(c.Request().Context(), web.Scope(c), 0)
	if err != nil {
		return err
	}
	s.Flash(c, "done", i18n.N(c.Request().Context(), "results_taking", n))
	return web.SeeOther(c, "/results")
}
