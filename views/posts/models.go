// Package posts holds the pages about posts: the composer with its preview, the
// list, and the page of one post.
package posts

import (
	"slices"
	"time"

	"github.com/a-h/templ"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/views/layout"
	"github.com/bandstand-app/bandstand/views/ui"
)

// Composer is everything on the page where a post is written.
type Composer struct {
	Op      string // key of this form
	Mark    string // tells whose form it is when it arrives without a sign-in
	Kept    string // reference of what was put aside then
	Notice  string // what to know before anything else
	Post    int64  // 0: not saved yet
	Version int64
	Person  int64
	Begun   bool // scheduled or further: changes wait until they are taken over
	// Scheduled tells the name of the main button: there is a schedule to update.
	Scheduled bool
	Practice  bool
	Save      SaveState

	Accounts  []Account
	Text      string
	Counters  []Counter // of the text for all
	Own       []OwnText
	OwnTools  []Account // ticked accounts without an own text
	Parts     []Part    // what follows the text, in order
	PartTools PartTools
	Choices   []Choice
	Pictures  []Picture
	Link      string
	LinkCard  *LinkCard
	Campaigns []ui.Option
	Campaign  string
	NewLabel  string // campaign to be made
	Note      string
	When      When
	Preview   Preview

	MaySchedule bool
	WhyNot      string // who schedules, for those who may not
	Faults      []layout.Fault
	TabTitle    string // drawn alone: brings its own title and error summary
	Conflict    *Conflict
}

// ErrorOf is the message of a field, or empty.
func (c Composer) ErrorOf(field string) string {
	for _, f := range c.Faults {
		if f.Field == field {
			return f.Text
		}
	}
	return ""
}

// AccountsOpen reports whether the accounts are unfolded at first: where one has to be
// chosen or something is wrong with the choice.
func (c Composer) AccountsOpen() bool {
	return c.ErrorOf("accounts") != "" || !slices.ContainsFunc(c.Accounts, func(a Account) bool { return a.Ticked })
}

// WhenOpen is the same for the time.
func (c Composer) WhenOpen() bool {
	return c.ErrorOf("when") != "" || c.ErrorOf("date") != "" || c.ErrorOf("time") != "" || c.When.Note != ""
}

// Account is one line of the accounts to tick.
type Account struct {
	ID       int64
	Mark     string // SVG
	Platform string // as it calls itself, with what is connected there
	Site     string // the platform alone, for sentences
	Short    string // one or two letters
	Name     string // with the handle, if it has one
	Part     string // which part of the post it is about: "post 2 of 3"; empty: the post itself
	Ticked   bool
	Off      bool   // cannot be ticked
	Reason   string // why not, or what to look at
	Link     string // where to put that right
	LinkText string
}

// OwnText is the text for one account.
type OwnText struct {
	Account  Account
	Text     string
	Counters []Counter
	Fresh    bool   // just made: takes the focus
	Error    string // what must be changed
}

// Counter is one count of a text.
type Counter struct {
	Text  string // "182 of 2,200 characters"
	Label string // whose count it is
	State string // "near", "over" or empty
	Say   string // for screen readers, when near or over
}

// Picture is one picture of the post.
type Picture struct {
	ID            string
	Name          string
	Thumb         string
	Width, Height int // of the thumbnail
	Alt           string
	AltError      string
	Verdicts      []Verdict
	NoAlt         bool // an account asks for a description, and there is none
	Gone          bool
	With          []ui.Option // the texts that it can be shown with; fewer than two: there is no choice
	WithValue     string
}

// Verdict says what an account does with a picture.
type Verdict struct {
	Account string
	Text    string
	Must    bool // the person has to choose
	Name    string
	Fits    []ui.Option
	Fit     string
}

// LinkCard is what is known of the page behind the link.
type LinkCard struct {
	State       string // "reading", "ready", "unreadable"
	Title       string
	Description string
	Domain      string
	Image       string // address, or empty
}

// When is the choice of a time.
type When struct {
	Choice string   // "time", "now" or "none"
	Date   string   // 2026-11-24
	Clock  string   // 18:30
	Place  string   // "Dublin"
	Words  string   // "Tue 24 Nov, 18:30"
	Full   string   // "Tuesday 24 November, 18:30 in Dublin", or empty
	Free   bool     // it is the next free time, as proposed
	Note   string   // clocks change
	Offers []string // other clock times, where this one does not exist
}

// SaveState is the line that says what is kept where.
type SaveState struct {
	Post, Version int64
	Text          string
	Pending       bool
	Unsaved       bool // the text says so
	MaySchedule   bool
}

