package platforms

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
