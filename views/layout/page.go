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
	Email       string
	ClubID      int64
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

// alarm is a line across the page.
type alarm struct {
	kind  string // "danger", "hold", "needs" or empty
	text  string
	said  bool // read aloud when it comes
	links []link
}

// link leads to where something can be done about an alarm.
type link struct{ label, path string }

// alarms is what the club has to know, most urgent first.
func (p Page) alarms(ctx context.Context) []alarm {
	g := p.Signed
	var all []alarm
	switch {
	case g.Damaged:
		a := alarm{kind: "danger", text: i18n.T(ctx, "frame_damaged"), said: true}
		if g.Role.Can(club.ManageClub) {
			a.links = []link{{i18n.T(ctx, "frame_damaged_link"), "/settings/status"}}
		}
		all = append(all, a)
	case g.Held:
		all = append(all, alarm{kind: "danger", text: i18n.T(ctx, "frame_held"), said: true})
	}
	if g.Hold != "" {
		a := alarm{kind: "hold", text: g.Hold, said: true}
		if g.HoldAction != "" {
			a.links = []link{{g.HoldAction, "/hold"}}
		}
		all = append(all, a)
	}
	if g.Clock != "" {
		all = append(all, alarm{kind: "danger", text: g.Clock, said: true})
	}
	if a, some := p.needs(ctx); some {
		all = append(all, a)
	}
	if g.Plain {
		all = append(all, alarm{text: i18n.T(ctx, "frame_plain")})
	}
	return all
}

// needs is what waits for this person: posts to decide about, and accounts to
// reconnect. Each leads to where that is done.
func (p Page) needs(ctx context.Context) (a alarm, some bool) {
	a.kind = "needs"
	n := 0
	add := func(key string, count int, may club.Action, path string) {
		if count > 0 && p.Signed.Role.Can(may) {
			n += count
			a.links = append(a.links, link{i18n.N(ctx, key, count), path})
		}
	}
	add("frame_decide", p.Signed.Waiting, club.SchedulePosts, "/waiting")
	add("frame_reconnect", p.Signed.Reconnect, club.ConnectAccount, "/accounts")
	a.text = i18n.N(ctx, "frame_needs", n)
	return a, n > 0
}
