package jobs

import (
	"fmt"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/journal"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// beginRefused starts the next process while its database refuses something. What it
// does not start with, a person starts again.
func (r *rig) beginRefused(passes int, kind refusal) (met string) {
	r.t.Helper()
	r.config.Boot = store.NewID()
	r.engine = NewEngine(r.config, NewSignIns(r.config))
	r.refusals.arm(passes, kind)
	err := r.engine.Start(r.t.Context())
	if err == nil {
		for range 3 {
			r.after(holdFor)
		}
	}
	met = r.refusals.lift()
	if err != nil && met == "" {
		r.t.Errorf("nothing was refused, and it does not start: %v", err)
	}
	if err != nil {
		r.engine = NewEngine(r.config, NewSignIns(r.config))
		err = r.engine.Start(r.t.Context())
	}
	if err != nil {
		r.t.Fatalf("after %s it does not start: %v", met, err)
	}
	r.after(holdFor)
	return met
}

// TestEachStatementOfAStartFails is rule P3: an earlier process died in the middle of a
// call. Whatever the database refuses to the next, nothing is sent before it is
// known what became of that, and it is found out in the end.
func TestEachStatementOfAStartFails(t *testing.T) {
	t.Parallel()
	for name, answered := range map[string]bool{"the call is open": false, "the journal has the answer": true} {
		for _, kind := range refusalKinds {
			t.Run(name+"/"+kind.name, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, platforms.CertainByLooking, refusable)
				r.patient()
				conn := r.connect()
				looks := 0
				for n := 0; ; n += everyStatement(t, kind) {
					text := fmt.Sprintf("Post %d", n)
					post := r.schedule(text, 0, conn)
					d := r.intent(post)
					id := r.server.accept(conn.Account.RemoteID, d.Key, text)
					if answered {
						r.writeAnswer(d, id)
					}
					met := r.beginRefused(n, kind)
					r.settle()
					r.wantEnd(post, text, endState{club.Published, club.Linked, 1}, "after "+met)
					r.wantSound(conn.ID, "after "+met)
					if !answered {
						looks++
					}
					if got := r.server.count("/look"); got < looks || answered && got > 0 {
						t.Errorf("after %s: %d looks, want %d", met, got, looks)
					}
					if t.Failed() {
						t.Fatalf("statement %d: %s\n%s", n, met, r.story(post))
					}
					if met == "" {
						t.Logf("%d statements", n)
						return
					}
					r.clock.Advance(10 * time.Minute)
				}
			})
		}
	}
}

// writeAnswer writes into the journal what an earlier process wrote of a call.
func (r *rig) writeAnswer(d store.Delivery, id string) {
	r.t.Helper()
	attempt, err := r.db.OpenAttempt(r.t.Context(), d.ID)
	if err != nil {
		r.t.Fatal(err)
	}
	e := journal.Entry{At: r.clock.Now(), Boot: "boot-1", Delivery: d.ID, Attempt: attempt, Generation: 1, Key: d.Key}
	answer := e
	answer.Outcome, answer.RemoteID = string(club.Accepted), id
	for _, l := range []journal.Entry{e, answer} {
		if err := r.config.Journal.Append(l); err != nil {
			r.t.Fatal(err)
		}
	}
}

// TestEachStatementOfAnOldCopyFails is row 38: the database is an old copy, and
// refuses something while it learns from the journal what it lost. Nothing goes
// out until an admin has looked, and nothing twice.
func TestEachStatementOfAnOldCopyFails(t *testing.T) {
	t.Parallel()
	for _, kind := range refusalKinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			for n := 0; ; n += int(numberFrom(t, statementsVariable, 3)) {
				r := newRig(t, platforms.CertainByLooking, refusable)
				r.patient()
				post := r.schedule("Match day", time.Hour, r.connect())
				later := r.schedule("Away game", 2*time.Hour, r.connect())
				old := r.copyData()
				r.after(time.Hour)
				r.wantAccepted("Match day", 1)

				r.db = r.openRefusable(old)
				r.config.DB = r.db
				r.openJournal()
				met := r.beginRefused(n, kind)
				r.after(time.Hour)
				r.want(post, club.Published, club.Linked)
				r.want(later, club.NeedsAttention, club.Restored)
				r.wantAccepted("Match day", 1)
				r.wantAccepted("Away game", 0)
				if h, err := r.db.ActiveHold(t.Context(), r.club.Scope); err != nil || h.Phase != club.Restored {
					t.Errorf("held as %+v, %v", h, err)
				}
				if t.Failed() {
					t.Fatalf("statement %d: %s", n, met)
				}
				if met == "" {
					t.Logf("%d statements", n)
					return
				}
			}
		})
	}
}
