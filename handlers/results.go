package handlers

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/sheet"
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
	q := resultQuery{days: 28, sort: c.QueryParam("sort")}
	if n, err := strconv.Atoi(c.QueryParam("days")); err == nil && slices.Contains(resultPeriods, n) {
		q.days = n
	}
	if n, err := strconv.ParseInt(c.QueryParam("account"), 10, 64); err == nil {
		q.account = n
	}
	if q.sort != "seen" && q.sort != "responses" {
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

// findResults reads and sorts the rows that the address asks for.
func (s *Server) findResults(c echo.Context, q resultQuery) ([]store.Result, error) {
	now := s.Now()
	rows, err := s.DB.Results(c.Request().Context(), scope(c), store.ResultFilter{
		From: now.AddDate(0, 0, -q.days), To: now.Add(time.Minute), Connection: q.account, Practice: who(c).Club.Practice, Limit: resultsShown,
	})
	if err != nil {
		return nil, err
	}
	if by := (map[string]func(store.Result) int64{"seen": seenOf, "responses": responsesOf})[q.sort]; by != nil {
		slices.SortStableFunc(rows, func(a, b store.Result) int { return cmp.Compare(by(b), by(a)) })
	}
	return rows, nil
}

func (s *Server) showResults(c echo.Context) error {
	ctx := c.Request().Context()
	q := s.resultQuery(c)
	rows, err := s.findResults(c, q)
	if err != nil {
		return err
	}
	page := results.Page{
		Page: s.page(c, "results", t(c, "results_title")), Days: strconv.Itoa(q.days), Account: strconv.FormatInt(q.account, 10),
		CSV: q.href("/results.csv", q.sort), CanTake: who(c).Role.Can(club.WritePosts), Summary: s.resultSummary(c, rows),
		Accounts: []ui.Option{{Value: "0", Label: t(c, "results_all_accounts")}},
	}
	for _, d := range resultPeriods {
		page.Periods = append(page.Periods, ui.Option{Value: strconv.Itoa(d), Label: i18n.N(ctx, "results_days", d)})
	}
	connections, err := s.DB.Connections(ctx, scope(c))
	if err != nil {
		return err
	}
	for _, x := range connections {
		if x.Practice != who(c).Club.Practice {
			continue
		}
		page.Accounts = append(page.Accounts, ui.Option{Value: strconv.FormatInt(x.ID, 10), Label: s.nameOn(c, x.Account.Name, x.Account.Platform)})
	}
	page.Columns = s.resultColumns(c, q)
	for _, r := range rows {
		page.Rows = append(page.Rows, s.resultRow(c, r))
	}
	return s.render(c, http.StatusOK, results.Results(page))
}

func (s *Server) resultColumns(c echo.Context, q resultQuery) []results.Column {
	cols := []results.Column{
		{Label: t(c, "results_post")},
		{Label: t(c, "results_account")},
		{Label: t(c, "results_published"), Href: q.href("/results", "published")},
		{Label: t(c, "results_seen"), Href: q.href("/results", "seen"), Num: true},
		{Label: t(c, "results_responses"), Href: q.href("/results", "responses"), Num: true},
	}
	cols[map[string]int{"published": 2, "seen": 3, "responses": 4}[q.sort]].Sort = "descending"
	for _, n := range []platforms.Number{platforms.Likes, platforms.Comments, platforms.Shares, platforms.Reach} {
		cols = append(cols, results.Column{Label: t(c, "number_"+string(n)), Num: true})
	}
	return append(cols, results.Column{Label: t(c, "results_taken")})
}

func (s *Server) resultRow(c echo.Context, r store.Result) results.Row {
	ctx, loc := c.Request().Context(), s.zone(c)
	row := results.Row{
		Post: r.Excerpt, Href: "/posts/" + strconv.FormatInt(r.PostID, 10), Account: r.Account, Live: safeURL(r.RemoteURL),
		When: i18n.When(ctx, r.PublishedAt.In(loc)), ISO: r.PublishedAt.Format(time.RFC3339), Taken: t(c, "results_not_yet"),
	}
	if row.Post == "" {
		row.Post = t(c, "results_no_text")
	}
	if !r.TakenAt.IsZero() {
		row.Taken = i18n.When(ctx, r.TakenAt.In(loc))
	}
	words := s.numberWords(c, r.Platform)
	if p, ok := s.platforms(who(c).Club.Practice).Platform(r.Platform); ok {
		row.Platform = p.Info().Name
	}
	row.Seen = s.cell(c, r, platforms.Impressions, words)
	if _, given := r.Numbers[platforms.Impressions]; given {
		row.Seen += " " + words[platforms.Impressions]
	}
	row.Cells = append(row.Cells, s.responses(ctx, r))
	for _, n := range []platforms.Number{platforms.Likes, platforms.Comments, platforms.Shares, platforms.Reach} {
		row.Cells = append(row.Cells, s.cell(c, r, n, words))
	}
	return row
}

// cell writes a number, or says why there is none: never 0 for want of an
// answer.
func (s *Server) cell(c echo.Context, r store.Result, n platforms.Number, words map[platforms.Number]string) string {
	v, given := r.Numbers[n]
	switch {
	case given:
		return i18n.Number(c.Request().Context(), v)
	case words[n] == "":
		return t(c, "results_not_offered")
	case r.TakenAt.IsZero():
		return t(c, "results_not_yet")
	}
	return t(c, "results_not_given")
}

func (s *Server) responses(ctx context.Context, r store.Result) string {
	if !hasResponses(r) {
		return i18n.T(ctx, "results_not_yet")
	}
	return i18n.Number(ctx, responsesOf(r))
}

// numberWords is what a platform calls its numbers.
func (s *Server) numberWords(c echo.Context, id platforms.ID) map[platforms.Number]string {
	out := map[platforms.Number]string{}
	if p, ok := s.platforms(who(c).Club.Practice).Platform(id); ok {
		for _, w := range p.Info().Numbers {
			out[w.Number] = w.Word
		}
	}
	return out
}

// resultSummary is the sentence above the table.
func (s *Server) resultSummary(c echo.Context, rows []store.Result) string {
	ctx := c.Request().Context()
	posts, accounts := map[int64]bool{}, map[int64]bool{}
	var most store.Result
	for _, r := range rows {
		posts[r.PostID], accounts[r.ConnectionID] = true, true
		if seenOf(r) > seenOf(most) {
			most = r
		}
	}
	text := t(c, "results_summary", "posts", i18n.N(ctx, "results_posts", len(posts)), "accounts", i18n.N(ctx, "results_accounts", len(accounts)))
	if seenOf(most) > 0 {
		text += " " + t(c, "results_most", "post", shorten(most.Excerpt, 60), "account", s.nameOn(c, most.Account, most.Platform), "n", i18n.Number(ctx, seenOf(most)))
	}
	return text
}

// takeNumbers asks the platforms for numbers soon; the page is rendered from
// what is kept.
func (s *Server) takeNumbers(c echo.Context) error {
	n, err := s.DB.MeasureNow(c.Request().Context(), scope(c), 0)
	if err != nil {
		return err
	}
	s.flash(c, "done", i18n.N(c.Request().Context(), "results_taking", n))
	return seeOther(c, "/results")
}

// exportResults gives the same rows as a file for a spreadsheet.
func (s *Server) exportResults(c echo.Context) error {
	q := s.resultQuery(c)
	rows, err := s.findResults(c, q)
	if err != nil {
		return err
	}
	numbers := []platforms.Number{platforms.Impressions, platforms.Reach, platforms.Likes, platforms.Comments, platforms.Shares}
	head := []string{t(c, "results_post"), t(c, "results_platform"), t(c, "results_account"), t(c, "results_published"), t(c, "results_address"), t(c, "results_taken")}
	for _, n := range numbers {
		head = append(head, t(c, "number_"+string(n)))
	}
	table := [][]string{append(head, t(c, "results_responses"))}
	loc := s.zone(c)
	for _, r := range rows {
		line := []string{r.Excerpt, string(r.Platform), r.Account, r.PublishedAt.In(loc).Format(time.RFC3339), r.RemoteURL, ""}
		if !r.TakenAt.IsZero() {
			line[5] = r.TakenAt.In(loc).Format(time.RFC3339)
		}
		for _, n := range numbers {
			if v, ok := r.Numbers[n]; ok {
				line = append(line, strconv.FormatInt(v, 10))
			} else {
				line = append(line, "")
			}
		}
		if hasResponses(r) {
			line = append(line, strconv.FormatInt(responsesOf(r), 10))
		} else {
			line = append(line, "")
		}
		table = append(table, line)
	}
	if err := s.DB.Audit(c.Request().Context(), scope(c), "export", "results", origin(c)); err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="results.csv"`)
	h.Set("Cache-Control", "private, no-store")
	c.Response().WriteHeader(http.StatusOK)
	return sheet.WriteCSV(c.Response(), table)
}

func seenOf(r store.Result) int64 { return r.Numbers[platforms.Impressions] }

// responsesOf is the one figure that may be compared across platforms, counted
// by us.
func responsesOf(r store.Result) int64 {
	return r.Numbers[platforms.Likes] + r.Numbers[platforms.Comments] + r.Numbers[platforms.Shares]
}

func hasResponses(r store.Result) bool {
	for _, n := range []platforms.Number{platforms.Likes, platforms.Comments, platforms.Shares} {
		if _, ok := r.Numbers[n]; ok {
			return true
		}
	}
	return false
}

// nameOn is an account with its platform.
func (s *Server) nameOn(c echo.Context, account string, id platforms.ID) string {
	if p, ok := s.platforms(who(c).Club.Practice).Platform(id); ok {
		return t(c, "account_on", "account", account, "platform", p.Info().Name)
	}
	return account
}

// shorten cuts a text to n characters.
func shorten(text string, n int) string {
	runes, space := 0, 0
	for i, r := range text {
		if r == ' ' {
			space = i
		}
		if runes == n {
			// Languages without spaces are cut anywhere.
			if space < i/2 {
				space = i
			}
			return text[:space] + "…"
		}
		runes++
	}
	return text
}
