package club

import "time"

// LinkCard is what a web page says of itself: what platforms show of an address
// in a post, about.
type LinkCard struct {
	URL         string // as it stands in the post
	State       LinkCardState
	Title       string
	Description string
	MediaID     string    // its picture, or empty
	ReadAt      time.Time // when reading last began or ended
}

// LinkCardState is how far the reading of a page is.
type LinkCardState string

// The states of a link card.
const (
	CardReading    LinkCardState = "reading"
	CardReady      LinkCardState = "ready"
	CardUnreadable LinkCardState = "unreadable" // the platform may still show a card
	CardNotRead    LinkCardState = "practice"   // not stored: practice mode reads no page
)
