package bluesky

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/language"

	"github.com/bandstand-app/bandstand/platforms"
)

const (
	postCollection    = "app.bsky.feed.post"
	profileCollection = "app.bsky.actor.profile"
)

// post is a record of app.bsky.feed.post.
type post struct {
	Type      string   `json:"$type"`
	Text      string   `json:"text"`
	CreatedAt string   `json:"createdAt"`
	Langs     []string `json:"langs,omitempty"`
	Facets    []facet  `json:"facets,omitempty"`
	Embed     any      `json:"embed,omitempty"`
	Reply     *reply   `json:"reply,omitempty"`
}

// reply says what a post of a thread follows, and where the thread begins.
type reply struct {
	Root   strongRef `json:"root"`
	Parent strongRef `json:"parent"`
}

// strongRef is a record in one version of it.
type strongRef struct {
	URI string `json:"uri"`
	CID string `json:"cid"`
}

type facet struct {
	Index struct {
		ByteStart int `json:"byteStart"`
		ByteEnd   int `json:"byteEnd"`
	} `json:"index"`
	Features []feature `json:"features"`
}

type feature struct {
	Type string `json:"$type"`
	URI  string `json:"uri,omitempty"`
	Tag  string `json:"tag,omitempty"`
	DID  string `json:"did,omitempty"`
}

type imagesEmbed struct {
	Type   string       `json:"$type"`
	Images []imageEmbed `json:"images"`
}

type imageEmbed struct {
	Image       json.RawMessage `json:"image"`
	Alt         string          `json:"alt"`
	AspectRatio *aspectRatio    `json:"aspectRatio,omitempty"`
}

type aspectRatio struct {
	Width  int `json:"width"`
	Height int `json:"height"`
}

type externalEmbed struct {
	Type     string   `json:"$type"`
	External external `json:"external"`
}

type external struct {
	URI         string          `json:"uri"`
	Title       string          `json:"title"`
	Description string          `json:"description"`
	Thumb       json.RawMessage `json:"thumb,omitempty"`
}

// record is the whole post. It depends on nothing but its arguments: the same
// publication with the same blobs is the same record, and the server then sees
// that it has it already.
func record(p platforms.Publication, done []platforms.StepResult) post {
	l := layDraft(p.Draft)
	out := post{
		Type: postCollection, Text: l.text, CreatedAt: p.CreatedAt.UTC().Format("2006-01-02T15:04:05.000Z"),
		Langs: langs(p.Lang, l.text), Facets: facets(l, done), Reply: replyOf(p.Reply, done),
	}
	switch {
	case len(p.Media) > 0:
		e := imagesEmbed{Type: "app.bsky.embed.images"}
		for i, m := range p.Media {
			img := imageEmbed{Image: json.RawMessage(ref(done, stepUpload, i)), Alt: m.Alt}
			if m.Width > 0 && m.Height > 0 {
				img.AspectRatio = &aspectRatio{m.Width, m.Height}
			}
			e.Images = append(e.Images, img)
		}
		out.Embed = e
	case p.Link != nil:
		out.Embed = externalEmbed{"app.bsky.embed.external", external{
			URI: p.Link.URL, Title: cmp.Or(p.Link.Title, hostOf(p.Link.URL)), Description: p.Link.Description,
			Thumb: json.RawMessage(ref(done, stepThumb, 0)),
		}}
	}
	return out
}

// replyOf names the versions that the steps have found.
func replyOf(to *platforms.ReplyTo, done []platforms.StepResult) *reply {
	if to == nil {
		return nil
	}
	parent := strongRef{to.Parent.ID, ref(done, stepParent, 0)}
	if to.Root.ID == to.Parent.ID {
		return &reply{Root: parent, Parent: parent}
	}
	return &reply{Root: strongRef{to.Root.ID, cmp.Or(to.Root.Version, ref(done, stepRoot, 0))}, Parent: parent}
}

// facets leaves out mentions of nobody: they stay plain text.
func facets(l layout, done []platforms.StepResult) []facet {
	handles := l.mentions()
	var out []facet
	for _, p := range l.parts {
		const richtext = "app.bsky.richtext.facet#"
		var f feature
		switch p.kind {
		case linkPart:
			f = feature{Type: richtext + "link", URI: p.value}
		case tagPart:
			f = feature{Type: richtext + "tag", Tag: p.value}
		case mentionPart:
			did := ref(done, stepMention, slices.Index(handles, strings.ToLower(p.value)))
			if did == "" {
				continue
			}
			f = feature{Type: richtext + "mention", DID: did}
		}
		one := facet{Features: []feature{f}}
		one.Index.ByteStart, one.Index.ByteEnd = p.start, p.end
		out = append(out, one)
	}
	return out
}

var langForm = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

// langs says in which language a text is, for readers who see only the languages
// they read. A text that is written in another script is not in that language,
// and what the server would refuse as no language is left out.
func langs(lang, text string) []string {
	if !langForm.MatchString(lang) || !writtenIn(lang, text) {
		return nil
	}
	return []string{lang}
}

// writtenIn reports whether at least half of the letters of a text are of the
// script of a language. A script that Go has no table for is believed.
func writtenIn(lang, text string) bool {
	script, _ := language.Make(lang).Script()
	tables, known := scripts[script.String()]
	if !known {
		return true
	}
	letters, fitting := 0, 0
	for _, r := range text {
		if unicode.IsLetter(r) {
			letters++
			if unicode.In(r, tables...) {
				fitting++
			}
		}
	}
	return 2*fitting >= letters
}

// scripts are the letters of each script that languages are written in, by ISO
// 15924.
var scripts = map[string][]*unicode.RangeTable{
	"Latn": {unicode.Latin}, "Cyrl": {unicode.Cyrillic}, "Grek": {unicode.Greek}, "Arab": {unicode.Arabic}, "Hebr": {unicode.Hebrew},
	"Jpan": {unicode.Han, unicode.Hiragana, unicode.Katakana}, "Hans": {unicode.Han}, "Hant": {unicode.Han},
	"Kore": {unicode.Hangul, unicode.Han},
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// tid is the record key of a publication: 53 bits of microseconds, 10 bits of
// what the protocol calls a clock id. It lies in the ten minutes before the
// publication was made, so that many made in one moment have keys of their own.
func tid(key string, createdAt time.Time) string {
	const spread = uint64(10 * time.Minute / time.Microsecond)
	sum := sha256.Sum256([]byte(key))
	h := binary.BigEndian.Uint64(sum[:8])
	micros := uint64(createdAt.UnixMicro()) - (h>>10)%spread //nolint:gosec // after 1970
	v := (micros&(1<<53-1))<<10 | h&(1<<10-1)
	const digits = "234567abcdefghijklmnopqrstuvwxyz"
	var out [13]byte
	for i := len(out) - 1; i >= 0; i-- {
		out[i] = digits[v&31]
		v >>= 5
	}
	return string(out[:])
}
