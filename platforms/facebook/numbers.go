package facebook

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/graph"
)

// The insight metrics that are still alive. Everything called impressions or
// reach answers with an error since 15 June 2026.
// https://developers.facebook.com/docs/graph-api/reference/insights, 2026-11-20.
const (
	metricViews   = "post_media_view"
	metricViewers = "post_total_media_view_unique"

	storyViews   = "story_media_view"
	storyViewers = "story_total_media_view_unique"
)

// storyMetrics are all that a story has: it is no post, and its numbers are kept for
// a day.
var storyMetrics = []string{storyViews, storyViewers, "story_interaction", "pages_fb_story_replies", "pages_fb_story_shares"}

type summary struct {
	Summary *struct {
		Total int64 `json:"total_count"`
	}
}

// PostNumbers implements platforms.NumbersReader. Counts come from the post
// itself; views and viewers from its insights, which small Pages do not have.
func (f *facebook) PostNumbers(ctx context.Context, s platforms.Session, remoteID string) (platforms.Numbers, error) {
	var post struct {
		ID        string
		Reactions summary
		Comments  summary
		Shares    struct{ Count int64 }
	}
	resp, err := f.api.Do(ctx, graph.Call{
		Op: graph.OpNumbers, Path: remoteID, App: s.App, Token: s.Access,
		Params: url.Values{"fields": {"id,shares,reactions.limit(0).summary(total_count),comments.limit(0).summary(total_count)"}},
	}, &post)
	if e, ok := errors.AsType[*platforms.Error](err); ok && e.Kind == platforms.Rejected && e.PlatformCode == "100" {
		return f.storyNumbers(ctx, s, remoteID) // fields of a post that it has not
	}
	if err != nil {
		return platforms.Numbers{}, err
	}
	n := platforms.Numbers{Values: map[platforms.Number]int64{}, Named: map[string]int64{}}
	put := func(number platforms.Number, name string, v int64) { n.Values[number], n.Named[name] = v, v }
	if r := post.Reactions.Summary; r != nil {
		put(platforms.Likes, "reactions", r.Total)
	}
	if c := post.Comments.Summary; c != nil {
		put(platforms.Comments, "comments", c.Total)
	}
	put(platforms.Shares, "shares", post.Shares.Count) // Meta leaves the field out when it is zero

	insights, raws, err := f.api.Insights(ctx, s, remoteID+"/insights", []string{metricViews, metricViewers})
	if err != nil && platforms.KindOf(err) != platforms.Rejected {
		return platforms.Numbers{}, err
	}
	for name, v := range insights {
		n.Named[name] = v
	}
	if v, ok := insights[metricViews]; ok {
		n.Values[platforms.Impressions] = v
	}
	if v, ok := insights[metricViewers]; ok {
		n.Values[platforms.Reach] = v
	}
	n.Raw = graph.JoinRaw(append([]json.RawMessage{resp.Body}, raws...)...)
	return n, nil
}

func (f *facebook) storyNumbers(ctx context.Context, s platforms.Session, remoteID string) (platforms.Numbers, error) {
	insights, raws, err := f.api.Insights(ctx, s, remoteID+"/insights", storyMetrics)
	if err != nil {
		return platforms.Numbers{}, err
	}
	n := platforms.Numbers{Values: map[platforms.Number]int64{}, Named: insights, Raw: graph.JoinRaw(raws...)}
	if v, ok := insights[storyViews]; ok {
		n.Values[platforms.Impressions] = v
	}
	if v, ok := insights[storyViewers]; ok {
		n.Values[platforms.Reach] = v
	}
	return n, nil
}

// AccountNumbers implements platforms.AccountNumbersReader. It asks only what
// Pages of every size are given.
func (f *facebook) AccountNumbers(ctx context.Context, s platforms.Session) (platforms.Numbers, error) {
	var page struct {
		Followers *int64 `json:"followers_count"`
		Fans      *int64 `json:"fan_count"`
	}
	resp, err := f.api.Do(ctx, graph.Call{
		Op: graph.OpNumbers, Path: s.Account.RemoteID, App: s.App, Token: s.Access,
		Params: url.Values{"fields": {"followers_count,fan_count"}},
	}, &page)
	if err != nil {
		return platforms.Numbers{}, err
	}
	n := platforms.Numbers{Values: map[platforms.Number]int64{}, Named: map[string]int64{}, Raw: resp.Body}
	if page.Fans != nil {
		n.Values[platforms.Followers], n.Named["fan_count"] = *page.Fans, *page.Fans
	}
	if page.Followers != nil {
		n.Values[platforms.Followers], n.Named["followers_count"] = *page.Followers, *page.Followers
	}
	return n, nil
}
