package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

// connect adds make-believe accounts to the club of a scope and returns their
// ids.
func connect(t *testing.T, db *store.DB, s store.Scope, practice bool, names ...string) []int64 {
	t.Helper()
	var ids []int64
	for _, n := range names {
		var id int64
		err := db.Writer().QueryRowContext(t.Context(), `
			INSERT INTO connections (club_id, platform, practice, remote_id, name, health, connected_by, connected_at)
			VALUES (?, 'one', ?, ?, ?, 'working', ?, 0) RETURNING id`, s.ClubID, practice, n, n, s.PersonID).Scan(&id)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

func slot(t *testing.T, local string) club.Slot {
	t.Helper()
	s, err := club.ParseSlot(local, "Europe/Dublin")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func statuses(p store.Post) map[string]club.Status {
	m := map[string]club.Status{}
	for _, d := range p.Deliveries {
		m[d.Connection.Account.Name] = d.Status
	}
	return m
}

func TestDraftHasDeliveriesFromTheFirstSave(t *testing.T) {
	t.Parallel()
	db, _, s := first(t)
	ids := connect(t, db, s, true, "band", "choir")
	c := store.PostChange{Op: "f1", Content: club.Content{Text: "Hello", Accounts: []int64{ids[1], ids[0]}}, Slot: slot(t, "2026-11-24T18:30")}
	saved, err := db.SavePost(t.Context(), s, c)
	if err != nil {
		t.Fatal(err)
	}
	p, err := db.Post(t.Context(), s, saved.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]club.Status{"band": club.Draft, "choir": club.Draft}, statuses(p)); diff != "" {
		t.Error(diff)
	}
	if p.Excerpt != "Hello" || p.Planned.Local != "2026-11-24T18:30" || p.Version != saved.Version || p.Author == "" {
		t.Errorf("post is %+v", p)
	}
	c.ID, c.Version, c.Content.Accounts = saved.ID, saved.Version, ids[:1]
	if saved, err = db.SavePost(t.Context(), s, c); err != nil {
		t.Fatal(err)
	}
	if p, err = db.Post(t.Context(), s, saved.ID); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]club.Status{"band": club.Draft}, statuses(p)); diff != "" {
		t.Error(diff)
	}
}

func TestTheSameFormNeverMakesTwoPosts(t *testing.T) {
	t.Parallel()
	db, _, s := first(t)
	c := store.PostChange{Op: "f1", Content: club.Content{Text: "One"}}
	a, err := db.SavePost(t.Context(), s, c)
	if err != nil {
		t.Fatal(err)
	}
	// The answer was lost, and more was typed meanwhile.
	c.Content.Text = "One and two"
	b, err := db.SavePost(t.Context(), s, c)
	if err != nil {
		t.Fatal(err)
	}
	if a.ID != b.ID || b.Version != a.Version+1 {
		t.Errorf("first %+v, then %+v", a, b)
	}
	posts, err := db.Posts(t.Context(), s, store.PostFilter{Limit: 10})
	if err != nil || len(posts) != 1 || posts[0].Excerpt != "One and two" {
		t.Errorf("posts: %+v, %v", posts, err)
	}
}

