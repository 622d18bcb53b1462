// Package results holds the page that shows how posts did.
package results

import (
	"strconv"

	"github.com/bandstand-app/bandstand/internal/chart"
	"github.com/bandstand-app/bandstand/views/layout"
	"github.com/bandstand-app/bandstand/views/ui"
)

// Page shows how posts did: a sentence, figures, a chart, and a block for each post.
type Page struct {
	Page     layout.Page
	Summary  string
	Figures  []Figure
	Most     []string // sentences: what was seen most on each platform
	Chart    *Chart   // nil while there is nothing to draw
	Days     string
	Account  string
	Periods  []ui.Option
	Accounts []ui.Option
	Sorts    []Sort
	Posts    []Post
	Cut      string // that the period has more posts than are shown; or empty
	CSV      string // address of the same results as a file
	CanTake  bool   // numbers may be asked for now
}

// Figure is a number with what it counts.
type Figure struct {
	Label  string
	Value  string
	Change string // against the time before, in words; or empty
}

// Sort is one order of the posts.
type Sort struct {
	Label, Href string
	Current     bool
}

// Chart is a row of bars in a view box.
type Chart struct {
	Width, Height int
	Bars          []Bar
}

// Bar is one bar with its place in time.
type Bar struct {
	chart.Bar
	Label string
	Value string
}

func (c Chart) viewBox() string { return "0 0 " + strconv.Itoa(c.Width) + " " + strconv.Itoa(c.Height) }

func px(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }

// Post is one post with its text once.
type Post struct {
	Text      string
	Href      string
	Thumb     string // address of a picture; or empty
	When      string
	ISO       string
	Responses string // of all accounts together, in words
	Rows      []Row
}

// Row is how a post did on one account.
type Row struct {
	Mark     string
	Platform string
	Account  string
	Live     string // address of the post on the platform; or empty
	Open     string // what leads there
	Figures  []Figure
	Note     string // when the numbers were taken, or that there are none yet
}
