package card

import (
	_ "embed"
	"strings"

	"github.com/a-h/templ"

	"github.com/bandstand-app/bandstand/platforms"
)

//go:embed story.css
var storyStyle string

// StoryCSS styles the cards of Story for one platform.
func StoryCSS(id platforms.ID) string {
	return strings.ReplaceAll(storyStyle, ".pv-id", ".pv-"+string(id))
}

// StoryWords are what a story card says in a platform's own words.
type StoryWords struct {
	Empty string // in place of the picture that it needs
	Life  string // for how long people see it
}

// Story draws a draft as a story: its picture in the shape of a phone, below the bar
// that runs out and the name of the account. The text is not shown, for it is not
// sent. The platform adds StoryCSS to its styles.
func Story(id platforms.ID, p platforms.Preview, name string, words StoryWords) templ.Component {
	return story("pv-"+string(id), p, name, words)
}
