package sim

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
	"github.com/bandstand-app/bandstand/platforms/x"
)

// How long things live.
const (
	codeLife   = 30 * time.Second
	accessLife = 2 * time.Hour
)

// code waits for its exchange.
type code struct {
	Client    string    `json:"client"`
	Redirect  string    `json:"redirect"`
	Challenge string    `json:"challenge"`
	Method    string    `json:"method"`
	Scopes    []string  `json:"scopes"`
	Ends      time.Time `json:"ends"`
}

// grant is what a token allows. Tokens of one sign-in share the family.
type grant struct {
	Client string    `json:"client"`
	Family string    `json:"family"`
	Scopes []string  `json:"scopes"`
	Ends   time.Time `json:"ends"`  // of an access token
	Spent  bool      `json:"spent"` // of a refresh token: it was used
}

// scopeWords are the scopes the consent page knows, in its words.
var scopeWords = map[string]string{
	"tweet.read":     "See posts from your timeline",
	"tweet.write":    "Post and repost for you",
	"users.read":     "See profile information",
	"offline.access": "Stay connected until you take it back",
	"media.write":    "Upload pictures for you",
	"like.read":      "See posts you have liked",
	"follows.read":   "See whom you follow",
}

// showConsent is the page on which a person lets the app in.
func (s *Sim) showConsent(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if why := s.badAuthorisation(q); why != "" {
		simkit.ShowNotice(w, r, simkit.Notice{
			Platform: "X", Title: "Something went wrong", Status: http.StatusBadRequest,
			Text: "You weren’t able to give access to the App. " + why,
		})
		return
	}
	group := simkit.Group{Legend: "Things this app can do", Name: "shown"}
	for _, scope := range strings.Fields(q.Get("scope")) {
		group.Choices = append(group.Choices, simkit.Choice{Value: scope, Label: scopeWords[scope], Ticked: true, Fixed: true})
	}
	page := simkit.Consent{
		Platform: "X", App: "Bandstand", Person: accountName + " (@" + accountHandle + ")",
		Groups: []simkit.Group{group}, Allow: "Authorize app", Cancel: "Cancel", ReturnTo: q.Get("redirect_uri"), Hidden: simkit.Carry(q),
	}
	simkit.ShowConsent(w, r, page)
}

// badAuthorisation says what is wrong with a request for consent, or "".
func (s *Sim) badAuthorisation(q url.Values) string {
	s.Mu.Lock()
	app, registered := s.State.Clients[q.Get("client_id")]
	s.Mu.Unlock()
	switch {
	case q.Get("client_id") == "":
		return "The app is not known."
	case !simkit.RedirectFits(q.Get("redirect_uri"), s.redirects, app, registered):
		return "The redirect address is not one of the app’s callback addresses."
	case q.Get("response_type") != "code":
		return "The response type must be code."
	case q.Get("state") == "" || len(q.Get("state")) > 500:
		return "The state is missing or too long."
	case q.Get("code_challenge") == "" || !slices.Contains([]string{"S256", "plain"}, q.Get("code_challenge_method")):
		return "The code challenge is missing."
	}
	scopes := strings.Fields(q.Get("scope"))
	if len(scopes) == 0 || slices.ContainsFunc(scopes, func(s string) bool { return scopeWords[s] == "" }) {
		return "A permission is not known."
	}
	return ""
}

// answerConsent sends the person back to the app.
func (s *Sim) answerConsent(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || s.badAuthorisation(r.PostForm) != "" {
		simkit.ShowNotice(w, r, simkit.Notice{
			Platform: "X", Title: "Something went wrong", Text: "You weren’t able to give access to the App.", Status: http.StatusBadRequest,
		})
		return
	}
	f := r.PostForm
	if f.Get(simkit.AnswerField) != simkit.AnswerAllow {
		simkit.GoBack(w, r, f, url.Values{"error": {"access_denied"}})
		return
	}
	value := simkit.Token("code-")
	s.Mu.Lock()
	s.State.Codes[value] = code{
		Client: f.Get("client_id"), Redirect: f.Get("redirect_uri"),
		Challenge: f.Get("code_challenge"), Method: f.Get("code_challenge_method"),
		Scopes: strings.Fields(f.Get("scope")), Ends: s.Now().Add(codeLife),
	}
	s.Mu.Unlock()
	simkit.GoBack(w, r, f, url.Values{"code": {value}})
}

// tokenCall wraps the OAuth endpoints: fault, then the app's credentials.
func (s *Sim) tokenCall(operation string, do func(http.ResponseWriter, *http.Request, string)) http.HandlerFunc {
	act := func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			oauthError(w, http.StatusBadRequest, "invalid_request", "The form cannot be read.")
			return
		}
		id, ok := s.clientOf(r)
		if !ok {
			oauthError(w, http.StatusUnauthorized, "unauthorized_client", "Missing valid authorization header")
			return
		}
		do(w, r, id)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		fault := s.Take(x.ID, operation)
		if s.Misbehave(w, r, fault, act) {
			return
		}
		switch fault {
		case simkit.ExpiredToken, simkit.RevokedToken:
			badToken(w)
		case simkit.RateLimited:
			s.play(w, fault, operation)
		default:
			oauthError(w, http.StatusUnauthorized, "unauthorized_client", "Missing valid authorization header")
		}
	}
}

