package gate_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/journal"
	"github.com/bandstand-app/bandstand/jobs/gate"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// ballast notes what became of the space that was put by.
type ballast struct {
	loaded   bool
	released int
	err      error
}

func (b *ballast) Load() error {
	b.loaded = b.err == nil
	return b.err
}

func (b *ballast) Release() error {
	b.loaded = false
	b.released++
	return nil
}

type stage struct {
	clock   *storetest.Clock
	set     time.Duration // by how much the clock was set
	db      *store.DB
	club    *storetest.Club
	ballast *ballast
	begun   int
	asked   int
	gate    *gate.Gate
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{clock: storetest.NewClock(), ballast: &ballast{}}
	s.db = storetest.Open(t, s.clock.Now)
	s.club = storetest.NewClub(t, s.db)
	j, err := journal.Open(t.TempDir(), s.clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	start := s.clock.Now()
	s.gate = gate.New(gate.Config{
		DB: s.db, Journal: j, Log: slog.New(slog.DiscardHandler), Now: s.clock.Now, Boot: "boot",
		Elapsed: func() time.Duration { return s.clock.Now().Add(-s.set).Sub(start) },
		Clocks:  &gate.Clocks{}, Ballast: s.ballast,
		Begin:   func(context.Context) error { s.begun++; return nil },
		AskTime: func(context.Context) { s.asked++ },
	})
	if err := s.gate.Start(s.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.gate.Recall(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stage) may(t *testing.T) bool {
	t.Helper()
	return s.gate.May(t.Context(), s.clock.Now())
}

// TestGateIsShutWhileNothingCanBeStored, and tries again after a while: then what
// could not be done at the start is done first.
func TestGateIsShutWhileNothingCanBeStored(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	if !s.may(t) {
		t.Fatal("the gate is shut, and nothing is wrong")
	}
	s.gate.Fault(errors.New("something else"))
	if !s.may(t) {
		t.Error("a fault that says nothing of the disk shuts the gate")
	}
	s.gate.Fault(&club.Error{Code: club.Full, Key: "error_no_space"})
	if s.may(t) || s.gate.Sound() || s.ballast.released != 1 {
		t.Errorf("the disk is full, and the gate is open, or the space that was put by was released %d times", s.ballast.released)
	}
	s.ballast.err = errors.New("no space yet")
	s.clock.Advance(gate.HoldFor)
	if s.may(t) || s.begun != 0 {
		t.Error("the gate is open without space put by")
	}
	s.ballast.err = nil
	s.clock.Advance(gate.HoldFor)
	if !s.may(t) || !s.gate.Sound() || s.begun != 1 || !s.ballast.loaded {
		t.Errorf("there is space again, and the gate is shut; begun %d times", s.begun)
	}
}

// TestGateIsShutForTheTickInWhichTheClockWasSet: and what another clock wrote down
// is to be put right.
func TestGateIsShutForTheTickInWhichTheClockWasSet(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	if !s.may(t) {
		t.Fatal("the gate is shut, and nothing is wrong")
	}
	s.gate.Mended()
	s.set += time.Hour
	s.clock.Advance(time.Hour)
	if s.may(t) || !s.gate.Mending() {
		t.Error("the clock was set, and the gate is open, or nothing is put right")
	}
	asked := s.asked
	if !s.may(t) || s.asked != asked+1 {
		t.Errorf("in the next tick the gate is shut, or the platforms were asked for the time %d times", s.asked-asked)
	}
}

// TestGateHoldsEverythingWhileTheClockIsBehind a time at which Bandstand ran.
func TestGateHoldsEverythingWhileTheClockIsBehind(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.may(t)
	s.set -= time.Hour
	s.clock.Advance(-time.Hour)
	s.may(t)
	s.may(t)
	if h, err := s.db.ActiveHold(t.Context(), s.club.Scope); err != nil || h.Phase != club.ClockInDoubt || !s.gate.Doubted() {
		t.Errorf("held as %q, %v", h.Phase, err)
	}
	s.set += time.Hour
	s.clock.Advance(time.Hour)
	s.may(t)
	s.may(t)
	if h, err := s.db.ActiveHold(t.Context(), s.club.Scope); err != nil || h.Phase != "" || s.gate.Doubted() {
		t.Errorf("the clock is right again, and it is held as %q, %v", h.Phase, err)
	}
}
