package facebook

import (
	"context"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/graph"
)

const kindPage = "Page"

// createContent is the task on a Page without which nothing can be posted.
const createContent = "CREATE_CONTENT"

// needs lists the permissions behind each feature.
// https://developers.facebook.com/documentation/pages-api/posts, 2026-11-20.
var needs = []graph.Need{
	{Feature: platforms.FeaturePost, Scope: "pages_manage_posts"},
	{Feature: platforms.FeaturePost, Scope: "pages_read_engagement"},
	{Feature: platforms.FeatureNumbers, Scope: "pages_read_engagement"},
	{Feature: platforms.FeatureNumbers, Scope: "read_insights"},
	{Feature: platforms.FeatureComments, Scope: "pages_manage_engagement"},
	{Feature: platforms.FeatureComments, Scope: "pages_read_user_content"}, // tells whose comment is whose
}

// AuthURL implements platforms.OAuthSignIn.
func (f *facebook) AuthURL(r platforms.AuthRequest) (string, error) { return f.api.AuthURL(r) }

// Exchange implements platforms.OAuthSignIn.
func (f *facebook) Exchange(ctx context.Context, r platforms.ExchangeRequest) (platforms.Grant, error) {
	return f.api.Exchange(ctx, r)
}

// Accounts implements platforms.OAuthSignIn: the Pages the person looks after.
func (f *facebook) Accounts(ctx context.Context, app platforms.App, g platforms.Grant) ([]platforms.Account, error) {
	pages, debug, err := f.api.Pages(ctx, app, g)
	if err != nil {
		return nil, err
	}
	out := []platforms.Account{}
	for _, p := range pages {
		a := platforms.Account{
			Platform: ID, RemoteID: p.ID, Name: p.Name, Handle: p.Username, Kind: kindPage,
			Tokens: debug.Tokens(p, g), CheckedBy: "debug_token", SignIn: debug.SignIn(), AsksAgain: debug.AsksAgain(),
		}
		a.Granted, a.Missing = debug.Allowed(p.ID, needs)
		if !p.May(createContent) || p.AccessToken == "" {
			a.Unusable = platforms.CodeNoPublish
		}
		out = append(out, a)
	}
	return out, nil
}

// Revoke implements platforms.Revoker.
func (f *facebook) Revoke(ctx context.Context, app platforms.App, account platforms.Account, tokens platforms.Tokens) error {
	return f.api.Withdraw(ctx, app, account.SignIn, tokens)
}