func TestConflictOverwritesNothing(t *testing.T) {
	t.Parallel()
	db, _, s := first(t)
	ines := store.Scope{ClubID: s.ClubID, PersonID: join(t, db, s, "Ines", club.Writer)}
	a, err := db.SavePost(t.Context(), ines, store.PostChange{Op: "ines", Content: club.Content{Text: "By Ines"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.SavePost(t.Context(), s, store.PostChange{ID: a.ID, Version: a.Version, Op: "maeve", Content: club.Content{Text: "By Maeve"}}); err != nil {
		t.Fatal(err)
	}
	_, err = db.SavePost(t.Context(), ines, store.PostChange{ID: a.ID, Version: a.Version, Op: "ines", Content: club.Content{Text: "More by Ines"}})
	if club.CodeOf(err) != club.Conflict {
		t.Fatalf("got %v, want a conflict", err)
	}
	p, err := db.Post(t.Context(), s, a.ID)
	if err != nil || p.Live.Content.Text != "By Maeve" {
		t.Errorf("text is %q, %v", p.Live.Content.Text, err)
	}
	// What Ines wrote first is kept as an earlier text.
	earlier, err := db.EarlierTexts(t.Context(), s, a.ID)
	if err != nil || len(earlier) != 1 || earlier[0].Content.Text != "By Ines" || earlier[0].By != "Ines" {
		t.Errorf("earlier: %+v, %v", earlier, err)
	}
	if n, err := db.CountEarlierTexts(t.Context(), s, a.ID); n != 1 || err != nil {
		t.Errorf("%d earlier texts are counted, %v", n, err)
	}
}

func TestPendingChangesDoNotTouchWhatIsScheduled(t *testing.T) {
	t.Parallel()
	db, _, s := first(t)
	ids := connect(t, db, s, true, "band", "choir", "dance")
	c := store.PostChange{Op: "f1", Content: club.Content{Text: "Final", Accounts: ids[:2]}, Slot: slot(t, "2026-11-24T18:30")}
	saved, err := db.SchedulePost(t.Context(), s, c, "test")
	if err != nil {
		t.Fatal(err)
	}
	before, err := db.Post(t.Context(), s, saved.ID)
	if err != nil {
		t.Fatal(err)
	}
	if before.Status() != club.Scheduled {
		t.Fatalf("status is %s", before.Status())
	}
	c.ID, c.Version, c.Content = saved.ID, saved.Version, club.Content{Text: "Half a sen", Accounts: ids[1:]}
	if saved, err = db.SavePost(t.Context(), s, c); err != nil || !saved.Pending {
		t.Fatalf("saved %+v, %v", saved, err)
	}
	p, err := db.Post(t.Context(), s, saved.ID)
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range p.Deliveries {
		if was := before.Deliveries[i]; d.Version != was.Version || d.Status != was.Status || !d.DueAt.Equal(was.DueAt) {
			t.Errorf("delivery was %+v, is %+v", was, d)
		}
	}
	if p.Live.Content.Text != "Final" || p.Pending == nil || p.Pending.Content.Text != "Half a sen" || p.Excerpt != "Final" {
		t.Errorf("live %q, pending %+v", p.Live.Content.Text, p.Pending)
	}

	c.Version, c.Content.Text, c.Slot = saved.Version, "Half a sentence, ended", slot(t, "2026-11-25T19:00")
	if saved, err = db.SchedulePost(t.Context(), s, c, "test"); err != nil {
		t.Fatal(err)
	}
	if p, err = db.Post(t.Context(), s, saved.ID); err != nil {
		t.Fatal(err)
	}
	if p.Live.Content.Text != "Half a sentence, ended" || p.Pending != nil || p.Planned.Local != "2026-11-25T19:00" {
		t.Errorf("live %q, pending %+v, planned %s", p.Live.Content.Text, p.Pending, p.Planned.Local)
	}
	if diff := cmp.Diff(map[string]club.Status{"band": club.Cancelled, "choir": club.Scheduled, "dance": club.Scheduled}, statuses(p)); diff != "" {
		t.Error(diff)
	}
	for _, d := range p.Deliveries {
		if d.Status == club.Scheduled && !d.DueAt.Equal(c.Slot.At) {
			t.Errorf("%s is due at %s", d.Connection.Account.Name, d.DueAt)
		}
	}

	if err := db.BackToDraft(t.Context(), s, p.ID, "test"); err != nil {
		t.Fatal(err)
	}
	if p, err = db.Post(t.Context(), s, p.ID); err != nil || p.Status() != club.Draft || p.Begun() {
		t.Errorf("status is %s, %v", p.Status(), err)
	}
}

func TestThrownAwayChangesAreGone(t *testing.T) {
	t.Parallel()
	db, _, s := first(t)
	ids := connect(t, db, s, true, "band")
	c := store.PostChange{Op: "f1", Content: club.Content{Text: "Final", Accounts: ids}, Slot: slot(t, "2026-11-24T18:30")}
	saved, err := db.SchedulePost(t.Context(), s, c, "test")
	if err != nil {
		t.Fatal(err)
	}
	c.ID, c.Version, c.Content.Text = saved.ID, saved.Version, "Other"
	if saved, err = db.SavePost(t.Context(), s, c); err != nil {
		t.Fatal(err)
	}
	if err := db.ThrowAwayPending(t.Context(), s, saved.ID, saved.Version); err != nil {
		t.Fatal(err)
	}
	p, err := db.Post(t.Context(), s, saved.ID)
	if err != nil || p.Pending != nil || p.Content().Text != "Final" {
		t.Errorf("pending %+v, %v", p.Pending, err)
	}
}

func TestRealAndMakeBelieveNeverMeet(t *testing.T) {
	t.Parallel()
	db, _, s := first(t)
	real := connect(t, db, s, false, "real")
	_, err := db.SavePost(t.Context(), s, store.PostChange{Op: "f1", Content: club.Content{Text: "x", Accounts: real}})
	if club.CodeOf(err) != club.NotFound {
		t.Errorf("got %v, want not found", err)
	}
	posts, err := db.Posts(t.Context(), s, store.PostFilter{Limit: 10})
	if err != nil || len(posts) != 0 {
		t.Errorf("posts: %v, %v", posts, err)
	}
}

func TestPostsOfOtherClubsAreNotThere(t *testing.T) {
	t.Parallel()
	db, _, s := first(t)
	other, err := db.CreateClub(t.Context(), s.PersonID, store.NewClub{Name: "Other", Zone: "UTC"}, "test")
	if err != nil {
		t.Fatal(err)
	}
	saved, err := db.SavePost(t.Context(), s, store.PostChange{Op: "f1", Content: club.Content{Text: "Secret"}})
	if err != nil {
		t.Fatal(err)
	}
	o := store.Scope{ClubID: other.ID, PersonID: s.PersonID}
	for name, do := range map[string]func() error{
		"read": func() error { _, err := db.Post(t.Context(), o, saved.ID); return err },
		"save": func() error {
			_, err := db.SavePost(t.Context(), o, store.PostChange{ID: saved.ID, Version: 1})
			return err
		},
		"schedule": func() error {
			_, err := db.SchedulePost(t.Context(), o, store.PostChange{ID: saved.ID, Version: 1}, "")
			return err
		},
		"delete":    func() error { return db.DeletePost(t.Context(), o, saved.ID, "") },
		"duplicate": func() error { _, err := db.DuplicatePost(t.Context(), o, saved.ID, ""); return err },
		"throw":     func() error { return db.ThrowAwayPending(t.Context(), o, saved.ID, 1) },
		"draft":     func() error { return db.BackToDraft(t.Context(), o, saved.ID, "") },
	} {
		if err := do(); club.CodeOf(err) != club.NotFound {
			t.Errorf("%s: got %v, want not found", name, err)
		}
	}
}

func TestDuplicateAndDelete(t *testing.T) {
	t.Parallel()
	db, clock, s := first(t)
	ids := connect(t, db, s, true, "band")
	c := store.PostChange{Op: "f1", Content: club.Content{Text: "Trials", Accounts: ids}, NewCampaign: "Spring", Slot: slot(t, "2026-11-24T18:30")}
	saved, err := db.SchedulePost(t.Context(), s, c, "test")
	if err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Minute)
	id, err := db.DuplicatePost(t.Context(), s, saved.ID, "dup")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := db.DuplicatePost(t.Context(), s, saved.ID, "dup"); err != nil || again != id {
		t.Errorf("the same request made another copy: %d, %v", again, err)
	}
	p, err := db.Post(t.Context(), s, id)
	if err != nil || p.Status() != club.Draft || !p.Planned.At.IsZero() || p.Campaign != "Spring" || p.Live.Content.Text != "Trials" {
		t.Errorf("copy is %+v, %v", p, err)
	}
	groups := map[store.PostGroup]int{store.AllPosts: 2, store.DraftPosts: 1, store.ScheduledPosts: 1, store.PublishedPosts: 0, store.TroubledPosts: 0}
	for g, want := range groups {
		if got, err := db.Posts(t.Context(), s, store.PostFilter{Group: g, Limit: 10}); err != nil || len(got) != want {
			t.Errorf("%q lists %d, want %d (%v)", g, len(got), want, err)
		}
	}
	for text, want := range map[string]int{"trial": 2, "100%": 0, "xx": 0} {
		if got, err := db.Posts(t.Context(), s, store.PostFilter{Text: text, Limit: 10}); err != nil || len(got) != want {
			t.Errorf("%q finds %d, want %d (%v)", text, len(got), want, err)
		}
	}
	if err := db.DeletePost(t.Context(), s, saved.ID, "test"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Post(t.Context(), s, saved.ID); club.CodeOf(err) != club.NotFound {
		t.Errorf("deleted post: %v", err)
	}
	if d, err := db.Deliveries(t.Context(), s, saved.ID); err != nil || d[0].Status != club.Cancelled {
		t.Errorf("deliveries of the deleted post: %+v, %v", d, err)
	}
}

func TestEverySaveCountsForTheClub(t *testing.T) {
	t.Parallel()
	db, _, s := first(t)
	changes := func() int64 {
		c, err := db.Club(t.Context(), s.ClubID)
		if err != nil {
			t.Fatal(err)
		}
		return c.Changes
	}
	before := changes()
	if _, err := db.SavePost(t.Context(), s, store.PostChange{Op: "f1"}); err != nil {
		t.Fatal(err)
	}
	if changes() <= before {
		t.Error("a new post did not count")
	}
}

func TestTheSameTextIsNoConflict(t *testing.T) {
	t.Parallel()
	db, _, s := first(t)
	c := store.PostChange{Op: "before the reload", Content: club.Content{Text: "Hello"}}
	a, err := db.SavePost(t.Context(), s, c)
	if err != nil {
		t.Fatal(err)
	}
	// The last words reached the server while the page was loaded again.
	c.ID, c.Version, c.Content.Text = a.ID, a.Version, "Hello again"
	if _, err := db.SavePost(t.Context(), s, c); err != nil {
		t.Fatal(err)
	}
	c.Op = "after the reload"
	if _, err := db.SavePost(t.Context(), s, c); err != nil {
		t.Errorf("saving the same text: %v", err)
	}
	c.Op, c.Content.Text = "elsewhere", "Something else"
	if _, err := db.SavePost(t.Context(), s, c); club.CodeOf(err) != club.Conflict {
		t.Errorf("got %v, want a conflict", err)
	}
}
