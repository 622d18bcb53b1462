package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// This file checks records by the lexicons of the network, as a real server does.
// Objects are open: a field that the lexicon does not have is kept without a
// word. So is a position of a facet that lies outside of the text.
// bluesky-social/atproto, lexicons/, checked on 2026-11-30.

// A check says what is wrong with a value at a place, or nothing.
type check func(at string, v any) string

func wrongType(want, at string, v any) string {
	if n, ok := v.(json.Number); ok && strings.ContainsAny(n.String(), ".eE") {
		want = "one of null, boolean, integer, string, cid, bytes, array or object"
	}
	return fmt.Sprintf("Expected %s value type (got %s) at %s", want, shown(v), at)
}

// shown is a value as a real server shows it: of an object the names of two fields.
func shown(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%q", v)
	case []any:
		if len(v) > 0 {
			return "[...]"
		}
		return "[]"
	case map[string]any:
		names := slices.Sorted(maps.Keys(v))
		for i, n := range names {
			names[i] = fmt.Sprintf("%q: ...", n)
		}
		if len(names) > 2 {
			names = append(names[:2], "...")
		}
		return "{" + strings.Join(names, ", ") + "}"
	case nil:
		return "null"
	}
	return fmt.Sprint(v)
}

func tooBig(what string, limit, got int, at string) string {
	if got <= limit {
		return ""
	}
	return fmt.Sprintf("%s too big (maximum %d, got %d) at %s", what, limit, got, at)
}

// text is a string of at most so many bytes and graphemes; 0 for any number.
func text(maxBytes, maxGraphemes int) check {
	return func(at string, v any) string {
		s, ok := v.(string)
		if !ok {
			return wrongType("string", at, v)
		}
		if maxBytes > 0 {
			if wrong := tooBig("string", maxBytes, len(s), at); wrong != "" {
				return wrong
			}
			return tooBig("grapheme", maxGraphemes, countGraphemes(s), at)
		}
		return ""
	}
}

// form is a string of a certain form.
func form(name string, is func(string) bool) check {
	return func(at string, v any) string {
		s, ok := v.(string)
		if !ok {
			return wrongType("string", at, v)
		}
		if !is(s) {
			return fmt.Sprintf("Invalid %s (got %q) at %s", name, s, at)
		}
		return ""
	}
}

