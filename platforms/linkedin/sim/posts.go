package sim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

// post is what the API tells of a post, beside the record.
type post struct {
	createBody
	Images []string  `json:"images"` // of the content, or the thumbnail
	Time   time.Time `json:"time"`
}

// createBody is a post as it is sent.
type createBody struct {
	Author       string        `json:"author"`
	Commentary   *string       `json:"commentary"`
	Visibility   string        `json:"visibility"`
	Distribution *distribution `json:"distribution"`
	Content      *content      `json:"content,omitempty"`
	State        string        `json:"lifecycleState"`
	NoReshare    bool          `json:"isReshareDisabledByAuthor"`
}

type distribution struct {
	Feed     string   `json:"feedDistribution"`
	Targets  []string `json:"targetEntities"`
	Channels []string `json:"thirdPartyDistributionChannels"`
}

type content struct {
	Media      *image   `json:"media,omitempty"`
	MultiImage *multi   `json:"multiImage,omitempty"`
	Article    *article `json:"article,omitempty"`
}

type image struct {
	ID    string `json:"id"`
	Title string `json:"title,omitempty"`
	Alt   string `json:"altText,omitempty"`
}

type multi struct {
	Images []image `json:"images"`
}

type article struct {
	Source      string `json:"source"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	Thumbnail   string `json:"thumbnail,omitempty"`
}

// images lists the pictures below the text, in order.
func (c *content) images() []image {
	switch {
	case c == nil:
		return nil
	case c.Media != nil:
		return []image{*c.Media}
	case c.MultiImage != nil:
		return c.MultiImage.Images
	}
	return nil
}

const (
	maxText = 3000
	maxAlt  = 4086
	// repeatWindow is how long the same post is refused again, also after it
	// was deleted.
	repeatWindow = 24 * time.Hour
)

// create is POST /rest/posts.
func (s *Sim) create(w http.ResponseWriter, r *http.Request) {
	var in createBody
	if !readBody(w, r, &in) {
		return
	}
	if missing := in.missing(); len(missing) > 0 {
		var b strings.Builder
		for _, field := range missing {
			fmt.Fprintf(&b, "ERROR :: /%s :: field is required but not found and has no default value\n", field)
		}
		fail(w, http.StatusUnprocessableEntity, fault{Message: b.String()})
		return
	}
	if !knownValues(w, in) {
		return
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	text := Render(in.commentary())
	if !s.acceptable(w, in, text) {
		return
	}
	if urn := s.earlier(in, text); urn != "" {
		duplicate(w, urn)
		return
	}
	urn := s.publish(in, text)
	w.Header().Set("x-restli-id", urn)
	w.WriteHeader(http.StatusCreated)
}

func (in createBody) commentary() string {
	if in.Commentary == nil {
		return ""
	}
	return *in.Commentary
}

func (in createBody) missing() []string {
	var out []string
	for _, f := range []struct{ name, value string }{
		{"author", in.Author}, {"visibility", in.Visibility}, {"lifecycleState", in.State},
	} {
		if f.value == "" {
			out = append(out, f.name)
		}
	}
	if in.Commentary == nil {
		out = append(out, "commentary")
	}
	switch {
	case in.Distribution == nil:
		out = append(out, "distribution")
	case in.Distribution.Feed == "":
		out = append(out, "distribution/feedDistribution")
	}
	return out
}

// acceptable refuses what LinkedIn refuses.
func (s *Sim) acceptable(w http.ResponseWriter, in createBody, text string) bool {
	c := in.Content
	images := c.images()
	if !mayPost(in.Author) {
		roleLost(w)
		return false
	}
	switch {
	case len(utf16.Encode([]rune(text))) > maxText:
		failField(w, "FIELD_LENGTH_TOO_LONG", "/commentary", "The commentary is longer than 3000 characters")
	case strings.TrimSpace(text) == "" && c == nil:
		failField(w, "INVALID_VALUE_BLANK_FIELD", "/commentary", "The commentary is blank")
	case c != nil && count(c.Media != nil, c.MultiImage != nil, c.Article != nil) != 1:
		failField(w, "INVALID_VALUE_FOR_FIELD", "/content", "The content must be of exactly one kind")
	case c != nil && c.MultiImage != nil && (len(images) < 2 || len(images) > 20):
		failField(w, "INVALID_VALUE_FOR_FIELD", "/content/multiImage/images", "There must be 2 to 20 images")
	case slices.ContainsFunc(images, func(i image) bool { return len([]rune(i.Alt)) > maxAlt }):
		failField(w, "FIELD_LENGTH_TOO_LONG", "/content/media/altText", "The alternative text is longer than 4086 characters")
	case c != nil && c.Article != nil && !isAddress(c.Article.Source):
		failField(w, "INVALID_URL", "/content/article/source", "The source is not a valid URL")
	case c != nil && c.Article != nil && c.Article.Title == "":
		failField(w, "MISSING_FIELD", "/content/article/title", "The title is missing")
	default:
		if c != nil && c.Article != nil && c.Article.Thumbnail != "" {
			images = []image{{ID: c.Article.Thumbnail}}
		}
		return s.ready(w, in.Author, images)
	}
	return false
}

func count(bs ...bool) (n int) {
	for _, b := range bs {
		if b {
			n++
		}
	}
	return n
}

func isAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

// ready tells whether all pictures belong to the author and can be used.
func (s *Sim) ready(w http.ResponseWriter, author string, images []image) bool {
	for _, i := range images {
		u, ok := s.State.Images[i.ID]
		if !ok || u.Owner != author {
			failField(w, "INVALID_IMAGE_ID", "/content/media/id", "The image does not exist or belongs to somebody else")
			return false
		}
		switch s.status(u) {
		case "AVAILABLE":
		case "PROCESSING_FAILED":
			failField(w, "MEDIA_ASSET_PROCESSING_FAILED", "/content/media/id", "Media asset could not be processed")
			return false
		default:
			failField(w, "MEDIA_ASSET_WAITING_UPLOAD", "/content/media/id", "Media asset is waiting for its upload")
			return false
		}
	}
	return true
}

// earlier finds the same post of the last day, deleted or not: same author,
// same visible words, same pictures, same article.
func (s *Sim) earlier(in createBody, text string) string {
	now := s.Now()
	for _, p := range slices.Backward(s.Posts()) {
		if p.Kind == "" && now.Sub(p.Time) < repeatWindow && orgPrefix+p.Account == in.Author && plain(p.Text) == plain(text) &&
			p.Link == in.link() && slices.EqualFunc(p.Media, s.record(in.Content), func(a, b platforms.SimMedia) bool { return a.SHA256 == b.SHA256 }) {
			return p.ID
		}
	}
	return ""
}

func plain(s string) string { return strings.Join(strings.Fields(s), " ") }

func (in createBody) link() string {
	if in.Content != nil && in.Content.Article != nil {
		return in.Content.Article.Source
	}
	return ""
}

// options are those that the post was sent with, for the record.
func (in createBody) options() map[string]string {
	if !in.NoReshare {
		return nil
	}
	return map[string]string{"no_reshare": "yes"}
}

// record is what stands below the text, for the record.
func (s *Sim) record(c *content) []platforms.SimMedia {
	out := []platforms.SimMedia{}
	for _, i := range c.images() {
		facts := s.State.Small[i.ID].Facts
		facts.Alt = i.Alt
		out = append(out, facts)
	}
	return out
}

// publish puts the post on record. Several pictures make the other kind of id.
func (s *Sim) publish(in createBody, text string) string {
	now := s.Now()
	s.State.Seq++
	kind := "share"
	if in.Content != nil && in.Content.MultiImage != nil {
		kind = "ugcPost"
	}
	urn := fmt.Sprintf("urn:li:%s:%d", kind, now.UnixMilli()<<22|s.State.Seq&(1<<22-1))
	p := post{createBody: in, Time: now}
	for _, i := range in.Content.images() {
		p.Images = append(p.Images, i.ID)
	}
	s.State.Posts[urn] = p
	s.Publish(platforms.SimPost{
		Platform: id, Account: strings.TrimPrefix(in.Author, orgPrefix), ID: urn, Text: text, Media: s.record(in.Content),
		Link: in.link(), Time: now, Options: in.options(),
	})
	return urn
}

// live finds a post that was not deleted.
func (s *Sim) live(urn string) (post, bool) {
	p, ok := s.State.Posts[urn]
	record, known := s.Post(id, urn)
	return p, ok && known && !record.Deleted
}

// describe is a post in an answer. Hashtags come back as templates.
func describe(urn string, p post) map[string]any {
	out := map[string]any{
		"id": urn, "author": p.Author, "commentary": templates(p.commentary()), "visibility": p.Visibility, "distribution": p.Distribution,
		"lifecycleState": p.State, "lifecycleStateInfo": map[string]bool{"isEditedByAuthor": false},
		"isReshareDisabledByAuthor": p.NoReshare,
		"createdAt":                 p.Time.UnixMilli(), "publishedAt": p.Time.UnixMilli(), "lastModifiedAt": p.Time.UnixMilli(),
	}
	if p.Content != nil {
		out["content"] = p.Content
	}
	return out
}

// templates writes hashtags as LinkedIn returns them.
func templates(commentary string) string {
	p := &parser{in: []rune(commentary)}
	var b strings.Builder
	for p.at < len(p.in) {
		start := p.at
		p.out.Reset()
		if !p.element() {
			b.WriteString(string(p.in[start:]))
			break
		}
		if word, ok := strings.CutPrefix(p.out.String(), "#"); ok && p.in[start] == '#' {
			b.WriteString(`{hashtag|\#|` + strings.ReplaceAll(word, "_", `\_`) + "}")
			continue
		}
		b.WriteString(string(p.in[start:p.at]))
	}
	return b.String()
}

