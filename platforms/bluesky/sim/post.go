package sim

import (
	"encoding/json"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

const (
	postCollection    = "app.bsky.feed.post"
	profileCollection = "app.bsky.actor.profile"
)

// postRecord is what is shown of a post. The lexicon has checked it.
type postRecord struct {
	Text      *string  `json:"text"`
	CreatedAt string   `json:"createdAt"`
	Langs     []string `json:"langs"`
	Facets    []struct {
		Index    byteRange `json:"index"`
		Features []struct {
			Type string `json:"$type"`
			URI  string `json:"uri"`
			Tag  string `json:"tag"`
			DID  string `json:"did"`
		} `json:"features"`
	} `json:"facets"`
	Embed struct {
		Type   string `json:"$type"`
		Images []struct {
			Image *blobRef `json:"image"`
			Alt   *string  `json:"alt"`
			Ratio *struct {
				Width, Height int
			} `json:"aspectRatio"`
		} `json:"images"`
		External *struct {
			URI         string   `json:"uri"`
			Title       *string  `json:"title"`
			Description *string  `json:"description"`
			Thumb       *blobRef `json:"thumb"`
		} `json:"external"`
	} `json:"embed"`
	Reply *struct {
		Parent struct {
			URI string `json:"uri"`
		} `json:"parent"`
	} `json:"reply"`
}

// byteRange is where a facet stands, in bytes of UTF-8.
type byteRange struct {
	Start int `json:"byteStart"`
	End   int `json:"byteEnd"`
}

// within reports whether the range holds whole characters of a text.
func (r byteRange) within(text string) bool {
	return 0 <= r.Start && r.Start < r.End && r.End <= len(text) && utf8.ValidString(text[:r.Start]) && utf8.ValidString(text[r.Start:r.End])
}

type blobRef struct {
	Type     string `json:"$type"`
	Ref      link   `json:"ref"`
	MimeType string `json:"mimeType"`
	Size     int    `json:"size"`
}

func (p postRecord) text() string {
	if p.Text == nil {
		return ""
	}
	return *p.Text
}

// blobs are the pictures of a post and of its link.
func (p postRecord) blobs() []*blobRef {
	var out []*blobRef
	for _, img := range p.Embed.Images {
		if img.Image != nil {
			out = append(out, img.Image)
		}
	}
	if p.Embed.External != nil && p.Embed.External.Thumb != nil {
		out = append(out, p.Embed.External.Thumb)
	}
	return out
}

// blobsOf are the blobs that a record holds on to.
func blobsOf(value json.RawMessage) []*blobRef {
	var p postRecord
	if json.Unmarshal(value, &p) != nil {
		return nil
	}
	return p.blobs()
}

func countGraphemes(s string) int {
	n := 0
	for it := graphemes.FromString(s); it.Next(); {
		n++
	}
	return n
}