// clientOf finds the app of a call. A confidential app, which has a secret,
// sends it in a header; a public one sends its id in the form and no header.
func (s *Sim) clientOf(r *http.Request) (string, bool) {
	id, secret, basic := r.BasicAuth()
	if !basic {
		id = r.PostForm.Get("client_id")
	}
	s.Mu.Lock()
	app, registered := s.State.Clients[id]
	s.Mu.Unlock()
	if id == "" {
		return "", false
	}
	if !registered {
		return id, true
	}
	if (app.Secret != "") != basic {
		return "", false
	}
	return id, subtle.ConstantTimeCompare([]byte(app.Secret), []byte(secret)) == 1
}

func (s *Sim) token(w http.ResponseWriter, r *http.Request, client string) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	f := r.PostForm
	switch f.Get("grant_type") {
	case "authorization_code":
		c, ok := s.State.Codes[f.Get("code")]
		delete(s.State.Codes, f.Get("code"))
		switch {
		case !ok, c.Client != client, s.Now().After(c.Ends):
			oauthError(w, http.StatusBadRequest, "invalid_request", "Value passed for the authorization code was invalid.")
		case f.Get("redirect_uri") != c.Redirect:
			oauthError(w, http.StatusBadRequest, "invalid_request", "Value passed for the redirect uri did not match the uri of the authorization code.")
		case !proves(f.Get("code_verifier"), c):
			oauthError(w, http.StatusBadRequest, "invalid_request", "Value passed for the code verifier did not match the code challenge.")
		default:
			s.grant(w, client, simkit.Token(""), c.Scopes)
		}
	case "refresh_token":
		g, ok := s.State.Refresh[f.Get("refresh_token")]
		switch {
		case !ok || g.Client != client:
			badToken(w)
			return
		case g.Spent: // somebody holds a copy of it: nobody may go on
			s.endFamily(g.Family)
			badToken(w)
			return
		}
		g.Spent = true
		s.State.Refresh[f.Get("refresh_token")] = g
		s.grant(w, client, g.Family, g.Scopes)
	default:
		oauthError(w, http.StatusBadRequest, "invalid_request", "Value passed for the grant type was invalid.")
	}
}

// badToken is the exact answer to a refresh token that is spent, taken back or
// was never given.
func badToken(w http.ResponseWriter) {
	oauthError(w, http.StatusBadRequest, "invalid_request", "Value passed for the token was invalid.")
}

// proves checks the verifier against the challenge of the code.
func proves(verifier string, c code) bool {
	if c.Method == "S256" {
		sum := sha256.Sum256([]byte(verifier))
		verifier = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return subtle.ConstantTimeCompare([]byte(verifier), []byte(c.Challenge)) == 1
}

// grant hands out a new pair of tokens.
func (s *Sim) grant(w http.ResponseWriter, client, family string, scopes []string) {
	g := grant{Client: client, Family: family, Scopes: scopes, Ends: s.Now().Add(accessLife)}
	access := simkit.Token("xa-")
	s.State.Access[access] = g
	out := map[string]any{
		"token_type": "bearer", "expires_in": int(accessLife.Seconds()), "access_token": access, "scope": strings.Join(scopes, " "),
	}
	if slices.Contains(scopes, "offline.access") {
		refresh := simkit.Token("xr-")
		s.State.Refresh[refresh] = g
		out["refresh_token"] = refresh
	}
	maps.DeleteFunc(s.State.Access, func(_ string, g grant) bool { return s.Now().After(g.Ends) })
	answer(w, http.StatusOK, out)
}

func (s *Sim) revoke(w http.ResponseWriter, r *http.Request, client string) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	token := r.PostForm.Get("token")
	if g, ok := s.State.Access[token]; ok && g.Client == client {
		delete(s.State.Access, token)
	}
	if g, ok := s.State.Refresh[token]; ok && g.Client == client {
		s.endFamily(g.Family)
	}
	answer(w, http.StatusOK, map[string]bool{"revoked": true})
}

// TakeBack is the person removing every app in X's settings.
func (s *Sim) TakeBack() {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	clear(s.State.Access)
	clear(s.State.Refresh)
}

func (s *Sim) endFamily(family string) {
	same := func(_ string, g grant) bool { return g.Family == family }
	maps.DeleteFunc(s.State.Access, same)
	maps.DeleteFunc(s.State.Refresh, same)
}

// authorised finds what the token of a call allows.
func (s *Sim) authorised(r *http.Request) (grant, bool) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	s.Mu.Lock()
	defer s.Mu.Unlock()
	g, known := s.State.Access[token]
	return g, ok && known && s.Now().Before(g.Ends)
}
