// Package sim is a make-believe LinkedIn: it speaks the protocol of LinkedIn's
// versioned REST API, its consent page and its error answers, reads the little
// text format as LinkedIn does, and keeps a record of what became public.
package sim

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

// The member is the one person of this world.
const (
	memberURN  = "urn:li:person:Mv3xBq9T1k"
	memberName = "Maeve Byrne"
)

// organization is a Page with the role the member has there.
type organization struct {
	ID, Name, Vanity, Role string
	Followers              int64
}

var organizations = []organization{
	{"71209913", "County League", "county-league", "ANALYST", 2210},
	{"88231045", "Riverside FC", "riverside-fc", "ADMINISTRATOR", 410},
}

const orgPrefix = "urn:li:organization:"

func organizationOf(urn string) (organization, bool) {
	i := slices.IndexFunc(organizations, func(o organization) bool { return orgPrefix+o.ID == urn })
	if i < 0 {
		return organization{}, false
	}
	return organizations[i], true
}

// versions are those that are accepted.
var versions = []string{"202601", "202602", "202603", "202604", "202605", "202606", "202607", "202608", "202609"}

// ownFaults are played the way LinkedIn plays them, beside those of simkit.
const (
	faultRole  = "role_lost"   // the member lost the role at the Page
	faultEarly = "media_early" // the picture is not ready yet
)

var knownFaults = append(slices.Clone(simkit.Faults),
	simkit.Duplicate, simkit.DuplicateUnnamed, simkit.Stuck, simkit.Lapsed, simkit.AppLimited, simkit.Transient, simkit.NoPermission,
	simkit.AccountGone, simkit.VersionGone, faultRole, faultEarly)

// Sim is the simulator.
type Sim struct {
	*simkit.World[state]
	base      string
	redirects []string

	// Guarded by Mu.
	renews  bool
	limit   int            // calls of one endpoint a day, 0 for any number
	counted map[string]int // by endpoint and UTC day, not saved
}

// state is everything that outlives a restart.
type state struct {
	Seq     int64                    `json:"seq"`
	Clients map[string]simkit.Client `json:"clients"`
	Codes   map[string]code          `json:"codes"`
	Access  map[string]token         `json:"access"`
	Refresh map[string]token         `json:"refresh"`
	Images  map[string]upload        `json:"images"`
	Posts   map[string]post          `json:"posts"`
	// Comments are those below posts, by what each is called.
	Comments map[string]comment        `json:"comments"`
	Small    map[string]simkit.Picture `json:"small"`
}

func newState() state {
	return state{
		Clients: map[string]simkit.Client{}, Codes: map[string]code{}, Access: map[string]token{}, Refresh: map[string]token{},
		Images: map[string]upload{}, Posts: map[string]post{}, Comments: map[string]comment{}, Small: map[string]simkit.Picture{},
	}
}

