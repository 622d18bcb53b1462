package sim

import (
	"cmp"
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

// photo is an uploaded photo. While no post shows it, it lives a day.
type photo struct {
	ID, Page, Alt, SHA string
	Made               time.Time
	Used               bool
}

// post is a post of a Page.
type post struct {
	ID, Page, Message, Link string
	Photos                  []string
	Made                    time.Time
}

// The limits of Pages.
const (
	maxMessage    = 63_206
	maxPhotoBytes = 10 << 20
	photoLife     = 24 * time.Hour
	maxListed     = 100
)

// apiTime is how the API writes times.
const apiTime = "2006-01-02T15:04:05-0700"

// acts checks that the token is the Page's own and may do what is asked.
func acts(c *call, p *page, scope, task string) *refusal {
	switch {
	case c.token.Kind != tokenPage || c.token.Page != p.ID:
		return refuse(200, 0, "(#200) The permission to act as this Page was not given: a Page access token is required.")
	case !c.token.may(scope):
		return refuse(200, 0, "(#200) If posting to a page, requires both pages_read_engagement and "+scope+" as an admin with sufficient administrative permission")
	case task != "" && !slices.Contains(p.Tasks, task):
		return refuse(200, 0, "(#200) The person does not hold the task "+task+" on this Page.")
	}
	return nil
}

func (s *server) pageNode(c *call, p *page) (any, *refusal) {
	if !c.token.sees(p.ID) {
		return nil, errNotFound
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	out := s.readPage(p, c.token)
	out["is_published"] = c.fault != simkit.Unpublished
	switch c.token.Kind {
	case tokenUser:
		for _, w := range c.wants {
			if w.name == "access_token" {
				out["access_token"] = s.pageToken(p, c.token)
			}
		}
	case tokenPage:
		if c.token.Page == p.ID {
			out["access_token"] = c.raw
		}
	}
	return pageNode.pick(out, c.wants), nil
}

// readPage is a Page as a token sees it.
func (s *server) readPage(p *page, t *token) map[string]any {
	out := map[string]any{
		"id": p.ID, "name": p.Name, "username": p.Username, "category": p.Category, "is_published": true,
		"followers_count": p.Followers, "fan_count": p.Followers - p.Followers/20,
	}
	if p.Linked != nil && t.may("instagram_basic") && t.sees(p.Linked.ID) {
		out["instagram_business_account"] = map[string]any{
			"id": p.Linked.ID, "username": p.Linked.Username, "name": p.Linked.Name, "followers_count": p.Linked.Followers,
		}
	}
	return out
}

func (s *server) uploadPhoto(c *call, p *page) (any, *refusal) {
	if no := acts(c, p, "pages_manage_posts", "CREATE_CONTENT"); no != nil {
		return nil, no
	}
	if c.form.Get("published") != "false" {
		return nil, refuse(100, 0, "(#100) This simulator takes photos with published=false only.")
	}
	file, _, err := c.FormFile("source")
	if err != nil {
		return nil, refuse(324, 0, "Missing or invalid image file")
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxPhotoBytes+1))
	if err != nil {
		return nil, refuse(324, 0, "Missing or invalid image file")
	}
	if len(data) > maxPhotoBytes {
		return nil, refuse(100, 1366046, "Photos should be less than 10 MB.")
	}
	pic, err := simkit.ReadPicture(data)
	if err != nil || !slices.Contains([]string{"image/jpeg", "image/png", "image/gif"}, pic.Facts.Type) {
		return nil, refuse(100, 2069019, "The file is not a valid image.")
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ph := &photo{ID: s.NextID(""), Page: p.ID, Alt: c.form.Get("alt_text_custom"), SHA: pic.Facts.SHA256, Made: s.Now()}
	s.State.Photos[ph.ID], s.State.Pictures[ph.SHA] = ph, pic
	return map[string]any{"id": ph.ID}, nil
}

func (s *server) makePost(c *call, p *page) (any, *refusal) {
	if no := acts(c, p, "pages_manage_posts", "CREATE_CONTENT"); no != nil {
		return nil, no
	}
	if c.form.Get("published") == "false" {
		return nil, refuse(100, 0, "(#100) This simulator takes posts that are published at once only.")
	}
	made := &post{Page: p.ID, Message: c.form.Get("message"), Link: c.form.Get("link")}
	for n := 0; c.form.Has("attached_media[" + strconv.Itoa(n) + "]"); n++ {
		var m struct {
			ID string `json:"media_fbid"`
		}
		if json.Unmarshal([]byte(c.form.Get("attached_media["+strconv.Itoa(n)+"]")), &m) != nil || m.ID == "" {
			return nil, refuse(100, 0, "(#100) attached_media must name a media_fbid.")
		}
		made.Photos = append(made.Photos, m.ID)
	}
	if no := made.content(); no != nil {
		return nil, no
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	now := s.Now()
	var pics []simkit.Picture
	var alts []string
	for _, id := range made.Photos {
		ph := s.State.Photos[id]
		switch {
		case ph == nil || ph.Page != p.ID || !ph.Used && now.Sub(ph.Made) > photoLife:
			return nil, refuse(100, 0, "(#100) Invalid photo in attached_media.")
		case ph.Used:
			f := refuse(100, 1366051, "Photos were already posted.")
			f.UserText = "These photos were already posted."
			return nil, f
		}
		pics, alts = append(pics, s.State.Pictures[ph.SHA]), append(alts, ph.Alt)
	}
	for _, id := range made.Photos {
		s.State.Photos[id].Used = true
	}
	made.ID, made.Made = s.NextID(p.ID+"_"), now
	s.State.PagePosts[made.ID] = made
	s.record(platforms.SimPost{
		Platform: facebook, Account: p.ID, ID: made.ID, Text: made.Message, Link: made.Link, Time: now,
	}, pics, alts)
	return s.readPost(made), nil
}

// content checks what a post is made of.
func (p *post) content() *refusal {
	u, err := url.Parse(p.Link)
	switch {
	case p.Message == "" && p.Link == "" && len(p.Photos) == 0:
		return refuse(100, 0, "(#100) You must provide either message or link or attached_media")
	case utf8.RuneCountInString(p.Message) > maxMessage:
		return refuse(100, 0, "(#100) The status you are trying to publish is too long.")
	case p.Link != "" && len(p.Photos) > 0:
		return refuse(100, 0, "(#100) link and attached_media cannot be combined.")
	case p.Link != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http"):
		return refuse(100, 1609005, "The link could not be used.")
	case u != nil && (u.Hostname() == "facebook.com" || strings.HasSuffix(u.Hostname(), ".facebook.com")):
		return refuse(100, 1609008, "Links to facebook.com cannot be posted.")
	}
	return nil
}

func (s *server) publishedPosts(c *call, p *page) (any, *refusal) {
	if no := acts(c, p, "pages_read_engagement", ""); no != nil {
		return nil, no
	}
	limit, no := limitOf(c)
	if no != nil {
		return nil, no
	}
	since, until := s.window(c)
	s.Mu.Lock()
	defer s.Mu.Unlock()
	var list []*post
	for _, made := range s.State.PagePosts {
		if made.Page == p.ID && !made.Made.Before(since) && !made.Made.After(until) && s.Listed(made.Made) && !s.gone(facebook, made.ID) {
			list = append(list, made)
		}
	}
	slices.SortFunc(list, func(a, b *post) int { return cmp.Or(b.Made.Compare(a.Made), cmp.Compare(b.ID, a.ID)) })
	data := []map[string]any{}
	for _, made := range list[:min(limit, len(list))] {
		data = append(data, s.readPost(made))
	}
	return map[string]any{"data": postNode.all(data, c.wants)}, nil
}

// limitOf is the most that a list may hold.
func limitOf(c *call) (int, *refusal) {
	n, err := strconv.Atoi(cmp.Or(c.form.Get("limit"), "25"))
	if err != nil || n < 1 || n > maxListed {
		return 0, refuse(100, 0, "(#100) Please reduce the amount of data you're asking for, then retry your request")
	}
	return n, nil
}

// window is the time of which a list is asked for.
func (s *server) window(c *call) (since, until time.Time) {
	until = s.Now().Add(time.Hour)
	if v, err := strconv.ParseInt(c.form.Get("since"), 10, 64); err == nil {
		since = time.Unix(v, 0)
	}
	if v, err := strconv.ParseInt(c.form.Get("until"), 10, 64); err == nil {
		until = time.Unix(v, 0)
	}
	return since, until
}

// readPost is a post with all it holds. The caller holds the lock.
func (s *server) readPost(p *post) map[string]any {
	n := countsOf(p.ID, s.Now().Sub(p.Made))
	out := map[string]any{
		"id": p.ID, "created_time": p.Made.Format(apiTime), "permalink_url": s.web(p.ID), "is_published": true,
		"reactions": map[string]any{"summary": map[string]any{"total_count": n.likes, "viewer_reaction": "NONE"}},
		"comments":  map[string]any{"summary": map[string]any{"order": "chronological", "total_count": n.comments, "can_comment": true}},
	}
	if p.Message != "" {
		out["message"] = p.Message
	}
	if n.shares > 0 {
		out["shares"] = map[string]any{"count": n.shares}
	}
	var list []map[string]any
	switch {
	case p.Link != "":
		list = []map[string]any{{
			"media_type": "link", "type": "share", "unshimmed_url": p.Link, "url": "https://l.facebook.com/l.php?u=" + url.QueryEscape(p.Link),
			"target": map[string]any{"url": p.Link},
		}}
	case len(p.Photos) == 1:
		list = []map[string]any{photoTarget(p.Photos[0])}
	case len(p.Photos) > 1:
		var subs []map[string]any
		for _, id := range p.Photos {
			subs = append(subs, photoTarget(id))
		}
		list = []map[string]any{{
			"media_type": "album", "type": "album", "target": map[string]any{"id": p.ID}, "subattachments": map[string]any{"data": subs},
		}}
	}
	if list != nil {
		out["attachments"] = map[string]any{"data": list}
	}
	return out
}

func photoTarget(id string) map[string]any {
	return map[string]any{"media_type": "photo", "type": "photo", "target": map[string]any{"id": id}}
}
