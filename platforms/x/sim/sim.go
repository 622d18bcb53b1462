// Package sim is a make-believe X: it speaks the protocol of X's API v2, its
// consent page and its error answers, and keeps a record of what became public.
package sim

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
	"github.com/bandstand-app/bandstand/platforms/x"
)

// The one account of this world.
const (
	accountID     = "1597330221004881920"
	accountName   = "Riverside FC"
	accountHandle = "riversidefc"
)

// ownFaults are played the way X plays them, beside those of package simkit.
const (
	faultCredits   = "credits"   // 402: the prepaid credits are used up
	faultDailyCap  = "daily_cap" // 429 of a plan with a daily limit
	faultSuspended = "suspended" // the account may not post
	faultLocked    = "locked"    // X wants to know who is there
	faultUnseen    = "unseen"    // what a reply belongs to is not known to all of X's servers yet
)

var knownFaults = append(slices.Clone(simkit.Faults),
	simkit.Duplicate, simkit.AppLimited, simkit.Transient, simkit.NoPermission, simkit.Restricted, simkit.AccountGone, simkit.VersionGone, faultCredits, faultDailyCap, faultSuspended, faultLocked, faultUnseen)

// Sim is the simulator.
type Sim struct {
	*simkit.World[state]
	redirects []string
	windows   map[string]window // calls by endpoint, not saved; guarded by Mu
	renamed   bool              // the newer name of a parameter alone is known; guarded by Mu
}

// state is everything that outlives a restart.
type state struct {
	Seq     int64                     `json:"seq"`
	Clients map[string]simkit.Client  `json:"clients"`
	Codes   map[string]code           `json:"codes"`
	Access  map[string]grant          `json:"access"`
	Refresh map[string]grant          `json:"refresh"`
	Media   map[string]media          `json:"media"`
	Posts   map[string]post           `json:"posts"`
	Small   map[string]simkit.Picture `json:"small"`
	// Credits are prepaid, in thousandths of a US dollar.
	Credits int64 `json:"credits"`
	// Subscription is what the account pays for: "Premium". Empty: nothing.
	Subscription string `json:"subscription,omitempty"`
	// Read holds what was charged for on which UTC day: once a day is enough.
	Read map[string]string `json:"read"`
}

// startCredits last for thousands of posts: 1,000 US dollars.
const startCredits = 1_000_000

func newState() state {
	return state{
		Clients: map[string]simkit.Client{}, Codes: map[string]code{}, Access: map[string]grant{}, Refresh: map[string]grant{},
		Media: map[string]media{}, Posts: map[string]post{}, Small: map[string]simkit.Picture{}, Read: map[string]string{},
		Credits: startCredits,
	}
}

// New makes a simulator.
func New(env platforms.SimEnv) platforms.Simulator {
	s := &Sim{World: simkit.NewWorld(env.Now, newState, knownFaults, x.ID), redirects: env.Redirects, windows: map[string]window{}}
	s.KeepPosts(env.Posts)
	s.Tidy = s.tidy
	s.Consent.HandleFunc("GET /web/i/oauth2/authorize", s.showConsent)
	s.Consent.HandleFunc("POST /web/i/oauth2/authorize", s.answerConsent)
	s.Site.HandleFunc("GET "+simkit.StylePath, simkit.ServeStyle)
	s.Site.HandleFunc("GET /web/i/web/status/{id}", s.showPost)
	s.Site.HandleFunc("GET /web/{handle}/status/{id}", s.showPost)
	s.Site.HandleFunc("GET /web/{handle}", s.showProfile)
	s.Site.HandleFunc("GET /web/pictures/{id}", s.showPicture)

	s.Routes.HandleFunc("POST /api/2/oauth2/token", s.tokenCall("token", s.token))
	s.Routes.HandleFunc("POST /api/2/oauth2/revoke", s.tokenCall("revoke", s.revoke))
	s.Routes.HandleFunc("GET /api/2/users/me", s.call("read", 75, "users.read", s.me))
	s.Routes.HandleFunc("GET /api/2/users/{id}/tweets", s.call("read", 900, "tweet.read", s.timeline))
	s.Routes.HandleFunc("GET /api/2/tweets", s.call("numbers", 5000, "tweet.read", s.lookUp))
	s.Routes.HandleFunc("GET /api/2/tweets/{id}", s.call("read", 900, "tweet.read", s.lookUpOne))
	s.Routes.HandleFunc("POST /api/2/tweets", s.call("publish", 100, "tweet.write", s.create))
	s.Routes.HandleFunc("DELETE /api/2/tweets/{id}", s.call("delete", 50, "tweet.write", s.remove))
	s.Routes.HandleFunc("POST /api/2/media/upload", s.call("upload", 500, "media.write", s.upload))
	s.Routes.HandleFunc("POST /api/2/media/metadata", s.call("upload", 500, "media.write", s.describe))
	s.Routes.HandleFunc("/api/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, problem{Title: "Not Found", Detail: "Not Found"})
	})
	return s
}

