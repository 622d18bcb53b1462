package people

import (
	"github.com/bandstand-app/bandstand/views/layout"
	"github.com/bandstand-app/bandstand/views/ui"
)

// RecordPage is one page of the record, by days of the club's zone.
type RecordPage struct {
	Page          layout.Page
	Person, Kind  string // chosen; "" for all
	People, Kinds []ui.Option
	Days          []RecordDay
	Earlier       string // address of older lines; "" if there are none
}

// RecordDay is what happened on a day, newest first.
type RecordDay struct {
	Name  string
	Lines []RecordLine
}

// RecordLine is one thing that somebody did.
type RecordLine struct {
	Time, Stamp string // clock time, and the moment as RFC 3339
	Text        string
	Href, Link  string // of what it is about, if that has a page
	From        string // where it came from, in words
	Trouble     bool   // something was refused
}
