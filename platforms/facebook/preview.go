package facebook

import (
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/card"
)

// foldLines is after how many lines Facebook folds a text, about.
const foldLines = 5

// Preview implements platforms.Platform.
func (f *facebook) Preview(p platforms.Preview) templ.Component {
	switch {
	case p.Comment:
		return card.Comment(ID, p, comment, p.T("facebook.preview_over"))
	case p.Draft.Format == platforms.FormatStory:
		return card.Story(ID, p, p.Account.Name, card.StoryWords{
			Empty: p.T("facebook.preview_story_empty"), Life: p.T("facebook.preview_story_life"),
		})
	}
	return preview(p, card.Cut(feed, p.Draft, p.Computer, foldLines))
}

// foldWord is the key of the words at the fold.
func foldWord(p platforms.Preview) string {
	if p.Computer {
		return "facebook.preview_fold_computer"
	}
	return "facebook.preview_fold_phone"
}

// maxTiles is how many photos the grid shows before it only counts the rest.
const maxTiles = 5

// tiles are the photos drawn in the grid.
func tiles(ms []platforms.Media) []platforms.Media { return ms[:min(len(ms), maxTiles)] }

// domain is how Facebook names the site of a link.
func domain(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return strings.ToUpper(strings.TrimPrefix(u.Hostname(), "www."))
}
