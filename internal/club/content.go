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
}

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
	return c
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
	c.Accounts, c.Texts = []int64{}, nil
	c.Media = slices.Clone(c.Media)
	for i := range c.Media {
		c.Media[i].Fit = nil
	}
	return c
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
	d := platforms.Draft{Text: c.TextFor(connection), Link: link}
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
