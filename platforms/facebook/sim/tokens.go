package sim

import (
	"slices"
	"strconv"
	"time"

	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

// The kinds of token, as debug_token names them.
const (
	tokenUser = "USER"
	tokenPage = "PAGE"
	tokenApp  = "APP"
)

// How long tokens live.
const (
	shortLife      = time.Hour
	longLife       = 60 * 24 * time.Hour
	dataAccessLife = 90 * 24 * time.Hour
)

type token struct {
	Kind, App, Page string
	Scopes          []string
	Shared          []string // ids of Pages and accounts
	Long            bool
	Issued          time.Time
	Expires         time.Time // zero: never by time
	Used            time.Time // given out, or looked at, for the last time
	Removed         bool      // the person took the app away
}

func (t *token) may(scope string) bool { return slices.Contains(t.Scopes, scope) }

func (t *token) sees(id string) bool { return slices.Contains(t.Shared, id) }

// alive finds a token. The caller holds the lock.
func (s *server) alive(raw string) (*token, *refusal) {
	t := s.State.Tokens[raw]
	switch {
	case t == nil:
		return nil, refuse(190, 0, "Invalid OAuth access token - Cannot parse access token")
	case t.Removed:
		return nil, refuse(190, 458, "Error validating access token: The user has not authorized application "+t.App+".")
	case !t.Expires.IsZero() && !s.Now().Before(t.Expires):
		return nil, refuse(190, 463, "Error validating access token: Session has expired.")
	}
	t.Used = s.Now()
	return t, nil
}

// exchange answers at the token address: a code or a user token goes in, a
// longer-lived one comes out.
func (s *server) exchange(c *call) (any, *refusal) {
	id, secret := c.form.Get("client_id"), c.form.Get("client_secret")
	if id == "" {
		return nil, refuse(101, 0, "Missing client_id parameter.")
	}
	if secret == "" {
		return nil, refuse(1, 0, "Error validating client secret.")
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	now := s.Now()
	switch c.form.Get("grant_type") {
	case "", "authorization_code":
	case "fb_exchange_token":
		old, no := s.alive(c.form.Get("fb_exchange_token"))
		switch {
		case no != nil:
			return nil, no
		case old.App != id || s.State.Apps[id] != secret:
			return nil, refuse(1, 0, "Error validating client secret.")
		}
		t := *old
		t.Long, t.Issued, t.Expires = true, now, now.Add(longLife)
		return s.hand(&t, longLife), nil
	default:
		return nil, refuse(100, 0, "(#100) Unknown grant_type.")
	}
	cd := s.State.Codes[c.form.Get("code")]
	switch {
	case cd == nil || cd.App != id:
		return nil, refuse(100, 0, "Invalid verification code format.")
	case cd.Used:
		return nil, refuse(100, 36009, "This authorization code has been used.")
	case now.After(cd.Expires):
		return nil, refuse(100, 36007, "This authorization code has expired.")
	case cd.Redirect != c.form.Get("redirect_uri"):
		return nil, refuse(100, 36008, "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request")
	}
	cd.Used = true
	s.State.Apps[id] = secret
	t := &token{Kind: tokenUser, App: id, Scopes: cd.Scopes, Shared: cd.Pages, Issued: now, Expires: now.Add(shortLife)}
	return s.hand(t, shortLife), nil
}

// hand gives out a token. The caller holds the lock.
func (s *server) hand(t *token, life time.Duration) any {
	raw := simkit.Token("EAAB")
	t.Used = s.Now()
	s.State.Tokens[raw] = t
	return map[string]any{"access_token": raw, "token_type": "bearer", "expires_in": int64(life.Seconds())}
}

func (s *server) permissions(c *call) (any, *refusal) {
	data := []map[string]any{}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	for _, sc := range scopes {
		switch {
		case c.token.may(sc.name):
			data = append(data, map[string]any{"permission": sc.name, "status": "granted"})
		case s.State.Declined[sc.name]:
			data = append(data, map[string]any{"permission": sc.name, "status": "declined"})
		}
	}
	return map[string]any{"data": permissionNode.all(data, c.wants)}, nil
}

// withdraw takes the app away from the person: every token she ever gave it, and
// those of her Pages, are dead from now on.
func (s *server) withdraw(c *call) (any, *refusal) {
	if c.token.Kind != tokenUser {
		return nil, refuse(100, 0, "Tried accessing nonexisting field (permissions) on node type (Page)")
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	app := c.token.App
	for _, t := range s.State.Tokens {
		if t.App == app {
			t.Removed = true
		}
	}
	delete(s.State.Agreed, app)
	s.State.Removed[app] = s.Now()
	return map[string]any{"success": true}, nil
}

// accountsPage is how many Pages one answer lists, so that every client has to
// turn the page.
const accountsPage = 1

func (s *server) accounts(c *call) (any, *refusal) {
	if c.token.Kind != tokenUser {
		return nil, refuse(100, 0, "Tried accessing nonexisting field (accounts) on node type (Page)")
	}
	var seen []page
	for _, p := range pages {
		if c.token.may("pages_show_list") && c.token.sees(p.ID) && c.fault != faultPortfolio {
			seen = append(seen, p)
		}
	}
	start, err := strconv.Atoi(c.form.Get("after"))
	if c.form.Get("after") != "" && (err != nil || start < 0 || start > len(seen)) {
		return nil, refuse(100, 0, "Invalid cursor.")
	}
	data := []map[string]any{}
	end := min(start+accountsPage, len(seen))
	s.Mu.Lock()
	defer s.Mu.Unlock()
	for _, p := range seen[start:end] {
		one := s.readPage(&p, c.token)
		one["tasks"], one["access_token"] = p.Tasks, s.pageToken(&p, c.token)
		data = append(data, one)
	}
	paging := map[string]any{"cursors": map[string]string{"before": strconv.Itoa(start), "after": strconv.Itoa(end)}}
	if end < len(seen) {
		paging["next"] = "https://graph.facebook.com/v26.0/me/accounts?access_token=hidden&after=" + strconv.Itoa(end)
	}
	return map[string]any{"data": accountNode.all(data, c.wants), "paging": paging}, nil
}

// business is the portfolio that holds the Pages of the world.
var business = struct{ id, name string }{"5001", "Riverside Sports Trust"}

// errPortfolio refuses who may not look into portfolios.
var errPortfolio = refuse(100, 0, "(#100) Missing Permission")

func (s *server) businesses(c *call) (any, *refusal) {
	if c.token.Kind != tokenUser || !c.token.may("business_management") {
		return nil, errPortfolio
	}
	return map[string]any{"data": businessNode.all([]map[string]any{{"id": business.id, "name": business.name}}, c.wants)}, nil
}

// ownedPages lists the Pages of the portfolio. Those that she cannot act for come
// without a token.
func (s *server) ownedPages(c *call) (any, *refusal) {
	if c.token.Kind != tokenUser || !c.token.may("business_management") {
		return nil, errPortfolio
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	var data []map[string]any
	for i := range pages {
		one := s.readPage(&pages[i], c.token)
		if c.token.sees(pages[i].ID) {
			one["access_token"] = s.pageToken(&pages[i], c.token)
		}
		data = append(data, one)
	}
	return map[string]any{"data": pageNode.all(data, c.wants)}, nil
}

// pageToken makes a token of a Page for the person behind her own. The caller
// holds the lock.
func (s *server) pageToken(p *page, user *token) string {
	t := &token{Kind: tokenPage, App: user.App, Page: p.ID, Scopes: user.Scopes, Shared: user.Shared, Long: user.Long, Issued: s.Now()}
	if !user.Long {
		t.Expires = user.Expires
	}
	raw := simkit.Token("EAAP")
	t.Used = s.Now()
	s.State.Tokens[raw] = t
	return raw
}

func (s *server) debugToken(c *call) (any, *refusal) {
	if c.token.Kind != tokenApp {
		return nil, refuse(100, 0, "You must provide an app access token, or a user access token that is an owner or developer of the app")
	}
	if c.form.Get("input_token") == "" {
		return nil, refuse(100, 0, "(#100) The parameter input_token is required")
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	t, no := s.alive(c.form.Get("input_token"))
	switch c.fault {
	case simkit.ExpiredToken:
		no = errExpired
	case simkit.RevokedToken:
		no = errPassword
	}
	if no == nil && t.App != c.token.App {
		no = refuse(100, 0, "The App_id in the input_token did not match the Viewing App")
	}
	if no != nil {
		return map[string]any{"data": map[string]any{
			"is_valid": false, "scopes": []string{},
			"error": map[string]any{"code": no.Code, "message": no.Text, "subcode": no.Sub},
		}}, nil
	}
	var granular []map[string]any
	for _, sc := range t.Scopes {
		g := map[string]any{"scope": sc}
		targets := []string{}
		for _, id := range t.Shared {
			if (findPage(id) == nil) == forInstagram(sc) {
				targets = append(targets, id)
			}
		}
		if sc != "business_management" && c.fault != faultUnnamed {
			g["target_ids"] = targets
		}
		granular = append(granular, g)
	}
	yes, ok := s.State.Agreed[t.App]
	if !ok {
		yes = t.Issued
	}
	data := map[string]any{
		"app_id": t.App, "type": t.Kind, "application": "Bandstand", "is_valid": true,
		"issued_at": t.Issued.Unix(), "expires_at": int64(0), "data_access_expires_at": yes.Add(dataAccessLife).Unix(),
		"user_id": personOf(t.App), "scopes": t.Scopes, "granular_scopes": granular,
	}
	if !t.Expires.IsZero() {
		data["expires_at"] = t.Expires.Unix()
	}
	if c.fault == faultUndated {
		delete(data, "issued_at")
	}
	if t.Kind == tokenPage {
		data["profile_id"] = t.Page
	}
	return map[string]any{"data": data}, nil
}
