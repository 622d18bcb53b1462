package simkit

import (
	"encoding/json"
	"fmt"
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
	Routes http.ServeMux

	Mu    sync.Mutex // guards State
	State S

	fresh  func() S
	faults []string
}

// NewWorld makes the frame of a simulator that stands for the served platforms.
// fresh makes the state it begins with; faults are those it can play.
func NewWorld[S any](now func() time.Time, fresh func() S, faults []string, served ...platforms.ID) *World[S] {
	return &World[S]{Core: New(now, served...), State: fresh(), fresh: fresh, faults: faults}
}

// ServeHTTP implements platforms.Simulator. The answer is dated by the
// simulator's own clock.
func (w *World[S]) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Date", w.Date().Format(http.TimeFormat))
	w.Routes.ServeHTTP(rw, r)
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
