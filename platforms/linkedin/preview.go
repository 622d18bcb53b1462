package linkedin

import (
	"strconv"
	"unicode/utf8"

	"github.com/bandstand-app/bandstand/platforms"
)

// cardView is what the preview card is drawn from.
type cardView struct {
	Initial  string
	Seen     string // before "more"
	Folded   string // after it
	Over     string // the end that does not fit
	FoldWord string // catalogue key of the words on the fold
	Pictures []platforms.Media
	More     string // how many pictures are not drawn, or empty
	Domain   string
	Title    string
}

// drawn is how many pictures a card shows, and foldLines after how many lines
// LinkedIn folds a text, about.
const (
	drawn     = 4
	foldLines = 3
)

func view(p platforms.Preview) cardView {
	fits, over := rules.Text[0].Split(rules.FinalText(p.Draft))
	v := cardView{Over: over, Pictures: p.Draft.Media, FoldWord: "linkedin.preview_fold_phone"}
	at := rules.FoldPhone
	if p.Computer {
		at, v.FoldWord = rules.FoldComputer, "linkedin.preview_fold_computer"
	}
	v.Seen, v.Folded = fold(fits, at)
	if n := len(v.Pictures); n > drawn {
		v.Pictures, v.More = v.Pictures[:drawn], strconv.Itoa(n-drawn)
	}
	first, _ := utf8.DecodeRuneInString(p.Account.Name)
	if first != utf8.RuneError {
		v.Initial = string(first)
	}
	if l := p.Draft.Link; l != nil {
		v.Domain, v.Title = host(l.URL), l.Title
		if v.Title == "" {
			v.Title = v.Domain
		}
	}
	return v
}

// fold cuts a text after so many characters or lines, whichever comes first.
func fold(text string, characters int) (seen, rest string) {
	n, lines := 0, 1
	for i, r := range text {
		if r == '\n' {
			lines++
		}
		if n == characters || lines > foldLines {
			return text[:i], text[i:]
		}
		n++
	}
	return text, ""
}
