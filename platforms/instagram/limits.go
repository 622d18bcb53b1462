package instagram

import (
	"context"
	"net/url"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/graph"
)

// fewestPosts is the limit of 24 hours where Instagram does not say: the smallest
// that its pages name.
const fewestPosts = 50

// ReadLimits implements platforms.LimitsReader: how many posts of a moving 24
// hours are used. A carousel is one.
// https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/content_publishing_limit
func (i *instagram) ReadLimits(ctx context.Context, s platforms.Session) error {
	var a struct {
		Data []struct {
			Used   int64 `json:"quota_usage"`
			Config struct {
				Total int64 `json:"quota_total"`
			} `json:"config"`
		} `json:"data"`
	}
	_, err := i.api.Do(ctx, graph.Call{
		Op: graph.OpCheck, Path: s.Account.RemoteID + "/content_publishing_limit", App: s.App, Token: s.Access,
		Params: url.Values{"fields": {"quota_usage,config"}},
	}, &a)
	if err != nil || len(a.Data) == 0 {
		return err
	}
	most := a.Data[0].Config.Total
	if most <= 0 {
		most = fewestPosts
	}
	used := min(max(a.Data[0].Used, 0), most)
	platforms.ReportLimits(ctx, platforms.Limit{
		Name: "posts_day", Unit: platforms.LimitPosts, Span: platforms.SpanDay, Max: most, Left: most - used,
	})
	return nil
}
