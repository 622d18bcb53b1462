package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// thread is a club with a post that is followed on one account and not on another.
type thread struct {
	*testing.T
	db    *store.DB
	clock *storetest.Clock
	club  *storetest.Club
	a, b  store.Connection // a is sent the parts, b the post alone
	post  int64
}

// newThread schedules a post in an hour, with these parts.
func newThread(t *testing.T, parts ...string) *thread {
	t.Helper()
	clock := storetest.NewClock()
	db := storetest.Open(t, clock.Now)
	c := storetest.NewClub(t, db)
	c.Exec(`UPDATE clubs SET practice = 0`)
	th := &thread{T: t, db: db, clock: clock, club: c, a: c.Connection("fake", signedIn), b: c.Connection("fake", signedIn)}
	saved, err := th.schedule(0, th.content(parts...), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	th.post = saved.ID
	return th
}

// content is a post for both accounts; of a, with these parts.
func (th *thread) content(parts ...string) club.Content {
	c := club.Content{Text: "Match day", Accounts: []int64{th.a.ID, th.b.ID}}
	for _, text := range parts {
		c.Parts = append(c.Parts, club.Part{Kind: club.ThreadPart, Text: text, Accounts: []int64{th.a.ID}})
	}
	return c
}

func (th *thread) schedule(post int64, c club.Content, in time.Duration) (store.SavedPost, error) {
	th.Helper()
	change := store.PostChange{ID: post, Content: c, Slot: club.Slot{At: th.clock.Now().Add(in), Local: "2026-11-23T10:00", Zone: "UTC"}}
	if post != 0 {
		change.Version = th.read().Version
	}
	return th.db.SchedulePost(th.Context(), th.club.Scope, change, "test")
}

func (th *thread) read() store.Post {
	th.Helper()
	p, err := th.db.Post(th.Context(), th.club.Scope, th.post)
	if err != nil {
		th.Fatal(err)
	}
	return p
}

// parts are the deliveries of account a, in order.
func (th *thread) parts() []store.Delivery {
	th.Helper()
	all, err := th.db.Deliveries(th.Context(), th.club.Scope, th.post)
	if err != nil {
		th.Fatal(err)
	}
	return slices.DeleteFunc(all, func(d store.Delivery) bool { return d.ConnectionID != th.a.ID })
}

// want compares how the post and its parts stand on account a.
func (th *thread) want(when string, places ...string) {
	th.Helper()
	var got []string
	for n, d := range th.parts() {
		if d.Part != n {
			th.Fatalf("%s: part %d stands in place %d", when, d.Part, n)
		}
		got = append(got, strings.TrimSuffix(string(d.Status)+"/"+string(d.Phase), "/"))
	}
	if diff := cmp.Diff(places, got); diff != "" {
		th.Fatalf("%s (-want +got):\n%s", when, diff)
	}
}

// happens moves a part as the engine does.
func (th *thread) happens(n int, e club.Event, f store.Facts) store.Delivery {
	th.Helper()
	return next(th.T, th.db, th.parts()[n], e, th.clock.Now(), f)
}

// begin takes a part as far as its irreversible call; answer answers that.
func (th *thread) begin(n int) (attempt string) {
	th.Helper()
	if due := th.parts()[n].DueAt; th.clock.Now().Before(due) {
		th.clock.Advance(due.Sub(th.clock.Now()))
	}
	d := th.happens(n, club.Event{Kind: club.Tick, Account: usable}, store.Facts{Body: []byte("{}")})
	if !d.Frozen || d.Phase != club.Preparing {
		th.Fatalf("part %d is %s/%s", n, d.Status, d.Phase)
	}
	now := th.clock.Now()
	a := &store.Attempt{ID: store.NewID(), Generation: d.Generation, Kind: "publish", Irreversible: true, Boot: boot, StartedAt: now, DeadlineAt: now}
	th.happens(n, club.Event{Kind: club.Tick, Account: usable, Step: send}, store.Facts{Attempt: a})
	return a.ID
}

func (th *thread) answer(n int, attempt string, e club.Event) {
	th.Helper()
	e.Kind, e.Step = club.SendEnded, send
	th.happens(n, e, store.Facts{Ended: attempt})
}

func took(id string) club.Event {
	return club.Event{Result: platforms.StepResult{RemoteID: id, RemoteVersion: "v" + id}}
}

func refuses(code string) club.Event {
	return club.Event{Err: &platforms.Error{Kind: platforms.Rejected, Code: code}}
}

func (th *thread) publish(n int) {
	th.Helper()
	th.answer(n, th.begin(n), took(fmt.Sprint("id-", n)))
}

func (th *thread) ok(err error) {
	th.Helper()
	if err != nil {
		th.Fatal(err)
	}
}

func (th *thread) say(n int, kind club.EventKind, due time.Time) error {
	return th.db.Answer(th.Context(), th.club.Scope, store.Answer{Kind: kind, Due: due}, "test", th.parts()[n].ID)
}

const (
	isDraft, isCancelled   = "DRAFT", "CANCELLED"
	isWaiting, isAfter     = "SCHEDULED/waiting", "SCHEDULED/after_part"
	isPreparing, isSending = "PUBLISHING/preparing", "PUBLISHING/sending"
	isLinked, isUnlinked   = "PUBLISHED/linked", "PUBLISHED/unlinked"
	isRefused, isPartial   = "FAILED/rejected", "NEEDS_ATTENTION/partial"
)

// TestDeliveriesFollowThePartsOfAPost: parts are added, taken out, given to other
// accounts, and the account is left out and chosen again.
func TestDeliveriesFollowThePartsOfAPost(t *testing.T) {
	t.Parallel()
	th := newThread(t, "Line-up", "Score")
	th.want("scheduled", isWaiting, isAfter, isAfter)
	ids := map[int]string{}
	for _, d := range th.parts() {
		ids[d.Part] = d.ID
		if d.Key != club.Key(d.ID, 1) || d.ContentHash == nil || d.LateAfter.IsZero() {
			t.Errorf("part %d has key %s, hash %x, and is late after %v", d.Part, d.Key, d.ContentHash, d.LateAfter)
		}
	}
	take := func(when string, c club.Content, places ...string) {
		t.Helper()
		if _, err := th.schedule(th.post, c, time.Hour); err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		th.want(when, places...)
	}
	take("a part more", th.content("Line-up", "Score", "Thanks"), isWaiting, isAfter, isAfter, isAfter)
	take("two parts less", th.content("Line-up"), isWaiting, isAfter, isCancelled, isCancelled)
	take("one again", th.content("Line-up", "Score"), isWaiting, isAfter, isAfter, isCancelled)
	comment := th.content("Line-up", "Score")
	for i := range comment.Parts { // as when the account takes no threads: they are for nobody there
		comment.Parts[i].Kind, comment.Parts[i].Accounts = club.CommentPart, nil
	}
	take("of another kind", comment, isWaiting, isCancelled, isCancelled, isCancelled)
	take("of the first kind", th.content("Line-up", "Score"), isWaiting, isAfter, isAfter, isCancelled)
	without := th.content("Line-up", "Score")
	without.Accounts = []int64{th.b.ID}
	take("without the account", without, isCancelled, isCancelled, isCancelled, isCancelled)
	take("with it again", th.content("Line-up", "Score"), isWaiting, isAfter, isAfter, isCancelled)
	for _, d := range th.parts() {
		if ids[d.Part] != d.ID && d.Part < 3 {
			t.Errorf("part %d is another delivery now: its key is not that of before", d.Part)
		}
	}
	all, err := th.db.Deliveries(t.Context(), th.club.Scope, th.post)
	if err != nil || len(all) != 5 {
		t.Errorf("%d deliveries, %v; want 4 of one account and 1 of the other", len(all), err)
	}
}

// TestDraftHasNoDeliveryForAPartThatIsTakenOut: of a draft nothing is cancelled, it
// is gone.
func TestDraftHasNoDeliveryForAPartThatIsTakenOut(t *testing.T) {
	t.Parallel()
	th := newThread(t, "Line-up", "Score")
	th.ok(th.db.BackToDraft(t.Context(), th.club.Scope, th.post, "test"))
	th.want("back to draft", isDraft, isDraft, isDraft)
	_, err := th.db.SavePost(t.Context(), th.club.Scope, store.PostChange{ID: th.post, Version: th.read().Version, Content: th.content("Line-up")})
	th.ok(err)
	th.want("saved with one part", isDraft, isDraft)
	if _, err := th.schedule(th.post, th.content("Line-up"), time.Hour); err != nil {
		t.Fatal(err)
	}
	th.want("scheduled again", isWaiting, isAfter)
}

// TestPartBeginsInTheTransactionThatMakesTheOneBeforePublic.
func TestPartBeginsInTheTransactionThatMakesTheOneBeforePublic(t *testing.T) {
	t.Parallel()
	th := newThread(t, "Line-up", "Score")
	th.publish(0)
	th.want("the post is public", isLinked, isPreparing, isAfter)
	if d := th.parts()[1]; !d.DueAt.Equal(th.clock.Now()) || !d.NextAt.Equal(th.clock.Now()) || d.LateAfter.Sub(d.DueAt) != 2*time.Hour {
		t.Errorf("it is due at %v, looked at %v, late after %v", d.DueAt, d.NextAt, d.LateAfter)
	}
	th.publish(1)
	th.want("the first part is public", isLinked, isLinked, isPreparing)
	root, parent, err := th.db.Follows(t.Context(), th.parts()[2])
	if want := (platforms.Ref{ID: "id-1", Version: "vid-1"}); err != nil || root.ID != "id-0" || root.Version != "vid-0" || parent != want {
		t.Errorf("the last follows %+v under %+v, %v", parent, root, err)
	}
	th.publish(2)
	th.want("all is public", isLinked, isLinked, isLinked)
	if s := th.read().Status(); s != club.Scheduled { // on the other account
		t.Errorf("the post is %s", s)
	}
	if _, _, err := th.db.Follows(t.Context(), store.Delivery{PostID: th.post, ConnectionID: th.b.ID, Delivery: club.Delivery{Part: 1}}); err == nil {
		t.Error("a part follows a post that is not public")
	}
}

// TestFollowUpEditedWhileThePartBeforeIsBeingSent: it is too late to change the post,
// and what was typed is kept beside it.
func TestFollowUpEditedWhileThePartBeforeIsBeingSent(t *testing.T) {
	t.Parallel()
	th := newThread(t, "Line-up", "Score")
	attempt := th.begin(0)
	before := th.parts()
	changed := th.content("Line-up", "Score: 3:1")
	saved, err := th.db.SavePost(t.Context(), th.club.Scope, store.PostChange{ID: th.post, Version: th.read().Version, Content: changed})
	if err != nil || !saved.Pending {
		t.Fatalf("what is typed is not kept: %+v, %v", saved, err)
	}
	for _, c := range []club.Content{changed, th.content("Line-up"), th.content("Line-up", "Score", "Thanks")} {
		if _, err := th.schedule(th.post, c, 0); !errors.Is(err, club.ErrBeingSent) {
			t.Fatalf("taking %d parts over: %v, want %v", len(c.Parts), err, club.ErrBeingSent)
		}
		if diff := cmp.Diff(before, th.parts()); diff != "" {
			t.Fatalf("it was refused, and did this (-before +after):\n%s", diff)
		}
	}
	if p := th.read().Pending; p == nil || p.Content.Parts[1].Text != "Score: 3:1" {
		t.Errorf("kept beside the post: %+v", p)
	}
	// Once the post is public, what follows it can be changed.
	th.answer(0, attempt, took("id-0"))
	if _, err := th.schedule(th.post, changed, 0); err != nil {
		t.Fatal(err)
	}
	th.want("taken over", isLinked, isWaiting, isAfter)
	th.publish(1)
	hash, err := th.read().Live.Content.Hash()
	if d := th.parts()[2]; err != nil || d.Phase != club.Preparing || !slices.Equal(d.ContentHash, hash) {
		t.Errorf("the part that was changed is %s with hash %x, %v; want %x", d.Phase, d.ContentHash, err, hash)
	}
}

// TestAccountDisconnectedBetweenTwoParts: the next part asks, those after it wait for
// the answer, and nothing is lost once the account is there again.
func TestAccountDisconnectedBetweenTwoParts(t *testing.T) {
	t.Parallel()
	disconnect := func(th *thread) {
		th.Helper()
		th.ok(th.db.BeginDisconnect(t.Context(), th.club.Scope, th.a.ID, "test", th.clock.Now()))
		th.ok(th.db.Disconnect(t.Context(), th.club.Scope, th.a.ID, "test"))
	}
	t.Run("the post is public", func(t *testing.T) {
		t.Parallel()
		th := newThread(t, "Line-up", "Score")
		th.publish(0)
		disconnect(th)
		th.want("disconnected", isLinked, isPartial, isAfter)
		ds := th.parts()
		if ds[1].Code != platforms.CodeCutOff || ds[2].Code != platforms.CodePartBefore {
			t.Errorf("they say %s and %s", ds[1].Code, ds[2].Code)
		}
		if s := th.read().Status(); s != club.NeedsAttention {
			t.Errorf("the post is %s", s)
		}
		th.club.Exec(`UPDATE connections SET health = 'working' WHERE id = ?`, th.a.ID) // signed in again
		th.ok(th.say(1, club.PersonSendsNow, time.Time{}))
		th.want("sent", isLinked, isPreparing, isAfter)
		th.publish(1)
		th.want("public", isLinked, isLinked, isPreparing)
	})
	t.Run("the post is being sent", func(t *testing.T) {
		t.Parallel()
		th := newThread(t, "Line-up", "Score")
		attempt := th.begin(0)
		disconnect(th)
		th.want("disconnected", isSending, isAfter, isAfter)
		th.answer(0, attempt, took("id-0"))
		th.want("and it went out", isLinked, isPreparing, isAfter) // which cannot be sent, and asks when it is late
	})
	t.Run("the post was refused", func(t *testing.T) {
		t.Parallel()
		th := newThread(t, "Line-up")
		th.answer(0, th.begin(0), refuses("text_too_long"))
		disconnect(th)
		th.want("disconnected", isRefused, isAfter)
		th.ok(th.say(0, club.PersonSendsNow, time.Time{}))
		th.publish(0)
		th.want("tried again", isLinked, isPreparing)
	})
	t.Run("nothing is public", func(t *testing.T) {
		t.Parallel()
		th := newThread(t, "Line-up", "Score")
		disconnect(th)
		th.want("disconnected", isCancelled, isCancelled, isCancelled)
	})
	t.Run("public without an id", func(t *testing.T) {
		t.Parallel()
		th := newThread(t, "Line-up", "Score")
		th.unlinked()
		disconnect(th)
		th.want("disconnected", isUnlinked, isPartial, isAfter)
	})
}

// unlinked makes the post public without an id.
func (th *thread) unlinked() {
	th.Helper()
	th.answer(0, th.begin(0), club.Event{})
	th.happens(0, club.Event{Kind: club.LookEnded, Evidence: platforms.Evidence{Verdict: platforms.SeenPublic, Proof: "p"}}, store.Facts{})
	th.want("public without an id", isUnlinked, isAfter, isAfter)
}

// TestPartWaitsForTheIDOfTheOneBefore, and asks if nobody finds it.
func TestPartWaitsForTheIDOfTheOneBefore(t *testing.T) {
	t.Parallel()
	th := newThread(t, "Line-up", "Score")
	th.unlinked()
	links := func() []string {
		return column(t, th.db.Reader(), `SELECT key || ' ' || failures FROM work WHERE kind = 'link'`)
	}
	first := th.parts()[0].ID
	if got := links(); len(got) != 1 || got[0] != first+" 0" {
		t.Errorf("looked for: %v", got)
	}
	th.ok(th.db.Unfound(t.Context(), th.parts()[1].ID)) // is not public: nothing happens
	th.want("of a part that is not public", isUnlinked, isAfter, isAfter)
	th.ok(th.db.Unfound(t.Context(), first))
	th.want("given up", isUnlinked, isPartial, isAfter)
	if d := th.parts(); d[1].Code != platforms.CodeParentUnfound || d[2].Code != platforms.CodePartBefore {
		t.Errorf("they say %s and %s", d[1].Code, d[2].Code)
	}
	th.ok(th.db.Unfound(t.Context(), first)) // again: nothing more
	th.club.Exec(`DELETE FROM work WHERE kind = 'link'`)
	th.ok(th.say(1, club.PersonSendsNow, time.Time{}))
	th.want("sent", isUnlinked, isAfter, isAfter)
	if got := links(); len(got) != 1 || got[0] != first+" 0" {
		t.Errorf("it is not looked for again: %v", got)
	}
	th.happens(0, club.Event{Kind: club.LookEnded, Evidence: platforms.Evidence{Verdict: platforms.SeenPublic, RemoteID: "7"}}, store.Facts{})
	th.want("found", isLinked, isPreparing, isAfter)
}

// TestPartThatFailedStopsThoseAfterIt, and "try again" on it goes on with them.
func TestPartThatFailedStopsThoseAfterIt(t *testing.T) {
	t.Parallel()
	th := newThread(t, "Line-up", "Score")
	th.publish(0)
	th.answer(1, th.begin(1), refuses("text_too_long"))
	th.want("refused", isLinked, isRefused, isAfter)
	if d := th.parts()[2]; d.Code != platforms.CodePartBefore {
		t.Errorf("the one after it says %q", d.Code)
	}
	if s := th.read().Status(); s != club.NeedsAttention {
		t.Errorf("the post is %s", s)
	}
	for _, kind := range []club.EventKind{club.PersonFinds, club.PersonMisses, club.PersonSendsNow} {
		if err := th.say(2, kind, time.Time{}); club.CodeOf(err) != club.Conflict {
			t.Errorf("%s of what waits: %v", kind, err)
		}
	}
	th.ok(th.say(1, club.PersonSendsNow, time.Time{}))
	th.want("tried again", isLinked, isWaiting, isAfter)
	if d := th.parts()[2]; d.Code != "" {
		t.Errorf("the one after it still says %q", d.Code)
	}
	th.publish(1)
	th.publish(2)
	th.want("public", isLinked, isLinked, isLinked)
}

// TestPartThatIsLeftOutTakesThoseAfterItAlong.
func TestPartThatIsLeftOutTakesThoseAfterItAlong(t *testing.T) {
	t.Parallel()
	th := newThread(t, "Line-up", "Score")
	th.publish(0)
	th.ok(th.say(1, club.PersonCancels, time.Time{}))
	th.want("left out", isLinked, isCancelled, isCancelled)
	if _, err := th.schedule(th.post, th.content("Line-up", "Score"), time.Hour); err != nil {
		t.Fatal(err)
	}
	th.want("and put in again", isLinked, isWaiting, isAfter)
}

// TestPartIsGivenATimeOfItsOwn: it waits for that as well.
func TestPartIsGivenATimeOfItsOwn(t *testing.T) {
	t.Parallel()
	th := newThread(t, "Line-up", "Score")
	due := th.clock.Now().Add(3 * time.Hour)
	th.ok(th.say(1, club.PersonRetimes, due))
	th.publish(0)
	th.want("the post is public", isLinked, isWaiting, isAfter)
	if d := th.parts()[1]; !d.NextAt.Equal(due) || !d.DueAt.Equal(due) {
		t.Errorf("it is due at %v, want %v", d.DueAt, due)
	}
}

// TestPostWithPartsIsMoved: another time, off the calendar, on it again, and never
// once it is out.
func TestPostWithPartsIsMoved(t *testing.T) {
	t.Parallel()
	th := newThread(t, "Line-up", "Score")
	move := func(to club.Slot) error {
		_, err := th.db.MovePost(t.Context(), th.club.Scope, store.Move{PostID: th.post, Version: th.read().Version, To: to, Role: club.Admin, Via: "test"}, "test")
		return err
	}
	later := club.Slot{At: th.clock.Now().Add(5 * time.Hour), Local: "2026-11-23T14:00", Zone: "UTC"}
	th.ok(move(later))
	th.want("later", isWaiting, isAfter, isAfter)
	for _, d := range th.parts() {
		if !d.DueAt.Equal(later.At) || d.LateAfter.Before(later.At) {
			t.Errorf("part %d is due at %v", d.Part, d.DueAt)
		}
	}
	th.ok(move(club.Slot{}))
	th.want("off the calendar", isDraft, isDraft, isDraft)
	if _, err := th.schedule(th.post, th.content("Line-up", "Score"), time.Hour); err != nil {
		t.Fatal(err)
	}
	th.want("on it again", isWaiting, isAfter, isAfter)
	th.publish(0)
	th.answer(1, th.begin(1), refuses("text_too_long"))
	if err := move(club.Slot{}); club.CodeOf(err) != club.Conflict {
		t.Errorf("off the calendar, and it is public: %v", err)
	}
	later = club.Slot{At: th.clock.Now().Add(5 * time.Hour), Local: "2026-11-23T15:00", Zone: "UTC"}
	th.ok(move(later))
	th.want("what failed, at another time", isLinked, isWaiting, isAfter)
	if d := th.parts()[1]; !d.DueAt.Equal(later.At) {
		t.Errorf("it is due at %v, want %v", d.DueAt, later.At)
	}
}

// TestEditedPostWithPartsIsMadeAnew wherever it is, as long as nothing of it is
// being sent.
func TestEditedPostWithPartsIsMadeAnew(t *testing.T) {
	t.Parallel()
	th := newThread(t, "Line-up", "Score")
	th.clock.Advance(time.Hour)
	th.happens(0, club.Event{Kind: club.Tick, Account: usable}, store.Facts{Body: []byte("{}")})
	th.want("begun", isPreparing, isAfter, isAfter)
	if _, err := th.schedule(th.post, th.content("Line-up!", "Score"), 0); err != nil {
		t.Fatal(err)
	}
	th.want("edited", isWaiting, isAfter, isAfter)
	if th.parts()[0].Frozen {
		t.Error("the old text would go out")
	}
	th.publish(0)
	th.happens(1, club.Event{Kind: club.Tick, Account: usable}, store.Facts{Body: []byte("{}")})
	p := th.read()
	change := store.PostChange{ID: th.post, Version: p.Version, Content: th.content("Line-up?", "Score"), Slot: p.Planned}
	if _, err := th.db.SchedulePost(t.Context(), th.club.Scope, change, "test"); err != nil {
		t.Fatal(err)
	}
	th.want("edited between", isLinked, isWaiting, isAfter)
	if d := th.parts()[1]; d.Frozen || d.NextAt.After(th.clock.Now()) {
		t.Errorf("the old text would go out (%v), or it would wait until %v", d.Frozen, d.NextAt)
	}
}

// TestPostWithPartsIsCopiedAndDeleted.
func TestPostWithPartsIsCopiedAndDeleted(t *testing.T) {
	t.Parallel()
	th := newThread(t, "Line-up", "Score")
	copied, err := th.db.DuplicatePost(t.Context(), th.club.Scope, th.post, "op")
	th.ok(err)
	th.ok(th.db.DeletePost(t.Context(), th.club.Scope, th.post, "test"))
	th.want("deleted", isCancelled, isCancelled, isCancelled)
	th.post = copied
	th.want("the copy", isDraft, isDraft, isDraft)
	if diff := cmp.Diff(th.content("Line-up", "Score").Normal(), th.read().Live.Content); diff != "" {
		t.Errorf("the copy says (-original +copy):\n%s", diff)
	}
	if _, err := th.schedule(copied, th.content("Line-up", "Score"), time.Hour); err != nil {
		t.Fatal(err)
	}
	attempt := th.begin(0)
	if err := th.db.DeletePost(t.Context(), th.club.Scope, copied, "test"); !errors.Is(err, club.ErrBeingSent) {
		t.Errorf("deleted while it is being sent: %v", err)
	}
	th.answer(0, attempt, took("id-0"))
	th.answer(1, th.begin(1), refuses("text_too_long"))
	th.ok(th.db.DeletePost(t.Context(), th.club.Scope, copied, "test"))
	if ds, err := th.db.Deliveries(t.Context(), th.club.Scope, copied); err != nil || ds[0].Status != club.Published || ds[1].Status != club.Cancelled || ds[2].Status != club.Cancelled {
		t.Errorf("deleted between two parts: %+v, %v", ds, err)
	}
}

// TestPartsAreAddedToAPostThatIsPublic: they follow what is there.
func TestPartsAreAddedToAPostThatIsPublic(t *testing.T) {
	t.Parallel()
	th := newThread(t)
	th.publish(0)
	th.want("public", isLinked)
	if _, err := th.schedule(th.post, th.content("Score"), time.Hour); err != nil {
		t.Fatal(err)
	}
	th.want("a part at its time", isLinked, isWaiting)
	th.publish(1)
	th.want("public", isLinked, isLinked)

	th = newThread(t)
	th.answer(0, th.begin(0), club.Event{})
	th.happens(0, club.Event{Kind: club.LookEnded, Evidence: platforms.Evidence{Verdict: platforms.SeenPublic, Proof: "p"}}, store.Facts{})
	if _, err := th.schedule(th.post, th.content("Score"), time.Hour); err != nil {
		t.Fatal(err)
	}
	th.want("of a post without an id", isUnlinked, isAfter)
}

// TestWhatIsPublicIsNotSentAgainInAnotherPlace: parts are known by their place. What
// is public stays where it stands, or the same text would go out twice, or another one
// never.
func TestWhatIsPublicIsNotSentAgainInAnotherPlace(t *testing.T) {
	t.Parallel()
	th := newThread(t, "Line-up", "Score")
	th.publish(0)
	th.publish(1)
	th.answer(2, th.begin(2), refuses("text_too_long"))
	for name, parts := range map[string][]string{
		"one before it":        {"Hello", "Line-up", "Score"},
		"the other way about":  {"Score", "Line-up"},
		"without it":           {"Score"},
		"without any":          {},
		"another, one further": {"Hello", "Score", "Line-up"},
	} {
		_, err := th.schedule(th.post, th.content(parts...), time.Hour)
		if e, _ := errors.AsType[*club.Error](err); e == nil || e.Code != club.Conflict || e.Key != "part_public_stays" {
			t.Errorf("%s: %v", name, err)
		}
		th.want(name, isLinked, isLinked, isRefused)
	}
	for _, c := range []struct { // each changes what the one before it left
		name  string
		parts []string
	}{
		{"the last is shortened", []string{"Line-up", "3:1"}},
		{"one more", []string{"Line-up", "3:1", "Thanks"}},
		{"the public one reads otherwise", []string{"Our line-up", "3:1", "Thanks"}},
	} {
		if _, err := th.schedule(th.post, th.content(c.parts...), time.Hour); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	without := th.content("Our line-up", "3:1", "Thanks")
	without.Accounts = []int64{th.b.ID}
	if _, err := th.schedule(th.post, without, time.Hour); err != nil {
		t.Errorf("without the account: %v", err)
	}
	th.want("without the account", isLinked, isLinked, isCancelled, isCancelled)
}

// TestPicturesOfPartsAreKept: a post uses them, so they are not cleared away.
func TestPicturesOfPartsAreKept(t *testing.T) {
	t.Parallel()
	th := newThread(t, "Line-up")
	picture := store.NewID()
	_, err := th.db.CreateMedia(t.Context(), club.Media{
		ID: picture, ClubID: th.club.ClubID, Name: "team.jpg", Type: "image/jpeg", Width: 9, Height: 9, Bytes: 9,
		SHA256: slices.Repeat([]byte{2}, 32), CreatedBy: th.club.PersonID,
	})
	th.ok(err)
	used := func() []string {
		return column(t, th.db.Reader(), `SELECT position || ' ' || lower(hex(media_id)) FROM post_media ORDER BY position`)
	}
	c := th.content("Line-up", "Score")
	c.Parts[1].Media = []club.ContentMedia{{ID: picture, Alt: "The team"}}
	if _, err := th.schedule(th.post, c, time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := used(); !slices.Equal(got, []string{"0 " + picture}) {
		t.Errorf("the post uses %v", got)
	}
	if again, err := th.db.DuplicatePost(t.Context(), th.club.Scope, th.post, "op"); err != nil {
		t.Errorf("copied: %d, %v", again, err)
	}
	if _, err := th.schedule(th.post, th.content("Line-up"), time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := used(); len(got) != 1 { // of the copy
		t.Errorf("after it was taken out: %v", got)
	}
	foreign := th.content("Line-up")
	foreign.Parts[0].Media = []club.ContentMedia{{ID: store.NewID()}}
	if _, err := th.schedule(th.post, foreign, time.Hour); club.CodeOf(err) != club.NotFound {
		t.Errorf("a picture of nobody: %v", err)
	}
}

// TestCalendarSaysHowAPostWithPartsIs: what waits for the part before it does not
// count, what failed does; results and numbers are those of the post alone.
func TestCalendarSaysHowAPostWithPartsIs(t *testing.T) {
	t.Parallel()
	th := newThread(t, "Line-up", "Score")
	refused := newThread(t, "Line-up")
	refused.answer(0, refused.begin(0), refuses("text_too_long"))
	if s := refused.read().Deliveries[1]; s.Phase != club.AfterPart {
		t.Fatalf("the part is %s", s.Phase)
	}
	posts, err := refused.db.CalendarPosts(t.Context(), refused.club.Scope, th.clock.Now().AddDate(0, 0, -2), th.clock.Now().AddDate(0, 0, 2))
	if err != nil || posts[0].Deliveries[0].Status != club.Failed {
		t.Errorf("of a post that was refused the calendar says %+v, %v", posts, err)
	}
	shown := func() map[int64]club.Status {
		t.Helper()
		posts, err := th.db.CalendarPosts(t.Context(), th.club.Scope, th.clock.Now().AddDate(0, 0, -2), th.clock.Now().AddDate(0, 0, 2))
		if err != nil || len(posts) != 1 {
			t.Fatalf("%d posts, %v", len(posts), err)
		}
		got := map[int64]club.Status{}
		for _, d := range posts[0].Deliveries {
			got[d.ConnectionID] = d.Status
		}
		return got
	}
	want := func(a club.Status) {
		t.Helper()
		if diff := cmp.Diff(map[int64]club.Status{th.a.ID: a, th.b.ID: club.Scheduled}, shown()); diff != "" {
			t.Errorf("the calendar says (-want +got):\n%s", diff)
		}
	}
	want(club.Scheduled)
	attempt := th.begin(0)
	want(club.Publishing)
	th.answer(0, attempt, took("id-0"))
	want(club.Publishing)
	th.answer(1, th.begin(1), refuses("text_too_long"))
	want(club.NeedsAttention)
	th.ok(th.say(1, club.PersonSendsNow, time.Time{}))
	th.publish(1)
	th.publish(2)
	want(club.Published)
	if n, of := th.read().Count(club.Published); n != 1 || of != 2 {
		t.Errorf("public on %d of %d accounts, want 1 of 2", n, of)
	}
	numbers := column(t, th.db.Reader(), `SELECT key FROM work WHERE kind = 'numbers'`)
	if len(numbers) != 1 || numbers[0] != th.parts()[0].ID {
		t.Errorf("numbers are read of %v, want the post alone", numbers)
	}
	results, err := th.db.PostResults(t.Context(), th.club.Scope, th.post)
	if err != nil || len(results) != 1 {
		t.Errorf("%d results, %v; want those of the post alone", len(results), err)
	}
}

// followed: the post that is being sent is followed by two parts.
func followed(f *furnished) {
	ctx := context.WithoutCancel(f.t.Context())
	p := must[store.Post](f.t)(f.db.Post(ctx, f.maeve, f.planned))
	c := f.text("Trials are on", f.page)
	for _, text := range []string{"Line-up", "Score"} {
		c.Parts = append(c.Parts, club.Part{Kind: club.ThreadPart, Text: text, Media: []club.ContentMedia{{ID: f.picture}}, Accounts: []int64{f.page.ID}})
	}
	f.change(p, c, p.Planned)
	ds := must[[]store.Delivery](f.t)(f.db.Deliveries(ctx, f.maeve, f.planned))
	f.waits, f.follows = ds[0], ds[1]
	now := f.waits.DueAt
	f.waits = next(f.t, f.db, f.waits, club.Event{Kind: club.Tick, Account: usable}, now, store.Facts{Body: []byte("{}")})
	a := &store.Attempt{ID: store.NewID(), Generation: 1, Kind: "publish", Irreversible: true, Boot: boot, StartedAt: now, DeadlineAt: now}
	f.waits = next(f.t, f.db, f.waits, club.Event{Kind: club.Tick, Account: usable, Step: send}, now, store.Facts{Attempt: a})
	f.waitsCall = a.ID
}

// foundNowhere: the post is public without an id, and is followed.
func foundNowhere(f *furnished) {
	followed(f)
	f.waits = next(f.t, f.db, f.waits, club.Event{Kind: club.SendEnded, Step: send}, f.waits.DueAt, store.Facts{Ended: f.waitsCall})
	f.waits = next(f.t, f.db, f.waits, club.Event{Kind: club.LookEnded, Evidence: platforms.Evidence{Verdict: platforms.SeenPublic}}, f.waits.DueAt, store.Facts{})
}
