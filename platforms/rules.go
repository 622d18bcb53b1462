package platforms

import "time"

// Rules are the limits of one account as data. The composer's counters, the
// preview, scheduling and the engine all read the same value through Check.
type Rules struct {
	Text  []TextRule
	Media MediaRules
	// Link says what becomes of an address.
	Link LinkRules
	// FoldPhone and FoldComputer are the number of characters after which the
	// platform hides text behind "more", about. 0: it does not.
	FoldPhone, FoldComputer int
	// Source of everything above that names no own source.
	Source
}

// Source is where a figure comes from.
type Source struct {
	URL       string
	CheckedOn time.Time
}

// TextRule limits one measure of a text. A platform may have several:
// characters, bytes, hashtags.
type TextRule struct {
	// Unit is the catalogue key of what is counted: "characters", "bytes",
	// "hashtags", "mentions".
	Unit string
	Max  int
	// Measure counts a text as the platform counts it.
	Measure func(string) int
	// Code is the message when Max is exceeded.
	Code string
	// ShowFrom hides the counter below this count.
	ShowFrom int
	// Advice is a mark below Max from which the text is worth a look; nil: none.
	Advice *TextAdvice
	// Side marks counts that are shown only when they matter (bytes,
	// hashtags); exactly one rule of a platform is not Side.
	Side bool
	Source
}

// TextAdvice is what a platform advises on one measure of a text. Nothing is
// refused for it.
type TextAdvice struct {
	Max  int    // more than this is worth a look
	Code string // the message then
	Source
}

// MediaRules limit the pictures of a post.
type MediaRules struct {
	Min, Max int
	MaxAlt   int // characters of a description, 0: none taken
	Image    ImageRules
}

// ImageRules limit one picture as it is sent. Bandstand makes a copy that fits
// size and type by itself; only the shape needs a person.
type ImageRules struct {
	Types              []string // in order of preference: "image/jpeg", "image/png"
	MaxBytes           int64
	MaxWidth           int // larger pictures are scaled down
	MaxHeight          int
	MinWidth           int
	MinHeight          int
	MinRatio, MaxRatio float64 // width / height; 0: any
	Source
}

// LinkRules say what an address in a post becomes.
type LinkRules struct {
	Card bool // shown as a card with title and picture
	// CardWithMedia: the card stays when the post has pictures.
	CardWithMedia bool
	// InText: the address must stand in the text to be seen at all, so
	// Rules.FinalText adds it.
	InText bool
	// InTextWithMedia: the same, but only for posts with pictures, which show
	// no card.
	InTextWithMedia bool
	// Plain: addresses are not clickable.
	Plain bool
}
