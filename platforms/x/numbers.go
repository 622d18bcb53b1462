package x

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

// postsAtOnce is the most posts that one call reads.
// https://docs.x.com/x-api/posts/get-posts-by-ids
const postsAtOnce = 100

// PostsAtOnce implements platforms.PostsNumbersReader.
func (*Platform) PostsAtOnce() int { return postsAtOnce }

// PostNumbers implements platforms.NumbersReader.
func (p *Platform) PostNumbers(ctx context.Context, s platforms.Session, remoteID string) (platforms.Numbers, error) {
	said, err := p.PostsNumbers(ctx, s, []string{remoteID})
	if err != nil {
		return platforms.Numbers{}, err
	}
	r, ok := said[remoteID]
	if !ok {
		return platforms.Numbers{}, p.client.Unclear("numbers", nil, "the answer holds no numbers of the post")
	}
	return r.Numbers, r.Err
}

// PostsNumbers reads the public numbers of posts, which have no age limit. It asks
// for the account's own posts first: the account that owns the app pays a fifth of
// the price for them. What is not among them is asked for by id.
// https://docs.x.com/x-api/fundamentals/metrics
func (p *Platform) PostsNumbers(ctx context.Context, s platforms.Session, remoteIDs []string) (map[string]platforms.PostReading, error) {
	out := map[string]platforms.PostReading{}
	if own := p.ownPosts(s, remoteIDs); own != nil {
		if err := p.readNumbers(ctx, *own, remoteIDs, out); err != nil {
			return nil, err
		}
	}
	missing := slices.DeleteFunc(slices.Clone(remoteIDs), func(id string) bool { _, ok := out[id]; return ok })
	if len(missing) == 0 {
		return out, nil
	}
	byID := apihttp.Request{
		Op: "numbers", URL: p.api + "/2/tweets", Query: url.Values{"ids": {strings.Join(missing, ",")}}, Bearer: s.Access,
	}
	if err := p.readNumbers(ctx, byID, missing, out); err != nil && len(out) == 0 {
		return nil, err
	}
	return out, nil
}

// The most posts of the account that one call lists, the least, and how many are
// asked for for each that is wanted: five cost as much as one by its id.
const (
	mostListed, leastListed = 100, 5
	listedEach              = 5
)

// ownPosts is the request for the posts of the account from the oldest of these to
// the newest; nil if there is none.
func (p *Platform) ownPosts(s platforms.Session, remoteIDs []string) *apihttp.Request {
	var ids []uint64 // they grow with time
	for _, id := range remoteIDs {
		if n, err := strconv.ParseUint(id, 10, 63); err == nil && n > 0 {
			ids = append(ids, n)
		}
	}
	if len(ids) == 0 || s.Account.RemoteID == "" {
		return nil
	}
	return &apihttp.Request{
		Op: "numbers", URL: p.api + "/2/users/" + url.PathEscape(s.Account.RemoteID) + "/tweets",
		Query: url.Values{
			"since_id":    {strconv.FormatUint(slices.Min(ids)-1, 10)}, // later than this
			"until_id":    {strconv.FormatUint(slices.Max(ids)+1, 10)},
			"max_results": {strconv.Itoa(min(max(listedEach*len(ids), leastListed), mostListed))},
			"exclude":     {"retweets,replies"},
		},
		Bearer: s.Access,
	}
}

// readNumbers adds what an answer says of the posts that are wanted.
func (p *Platform) readNumbers(ctx context.Context, r apihttp.Request, wanted []string, into map[string]platforms.PostReading) error {
	var answer struct {
		Data   []json.RawMessage `json:"data"`
		Errors []struct {
			Detail     string `json:"detail"`
			Type       string `json:"type"`
			Value      string `json:"value"`
			ResourceID string `json:"resource_id"`
		} `json:"errors"`
	}
	resp, err := p.readPosts(ctx, r, "public_metrics", &answer)
	if err != nil {
		return err
	}
	for _, raw := range answer.Data {
		var post struct {
			ID      string           `json:"id"`
			Metrics map[string]int64 `json:"public_metrics"`
		}
		if json.Unmarshal(raw, &post) == nil && post.Metrics != nil && slices.Contains(wanted, post.ID) {
			into[post.ID] = platforms.PostReading{Numbers: platforms.Numbers{Values: postValues(post.Metrics), Named: post.Metrics, Raw: raw}}
		}
	}
	for _, said := range answer.Errors {
		id := cmp.Or(said.ResourceID, said.Value)
		if len(wanted) == 1 {
			id = wanted[0]
		}
		if _, known := into[id]; known || !slices.Contains(wanted, id) || r.Query.Get("ids") == "" {
			continue // that a list leaves something out proves nothing
		}
		b := problem{Detail: said.Detail, Type: said.Type}
		e := p.client.Error(platforms.Rejected, platforms.CodeUnknownRefusal, "numbers", resp)
		e.PlatformCode, e.PlatformText = b.code(), apihttp.Sentence(b.Detail)
		into[id] = platforms.PostReading{Err: e}
	}
	return nil
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
