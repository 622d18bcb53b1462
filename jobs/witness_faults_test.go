package jobs

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/journal"
	"github.com/bandstand-app/bandstand/platforms"
)

// loseJournal puts something else in the place of the journal; find puts it back.
func (r *rig) loseJournal() (find func()) {
	r.t.Helper()
	path := filepath.Join(r.dir, journal.FileName)
	if err := errors.Join(os.Rename(path, path+".aside"), os.Mkdir(path, 0o700)); err != nil {
		r.t.Error(err)
	}
	return func() {
		if err := errors.Join(os.Remove(path), os.Rename(path+".aside", path)); err != nil {
			r.t.Error(err)
		}
	}
}

// TestAnswerThatIsNotInTheJournal is rule D8: the platform answered, and the journal
// takes no line. The database has the answer; nothing else is sent until the
// journal takes lines again, and an old copy of the database asks.
func TestAnswerThatIsNotInTheJournal(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	conn := r.connect()
	post, next := r.schedule("Match day", time.Hour, conn), r.schedule("Away game", time.Hour+time.Second, r.connect())
	old := r.copyData()
	var find func()
	r.server.moment = func() {
		if find == nil {
			find = r.loseJournal()
		}
	}
	r.after(time.Hour)
	if d := r.want(post, club.Published, club.Linked); d.RemoteID != "id-1" || r.server.count("/look") > 0 {
		t.Errorf("published as %q after %d looks", d.RemoteID, r.server.count("/look"))
	}
	r.after(time.Second)
	r.wantAccepted("Away game", 0)
	if s := r.engine.Status(); !s.Held || s.Journal.Err == nil {
		t.Errorf("the engine says %+v", s)
	}
	find()
	if all := r.entries(); len(all) != 1 || all[0].Outcome != "" {
		t.Errorf("the journal holds %+v, want the intent alone", all)
	}
	r.after(holdFor)
	r.want(next, club.Published, club.Linked)

	r.rollBack(old)
	r.after(time.Minute)
	r.want(post, club.NeedsAttention, club.Restored)
	r.wantAccepted("Match day", 1)
}

// TestProofThatIsNotInTheJournal: so it is with what a look proves.
func TestProofThatIsNotInTheJournal(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	r.server.misbehave("reset_after")
	r.server.lookFail = []string{"error"}
	post := r.schedule("Match day", 0, r.connect())
	r.after(0)
	r.want(post, club.Publishing, club.Reconciling)
	find := r.loseJournal()
	r.after(15 * time.Second)
	if d := r.want(post, club.Published, club.Linked); d.RemoteID != "id-1" {
		t.Errorf("published as %q", d.RemoteID)
	}
	if !r.engine.Status().Held {
		t.Error("the engine does not say that no line is taken")
	}
	find()
	r.after(holdFor)
	if r.engine.Status().Held {
		t.Error("the engine still waits")
	}
	r.wantAccepted("Match day", 1)
}

// TestJournalThatCannotBeReadStartsNothing: without the second witness the database
// would be believed, old copy or not. Nothing goes out.
func TestJournalThatCannotBeReadStartsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	post := r.schedule("Match day", 0, r.connect())
	find := r.loseJournal()
	r.engine = NewEngine(r.config, NewSignIns(r.config))
	if err := r.engine.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "journal") {
		t.Errorf("it starts without its witness: %v", err)
	}
	find()
	r.restart()
	r.settle()
	r.want(post, club.Published, club.Linked)
}

// TestDamagedLinesAreToldOf: an admin can find in the log that the witness has
// gaps; what can be read of it counts.
func TestDamagedLinesAreToldOf(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	first, second := r.schedule("Match day", 0, r.connect()), r.schedule("Away game", time.Minute, r.connect())
	r.settle()
	path := filepath.Join(r.dir, journal.FileName)
	b := readFile(t, path)
	b[20] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	log := &loud{}
	r.config.Log = slog.New(slog.NewTextHandler(log, nil))
	r.restart()
	if n := r.engine.Status().Journal.Damaged; n != 1 || !strings.Contains(log.b.String(), "cannot be read") {
		t.Errorf("%d lines are damaged, and the log says:\n%s", n, log.b.String())
	}
	for _, post := range []int64{first, second} {
		r.want(post, club.Published, club.Linked)
	}
}
