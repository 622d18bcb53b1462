package sim

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

// story is a story of a Page. Those of accounts are media.
type story struct {
	ID, Page, Photo string
	Made            time.Time
}

// storyLife is how long people see a story, and how long it has numbers.
const storyLife = 24 * time.Hour

// postPhotoStory makes a story of a photo that no post has shown.
// https://developers.facebook.com/docs/page-stories-api, 2026-11-30.
func (s *server) postPhotoStory(c *call, p *page) (any, *refusal) {
	if no := acts(c, p, "pages_manage_posts", "CREATE_CONTENT"); no != nil {
		return nil, no
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	now := s.Now()
	ph := s.State.Photos[c.form.Get("photo_id")]
	switch {
	case !c.form.Has("photo_id"):
		return nil, refuse(100, 0, "(#100) The parameter photo_id is required")
	case ph == nil || ph.Page != p.ID || !ph.Used && now.Sub(ph.Made) > photoLife:
		return nil, refuse(100, 0, "(#100) Invalid photo_id.")
	case ph.Used:
		f := refuse(100, 1366051, "Photos were already posted.")
		f.UserText = "This photo was already posted."
		return nil, f
	}
	ph.Used = true
	made := &story{ID: s.NextID(""), Page: p.ID, Photo: ph.ID, Made: now}
	s.State.Stories[made.ID] = made
	s.record(platforms.SimPost{
		Platform: facebook, Account: p.ID, ID: made.ID, Time: now, Kind: platforms.SimStory,
	}, []simkit.Picture{s.State.Pictures[ph.SHA]}, []string{ph.Alt})
	return map[string]any{"success": true, "post_id": made.ID}, nil
}

// pageStories lists the stories of a Page, the newest first. Those that are over
// stand in its archive, which is off.
func (s *server) pageStories(c *call, p *page) (any, *refusal) {
	if no := acts(c, p, "pages_read_engagement", ""); no != nil {
		return nil, no
	}
	if c.form.Has("status") && !oneOf(c.form.Get("status"), "PUBLISHED", "ARCHIVED") {
		return nil, refuse(100, 0, "(#100) Param status must be one of {ARCHIVED, PUBLISHED}")
	}
	most, no := limitOf(c)
	if no != nil {
		return nil, no
	}
	since, until := s.window(c)
	s.Mu.Lock()
	defer s.Mu.Unlock()
	var list []*story
	for _, m := range s.State.Stories {
		seen := m.Page == p.ID && s.Now().Sub(m.Made) < storyLife && s.Listed(m.Made) && !s.gone(facebook, m.ID)
		if seen && !m.Made.Before(since) && !m.Made.After(until) && c.form.Get("status") != "ARCHIVED" {
			list = append(list, m)
		}
	}
	slices.SortFunc(list, func(a, b *story) int { return cmp.Or(b.Made.Compare(a.Made), cmp.Compare(b.ID, a.ID)) })
	data := []map[string]any{}
	for _, m := range list[:min(most, len(list))] {
		data = append(data, map[string]any{
			"post_id": m.ID, "status": "PUBLISHED", "creation_time": strconv.FormatInt(m.Made.Unix(), 10),
			"media_type": "photo", "media_id": m.Photo, "url": s.web("stories/" + p.ID + "/" + m.ID + "/"),
		})
	}
	return map[string]any{"data": storyNode.all(data, c.wants)}, nil
}

func (s *server) pageStoryInsights(c *call, m *story) (any, *refusal) {
	owner := findPage(m.Page)
	if no := acts(c, owner, "pages_read_engagement", ""); no != nil {
		return nil, no
	}
	n := countsOf(m.ID, s.Now().Sub(m.Made))
	return s.insightsOf(c, m.ID, map[string]int64{
		"story_media_view": n.views, "story_total_media_view_unique": n.reach, "story_interaction": n.likes + n.shares,
		"pages_fb_story_replies": n.comments, "pages_fb_story_shares": n.shares,
	}, c.token.may("read_insights") && owner.Followers >= minFollowers && s.Now().Sub(m.Made) < storyLife)
}

// insightsOf answers for the metrics that there are. Where nothing is given the list
// is empty, and not full of noughts.
func (*server) insightsOf(c *call, id string, known map[string]int64, given bool) (any, *refusal) {
	if no := insightsAsked(c); no != nil {
		return nil, no
	}
	rows := []any{}
	for name := range strings.SplitSeq(c.form.Get("metric"), ",") {
		v, ok := known[name]
		if !ok {
			return nil, refuse(100, 0, "(#100) metric["+name+"] is not available for this media")
		}
		rows = append(rows, insight(id, name, "lifetime", v))
	}
	if !given {
		rows = []any{}
	}
	return map[string]any{"data": inPeriod(c, rows)}, nil
}

// accountStories lists the stories of an account, the newest first.
func (s *server) accountStories(c *call, p *profile, owner *page) (any, *refusal) {
	if no := actsFor(c, p, owner, "instagram_basic"); no != nil {
		return nil, no
	}
	return s.mediaOf(c, p, func(m *media) bool { return m.Story && s.Now().Sub(m.Made) < storyLife })
}