// read is GET /rest/posts/{urn}.
func (s *Sim) read(w http.ResponseWriter, r *http.Request) {
	urn, ok := pathURN(w, r)
	if !ok || !isURN(w, urn, "share", "ugcPost") {
		return
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	p, ok := s.live(urn)
	if !ok {
		notFound(w, urn)
		return
	}
	send(w, http.StatusOK, describe(urn, p))
}

// remove is DELETE /rest/posts/{urn}, which may be repeated.
func (s *Sim) remove(w http.ResponseWriter, r *http.Request) {
	urn, ok := pathURN(w, r)
	if !ok || !isURN(w, urn, "share", "ugcPost") {
		return
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	for _, c := range s.below(urn) { // with a post its comments go
		s.MarkDeleted(id, c.urn())
	}
	s.MarkDeleted(id, urn)
	w.WriteHeader(http.StatusNoContent)
}

// list is GET /rest/posts?q=author, newest first.
func (s *Sim) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	n, err := strconv.Atoi(cmp.Or(q.Get("count"), "10"))
	start, err2 := strconv.Atoi(cmp.Or(q.Get("start"), "0"))
	if q.Get("q") != "author" || strings.Contains(r.URL.RawQuery, "author=urn:") || err != nil || err2 != nil || n < 1 || n > 100 || start < 0 {
		fail(w, http.StatusBadRequest, fault{Code: "PARAM_INVALID", Message: "Invalid query parameters passed to request"})
		return
	}
	if _, ok := organizationOf(q.Get("author")); !ok {
		denied(w, "partnerApiPosts.FINDER-author")
		return
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	elements := []map[string]any{}
	newest := slices.SortedFunc(maps.Keys(s.State.Posts), func(a, b string) int {
		return cmp.Or(s.State.Posts[b].Time.Compare(s.State.Posts[a].Time), cmp.Compare(b, a))
	})
	for _, urn := range newest {
		p, ok := s.live(urn)
		if !ok || p.Author != q.Get("author") || !s.Listed(p.Time) {
			continue
		}
		if start > 0 {
			start--
			continue
		}
		if len(elements) < n {
			elements = append(elements, describe(urn, p))
		}
	}
	send(w, http.StatusOK, map[string]any{"elements": elements, "paging": paging(q, n)})
}

func paging(q url.Values, n int) map[string]any {
	start, _ := strconv.Atoi(q.Get("start")) // absent is 0
	return map[string]any{"start": start, "count": n, "links": []any{}}
}

// acls is GET /rest/organizationAcls?q=roleAssignee.
func (s *Sim) acls(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("q") != "roleAssignee" {
		fail(w, http.StatusBadRequest, fault{Code: "PARAM_INVALID", Message: "Invalid query parameters passed to request"})
		return
	}
	elements := []map[string]string{}
	for _, o := range organizations {
		if role := q.Get("role"); role == "" || role == o.Role {
			elements = append(elements, map[string]string{
				"organization": orgPrefix + o.ID, "roleAssignee": memberURN, "role": o.Role, "state": "APPROVED",
			})
		}
	}
	send(w, http.StatusOK, map[string]any{"elements": elements, "paging": paging(q, 10)})
}

// organization is GET /rest/organizations/{id}.
func (s *Sim) organization(w http.ResponseWriter, r *http.Request) {
	o, ok := organizationOf(orgPrefix + r.PathValue("id"))
	if !ok {
		notFound(w, r.PathValue("id"))
		return
	}
	send(w, http.StatusOK, map[string]any{
		"id": json.Number(o.ID), "$URN": orgPrefix + o.ID, "localizedName": o.Name, "vanityName": o.Vanity,
		"name": map[string]any{"localized": map[string]string{"en_US": o.Name}}, "primaryOrganizationType": "NONE",
	})
}

// networkSize is GET /rest/networkSizes/{urn}.
func (s *Sim) networkSize(w http.ResponseWriter, r *http.Request) {
	urn, ok := pathURN(w, r)
	if !ok {
		return
	}
	o, known := organizationOf(urn)
	if !known || r.URL.Query().Get("edgeType") != "COMPANY_FOLLOWED_BY_MEMBER" {
		notFound(w, urn)
		return
	}
	weeks := s.Now().Sub(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).Hours() / 24 / 7
	send(w, http.StatusOK, map[string]int64{"firstDegreeSize": o.Followers + int64(weeks)})
}

// statistics is GET /rest/organizationalEntityShareStatistics. Posts nobody
// has seen are left out, and each kind is asked for by its own name.
func (s *Sim) statistics(w http.ResponseWriter, r *http.Request) {
	shares, ok := listOf(r, "shares")
	ugcPosts, ok2 := listOf(r, "ugcPosts")
	author := r.URL.Query().Get("organizationalEntity")
	if !ok || !ok2 || strings.Contains(r.URL.RawQuery, "organizationalEntity=urn:") {
		fail(w, http.StatusBadRequest, fault{Code: "PARAM_INVALID", Message: "Invalid query parameters passed to request"})
		return
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	elements := []map[string]any{}
	for name, urns := range map[string][]string{"share": shares, "ugcPost": ugcPosts} {
		for _, urn := range urns {
			p, ok := s.live(urn)
			age := s.Now().Sub(p.Time)
			seen := simkit.Grown(urn+"i", age, 700)
			if !ok || p.Author != author || seen == 0 || !strings.HasPrefix(urn, "urn:li:"+name+":") {
				continue
			}
			clicks, likes := simkit.Grown(urn+"k", age, 40), simkit.Grown(urn+"l", age, 25)
			comments, reposts := simkit.Grown(urn+"c", age, 6), simkit.Grown(urn+"r", age, 4)
			elements = append(elements, map[string]any{
				name: urn, "organizationalEntity": author,
				"totalShareStatistics": map[string]any{
					"impressionCount": seen, "uniqueImpressionsCount": seen * 7 / 10, "clickCount": clicks, "likeCount": likes,
					"commentCount": comments, "shareCount": reposts,
					"engagement": float64(clicks+likes+comments+reposts) / float64(seen),
				},
			})
		}
	}
	send(w, http.StatusOK, map[string]any{"elements": elements, "paging": paging(r.URL.Query(), 10)})
}
