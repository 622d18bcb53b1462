package jobs

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// reuse is what a server makes of a refresh token that was used before.
type reuse string

const (
	ends    reuse = "ends"    // the whole sign-in is over: somebody holds a copy
	repeats reuse = "repeats" // for two hours, its successor is given once more
	same    reuse = "same"    // there is only one, and it is used for ever
)

// families is the token endpoint of a platform, in front of server, which takes
// the posts. Tokens of one sign-in are a family.
type families struct {
	t     *testing.T
	inner *server
	reuse reuse

	mu       sync.Mutex
	refresh  map[string]*refreshToken
	access   map[string]*accessToken
	made     int
	renewals int      // that were asked for, whatever came of them
	lost     int      // families that ended because a token was used twice
	answers  []string // of the next renewals: "" for a good one
	// firstUse is called when an access token that a renewal gave is first used.
	firstUse func(token string)
}

type refreshToken struct {
	family int
	next   string // its successor, once it was used
	grace  time.Time
}

type accessToken struct {
	family int
	ends   time.Time
	used   bool
}

// inFront puts families in front of the rig's server.
func inFront(f *families) func(*rig) {
	return func(r *rig) {
		f.t, f.inner = r.t, r.server
		f.refresh, f.access = map[string]*refreshToken{}, map[string]*accessToken{}
		ts := httptest.NewServer(f)
		r.t.Cleanup(ts.Close)
		r.fake.url, r.fake.client, r.fake.renewal = ts.URL, ts.Client(), onUse
		r.tokens = f.consent()
	}
}

// consent is a person who signs in: a new family.
func (f *families) consent() platforms.Tokens {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.made++
	access, refresh := f.give(f.made, "refresh-"+strconv.Itoa(f.made))
	return platforms.Tokens{
		Access: platforms.NewSecret(access), AccessExpires: f.inner.now().Add(accessLife), Refresh: platforms.NewSecret(refresh),
	}
}

// accessLife is how long the fake's access tokens live.
const accessLife = 2 * time.Hour

// give makes a new access token. The lock is held.
func (f *families) give(family int, refresh string) (access, same string) {
	f.made++
	access = "access-" + strconv.Itoa(f.made)
	f.access[access] = &accessToken{family: family, ends: f.inner.now().Add(accessLife)}
	if _, ok := f.refresh[refresh]; !ok {
		f.refresh[refresh] = &refreshToken{family: family}
	}
	return access, refresh
}

// refuseAccess lets the platform take back access tokens; the families live.
func (f *families) refuseAccess(tokens ...platforms.Secret) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range tokens {
		delete(f.access, t.Reveal())
	}
}

// answer says how the next renewals are answered.
func (f *families) answer(as ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers = as
}

// counts are the renewals that were asked for, and the families that were lost.
func (f *families) counts() (renewals, lost int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.renewals, f.lost
}

func (f *families) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	bearer := r.Header.Get("Authorization")[len("Bearer "):]
	if r.URL.Path == "/renew" {
		f.renew(w, bearer)
		return
	}
	if !f.accepts(bearer) {
		says(w, http.StatusUnauthorized, platforms.Expired)
		return
	}
	f.inner.ServeHTTP(w, r)
}

func (f *families) accepts(bearer string) bool {
	f.mu.Lock()
	token, ok := f.access[bearer]
	ok = ok && f.inner.now().Before(token.ends)
	first := ok && !token.used && f.firstUse != nil
	if ok {
		token.used = true
	}
	f.mu.Unlock()
	if first {
		f.firstUse(bearer)
	}
	return ok
}

func (f *families) renew(w http.ResponseWriter, given string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.renewals++
	as := f.inner.take(&f.answers)
	switch as {
	case "error":
		w.WriteHeader(http.StatusInternalServerError)
		return
	case "rate_limited", "rejected", "unknown":
		says(w, http.StatusBadRequest, platforms.Kind(as))
		return
	}
	access, refresh, ok := f.exchange(given)
	switch {
	case !ok:
		says(w, http.StatusBadRequest, platforms.Revoked)
		return
	case as == "lost":
		panic(http.ErrAbortHandler)
	case as == "no refresh":
		refresh = ""
	case as == "no access":
		access = ""
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"access": access, "refresh": refresh})
}

// exchange uses a refresh token. The lock is held.
func (f *families) exchange(given string) (access, refresh string, ok bool) {
	old, ok := f.refresh[given]
	switch {
	case !ok:
		return "", "", false
	case f.reuse == same:
		access, refresh = f.give(old.family, given)
	case old.next == "":
		f.made++
		old.next, old.grace = "refresh-"+strconv.Itoa(f.made), f.inner.now().Add(2*time.Hour)
		access, refresh = f.give(old.family, old.next)
	case f.reuse == repeats && f.inner.now().Before(old.grace):
		access, refresh = f.give(old.family, old.next)
	default:
		f.lost++
		for k, o := range f.refresh {
			if o.family == old.family {
				delete(f.refresh, k)
			}
		}
		for k, o := range f.access {
			if o.family == old.family {
				delete(f.access, k)
			}
		}
		return "", "", false
	}
	return access, refresh, true
}

func says(w http.ResponseWriter, status int, kind platforms.Kind) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"kind": string(kind)})
}
