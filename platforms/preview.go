package platforms

// Preview is what a platform draws a preview card from. Where the platform hides
// the rest of a long text behind "more", the line that says so carries the
// attribute data-fold and the rest data-folded: both lie directly in one element
// that holds the whole text.
type Preview struct {
	Account  Account
	Draft    Draft
	MediaURL func(id string) string // address of a thumbnail, same order of size on all
	When     string                 // the planned time in words, or empty
	Over     int                    // number of characters at the end of the text that will not fit, 0 if all do
	Computer bool                   // drawn for a wide screen rather than for a phone
	Comment  bool                   // drawn as a comment under a post rather than as a post
	// T gives a text of the catalogue, in the language of the person. args are
	// name, value, name, value …
	T func(key string, args ...string) string
}
