package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

// practiceClub is a club in practice mode with a published post, one that failed,
// a planned one, and a draft with a text of its own for one account.
func practiceClub(t *testing.T) (db *store.DB, s store.Scope, posts map[string]int64) {
	t.Helper()
	db, _, s = first(t)
	ids := connect(t, db, s, true, "band", "choir")
	posts = map[string]int64{}
	for text, local := range map[string]string{
		"published": "2026-11-22T10:00", "failed": "2026-11-22T11:00", "planned": "2026-11-28T18:30", "draft": "",
	} {
		c := store.PostChange{Op: text, Note: "ask Tom", Content: club.Content{Text: text, Accounts: ids}}
		if local != "" {
			c.Slot = slot(t, local)
		} else {
			c.Content.Texts = map[int64]string{ids[1]: "for the choir"}
		}
		saved, err := db.SavePost(t.Context(), s, c)
		if err != nil {
			t.Fatal(err)
		}
		posts[text] = saved.ID
	}
	if err := db.Schedule(t.Context(), s, posts["planned"], ids, slot(t, "2026-11-28T18:30").At); err != nil {
		t.Fatal(err)
	}
	for text, set := range map[string]string{
		"published": `status = 'PUBLISHED', phase = 'unlinked', due_at = 1795341600000, published_at = 1795341600000`,
		"failed":    `status = 'NEEDS_ATTENTION', phase = 'late', due_at = 1795345200000`,
	} {
		if _, err := db.Writer().ExecContext(t.Context(), `UPDATE deliveries SET `+set+` WHERE post_id = ?`, posts[text]); err != nil {
			t.Fatal(err)
		}
	}
	_, err := db.Writer().ExecContext(t.Context(), `
		INSERT INTO notices (club_id, person_id, kind, key, args, post_id, connection_id, created_at) VALUES (?, ?, 'attention', 'k', '{}', ?, ?, 0)`,
		s.ClubID, s.PersonID, posts["failed"], ids[0])
	if err != nil {
		t.Fatal(err)
	}
	return db, s, posts
}

// everywhere is where a post is listed or counted.
func everywhere(t *testing.T, db *store.DB, s store.Scope) map[string]int {
	t.Helper()
	ctx := t.Context()
	from, to := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	n := map[string]int{}
	count := func(what string, k int, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if k > 0 {
			n[what] = k
		}
	}
	month, err := db.CalendarPosts(ctx, s, from, to)
	count("month", len(month), err)
	days, err := db.CalendarPostsIn(ctx, s, []store.Span{{From: from, To: to}})
	count("days", len(days), err)
	next, err := db.NextPlanned(ctx, s, from)
	count("next", int(next.Unix()), err)
	tray, err := db.TrayPosts(ctx, s)
	count("tray", len(tray), err)
	waiting, err := db.Waiting(ctx, s)
	count("waiting", len(waiting), err)
	results, err := db.Results(ctx, s, store.ResultFilter{From: from, To: to, Practice: false, Limit: 10})
	count("results", len(results), err)
	unread, err := db.Unread(ctx, s)
	count("unread", unread, err)
	notices, err := db.Notices(ctx, s, 10)
	count("notices", len(notices), err)
	queue, err := db.Queue(ctx, s)
	count("queue", queue.Scheduled+queue.Deciding, err)
	actor, err := db.Actor(ctx, s.PersonID, s.ClubID)
	if err != nil {
		t.Fatal(err)
	}
	count("banner", actor.Waiting, nil)
	count("bell", actor.Unread, nil)
	for _, g := range store.PostGroups {
		posts, err := db.Posts(ctx, s, store.PostFilter{Group: g, Limit: 10})
		count("list "+string(g), len(posts), err)
	}
	return n
}

func TestPracticePostsLookRealAfterGoingLive(t *testing.T) {
	t.Parallel()
	db, s, posts := practiceClub(t)
	before := everywhere(t, db, s)
	for _, what := range []string{"month", "days", "next", "tray", "waiting", "unread", "notices", "queue", "banner", "bell", "list "} {
		if before[what] == 0 {
			t.Errorf("in practice mode %s has nothing: this test proves nothing of it", what)
		}
	}
	if n, err := db.PutAway(t.Context(), s); n != 0 || err != nil {
		t.Errorf("in practice mode %d posts are put away (%v)", n, err)
	}
	if _, err := db.GoLive(t.Context(), s, nil, "test"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{}, everywhere(t, db, s)); diff != "" {
		t.Errorf("a live club still sees practice posts (-want +got):\n%s", diff)
	}
	if n, err := db.PutAway(t.Context(), s); n != len(posts) || err != nil {
		t.Errorf("%d posts are put away, want %d (%v)", n, len(posts), err)
	}
	away, err := db.Posts(t.Context(), s, store.PostFilter{Group: store.PutAwayPosts, Limit: 10})
	if err != nil || len(away) != len(posts) {
		t.Errorf("the list of what is put away has %d posts, want %d (%v)", len(away), len(posts), err)
	}
	if err := db.PractiseAgain(t.Context(), s, "test"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, everywhere(t, db, s)); diff != "" {
		t.Errorf("back in practice mode not everything is there again (-want +got):\n%s", diff)
	}
}

