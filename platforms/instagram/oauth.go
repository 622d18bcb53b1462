package instagram

import (
	"cmp"
	"context"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/graph"
)

// kindProfessional covers business and creator accounts: the API does not tell
// them apart, and shows no others.
const kindProfessional = "professional"

// A person must hold one of these tasks on the linked Page to publish.
const (
	createContent = "CREATE_CONTENT"
	manage        = "MANAGE"
)

// needs lists the permissions behind each feature.
// https://developers.facebook.com/docs/permissions, 2026-11-20.
var needs = []graph.Need{
	{Feature: platforms.FeaturePost, Scope: "instagram_basic"},
	{Feature: platforms.FeaturePost, Scope: "instagram_content_publish"},
	{Feature: platforms.FeatureNumbers, Scope: "instagram_basic"},
	{Feature: platforms.FeatureNumbers, Scope: "instagram_manage_insights"},
	{Feature: platforms.FeatureComments, Scope: "instagram_manage_comments"},
}

// AuthURL implements platforms.OAuthSignIn.
func (i *instagram) AuthURL(r platforms.AuthRequest) (string, error) { return i.api.AuthURL(r) }

// Exchange implements platforms.OAuthSignIn.
func (i *instagram) Exchange(ctx context.Context, r platforms.ExchangeRequest) (platforms.Grant, error) {
	return i.api.Exchange(ctx, r)
}

// Accounts implements platforms.OAuthSignIn: the accounts linked to the Pages
// the person looks after.
func (i *instagram) Accounts(ctx context.Context, app platforms.App, g platforms.Grant) ([]platforms.Account, error) {
	pages, debug, err := i.api.Pages(ctx, app, g)
	if err != nil {
		return nil, err
	}
	out := []platforms.Account{}
	for _, p := range pages {
		if p.Linked == nil || p.Linked.ID == "" {
			continue
		}
		a := account(p.Linked.ID, p.Linked.Name, p.Linked.Username, debug)
		a.Tokens = debug.Tokens(p, g)
		if p.AccessToken == "" || !p.May(createContent) && !p.May(manage) {
			a.Unusable = platforms.CodeNoPublish
		}
		out = append(out, a)
	}
	return out, nil
}

// Revoke implements platforms.Revoker.
func (i *instagram) Revoke(ctx context.Context, app platforms.App, account platforms.Account, tokens platforms.Tokens) error {
	return i.api.Withdraw(ctx, app, account.SignIn, tokens)
}

func account(id, name, username string, debug graph.Debug) platforms.Account {
	a := platforms.Account{
		Platform: ID, RemoteID: id, Name: cmp.Or(name, username), Handle: username,
		Kind: kindProfessional, CheckedBy: "debug_token", SignIn: debug.SignIn(), AsksAgain: debug.AsksAgain(),
	}
	a.Granted, a.Missing = debug.Allowed(id, needs)
	return a
}
