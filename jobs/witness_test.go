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

// entries is what the journal holds.
func (r *rig) entries() []journal.Entry {
	r.t.Helper()
	var all []journal.Entry
	if err := r.config.Journal.Read(func(e journal.Entry) error { all = append(all, e); return nil }); err != nil {
		r.t.Fatal(err)
	}
	return all
}

// TestJournalKnowsOfACallBeforeThePlatform is rule P1.
func TestJournalKnowsOfACallBeforeThePlatform(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	r.server.misbehave("slow")
	post := r.schedule("Match day", 0, r.connect())
	r.engine.tick(t.Context())
	<-r.server.entered
	d := r.delivery(post)
	all := r.entries()
	if len(all) != 1 || all[0].Outcome != "" || all[0].Delivery != d.ID || all[0].Key != d.Key || all[0].Generation != 1 || len(all[0].BodyHash) != 64 || all[0].Boot != "boot-1" {
		t.Errorf("while the call is made, the journal holds %+v", all)
	}
	attempt, err := r.db.OpenAttempt(t.Context(), d.ID)
	if err != nil || all[0].Attempt != attempt {
		t.Errorf("the journal names the attempt %s, the database %s, %v", all[0].Attempt, attempt, err)
	}
	close(r.server.hold)
	r.engine.running.Wait()
	r.want(post, club.Published, club.Linked)
	if all = r.entries(); len(all) != 2 || all[1].Outcome != "accepted" || all[1].RemoteID != "id-1" || all[1].Attempt != attempt {
		t.Errorf("after the call, the journal holds %+v", all)
	}
}

// TestNoLineNoCall is rules P1 and D8: what cannot be announced is not done, uses up
// no try, and goes out by itself when there is room again.
func TestNoLineNoCall(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	conn := r.connect()
	first := r.schedule("Match day", 0, conn)
	path := filepath.Join(r.dir, journal.FileName)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	for range 30 {
		r.after(time.Second)
	}
	if d := r.want(first, club.Publishing, club.Ready); d.TriesTransient != 0 || !d.TriedAt.IsZero() {
		t.Errorf("a call that was not made counts as a try: %+v", d)
	}
	r.wantAccepted("Match day", 0)
	if s := r.engine.Status(); !s.Held || s.Journal.Err == nil {
		t.Errorf("the engine does not say that nothing can be announced: %+v", s)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	r.after(holdFor)
	r.want(first, club.Published, club.Linked)
	r.wantAccepted("Match day", 1)
}

// TestOldCopyOfTheDatabase: whatever an old copy believes, nothing is sent twice,
// and what the journal cannot prove is asked. Nothing at all goes out until an
// admin has looked.
func TestOldCopyOfTheDatabase(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault    string // of the call after the copy was made
		accepted int
		status   club.Status
		phase    club.Phase
	}{
		"published":       {"", 1, club.Published, club.Linked},
		"answer lost":     {"reset_after", 1, club.NeedsAttention, club.Restored},
		"proved later":    {"reset_after", 1, club.Published, club.Linked},
		"rejected":        {"rejected", 0, club.NeedsAttention, club.Restored},
		"lost on the way": {"reset_before", 0, club.NeedsAttention, club.Restored},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, platforms.CertainByLooking)
			conn, other := r.connect(), r.connect()
			post := r.schedule("Match day", time.Hour, conn)
			later := r.schedule("Away game", 2*time.Hour, other)
			untouched := r.schedule("Next month", 24*time.Hour, other)
			old := r.copyData()
			if tt.fault != "" {
				r.server.misbehave(tt.fault)
			}
			if name == "answer lost" {
				r.server.lookFail = []string{"error"}
			}
			r.after(time.Hour)
			calls := r.server.count("/publish")

			r.rollBack(old)
			d := r.want(post, tt.status, tt.phase)
			if tt.accepted == 1 && tt.status == club.Published && d.RemoteID != "id-1" {
				t.Errorf("published as %q, want id-1", d.RemoteID)
			}
			r.after(time.Hour)
			r.want(post, tt.status, tt.phase)
			r.want(later, club.NeedsAttention, club.Restored)
			r.want(untouched, club.Scheduled, club.Waiting)
			if n := r.server.count("/publish"); n != calls {
				t.Errorf("%d calls before anybody was asked", n-calls)
			}
			r.wantAccepted("Match day", tt.accepted)

			// The next start has nothing to add.
			before := r.delivery(post)
			r.restart()
			if after := r.delivery(post); after.Version != before.Version {
				t.Errorf("the next start moves it again: %+v", after)
			}

			// A person lets it go on: it looks first, and sends what is not there.
			if err := r.db.EndHold(t.Context(), r.club.Scope, club.Restored, "test"); err != nil {
				t.Fatal(err)
			}
			if tt.status == club.NeedsAttention {
				if err := r.db.Answer(t.Context(), r.club.Scope, store.Answer{Kind: club.PersonSendsNow}, "test", r.delivery(post).ID); err != nil {
					t.Fatal(err)
				}
			}
			r.settle()
			r.want(post, club.Published, club.Linked)
			r.wantAccepted("Match day", 1)
			r.wantAccepted("Next month", 1)
			r.want(later, club.NeedsAttention, club.Restored)
			r.wantAccepted("Away game", 0)
		})
	}
}

