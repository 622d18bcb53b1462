package sim

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

// How long things live.
const (
	codeLife    = 30 * time.Minute
	accessLife  = 60 * 24 * time.Hour
	refreshLife = 365 * 24 * time.Hour // from the consent, whatever is done
)

// code waits for its exchange.
type code struct {
	Client   string    `json:"client"`
	Redirect string    `json:"redirect"`
	Scopes   []string  `json:"scopes"`
	Ends     time.Time `json:"ends"`
}

// token is an access or refresh token. Tokens of one consent share the family.
type token struct {
	Client  string    `json:"client"`
	Family  string    `json:"family"`
	Scopes  []string  `json:"scopes"`
	Made    time.Time `json:"made"`
	Ends    time.Time `json:"ends"`
	Revoked bool      `json:"revoked"`
}

// scopeWords are the scopes that an app with the Community Management API can
// ask for, in the words of the consent page.
var scopeWords = map[string]string{
	"r_organization_social":      "Retrieve your organization’s posts, including comments, reactions and other engagement data",
	"r_organization_social_feed": "Retrieve comments, reactions and other engagement data on your organization’s posts",
	"w_organization_social_feed": "Create, modify and delete comments and reactions on posts on your organization’s behalf",
	"rw_organization_admin":      "Manage your organization’s page and retrieve reporting data",
	"w_organization_social":      "Create, modify and delete posts, comments and reactions on your organization’s behalf",
	"r_basicprofile":             "Use your basic profile including your name, photo and headline",
	"w_member_social":            "Create, modify and delete posts, comments and reactions on your behalf",
}

// showConsent is the page on which a member lets the app in.
func (s *Sim) showConsent(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if why := s.badAuthorization(q); why != "" {
		simkit.ShowNotice(w, r, simkit.Notice{
			Platform: "LinkedIn", Title: "Bummer, something went wrong.", Text: why, Status: http.StatusBadRequest,
		})
		return
	}
	scopes := strings.Fields(q.Get("scope"))
	if i := slices.IndexFunc(scopes, func(s string) bool { return scopeWords[s] == "" }); i >= 0 {
		simkit.GoBack(w, r, q, url.Values{
			"error": {"unauthorized_scope_error"}, "error_description": {"Scope “" + scopes[i] + "” is not authorized for your application"},
		})
		return
	}
	group := simkit.Group{Legend: "This app would like to", Name: "shown"}
	for _, scope := range scopes {
		group.Choices = append(group.Choices, simkit.Choice{Value: scope, Label: scopeWords[scope], Ticked: true, Fixed: true})
	}
	page := simkit.Consent{
		Platform: "LinkedIn", App: "Bandstand", Person: memberName, Groups: []simkit.Group{group}, ReturnTo: q.Get("redirect_uri"), Hidden: simkit.Carry(q),
	}
	simkit.ShowConsent(w, r, page)
}

// badAuthorization says what is wrong with a request for consent, or "".
func (s *Sim) badAuthorization(q url.Values) string {
	s.Mu.Lock()
	app, registered := s.State.Clients[q.Get("client_id")]
	s.Mu.Unlock()
	switch {
	case q.Get("client_id") == "":
		return "The passed in client_id is invalid."
	case !simkit.RedirectFits(q.Get("redirect_uri"), s.redirects, app, registered):
		return "The redirect_uri does not match the registered value."
	case q.Get("response_type") != "code":
		return "The response_type must be code."
	case len(strings.Fields(q.Get("scope"))) == 0:
		return "A scope is missing."
	}
	return ""
}

// answerConsent sends the member back to the app.
func (s *Sim) answerConsent(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || s.badAuthorization(r.PostForm) != "" {
		simkit.ShowNotice(w, r, simkit.Notice{
			Platform: "LinkedIn", Title: "Bummer, something went wrong.", Text: "The form cannot be read.", Status: http.StatusBadRequest,
		})
		return
	}
	f := r.PostForm
	if f.Get(simkit.AnswerField) != simkit.AnswerAllow {
		simkit.GoBack(w, r, f, url.Values{
			"error": {"user_cancelled_authorize"}, "error_description": {"The user cancelled the authorization"},
		})
		return
	}
	value := simkit.Token("AQ")
	s.Mu.Lock()
	s.State.Codes[value] = code{
		Client: f.Get("client_id"), Redirect: f.Get("redirect_uri"), Scopes: strings.Fields(f.Get("scope")), Ends: s.Now().Add(codeLife),
	}
	s.Mu.Unlock()
	simkit.GoBack(w, r, f, url.Values{"code": {value}})
}

// tokenCall wraps the OAuth endpoints: fault, then the app's credentials, which
// stand in the form.
func (s *Sim) tokenCall(operation string, do func(http.ResponseWriter, url.Values)) http.HandlerFunc {
	act := func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			oauthError(w, http.StatusBadRequest, "invalid_request", "The form cannot be read")
			return
		}
		id, secret := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
		s.Mu.Lock()
		defer s.Mu.Unlock()
		app, registered := s.State.Clients[id]
		if id == "" || secret == "" || registered && subtle.ConstantTimeCompare([]byte(app.Secret), []byte(secret)) != 1 {
			oauthError(w, http.StatusUnauthorized, "invalid_client", "Client authentication failed")
			return
		}
		do(w, r.PostForm)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		fault := s.Take(id, operation)
		switch {
		case s.Misbehave(w, r, fault, act):
		case operation == "token" && (fault == simkit.ExpiredToken || fault == simkit.RevokedToken):
			badGrant(w)
		case operation == "token" && fault != simkit.RateLimited:
			oauthError(w, http.StatusUnauthorized, "invalid_client", "Client authentication failed")
		default:
			s.play(w, fault, operation)
		}
	}
}

