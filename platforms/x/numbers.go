package x

import (
	"context"
	"net/url"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

// PostNumbers reads the public numbers of one post, which have no age limit.
// https://docs.x.com/x-api/fundamentals/metrics
func (p *Platform) PostNumbers(ctx context.Context, s platforms.Session, remoteID string) (platforms.Numbers, error) {
	var answer struct {
		Data []struct {
			ID      string           `json:"id"`
			Metrics map[string]int64 `json:"public_metrics"`
		} `json:"data"`
		Errors []struct {
			Detail string `json:"detail"`
			Type   string `json:"type"`
		} `json:"errors"`
	}
	resp, err := p.readPosts(ctx, apihttp.Request{
		Op: "numbers", URL: p.api + "/2/tweets", Query: url.Values{"ids": {remoteID}}, Bearer: s.Access,
	}, "public_metrics", &answer)
	if err != nil {
		return platforms.Numbers{}, err
	}
	for _, post := range answer.Data {
		if post.ID == remoteID && post.Metrics != nil {
			return platforms.Numbers{Values: postValues(post.Metrics), Named: post.Metrics, Raw: resp.Body}, nil
		}
	}
	if len(answer.Errors) > 0 {
		b := problem{Detail: answer.Errors[0].Detail, Type: answer.Errors[0].Type}
		e := p.client.Error(platforms.Rejected, platforms.CodeUnknownRefusal, "numbers", resp)
		e.PlatformCode, e.PlatformText = b.code(), apihttp.Sentence(b.Detail)
		return platforms.Numbers{}, e
	}
	return platforms.Numbers{}, p.client.Unclear("numbers", resp, "the answer holds no numbers of the post")
}

// postValues puts X's names into ours. X is renaming "retweet" to "repost";
// either may come.
func postValues(m map[string]int64) map[platforms.Number]int64 {
	out := map[platforms.Number]int64{}
	take := func(n platforms.Number, names ...string) {
		for _, name := range names {
			if v, ok := m[name]; ok {
				out[n] += v
			}
		}
	}
	take(platforms.Likes, "like_count")
	take(platforms.Comments, "reply_count")
	take(platforms.Impressions, "impression_count")
	if _, ok := m["repost_count"]; ok {
		take(platforms.Shares, "repost_count", "quote_count")
	} else {
		take(platforms.Shares, "retweet_count", "quote_count")
	}
	return out
}

// AccountNumbers reads the numbers of the account.
func (p *Platform) AccountNumbers(ctx context.Context, s platforms.Session) (platforms.Numbers, error) {
	me, resp, err := p.me(ctx, "account_numbers", s.Access)
	if err != nil {
		return platforms.Numbers{}, err
	}
	out := platforms.Numbers{Values: map[platforms.Number]int64{}, Named: me.Metrics, Raw: resp.Body}
	for n, names := range map[platforms.Number][]string{
		platforms.Followers: {"followers_count"},
		platforms.Posts:     {"tweet_count", "post_count"},
	} {
		for _, name := range names {
			if v, ok := me.Metrics[name]; ok {
				out.Values[n] = v
			}
		}
	}
	return out, nil
}
