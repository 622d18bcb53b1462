package sim

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// node is a kind of object that the API shows: which fields it has and which of
// them come when nobody asks.
// The fields are those of github.com/facebook/facebook-business-sdk-codegen,
// api_specs/specs of 2026-04-15, as far as this server plays them; whoever asks
// for one more adds it here.
type node struct {
	name      string
	fields    map[string]field
	byDefault []string
	bare      bool // has no id of its own, which else comes unasked
}

// field is one field of a node.
type field struct {
	of   *node           // what stands there; nil for a plain value
	mods map[string]bool // modifiers it takes; nil: none, so it is no edge
	sums []string        // what its summary may hold
	enum []string        // values of the modifier "type"
}

// plain makes fields that hold plain values.
func plain(names ...string) map[string]field {
	m := make(map[string]field, len(names))
	for _, name := range names {
		m[name] = field{}
	}
	return m
}

// and adds fields that hold more than a plain value.
func and(m, more map[string]field) map[string]field {
	maps.Copy(m, more)
	return m
}

// edgeMods are the modifiers that every edge takes.
func edgeMods(more ...string) map[string]bool {
	m := map[string]bool{"limit": true, "after": true, "before": true, "since": true, "until": true}
	for _, name := range more {
		m[name] = true
	}
	return m
}

// reactionKinds are the values of the modifier "type" of reactions.
var reactionKinds = []string{"NONE", "LIKE", "LOVE", "WOW", "HAHA", "SAD", "ANGRY", "THANKFUL", "PRIDE", "CARE", "FIRE", "HUNDRED"}

// The kinds of objects.
var (
	linkedNode = &node{name: "ShadowIGUser", byDefault: []string{"id"}, fields: plain(
		"id", "username", "name", "followers_count", "follows_count", "media_count")}

	pageNode = &node{name: "Page", byDefault: []string{"name", "id"}, fields: and(plain(
		"id", "name", "username", "category", "is_published", "followers_count", "fan_count", "access_token"), map[string]field{
		"instagram_business_account": {of: linkedNode},
	})}

	// accountNode is a Page as /me/accounts lists it: only there it tells the
	// tasks of the person.
	accountNode = &node{name: "Page", byDefault: []string{"access_token", "category", "name", "id", "tasks"}, fields: and(maps.Clone(pageNode.fields), plain("tasks"))}

	businessNode = &node{name: "Business", byDefault: []string{"id", "name"}, fields: plain("id", "name")}

	targetNode = &node{name: "StoryAttachmentTarget", bare: true, byDefault: []string{"id", "url"}, fields: plain("id", "unshimmed_url", "url")}

	subNode = &node{name: "StoryAttachment", bare: true, byDefault: []string{"target", "type", "url"}, fields: and(plain(
		"media_type", "type", "unshimmed_url", "url"), map[string]field{"target": {of: targetNode}})}

	attachmentNode = &node{name: "StoryAttachment", bare: true, byDefault: subNode.byDefault, fields: and(maps.Clone(subNode.fields), map[string]field{
		"subattachments": {of: subNode, mods: edgeMods()},
	})}

	personNode = &node{name: "Profile", byDefault: []string{"id", "name"}, fields: plain("id", "name", "type")}

	commentNode = &node{name: "Comment", byDefault: []string{"created_time", "from", "message", "id"}, fields: and(plain(
		"id", "created_time", "message", "permalink_url", "is_hidden", "like_count"), map[string]field{"from": {of: personNode}})}

	mediaNode = &node{name: "ShadowIGMedia", byDefault: []string{"id"}, fields: plain(
		"id", "caption", "timestamp", "permalink", "shortcode", "media_type", "media_product_type", "username", "like_count", "comments_count")}

	accountCommentNode = &node{name: "ShadowIGComment", byDefault: []string{"timestamp", "text", "id"}, fields: and(plain(
		"id", "text", "timestamp", "username", "like_count", "hidden"), map[string]field{
		"from":  {of: &node{name: "IGCommentFromUser", fields: plain("id", "username"), byDefault: []string{"id", "username"}}},
		"media": {of: mediaNode},
	})}

	// storyNode is what the list of a Page's stories holds.
	storyNode = &node{name: "Stories", bare: true, byDefault: []string{"post_id", "status", "creation_time", "media_type", "media_id", "url"}, fields: plain(
		"post_id", "status", "creation_time", "media_type", "media_id", "url")}

	postNode = &node{name: "PagePost", byDefault: []string{"created_time", "message", "id"}, fields: and(plain(
		"id", "message", "created_time", "permalink_url", "is_published", "shares"), map[string]field{
		"attachments": {of: attachmentNode, mods: edgeMods()},
		"reactions":   {of: personNode, mods: edgeMods("summary", "type"), sums: []string{"total_count", "viewer_reaction"}, enum: reactionKinds},
		"comments":    {of: commentNode, mods: edgeMods("summary", "filter", "order"), sums: []string{"order", "total_count", "can_comment"}},
	})}

	photoNode = &node{name: "Photo", byDefault: []string{"id"}, fields: plain("id", "created_time")}

	containerNode = &node{name: "ShadowIGMediaBuilder", byDefault: []string{"id"}, fields: plain("id", "status_code", "status")}

	limitNode = &node{name: "ContentPublishingLimitResponse", bare: true, byDefault: []string{"quota_usage"}, fields: and(plain("quota_usage"), map[string]field{
		"config": {of: &node{name: "ContentPublishingLimitConfig", bare: true, byDefault: []string{"quota_total", "quota_duration"}, fields: plain("quota_total", "quota_duration")}},
	})}

	permissionNode = &node{name: "Permission", bare: true, byDefault: []string{"permission", "status"}, fields: plain("permission", "status")}
)

