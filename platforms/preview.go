package platforms

import (
	"net/http"
	"time"
)

// Preview is what a platform draws a preview card from.
type Preview struct {
	Account  Account
	Draft    Draft
	MediaURL func(id string) string // address of a thumbnail, same order of size on all
	When     string                 // the planned time in words, or empty
	Over     int                    // number of characters at the end of the text that will not fit, 0 if all do
	Computer bool                   // drawn for a wide screen rather than for a phone
	// T gives a text of the catalogue, in the language of the person. args are
	// name, value, name, value …
	T func(key string, args ...string) string
}

// Simulator is a make-believe platform: an http.Handler that speaks the real
// protocol, keeps its own record of what became public, and misbehaves on
// request. One simulator may stand for several platforms that share a server.
type Simulator interface {
	// Mount is its path below the address of the sandbox, without slashes.
	Mount() string
	http.Handler
	// Posts is everything it ever accepted, oldest first.
	Posts() []SimPost
	// Fault makes the next Count calls of an operation go wrong.
	Fault(SimFault) error
	// Reset forgets posts, faults, tokens and everything else.
	Reset()
}

// SimPost is one accepted post in a simulator's record.
type SimPost struct {
	Platform ID         `json:"platform"`
	Account  string     `json:"account"` // remote id of the account
	ID       string     `json:"id"`
	Text     string     `json:"text"`
	Media    []SimMedia `json:"media"`
	Link     string     `json:"link,omitempty"`
	Time     time.Time  `json:"time"`
	Deleted  bool       `json:"deleted"`
}

// SimMedia is one picture of such a post.
type SimMedia struct {
	Type   string `json:"type"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Alt    string `json:"alt"`
	SHA256 string `json:"sha256"` // of the bytes received
}

// SimFault asks a simulator to misbehave.
type SimFault struct {
	Platform  ID     `json:"platform"`
	Operation string `json:"operation"` // "publish", "upload", "token", "numbers" …; "*" for any
	Fault     string `json:"fault"`     // "reset_after", "rate_limited" …: the names of simkit
	Count     int    `json:"count"`
	// Percent makes only that share of calls fail, chosen evenly; 0 means all.
	Percent int `json:"percent,omitempty"`
}