// New makes a simulator.
func New(env platforms.SimEnv) platforms.Simulator {
	s := &Sim{
		World: simkit.NewWorld(env.Now, newState, knownFaults, id),
		base:  strings.TrimSuffix(env.BaseURL, "/"), redirects: env.Redirects, counted: map[string]int{},
	}
	s.KeepPosts(env.Posts)
	s.Tidy = s.tidy
	s.Consent.HandleFunc("GET /www/oauth/v2/authorization", s.showConsent)
	s.Consent.HandleFunc("POST /www/oauth/v2/authorization", s.answerConsent)
	s.Site.HandleFunc("GET "+simkit.StylePath, simkit.ServeStyle)
	s.Site.HandleFunc("GET /www/feed/update/{urn}/{$}", s.showPost)
	s.Site.HandleFunc("GET /www/company/{vanity}/{$}", s.showPage)
	s.Site.HandleFunc("GET /www/pictures/{id}", s.showPicture)
	s.Routes.HandleFunc("POST /www/oauth/v2/accessToken", s.tokenCall("token", s.accessToken))
	s.Routes.HandleFunc("POST /www/oauth/v2/introspectToken", s.tokenCall("read", s.introspect))
	s.Routes.HandleFunc("POST /www/oauth/v2/revoke", s.tokenCall("revoke", s.revoke))
	s.Routes.HandleFunc("PUT /www/dms-uploads/{id}", s.putImage)

	s.Routes.HandleFunc("GET /api/rest/organizationAcls", s.call("read", "rw_organization_admin", s.acls))
	s.Routes.HandleFunc("GET /api/rest/organizations/{id}", s.call("read", "rw_organization_admin", s.organization))
	s.Routes.HandleFunc("GET /api/rest/networkSizes/{urn}", s.call("numbers", "rw_organization_admin", s.networkSize))
	s.Routes.HandleFunc("GET /api/rest/organizationalEntityShareStatistics", s.call("numbers", "rw_organization_admin", s.statistics))
	s.Routes.HandleFunc("POST /api/rest/images", s.call("upload", "w_organization_social", s.initializeUpload))
	s.Routes.HandleFunc("GET /api/rest/images/{urn}", s.call("status", "w_organization_social", s.image))
	s.Routes.HandleFunc("POST /api/rest/posts", s.call("publish", "w_organization_social", s.create))
	s.Routes.HandleFunc("GET /api/rest/posts", s.call("read", "r_organization_social", s.list))
	s.Routes.HandleFunc("GET /api/rest/posts/{urn}", s.call("read", "r_organization_social", s.read))
	s.Routes.HandleFunc("DELETE /api/rest/posts/{urn}", s.call("delete", "w_organization_social", s.remove))
	s.Routes.HandleFunc("POST "+commentsPath, s.call("comment", "w_organization_social_feed", s.createComment))
	s.Routes.HandleFunc("GET "+commentsPath, s.call("read", "r_organization_social_feed", s.comments))
	s.Routes.HandleFunc("DELETE "+commentPath, s.call("delete", "w_organization_social_feed", s.removeComment))
	s.Routes.HandleFunc("/api/", func(w http.ResponseWriter, _ *http.Request) {
		fail(w, http.StatusNotFound, fault{Code: "RESOURCE_NOT_FOUND", Message: "No virtual resource found"})
	})
	return s
}

// Mount implements platforms.Simulator.
func (*Sim) Mount() string { return "linkedin" }

// Reset implements platforms.Simulator.
func (s *Sim) Reset() {
	s.World.Reset()
	s.Mu.Lock()
	defer s.Mu.Unlock()
	s.counted = map[string]int{}
}

// tidy drops codes and uploads that are over, old tokens, and what belongs to
// posts that are forgotten.
func (s *Sim) tidy() {
	now, st := s.Now(), s.State
	maps.DeleteFunc(st.Codes, func(_ string, c code) bool { return now.After(c.Ends) })
	for _, tokens := range []map[string]token{st.Access, st.Refresh} {
		simkit.KeepNewest(tokens, simkit.MaxTokens, func(t token) time.Time { return t.Made })
	}
	public := s.Remembered(id)
	maps.DeleteFunc(st.Posts, func(urn string, _ post) bool { return !public[urn] })
	maps.DeleteFunc(st.Comments, func(urn string, _ comment) bool { return !public[urn] })
	shown := map[string]bool{}
	for _, p := range st.Posts {
		for _, urn := range p.Images {
			shown[urn] = true
		}
	}
	maps.DeleteFunc(st.Images, func(urn string, u upload) bool { return now.After(u.Ends.Add(uploadLife)) && !shown[urn] })
	maps.DeleteFunc(st.Small, func(urn string, _ simkit.Picture) bool {
		_, known := st.Images[urn]
		return !known
	})
}

// Register makes an app known: from then on its secret and its redirect
// addresses must match exactly. Apps that are not registered may use any.
func (s *Sim) Register(id, secret string, redirects ...string) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	s.State.Clients[id] = simkit.Client{Secret: secret, Redirects: redirects}
}

