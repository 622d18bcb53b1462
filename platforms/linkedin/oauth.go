package linkedin

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

// scopes are those of the Community Management API that posting for a Page,
// commenting below its posts and reading its numbers needs. Asking for one the app
// does not have ends the sign-in, so none is asked for in advance.
var scopes = []string{
	"r_organization_social", "r_organization_social_feed", "rw_organization_admin", "w_organization_social", "w_organization_social_feed",
}

// AuthURL implements platforms.OAuthSignIn. LinkedIn documents PKCE for native
// apps alone; a web app sends none.
func (p *Platform) AuthURL(r platforms.AuthRequest) (string, error) {
	clientID := r.App["client_id"].Reveal()
	if clientID == "" {
		return "", errors.New("the LinkedIn app has no client id")
	}
	q := url.Values{
		"response_type": {"code"},
		"client_id":     {clientID},
		"redirect_uri":  {r.RedirectURL},
		"state":         {r.State},
		"scope":         {strings.Join(scopes, " ")},
	}
	return p.web + "/oauth/v2/authorization?" + strings.ReplaceAll(q.Encode(), "+", "%20"), nil
}

// Exchange turns the code into a token.
func (p *Platform) Exchange(ctx context.Context, r platforms.ExchangeRequest) (platforms.Grant, error) {
	r.Verifier = "" // no challenge was sent
	tokens, scope, err := p.oauth.Exchange(ctx, r)
	if err != nil {
		return platforms.Grant{}, err
	}
	return platforms.Grant{Tokens: tokens, Scopes: scopeList(scope)}, nil
}

// scopeList reads a list that is separated by commas, by spaces or by both.
func scopeList(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}

// Renew gets a new access token. The refresh token lives for a year from the
// first consent, whatever is done with it.
func (p *Platform) Renew(ctx context.Context, app platforms.App, _ platforms.Account, refresh platforms.Secret) (platforms.Tokens, error) {
	if refresh.IsZero() {
		return platforms.Tokens{}, p.client.Error(platforms.Revoked, platforms.CodeAuthExpired, "renew", nil)
	}
	return p.oauth.Renew(ctx, app, refresh)
}

// Revoke tells LinkedIn that the token is not needed any more.
func (p *Platform) Revoke(ctx context.Context, app platforms.App, _ platforms.Account, tokens platforms.Tokens) error {
	return p.oauth.Revoke(ctx, app, tokens)
}

// Check asks three things: whether the token lives and for what, whether the
// member still has a role at the Page, and what the Page is called.
func (p *Platform) Check(ctx context.Context, s platforms.Session) (platforms.Account, error) {
	var token struct {
		Active bool   `json:"active"`
		Status string `json:"status"`
		Scope  string `json:"scope"`
	}
	resp, err := p.oauth.Post(ctx, "check", s.App, p.host+"/oauth/v2/introspectToken", url.Values{"token": {s.Access.Reveal()}})
	switch {
	case err != nil:
		return platforms.Account{}, err
	case !resp.OK():
		return platforms.Account{}, p.tokenRefusal("check", resp)
	}
	if err := resp.Decode(&token); err != nil || token.Status == "" && !token.Active {
		return platforms.Account{}, p.client.Unclear("check", resp, "the answer does not say whether the token lives")
	}
	switch {
	case token.Status == "revoked":
		return platforms.Account{}, p.client.Error(platforms.Revoked, platforms.CodeAuthRevoked, "check", resp)
	case !token.Active:
		return platforms.Account{}, p.client.Error(platforms.Expired, platforms.CodeAuthExpired, "check", resp)
	}
	roles, member, err := p.roles(ctx, "check", s.Access)
	if err != nil {
		return platforms.Account{}, err
	}
	a, err := p.page(ctx, "check", s.Access, s.Account.RemoteID)
	if err != nil {
		return platforms.Account{}, err
	}
	allow(&a, roles[s.Account.RemoteID], scopeList(token.Scope))
	a.CheckedBy, a.SignIn = "introspectToken, organizationAcls", signIn(s.App, member)
	return a, nil
}

// signIn names the member's yes to the app: all Pages act by her one token.
func signIn(app platforms.App, member string) string {
	if member == "" {
		return ""
	}
	return appSlot + "/" + app["client_id"].Reveal() + "/" + member
}

// Accounts lists the Pages at which the member has a role.
func (p *Platform) Accounts(ctx context.Context, app platforms.App, g platforms.Grant) ([]platforms.Account, error) {
	roles, member, err := p.roles(ctx, "accounts", g.Tokens.Access)
	if err != nil {
		return nil, err
	}
	var out []platforms.Account
	for id, held := range roles {
		// Asking for several at once is closed to apps in development.
		a, err := p.page(ctx, "accounts", g.Tokens.Access, id)
		if err != nil {
			return nil, err
		}
		allow(&a, held, g.Scopes)
		a.Tokens, a.SignIn = g.Tokens, signIn(app, member)
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b platforms.Account) int { return strings.Compare(a.Name+a.RemoteID, b.Name+b.RemoteID) })
	return out, nil
}

