package bluesky

import (
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"

	"github.com/bandstand-app/bandstand/platforms"
)

// Limits of app.bsky.feed.post and its embeds.
const (
	maxGraphemes = 300
	maxBytes     = 3000
	maxImages    = 4
	maxLangs     = 3
	// maxImageBytes is what the lexicon allowed until 2026-04-08. It allows
	// 2,000,000 since then, but servers that were not updated go on refusing,
	// and the pictures of link cards never were allowed more.
	maxImageBytes = 1_000_000
	// maxImageSide is what clients scale to; the lexicon names no limit.
	maxImageSide = 2000
	// maxAlt is the limit of the official app; the lexicon names none.
	maxAlt = 2000
	// maxTagGraphemes and maxTagBytes limit one hashtag.
	maxTagGraphemes = 64
	maxTagBytes     = 640
)

const lexicons = "https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/"

// postSource is where the limits of a post come from.
var postSource = platforms.Source{URL: lexicons + "feed/post.json", CheckedOn: checkedOn}

// rules are the same for every account.
var rules = platforms.FormatRules{
	Text: []platforms.TextRule{
		{
			Unit: "characters", Max: maxGraphemes, Code: platforms.CodeTextTooLong, Source: postSource,
			Measure: func(s string) int { return countGraphemes(shown(s)) },
		},
		{
			Unit: "bytes", Max: maxBytes, Code: platforms.CodeTextTooLong, Source: postSource, Side: true, ShowFrom: 2500,
			Measure: func(s string) int { return len(shown(s)) },
		},
	},
	Media: platforms.MediaRules{
		Max: maxImages, MaxAlt: maxAlt,
		Image: platforms.ImageRules{
			Types: []string{"image/jpeg", "image/png"}, MaxBytes: maxImageBytes,
			MaxWidth: maxImageSide, MaxHeight: maxImageSide,
			Source: platforms.Source{URL: lexicons + "embed/images.json", CheckedOn: checkedOn},
		},
	},
	Link: platforms.LinkRules{Card: true},
	// The lexicon sets no limit to a thread. 25 posts are what people know from
	// other networks, and fewer than a server takes in one hour.
	Parts:  platforms.PartRules{Thread: 25, Source: postSource},
	Source: postSource,
}

// Rules implements platforms.Platform.
func (b *Bluesky) Rules(platforms.Account) platforms.Rules { return platforms.OneFormat(rules) }

// countGraphemes counts what people call characters, as the server does.
func countGraphemes(s string) int {
	if n, ok := asciiGraphemes(s); ok {
		return n
	}
	n := 0
	for it := graphemes.FromString(s); it.Next(); {
		n++
	}
	return n
}

// asciiGraphemes counts the characters of a text that is ASCII alone, each of which
// is one, but for the two of a line's end on Windows, which are one together.
func asciiGraphemes(s string) (n int, ok bool) {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return 0, false
		}
	}
	return len(s) - strings.Count(s, "\r\n"), true
}
