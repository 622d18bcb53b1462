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
	return postNode.pick(s.readPost(p), c.wants), nil
}

// minFollowers is how many a Page needs before it has insights.
const minFollowers = 100

func (s *server) postInsights(c *call, p *post) (any, *refusal) {
	owner := findPage(p.Page)
	if no := acts(c, owner, "pages_read_engagement", ""); no != nil {
		return nil, no
	}
	if no := insightsAsked(c); no != nil {
		return nil, no
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
	data = inPeriod(c, data)
	if !c.token.may("read_insights") || owner.Followers < minFollowers {
		data = []any{}
	}
	return map[string]any{"data": data, "paging": map[string]any{}}, nil
}

// periods are the values of the parameter "period".
var periods = []string{"day", "week", "days_28", "month", "lifetime", "total_over_range"}

// insightsAsked checks the parameters of a call for insights.
func insightsAsked(c *call) *refusal {
	switch {
	case c.form.Get("metric") == "":
		return refuse(3001, 1504028, "No metric was specified to be fetched.")
	case c.form.Has("period") && !oneOf(c.form.Get("period"), periods...):
		return refuse(100, 0, "(#100) period must be one of the following values: "+strings.Join(periods, ", "))
	}
	return nil
}

// inPeriod keeps the rows of the period that was asked for.
func inPeriod(c *call, rows []any) []any {
	out := []any{}
	for _, r := range rows {
		if row, _ := r.(map[string]any); !c.form.Has("period") || row["period"] == c.form.Get("period") {
			out = append(out, r)
		}
	}
	return out
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
	return mediaNode.pick(s.readMedia(m), c.wants), nil
}

func (s *server) mediaInsights(c *call, m *media) (any, *refusal) {
	p, owner := findProfile(m.Account)
	if no := actsFor(c, p, owner, "instagram_manage_insights"); no != nil {
		return nil, no
	}
	age := s.Now().Sub(m.Made)
	n := countsOf(m.ID, age)
	if m.Story {
		return s.insightsOf(c, m.ID, map[string]int64{
			"views": n.views, "reach": n.reach, "replies": n.comments, "shares": n.shares, "total_interactions": n.comments + n.shares,
			"navigation": n.views / 3, "profile_visits": n.reach / 20, "follows": n.reach / 90,
		}, age < storyLife)
	}
	return s.insightsOf(c, m.ID, map[string]int64{
		"views": n.views, "reach": n.reach, "likes": n.likes, "comments": n.comments, "shares": n.shares, "saved": n.saved,
		"total_interactions": n.likes + n.comments + n.shares + n.saved, "profile_visits": n.reach / 20, "follows": n.reach / 90,
	}, true)
}