// maxPages is how many pages of roles are read: 1,000 roles.
const maxPages = 10

// roleList is one page of roles.
type roleList struct {
	Paging struct {
		Links []struct {
			Rel  string `json:"rel"`
			Href string `json:"href"`
		} `json:"links"`
	} `json:"paging"`
	Elements []struct {
		// The key has had three spellings over the versions.
		Organization         string `json:"organization"`
		OrganizationTarget   string `json:"organizationTarget"`
		OrganizationalTarget string `json:"organizationalTarget"`
		Assignee             string `json:"roleAssignee"` // "urn:li:person:…"
		Role                 string `json:"role"`
		State                string `json:"state"`
	} `json:"elements"`
}

// next is where the following page starts, or empty.
func (l roleList) next() string {
	for _, link := range l.Paging.Links {
		if u, err := url.Parse(link.Href); link.Rel == "next" && err == nil {
			return u.Query().Get("start")
		}
	}
	return ""
}

// roles asks for the member's roles, by the number of the organisation, and who
// the member is.
// https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/organization-access-control-by-role
func (p *Platform) roles(ctx context.Context, op string, access platforms.Secret) (out map[string][]string, member string, err error) {
	out = map[string][]string{}
	query := "q=roleAssignee&state=APPROVED&count=100"
	start := "0"
	for range maxPages {
		var answer roleList
		resp, err := p.rest(ctx, access, apihttp.Request{Op: op}, "/organizationAcls", query+"&start="+url.QueryEscape(start), &answer)
		if err != nil {
			return nil, "", err
		}
		if answer.Elements == nil {
			return nil, "", p.client.Unclear(op, resp, "the answer lists no roles")
		}
		for _, e := range answer.Elements {
			member = cmp.Or(member, e.Assignee)
			urn := e.Organization + e.OrganizationTarget + e.OrganizationalTarget
			if id, ok := strings.CutPrefix(urn, "urn:li:organization:"); ok && e.State == "APPROVED" {
				out[id] = append(out[id], e.Role)
			}
		}
		if start = answer.next(); start == "" {
			break
		}
	}
	return out, member, nil
}

// page asks what a Page is called.
func (p *Platform) page(ctx context.Context, op string, access platforms.Secret, id string) (platforms.Account, error) {
	var answer struct {
		Name   string `json:"localizedName"`
		Vanity string `json:"vanityName"`
	}
	resp, err := p.rest(ctx, access, apihttp.Request{Op: op}, "/organizations/"+url.PathEscape(id), "", &answer)
	if err != nil {
		return platforms.Account{}, err
	}
	if answer.Name == "" {
		return platforms.Account{}, p.client.Unclear(op, resp, "the answer names no Page")
	}
	return platforms.Account{Platform: ID, RemoteID: id, Name: answer.Name, Handle: answer.Vanity, Kind: "Page"}, nil
}

// What each feature needs: every scope, and one of the roles.
var needs = []struct {
	feature platforms.Feature
	scopes  []string
	roles   []string
}{
	{
		platforms.FeaturePost,
		[]string{"w_organization_social"},
		[]string{"ADMINISTRATOR", "CONTENT_ADMINISTRATOR", "CONTENT_ADMIN", "DIRECT_SPONSORED_CONTENT_POSTER"},
	},
	{
		platforms.FeatureNumbers,
		[]string{"r_organization_social", "rw_organization_admin"},
		[]string{"ADMINISTRATOR", "CONTENT_ADMINISTRATOR", "CONTENT_ADMIN", "ANALYST"},
	},
	{
		// Reading is part of it: whether a comment is there when the answer is lost
		// is seen in no other way.
		platforms.FeatureComments,
		[]string{"w_organization_social_feed", "r_organization_social_feed"},
		[]string{"ADMINISTRATOR", "CONTENT_ADMINISTRATOR", "CONTENT_ADMIN", "DIRECT_SPONSORED_CONTENT_POSTER"},
	},
}

// allow fills in what a member with these roles may do with these scopes.
// Without a list of scopes everything asked for counts as granted.
func allow(a *platforms.Account, roles, granted []string) {
	for _, n := range needs {
		before := len(a.Missing)
		for _, scope := range n.scopes {
			if granted != nil && !slices.Contains(granted, scope) {
				a.Missing = append(a.Missing, platforms.MissingPermission{Feature: n.feature, Permission: scope})
			}
		}
		if !slices.ContainsFunc(roles, func(r string) bool { return slices.Contains(n.roles, r) }) {
			a.Missing = append(a.Missing, platforms.MissingPermission{Feature: n.feature, Permission: n.roles[0]})
		}
		if len(a.Missing) == before {
			a.Granted = append(a.Granted, n.feature)
		} else if n.feature == platforms.FeaturePost {
			a.Unusable = platforms.CodeNoPublish
		}
	}
}
