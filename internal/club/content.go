package club

import (
	"crypto/sha256"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/bandstand-app/bandstand/platforms"
)

// Content is what a post says: one text for all accounts, and where an account
// has its own, that.
type Content struct {
	Text     string           `json:"text"`
	Texts    map[int64]string `json:"texts,omitempty"` // own texts by connection id
	Accounts []int64          `json:"accounts"`        // ticked connections, ascending
	Media    []ContentMedia   `json:"media,omitempty"`
	Link     string           `json:"link,omitempty"`
	// Parts follow the post, in this order.
	Parts []Part `json:"parts,omitempty"`
	// Formats and Options are what was chosen for single connections, by their ids.
	Formats map[int64]platforms.Format  `json:"formats,omitempty"`
	Options map[int64]map[string]string `json:"options,omitempty"`
}

// PartKind is how a part follows a post.
type PartKind string

// The kinds of parts. No account takes both.
const (
	ThreadPart  PartKind = "thread"  // the next post of a thread
	CommentPart PartKind = "comment" // the first comment under the post
)

// Part is a text that follows a post on those of its accounts that take its kind.
type Part struct {
	Kind     PartKind       `json:"kind"`
	Text     string         `json:"text"`
	Media    []ContentMedia `json:"media,omitempty"`
	Accounts []int64        `json:"accounts,omitempty"` // connections that are sent it, ascending
}

// For reports whether a connection is sent the part.
func (p Part) For(connection int64) bool { return slices.Contains(p.Accounts, connection) }

// ContentMedia is one picture of a post.
type ContentMedia struct {
	ID  string                  `json:"id"` // 32 hex digits
	Alt string                  `json:"alt,omitempty"`
	Fit map[int64]platforms.Fit `json:"fit,omitempty"` // by connection id
}

// TextFor is the text for one connection.
func (c Content) TextFor(connection int64) string {
	if t, ok := c.Texts[connection]; ok {
		return t
	}
	return c.Text
}

// Normal puts accounts in order, drops own texts of accounts that are not
// ticked and gives every line the same ending, so that equal contents have
// equal hashes.
func (c Content) Normal() Content {
	c.Text = lines(c.Text)
	c.Link = strings.TrimSpace(c.Link)
	c.Accounts = slices.Compact(slices.Sorted(slices.Values(c.Accounts)))
	if c.Accounts == nil {
		c.Accounts = []int64{}
	}
	c.Texts = maps.Clone(c.Texts)
	for id, t := range c.Texts {
		if !slices.Contains(c.Accounts, id) {
			delete(c.Texts, id)
			continue
		}
		c.Texts[id] = lines(t)
	}
	if len(c.Texts) == 0 {
		c.Texts = nil
	}
	c.Formats, c.Options = ofTicked(c.Formats, c.Accounts), ofTicked(c.Options, c.Accounts)
	c.Parts = slices.Clone(c.Parts)
	for i := range c.Parts {
		c.Parts[i].Text = lines(c.Parts[i].Text)
		c.Parts[i].Accounts = slices.Compact(slices.Sorted(slices.Values(c.Parts[i].Accounts)))
		c.Parts[i].Accounts = slices.DeleteFunc(c.Parts[i].Accounts, func(id int64) bool { return !slices.Contains(c.Accounts, id) })
		if len(c.Parts[i].Accounts) == 0 {
			c.Parts[i].Accounts = nil
		}
	}
	return c
}

// ofTicked leaves out what was chosen for accounts that are not ticked. What is left
// empty is nil.
func ofTicked[V any](chosen map[int64]V, ticked []int64) map[int64]V {
	out := maps.Clone(chosen)
	maps.DeleteFunc(out, func(id int64, _ V) bool { return !slices.Contains(ticked, id) })
	if len(out) == 0 {
		return nil
	}
	return out
}

// PartsFor lists where in Parts that is which follows the post on a connection.
func (c Content) PartsFor(connection int64) []int {
	var at []int
	for i, p := range c.Parts {
		if p.For(connection) {
			at = append(at, i)
		}
	}
	return at
}

