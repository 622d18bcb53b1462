// Package linkedin speaks to LinkedIn for Pages: sign-in of a member, the
// organisations the member may speak for, posts with pictures or an article
// card and a comment below them through the versioned REST API, and share statistics.
package linkedin

import (
	"cmp"
	"context"
	"embed"
	"net/http"
	"net/url"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
	"github.com/bandstand-app/bandstand/platforms/internal/card"
	"github.com/bandstand-app/bandstand/platforms/internal/oauth"
)

// ID is the platform's name in the database, in settings and in addresses.
const ID platforms.ID = "linkedin"

// appSlot holds the credentials of the app.
const appSlot = "linkedin"

//go:embed mark.svg
var mark string

//go:embed preview.css
var css string

//go:embed en.toml
var catalogue embed.FS

// checkedOn is the day the facts in this folder were last compared with
// learn.microsoft.com/linkedin (states up to August 2026).
var checkedOn = time.Date(2026, time.November, 20, 0, 0, 0, 0, time.UTC)

// Platform is LinkedIn at one set of addresses.
type Platform struct {
	client *apihttp.Client
	web    string // what browsers visit
	host   string // the same as we reach it: tokens, uploads
	api    string
	// version is the month of the API that is spoken.
	version string
	oauth   oauth.Server
	now     func() time.Time
}

// New builds the platform for these addresses.
func New(env platforms.Env) platforms.Platform {
	p := &Platform{
		client: &apihttp.Client{HTTP: env.HTTP, UserAgent: env.UserAgent, Platform: ID},
		web:    env.Endpoints["web"],
		host:   env.Endpoints["oauth"],
		api:    env.Endpoints["api"],
		now:    env.Now,

		version: cmp.Or(env.Version, usualVersion),
	}
	p.client.Limits = p.limits
	p.oauth = oauth.Server{
		Client: p.client, TokenURL: p.host + "/oauth/v2/accessToken", RevokeURL: p.host + "/oauth/v2/revoke",
		Identify: oauth.InForm, Refusal: p.tokenRefusal, Now: p.now,
	}
	return p
}

// Info implements platforms.Platform.
func (p *Platform) Info() platforms.Info {
	return platforms.Info{
		ID:      ID,
		Name:    "LinkedIn Page",
		Site:    "LinkedIn",
		Short:   "LI",
		Mark:    mark,
		AppSlot: appSlot,
		AppName: "LinkedIn app",
		AppFields: []platforms.AppField{
			{Key: "client_id", Label: "Client ID"},
			{Key: "client_secret", Label: "Primary Client Secret", Secret: true},
		},
		AppGuide: platforms.AppGuide{
			Site: "https://www.linkedin.com/developers/apps", Permissions: scopes,
			Steps: []string{"linkedin.app_create", "linkedin.app_verify", "linkedin.app_product", "linkedin.app_auth"},
		},
		Endpoints: []platforms.Endpoint{
			{Name: "web", Default: "https://www.linkedin.com", Sandbox: "/linkedin/www", Browser: true},
			{Name: "oauth", Default: "https://www.linkedin.com", Sandbox: "/linkedin/www"},
			{Name: "api", Default: "https://api.linkedin.com", Sandbox: "/linkedin/api"},
		},
		API:       platforms.API{Version: p.version, Versions: versions, Source: versionSource},
		Features:  []platforms.Feature{platforms.FeaturePost, platforms.FeatureNumbers, platforms.FeatureComments},
		Certainty: platforms.CertainByLooking, RefusesRepeats: true,
		// Most apps get no refresh token. For those that do a call, if only the
		// daily check, comes in good time.
		Renewal: platforms.Renewal{OnUse: true, Fixed: true},
		Numbers: []platforms.NumberWord{
			{Number: platforms.Likes, Word: "Reactions"},
			{Number: platforms.Comments, Word: "Comments"},
			{Number: platforms.Shares, Word: "Reposts"},
			{Number: platforms.Reach, Word: "Unique impressions"},
			{Number: platforms.Impressions, Word: "Impressions"},
			{Number: platforms.Followers, Word: "Followers"},
		},
		CSS:       css + card.CommentCSS(ID),
		Catalogue: catalogue,
		CheckedOn: checkedOn,
	}
}

