// Package layout is the frame that all pages share.
package layout

import (
	"context"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
)

// Page is what the frame needs to know of a page.
type Page struct {
	Title  string // the h1 in words
	Nav    string // which entry of the menu is current: "calendar"
	Assets Assets
	Signed *Signed // nil outside a club
	Flash  *Flash
	Faults []Fault // summary of form errors
	script string
}

// With is the page with a script of its own, which defines the elements that it
// has and other pages have not.
func (p Page) With(script string) Page {
	p.script = script
	return p
}

// Assets gives the addresses of static files.
type Assets interface {
	Path(name string) string
	Sprite() string
}

// Signed is the person, the club and what wants attention.
type Signed struct {
	Person      string
	Theme       string
	Club        string
	OtherClubs  []ClubLink
	Role        club.Role
	Practice    bool
	Unread      int    // notices
	Reconnect   int    // accounts that need reconnecting
	Held        bool   // nothing can be stored: posts wait
	Damaged     bool   // the database is damaged: nothing is published any more
	Plain       bool   // pages and passwords cross a network unencrypted
	Hold        string // all posts are held: since when, by whom and why; empty if not
	Clock       string // the clock of the server is off: by how much, and what to do; empty if not
	HoldAction  string // what leads to the switch is called; empty for those who may not use it
	Waiting     int    // posts that wait for a decision
	Shortcuts   bool
	PracticeFed string // address of the make-believe feeds
}

// ClubLink is another club of the same person.
type ClubLink struct {
	ID   int64
	Name string
}

// Flash is a message that is shown once, after a redirect.
type Flash struct {
	Kind    string // "done", "problem", "note"
	Text    string
	Actions []FlashAction
}

// FlashAction is one thing to do about a message.
type FlashAction struct {
	Label string
	Path  string
	Post  bool // changes something: a form rather than a link
}

// Fault is one line of the error summary: the same words as beside the field.
type Fault struct {
	Field string // id of the field; empty if it is about none
	Text  string
}

// FullTitle is what the browser shows for the page.
func (p Page) FullTitle(ctx context.Context) string {
	t := p.Title
	if p.Signed != nil {
		t = i18n.T(ctx, "frame_title", "page", p.Title, "club", p.Signed.Club)
		if p.Signed.Practice {
			t = i18n.T(ctx, "frame_title_practice", "title", t)
		}
	} else {
		t += " – " + i18n.T(ctx, "app_name")
	}
	if len(p.Faults) > 0 {
		t = i18n.T(ctx, "frame_title_error", "title", t)
	}
	return t
}

// theme is the data-theme of <html>: empty follows the device.
func (p Page) theme() string {
	if p.Signed == nil {
		return ""
	}
	return p.Signed.Theme
}

// decides tells whether posts wait for a decision of this person.
func (p Page) decides() bool { return p.Signed.Waiting > 0 && p.Signed.Role.Can(club.SchedulePosts) }