// Part is what a connection is sent as its nth part, as a content of its own: n is 1
// for what follows the post first. ok is false if there is no such part.
func (c Content) Part(connection int64, n int) (part Content, kind PartKind, ok bool) {
	at := c.PartsFor(connection)
	if n < 1 || n > len(at) {
		return Content{}, "", false
	}
	p := c.Parts[at[n-1]]
	return Content{Text: p.Text, Media: p.Media, Accounts: []int64{connection}}, p.Kind, true
}

// Keeps reports whether a change leaves everything in its place that is public on a
// connection: parts is how many parts are, beside the post. Parts are known by their
// place: in another one, the same text would go out again, or another one never. What
// a public part says may differ, as other accounts may need it.
func (c Content) Keeps(now Content, connection int64, parts int) bool {
	if parts == 0 || !slices.Contains(now.Accounts, connection) {
		return true
	}
	was, is := c.saidBy(connection), now.saidBy(connection)
	if len(was) < parts {
		return true
	}
	if len(is) >= parts && slices.Equal(was[:parts], is[:parts]) {
		return true
	}
	return len(is) == len(was) && !slices.ContainsFunc(is[parts:], func(s string) bool { return slices.Contains(was[:parts], s) })
}

// saidBy is what makes one part differ from another: its text and its pictures.
func (c Content) saidBy(connection int64) []string {
	var out []string
	for _, at := range c.PartsFor(connection) {
		said := c.Parts[at].Text
		for _, m := range c.Parts[at].Media {
			said += "\x00" + m.ID
		}
		out = append(out, said)
	}
	return out
}

// Pictures lists the ids of all pictures, those of the parts too.
func (c Content) Pictures() []string {
	var ids []string
	for _, m := range c.Media {
		ids = append(ids, m.ID)
	}
	for _, p := range c.Parts {
		for _, m := range p.Media {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// WithoutAccounts is the content for accounts that are still to be chosen. The
// texts of single accounts stand below the text for all, so that no words are lost.
func (c Content) WithoutAccounts() Content {
	c = c.Normal()
	parts := []string{c.Text}
	for _, id := range c.Accounts {
		if t, ok := c.Texts[id]; ok && !slices.Contains(parts, t) {
			parts = append(parts, t)
		}
	}
	c.Text = strings.TrimSpace(strings.Join(parts, "\n\n"))
	c.Accounts, c.Texts, c.Formats, c.Options = []int64{}, nil, nil, nil
	c.Media = withoutFits(c.Media)
	for i := range c.Parts {
		c.Parts[i].Accounts, c.Parts[i].Media = nil, withoutFits(c.Parts[i].Media)
	}
	return c
}

func withoutFits(media []ContentMedia) []ContentMedia {
	media = slices.Clone(media)
	for i := range media {
		media[i].Fit = nil
	}
	return media
}

func lines(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// JSON is the stored form; Hash is the SHA-256 of it.
func (c Content) JSON() ([]byte, error) { return json.Marshal(c) }

// Hash identifies exactly this content.
func (c Content) Hash() ([]byte, error) {
	b, err := c.JSON()
	if err != nil {
		return nil, err
	}
	h := sha256.Sum256(b)
	return h[:], nil
}

// excerptRunes is how much of a text lists show.
const excerptRunes = 140

// Excerpt is the begin of the text for lists, in one line.
func (c Content) Excerpt() string {
	s := strings.Join(strings.Fields(c.Text), " ")
	if r := []rune(s); len(r) > excerptRunes {
		return string(r[:excerptRunes]) + "…"
	}
	return s
}

// Draft is the content as one connection gets it. media gives each picture as
// it will be sent to that connection; pictures it does not hold are left out.
func (c Content) Draft(connection int64, media map[string]platforms.Media, link *platforms.Link) platforms.Draft {
	d := platforms.Draft{Format: c.Formats[connection], Text: c.TextFor(connection), Link: link, Options: c.Options[connection]}
	for _, m := range c.Media {
		p, ok := media[m.ID]
		if !ok {
			continue
		}
		p.Alt = strings.TrimSpace(m.Alt)
		p.Fit = m.Fit[connection]
		d.Media = append(d.Media, p)
	}
	return d
}