// AskTime implements platforms.TimeTeller.
func (p *Platform) AskTime(ctx context.Context, _ platforms.Account) error {
	return p.client.AskTime(ctx, p.api)
}

// Limits of single fields, in characters.
const (
	maxTitle       = 400
	maxDescription = 4086
)

// rules are the limits of a Page.
var rules = platforms.FormatRules{
	Text: []platforms.TextRule{{
		Unit: "characters", Max: 3000, Measure: WireLength, Code: platforms.CodeTextTooLong,
		Source: source("https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/posts-api"),
	}},
	Media: platforms.MediaRules{
		Max:    20,
		MaxAlt: 4086,
		Image: platforms.ImageRules{
			Types: []string{"image/jpeg", "image/png"},
			// The page names pixels only, fewer than 36,152,320; 5 MB is the
			// smallest size reported as refused.
			MaxBytes: 5 << 20,
			MaxWidth: 6000, MaxHeight: 6000,
			Source: source("https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/images-api"),
		},
	},
	Link:      platforms.LinkRules{Card: true, InTextWithMedia: true},
	FoldPhone: 140, FoldComputer: 210,
	Parts: platforms.PartRules{Comment: &commentRules, Source: source(commentsPage)},
	Options: []platforms.Option{{
		Key: noReshare, Kind: platforms.OptionYesNo,
		Source: source("https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/posts-api"),
	}},
	Source: source("https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/posts-api"),
}

// noReshare is the option with which nobody can repost a post:
// isReshareDisabledByAuthor.
const noReshare = "no_reshare"

func source(address string) platforms.Source {
	return platforms.Source{URL: address, CheckedOn: checkedOn}
}

// Rules implements platforms.Platform.
func (*Platform) Rules(platforms.Account) platforms.Rules { return platforms.OneFormat(rules) }

// usualVersion is spoken unless a setting names another.
const usualVersion = "202609"

// versions lists those that LinkedIn has named, with the last day of each, or
// their twelve months where it has not said the day yet. After that each call is
// answered with 426.
var versions = []platforms.APIVersion{
	{Version: "202609", End: day(2027, time.September, 15)},
	{Version: "202608", End: day(2027, time.August, 15)},
	{Version: "202607", End: day(2027, time.July, 15)},
	{Version: "202606", End: day(2027, time.June, 15)},
	{Version: "202605", End: day(2027, time.May, 15)},
	{Version: "202604", End: day(2027, time.April, 15)},
	{Version: "202603", End: day(2027, time.March, 16)},
	{Version: "202602", End: day(2027, time.February, 15)},
	{Version: "202601", End: day(2027, time.January, 15)},
}

var versionSource = platforms.Source{
	URL: "https://learn.microsoft.com/en-us/linkedin/marketing/versioning", CheckedOn: day(2026, time.November, 30),
}

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// rest makes one call of the versioned API and decodes a 2xx answer into v, if
// v is given. rawQuery is written by hand: Rest.li wants the brackets, commas
// and colons of its lists and records unencoded, and what is in them encoded.
func (p *Platform) rest(ctx context.Context, s platforms.Secret, r apihttp.Request, path, rawQuery string, v any) (*apihttp.Response, error) {
	r.URL = p.api + "/rest" + path
	if rawQuery != "" {
		r.URL += "?" + rawQuery
	}
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("LinkedIn-Version", p.version)
	r.Header.Set("X-Restli-Protocol-Version", "2.0.0")
	r.Bearer = s
	resp, err := p.client.Do(ctx, r)
	if err != nil {
		return resp, err
	}
	if !resp.OK() {
		return resp, p.refusal(r.Op, resp)
	}
	if v != nil {
		if err := resp.Decode(v); err != nil {
			return resp, p.client.Unclear(r.Op, resp, "the answer cannot be read")
		}
	}
	return resp, nil
}

// encoded is a URN as it stands in a path or within a query.
func encoded(urn string) string { return url.QueryEscape(urn) }

// organization is the URN of a Page.
func organization(a platforms.Account) string { return "urn:li:organization:" + a.RemoteID }

// permalink is the public address of a post.
func (p *Platform) permalink(urn string) string { return p.web + "/feed/update/" + urn + "/" }
