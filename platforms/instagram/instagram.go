// Package instagram publishes to professional Instagram accounts and reads
// their numbers, over Meta's Graph API and with a sign-in through Facebook
// Login: the account is linked to a Page, and the Page's token acts for it.
package instagram

import (
	"context"
	"embed"
	"net/url"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/card"
	"github.com/bandstand-app/bandstand/platforms/internal/graph"
)

// ID is the platform's name in the database and in settings.
const ID platforms.ID = "instagram"

//go:embed preview.css
var css string

//go:embed mark.svg
var mark string

//go:embed en.toml
var catalogue embed.FS

type instagram struct{ api *graph.Client }

// New makes the platform.
func New(env platforms.Env) platforms.Platform {
	return &instagram{api: graph.New(env, ID, refusals)}
}

// Info implements platforms.Platform.
func (i *instagram) Info() platforms.Info {
	return platforms.Info{
		ID: ID, Name: "Instagram", Short: "IG", Mark: mark,
		AppSlot: graph.AppSlot, AppName: graph.AppName, AppFields: graph.AppFields(), AppGuide: graph.AppGuide(),
		Endpoints: graph.Endpoints(), API: i.api.API(),
		Features:  []platforms.Feature{platforms.FeaturePost, platforms.FeatureNumbers, platforms.FeatureComments},
		Certainty: platforms.CertainByStatus, ReplyCertainty: platforms.CertainByLooking,
		Numbers: []platforms.NumberWord{
			{Number: platforms.Likes, Word: "Likes"},
			{Number: platforms.Comments, Word: "Comments"},
			{Number: platforms.Shares, Word: "Shares"},
			{Number: platforms.Reach, Word: "Accounts reached"},
			{Number: platforms.Impressions, Word: "Views"},
			{Number: platforms.Followers, Word: "Followers"},
			{Number: platforms.Posts, Word: "Posts"},
		},
		CSS: css + card.CommentCSS(ID) + card.StoryCSS(ID), Catalogue: catalogue, CheckedOn: graph.CheckedOn,
	}
}

const mediaReference = "https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media"

// fiveHashtags is where it stands that Instagram takes five hashtags a post since
// December 2025. The API documents 30 still, and nobody has said that it refuses
// a sixth: so that is no limit but advice.
var fiveHashtags = platforms.Source{
	URL:       "https://www.socialmediatoday.com/news/instagrams-implementing-new-limits-on-hashtag-use/808309/",
	CheckedOn: time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC),
}

// The shapes of a feed picture, width / height.
const (
	minRatio = 0.8
	maxRatio = 1.91
)

// Rules implements platforms.Platform. They are the same for all accounts.
func (*instagram) Rules(platforms.Account) platforms.Rules {
	return platforms.Rules{Formats: []platforms.FormatRules{feed, story}}
}

// feed are the limits of a post of the feed.
var feed = platforms.FormatRules{
	Text: []platforms.TextRule{
		{Unit: "characters", Max: 2200, Measure: countText, Code: platforms.CodeTextTooLong},
		{
			Unit: "hashtags", Max: 30, Measure: countHashtags, Code: platforms.CodeTooManyHashtags, ShowFrom: 20, Side: true,
			Advice: &platforms.TextAdvice{Max: 5, Code: platforms.CodeManyHashtags, Source: fiveHashtags},
		},
		{Unit: "mentions", Max: 20, Measure: countMentions, Code: platforms.CodeTooManyMentions, ShowFrom: 15, Side: true},
	},
	Media: platforms.MediaRules{
		Min: 1, Max: 10, MaxAlt: 1000,
		Image: platforms.ImageRules{
			// Widths outside 320 to 1440 are scaled by Instagram, not refused.
			Types: []string{"image/jpeg"}, MaxBytes: 8_000_000, MaxWidth: 1440, MaxHeight: 1800,
			MinRatio: minRatio, MaxRatio: maxRatio,
		},
	},
	Link:      platforms.LinkRules{Plain: true},
	FoldPhone: 125, FoldComputer: 125,
	Parts: platforms.PartRules{
		Comment: &comment, Source: platforms.Source{URL: commentReference, CheckedOn: graph.CheckedOn},
	},
	Source: platforms.Source{URL: mediaReference, CheckedOn: graph.CheckedOn},
}

const commentReference = "https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-media/comments"

// comment are the limits of a first comment. Meta's page names none, so they are those
// of a caption, which Instagram's own app holds comments to. The 300 characters and
// four hashtags that other lists name were rules of an API that ended in 2020.
var comment = platforms.FormatRules{
	Text: []platforms.TextRule{
		{Unit: "characters", Max: 2200, Measure: countText, Code: platforms.CodeTextTooLong},
		{
			Unit: "hashtags", Max: 30, Measure: countHashtags, Code: platforms.CodeTooManyHashtags, ShowFrom: 20, Side: true,
			Advice: &platforms.TextAdvice{Max: 5, Code: platforms.CodeManyHashtags, Source: fiveHashtags},
		},
	},
	Link:   platforms.LinkRules{Plain: true},
	Source: platforms.Source{URL: commentReference, CheckedOn: graph.CheckedOn},
}

// story are the limits of a photo that is shown for a day. It may have any shape.
var story = platforms.FormatRules{
	Format: platforms.FormatStory, NoText: true,
	Media: platforms.MediaRules{
		Min: 1, Max: 1,
		Image: platforms.ImageRules{Types: []string{"image/jpeg"}, MaxBytes: 8_000_000, MaxWidth: 1080, MaxHeight: 1920},
	},
	Source: platforms.Source{URL: mediaReference, CheckedOn: graph.CheckedOn},
}

// AskTime implements platforms.TimeTeller.
func (i *instagram) AskTime(ctx context.Context, _ platforms.Account) error {
	return i.api.AskTime(ctx)
}

// Check implements platforms.Platform.
func (i *instagram) Check(ctx context.Context, s platforms.Session) (platforms.Account, error) {
	debug, err := i.api.Debug(ctx, s.App, s.Access)
	if err != nil {
		return platforms.Account{}, err
	}
	var user struct{ ID, Username, Name string }
	call := graph.Call{
		Op: graph.OpCheck, Path: s.Account.RemoteID, App: s.App, Token: s.Access,
		Params: url.Values{"fields": {"id,username,name"}},
	}
	resp, err := i.api.Do(ctx, call, &user)
	switch {
	case err != nil:
		return platforms.Account{}, err
	case user.ID == "":
		return platforms.Account{}, i.api.NoID(call, resp)
	}
	return account(user.ID, user.Name, user.Username, debug), nil
}

// containerLife is how long a container can be published.
const containerLife = 24 * time.Hour
