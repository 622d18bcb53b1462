package instagram

import (
	"cmp"
	"regexp"

	"github.com/a-h/templ"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/card"
)

// foldLines is after how many lines Instagram folds a caption, about.
const foldLines = 2

// Preview implements platforms.Platform.
func (i *instagram) Preview(p platforms.Preview) templ.Component {
	switch {
	case p.Comment:
		return card.Comment(ID, p, comment, p.T("instagram.preview_over"))
	case p.Draft.Format == platforms.FormatStory:
		return card.Story(ID, p, handle(p.Account), card.StoryWords{
			Empty: p.T("instagram.preview_story_empty"), Life: p.T("instagram.preview_story_life"),
		})
	}
	return preview(p, card.Cut(feed, p.Draft, p.Computer, foldLines))
}

// foldWord is the key of the words at the fold.
func foldWord(p platforms.Preview) string {
	if p.Computer {
		return "instagram.preview_fold_computer"
	}
	return "instagram.preview_fold_phone"
}

// shape names the frame all pictures of a post are cut to: that of the first,
// within what Instagram takes.
func shape(ms []platforms.Media) string {
	first := ms[0]
	if first.Width <= 0 || first.Height <= 0 {
		return "square"
	}
	ratio := float64(first.Width) / float64(first.Height)
	switch {
	case ratio < 0.9:
		return "tall"
	case ratio < 1.2:
		return "square"
	case ratio < 1.6:
		return "wide"
	}
	return "widest"
}

// handle is the name Instagram shows beside a post.
func handle(a platforms.Account) string { return cmp.Or(a.Handle, a.Name) }

var address = regexp.MustCompile(`(?i)\bhttps?://\S`)

// hasAddress reports whether the caption holds an address, which will be dead.
func hasAddress(d platforms.Draft) bool { return d.Link != nil || address.MatchString(d.Text) }
