// Package facebook publishes to Facebook Pages and reads their numbers, over
// Meta's Graph API and with a sign-in through Facebook Login.
package facebook

import (
	"context"
	"embed"
	"net/url"
	"time"
	"unicode/utf8"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/card"
	"github.com/bandstand-app/bandstand/platforms/internal/graph"
)

// ID is the platform's name in the database and in settings.
const ID platforms.ID = "facebook"

//go:embed preview.css
var css string

//go:embed mark.svg
var mark string

//go:embed en.toml
var catalogue embed.FS

type facebook struct{ api *graph.Client }

// New makes the platform.
func New(env platforms.Env) platforms.Platform {
	return &facebook{api: graph.New(env, ID, refusals)}
}

// Info implements platforms.Platform.
func (f *facebook) Info() platforms.Info {
	return platforms.Info{
		ID: ID, Name: "Facebook Page", Site: "Facebook", Short: "FB", Mark: mark,
		AppSlot: graph.AppSlot, AppName: graph.AppName, AppFields: graph.AppFields(), AppGuide: graph.AppGuide(),
		Endpoints: graph.Endpoints(), API: f.api.API(),
		Features:  []platforms.Feature{platforms.FeaturePost, platforms.FeatureNumbers, platforms.FeatureComments},
		Certainty: platforms.CertainByLooking,
		Numbers: []platforms.NumberWord{
			{Number: platforms.Likes, Word: "Reactions"},
			{Number: platforms.Comments, Word: "Comments"},
			{Number: platforms.Shares, Word: "Shares"},
			{Number: platforms.Reach, Word: "Viewers"},
			{Number: platforms.Impressions, Word: "Views"},
			{Number: platforms.Followers, Word: "Followers"},
		},
		CSS: css + card.CommentCSS(ID) + card.StoryCSS(ID), Catalogue: catalogue, CheckedOn: graph.CheckedOn,
	}
}

// maxPhotos is our own cap: Meta names no limit, other programs stop here too.
const maxPhotos = 10

// Rules implements platforms.Platform. They are the same for all Pages.
func (*facebook) Rules(platforms.Account) platforms.Rules {
	return platforms.Rules{Formats: []platforms.FormatRules{feed, story}}
}

// feed are the limits of a post of the feed.
var feed = platforms.FormatRules{
	Text: []platforms.TextRule{{
		Unit: "characters", Max: 63_206, ShowFrom: 500,
		Measure: utf8.RuneCountInString, Code: platforms.CodeTextTooLong,
		Source: source("https://developers.facebook.com/docs/graph-api/reference/page/feed"),
	}},
	Media: platforms.MediaRules{
		Max: maxPhotos, MaxAlt: 1000,
		Image: platforms.ImageRules{
			// The documented size is 10 MB, older pages of Meta say 4 MB.
			Types: []string{"image/jpeg", "image/png"}, MaxBytes: 4_000_000, MaxWidth: 2048, MaxHeight: 2048,
			Source: source("https://developers.facebook.com/docs/graph-api/reference/page/photos"),
		},
	},
	Link:      platforms.LinkRules{Card: true, InTextWithMedia: true},
	FoldPhone: 110, FoldComputer: 480,
	Parts: platforms.PartRules{
		Comment: &comment, Source: source("https://developers.facebook.com/documentation/pages-api/comments-mentions"),
	},
	Source: source("https://developers.facebook.com/documentation/pages-api/posts"),
}

// comment are the limits of a first comment. Meta names no length: 8,000 characters
// is what its own site takes.
var comment = platforms.FormatRules{
	Text: []platforms.TextRule{{
		Unit: "characters", Max: 8000, ShowFrom: 500, Measure: utf8.RuneCountInString, Code: platforms.CodeTextTooLong,
	}},
	Source: source("https://developers.facebook.com/docs/graph-api/reference/object/comments"),
}

// story are the limits of a photo that is shown for a day.
var story = platforms.FormatRules{
	Format: platforms.FormatStory, NoText: true,
	Media: platforms.MediaRules{
		Min: 1, Max: 1,
		Image: platforms.ImageRules{
			Types: []string{"image/jpeg", "image/png"}, MaxBytes: 4_000_000, MaxWidth: 1080, MaxHeight: 1920,
		},
	},
	Source: source("https://developers.facebook.com/docs/page-stories-api"),
}

func source(address string) platforms.Source {
	return platforms.Source{URL: address, CheckedOn: graph.CheckedOn}
}

// AskTime implements platforms.TimeTeller.
func (f *facebook) AskTime(ctx context.Context, _ platforms.Account) error { return f.api.AskTime(ctx) }

// Check implements platforms.Platform.
func (f *facebook) Check(ctx context.Context, s platforms.Session) (platforms.Account, error) {
	debug, err := f.api.Debug(ctx, s.App, s.Access)
	if err != nil {
		return platforms.Account{}, err
	}
	var page struct {
		ID, Name, Username string
		Published          *bool `json:"is_published"`
	}
	call := graph.Call{
		Op: graph.OpCheck, Path: s.Account.RemoteID, App: s.App, Token: s.Access,
		Params: url.Values{"fields": {"id,name,username,is_published"}},
	}
	resp, err := f.api.Do(ctx, call, &page)
	switch {
	case err != nil:
		return platforms.Account{}, err
	case page.ID == "":
		return platforms.Account{}, f.api.NoID(call, resp)
	}
	a := platforms.Account{
		Platform: ID, RemoteID: page.ID, Name: page.Name, Handle: page.Username, Kind: kindPage, CheckedBy: "debug_token", SignIn: debug.SignIn(), AsksAgain: debug.AsksAgain(),
	}
	a.Granted, a.Missing = debug.Allowed(page.ID, needs)
	if page.Published != nil && !*page.Published {
		a.Unusable = platforms.CodePageUnpublished
	}
	return a, nil
}

// photoLife is how long a photo that no post shows is kept.
const photoLife = 24 * time.Hour