var (
	langForm = regexp.MustCompile(`^[a-zA-Z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
	didForm  = regexp.MustCompile(`^did:[a-z]+:[a-zA-Z0-9._:%-]+$`)
	uriForm  = regexp.MustCompile(`^\w+:(//)?[^\s/]\S*$`)
	atForm   = regexp.MustCompile(`^at://[a-zA-Z0-9._:%-]+(/[a-zA-Z0-9.-]+(/[a-zA-Z0-9._~:-]+)?)?$`)
	cidForm  = regexp.MustCompile(`^b[a-z2-7]{50,}$`)

	datetime = form("datetime", func(s string) bool { _, err := time.Parse(time.RFC3339, s); return err == nil })
	lang     = form("language", langForm.MatchString)
	did      = form("DID", didForm.MatchString)
	uri      = form("uri", uriForm.MatchString)
	atURI    = form("AT-URI", atForm.MatchString)
	cidText  = form("CID string", cidForm.MatchString)
)

func integer(least int64) check {
	return func(at string, v any) string {
		n, ok := v.(json.Number)
		if !ok {
			return wrongType("integer", at, v)
		}
		i, err := n.Int64()
		switch {
		case err != nil:
			return wrongType("integer", at, v)
		case i < least:
			return fmt.Sprintf("integer too small (minimum %d, got %d) at %s", least, i, at)
		}
		return ""
	}
}

func array(most int, of check) check {
	return func(at string, v any) string {
		items, ok := v.([]any)
		if !ok {
			return wrongType("array", at, v)
		}
		if wrong := tooBig("array", most, len(items), at); most > 0 && wrong != "" {
			return wrong
		}
		for i, item := range items {
			if wrong := of(fmt.Sprintf("%s[%d]", at, i), item); wrong != "" {
				return wrong
			}
		}
		return ""
	}
}

// object has these fields; those whose names end in "?" may be missing.
func object(fields map[string]check) check {
	return func(at string, v any) string {
		o, ok := v.(map[string]any)
		if !ok {
			return wrongType("object", at, v)
		}
		for _, field := range slices.Sorted(maps.Keys(fields)) {
			name, optional := strings.CutSuffix(field, "?")
			value, there := o[name]
			if !there {
				if optional {
					continue
				}
				return fmt.Sprintf("Missing required key %q at %s", name, at)
			}
			if wrong := fields[field](at+"."+name, value); wrong != "" {
				return wrong
			}
		}
		return ""
	}
}

// union is one of several objects, by their $type. Others are kept without a word.
func union(of map[string]check) check {
	return func(at string, v any) string {
		o, _ := v.(map[string]any)
		t, _ := o["$type"].(string)
		if t == "" {
			return wrongType(`an object which includes the "$type" property`, at, v)
		}
		if one, known := of[t]; known {
			return one(at, v)
		}
		return ""
	}
}

// blobField is a blob of a type, of at most so many bytes. What was uploaded is
// compared with it later.
func blobField(accept string, most int) check {
	return func(at string, v any) string {
		b, ok := readBlob(v)
		if !ok {
			return wrongType("blob", at, v)
		}
		if !accepts(accept, b.MimeType) {
			return fmt.Sprintf("Expected %q (got %q) at %s.mimeType", accept, b.MimeType, at)
		}
		return tooBig("blob", most, b.Size, at)
	}
}

// readBlob reads the description of a blob, which has these fields and no others.
func readBlob(v any) (b blobRef, ok bool) {
	o, isObject := v.(map[string]any)
	if !isObject || len(o) != 4 || o["$type"] != "blob" {
		return b, false
	}
	raw, err := json.Marshal(v)
	if err != nil || json.Unmarshal(raw, &b) != nil {
		return b, false
	}
	return b, cidForm.MatchString(b.Ref.Link) && b.MimeType != "" && b.Size > 0
}

func accepts(pattern, mimeType string) bool {
	kind, all := strings.CutSuffix(pattern, "*")
	return pattern == mimeType || all && strings.HasPrefix(mimeType, kind)
}

// Limits of the lexicons.
const (
	maxText, maxTextGraphemes = 3000, 300
	maxLangs, maxTags         = 3, 8
	maxTag, maxTagGraphemes   = 640, 64
	maxImages                 = 4
	maxImage, maxThumb        = 2_000_000, 1_000_000
	maxVideo                  = 300_000_000
)

var (
	strongRef = object(map[string]check{"uri": atURI, "cid": cidText})
	ratio     = object(map[string]check{"width": integer(1), "height": integer(1)})
	facetOf   = object(map[string]check{
		"index": object(map[string]check{"byteStart": integer(0), "byteEnd": integer(0)}),
		"features": array(0, union(map[string]check{
			"app.bsky.richtext.facet#mention": object(map[string]check{"did": did}),
			"app.bsky.richtext.facet#link":    object(map[string]check{"uri": uri}),
			"app.bsky.richtext.facet#tag":     object(map[string]check{"tag": text(maxTag, maxTagGraphemes)}),
		})),
	})
	media = map[string]check{
		"app.bsky.embed.images": object(map[string]check{
			"images": array(maxImages, object(map[string]check{"image": blobField("image/*", maxImage), "alt": text(0, 0), "aspectRatio?": ratio})),
		}),
		"app.bsky.embed.external": object(map[string]check{
			"external": object(map[string]check{"uri": uri, "title": text(0, 0), "description": text(0, 0), "thumb?": blobField("image/*", maxThumb)}),
		}),
		"app.bsky.embed.video": object(map[string]check{"video": blobField("video/mp4", maxVideo), "alt?": text(0, 0), "aspectRatio?": ratio}),
	}
	embeds = func() map[string]check {
		out := maps.Clone(media)
		out["app.bsky.embed.record"] = object(map[string]check{"record": strongRef})
		out["app.bsky.embed.recordWithMedia"] = object(map[string]check{"record": object(map[string]check{"record": strongRef}), "media": union(media)})
		return out
	}()

	// lexicons are the records that this server knows.
	lexicons = map[string]check{
		postCollection: object(map[string]check{
			"text": text(maxText, maxTextGraphemes), "createdAt": datetime, "langs?": array(maxLangs, lang), "facets?": array(0, facetOf),
			"embed?": union(embeds), "tags?": array(maxTags, text(maxTag, maxTagGraphemes)),
			"reply?": object(map[string]check{"root": strongRef, "parent": strongRef}),
			"labels?": union(map[string]check{"com.atproto.label.defs#selfLabels": object(map[string]check{
				"values": array(10, object(map[string]check{"val": text(128, 128)})),
			})}),
		}),
		profileCollection: object(map[string]check{
			"displayName?": text(640, 64), "description?": text(2560, 256),
			"avatar?": blobField("image/*", maxThumb), "banner?": blobField("image/*", maxThumb), "createdAt?": datetime,
		}),
	}
)

// checkRecord returns the name and message of the refusal, or nothing: by the
// lexicon first, then by the blobs that were uploaded. A description of a blob goes
// into a record as it came: where it was changed, this server is stricter than
// @atproto/pds 0.5.35, which keeps it. The caller holds mu.
func (s *Sim) checkRecord(owner string, in write) (name, message string) {
	collection := in.Collection
	dec := json.NewDecoder(bytes.NewReader(in.Record))
	dec.UseNumber()
	var value map[string]any
	if err := dec.Decode(&value); err != nil {
		return "InvalidRequest", "Input/record must be an object"
	}
	if t := value["$type"]; t != collection {
		return "InvalidRequest", fmt.Sprintf("Invalid $type: expected %s, got %v", collection, t)
	}
	asked := in.Validate != nil && *in.Validate
	switch of, known := lexicons[collection]; {
	case in.Validate != nil && !*in.Validate:
	case !known && asked:
		return "InvalidRequest", "Unknown lexicon type: " + collection
	case known:
		if wrong := of("$.record", value); wrong != "" {
			return "InvalidRequest", "Invalid " + collection + " record: " + wrong
		}
	}
	for _, b := range blobsIn(value) {
		kept, ok := s.State.Blobs[b.Ref.Link]
		switch {
		case !ok || kept.DID != owner:
			return "BlobNotFound", "Could not find blob: " + b.Ref.Link
		case kept.Type != b.MimeType:
			return "InvalidMimeType", fmt.Sprintf("Referenced Mimetype does not match stored blob. Expected: %s, Got: %s", kept.Type, b.MimeType)
		case kept.Size != b.Size:
			return "InvalidSize", fmt.Sprintf("Referenced size does not match stored blob. Expected: %d, Got: %d", kept.Size, b.Size)
		}
	}
	return "", ""
}

// blobsIn finds the blobs of a value, wherever they stand.
func blobsIn(v any) []blobRef {
	if b, ok := readBlob(v); ok {
		return []blobRef{b}
	}
	var out []blobRef
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			out = append(out, blobsIn(v[name])...)
		}
	case []any:
		for _, item := range v {
			out = append(out, blobsIn(item)...)
		}
	}
	return out
}
