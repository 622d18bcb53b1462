// Package accounts holds the pages about accounts at platforms: connecting
// them, how they are, the platform apps behind them, and practice mode.
package accounts

import (
	"strconv"

	"github.com/bandstand-app/bandstand/views/layout"
)

// Card is one account as the list shows it.
type Card struct {
	ID           int64
	Platform     string // as the platform calls itself, with what is connected there
	Site         string // the platform alone
	Mark         string
	Name         string // as people know it: "Riverside FC (@riversidefc)"
	Full         string // with the platform, for those who hear buttons out of place
	Health       string // "working", "gaps", "expires", "reconnect", "paused", "disconnected"
	Why          string // what is wrong, in a sentence
	Ending       string // that the sign-in ends soon, and what to do
	Can          string // "Can: post, read numbers."
	Gaps         []Gap
	Limits       []string // of the platform, that are reached or nearly so; on the list alone
	Connected    string   // by whom, when
	End          string   // how long the sign-in lasts
	Checked      string   // when we last asked
	Waiting      int      // posts that are still to go out
	Act          bool     // the person may check, reconnect, disconnect
	Broken       bool     // reconnecting is what helps
	Disconnected bool
}

// calm reports whether the account works and there is nothing to say about it: a
// line is enough.
func (c Card) calm() bool {
	return c.Health == "working" && c.Why == "" && c.Ending == "" && len(c.Gaps) == 0 && len(c.Limits) == 0
}

// Gap is one permission that is missing.
type Gap struct {
	Feature     string // "Reading numbers was not allowed."
	Effect      string
	Permissions string // the platform's names
}

// ListPage lists the accounts of a club.
type ListPage struct {
	Page  layout.Page
	Cards []Card
	Cut   string // says that there may be more
	Act   bool
}

// ConnectPage lists the platforms.
type ConnectPage struct {
	Page      layout.Page
	Platforms []PlatformRow
	Practice  bool
	Manage    bool // may set up platform apps
}

// PlatformRow is one platform to connect to.
type PlatformRow struct {
	ID, Name, Mark, Need string
	NeedsSetup           bool
	Slot                 string
}

// SignInPage leads to a platform, or asks for what it wants typed.
type SignInPage struct {
	Page     layout.Page
	Platform string
	Action   string // where the form goes
	Intro    []string
	Problem  string // what went wrong, where no field is to blame
	Fields   []SignInField
	Button   string
	To       string // path to return to
	Practice bool
	// AskPassword says that it needs the password of who is signed in.
	AskPassword bool
}

// SignInField is one thing to type.
type SignInField struct {
	Key, Label, Hint, Value, Error string
	Secret, Optional               bool
}

// ChoosePage shows what is behind a sign-in.
type ChoosePage struct {
	Page    layout.Page
	ID      string
	None    string // why no account of the platform is among them, or empty
	Intro   string
	Choices []Choice
	Error   string
}

// Choice is one account to tick.
type Choice struct {
	Index                int
	Platform, Mark, Name string
	Note                 string // what it can, or why it cannot be used
	Usable, Ticked       bool
}

// DetailPage is all about one account.
type DetailPage struct {
	Page    layout.Page
	Card    Card
	Kind    string // as the platform says
	Server  string // address of the account's own server, if it has one
	Can     []string
	Checks  []Check
	Numbers []Number
	Taken   string   // when the numbers were taken
	Limits  []string // how much of the platform's limits is used
	Unsure  *Unsure  // nil: the platform lets us choose nothing
	Price   *Price   // of reading numbers; nil: nothing
}

// Price is what reading the numbers of an account costs, with what to do about it.
type Price struct {
	Intro, Month string
	Besides      string // what costs something all the same
	Paces        []Pace
}

// Pace is one choice of how often numbers are read.
type Pace struct {
	Value, Label string
	Chosen       bool
}

// Unsure is what happens with a post of which nobody knows whether it is public.
type Unsure struct {
	SendsAgain bool // once more, where it cannot be found; otherwise people are asked
}

// Check is one look at an account.
type Check struct{ At, Stamp, Health, Text string }

// Number is one figure of an account.
type Number struct{ Word, Value string }

// DisconnectPage asks once more.
type DisconnectPage struct {
	Page  layout.Page
	Card  Card
	Stops []string
	Stays []string
}

// AppsPage lists the platform apps.
type AppsPage struct {
	Page     layout.Page
	Apps     []App
	Practice bool
}

// App is one platform app.
type App struct{ Slot, Name, Platforms, State string }

// AppPage is the form for one platform app.
type AppPage struct {
	Page      layout.Page
	Slot      string
	Intro     string
	Site      string   // address of the developer site
	Steps     []string // what is done there
	Asks      []string // permissions, as the developer site calls them
	Plain     bool     // the redirect address does not begin with https
	Addresses []Address
	Fields    []AppField
	State     string
	Entered   bool // something can be removed
	Lines     []Line
	Checked   string // on which day the platform's facts were last looked at
}

// Address is something to copy to the developer site.
type Address struct{ ID, Label, Value string }

// AppField is one value of an app.
type AppField struct {
	Key, Label, Hint, Value, Error string
	Secret                         bool
}

// Line is one result of a check of an app.
type Line struct {
	State string // "works", "attention", "unchecked"
	Text  string
}

// PracticePage is the practice world of the club.
type PracticePage struct {
	Page      layout.Page
	On        bool
	Manage    bool
	Rehearse  bool
	Platforms []Rehearsal
	Posts     []FeedPost
	Tabs      []FeedTab
	PutAway   int // practice posts of a live club
}

// Keepable is a practice post that can be kept when the club goes live.
type Keepable struct {
	ID   string
	Text string
	When string
}

// Rehearsal is how one make-believe platform behaves.
type Rehearsal struct {
	ID, Name, Mark string
	Accounts       string
	Behaviour      string
	Choices        []string
}

// FeedPost is one post that is public in the practice world, on one account or more,
// with what follows it.
type FeedPost struct {
	Kind        string // as in platforms.SimPost: "reply", "comment", "story"; empty for a post of the feed
	Follows     string // words of what it is a reply to or a comment on; empty where that is not shown
	Parts       []FeedPost
	Places      []FeedPlace
	Text, Link  string
	When, Stamp string
	Href        string // of the post; empty if it is none of ours
	Pictures    []FeedPicture
	Deleted     bool
}

// FeedPlace is one account that a post is public on.
type FeedPlace struct{ Platform, Mark, Account string }

// FeedPicture is one picture of such a post. Without a thumbnail it is told in words.
type FeedPicture struct{ Thumb, Alt string }

// FeedTab is one platform whose feed can be looked at.
type FeedTab struct {
	Label, Href string
	Current     bool
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func accountPath(id int64, more string) string {
	return "/accounts/" + number(id) + more
}

// healthIcon pairs each state of health with a shape, so that colour is never
// alone.
func healthIcon(health string) string {
	switch health {
	case "working":
		return "check"
	case "reconnect":
		return "octagon-x"
	case "disconnected":
		return "x"
	case "expires":
		return "clock"
	}
	return "triangle-alert"
}

func lineIcon(state string) string {
	switch state {
	case "works":
		return "check"
	case "attention":
		return "triangle-alert"
	}
	return "clock"
}
