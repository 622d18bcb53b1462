package linkedin

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

// counted are LinkedIn's names of what is counted for a post, and ours.
var counted = map[string]platforms.Number{
	"likeCount":              platforms.Likes,
	"commentCount":           platforms.Comments,
	"shareCount":             platforms.Shares,
	"uniqueImpressionsCount": platforms.Reach,
	"impressionCount":        platforms.Impressions,
	"clickCount":             "", // kept under its own name alone
}

// PostNumbers reads the lifetime statistics of one post.
// https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/share-statistics
func (p *Platform) PostNumbers(ctx context.Context, s platforms.Session, remoteID string) (platforms.Numbers, error) {
	// Posts come in two kinds, which are asked for by two names.
	list := "shares"
	if strings.HasPrefix(remoteID, "urn:li:ugcPost:") {
		list = "ugcPosts"
	}
	var answer struct {
		Elements []struct {
			Share   string                 `json:"share"`
			UGCPost string                 `json:"ugcPost"`
			Totals  map[string]json.Number `json:"totalShareStatistics"`
		} `json:"elements"`
	}
	resp, err := p.rest(ctx, s.Access, apihttp.Request{Op: "numbers"}, "/organizationalEntityShareStatistics",
		"q=organizationalEntity&organizationalEntity="+encoded(organization(s.Account))+"&"+list+"=List("+encoded(remoteID)+")", &answer)
	if err != nil {
		return platforms.Numbers{}, err
	}
	if answer.Elements == nil {
		return platforms.Numbers{}, p.client.Unclear("numbers", resp, "the answer lists no statistics")
	}
	for _, e := range answer.Elements {
		if e.Share == remoteID || e.UGCPost == remoteID {
			return numbers(e.Totals, resp.Body), nil
		}
	}
	// A post that nobody has seen yet is left out, and so is one that is gone.
	if _, err := p.rest(ctx, s.Access, apihttp.Request{Op: "numbers"}, "/posts/"+encoded(remoteID), "", nil); err != nil {
		return platforms.Numbers{}, err
	}
	zero := map[string]json.Number{}
	for name := range counted {
		zero[name] = "0"
	}
	return numbers(zero, resp.Body), nil
}

func numbers(totals map[string]json.Number, raw []byte) platforms.Numbers {
	out := platforms.Numbers{Values: map[platforms.Number]int64{}, Named: map[string]int64{}, Raw: raw}
	for name, n := range counted {
		v, err := totals[name].Int64()
		if err != nil {
			continue // not given, or not a whole number
		}
		out.Named[name] = v
		if n != "" {
			out.Values[n] = v
		}
	}
	return out
}

// AccountNumbers reads how many follow the Page.
func (p *Platform) AccountNumbers(ctx context.Context, s platforms.Session) (platforms.Numbers, error) {
	var answer struct {
		Size *int64 `json:"firstDegreeSize"`
	}
	resp, err := p.rest(ctx, s.Access, apihttp.Request{Op: "account_numbers", Method: http.MethodGet},
		"/networkSizes/"+encoded(organization(s.Account)), url.Values{"edgeType": {"COMPANY_FOLLOWED_BY_MEMBER"}}.Encode(), &answer)
	if err != nil {
		return platforms.Numbers{}, err
	}
	if answer.Size == nil {
		return platforms.Numbers{}, p.client.Unclear("account_numbers", resp, "the answer holds no number")
	}
	return platforms.Numbers{
		Values: map[platforms.Number]int64{platforms.Followers: *answer.Size},
		Named:  map[string]int64{"firstDegreeSize": *answer.Size},
		Raw:    resp.Body,
	}, nil
}
