package sim

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

// account is somebody who can sign in.
type account struct {
	DID, Handle, Name, Email string
}

// seeded are the accounts of a new simulator. Their DIDs follow from their
// handles, so they are the same after every reset.
var seeded = []account{
	{Handle: "riversidefc.test", Name: "Riverside FC", Email: "secretary@riversidefc.test"},
	{Handle: "oldtownchoir.test", Name: "Old Town Choir", Email: "choir@oldtownchoir.test"},
}

// token is an access or refresh token. Times are those of the simulator.
type token struct {
	DID     string
	Session string
	Expires time.Time
	// Next is the refresh token that replaced this one; this one goes on
	// working until Grace.
	Next  string
	Grace time.Time
	// Revoked: the person has disconnected.
	Revoked bool
}

const (
	accessLife  = 2 * time.Hour
	refreshLife = 90 * 24 * time.Hour
	grace       = 2 * time.Hour
)

var appPassword = regexp.MustCompile(`^[a-z0-9]{4}(-[a-z0-9]{4}){3}$`)

func didOf(handle string) string {
	sum := sha256.Sum256([]byte(handle))
	return "did:plc:" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:15]))
}

// find looks for an account by DID, handle or address. The caller holds mu.
func (s *Sim) find(name string) (account, bool) {
	name = strings.ToLower(name)
	i := slices.IndexFunc(s.State.Accounts, func(a account) bool { return a.DID == name || a.Handle == name || a.Email == name })
	if i < 0 {
		return account{}, false
	}
	return s.State.Accounts[i], true
}

type sessionAnswer struct {
	Access    string `json:"accessJwt,omitempty"`
	Refresh   string `json:"refreshJwt,omitempty"`
	Handle    string `json:"handle"`
	DID       string `json:"did"`
	Email     string `json:"email"`
	Confirmed bool   `json:"emailConfirmed"`
	Active    bool   `json:"active"`
}

func (s *Sim) createSession(w http.ResponseWriter, r *http.Request) {
	var in struct{ Identifier, Password string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		refuse(w, http.StatusBadRequest, "InvalidRequest", "Input must be JSON")
		return
	}
	for _, field := range []struct{ name, value string }{{"identifier", in.Identifier}, {"password", in.Password}} {
		if field.value == "" {
			refuse(w, http.StatusBadRequest, "InvalidRequest", missingKey(field.name))
			return
		}
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	a, ok := s.find(in.Identifier)
	switch {
	case !ok || strings.HasPrefix(in.Password, "wron"):
		refuse(w, http.StatusUnauthorized, "AuthenticationRequired", "Invalid identifier or password")
	case !appPassword.MatchString(in.Password):
		refuse(w, http.StatusUnauthorized, "AuthFactorTokenRequired", "A sign in code has been sent to your email address")
	default:
		s.giveSession(w, a, simkit.Token(""), "")
	}
}

// giveSession answers with a new pair of tokens. The caller holds mu. next is
// the refresh token to give, or empty for a new one.
func (s *Sim) giveSession(w http.ResponseWriter, a account, session, next string) {
	now := s.Now()
	access := s.jwt("com.atproto.appPass", a.DID, now.Add(accessLife))
	s.State.Access[access] = token{DID: a.DID, Session: session, Expires: now.Add(accessLife)}
	if next == "" {
		next = s.jwt("com.atproto.refresh", a.DID, now.Add(refreshLife))
		s.State.Refresh[next] = token{DID: a.DID, Session: session, Expires: now.Add(refreshLife)}
	}
	answer(w, http.StatusOK, sessionAnswer{access, next, a.Handle, a.DID, a.Email, true, true})
}

// jwt looks like the real tokens, which say when they end.
func (s *Sim) jwt(scope, did string, expires time.Time) string {
	payload, _ := json.Marshal(map[string]any{
		"scope": scope, "sub": did, "iat": s.Now().Unix(), "exp": expires.Unix(), "jti": simkit.Token(""),
	})
	enc := base64.RawURLEncoding
	return enc.EncodeToString([]byte(`{"typ":"at+jwt","alg":"HS256"}`)) + "." + enc.EncodeToString(payload) + "." + simkit.Token("")
}

func (s *Sim) refreshSession(w http.ResponseWriter, r *http.Request) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	given := bearer(r)
	t, ok := s.State.Refresh[given]
	now := s.Now()
	switch {
	case given == "":
		refuse(w, http.StatusUnauthorized, "AuthMissing", "Authentication Required")
		return
	case !ok:
		refuse(w, http.StatusBadRequest, "InvalidToken", "Token could not be verified")
		return
	case t.Revoked:
		refuse(w, http.StatusBadRequest, "ExpiredToken", "Token has been revoked")
		return
	case now.After(t.Expires), t.Next != "" && now.After(t.Grace):
		refuse(w, http.StatusBadRequest, "ExpiredToken", "Token has expired")
		return
	}
	a, _ := s.find(t.DID)
	if t.Next != "" { // asked again within the grace: the same successor
		s.giveSession(w, a, t.Session, t.Next)
		return
	}
	t.Next = s.jwt("com.atproto.refresh", a.DID, now.Add(refreshLife))
	t.Grace = now.Add(grace)
	s.State.Refresh[given] = t
	s.State.Refresh[t.Next] = token{DID: t.DID, Session: t.Session, Expires: now.Add(refreshLife)}
	s.giveSession(w, a, t.Session, t.Next)
}

