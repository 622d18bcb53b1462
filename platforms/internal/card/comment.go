package card

import (
	_ "embed"
	"strings"

	"github.com/a-h/templ"

	"github.com/bandstand-app/bandstand/platforms"
)

//go:embed comment.css
var commentStyle string

// CommentCSS styles the cards of Comment for one platform.
func CommentCSS(id platforms.ID) string {
	return strings.ReplaceAll(commentStyle, ".pv-id", ".pv-"+string(id))
}

// Comment draws a draft as the comment that it will be under a post: the account and
// its words in a bubble. over is what stands before words that do not fit. The
// platform adds CommentCSS to its styles.
func Comment(id platforms.ID, p platforms.Preview, r platforms.FormatRules, over string) templ.Component {
	r.FoldPhone, r.FoldComputer = 0, 0
	return comment("pv-"+string(id), p.Account.Name, Cut(r, p.Draft, p.Computer, 0), over)
}
