// Package notices holds the bell: what a person should know of.
package notices

import "github.com/bandstand-app/bandstand/views/layout"

// Page lists notices, newest first.
type Page struct {
	Page   layout.Page
	Rows   []Row
	Unread int
}

// Row is one notice.
type Row struct {
	New    bool
	Icon   string
	Text   string
	About  string // begin of the post it is about
	When   string
	ISO    string
	Href   string
	Action string // what the link does: "Fix it"
}
