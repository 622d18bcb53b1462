package posts

import (
	"strconv"

	"github.com/a-h/templ"

	"github.com/bandstand-app/bandstand/views/ui"
)

// Part is one further text of the composer.
type Part struct {
	N        int    // 1 for the first
	Kind     string // "thread" or "comment"
	Title    string // "Thread, post 2"
	For      string // the accounts that are sent it, in words
	Text     string
	Counters []Counter
	Fresh    bool   // just made: takes the focus
	Error    string // what must be changed
	Fixed    bool   // public already: it cannot be changed here
}

// partID is the id of the field of a further text.
func partID(n int) string { return "part-" + strconv.Itoa(n) }

// PartCard is the drawing of what follows a post on one account.
type PartCard struct {
	Title   string
	Drawing templ.Component
}

// PartTools are what can still be added, each with the accounts that would be sent
// it; empty: none would.
type PartTools struct{ Thread, Comment string }

// Choice is what can be chosen for one account: the kind of post, and options of its
// platform.
type Choice struct {
	Account Account
	Formats []ui.Option // fewer than two: there is nothing to choose
	Format  string
	Options []OptionField
}

// OptionField is one option of a platform.
type OptionField struct {
	ID      string // of the field: option-<account>-<key>
	Kind    string // "choice", "text" or "yes_no"
	Label   string
	Hint    string // or empty
	Value   string
	Choices []ui.Option // with "choice"
	Error   string
}

// ChoicesOpen reports whether what can be chosen for accounts is unfolded at first:
// something was chosen, or must be.
func (c Composer) ChoicesOpen() bool {
	for _, a := range c.Choices {
		if a.Format != "" || c.ErrorOf("format-"+num(a.Account.ID)) != "" {
			return true
		}
		for _, o := range a.Options {
			if o.Value != "" || o.Error != "" {
				return true
			}
		}
	}
	return false
}

// withPart adds to the name of an account which part of the post is meant.
func withPart(name, part string) string {
	if part == "" {
		return name
	}
	return name + ", " + part
}
