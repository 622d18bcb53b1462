package jobs

import (
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/journal"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// TestAnEarlierPostOfTheSameTextIsNotThisOne: the look after a lost answer finds
// the first post, which has its own delivery.
func TestAnEarlierPostOfTheSameTextIsNotThisOne(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string]club.Phase{"reset_before": club.Ambiguous, "reset_after": club.Linked} {
		r := newRig(t, platforms.CertainByLooking)
		conn := r.connect()
		first := r.schedule("Kick-off!", 0, conn)
		r.settle()
		r.server.misbehave(fault)
		second := r.schedule("Kick-off!", time.Minute, conn)
		third := r.schedule("Doors open at six", 2*time.Minute, conn)
		r.settle()
		r.want(first, club.Published, club.Linked)
		if d := r.delivery(second); d.Phase != want || d.RemoteID == "id-1" {
			t.Errorf("%s: the second is %s/%s as %q, want %s", fault, d.Status, d.Phase, d.RemoteID, want)
		}
		r.want(third, club.Published, club.Linked)
	}
}

// TestADuplicateAnswerThatNamesAnotherPostProvesNothing: the post that the platform
// names is there, and is another delivery's.
func TestADuplicateAnswerThatNamesAnotherPostProvesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, func(r *rig) { r.fake.repeats = true })
	conn := r.connect()
	first := r.schedule("Kick-off!", 0, conn)
	r.settle()
	r.server.misbehave("reset_before", "duplicate_of_first")
	second := r.schedule("Kick-off!", time.Minute, conn)
	if err := r.db.SetSendsAgain(t.Context(), r.club.Scope, conn.ID, true, "test"); err != nil {
		t.Fatal(err)
	}
	r.settle()
	r.want(first, club.Published, club.Linked)
	r.want(second, club.NeedsAttention, club.Ambiguous)
	r.wantAccepted("Kick-off!", 1)
}

// TestAnAnswerWithTheIDOfAnotherPostIsNoAnswer: whether this one is public is
// looked for, and it is found under its own id.
func TestAnAnswerWithTheIDOfAnotherPostIsNoAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	conn := r.connect()
	first := r.schedule("Match day", 0, conn)
	r.settle()
	r.server.misbehave("same_id")
	second := r.schedule("Away game", time.Minute, conn)
	r.settle()
	r.want(first, club.Published, club.Linked)
	if d := r.want(second, club.Published, club.Linked); d.RemoteID != "id-2" {
		t.Errorf("published as %q", d.RemoteID)
	}
	r.wantAccepted("Away game", 1)
}

// TestAPublicPostWithoutAnIDMayBeWhatALookFinds: one post of these words is known to
// be there, and nobody knows its id. Finding one proves nothing about another;
// finding two does.
func TestAPublicPostWithoutAnIDMayBeWhatALookFinds(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string]club.Phase{"reset_before": club.Ambiguous, "reset_after": club.Unlinked} {
		r := newRig(t, platforms.CertainByLooking)
		conn := r.connect()
		r.server.misbehave("reset_after")
		r.server.lookFail = []string{"forbidden", "forbidden", "forbidden"}
		first := r.schedule("Kick-off!", 0, conn)
		r.settle()
		r.want(first, club.NeedsAttention, club.Ambiguous)
		r.answer(first, club.PersonFinds)
		r.server.misbehave(fault)
		second := r.schedule("Kick-off!", time.Second, conn)
		r.settle()
		if d := r.delivery(second); d.Phase != want {
			t.Errorf("%s: the second is %s/%s as %q, want %s:\n%s", fault, d.Status, d.Phase, d.RemoteID, want, r.story(second))
		}
	}
}

// TestAPostThatOnlyTheJournalKnowsIsNotThisOne: it was published for a delivery that
// an old copy of the database does not have.
func TestAPostThatOnlyTheJournalKnowsIsNotThisOne(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	conn := r.connect()
	id := r.server.accept(conn.Account.RemoteID, "", "Kick-off!")
	err := r.config.Journal.Append(journal.Entry{
		At: r.clock.Now(), Boot: "before", Delivery: store.NewID(), Attempt: store.NewID(), Generation: 1, Outcome: string(club.Accepted), RemoteID: id,
	})
	if err != nil {
		t.Fatal(err)
	}
	r.server.misbehave("reset_before")
	again := r.schedule("Kick-off!", time.Minute, conn)
	r.settle()
	r.want(again, club.NeedsAttention, club.Ambiguous)
}
