// Package x speaks to X (formerly Twitter) through its API v2: sign-in by
// OAuth 2.0 with PKCE, posts with pictures, and public numbers.
package x

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
	"github.com/bandstand-app/bandstand/platforms/internal/oauth"
)

// ID is the platform's name in the database, in settings and in addresses.
const ID platforms.ID = "x"

//go:embed mark.svg
var mark string

//go:embed preview.css
var css string

//go:embed en.toml
var catalogue embed.FS

// checkedOn is the day the facts in this folder were last compared with
// docs.x.com (state of 2026-08-22).
var checkedOn = time.Date(2026, time.November, 20, 0, 0, 0, 0, time.UTC)

// Platform is X at one set of addresses.
type Platform struct {
	client *apihttp.Client
	api    string
	web    string
	oauth  oauth.Server
	now    func() time.Time
	newer  atomic.Bool // X takes the newer name of the parameter for fields
}

// New builds the platform for these addresses.
func New(env platforms.Env) platforms.Platform {
	p := &Platform{
		client: &apihttp.Client{HTTP: env.HTTP, UserAgent: env.UserAgent, Platform: ID},
		api:    env.Endpoints["api"],
		web:    env.Endpoints["web"],
		now:    env.Now,
	}
	p.client.Limits = p.limits
	p.oauth = oauth.Server{
		Client: p.client, TokenURL: p.api + "/2/oauth2/token", RevokeURL: p.api + "/2/oauth2/revoke",
		Identify: oauth.InHeader, Refusal: p.tokenRefusal, Now: p.now,
	}
	return p
}

// Info implements platforms.Platform.
func (*Platform) Info() platforms.Info {
	return platforms.Info{
		ID:      ID,
		Name:    "X",
		Short:   "X",
		Mark:    mark,
		AppSlot: "x",
		AppName: "X app",
		AppFields: []platforms.AppField{
			{Key: "client_id", Label: "Client ID"},
			{Key: "client_secret", Label: "Client Secret", Secret: true},
		},
		AppConsole: "https://console.x.com", // docs.x.com/fundamentals/developer-portal, checked on 2026-11-30
		AppGuide: platforms.AppGuide{
			Site: "https://console.x.com", Steps: []string{"x.app_create", "x.app_auth", "x.app_keys"}, Permissions: scopes,
		},
		Endpoints: []platforms.Endpoint{
			{Name: "api", Default: "https://api.x.com", Sandbox: "/x/api"},
			{Name: "web", Default: "https://x.com", Sandbox: "/x/web", Browser: true},
		},
		Features:       []platforms.Feature{platforms.FeaturePost, platforms.FeatureNumbers},
		Certainty:      platforms.CertainByLooking,
		RefusesRepeats: true,
		Renewal:        platforms.Renewal{OnUse: true},
		Numbers: []platforms.NumberWord{
			{Number: platforms.Likes, Word: "Likes"},
			{Number: platforms.Comments, Word: "Replies"},
			{Number: platforms.Shares, Word: "Reposts and quotes"},
			{Number: platforms.Impressions, Word: "Impressions"},
			{Number: platforms.Followers, Word: "Followers"},
			{Number: platforms.Posts, Word: "Posts"},
		},
		Reading: platforms.ReadingPrice{
			Post: 5, Own: 1, Account: 10,
			Source: platforms.Source{URL: "https://docs.x.com/x-api/getting-started/pricing", CheckedOn: time.Date(2026, time.November, 30, 0, 0, 0, 0, time.UTC)},
		},
		CSS:       css,
		Catalogue: catalogue,
		CheckedOn: checkedOn,
	}
}

// AskTime implements platforms.TimeTeller.
func (p *Platform) AskTime(ctx context.Context, _ platforms.Account) error {
	return p.client.AskTime(ctx, p.api)
}

// rules are the limits of an account that does not pay for X Premium.
var rules = platforms.FormatRules{
	Text: []platforms.TextRule{
		{
			Unit: "characters", Max: maxWeight, Measure: Weight, Code: platforms.CodeTextTooLong,
			Source: source("https://github.com/twitter/twitter-text/blob/master/config/v3.json"),
		},
		{
			Unit: "cashtags", Max: 1, Measure: countCashtags, Code: platforms.CodeTooManyCashtags, Side: true,
			Source: source("https://docs.x.com/changelog"),
		},
	},
	Media: platforms.MediaRules{
		Max:    4,
		MaxAlt: 1000,
		Image: platforms.ImageRules{
			Types:    []string{"image/jpeg", "image/png"},
			MaxBytes: 5 << 20,
			MaxWidth: 4096, MaxHeight: 4096,
			Source: source("https://docs.x.com/x-api/media/quickstart/best-practices"),
		},
	},
	Link: platforms.LinkRules{Card: true, InText: true},
	// The API sets no limit to a thread; X's own composer takes 25 posts (checked on
	// 2026-12-01).
	Parts: platforms.PartRules{Thread: 25, Source: source("https://help.x.com/en/using-x/create-a-thread")},
	Options: []platforms.Option{{
		Key: optionReplies, Kind: platforms.OptionChoice,
		Choices: []string{everyone, "following", "mentionedUsers", "subscribers", "verified"},
	}},
	Source: source("https://docs.x.com/x-api/posts/create-post"),
}

func source(address string) platforms.Source {
	return platforms.Source{URL: address, CheckedOn: checkedOn}
}

// optionReplies says who may reply to a post, and so to its thread. For everyone it
// is left out. https://docs.x.com/x-api/posts/create-post
const (
	optionReplies = "reply_settings"
	everyone      = "everyone"
)

