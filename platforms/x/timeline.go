package x

import (
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// timeline is a list of posts as X returns it.
type timeline struct {
	Data []foundPost `json:"data"`
}

// foundPost is the part of a post that tells whether it is ours.
type foundPost struct {
	ID        string    `json:"id"`
	RawText   string    `json:"text"`
	CreatedAt time.Time `json:"created_at"`
	Entities  entities  `json:"entities"`

	Attachments struct {
		MediaKeys []string `json:"media_keys"`
	} `json:"attachments"`

	// What it refers to, by the older name and by the newer one.
	Referenced      []reference `json:"referenced_tweets"`
	ReferencedNewer []reference `json:"referenced_posts"`
}

type reference struct {
	Type string `json:"type"` // "replied_to", "quoted", "retweeted"
	ID   string `json:"id"`
}

// repliesTo is the id of the post that this one is a reply to; empty if it is none.
func (t foundPost) repliesTo() string {
	for _, r := range slices.Concat(t.Referenced, t.ReferencedNewer) {
		if r.Type == "replied_to" {
			return r.ID
		}
	}
	return ""
}

// note is the whole text of a long post.
type note struct {
	Text     string   `json:"text"`
	Entities entities `json:"entities"`
}

// UnmarshalJSON reads the whole text, where text is only its beginning.
func (t *foundPost) UnmarshalJSON(b []byte) error {
	type plain foundPost
	var p struct {
		plain
		Note      note `json:"note_tweet"`
		NoteNewer note `json:"note_post"`
	}
	if err := json.Unmarshal(b, &p); err != nil {
		return err
	}
	*t = foundPost(p.plain)
	for _, n := range []note{p.Note, p.NoteNewer} {
		if n.Text != "" {
			t.RawText, t.Entities = n.Text, n.Entities
		}
	}
	return nil
}

type entities struct {
	URLs []shortened `json:"urls"`
}

// shortened is one address that X replaced by its own short one. Pictures get
// one too, told by the media key.
type shortened struct {
	URL      string `json:"url"`
	Expanded string `json:"expanded_url"`
	MediaKey string `json:"media_key"`
}

// text undoes the escaping of &, < and > in what X returns.
func (t foundPost) text() string { return html.UnescapeString(t.RawText) }

// canonical brings a text as sent and a text as returned into one form: short
// addresses expanded, all addresses written alike, white space made plain.
func canonical(text string, es *entities) string {
	if es != nil {
		for _, u := range es.URLs {
			full := u.Expanded
			if u.MediaKey != "" || isOwnPicture(u.Expanded) {
				full = ""
			}
			text = strings.ReplaceAll(text, u.URL, full)
		}
	}
	text = norm.NFC.String(clean(text))
	var b strings.Builder
	at := 0
	for _, s := range findURLs(text, eitherList) {
		b.WriteString(text[at:s.start])
		b.WriteString(plainAddress(text[s.start:s.end]))
		at = s.end
	}
	b.WriteString(text[at:])
	return strings.Join(strings.Fields(b.String()), " ")
}

// isOwnPicture recognises the address X adds to a post with pictures.
func isOwnPicture(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	return len(parts) == 5 && parts[1] == "status" && (parts[3] == "photo" || parts[3] == "video")
}

// plainAddress leaves out what X adds to an address or changes in it: scheme,
// capitals in the host, a slash at the end.
func plainAddress(address string) string {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	u.Scheme, u.Host = "", strings.ToLower(u.Host)
	return strings.TrimSuffix(strings.TrimPrefix(u.String(), "//"), "/")
}
