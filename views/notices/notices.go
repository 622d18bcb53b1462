// Package notices holds the bell: what a person should know of.
package notices

import "github.com/bandstand-app/bandstand/views/layout"

// Page lists notices, newest first.
type Page struct {
	Page   layout.Page
	Rows   []Row
	Unread int
}

// Row is what a person should know of one post or account.
type Row struct {
	ID     string
	New    bool
	Icon   string
	Text   string
	About  string // begin of the post it is about
	When   string
	ISO    string
	Action string // of the button that opens it
}
