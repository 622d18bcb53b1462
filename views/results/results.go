// Package results holds the page that shows how posts did.
package results

import (
	"github.com/bandstand-app/bandstand/views/layout"
	"github.com/bandstand-app/bandstand/views/ui"
)

// Page is one table: a row per post and account.
type Page struct {
	Page     layout.Page
	Summary  string
	Days     string
	Account  string
	Periods  []ui.Option
	Accounts []ui.Option
	Columns  []Column
	Rows     []Row
	CSV      string // address of the same rows as a file
	CanTake  bool   // numbers may be asked for now
}

// Column is a heading that sorts.
type Column struct {
	Label string
	Href  string
	Sort  string // aria-sort: "", "descending"
	Num   bool
}

// Row is one post on one account.
type Row struct {
	Post     string
	Href     string
	Platform string
	Account  string
	When     string
	ISO      string
	Live     string // address of the post on the platform
	Seen     string // with the platform's own word
	Cells    []string
	Taken    string
}
