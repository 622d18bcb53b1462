package results

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/chart"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/results"
)

// byPost puts the rows of each post together, its accounts in the order of the
// platforms, and sorts the posts.
func (room *Room) byPost(rows []store.Result, sort string) [][]store.Result {
	at := map[int64]int{}
	var posts [][]store.Result
	for _, r := range rows {
		i, known := at[r.PostID]
		if !known {
			i, at[r.PostID] = len(posts), len(posts)
			posts = append(posts, nil)
		}
		posts[i] = append(posts[i], r)
	}
	for _, p := range posts {
		slices.SortStableFunc(p, func(a, b store.Result) int {
			return cmp.Or(room.Real.Compare(a.Platform, b.Platform), cmp.Compare(a.ConnectionID, b.ConnectionID))
		})
	}
	if by := (map[string]func(store.Result) int64{"seen": seenOf, "responses": responsesOf})[sort]; by != nil {
		slices.SortStableFunc(posts, func(a, b []store.Result) int { return cmp.Compare(sum(b, by), sum(a, by)) })
	}
	return posts
}

// responsesInWords are the responses of all rows together.
func responsesInWords(ctx context.Context, rows []store.Result) string {
	n := sum(rows, responsesOf)
	return i18n.N(ctx, "results_responses_n", int(n), "number", i18n.Number(ctx, n))
}

func sum(rows []store.Result, of func(store.Result) int64) int64 {
	var n int64
	for _, r := range rows {
		n += of(r)
	}
	return n
}

// resultPost is one post with its text once and a row for each account.
func (room *Room) resultPost(c echo.Context, rows []store.Result) results.Post {
	ctx := c.Request().Context()
	first := rows[0]
	for _, r := range rows {
		if r.PublishedAt.Before(first.PublishedAt) {
			first = r
		}
	}
	p := results.Post{
		Href: web.PostPath(first.PostID), Text: cmp.Or(first.Excerpt, web.T(c, "results_no_text")),
		When: i18n.When(ctx, room.Local(c, first.PublishedAt)), ISO: first.PublishedAt.Format(time.RFC3339),
	}
	if first.Picture != "" {
		p.Thumb = web.ThumbPath(first.Picture)
	}
	if slices.ContainsFunc(rows, hasResponses) {
		p.Responses = responsesInWords(ctx, rows)
	} else {
		p.Responses = web.T(c, "results_no_numbers")
	}
	for _, r := range rows {
		p.Rows = append(p.Rows, room.resultAccount(c, r))
	}
	return p
}

// resultAccount is how a post did on one account: the numbers that the platform
// gave, under its own names.
func (room *Room) resultAccount(c echo.Context, r store.Result) results.Row {
	ctx := c.Request().Context()
	row := results.Row{Account: r.Account, Platform: room.PlatformName(c, r.Platform), Live: web.SafeURL(r.RemoteURL)}
	if p, ok := room.Registry(web.Actor(c).Club.Practice).Platform(r.Platform); ok {
		row.Mark, row.Open = p.Info().Mark, web.T(c, "post_open_on", "platform", p.Info().SiteName())
	}
	if r.TakenAt.IsZero() {
		row.Note = web.T(c, "results_no_numbers")
		return row
	}
	row.Note = web.T(c, "results_taken_at", "when", i18n.When(ctx, room.Local(c, r.TakenAt)))
	words := room.NumberWords(c, r.Platform)
	for _, n := range web.PostNumbers {
		if has(r, n) {
			row.Figures = append(row.Figures, results.Figure{Label: cmp.Or(words[n], web.T(c, "number_"+string(n))), Value: i18n.Number(ctx, r.Numbers[n])})
		}
	}
	return row
}

// summed are the numbers that may be added up across accounts.
var summed = []platforms.Number{platforms.Likes, platforms.Comments, platforms.Shares}