func (s *Sim) deleteSession(w http.ResponseWriter, r *http.Request) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	t, ok := s.State.Refresh[bearer(r)]
	if !ok {
		w.WriteHeader(http.StatusOK)
		return
	}
	// Access tokens live on until they end, as on a real server.
	for k, o := range s.State.Refresh {
		if o.Session == t.Session {
			o.Revoked = true
			s.State.Refresh[k] = o
		}
	}
	w.WriteHeader(http.StatusOK)
}

func (s *Sim) getSession(w http.ResponseWriter, r *http.Request) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	a, ok := s.signedIn(w, r)
	if !ok {
		return
	}
	answer(w, http.StatusOK, sessionAnswer{"", "", a.Handle, a.DID, a.Email, true, true})
}

// signedIn finds out who sends a request, or refuses it. The caller holds mu.
func (s *Sim) signedIn(w http.ResponseWriter, r *http.Request) (account, bool) {
	given := bearer(r)
	t, ok := s.State.Access[given]
	switch {
	case given == "":
		refuse(w, http.StatusUnauthorized, "AuthMissing", "Authentication Required")
	case !ok:
		refuse(w, http.StatusBadRequest, "InvalidToken", "Token could not be verified")
	case s.Now().After(t.Expires):
		refuse(w, http.StatusBadRequest, "ExpiredToken", "Token has expired")
	default:
		return s.find(t.DID)
	}
	return account{}, false
}

// forgetBearer ends the access that came with a request, or with all the whole
// session.
func (s *Sim) forgetBearer(r *http.Request, all bool) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	given := bearer(r)
	t, ok := s.State.Access[given]
	if !ok {
		if t, ok = s.State.Refresh[given]; !ok {
			return
		}
	} else {
		t.Expires = s.Now().Add(-time.Second)
		s.State.Access[given] = t
	}
	if !all {
		return
	}
	for _, m := range []map[string]token{s.State.Access, s.State.Refresh} {
		for k, o := range m {
			if o.Session == t.Session {
				delete(m, k)
			}
		}
	}
}

func bearer(r *http.Request) string {
	b, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return b
}

func (s *Sim) resolveHandle(w http.ResponseWriter, r *http.Request) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	handle := strings.ToLower(r.URL.Query().Get("handle"))
	a, ok := s.find(handle)
	if !ok || a.Handle != handle {
		name := "InvalidRequest"
		if strings.HasSuffix(handle, ".test") { // a handle of this server's own
			name = "HandleNotFound"
		}
		refuse(w, http.StatusBadRequest, name, "Unable to resolve handle")
		return
	}
	answer(w, http.StatusOK, map[string]string{"did": a.DID})
}

// document is what the directory knows of a DID.
func (s *Sim) document(w http.ResponseWriter, r *http.Request) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	a, ok := s.find(r.PathValue("did"))
	if !ok {
		answer(w, http.StatusNotFound, map[string]string{"message": "DID not registered: " + r.PathValue("did")})
		return
	}
	type service struct {
		ID       string `json:"id"`
		Type     string `json:"type"`
		Endpoint string `json:"serviceEndpoint"`
	}
	answer(w, http.StatusOK, struct {
		Context     []string  `json:"@context"`
		ID          string    `json:"id"`
		AlsoKnownAs []string  `json:"alsoKnownAs"`
		Service     []service `json:"service"`
	}{
		[]string{"https://www.w3.org/ns/did/v1"},
		a.DID,
		[]string{"at://" + a.Handle},
		[]service{{"#atproto_pds", "AtprotoPersonalDataServer", s.env.BaseURL + "/" + mount}},
	})
}
