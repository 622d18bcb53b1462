package platforms

import (
	"slices"
	"time"
)

// Rules are the limits of one account as data: one set for each format that it
// takes, the usual one first. The composer's counters, the preview, scheduling and
// the engine all read the same value through Check.
type Rules struct{ Formats []FormatRules }

// Usual is the format of a post for which nobody chose one.
func (r Rules) Usual() FormatRules { return r.Formats[0] }

// For returns the rules of a format; false: the account does not take it.
func (r Rules) For(f Format) (FormatRules, bool) {
	i := slices.IndexFunc(r.Formats, func(have FormatRules) bool { return have.Format == f })
	if i < 0 {
		return FormatRules{}, false
	}
	return r.Formats[i], true
}

// Of are the rules that a publication is held to.
func (r Rules) Of(p Publication) FormatRules {
	rules, ok := r.For(p.Format)
	if !ok {
		rules = r.Usual()
	}
	if p.Reply != nil && rules.Parts.Comment != nil {
		return *rules.Parts.Comment
	}
	return rules
}

// OneFormat are the rules of an account that takes nothing but posts of its feed.
func OneFormat(feed FormatRules) Rules { return Rules{Formats: []FormatRules{feed}} }

// Format is what a post is on a platform.
type Format string

// The formats. Their words are in the catalogue: format_<name>.
const (
	FormatFeed  Format = ""      // a post of the feed
	FormatStory Format = "story" // seen for a day, and then gone
)

// FormatRules are the limits of posts of one format.
type FormatRules struct {
	Format Format
	Text   []TextRule
	// NoText: posts of this format show no text, no link and no description of a
	// picture. What was written stays out.
	NoText bool
	Media  MediaRules
	// Link says what becomes of an address.
	Link LinkRules
	// FoldPhone and FoldComputer are the number of characters after which the
	// platform hides text behind "more", about. 0: it does not.
	FoldPhone, FoldComputer int
	// Parts says what may follow a post of this format.
	Parts PartRules
	// Options are what can be chosen besides.
	Options []Option
	// Source of everything above that names no own source.
	Source
}

// PartRules say what may follow a post: the further posts of a thread, or a first
// comment. No platform takes both.
type PartRules struct {
	// Thread is the most posts of a thread, the first one counted. 0: no threads.
	// Each is held to the rules of the format itself.
	Thread int
	// Comment are the rules of a first comment; nil: none is taken.
	Comment *FormatRules
	Source
}

// Most is how many parts a post may have, itself counted.
func (p PartRules) Most() int {
	switch {
	case p.Comment != nil:
		return 2
	case p.Thread > 1:
		return p.Thread
	}
	return 1
}

// OptionKind says how an option is asked for.
type OptionKind string

// The kinds of options.
const (
	OptionChoice OptionKind = "choice"
	OptionText   OptionKind = "text"
	OptionYesNo  OptionKind = "yes_no" // "yes", or empty
)

// Option is one thing that can be chosen for a post of a format.
type Option struct {
	// Key names it in Draft.Options. Its words, Word and ChoiceWord, are in the
	// platform's catalogue.
	Key      string
	Kind     OptionKind
	Choices  []string // with OptionChoice; the first is what the platform does by itself
	Required bool
	Max      int // characters, with OptionText
	Source
}

// Word is the message that asks for the option of a platform.
func (o Option) Word(id ID) string { return string(id) + ".option_" + o.Key }

// ChoiceWord is the message of one of its choices.
func (o Option) ChoiceWord(id ID, choice string) string { return o.Word(id) + "_" + choice }

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
	// FormatRules.FinalText adds it.
	InText bool
	// InTextWithMedia: the same, but only for posts with pictures, which show
	// no card.
	InTextWithMedia bool
	// Plain: addresses are not clickable.
	Plain bool
}