// Preview is the right-hand side of the composer.
type Preview struct {
	Cards []Card
	Must  []Problem
	Look  []Problem
	Ready string // "Ready for 3 accounts"
	Style
	Reading   bool // a link card is being read: look again soon
	OwnTools  []Account
	Counters  []Counter
	Own       []OwnText
	Parts     []Part
	PartTools PartTools
	Choices   []Choice
	Pictures  []Picture
	When      When
}

// Style is how the cards are drawn.
type Style struct {
	Computer bool
	Colours  string // "light", "dark", or empty: those of the device
	Unfolded bool   // as after pressing "more"
}

// Card is one account's preview.
type Card struct {
	ID       int64  // of the account
	Label    string // the platform, with the account where two are connected there
	Short    string // the platform in one or two letters
	Must     bool   // something must be fixed before it can go out
	Mark     string
	Platform string
	Account  string
	Drawing  templ.Component
	Parts    []PartCard
	Plain    string // what becomes of the link, where that surprises
}

// Problem is one line of the problem list.
type Problem struct {
	Text     string
	Code     string // which problem it is
	Account  string // whose; empty: of the post, or of every account
	Accounts int    // how many they are
	Field    string // id of the field
	Other    string // path of another post that it is about, or empty
}

// Conflict shows both texts when somebody else was faster.
type Conflict struct {
	Text    string // "Aoife saved a newer text at 14:01."
	Person  string
	Own     string // not empty: it was the same person, in another window
	Version int64  // theirs
	Mine    string
	Theirs  string
	Changes []Change
}

// Change is a stretch of text that is the same in both, or only in one.
type Change struct {
	Kind string // "", "del": only in theirs, "ins": only in mine
	Text string
}

// List is the page of all posts.
type List struct {
	Tabs    []Tab
	Query   string
	Group   string
	Lines   []Line
	More    string // address of the next page
	MayAdd  bool
	Filters bool // something narrows the list
	PutAway int  // practice posts of a live club, which no other part of the list has
}

// Tab is one part of the list.
type Tab struct {
	Label, Href string
	Current     bool
}

// Line is one post in the list.
type Line struct {
	ID       int64
	Text     string
	When     string
	Planned  time.Time
	Status   club.Status
	Words    string // "2 of 3 published"
	Practice bool   // put away: made in practice mode, and the club is live
	Accounts []Account
	Author   string
	Campaign string
	Thumb    string
}

// Page is the page of one post.
type Page struct {
	ID         int64
	Version    int64
	Op         string
	Practice   bool
	Poll       string // address that knows what became of it; empty if nothing is under way
	Every      string // how often to ask there: "2s"
	Head       Head
	Text       []Text
	Pictures   []Shown
	Link       string
	Note       string
	Pending    *Pending
	Earlier    int // how many texts it had before
	Numbers    *Numbers
	Previews   []Card
	MayEdit    bool
	MayCopy    bool
	MayDelete  bool
	MayMove    bool
	MayUndo    bool
	DeleteHint string
}

// Head is what became of the post: status, failures, accounts and timeline.
type Head struct {
	ID         int64
	Status     club.Status
	Practice   bool   // put away: made in practice mode, and the club is live
	Words      string // "2 of 3 published"
	Planned    string // "Tue 24 Nov, 18:30", or empty
	Facts      []string
	Failures   []Failure
	Deliveries []Delivery
	Story      []Event // what people want to know, in three lines at most
	Events     []Event // every step
	Technical  []Technical
}

// Delivery is one account of a post.
type Delivery struct {
	ID      string
	Account Account
	Status  club.Status
	Words   string // "18:30:04", "waits until 14:00"
	URL     string
	Open    string // "Open on …"
}

// Technical is what was tried for one account, for support.
type Technical struct {
	Delivery string
	Account  Account
	Attempts []Attempt
	Support  string // the last of them in one line, to be copied
}

// Attempt is one call to a platform, for support.
type Attempt struct {
	At, Step, Outcome string
	Facts             []Detail
}

// Detail is one fact of the technical details.
type Detail struct{ Name, Value string }

// Failure is the box that explains what went wrong on one account, or why it
// waits.
type Failure struct {
	Delivery  string
	Also      []string // deliveries of other accounts with the same trouble
	Accounts  []Account
	Title     string
	Happened  string
	Did       string
	Do        string
	Status    club.Status
	Words     string // "waits until 14:00", or empty
	Calm      bool   // nothing to decide: it goes on by itself
	Decisions []Decision
	Edit      string     // address of the editor, or empty
	EditFirst bool       // editing is what helps
	Reconnect *Reconnect // nil if the account works
	Look      string     // address of the account on the platform, or empty
	Retime    *When
	Typed     Answer // what was refused, to be mended
}

