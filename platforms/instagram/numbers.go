package instagram

import (
	"context"
	"encoding/json"
	"net/url"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/graph"
)

// metric is one insight, with the number of ours that it is, or none.
type metric struct {
	name   string
	number platforms.Number
}

// metrics are the insights that posts and albums of pictures have, with the
// number they stand for, if it is one of ours.
// https://developers.facebook.com/docs/instagram-platform/reference/instagram-media/insights, 2026-11-20.
var metrics = []metric{
	{"views", platforms.Impressions},
	{"reach", platforms.Reach},
	{"likes", platforms.Likes},
	{"comments", platforms.Comments},
	{"shares", platforms.Shares},
	{"saved", ""},
	{"total_interactions", ""},
}

// storyMetrics are those of a story. It has them for a day.
var storyMetrics = []metric{
	{"views", platforms.Impressions},
	{"reach", platforms.Reach},
	{"shares", platforms.Shares},
	{"replies", ""},
	{"total_interactions", ""},
	{"navigation", ""},
}

// PostNumbers implements platforms.NumbersReader. Likes and comments stand on
// the post itself and so are known even where insights are not given, as with
// fewer than five viewers.
func (i *instagram) PostNumbers(ctx context.Context, s platforms.Session, remoteID string) (platforms.Numbers, error) {
	var post struct {
		Likes    *int64 `json:"like_count"` // missing where the account hides it
		Comments *int64 `json:"comments_count"`
		Product  string `json:"media_product_type"`
	}
	resp, err := i.api.Do(ctx, graph.Call{
		Op: graph.OpNumbers, Path: remoteID, App: s.App, Token: s.Access,
		Params: url.Values{"fields": {"like_count,comments_count,media_product_type"}},
	}, &post)
	if err != nil {
		return platforms.Numbers{}, err
	}
	n := platforms.Numbers{Values: map[platforms.Number]int64{}, Named: map[string]int64{}}
	put(n, platforms.Likes, "like_count", post.Likes)
	put(n, platforms.Comments, "comments_count", post.Comments)

	has := metrics
	if post.Product == "STORY" {
		has = storyMetrics
	}
	var names []string
	for _, m := range has {
		names = append(names, m.name)
	}
	insights, raws, err := i.api.Insights(ctx, s, remoteID+"/insights", names)
	if err != nil && platforms.KindOf(err) != platforms.Rejected {
		return platforms.Numbers{}, err
	}
	for _, m := range has {
		v, ok := insights[m.name]
		if !ok {
			continue
		}
		n.Named[m.name] = v
		if _, known := n.Values[m.number]; m.number != "" && !known {
			n.Values[m.number] = v
		}
	}
	n.Raw = graph.JoinRaw(append([]json.RawMessage{resp.Body}, raws...)...)
	return n, nil
}

func put(n platforms.Numbers, number platforms.Number, name string, v *int64) {
	if v != nil {
		n.Values[number], n.Named[name] = *v, *v
	}
}

// AccountNumbers implements platforms.AccountNumbersReader. It asks only what
// accounts of every size are given.
func (i *instagram) AccountNumbers(ctx context.Context, s platforms.Session) (platforms.Numbers, error) {
	var user struct {
		Followers *int64 `json:"followers_count"`
		Media     *int64 `json:"media_count"`
	}
	resp, err := i.api.Do(ctx, graph.Call{
		Op: graph.OpNumbers, Path: s.Account.RemoteID, App: s.App, Token: s.Access,
		Params: url.Values{"fields": {"followers_count,media_count"}},
	}, &user)
	if err != nil {
		return platforms.Numbers{}, err
	}
	n := platforms.Numbers{Values: map[platforms.Number]int64{}, Named: map[string]int64{}, Raw: resp.Body}
	put(n, platforms.Followers, "followers_count", user.Followers)
	put(n, platforms.Posts, "media_count", user.Media)
	return n, nil
}