func badGrant(w http.ResponseWriter) {
	oauthError(w, http.StatusBadRequest, "invalid_grant", "The provided authorization grant or refresh token is invalid, expired or revoked.")
}

// accessToken exchanges a code or a refresh token. The lock is held.
func (s *Sim) accessToken(w http.ResponseWriter, f url.Values) {
	now := s.Now()
	switch f.Get("grant_type") {
	case "authorization_code":
		c, ok := s.State.Codes[f.Get("code")]
		delete(s.State.Codes, f.Get("code"))
		switch {
		case !ok, c.Client != f.Get("client_id"), now.After(c.Ends):
			oauthError(w, http.StatusBadRequest, "invalid_request",
				"Unable to retrieve access token: appid/redirect uri/code verifier does not match authorization code. Or authorization code expired. Or external member binding exists")
		case c.Redirect != f.Get("redirect_uri"):
			oauthError(w, http.StatusBadRequest, "invalid_redirect_uri", "Unable to retrieve access token: the redirect uri does not match")
		default:
			s.endOtherScopes(c)
			s.grant(w, token{Client: c.Client, Family: simkit.Token(""), Scopes: c.Scopes, Made: now}, simkit.Token("AQX"), now.Add(refreshLife))
		}
	case "refresh_token":
		t, ok := s.State.Refresh[f.Get("refresh_token")]
		if !ok || t.Revoked || t.Client != f.Get("client_id") || now.After(t.Ends) {
			badGrant(w)
			return
		}
		s.grant(w, token{Client: t.Client, Family: t.Family, Scopes: t.Scopes, Made: now}, f.Get("refresh_token"), t.Ends)
	default:
		oauthError(w, http.StatusBadRequest, "invalid_request", "A required parameter \"grant_type\" is missing")
	}
}

// endOtherScopes: asking for another set of scopes ends the earlier tokens.
func (s *Sim) endOtherScopes(c code) {
	for value, t := range s.State.Access {
		if t.Client == c.Client && !sameScopes(t.Scopes, c.Scopes) {
			t.Revoked = true
			s.State.Access[value] = t
		}
	}
}

func sameScopes(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// grant hands out an access token, and a refresh token where apps get one: it
// is the same for the whole year of a consent. An access token never outlives
// that year.
func (s *Sim) grant(w http.ResponseWriter, t token, refresh string, yearEnds time.Time) {
	now := s.Now()
	t.Ends = now.Add(accessLife)
	if s.renews && yearEnds.Before(t.Ends) {
		t.Ends = yearEnds
	}
	access := simkit.Token("AQV")
	s.State.Access[access] = t
	out := map[string]any{
		"access_token": access, "expires_in": int(t.Ends.Sub(now).Seconds()), "scope": strings.Join(t.Scopes, ","), "token_type": "Bearer",
	}
	if s.renews {
		t.Ends = yearEnds
		s.State.Refresh[refresh] = t
		out["refresh_token"], out["refresh_token_expires_in"] = refresh, int(yearEnds.Sub(now).Seconds())
	}
	send(w, http.StatusOK, out)
}

// introspect says what a token is worth. The lock is held.
func (s *Sim) introspect(w http.ResponseWriter, f url.Values) {
	t, ok := s.State.Access[f.Get("token")]
	if !ok {
		send(w, http.StatusOK, map[string]any{"active": false, "status": "revoked"})
		return
	}
	status := "active"
	switch {
	case t.Revoked:
		status = "revoked"
	case s.Now().After(t.Ends):
		status = "expired"
	}
	send(w, http.StatusOK, map[string]any{
		"active": status == "active", "status": status, "client_id": t.Client, "auth_type": "3L", "scope": strings.Join(t.Scopes, ","),
		"authorized_at": t.Made.Unix(), "created_at": t.Made.Unix(), "expires_at": t.Ends.Unix(),
	})
}

// revoke ends everything that came from the same consent. The lock is held.
func (s *Sim) revoke(w http.ResponseWriter, f url.Values) {
	for _, all := range []map[string]token{s.State.Access, s.State.Refresh} {
		if t, ok := all[f.Get("token")]; ok {
			s.endFamily(t.Family)
			break
		}
	}
	w.WriteHeader(http.StatusOK)
}

func (s *Sim) endFamily(family string) {
	for _, all := range []map[string]token{s.State.Access, s.State.Refresh} {
		for value, t := range all {
			if t.Family == family {
				t.Revoked = true
				all[value] = t
			}
		}
	}
}

// TakeBack is the member removing every app in LinkedIn's settings.
func (s *Sim) TakeBack() {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	for _, t := range s.State.Access {
		s.endFamily(t.Family)
	}
}

// signedIn checks the token of a call and what it allows.
func (s *Sim) signedIn(w http.ResponseWriter, r *http.Request, scope string) bool {
	value, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || value == "" {
		fail(w, http.StatusUnauthorized, fault{ServiceError: 401, Code: "EMPTY_ACCESS_TOKEN", Message: "Empty oauth2 access token"})
		return false
	}
	s.Mu.Lock()
	t, known := s.State.Access[value]
	s.Mu.Unlock()
	switch {
	case !known:
		invalidToken(w)
	case t.Revoked:
		revokedToken(w)
	case s.Now().After(t.Ends):
		expiredToken(w)
	case !slices.Contains(t.Scopes, scope):
		denied(w, "partnerApi"+scope)
	default:
		return true
	}
	return false
}
