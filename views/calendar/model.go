// Package calendar draws the calendar: a month, a list, a day, and moving a
// post.
package calendar

import (
	"html"
	"regexp"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/views/layout"
)

// The views. Auto is a month on wide screens and a list on phones: the style
// sheet decides.
const (
	Auto  = ""
	Month = "month"
	List  = "list"
)

// Visible is how many cards a day of the month shows on wide screens.
const Visible = 3

// Page is the whole calendar.
type Page struct {
	Frame layout.Page
	Calendar
}

// Calendar is what changes when people turn pages or set filters.
type Calendar struct {
	View     string
	Period   string // "November 2026", "From Monday 30 November"
	Count    string // "12 posts"
	Zone     string // "Dublin"
	ZoneName string // IANA name
	Links    Links
	Filter   Filter
	Body     Body
	Sprite   string // platform marks as symbols
	Title    string // of the browser's tab, for fragments
	Empty    Empty
	Steps    Steps
	CanWrite bool
	Print    string // heading of the printed page; empty on screen
}

// Links are the addresses beside the calendar.
type Links struct {
	Prev, Today, Next   string
	PrevName, NextName  string // "October 2026"
	Month, List, Print  string
	Clear, New, Earlier string
	IsToday             bool // the page shows today's month
}

// Empty says why there is nothing, if so.
type Empty struct{ NoAccounts, NoMatch, NoPosts bool }

// Steps is what to do first. Empty once all is done.
type Steps struct {
	All   []Step
	Count string // "1 of 5 done"
}

// Step is one of them.
type Step struct {
	Text, Path string
	Done, Next bool // Next: the first that is not done
}

// Filter is the form above the calendar.
type Filter struct {
	View, Date string // kept
	Selects    []Select
	On         int // how many are set
}

// Select is one choice of the filter.
type Select struct {
	Name, Label string
	Options     []Option
}

// Option is one line of a choice.
type Option struct {
	Value, Label string
	On           bool
}

// Body is the part that follows changes of other people.
type Body struct {
	View     string
	Period   string
	Poll     string // address to ask for changes
	Weekdays []Weekday
	Days     []Day // of the table: whole weeks
	Listed   []Day // below each other: all of a list; what a phone has unrolled below the table
	HidePast bool  // on phones the table begins today
	Earlier  string
	Later    Later
	New      string // address of a new post
	CanWrite bool
	Tray     *Tray
}

// Later is how a list goes on below what it shows. The zero value: nothing more
// is planned.
type Later struct {
	Path string // of a page that begins there
	More string // address of what comes next, for htmx; empty if that is too far away
}

// Weeks cuts the days into rows.
func (b Body) Weeks() [][]Day {
	var weeks [][]Day
	for i := 0; i+7 <= len(b.Days); i += 7 {
		weeks = append(weeks, b.Days[i:i+7])
	}
	return weeks
}

// Weekday is the head of a column.
type Weekday struct{ Short, Long string }

// Day is one day with its posts.
type Day struct {
	Key    string // 2026-11-24
	Number string // 24
	Name   string // Tuesday 24 November
	Today  bool
	Past   bool
	Out    bool // of another month
	Listed bool // in a list, not in the table
	Add    bool // a post can be added here
	Total  int
	Count  string // "2 posts"
	Cards  []Card // at most as many as fit on the page
}

// over reports whether a week is over.
func over(week []Day) bool { return week[len(week)-1].Past }

// Hidden is how many posts a wide month does not show.
func (d Day) Hidden() int { return max(0, d.Total-Visible) }

// Folded is how many posts the page does not hold.
func (d Day) Folded() int { return d.Total - len(d.Cards) }

func (d Day) path() string { return "/calendar/day/" + d.Key }

// Tray holds posts without a time.
type Tray struct {
	Cards []Card
	Total string
}

// Card is one post.
type Card struct {
	ID       int64
	Version  int64
	Time     string // 18:30, or empty
	Text     string
	Facts    string // what a screen reader hears after the text
	Chips    []Chip
	Picture  string // address of a small copy of the first picture, or empty
	Status   club.Status
	Practice bool // make-believe, on the calendar of a club that is not
	Movable  bool
	Editable bool
}

// Chip is a platform of a post, short.
type Chip struct{ Platform, Short string }

// DayPage is one day as a page or dialog.
type DayPage struct {
	Frame  layout.Page
	Day    Day
	Back   string // to the calendar
	New    string
	Zone   string
	Sprite string
}

// Sprite makes symbols of the platforms' marks, so that each is sent once. How
// a mark is drawn stands in the attributes of its root.
func Sprite(infos []platforms.Info) string {
	var b strings.Builder
	for _, info := range infos {
		m := mark.FindStringSubmatch(info.Mark)
		if m == nil {
			continue
		}
		b.WriteString(`<symbol id="p-` + html.EscapeString(string(info.ID)) + `"`)
		for _, a := range drawn.FindAllString(m[1], -1) {
			b.WriteString(a)
		}
		b.WriteString(`>` + comment.ReplaceAllString(m[2], "") + `</symbol>`)
	}
	return b.String()
}

var (
	mark    = regexp.MustCompile(`(?s)<svg([^>]*)>(.*)</svg>`)
	drawn   = regexp.MustCompile(` (?:viewBox|fill|stroke|stroke-[a-z]+)="[^"]*"`)
	comment = regexp.MustCompile(`(?s)<!--.*?-->`)
)

// inPlace makes a link to a part of the calendar change only that, where htmx
// runs.
func inPlace(href string) templ.OrderedAttributes {
	return templ.OrderedAttributes{
		{Key: "hx-get", Value: href}, {Key: "hx-target", Value: "#cal"}, {Key: "hx-swap", Value: "morph:outerHTML"}, {Key: "hx-sync", Value: "#cal:replace"},
	}
}

func itoa[T int | int64](n T) string { return strconv.FormatInt(int64(n), 10) }
