package results

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/sheet"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// sheetTime is a time as spreadsheets of every language read it.
const sheetTime = "2006-01-02 15:04"

// exportResults gives the results as a file for a spreadsheet, a row for each post
// and account, with times of the club's zone.
func (room *Room) exportResults(c echo.Context) error {
	rows, err := room.findResults(c, room.resultQuery(c))
	if err != nil {
		return err
	}
	numbers := []platforms.Number{platforms.Impressions, platforms.Reach, platforms.Likes, platforms.Comments, platforms.Shares}
	zone := web.Actor(c).Club.Zone
	head := []string{
		web.T(c, "results_post"), web.T(c, "results_platform"), web.T(c, "results_account"), web.T(c, "results_published_in", "zone", zone),
		web.T(c, "results_address"), web.T(c, "results_taken_in", "zone", zone),
	}
	for _, n := range numbers {
		head = append(head, web.T(c, "number_"+string(n)))
	}
	table := [][]string{append(head, web.T(c, "results_responses"))}
	for _, r := range rows {
		line := []string{r.Excerpt, room.PlatformName(c, r.Platform), r.Account, room.sheetTime(c, r.PublishedAt), r.RemoteURL, room.sheetTime(c, r.TakenAt)}
		for _, n := range numbers {
			line = append(line, sheetNumber(r.Numbers[n], has(r, n)))
		}
		table = append(table, append(line, sheetNumber(responsesOf(r), hasResponses(r))))
	}
	if err := room.DB.Audit(c.Request().Context(), web.Scope(c), "export", "results", web.Origin(c)); err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="results.csv"`)
	h.Set("Cache-Control", "private, no-store")
	c.Response().WriteHeader(http.StatusOK)
	return sheet.WriteCSV(c.Response(), table)
}

// sheetTime is empty for a time that there was not.
func (room *Room) sheetTime(c echo.Context, at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return room.Local(c, at).Format(sheetTime)
}

// sheetNumber is empty for a number that was not given: it is not 0.
func sheetNumber(n int64, given bool) string {
	if !given {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func has(r store.Result, n platforms.Number) bool {
	_, given := r.Numbers[n]
	return given
}

func seenOf(r store.Result) int64 { return r.Numbers[platforms.Impressions] }

// responsesOf is the one figure that may be compared and added up across platforms,
// counted by us.
func responsesOf(r store.Result) int64 {
	return r.Numbers[platforms.Likes] + r.Numbers[platforms.Comments] + r.Numbers[platforms.Shares]
}

func hasResponses(r store.Result) bool {
	return has(r, platforms.Likes) || has(r, platforms.Comments) || has(r, platforms.Shares)
}
