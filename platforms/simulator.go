package platforms

import (
	"net/http"
	"time"
)

// Simulator is a make-believe platform: an http.Handler that speaks the real
// protocol, keeps its own record of what became public, and misbehaves on
// request. One simulator may stand for several platforms that share a server.
type Simulator interface {
	// Mount is its path below the address of the sandbox, without slashes.
	// Requests arrive with it already stripped from their path.
	Mount() string
	http.Handler
	// Page finds what shows a page of its site for people at the address of r,
	// and whether a person lets an app in there. It is nil for every other
	// address: those are for programs.
	Page(r *http.Request) (page http.Handler, signIn bool)
	// Posts is everything it ever accepted, oldest first.
	Posts() []SimPost
	// Fault makes the next Count calls of an operation go wrong.
	Fault(SimFault) error
	// Reset forgets posts, faults, tokens and everything else.
	Reset()
	// Save and Load carry the whole state except armed faults over a restart,
	// as JSON.
	Save() ([]byte, error)
	Load([]byte) error
}

// SimEnv is what a simulator is built with.
type SimEnv struct {
	Now func() time.Time
	// Fetch downloads pictures by the addresses the app hands out.
	Fetch *http.Client
	// BaseURL is where a browser reaches the address below which simulators
	// are mounted, without a trailing slash: permalinks begin with it.
	BaseURL string
	// Redirects are the addresses to which a sign-in may lead back; without any,
	// it may lead to all of the web.
	Redirects []string
	// Posts is how many posts are remembered, the newest; 0 for all.
	Posts int
}

// SimPost is one accepted post in a simulator's record.
type SimPost struct {
	Platform ID         `json:"platform"`
	Account  string     `json:"account"` // remote id of the account
	ID       string     `json:"id"`
	Text     string     `json:"text"`
	Media    []SimMedia `json:"media"`
	Link     string     `json:"link,omitempty"`
	Langs    []string   `json:"langs,omitempty"` // as the post says it is written in
	Time     time.Time  `json:"time"`
	Deleted  bool       `json:"deleted"`
	// Kind is what it is: empty for a post of the feed, "reply", "comment" or "story".
	Kind string `json:"kind,omitempty"`
	// Parent is the ID of what it follows, of a reply and of a comment.
	Parent string `json:"parent,omitempty"`
	// Options are those that it was sent with and that the platform knows.
	Options map[string]string `json:"options,omitempty"`
}

// Kinds of SimPost.
const (
	SimReply   = "reply"
	SimComment = "comment"
	SimStory   = "story"
)

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
	// Seconds is by how much, for faults that have a measure.
	Seconds int `json:"seconds,omitempty"`
	// Then is armed when this one has met all of its calls.
	Then *SimFault `json:"then,omitempty"`
}