func TestRealPostsStayInSightOfAClubThatPractisesAgain(t *testing.T) {
	t.Parallel()
	db, s, _ := practiceClub(t)
	if _, err := db.GoLive(t.Context(), s, nil, "test"); err != nil {
		t.Fatal(err)
	}
	real := connect(t, db, s, false, "page")
	c := store.PostChange{Content: club.Content{Text: "real", Accounts: real}, Slot: slot(t, "2026-11-28T18:30")}
	if _, err := db.SchedulePost(t.Context(), s, c, "test"); err != nil {
		t.Fatal(err)
	}
	if err := db.PractiseAgain(t.Context(), s, "test"); err != nil {
		t.Fatal(err)
	}
	list, err := db.Posts(t.Context(), s, store.PostFilter{Text: "real", Limit: 10})
	if err != nil || len(list) != 1 {
		t.Errorf("a real post that still goes out is in %d lines of the list, want 1 (%v)", len(list), err)
	}
}

func TestGoingLiveKeepsTheDraftsThatWereChosen(t *testing.T) {
	t.Parallel()
	db, s, posts := practiceClub(t)
	offered, err := db.Keepable(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, p := range offered {
		texts = append(texts, p.Excerpt)
	}
	if len(texts) != 2 || texts[0] == texts[1] {
		t.Errorf("offered to keep: %q, want the draft and the planned post", texts)
	}
	keep := []int64{posts["draft"], posts["planned"], 4711}
	if n, err := db.GoLive(t.Context(), s, keep, "test"); n != 2 || err != nil {
		t.Errorf("kept %d posts, want 2 (%v)", n, err)
	}
	if n, err := db.GoLive(t.Context(), s, keep, "test"); n != 0 || err != nil {
		t.Errorf("a request that came again kept %d posts (%v)", n, err)
	}
	list, err := db.Posts(t.Context(), s, store.PostFilter{Limit: 10})
	if err != nil || len(list) != 2 {
		t.Fatalf("the live club has %d posts, want 2 (%v)", len(list), err)
	}
	for _, line := range list {
		p, err := db.Post(t.Context(), s, line.ID)
		if err != nil {
			t.Fatal(err)
		}
		if p.Practice || p.Status() != club.Draft || len(p.Deliveries) != 0 || p.Note != "ask Tom" {
			t.Errorf("kept as practice %v, status %s, %d deliveries, note %q", p.Practice, p.Status(), len(p.Deliveries), p.Note)
		}
		switch p.Live.Content.Text {
		case "planned":
			if p.Planned.Local != "2026-11-28T18:30" {
				t.Errorf("the planned post was kept for %q", p.Planned.Local)
			}
		case "draft\n\nfor the choir":
		default:
			t.Errorf("kept with the text %q", p.Live.Content.Text)
		}
	}
}

func TestScheduledOnABrokenAccountIsTrouble(t *testing.T) {
	t.Parallel()
	db, s, posts := practiceClub(t)
	if _, err := db.Writer().ExecContext(t.Context(), `UPDATE connections SET health = 'reconnect', health_code = 'auth_revoked' WHERE name = 'choir'`); err != nil {
		t.Fatal(err)
	}
	p, err := db.Post(t.Context(), s, posts["planned"])
	if err != nil {
		t.Fatal(err)
	}
	if p.Status() != club.Scheduled || p.Shown() != club.NeedsAttention {
		t.Errorf("status %s is shown as %s, want SCHEDULED shown as NEEDS_ATTENTION", p.Status(), p.Shown())
	}
	list, err := db.Posts(t.Context(), s, store.PostFilter{Group: store.TroubledPosts, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, l := range list {
		found = found || l.ID == posts["planned"]
	}
	if !found {
		t.Errorf("the part of the list for trouble has %d posts, and not the one that cannot go out", len(list))
	}
	var n struct{ ID int64 }
	if err := db.Reader().QueryRowContext(t.Context(), `SELECT id FROM connections WHERE name = 'choir'`).Scan(&n.ID); err != nil {
		t.Fatal(err)
	}
	waits, err := db.Awaiting(t.Context(), s, []int64{n.ID})
	if want := (store.Awaiting{Planned: 1, Asking: 1}); err != nil || waits != want {
		t.Errorf("for the account wait %+v, want %+v (%v)", waits, want, err)
	}
}