// Answer is what a person typed to answer a failure, and what is wrong with it.
type Answer struct {
	Link, Date, Clock string
	Retime            bool // the new time, and not the address
	Field             string
	Error             string
}

// errorOf is the message of a field, or empty.
func (a Answer) errorOf(field string) string {
	if a.Field != field {
		return ""
	}
	return a.Error
}

// group are accounts of a post that stand alike.
type group struct {
	Status     club.Status
	Words      string // said once for all of them, where it is the same
	Badge      bool   // the state is another than that of the whole post
	Deliveries []Delivery
}

// urgency is the order in which the accounts of a post are listed.
var urgency = []club.Status{club.Failed, club.NeedsAttention, club.Publishing, club.Scheduled, club.Published, club.Draft}

// groups are the accounts that no failure box names, those that stand alike together.
func (h Head) groups() []group {
	var out []group
	for _, status := range urgency {
		g := group{Status: status}
		for _, d := range h.Deliveries {
			if d.Status == status && !slices.ContainsFunc(h.Failures, func(f Failure) bool { return f.Delivery == d.ID || slices.Contains(f.Also, d.ID) }) {
				g.Deliveries = append(g.Deliveries, d)
			}
		}
		if len(g.Deliveries) == 0 {
			continue
		}
		if words := g.Deliveries[0].Words; !slices.ContainsFunc(g.Deliveries, func(d Delivery) bool { return d.Words != words }) {
			g.Words = words
		}
		g.Badge = status != h.Status || len(g.Deliveries) < len(h.Deliveries)
		if !g.Badge && g.Words == h.Planned {
			g.Words = "" // the page begins with both
			for i := range g.Deliveries {
				g.Deliveries[i].Words = ""
			}
		}
		out = append(out, g)
	}
	return out
}

// delivery is the id of the delivery to the i-th account.
func (f Failure) delivery(i int) string {
	if i == 0 {
		return f.Delivery
	}
	return f.Also[i-1]
}

// tabs are the names of the previews.
func (v Page) tabs() []ui.Tab {
	out := make([]ui.Tab, 0, len(v.Previews))
	for _, c := range v.Previews {
		out = append(out, ui.Tab{Part: "seen-" + num(c.ID), Mark: c.Mark, Name: c.Label})
	}
	return out
}

// Refuse puts what was typed back into the failure box of a delivery, with what
// is wrong at its field. It returns the line of the summary.
func (h *Head) Refuse(delivery, field, text string, typed Answer) layout.Fault {
	i := slices.IndexFunc(h.Failures, func(f Failure) bool { return f.Delivery == delivery })
	if i < 0 {
		return layout.Fault{Text: text}
	}
	f := &h.Failures[i]
	typed.Field, typed.Error = field, text
	f.Typed = typed
	if f.Retime != nil && typed.Retime {
		f.Retime.Date, f.Retime.Clock = typed.Date, typed.Clock
	}
	if field == "" {
		return layout.Fault{Text: text}
	}
	return layout.Fault{Field: field + "-" + delivery, Text: text}
}

// Reconnect is the way to the sign-in of an account, and back.
type Reconnect struct {
	Account int64
	Path    string
	Leaves  bool   // Path is posted to, and leads to the platform at once
	Back    string // address to come back to
}

// Decision is one button of a failure box.
type Decision struct {
	Answer string
	Label  string
	Kind   string // of the button
	// AskLink adds a field for the address of a post that was found.
	AskLink bool
}

// Event is one line of the timeline.
type Event struct {
	ISO  string
	When string
	Text string
}

// Text is what the post says, for all or for one account.
type Text struct {
	Label string
	Text  string
}

// Shown is a picture of a post as its page shows it.
type Shown struct {
	Src           string
	Width, Height int
	Alt           string
}

// Pending are changes to a scheduled post that wait.
type Pending struct {
	Changes []Change
	MayTake bool
}

// EarlierPage shows the texts that a post had before.
type EarlierPage struct {
	ID    int64
	Post  string // how it is called
	Texts []Earlier
}

// Earlier is a text the post had before.
type Earlier struct {
	By, At  string
	Changes []Change
}

// Numbers are the latest figures of a post.
type Numbers struct {
	Columns []string
	Taken   string // when they were read
	Rows    []NumberRow
}

// NumberRow is one account's figures.
type NumberRow struct {
	Account Account
	Name    string // the platform, with the account where the post has two there
	Values  []NumberCell
}

// NumberCell is a figure, or why there is none.
type NumberCell struct{ Text, Why string }
