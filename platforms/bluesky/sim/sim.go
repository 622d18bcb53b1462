// Package sim is a make-believe Bluesky: a server of accounts, the directory of
// identities, the public view with its counters, and pages to look at, all
// below one address.
package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

const (
	id    = platforms.ID("bluesky")
	mount = "bluesky"
	// maxBody is the upload limit of a server as it comes, 5 MiB.
	maxBody = 5 << 20
	// Requests that one address may send in five minutes. They are counted for
	// the headers only.
	requestsPerWindow = 3000
	window            = 5 * time.Minute
)

// Sim is the simulator.
type Sim struct {
	*simkit.World[state]
	env platforms.SimEnv
}

// state is everything that outlives a restart.
type state struct {
	Accounts    []account
	Access      map[string]token
	Refresh     map[string]token
	Blobs       map[string]blob   // by CID
	Records     map[string]record // by address
	WindowStart time.Time
	Requests    int
}

// New returns a simulator with its seeded accounts.
func New(env platforms.SimEnv) platforms.Simulator {
	faults := append(slices.Clone(simkit.Faults),
		simkit.Duplicate, simkit.AppLimited, simkit.Transient, simkit.NoPermission, simkit.Restricted, simkit.AccountGone)
	s := &Sim{World: simkit.NewWorld(env.Now, fresh, faults, id), env: env}
	s.KeepPosts(env.Posts)
	s.Tidy = s.tidy
	routes := []struct {
		pattern, operation string
		act                http.HandlerFunc
	}{
		{"POST /xrpc/com.atproto.server.createSession", "token", s.createSession},
		{"POST /xrpc/com.atproto.server.refreshSession", "token", s.refreshSession},
		{"POST /xrpc/com.atproto.server.deleteSession", "token", s.deleteSession},
		{"GET /xrpc/com.atproto.server.getSession", "read", s.getSession},
		{"GET /xrpc/com.atproto.identity.resolveHandle", "read", s.resolveHandle},
		{"GET /plc/{did}", "read", s.document},

		{"POST /xrpc/com.atproto.repo.uploadBlob", "upload", s.uploadBlob},
		{"POST /xrpc/com.atproto.repo.putRecord", "publish", s.putRecord},
		{"POST /xrpc/com.atproto.repo.createRecord", "publish", s.createRecord},
		{"POST /xrpc/com.atproto.repo.deleteRecord", "delete", s.deleteRecord},
		{"GET /xrpc/com.atproto.repo.getRecord", "read", s.getRecord},

		{"GET /appview/xrpc/app.bsky.feed.getPosts", "numbers", s.getPosts},
		{"GET /appview/xrpc/app.bsky.actor.getProfile", "numbers", s.getProfile},
	}
	for _, r := range routes {
		s.Routes.HandleFunc(r.pattern, s.method(r.operation, r.act))
	}
	s.Routes.HandleFunc("GET /xrpc/{method}", noMethod)
	s.Routes.HandleFunc("POST /xrpc/{method}", noMethod)
	s.Site.HandleFunc("GET /web/profile/{actor}", s.showAccount)
	s.Site.HandleFunc("GET /web/profile/{actor}/post/{rkey}", s.showPost)
	s.Site.HandleFunc("GET /web/blob/{sha256}", s.showBlob)
	s.Site.HandleFunc("GET "+simkit.StylePath, simkit.ServeStyle)
	return s
}

func fresh() state {
	st := state{Access: map[string]token{}, Refresh: map[string]token{}, Blobs: map[string]blob{}, Records: map[string]record{}}
	for _, a := range seeded {
		a.DID = didOf(a.Handle)
		st.Accounts = append(st.Accounts, a)
	}
	return st
}

// Mount implements platforms.Simulator.
func (s *Sim) Mount() string { return mount }

// tidy drops blobs that no record took, old tokens, and records of posts that
// are forgotten. The caller holds mu.
func (s *Sim) tidy() {
	now, st := s.Now(), s.State
	for _, tokens := range []map[string]token{st.Access, st.Refresh} {
		simkit.KeepNewest(tokens, simkit.MaxTokens, func(t token) time.Time { return t.Expires })
	}
	public := s.Remembered(id)
	used := map[string]bool{}
	maps.DeleteFunc(st.Records, func(uri string, rec record) bool {
		gone := rec.Collection == postCollection && !public[uri]
		if !gone {
			for _, ref := range blobsOf(rec.Value) {
				used[ref.Ref.Link] = true
			}
		}
		return gone
	})
	maps.DeleteFunc(st.Blobs, func(name string, b blob) bool { return !used[name] && now.Sub(b.At) > blobLife })
}

