// Package results shows how posts did: on a page, and as a file for a spreadsheet.
package results

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
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/results"
	"github.com/bandstand-app/bandstand/views/ui"
)

// Room answers for the results.
type Room struct {
	*web.App
}

// Routes returns the addresses of the room.
func (room *Room) Routes() []web.Route {
	return []web.Route{
		web.Get("/results", club.ViewClub, room.showResults, web.Heavy),
		web.Post("/results/numbers", club.WritePosts, room.takeNumbers),
		web.Get("/results.csv", club.ViewClub, room.exportResults, web.Heavy|web.Acting),
	}
}

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

func (room *Room) resultQuery(c echo.Context) resultQuery {
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
func (room *Room) findResults(c echo.Context, q resultQuery) ([]store.Result, error) {
	return room.DB.Results(c.Request().Context(), web.Scope(c), store.ResultFilter{
		From: room.resultsFrom(c, q.days), To: room.Now().Add(time.Minute), Connection: q.account, Practice: web.Actor(c).Club.Practice, Limit: resultsShown,
	})
}

// resultsFrom is when a period of so many days begins that ends with today: at
// midnight of the club.
func (room *Room) resultsFrom(c echo.Context, days int) time.Time {
	y, m, d := room.Local(c, room.Now()).Date()
	return time.Date(y, m, d+1-days, 0, 0, 0, 0, room.Zone(c))
}

// resultsBefore reads the rows of as many days before those of the page, to compare
// with.
func (room *Room) resultsBefore(c echo.Context, q resultQuery) ([]store.Result, error) {
	end := room.resultsFrom(c, q.days)
	return room.DB.Results(c.Request().Context(), web.Scope(c), store.ResultFilter{
		From: end.AddDate(0, 0, -q.days), To: end, Connection: q.account, Practice: web.Actor(c).Club.Practice, Limit: resultsShown,
	})
}

func (room *Room) showResults(c echo.Context) error {
	ctx := c.Request().Context()
	q := room.resultQuery(c)
	rows, err := room.findResults(c, q)
	if err != nil {
		return err
	}
	before, err := room.resultsBefore(c, q)
	if err != nil {
		return err
	}
	posts := room.byPost(rows, q.sort)
	page := results.Page{
		Page: room.Page(c, "results", web.T(c, "results_title")), Days: strconv.Itoa(q.days), Account: strconv.FormatInt(q.account, 10),
		CSV: q.href("/results.csv", q.sort), CanTake: web.Actor(c).Role.Can(club.WritePosts), Sorts: room.resultSorts(c, q),
		Accounts: []ui.Option{{Value: "0", Label: web.T(c, "results_all_accounts")}},
	}
	for _, d := range resultPeriods {
		page.Periods = append(page.Periods, ui.Option{Value: strconv.Itoa(d), Label: i18n.N(ctx, "results_days", d)})
	}
	connections, err := room.DB.Connections(ctx, web.Scope(c))
	if err != nil {
		return err
	}
	for _, x := range connections {
		if x.Practice != web.Actor(c).Club.Practice {
			continue
		}
		page.Accounts = append(page.Accounts, ui.Option{Value: strconv.FormatInt(x.ID, 10), Label: room.AccountOn(c, x.Account.Name, x.Account.Platform)})
	}
	page.Summary, page.Figures = room.resultSummary(c, q, rows, before)
	page.Most = room.mostSeen(c, rows)
	page.Chart = room.resultChart(c, q, rows)
	if len(rows) == resultsShown {
		page.Cut = web.T(c, "results_cut", "n", strconv.Itoa(len(posts)))
	}
	for _, p := range posts {
		page.Posts = append(page.Posts, room.resultPost(c, p))
	}
	return room.Render(c, http.StatusOK, results.Results(page))
}

// resultSorts are the orders of the list. What a platform counts as seen compares
// with that of no other, so that order is there for one account alone.
func (room *Room) resultSorts(c echo.Context, q resultQuery) []results.Sort {
	var out []results.Sort
	for _, sort := range []string{"published", "responses", "seen"} {
		if sort != "seen" || q.account != 0 {
			out = append(out, results.Sort{Label: web.T(c, "results_sort_"+sort), Href: q.href("/results", sort), Current: sort == q.sort})
		}
	}
	return out
}

// takeNumbers asks the platforms for numbers soon; the page is rendered from
// what is kept.
func (room *Room) takeNumbers(c echo.Context) error {
	n, err := room.DB.MeasureNow(c.Request().Context(), web.Scope(c), 0)
	if err != nil {
		return err
	}
	room.Flash(c, "done", i18n.N(c.Request().Context(), "results_taking", n))
	return web.SeeOther(c, "/results")
}
