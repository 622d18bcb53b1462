package sim

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

const (
	postCollection    = "app.bsky.feed.post"
	profileCollection = "app.bsky.actor.profile"
)

// postRecord is what is checked of a post. Positions of facets are not: a real
// server stores wrong ones without a word.
type postRecord struct {
	Text      *string  `json:"text"`
	CreatedAt string   `json:"createdAt"`
	Langs     []string `json:"langs"`
	Facets    []struct {
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
}

type blobRef struct {
	Type string `json:"$type"`
	Ref  link   `json:"ref"`
	Size int    `json:"size"`
}

func (p postRecord) text() string {
	if p.Text == nil {
		return ""
	}
	return *p.Text
}

// Limits of the lexicons.
const (
	maxText, maxTextGraphemes = 3000, 300
	maxLangs, maxImages       = 3, 4
	maxImage, maxThumb        = 2_000_000, 1_000_000
	maxTagGraphemes           = 64
)

var (
	langForm = regexp.MustCompile(`^[a-zA-Z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
	didForm  = regexp.MustCompile(`^did:[a-z]+:[a-zA-Z0-9._:%-]+$`)
	uriForm  = regexp.MustCompile(`^\w+:(//)?[^\s/]\S*$`)
)

// checkPost returns the name and message of the refusal, or nothing. The caller
// holds mu.
func (s *Sim) checkPost(did string, value json.RawMessage) (name, message string) {
	var p postRecord
	if err := json.Unmarshal(value, &p); err != nil {
		return "InvalidRequest", "Invalid " + postCollection + " record: not in the form of the lexicon"
	}
	if wrong := p.wrong(); wrong != "" {
		return "InvalidRequest", "Invalid " + postCollection + " record: " + wrong
	}
	for _, b := range p.blobs() {
		kept, ok := s.State.Blobs[b.Ref.Link]
		if !ok || kept.DID != did {
			return "BlobNotFound", "Could not find blob: " + b.Ref.Link
		}
		if !strings.HasPrefix(kept.Type, "image/") {
			return "InvalidMimeType", "Wrong type of file. It is " + kept.Type + " but it must match image/*."
		}
	}
	return "", ""
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

// wrong says what is wrong with a record, in the words of a real server.
func (p postRecord) wrong() string {
	tooBig := func(what string, limit, got int, at string) string {
		if got <= limit {
			return ""
		}
		return fmt.Sprintf("%s too big (maximum %d, got %d) at $.record.%s", what, limit, got, at)
	}
	var found []string
	note := func(wrong string) {
		if wrong != "" {
			found = append(found, wrong)
		}
	}
	if p.Text == nil {
		note(`Missing required key "text" at $.record`)
	}
	note(tooBig("string", maxText, len(p.text()), "text"))
	note(tooBig("grapheme", maxTextGraphemes, countGraphemes(p.text()), "text"))
	if _, err := time.Parse(time.RFC3339, p.CreatedAt); err != nil {
		note(fmt.Sprintf("Invalid datetime (got %q) at $.record.createdAt", p.CreatedAt))
	}
	note(tooBig("array", maxLangs, len(p.Langs), "langs"))
	for i, l := range p.Langs {
		if !langForm.MatchString(l) {
			note(fmt.Sprintf("Invalid language (got %q) at $.record.langs[%d]", l, i))
		}
	}
	for i, f := range p.Facets {
		for j, feature := range f.Features {
			at := fmt.Sprintf("facets[%d].features[%d].", i, j)
			switch feature.Type {
			case "app.bsky.richtext.facet#tag":
				note(tooBig("grapheme", maxTagGraphemes, countGraphemes(feature.Tag), at+"tag"))
			case "app.bsky.richtext.facet#mention":
				if !didForm.MatchString(feature.DID) {
					note(fmt.Sprintf("Invalid DID (got %q) at $.record.%sdid", feature.DID, at))
				}
			case "app.bsky.richtext.facet#link":
				if !uriForm.MatchString(feature.URI) {
					note(fmt.Sprintf("Invalid uri (got %q) at $.record.%suri", feature.URI, at))
				}
			}
		}
	}
	note(tooBig("array", maxImages, len(p.Embed.Images), "embed.images"))
	for i, img := range p.Embed.Images {
		at := fmt.Sprintf("embed.images[%d]", i)
		switch {
		case img.Image == nil:
			note(`Missing required key "image" at $.record.` + at)
		case img.Alt == nil:
			note(`Missing required key "alt" at $.record.` + at)
		case img.Ratio != nil && min(img.Ratio.Width, img.Ratio.Height) < 1:
			note(fmt.Sprintf("integer too small (minimum 1, got %d) at $.record.%s.aspectRatio.width", img.Ratio.Width, at))
		default:
			note(tooBig("blob", maxImage, img.Image.Size, at+".image"))
		}
	}
	if e := p.Embed.External; e != nil {
		switch {
		case !uriForm.MatchString(e.URI):
			note(fmt.Sprintf("Invalid uri (got %q) at $.record.embed.external.uri", e.URI))
		case e.Title == nil:
			note(`Missing required key "title" at $.record.embed.external`)
		case e.Description == nil:
			note(`Missing required key "description" at $.record.embed.external`)
		case e.Thumb != nil:
			note(tooBig("blob", maxThumb, e.Thumb.Size, "embed.external.thumb"))
		}
	}
	if len(found) == 0 {
		return ""
	}
	return found[0]
}

func countGraphemes(s string) int {
	n := 0
	for it := graphemes.FromString(s); it.Next(); {
		n++
	}
	return n
}