// GrantRefresh says whether apps get refresh tokens, as approved partners do.
func (s *Sim) GrantRefresh(yes bool) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	s.renews = yes
}

// LimitCalls sets how many calls of one endpoint a UTC day allows, 0 for any
// number.
func (s *Sim) LimitCalls(n int) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	s.limit = n
}

// Submitted is the commentary of a post as it arrived, escapes included. What
// was published of it is in Posts.
func (s *Sim) Submitted(urn string) string {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	return s.State.Posts[urn].commentary()
}

// call wraps an endpoint of the versioned API: fault, headers, sign-in, scope
// and quota.
func (s *Sim) call(operation, scope string, do func(http.ResponseWriter, *http.Request)) http.HandlerFunc {
	act := func(w http.ResponseWriter, r *http.Request) {
		if !headersOK(w, r) || !s.signedIn(w, r, scope) || !s.count(w, r) || !knownQuery(w, r) {
			return
		}
		do(w, r)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("x-li-uuid", simkit.Token("AAY")[:20])
		w.Header().Set("x-li-fabric", "practice")
		fault := s.Take(id, operation)
		if fault == "" && operation == "comment" {
			fault = s.Take(id, "publish") // a comment becomes public as a post does
		}
		switch {
		case fault == simkit.Stuck && operation == "status":
			send(w, http.StatusOK, map[string]string{"status": "PROCESSING"})
			return
		case fault == simkit.Media && operation == "status":
			send(w, http.StatusOK, map[string]string{"status": "PROCESSING_FAILED"})
			return
		}
		if !s.Misbehave(w, r, fault, act) {
			s.play(w, fault, operation)
		}
	}
}

// headersOK checks what every call of the versioned API must carry.
func headersOK(w http.ResponseWriter, r *http.Request) bool {
	v := r.Header.Get("LinkedIn-Version")
	switch {
	case v == "":
		fail(w, http.StatusBadRequest, fault{Code: "VERSION_MISSING", Message: "A version must be present. Please specify a version by adding the LinkedIn-Version header."})
	case !slices.Contains(versions, v):
		versionGone(w, v)
	case r.Header.Get("X-Restli-Protocol-Version") != "2.0.0" && r.URL.Query().Has("q"):
		fail(w, http.StatusBadRequest, fault{Code: "PARAM_INVALID", Message: "Invalid query parameters passed to request"})
	default:
		return true
	}
	return false
}

func versionGone(w http.ResponseWriter, v string) {
	fail(w, http.StatusUpgradeRequired, fault{Code: "NONEXISTENT_VERSION", Message: "Requested version " + v + "01 is not active"})
}

// count uses up one call of the day's quota. There are no headers about it.
func (s *Sim) count(w http.ResponseWriter, r *http.Request) bool {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	today := s.Now().Format(time.DateOnly)
	maps.DeleteFunc(s.counted, func(k string, _ int) bool { return !strings.HasPrefix(k, today) })
	key := today + " " + r.Pattern
	if s.limit > 0 && s.counted[key] >= s.limit {
		tooMany(w, "APPLICATION")
		return false
	}
	s.counted[key]++
	return true
}

// listOf reads a Rest.li list. Its brackets and commas must not be encoded, so
// the raw query is read.
func listOf(r *http.Request, name string) ([]string, bool) {
	for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
		value, ok := strings.CutPrefix(pair, name+"=")
		if !ok {
			continue
		}
		inner, open := strings.CutPrefix(value, "List(")
		inner, closed := strings.CutSuffix(inner, ")")
		if !open || !closed {
			return nil, false
		}
		var out []string
		for item := range strings.SplitSeq(inner, ",") {
			v, ok := decoded(item)
			if !ok {
				return nil, false
			}
			out = append(out, v)
		}
		return out, true
	}
	return nil, true
}