// TestDraftOfAnOldCopyWasPublished: a post that this copy does not even know to
// be scheduled is not offered for scheduling again.
func TestDraftOfAnOldCopyWasPublished(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	conn := r.connect()
	post := r.schedule("Match day", time.Hour, conn)
	if err := r.db.Answer(t.Context(), r.club.Scope, store.Answer{Kind: club.PersonCancels}, "test", r.delivery(post).ID); err != nil {
		t.Fatal(err)
	}
	old := r.copyData()
	if err := r.db.Schedule(t.Context(), r.club.Scope, post, []int64{conn.ID}, r.clock.Now()); err != nil {
		t.Fatal(err)
	}
	r.after(0)
	r.want(post, club.Published, club.Linked)
	r.rollBack(old)
	r.want(post, club.Published, club.Linked)
	r.wantAccepted("Match day", 1)
}

// TestAnswerOutlivesTheProcess: killed between the platform's answer and its
// commit, nobody has to look whether the post is public.
func TestAnswerOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	post := r.schedule("Match day", 0, r.connect())
	d := r.intent(post)
	attempt, err := r.db.OpenAttempt(t.Context(), d.ID)
	if err != nil {
		t.Fatal(err)
	}
	e := journal.Entry{At: r.clock.Now(), Boot: "boot-1", Delivery: d.ID, Attempt: attempt, Generation: 1, Key: d.Key}
	answer := e
	answer.Outcome, answer.RemoteID, answer.RemoteURL = "accepted", "id-1", "https://fake.example/id-1"
	for _, l := range []journal.Entry{e, answer} {
		if err := r.config.Journal.Append(l); err != nil {
			t.Fatal(err)
		}
	}
	r.restart()
	if d := r.want(post, club.Published, club.Linked); d.RemoteID != "id-1" || d.RemoteURL != answer.RemoteURL {
		t.Errorf("published as %s at %s", d.RemoteID, d.RemoteURL)
	}
	if h, err := r.db.ActiveHold(t.Context(), r.club.Scope); err != nil || h.Phase != "" {
		t.Errorf("an ordinary crash holds everything: %+v, %v", h, err)
	}
	if attempts, err := r.db.Attempts(t.Context(), r.club.Scope, post); err != nil || len(attempts[d.ID]) != 1 || attempts[d.ID][0].Outcome != club.Accepted {
		t.Errorf("attempts %+v, %v", attempts, err)
	}
	if r.server.count("/look") != 0 {
		t.Error("it was looked for")
	}
}

// TestProofOutlivesAnOldCopy: the answer was lost, and a look proved that the
// post is public. An old copy of the database learns that from the journal,
// whether it knows of the call or not, and sends nothing.
func TestProofOutlivesAnOldCopy(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		copied   string // when
		nameless bool
		status   club.Status
		phase    club.Phase
	}{
		"before the call":                {"before", false, club.Published, club.Linked},
		"while it was looked for":        {"between", false, club.Published, club.Linked},
		"before the call, and nameless":  {"before", true, club.NeedsAttention, club.Restored},
		"while looked for, and nameless": {"between", true, club.Published, club.Unlinked},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, platforms.CertainByLooking)
			r.fake.nameless.Store(tt.nameless)
			post := r.schedule("Match day", time.Hour, r.connect())
			var old string
			if tt.copied == "before" {
				old = r.copyData()
			}
			r.server.misbehave("reset_after")
			r.server.lookFail = []string{"error"}
			r.after(time.Hour)
			r.want(post, club.Publishing, club.Reconciling)
			if tt.copied == "between" {
				old = r.copyData()
			}
			r.after(15 * time.Second)
			if d := r.delivery(post); d.Status != club.Published {
				t.Fatalf("not found: %s/%s\n%s", d.Status, d.Phase, r.story(post))
			}
			all := r.entries()
			proof := all[len(all)-1]
			if proof.Outcome != "accepted" || proof.Attempt != all[0].Attempt || proof.Delivery != all[0].Delivery || proof.Key != all[0].Key || proof.Generation != 1 {
				t.Errorf("the journal ends with %+v, after the intent %+v", proof, all[0])
			}
			if want := "id-1"; !tt.nameless && proof.RemoteID != want || tt.nameless && proof.RemoteID != "" {
				t.Errorf("the journal proves %q", proof.RemoteID)
			}
			calls := r.server.count("/publish")
			r.rollBack(old)
			for range 2 {
				r.after(3 * time.Hour)
				r.want(post, tt.status, tt.phase)
				r.restart()
			}
			if d := r.delivery(post); tt.phase == club.Linked && d.RemoteID != "id-1" {
				t.Errorf("published as %q, want id-1", d.RemoteID)
			}
			if n := r.server.count("/publish"); n != calls {
				t.Errorf("%d calls after the old copy was put back", n-calls)
			}
			r.wantAccepted("Match day", 1)
		})
	}
}
