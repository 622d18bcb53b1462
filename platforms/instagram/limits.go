package instagram

import (
	"context"
	"net/url"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/graph"
)

// fewestPosts is the limit of 24 hours where Instagram does not say: the smallest
// that its pages name. One page says 100, another 50; what counts is what the
// account is told.
const fewestPosts = 50

// ReadLimits implements platforms.LimitsReader: how many posts of a moving 24
// hours are used.
func (i *instagram) ReadLimits(ctx context.Context, s platforms.Session) error {
	used, most, err := i.quota(ctx, s, graph.OpCheck)
	if err != nil || most == 0 {
		return err
	}
	platforms.ReportLimits(ctx, platforms.Limit{
		Name: "posts_day", Unit: platforms.LimitPosts, Span: platforms.SpanDay, Max: most, Left: most - used,
	})
	return nil
}

// quota asks how many posts of a moving 24 hours are used, and how many there may
// be; 0 if the answer does not say. A carousel is one.
// https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/content_publishing_limit
func (i *instagram) quota(ctx context.Context, s platforms.Session, op string) (used, most int64, err error) {
	var a struct {
		Data []struct {
			Used   int64 `json:"quota_usage"`
			Config struct {
				Total int64 `json:"quota_total"`
			} `json:"config"`
		} `json:"data"`
	}
	_, err = i.api.Do(ctx, graph.Call{
		Op: op, Path: s.Account.RemoteID + "/content_publishing_limit", App: s.App, Token: s.Access,
		Params: url.Values{"fields": {"quota_usage,config"}},
	}, &a)
	if err != nil || len(a.Data) == 0 {
		return 0, 0, err
	}
	if most = a.Data[0].Config.Total; most <= 0 {
		most = fewestPosts
	}
	return min(max(a.Data[0].Used, 0), most), most, nil
}
