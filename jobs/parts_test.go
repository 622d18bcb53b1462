package jobs

import (
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// followed schedules a post that these texts follow on an account, now.
func (r *rig) followed(kind club.PartKind, conn store.Connection, texts ...string) int64 {
	r.t.Helper()
	content := club.Content{Text: texts[0], Accounts: []int64{conn.ID}}
	for _, text := range texts[1:] {
		content.Parts = append(content.Parts, club.Part{Kind: kind, Text: text, Accounts: []int64{conn.ID}})
	}
	post := r.club.Post(content)
	if err := r.db.Schedule(r.t.Context(), r.club.Scope, post, []int64{conn.ID}, r.clock.Now()); err != nil {
		r.t.Fatal(err)
	}
	return post
}

// parts are the deliveries of a post on its one account, in order.
func (r *rig) parts(post int64) []store.Delivery {
	r.t.Helper()
	all, err := r.db.Deliveries(r.t.Context(), r.club.Scope, post)
	if err != nil {
		r.t.Fatal(err)
	}
	return all
}

// wantParts compares how the parts of a post stand.
func (r *rig) wantParts(post int64, phases ...club.Phase) []store.Delivery {
	r.t.Helper()
	all := r.parts(post)
	for i, d := range all {
		if i >= len(phases) || d.Part != i || d.Phase != phases[i] {
			r.t.Errorf("part %d is %s/%s (%s), want %v", d.Part, d.Status, d.Phase, d.Code, phases)
		}
	}
	return all
}

// wantThread compares what the platform took: each text once, in order, each a reply to
// the one before it.
func (r *rig) wantThread(texts ...string) {
	r.t.Helper()
	took := r.server.took()
	if len(took) != len(texts) {
		r.t.Fatalf("the platform took %d posts, want %d: %+v", len(took), len(texts), took)
	}
	for i, p := range took {
		root, parent := "", ""
		if i > 0 {
			root, parent = "id-1", "id-"+string(rune('0'+i))
		}
		if p.Text != texts[i] || p.Root.ID != root || p.Parent.ID != parent {
			r.t.Errorf("post %d says %q under %q and %q, want %q under %q and %q", i+1, p.Text, p.Root.ID, p.Parent.ID, texts[i], root, parent)
		}
	}
}

// threads lets the fake platform take threads.
func threads(r *rig) { r.fake.thread = 5 }

// comments lets it take a first comment.
func comments(r *rig) { r.fake.comments = true }

func TestThreadIsPublishedInOrderEachPartOnce(t *testing.T) {
	t.Parallel()
	for _, class := range []platforms.Certainty{platforms.CertainByKey, platforms.CertainByStatus, platforms.CertainByLooking} {
		r := newRig(t, class, threads)
		post := r.followed(club.ThreadPart, r.connect(), "One", "Two", "Three")
		r.settle()
		r.wantParts(post, club.Linked, club.Linked, club.Linked)
		r.wantThread("One", "Two", "Three")
	}
}

func TestLostAnswerOfAPartIsFoundAndTheNextFollows(t *testing.T) {
	t.Parallel()
	for _, class := range []platforms.Certainty{platforms.CertainByKey, platforms.CertainByStatus, platforms.CertainByLooking} {
		r := newRig(t, class, threads)
		r.server.misbehave("", "reset_after")
		post := r.followed(club.ThreadPart, r.connect(), "One", "Two", "Three")
		r.settle()
		r.wantParts(post, club.Linked, club.Linked, club.Linked)
		r.wantThread("One", "Two", "Three")
	}
}

func TestPartThatFailsStopsThoseAfterItUntilItIsTriedAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, threads)
	r.server.misbehave("", "rejected")
	post := r.followed(club.ThreadPart, r.connect(), "One", "Two", "Three")
	r.settle()
	all := r.wantParts(post, club.Linked, club.Refused, club.AfterPart)
	if all[2].Code != platforms.CodePartBefore {
		t.Errorf("the last part says %q", all[2].Code)
	}
	r.wantThread("One")
	if err := r.db.Answer(t.Context(), r.club.Scope, store.Answer{Kind: club.PersonSendsNow}, "test", all[1].ID); err != nil {
		t.Fatal(err)
	}
	r.settle()
	r.wantParts(post, club.Linked, club.Linked, club.Linked)
	r.wantThread("One", "Two", "Three")
}

