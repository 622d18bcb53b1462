package sim

import (
	"hash/fnv"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

// counts are the numbers of a post at this age. They only grow, and fewer
// people see a post than it has views.
type counts struct{ views, reach, likes, comments, shares, saved int64 }

func countsOf(id string, age time.Duration) counts {
	n := counts{
		reach: 5 + simkit.Grown(id+"/reach", age, 260), likes: simkit.Grown(id+"/likes", age, 42),
		comments: simkit.Grown(id+"/comments", age, 7), shares: simkit.Grown(id+"/shares", age, 4),
		saved: simkit.Grown(id+"/saved", age, 5),
	}
	n.views = n.reach + simkit.Grown(id+"/views", age, 140)
	return n
}

func hash(s string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s))
	return h.Sum64()
}

func (s *server) postNode(c *call, p *post) (any, *refusal) {
	if no := acts(c, findPage(p.Page), "pages_read_engagement", ""); no != nil {
		return nil, no
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	out := s.readPost(p)
	n := countsOf(p.ID, s.Now().Sub(p.Made))
	fields := c.form.Get("fields")
	if strings.Contains(fields, "reactions") {
		out["reactions"] = map[string]any{"data": []any{}, "summary": map[string]any{"total_count": n.likes, "viewer_reaction": "NONE"}}
	}
	if strings.Contains(fields, "comments") {
		out["comments"] = map[string]any{"data": []any{}, "summary": map[string]any{"order": "chronological", "total_count": n.comments, "can_comment": true}}
	}
	if strings.Contains(fields, "shares") && n.shares > 0 {
		out["shares"] = map[string]any{"count": n.shares}
	}
	return out, nil
}

// minFollowers is how many a Page needs before it has insights.
const minFollowers = 100

func (s *server) postInsights(c *call, p *post) (any, *refusal) {
	owner := findPage(p.Page)
	if no := acts(c, owner, "pages_read_engagement", ""); no != nil {
		return nil, no
	}
	if c.form.Get("metric") == "" {
		return nil, refuse(3001, 1504028, "No metric was specified to be fetched.")
	}
	n := countsOf(p.ID, s.Now().Sub(p.Made))
	known := map[string]any{
		"post_media_view": n.views, "post_total_media_view_unique": n.reach, "post_clicks": n.views / 9,
		"post_reactions_by_type_total": map[string]int64{"like": n.likes - n.likes/4, "love": n.likes / 4},
	}
	data := []any{}
	for name := range strings.SplitSeq(c.form.Get("metric"), ",") {
		v, ok := known[name]
		if !ok {
			return nil, refuse(100, 0, "(#100) The value must be a valid insights metric")
		}
		data = append(data, insight(p.ID, name, "lifetime", v))
		if name == "post_total_media_view_unique" {
			data = append(data, insight(p.ID, name, "day", 0)) // the stale row that is really there
		}
	}
	if !c.token.may("read_insights") || owner.Followers < minFollowers {
		data = []any{}
	}
	return map[string]any{"data": data, "paging": map[string]any{}}, nil
}

func insight(id, name, period string, v any) map[string]any {
	return map[string]any{
		"name": name, "period": period, "values": []any{map[string]any{"value": v}}, "title": name, "description": name,
		"id": id + "/insights/" + name + "/" + period,
	}
}

func (s *server) mediaNode(c *call, m *media) (any, *refusal) {
	p, owner := findProfile(m.Account)
	if no := actsFor(c, p, owner, "instagram_basic"); no != nil {
		return nil, no
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	out := s.readMedia(m)
	n := countsOf(m.ID, s.Now().Sub(m.Made))
	out["like_count"], out["comments_count"] = n.likes, n.comments
	return out, nil
}

func (s *server) mediaInsights(c *call, m *media) (any, *refusal) {
	p, owner := findProfile(m.Account)
	if no := actsFor(c, p, owner, "instagram_manage_insights"); no != nil {
		return nil, no
	}
	n := countsOf(m.ID, s.Now().Sub(m.Made))
	known := map[string]int64{
		"views": n.views, "reach": n.reach, "likes": n.likes, "comments": n.comments, "shares": n.shares, "saved": n.saved,
		"total_interactions": n.likes + n.comments + n.shares + n.saved, "profile_visits": n.reach / 20, "follows": n.reach / 90,
	}
	data := []any{}
	for name := range strings.SplitSeq(c.form.Get("metric"), ",") {
		v, ok := known[name]
		if !ok {
			return nil, refuse(100, 0, "(#100) metric["+name+"] is not available for this media")
		}
		data = append(data, insight(m.ID, name, "lifetime", v))
	}
	return map[string]any{"data": data}, nil
}