// Rules implements platforms.Platform.
func (*Platform) Rules(a platforms.Account) platforms.Rules { return platforms.OneFormat(rulesOf(a)) }

// rulesOf are the limits of an account: posts of one that is known to pay for X Premium
// may be long. How X counts them is not documented; the usual count is assumed.
func rulesOf(a platforms.Account) platforms.FormatRules {
	var known facts
	if json.Unmarshal(a.Facts, &known) != nil || !known.LongPosts {
		return rules
	}
	long := rules
	long.Text = slices.Clone(rules.Text)
	long.Text[0].Max = maxLong
	long.Text[0].Source = source("https://docs.x.com/changelog") // 2024-08
	long.FoldPhone, long.FoldComputer = maxWeight, maxWeight
	return long
}

// facts are what X says of an account that its rules depend on.
type facts struct {
	LongPosts bool `json:"long_posts"`
}

// paid are the subscriptions with which posts may be long, by the values of
// subscription_type: None, Basic, Premium, PremiumPlus.
// https://docs.x.com/x-api/users/get-my-user
var paid = []string{"Premium", "PremiumPlus"}

// profile is the part of a user that we use.
type profile struct {
	// Subscription is shown of the own account alone.
	Subscription string `json:"subscription_type"`

	ID       string           `json:"id"`
	Name     string           `json:"name"`
	Username string           `json:"username"`
	Metrics  map[string]int64 `json:"public_metrics"`
}

// Check asks who the token belongs to.
func (p *Platform) Check(ctx context.Context, s platforms.Session) (platforms.Account, error) {
	me, _, err := p.me(ctx, "check", s.Access)
	if err != nil {
		return platforms.Account{}, err
	}
	a := me.account()
	a.Granted, a.Missing = s.Account.Granted, s.Account.Missing
	if len(a.Granted) == 0 && len(a.Missing) == 0 {
		a.Granted = []platforms.Feature{platforms.FeaturePost, platforms.FeatureNumbers}
	}
	a.CheckedBy = "users/me"
	return a, nil
}

func (p *Platform) me(ctx context.Context, op string, access platforms.Secret) (profile, *apihttp.Response, error) {
	var answer struct {
		Data profile `json:"data"`
	}
	resp, err := p.call(ctx, apihttp.Request{
		Op: op, Method: http.MethodGet, URL: p.api + "/2/users/me",
		Query:  url.Values{"user.fields": {"public_metrics,subscription_type"}},
		Bearer: access,
	}, &answer)
	if err != nil {
		return profile{}, nil, err
	}
	if answer.Data.ID == "" {
		return profile{}, nil, p.client.Unclear(op, resp, "the answer names no user")
	}
	return answer.Data, resp, nil
}

func (u profile) account() platforms.Account {
	known, err := json.Marshal(facts{LongPosts: slices.Contains(paid, u.Subscription)})
	if err != nil {
		known = nil
	}
	return platforms.Account{Platform: ID, RemoteID: u.ID, Name: u.Name, Handle: u.Username, Kind: "account", Facts: known}
}

// permalink is the public address of a post.
func (p *Platform) permalink(a platforms.Account, id string) string {
	if a.Handle == "" {
		return p.web + "/i/web/status/" + url.PathEscape(id)
	}
	return p.web + "/" + url.PathEscape(strings.TrimPrefix(a.Handle, "@")) + "/status/" + url.PathEscape(id)
}

// The two names of the parameter that says which fields of a post are wanted. X
// renamed it in its specification in the summer of 2026, and not in its prose.
const (
	olderFields = "tweet.fields"
	newerFields = "post.fields"
)

// fieldNote is the whole text of a long post, of which text is only the beginning. It
// goes by its newer name where the parameter does.
const (
	fieldNote      = "note_tweet"
	fieldNoteNewer = "note_post"
)

// fieldReferenced is what a post refers to. It goes by its newer name where the
// parameter does.
const (
	fieldReferenced      = "referenced_tweets"
	fieldReferencedNewer = "referenced_posts"
)

// readPosts reads posts with these fields. Where X refuses the name of the
// parameter it asks once more by the other one, and goes on with that.
func (p *Platform) readPosts(ctx context.Context, r apihttp.Request, fields string, v any) (*apihttp.Response, error) {
	ask := func(name string) (*apihttp.Response, error) {
		r := r
		r.Method, r.Query = http.MethodGet, maps.Clone(r.Query)
		r.Query.Set(name, fields)
		if name == newerFields {
			r.Query.Set(name, strings.NewReplacer(fieldNote, fieldNoteNewer, fieldReferenced, fieldReferencedNewer).Replace(fields))
		}
		return p.call(ctx, r, v)
	}
	name, other := olderFields, newerFields
	if p.newer.Load() {
		name, other = other, name
	}
	resp, err := ask(name)
	if err == nil || resp == nil || resp.Status != http.StatusBadRequest || !bytes.Contains(resp.Body, []byte(name)) {
		return resp, err
	}
	if resp, err = ask(other); err == nil {
		p.newer.Store(other == newerFields)
	}
	return resp, err
}

// call makes one request and decodes a 2xx answer into v. Anything else is an
// *platforms.Error.
func (p *Platform) call(ctx context.Context, r apihttp.Request, v any) (*apihttp.Response, error) {
	resp, err := p.client.Do(ctx, r)
	if err != nil {
		return resp, err
	}
	if !resp.OK() {
		return resp, p.refusal(r.Op, resp)
	}
	if err := resp.Decode(v); err != nil {
		return resp, p.client.Unclear(r.Op, resp, "the answer cannot be read")
	}
	return resp, nil
}