// Mount implements platforms.Simulator.
func (*Sim) Mount() string { return "x" }

// Reset implements platforms.Simulator.
func (s *Sim) Reset() {
	s.World.Reset()
	s.Mu.Lock()
	defer s.Mu.Unlock()
	s.windows = map[string]window{}
}

// tidy drops codes and uploads that are over, old tokens, and what belongs to
// posts that are forgotten.
func (s *Sim) tidy() {
	now, st := s.Now(), s.State
	maps.DeleteFunc(st.Codes, func(_ string, c code) bool { return now.After(c.Ends) })
	maps.DeleteFunc(st.Media, func(_ string, m media) bool { return now.After(m.Ends) })
	for _, tokens := range []map[string]grant{st.Access, st.Refresh} {
		simkit.KeepNewest(tokens, simkit.MaxTokens, func(g grant) time.Time { return g.Ends })
	}
	public := s.Remembered(x.ID)
	maps.DeleteFunc(st.Posts, func(id string, _ post) bool { return !public[id] })
	shown := map[string]bool{}
	for _, p := range st.Posts {
		for _, id := range p.Media {
			shown[id] = true
		}
	}
	maps.DeleteFunc(st.Small, func(id string, _ simkit.Picture) bool {
		_, waits := st.Media[id]
		return !waits && !shown[id]
	})
}

// Register makes an app known: from then on its secret and its redirect
// addresses must match exactly. Apps that are not registered may use any; an
// app without a secret is a public one.
func (s *Sim) Register(id, secret string, redirects ...string) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	s.State.Clients[id] = simkit.Client{Secret: secret, Redirects: redirects}
}

// SetCredits sets what is left of the prepaid credits, in thousandths of a US
// dollar.
func (s *Sim) SetCredits(n int64) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	s.State.Credits = n
}

// Credits is what is left, in thousandths of a US dollar.
func (s *Sim) Credits() int64 {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	return s.State.Credits
}

// window counts the calls of a quarter of an hour.
type window struct {
	start time.Time
	used  int
}

const windowLength = 15 * time.Minute

// call wraps an endpoint: fault, sign-in, scope, rate limit, credits.
func (s *Sim) call(operation string, limit int, scope string, do func(http.ResponseWriter, *http.Request, grant)) http.HandlerFunc {
	act := func(w http.ResponseWriter, r *http.Request) {
		g, ok := s.authorised(r)
		switch {
		case !ok:
			unauthorised(w)
		case !slices.Contains(g.Scopes, scope):
			refuse(w, http.StatusForbidden, problem{Title: "Forbidden", Detail: "You are not permitted to perform this action."})
		case !s.count(w.Header(), r.Pattern, limit):
			tooMany(w)
		case s.Credits() <= 0:
			noCredits(w)
		case !s.knowsQuery(w, r):
		default:
			do(w, r, g)
		}
	}
	return func(w http.ResponseWriter, r *http.Request) {
		operation := operation
		if q := r.URL.Query(); r.Method == http.MethodGet && strings.Contains(q.Get("tweet.fields")+q.Get("post.fields"), "public_metrics") {
			operation = "numbers" // whichever list they are asked of
		}
		s.showWindow(w.Header(), r.Pattern, limit)
		w.Header().Set("x-transaction-id", simkit.Token("")[:16])
		fault := s.Take(x.ID, operation)
		if !s.Misbehave(w, r, fault, act) {
			s.play(w, fault, operation)
		}
	}
}

// count uses up one call of the window; false if there is none left.
func (s *Sim) count(h http.Header, endpoint string, limit int) bool {
	now := s.Now()
	s.Mu.Lock()
	win := s.windows[endpoint]
	if now.Sub(win.start) >= windowLength {
		win = window{start: now}
	}
	ok := win.used < limit
	if ok {
		win.used++
	}
	s.windows[endpoint] = win
	s.Mu.Unlock()
	s.showWindow(h, endpoint, limit)
	return ok
}

// showWindow sets the headers that every answer carries.
func (s *Sim) showWindow(h http.Header, endpoint string, limit int) {
	now := s.Now()
	s.Mu.Lock()
	defer s.Mu.Unlock()
	win := s.windows[endpoint]
	if now.Sub(win.start) >= windowLength {
		win = window{start: now}
	}
	h.Set("x-rate-limit-limit", strconv.Itoa(limit))
	h.Set("x-rate-limit-remaining", strconv.Itoa(limit-win.used))
	h.Set("x-rate-limit-reset", strconv.FormatInt(win.start.Add(windowLength).Unix(), 10))
}

// charge takes the price of a call, in thousandths of a US dollar.
func (s *Sim) charge(thousandths int64) { s.State.Credits -= thousandths }

// chargeRead charges for a resource once a UTC day.
func (s *Sim) chargeRead(resource string, thousandths int64) {
	day := s.Now().Format(time.DateOnly)
	maps.DeleteFunc(s.State.Read, func(_, d string) bool { return d != day })
	if s.State.Read[resource] != day {
		s.State.Read[resource] = day
		s.charge(thousandths)
	}
}
