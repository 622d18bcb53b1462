package people

import "github.com/bandstand-app/bandstand/views/layout"

// StatusPage says how Bandstand is, for admins.
type StatusPage struct {
	Page   layout.Page
	Well   bool // nothing is wrong
	Groups []StatusGroup
}

// StatusGroup is a part of the page.
type StatusGroup struct {
	ID, Title string
	Lines     []StatusLine
	Href      string // where more is to be seen; may be empty
	More      string
}

// StatusLine is one thing and how it is.
type StatusLine struct {
	Name, Value string
	Trouble     bool // Value says what is wrong and what to do
}
