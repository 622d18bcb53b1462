package handlers

// What the rooms promise, said once more: a test that took the figures from the code
// would follow them anywhere.
const (
	maxText           = 100_000 // bytes of the texts of a post, and of its note
	maxAlt            = 10_000  // bytes of what describes a picture
	maxLabel          = 80      // characters of a campaign's name
	maxCardsPerDay    = 12
	statusStopPolling = 286 // ends htmx's polling of an element
	picturePolicy     = "default-src 'none'; sandbox"
)
