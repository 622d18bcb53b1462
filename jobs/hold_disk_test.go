package jobs

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// spare is space that is put by, on a disk that is full or not.
type spare struct {
	full           atomic.Bool
	loaded         atomic.Bool
	loads, release atomic.Int32
}

func (s *spare) Load() error {
	s.loads.Add(1)
	if s.full.Load() {
		return &club.Error{Code: club.Full, Key: "error_no_space"}
	}
	s.loaded.Store(true)
	return nil
}

func (s *spare) Release() error {
	s.release.Add(1)
	s.loaded.Store(false)
	return nil
}

// TestStartWithoutSpace: what an earlier process left is settled, and anything
// is sent, only when there is space again; nobody has to start it for that.
func TestStartWithoutSpace(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ ballast, before bool }{
		"no space to put by":            {ballast: true},
		"the first thing is not stored": {before: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, platforms.CertainByLooking)
			post := r.schedule("Match day", 0, r.connect())
			r.intent(post) // and then the process was killed
			disk, asked := &spare{}, 0
			disk.full.Store(true)
			if tt.before {
				disk.full.Store(false)
			}
			r.config.Boot = "boot-2"
			r.config.Ballast = disk
			blocked := tt.before
			r.config.Before = func(context.Context) error {
				asked++
				if blocked {
					return &club.Error{Code: club.Full, Key: "error_no_space"}
				}
				return nil
			}
			r.engine = NewEngine(r.config, NewSignIns(r.config))
			if err := r.engine.Start(t.Context()); err != nil {
				t.Fatalf("without space it does not start: %v", err)
			}
			r.after(holdFor)
			r.after(time.Minute)
			if s := r.engine.Status(); !s.Held || s.Stuck(r.clock.Now()) {
				t.Errorf("it says %+v, stuck %v; want held", s, s.Stuck(r.clock.Now()))
			}
			r.want(post, club.Publishing, club.Sending)
			if disk.loaded.Load() || disk.release.Load() == 0 {
				t.Error("the space that was put by is kept")
			}

			disk.full.Store(false)
			blocked = false
			r.after(holdFor)
			r.settle()
			r.want(post, club.NeedsAttention, club.Ambiguous) // the platform does not have it
			r.wantAccepted("Match day", 0)
			if !disk.loaded.Load() {
				t.Error("no space is put by")
			}
			last := asked
			r.engine.gate.Hold(errors.New("another time"))
			r.after(holdFor)
			if r.engine.Status().Held || asked != last {
				t.Errorf("the start was done %d times more", asked-last)
			}
		})
	}
}

// TestWhatHappensToAPersonHoldsTheEngine: somebody's save that finds no space is
// enough; the engine need not find out by a post that is due.
func TestWhatHappensToAPersonHoldsTheEngine(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	disk := &spare{}
	r.config.Ballast = disk
	r.restart()
	if !disk.loaded.Load() {
		t.Error("no space is put by at the start")
	}
	r.run()
	pragma := func(what string) {
		if _, err := r.db.Writer().ExecContext(t.Context(), "PRAGMA "+what); err != nil {
			t.Fatal(err)
		}
	}
	pragma("query_only = 1")
	if err := r.db.SayAlive(t.Context()); club.CodeOf(err) != club.Full {
		t.Fatalf("storing on a disk that takes nothing: %v", err)
	}
	for !r.engine.Status().Held || disk.loaded.Load() {
		select {
		case w := <-r.waits:
			w.end()
		case <-t.Context().Done():
			t.Fatal("the engine goes on")
		}
	}
	pragma("query_only = 0")
	for r.engine.Status().Held { // until now: what else was not saved holds it anew
		select {
		case w := <-r.waits:
			r.clock.Advance(w.long)
			w.end()
		case <-t.Context().Done():
			t.Fatal("the engine waits for ever")
		}
	}
	if !disk.loaded.Load() {
		t.Error("no space is put by again")
	}
}
