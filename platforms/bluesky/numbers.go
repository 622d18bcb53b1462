package bluesky

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

// Numbers come from the public view of the network, not from the account's own
// server, and need no sign-in.

// postCounts are the counters of a post, by the names of the network.
var postCounts = map[string]platforms.Number{
	"likeCount":     platforms.Likes,
	"replyCount":    platforms.Comments,
	"repostCount":   platforms.Shares,
	"quoteCount":    "",
	"bookmarkCount": "",
}

// accountCounts are the counters of a profile.
var accountCounts = map[string]platforms.Number{
	"followersCount": platforms.Followers,
	"postsCount":     platforms.Posts,
	"followsCount":   "",
}

// postsAtOnce is the most posts that one call reads.
// https://docs.bsky.app/docs/api/app-bsky-feed-get-posts
const postsAtOnce = 25

// PostsAtOnce implements platforms.PostsNumbersReader.
func (*Bluesky) PostsAtOnce() int { return postsAtOnce }

// PostNumbers implements platforms.NumbersReader.
func (b *Bluesky) PostNumbers(ctx context.Context, s platforms.Session, remoteID string) (platforms.Numbers, error) {
	said, err := b.PostsNumbers(ctx, s, []string{remoteID})
	return said[remoteID].Numbers, err
}

// PostsNumbers implements platforms.PostsNumbersReader. A post that the view does
// not know, because it is gone or not seen yet, has no numbers.
func (b *Bluesky) PostsNumbers(ctx context.Context, _ platforms.Session, remoteIDs []string) (map[string]platforms.PostReading, error) {
	var answer struct {
		Posts []json.RawMessage `json:"posts"`
	}
	out := map[string]platforms.PostReading{}
	resp, err := b.view(ctx, "app.bsky.feed.getPosts", url.Values{"uris": remoteIDs}, &answer)
	if err != nil {
		return nil, err
	}
	for _, id := range remoteIDs {
		out[id] = platforms.PostReading{}
	}
	if resp == nil {
		return out, nil
	}
	if answer.Posts == nil {
		return nil, b.unusable("numbers", resp, errors.New("answer has no list of posts"))
	}
	for _, id := range remoteIDs {
		out[id] = platforms.PostReading{Numbers: platforms.Numbers{Raw: resp.Body}}
	}
	for _, p := range answer.Posts {
		var id struct {
			URI string `json:"uri"`
		}
		if json.Unmarshal(p, &id) != nil {
			continue
		}
		if _, wanted := out[id.URI]; wanted {
			out[id.URI] = platforms.PostReading{Numbers: counts(p, p, postCounts)}
		}
	}
	return out, nil
}

// AccountNumbers implements platforms.AccountNumbersReader.
func (b *Bluesky) AccountNumbers(ctx context.Context, s platforms.Session) (platforms.Numbers, error) {
	var answer json.RawMessage
	resp, err := b.view(ctx, "app.bsky.actor.getProfile", url.Values{"actor": {s.Account.RemoteID}}, &answer)
	if err != nil || resp == nil {
		return platforms.Numbers{}, err
	}
	return counts(answer, resp.Body, accountCounts), nil
}

// view asks the public view. Where there is none, on a server that stands alone,
// both results are nil.
func (b *Bluesky) view(ctx context.Context, method string, q url.Values, out any) (*apihttp.Response, error) {
	resp, err := b.call(ctx, apihttp.Request{Op: "numbers", Method: http.MethodGet, URL: xrpc(b.appview, method), Query: q}, out)
	if e, ok := errors.AsType[*platforms.Error](err); ok && strings.HasPrefix(e.PlatformText, "No service configured") {
		return nil, nil
	}
	return resp, err
}

// counts picks the counters that are there.
func counts(of json.RawMessage, raw []byte, names map[string]platforms.Number) platforms.Numbers {
	n := platforms.Numbers{Values: map[platforms.Number]int64{}, Named: map[string]int64{}, Raw: raw}
	var fields map[string]json.RawMessage
	if json.Unmarshal(of, &fields) != nil {
		return n
	}
	for name, number := range names {
		var v *int64
		if json.Unmarshal(fields[name], &v) != nil || v == nil || *v < 0 {
			continue
		}
		n.Named[name] = *v
		if number != "" {
			n.Values[number] = *v
		}
	}
	return n
}
