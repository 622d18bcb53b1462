package simkit

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// World is the frame of a simulator: the shared Core, the routes, and the state
// S of its own that outlives a restart. A simulator embeds it and adds Mount.
type World[S any] struct {
	*Core
	Routes  http.ServeMux // for programs
	Site    http.ServeMux // pages on which people see what became public
	Consent http.ServeMux // pages on which a person lets an app in

	Mu    sync.Mutex // guards State
	State S

	// Tidy drops what the state need not hold any more. The caller holds Mu.
	Tidy     func()
	tidied   time.Time // guarded by Mu
	requests int       // since then, guarded by Mu

	fresh  func() S
	faults []string
}

// NewWorld makes the frame of a simulator that stands for the served platforms.
// fresh makes the state it begins with; faults are those it can play.
func NewWorld[S any](now func() time.Time, fresh func() S, faults []string, served ...platforms.ID) *World[S] {
	return &World[S]{Core: New(now, served...), State: fresh(), fresh: fresh, faults: faults}
}

// ServeHTTP implements platforms.Simulator. The answer is dated by the
// simulator's own clock. What is none of our own pages must not run as one.
func (w *World[S]) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	defer free(r)
	w.tidy()
	h := rw.Header()
	h.Set("Date", w.Date().Format(http.TimeFormat))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	mux, _ := w.muxOf(r)
	if mux == nil {
		mux = &w.Routes
	}
	mux.ServeHTTP(rw, r)
	// Where a request is refused before it was read, its answer waits for the rest:
	// whoever is still sending would find the connection broken instead.
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxUnread))
	}
}

// maxUnread bounds what is read of a request that was answered already, in bytes.
const maxUnread = 64 << 20

// Page implements platforms.Simulator.
func (w *World[S]) Page(r *http.Request) (page http.Handler, signIn bool) {
	mux, signIn := w.muxOf(r)
	if mux == nil {
		return nil, false
	}
	return w, signIn
}

// muxOf finds the pages among which there is one for r, or nil.
func (w *World[S]) muxOf(r *http.Request) (mux *http.ServeMux, signIn bool) {
	if _, pattern := w.Consent.Handler(r); pattern != "" {
		return &w.Consent, true
	}
	if _, pattern := w.Site.Handler(r); pattern != "" {
		return &w.Site, false
	}
	return nil, false
}

// free removes the files of a form that did not fit into memory: whoever has a
// form read looks after them.
func free(r *http.Request) {
	if r.MultipartForm != nil {
		_ = r.MultipartForm.RemoveAll() // also done already
	}
}

// How often the state is tidied, at the least.
const (
	tidyEvery    = time.Minute // of the simulator's own clock
	tidyRequests = 100
)

func (w *World[S]) tidy() {
	if w.Tidy == nil {
		return
	}
	now := w.Now()
	w.Mu.Lock()
	defer w.Mu.Unlock()
	w.requests++
	if since := now.Sub(w.tidied); since >= 0 && since < tidyEvery && w.requests < tidyRequests {
		return
	}
	w.tidied, w.requests = now, 0
	w.Tidy()
}

// MaxTokens is how many tokens of one kind a simulator remembers, the newest.
const MaxTokens = 2000

// KeepNewest drops all but the newest entries of m.
func KeepNewest[V any](m map[string]V, most int, age func(V) time.Time) {
	if len(m) <= most {
		return
	}
	keys := slices.SortedFunc(maps.Keys(m), func(a, b string) int { return age(m[b]).Compare(age(m[a])) })
	for _, k := range keys[most:] {
		delete(m, k)
	}
}

// Fault implements platforms.Simulator.
func (w *World[S]) Fault(f platforms.SimFault) error {
	for next := &f; next != nil; next = next.Then {
		if !slices.Contains(w.faults, next.Fault) && !slices.Contains(played, next.Fault) {
			return fmt.Errorf("this simulator knows no fault %q", next.Fault)
		}
	}
	return w.Core.Fault(f)
}

// Reset implements platforms.Simulator.
func (w *World[S]) Reset() {
	w.Mu.Lock()
	defer w.Mu.Unlock()
	w.Core.Reset()
	w.State = w.fresh()
}

// snapshot is the form of Save and Load.
type snapshot[S any] struct {
	Core  record `json:"core"`
	State S      `json:"state"`
}

// Save implements platforms.Simulator.
func (w *World[S]) Save() ([]byte, error) {
	w.Mu.Lock()
	defer w.Mu.Unlock()
	b, err := json.Marshal(snapshot[S]{w.copied(), w.State})
	if err != nil {
		return nil, fmt.Errorf("save simulator: %w", err)
	}
	return b, nil
}

// Load implements platforms.Simulator.
func (w *World[S]) Load(b []byte) error {
	in := snapshot[S]{State: w.fresh()}
	if err := json.Unmarshal(b, &in); err != nil {
		return fmt.Errorf("load simulator: %w", err)
	}
	w.Mu.Lock()
	defer w.Mu.Unlock()
	w.restore(in.Core)
	w.State = in.State
	return nil
}
