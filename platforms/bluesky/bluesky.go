// Package bluesky publishes to Bluesky and any other server of the AT Protocol.
// A post is a record that we put under a key of our own, so repeating a call
// whose answer was lost cannot make a second post.
package bluesky

import (
	"cmp"
	"context"
	"embed"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

// ID of the platform.
const ID platforms.ID = "bluesky"

// checkedOn is when the facts of this folder were compared with the lexicons
// and with a real server (@atproto/pds 0.5.35).
var checkedOn = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

//go:embed mark.svg
var mark string

//go:embed preview.css
var css string

//go:embed en.toml
var catalogue embed.FS

// Bluesky talks to the servers of one network.
type Bluesky struct {
	api apihttp.Client
	now func() time.Time

	entryway string // where a sign-in goes that names no server
	plc      string // directory of identities
	appview  string // public reads: counters, profiles
	web      string // pages for people
}

// New returns the platform, bound to the addresses of env.
func New(env platforms.Env) platforms.Platform {
	b := &Bluesky{
		api:      apihttp.Client{HTTP: env.HTTP, UserAgent: env.UserAgent, Platform: ID},
		now:      env.Now,
		entryway: env.Endpoints["entryway"],
		plc:      env.Endpoints["plc"],
		appview:  env.Endpoints["appview"],
		web:      env.Endpoints["web"],
	}
	b.api.Limits = b.limits
	return b
}

// Info implements platforms.Platform.
func (b *Bluesky) Info() platforms.Info {
	return platforms.Info{
		ID: ID, Name: "Bluesky", Short: "BS", Mark: mark,
		Endpoints: []platforms.Endpoint{
			{Name: "entryway", Default: "https://bsky.social", Sandbox: "/bluesky"},
			{Name: "plc", Default: "https://plc.directory", Sandbox: "/bluesky/plc"},
			{Name: "appview", Default: "https://public.api.bsky.app", Sandbox: "/bluesky/appview"},
			{Name: "web", Default: "https://bsky.app", Sandbox: "/bluesky/web", Browser: true},
		},
		Features:  []platforms.Feature{platforms.FeaturePost, platforms.FeatureNumbers},
		Certainty: platforms.CertainByKey,
		// Access lives for two hours; renewing day and night for nothing would
		// only be a chance to lose the sign-in.
		Renewal: platforms.Renewal{OnUse: true},
		Numbers: []platforms.NumberWord{
			{Number: platforms.Likes, Word: "Likes"},
			{Number: platforms.Comments, Word: "Replies"},
			{Number: platforms.Shares, Word: "Reposts"},
			{Number: platforms.Followers, Word: "Followers"},
			{Number: platforms.Posts, Word: "Posts"},
		},
		CSS: css, Catalogue: catalogue, CheckedOn: checkedOn,
	}
}

// AskTime implements platforms.TimeTeller. It asks the account's own server.
func (b *Bluesky) AskTime(ctx context.Context, a platforms.Account) error {
	return b.api.AskTime(ctx, cmp.Or(a.Host, b.entryway))
}