// resultSummary is the sentence above everything, and the figures under it, each
// compared with as many days before.
func (room *Room) resultSummary(c echo.Context, q resultQuery, rows, before []store.Result) (string, []results.Figure) {
	ctx := c.Request().Context()
	posts, accounts := countOf(rows, func(r store.Result) int64 { return r.PostID }), countOf(rows, func(r store.Result) int64 { return r.ConnectionID })
	text := web.T(c, "results_summary", "posts", i18n.N(ctx, "results_posts", posts), "accounts", i18n.N(ctx, "results_accounts", accounts),
		"responses", responsesInWords(ctx, rows))
	if len(rows) == 0 {
		return text, nil
	}
	figure := func(label string, n, was int64) results.Figure {
		f := results.Figure{Label: label, Value: i18n.Number(ctx, n)}
		switch {
		case len(before) == 0: // nothing to compare with
		case n > was:
			f.Change = web.T(c, "results_more", "n", i18n.Number(ctx, n-was), "days", i18n.N(ctx, "results_days_before", q.days))
		case n < was:
			f.Change = web.T(c, "results_fewer", "n", i18n.Number(ctx, was-n), "days", i18n.N(ctx, "results_days_before", q.days))
		default:
			f.Change = web.T(c, "results_same", "days", i18n.N(ctx, "results_days_before", q.days))
		}
		return f
	}
	figures := []results.Figure{figure(web.T(c, "number_posts"), int64(posts), int64(countOf(before, func(r store.Result) int64 { return r.PostID })))}
	for _, n := range summed {
		of := func(r store.Result) int64 { return r.Numbers[n] }
		figures = append(figures, figure(web.T(c, "number_"+string(n)), sum(rows, of), sum(before, of)))
	}
	return text, figures
}

// countOf counts how many different values rows have.
func countOf(rows []store.Result, of func(store.Result) int64) int {
	seen := map[int64]bool{}
	for _, r := range rows {
		seen[of(r)] = true
	}
	return len(seen)
}

// mostSeen says for each platform which of its posts was seen most: only what one
// platform counts compares with each other. A single post was seen most of nothing.
func (room *Room) mostSeen(c echo.Context, rows []store.Result) []string {
	best, posts := map[platforms.ID]store.Result{}, map[platforms.ID]int{}
	for _, r := range rows {
		posts[r.Platform]++
		if seenOf(r) > seenOf(best[r.Platform]) {
			best[r.Platform] = r
		}
	}
	var out []string
	for _, p := range room.Real.All() {
		r, found := best[p.Info().ID]
		if !found || posts[r.Platform] < 2 {
			continue
		}
		word := strings.ToLower(cmp.Or(room.NumberWords(c, r.Platform)[platforms.Impressions], web.T(c, "number_impressions")))
		out = append(out, web.T(c, "results_most", "platform", p.Info().SiteName(), "post", web.Shorten(cmp.Or(r.Excerpt, web.T(c, "results_no_text")), 60),
			"n", i18n.Number(c.Request().Context(), seenOf(r)), "word", word))
	}
	return out
}

// The view box of the chart.
const chartWidth, chartHeight = 600, 120

// resultChart shows responses by the time at which posts went out: by day, week or
// four weeks, as long as the period is.
func (room *Room) resultChart(c echo.Context, q resultQuery, rows []store.Result) *results.Chart {
	if !slices.ContainsFunc(rows, hasResponses) {
		return nil
	}
	spans := resultSpans(room.resultsFrom(c, q.days), q.days)
	values := make([]int64, len(spans))
	for _, r := range rows {
		at := room.Local(c, r.PublishedAt)
		for i := len(spans) - 1; i >= 0; i-- {
			if !at.Before(spans[i]) {
				values[i] += responsesOf(r)
				break
			}
		}
	}
	out := &results.Chart{Width: chartWidth, Height: chartHeight}
	for i, b := range chart.Bars(values, chartWidth, chartHeight) {
		label := i18n.DayShort(c.Request().Context(), spans[i])
		out.Bars = append(out.Bars, results.Bar{Bar: b, Label: label, Value: i18n.Number(c.Request().Context(), values[i])})
	}
	return out
}

// resultSpans are the beginnings of the days, weeks or four weeks that a period of
// days is drawn in.
func resultSpans(from time.Time, days int) []time.Time {
	step := 1
	switch {
	case days > 100:
		step = 28
	case days > 28:
		step = 7
	}
	var spans []time.Time
	for day := 0; day < days; day += step {
		spans = append(spans, from.AddDate(0, 0, day))
	}
	return spans
}
