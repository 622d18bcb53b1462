package jobs

import (
	"fmt"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// outage schedules ten posts on an account whose platform answers all of them with a
// fault on its side and publishes none.
func (r *rig) outage() (posts []int64) {
	r.t.Helper()
	conn := r.connect()
	faults := make([]string, 10)
	for n := range faults {
		faults[n] = "error_before"
		posts = append(posts, r.schedule(fmt.Sprintf("Post %d", n), 0, conn))
	}
	r.server.misbehave(faults...)
	return posts
}

// TestPostsOfAShortOutageGoOutByThemselves where the platform refuses the same text
// twice: nobody has to say so first.
func TestPostsOfAShortOutageGoOutByThemselves(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, func(r *rig) { r.fake.repeats = true })
	posts := r.outage()
	r.settle()
	for n, post := range posts {
		r.want(post, club.Published, club.Linked)
		r.wantAccepted(fmt.Sprintf("Post %d", n), 1)
	}
	if n := r.unread(); n != 0 {
		t.Errorf("people were told of %d things", n)
	}
}

// TestPeopleHearOfAnOutageAtTheFirstLook, once for all posts, and can decide on all of
// them three minutes later.
func TestPeopleHearOfAnOutageAtTheFirstLook(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	posts := r.outage()
	r.after(0)
	for range 15 {
		r.after(time.Second)
	}
	for _, post := range posts {
		if d := r.want(post, club.Publishing, club.Reconciling); d.Code != platforms.CodeOutcomeLooking {
			t.Errorf("it says %q", d.Code)
		}
	}
	if n := r.unread(); n != 1 {
		t.Errorf("people were told of %d things, want one", n)
	}
	if err := r.db.Answer(t.Context(), r.club.Scope, store.Answer{Kind: club.PersonMisses}, "test", r.delivery(posts[0]).ID); err == nil {
		t.Error("it was sent again after one look")
	}
	for range 3 * 60 {
		r.after(time.Second)
	}
	for _, post := range posts {
		r.answer(post, club.PersonMisses)
	}
	r.settle()
	for n, post := range posts {
		r.want(post, club.Published, club.Linked)
		r.wantAccepted(fmt.Sprintf("Post %d", n), 1)
	}
}

// TestNobodyDecidesOnAnOutage: when looking is over, people hear of it once more, once
// for all posts.
func TestNobodyDecidesOnAnOutage(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	for _, post := range r.outage() {
		r.settle()
		r.want(post, club.NeedsAttention, club.Ambiguous)
	}
	if n := r.unread(); n != 1 {
		t.Errorf("people were told of %d things, want one", n)
	}
	var told int
	err := r.db.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM notices WHERE kind = 'unsure'`).Scan(&told)
	if err != nil || told != 2 {
		t.Errorf("people were told %d times, want twice, %v", told, err)
	}
}

func (r *rig) unread() int {
	r.t.Helper()
	n, err := r.db.Unread(r.t.Context(), r.club.Scope)
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}