// want is one field that a call asks for: name.modifier(value){fields}.
type want struct {
	name string
	mods map[string]string
	sub  []want
}

// maxDepth bounds how deep fields of fields go.
const maxDepth = 5

// readFields reads what stands in the parameter "fields".
func readFields(s string) ([]want, *refusal) {
	p := &fieldReader{s: s}
	list, no := p.list(0)
	if no == nil && p.at < len(p.s) {
		no = p.wrong()
	}
	return list, no
}

type fieldReader struct {
	s  string
	at int
}

func (p *fieldReader) wrong() *refusal {
	return refuse(2500, 0, "Syntax error in the fields at character "+strconv.Itoa(p.at))
}

func (p *fieldReader) next(c byte) bool {
	if p.at < len(p.s) && p.s[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *fieldReader) name() string {
	from := p.at
	for p.at < len(p.s) && (p.s[p.at] == '_' || p.s[p.at] >= 'a' && p.s[p.at] <= 'z' || p.s[p.at] >= '0' && p.s[p.at] <= '9') {
		p.at++
	}
	return p.s[from:p.at]
}

func (p *fieldReader) list(depth int) ([]want, *refusal) {
	var out []want
	for {
		w, no := p.one(depth)
		if no != nil {
			return nil, no
		}
		out = append(out, w)
		if !p.next(',') {
			return out, nil
		}
	}
}

func (p *fieldReader) one(depth int) (want, *refusal) {
	w := want{name: p.name(), mods: map[string]string{}}
	if w.name == "" || depth > maxDepth {
		return w, p.wrong()
	}
	for p.next('.') {
		name := p.name()
		end := strings.IndexByte(p.s[p.at:], ')')
		if name == "" || !p.next('(') || end < 0 {
			return w, p.wrong()
		}
		w.mods[name] = p.s[p.at : p.at+end-1]
		p.at += end
	}
	if !p.next('{') {
		return w, nil
	}
	sub, no := p.list(depth + 1)
	if no == nil && !p.next('}') {
		no = p.wrong()
	}
	w.sub = sub
	return w, no
}

// check refuses fields and modifiers that the node does not have.
func (n *node) check(wants []want) *refusal {
	for _, w := range wants {
		f, ok := n.fields[w.name]
		if !ok {
			return n.nothing(w.name)
		}
		for name, value := range w.mods {
			if no := f.takes(w.name, name, value); no != nil {
				return no
			}
		}
		if w.sub == nil {
			continue
		}
		if f.of == nil {
			return refuse(100, 0, "(#100) Subfields are not supported by "+w.name)
		}
		if no := f.of.check(w.sub); no != nil {
			return no
		}
	}
	return nil
}

// nothing is the refusal of a field or edge that is not there.
func (n *node) nothing(name string) *refusal {
	return refuse(100, 0, "(#100) Tried accessing nonexisting field ("+name+") on node type ("+n.name+")")
}

// takes checks one modifier of a field.
func (f field) takes(of, name, value string) *refusal {
	switch {
	case name == "as":
		// New apps have no aliases since 4 November 2026, and with v28.0 nobody has.
		return refuse(100, 0, "(#100) Field aliases are no longer supported: "+of+".as("+value+")")
	case !f.mods[name]:
		return refuse(100, 0, "(#100) Unknown modifier "+name+" on field "+of)
	case name == "type" && !slices.Contains(f.enum, value):
		return refuse(100, 0, "(#100) type must be one of the following values: "+strings.Join(f.enum, ", "))
	case name == "summary" && !oneOf(value, "1", "true"):
		for sum := range strings.SplitSeq(value, ",") {
			if !slices.Contains(f.sums, sum) {
				return refuse(100, 0, "(#100) Unknown summary "+sum+" on field "+of)
			}
		}
	case name == "limit":
		if n, err := strconv.Atoi(value); err != nil || n < 0 || n > maxListed {
			return refuse(100, 0, "(#100) limit must be between 0 and 100")
		}
	}
	return nil
}

func oneOf(v string, of ...string) bool { return slices.Contains(of, v) }

// pick keeps of an object what was asked for. The fields were checked before.
func (n *node) pick(object map[string]any, wants []want) map[string]any {
	if len(wants) == 0 {
		for _, name := range n.byDefault {
			wants = append(wants, want{name: name})
		}
	}
	out := map[string]any{}
	if !n.bare {
		out["id"] = object["id"]
	}
	for _, w := range wants {
		v, ok := object[w.name]
		f := n.fields[w.name]
		switch part := v.(type) {
		case map[string]any:
			out[w.name] = f.part(part, w)
		default:
			if ok {
				out[w.name] = v
			}
		}
	}
	return out
}

// part is what a field shows of the object or the edge behind it.
func (f field) part(v map[string]any, w want) map[string]any {
	switch {
	case f.of == nil:
		return v
	case f.mods == nil:
		return f.of.pick(v, w.sub)
	}
	data := []any{}
	list, _ := v["data"].([]map[string]any)
	if most, err := strconv.Atoi(w.mods["limit"]); err == nil {
		list = list[:min(most, len(list))]
	}
	for _, one := range list {
		data = append(data, f.of.pick(one, w.sub))
	}
	out := map[string]any{"data": data}
	asked, ok := w.mods["summary"]
	all, _ := v["summary"].(map[string]any)
	if !ok || all == nil {
		return out
	}
	sum := map[string]any{}
	for name, value := range all {
		if oneOf(asked, "1", "true") || slices.Contains(strings.Split(asked, ","), name) {
			sum[name] = value
		}
	}
	out["summary"] = sum
	return out
}

// all picks from each object of a list.
func (n *node) all(list []map[string]any, wants []want) []any {
	out := []any{}
	for _, one := range list {
		out = append(out, n.pick(one, wants))
	}
	return out
}