func TestFailedFirstCommentLeavesThePostPublic(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByStatus, comments, func(r *rig) { r.fake.replyCertainty = platforms.CertainByLooking })
	r.server.misbehave("", "rejected")
	post := r.followed(club.CommentPart, r.connect(), "Match day", "Questions?")
	r.settle()
	r.wantParts(post, club.Linked, club.Refused)
	p, err := r.db.Post(t.Context(), r.club.Scope, post)
	if err != nil || p.Status() != club.NeedsAttention {
		t.Errorf("the post is %s, %v", p.Status(), err)
	}
}

func TestPartAsksWhenWhatItFollowsWasDeletedByHand(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, threads)
	r.server.misbehave("", "rate_limited")
	post := r.followed(club.ThreadPart, r.connect(), "One", "Two", "Three")
	r.engine.RunDue(t.Context())
	r.wantParts(post, club.Linked, club.Blocked, club.AfterPart)
	r.server.deleteByHand("id-1")
	r.settle()
	all := r.wantParts(post, club.Linked, club.Partial, club.AfterPart)
	if all[1].Code != platforms.CodeParentGone {
		t.Errorf("the part says %q", all[1].Code)
	}
	r.wantThread("One")
}

func TestRateLimitBetweenTwoPartsDelaysAndKeepsTheOrder(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, threads)
	r.server.misbehave("", "rate_limited", "", "rate_limited")
	post := r.followed(club.ThreadPart, r.connect(), "One", "Two", "Three")
	r.settle()
	r.wantParts(post, club.Linked, club.Linked, club.Linked)
	r.wantThread("One", "Two", "Three")
}

func TestRestartBetweenAnyTwoPartsLosesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, threads)
	post := r.followed(club.ThreadPart, r.connect(), "One", "Two", "Three")
	for range 12 {
		r.engine.tick(t.Context())
		r.engine.running.Wait()
		r.restart()
		r.clock.Advance(time.Second)
	}
	r.settle()
	r.wantParts(post, club.Linked, club.Linked, club.Linked)
	r.wantThread("One", "Two", "Three")
}

func TestPartWaitsForTheIDOfThePostBeforeIt(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByStatus, threads)
	r.fake.nameless.Store(true)
	r.server.misbehave("reset_after")
	post := r.followed(club.ThreadPart, r.connect(), "One", "Two")
	r.engine.RunDue(t.Context())
	for range 3 {
		r.after(time.Minute)
	}
	r.wantParts(post, club.Unlinked, club.AfterPart)
	r.wantThread("One")
	r.fake.nameless.Store(false)
	for range 120 {
		r.after(time.Minute)
		r.do(findLinks)
	}
	r.settle()
	r.wantParts(post, club.Linked, club.Linked)
	r.wantThread("One", "Two")
}

// TestCommentThatDoesNotFitAnyMoreLeavesThePostPublic: what follows a post is checked
// when it is its turn. A comment that was scheduled, and that the rules of today refuse,
// kept the post itself from going out.
func TestCommentThatDoesNotFitAnyMoreLeavesThePostPublic(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, comments, func(r *rig) { r.fake.maxText = 20 })
	post := r.followed(club.CommentPart, r.connect(), "Match day", "What did you like best about it?")
	r.settle()
	all := r.wantParts(post, club.Linked, club.Refused)
	if len(all) != 2 || all[1].Code != platforms.CodeTextTooLong {
		t.Errorf("the parts are %+v", all)
	}
	r.wantThread("Match day")
}
