package jobs

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/journal"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// TestAnOldDatabaseWithoutItsJournalPublishesNothingAgain: a database that has
// published, and finds no journal, an empty one or one of a later time, is held like
// one that was put back, and the question is asked once.
func TestAnOldDatabaseWithoutItsJournalPublishesNothingAgain(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(r *rig, path string) error{
		"deleted": func(_ *rig, path string) error { return os.Remove(path) },
		"emptied": func(_ *rig, path string) error { return os.Truncate(path, 0) },
		"of a later time": func(r *rig, path string) error {
			if err := os.Remove(path); err != nil {
				return err
			}
			r.openJournal()
			return r.config.Journal.Try("another")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, platforms.CertainByLooking)
			conn := r.connect()
			r.schedule("Match day", 0, conn)
			again := r.schedule("Away game", time.Hour, conn)
			r.settleUntil(time.Minute)
			old := r.copyData()
			r.settle()
			r.wantAccepted("Away game", 1)
			if err := lose(r, filepath.Join(r.dir, journal.FileName)); err != nil {
				t.Fatal(err)
			}
			r.rollBack(old)
			r.after(time.Minute)
			r.want(again, club.NeedsAttention, club.Restored)
			r.wantAccepted("Away game", 1)

			if h, err := r.db.ActiveHold(t.Context(), r.club.Scope); err != nil || h.Phase != club.Restored {
				t.Fatalf("held as %q, %v", h.Phase, err)
			}
			if err := r.db.EndHold(t.Context(), r.club.Scope, club.Restored, "test"); err != nil {
				t.Fatal(err)
			}
			r.restart()
			if h, err := r.db.ActiveHold(t.Context(), r.club.Scope); err != nil || h.Phase != "" {
				t.Errorf("asked again: %q, %v", h.Phase, err)
			}
		})
	}
}

// settleUntil lets the engine work for so long.
func (r *rig) settleUntil(long time.Duration) {
	r.t.Helper()
	for range long / time.Second {
		r.after(time.Second)
	}
}

// TestAJournalThatKnowsTheLastCallHoldsNothing: what is not there is of no use any
// more, or never was.
func TestAJournalThatKnowsTheLastCallHoldsNothing(t *testing.T) {
	t.Parallel()
	for name, meanwhile := range map[string]func(r *rig){
		"nothing was ever published": func(r *rig) { r.forgetJournal() },
		"its full files were removed": func(r *rig) {
			r.schedule("Match day", 0, r.connect())
			r.settle()
			path := filepath.Join(r.dir, journal.FileName)
			b := readFile(r.t, path)
			lines := 0
			for i, c := range b {
				if c == '\n' {
					lines++
				}
				if lines == 2 { // the first call is in a file that is gone
					r.schedule("Away game", 0, r.connect())
					r.settle()
					if err := os.WriteFile(path, readFile(r.t, path)[i+1:], 0o600); err != nil {
						r.t.Fatal(err)
					}
					return
				}
			}
		},
		"the last call was never made": func(r *rig) { // killed between the commit and the line
			post := r.schedule("Match day", 0, r.connect())
			r.server.misbehave("reset_before")
			r.after(0)
			r.club.Exec(`UPDATE publish_attempts SET http_status = NULL WHERE irreversible = 1`)
			r.want(post, club.Publishing, club.Reconciling)
			r.forgetJournal()
		},
		"it is a year and more ago": func(r *rig) {
			r.schedule("Match day", 0, r.connect())
			r.settle()
			r.forgetJournal()
			r.clock.Advance(401 * 24 * time.Hour)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, platforms.CertainByLooking)
			meanwhile(r)
			r.restart()
			if h, err := r.db.ActiveHold(t.Context(), store.Scope{ClubID: r.club.ClubID}); err != nil || h.Phase != "" {
				t.Errorf("held as %q, %v", h.Phase, err)
			}
		})
	}
}

func (r *rig) forgetJournal() {
	r.t.Helper()
	if err := os.Truncate(filepath.Join(r.dir, journal.FileName), 0); err != nil {
		r.t.Fatal(err)
	}
}