// method wraps a call of the protocol: faults, rate headers, the size of the
// body. The body is read first, so that a slow answer is slow after the request
// has arrived.
func (s *Sim) method(operation string, act http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
		if err != nil {
			refuse(w, http.StatusBadRequest, "InvalidRequest", "request was cut off")
			return
		}
		if len(body) > maxBody {
			refuse(w, http.StatusRequestEntityTooLarge, "PayloadTooLarge", "request entity too large")
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		s.rateHeaders(w)
		fault := s.Take(id, operation)
		if s.Misbehave(w, r, fault, act) {
			return
		}
		s.ownFault(w, r, fault)
	}
}

// ownFault plays the faults that look different on every platform.
func (s *Sim) ownFault(w http.ResponseWriter, r *http.Request, fault string) {
	switch fault {
	case simkit.RateLimited, simkit.AppLimited:
		reset := s.Now().Add(window)
		w.Header().Set("RateLimit-Remaining", "0")
		w.Header().Set("RateLimit-Reset", strconv.FormatInt(reset.Unix(), 10))
		if fault == simkit.RateLimited {
			w.Header().Set("Retry-After", strconv.Itoa(int(window/time.Second)))
		}
		refuse(w, http.StatusTooManyRequests, "RateLimitExceeded", "Rate Limit Exceeded")
	case simkit.Transient:
		refuse(w, http.StatusBadGateway, "UpstreamFailure", "Upstream service unreachable")
	case simkit.NoPermission:
		refuse(w, http.StatusForbidden, "ScopeMissingError", "Missing required scope")
	case simkit.Restricted:
		refuse(w, http.StatusUnauthorized, "AccountTakedown", "Account has been taken down")
	case simkit.AccountGone:
		refuse(w, http.StatusForbidden, "AccountNotFound", "Account not found")
	case simkit.ExpiredToken:
		s.forgetBearer(r, false)
		refuse(w, http.StatusBadRequest, "ExpiredToken", "Token has expired")
	case simkit.RevokedToken:
		s.forgetBearer(r, true)
		refuse(w, http.StatusBadRequest, "InvalidToken", "Token could not be verified")
	case simkit.Media:
		refuse(w, http.StatusBadRequest, "InvalidMimeType", "Referenced Mimetype does not match stored blob")
	case simkit.Duplicate:
		refuse(w, http.StatusBadRequest, "InvalidSwap", "Record was at "+cid(codecRecord, []byte(fault)))
	default:
		refuse(w, http.StatusBadRequest, "InvalidRequest", "Invalid "+postCollection+" record: refused by request of the sandbox ("+fault+")")
	}
}

func (s *Sim) rateHeaders(w http.ResponseWriter) {
	now := s.Now()
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if now.Sub(s.State.WindowStart) >= window {
		s.State.WindowStart, s.State.Requests = now, 0
	}
	s.State.Requests++
	h := w.Header()
	h.Set("RateLimit-Limit", strconv.Itoa(requestsPerWindow))
	h.Set("RateLimit-Remaining", strconv.Itoa(max(0, requestsPerWindow-s.State.Requests)))
	h.Set("RateLimit-Reset", strconv.FormatInt(s.State.WindowStart.Add(window).Unix(), 10))
	h.Set("RateLimit-Policy", fmt.Sprintf("%d;w=%d", requestsPerWindow, window/time.Second))
}

func noMethod(w http.ResponseWriter, _ *http.Request) {
	refuse(w, http.StatusNotImplemented, "MethodNotImplemented", "Method Not Implemented")
}

func refuse(w http.ResponseWriter, status int, name, message string) {
	answer(w, status, struct {
		Error   string `json:"error"`
		Message string `json:"message"`
	}{name, message})
}

func answer(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"InternalServerError","message":"Internal Server Error"}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
