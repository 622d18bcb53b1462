// Package holds draws the switch that holds all posts, and what waits for a
// decision.
package holds

import "github.com/bandstand-app/bandstand/views/layout"

// Page is the switch.
type Page struct {
	Page layout.Page
	// Held says that all posts are held, since when and by whom; empty if they
	// are not.
	Held string
	// Question is what Bandstand itself is in doubt about.
	Question *Question
	// MayEnd tells whether this person may release the posts, or answer.
	MayEnd bool
	Phase  string // of the hold
	Form   Form
	Zone   string // place by whose clock the end is read
	Today  string // the first day that can be the end: 2026-11-24
}

// Question is asked of admins before anything goes out again.
type Question struct {
	Title, Text, Do string
	Answer          string // label of the button that releases
	Stay            string // what holds it further, in words; empty if nothing needs saying
}

// Form holds all posts.
type Form struct {
	Reason, Date, Clock string
	Errors              map[string]string
}

// Waiting is the page of what was put aside.
type Waiting struct {
	Page   layout.Page
	Groups []Group
	Cut    string // says that others may follow
	Held   string // all posts are held: nothing can go out now
	Path   string // of the switch, for those who may use it
}

// Group is what waits for the same reason.
type Group struct {
	Phase   string // unique on the page
	Title   string
	Text    string
	Rows    []Row
	Answers []Answer // for all of them; empty for one row
}

// Row is one post, or one account of it.
type Row struct {
	Key      string // what a form calls it
	Path     string
	Title    string
	When     string
	Accounts string
	Answers  []Answer
}

// Answer is one decision.
type Answer struct {
	Value, Label, Kind string
}
