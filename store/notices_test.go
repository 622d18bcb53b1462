package store_test

import (
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

// troubled is the practice club with a planned post that failed on both of its
// accounts, each of which told the people of it.
func troubled(t *testing.T) (db *store.DB, s store.Scope, post int64) {
	t.Helper()
	db, s, posts := practiceClub(t)
	post = posts["planned"]
	for _, query := range []string{
		`DELETE FROM notices`,
		`UPDATE deliveries SET status = 'FAILED', phase = 'rejected', code = 'duplicate' WHERE post_id = ?1`,
		`INSERT INTO notices (club_id, person_id, kind, key, args, post_id, connection_id, created_at)
			SELECT d.club_id, p.author_id, 'failed', 'failed:' || d.connection_id, '{"code":"duplicate"}', d.post_id, d.connection_id, 0
			FROM deliveries d JOIN posts p ON p.id = d.post_id WHERE d.post_id = ?1`,
	} {
		if _, err := db.Writer().ExecContext(t.Context(), query, post); err != nil {
			t.Fatal(err)
		}
	}
	return db, s, post
}

func unread(t *testing.T, db *store.DB, s store.Scope) int {
	t.Helper()
	n, err := db.Unread(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	a, err := db.Actor(t.Context(), s.PersonID, s.ClubID)
	if err != nil {
		t.Fatal(err)
	}
	if a.Unread != n {
		t.Errorf("the bell of pages counts %d, its own page %d", a.Unread, n)
	}
	return n
}

func TestBellCountsAPostOnceForEachOfItsAccounts(t *testing.T) {
	t.Parallel()
	db, s, post := troubled(t)
	if n := unread(t, db, s); n != 1 {
		t.Errorf("one post that failed on two accounts counts %d times", n)
	}
	list, err := db.Notices(t.Context(), s, 10)
	if err != nil || len(list) != 2 {
		t.Fatalf("%d notices, %v", len(list), err)
	}
	got, _, err := db.OpenNotice(t.Context(), s, list[1].ID)
	if err != nil || got != post {
		t.Errorf("opening leads to post %d, want %d (%v)", got, post, err)
	}
	if n := unread(t, db, s); n != 0 {
		t.Errorf("after opening, the bell still counts %d", n)
	}
}

func TestNoticeStaysAfterItsCauseIsSolved(t *testing.T) {
	t.Parallel()
	db, s, post := troubled(t)
	p, err := db.Post(t.Context(), s, post)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Answer(t.Context(), s, store.Answer{Kind: club.PersonCancels}, "test", p.Deliveries[0].ID); err != nil {
		t.Fatal(err)
	}
	if list, err := db.Notices(t.Context(), s, 10); err != nil || len(list) != 1 || unread(t, db, s) != 1 {
		t.Errorf("one of two solved: %d notices are left, %v", len(list), err)
	}
	if err := db.DeletePost(t.Context(), s, post, "test"); err != nil {
		t.Fatal(err)
	}
	if list, err := db.Notices(t.Context(), s, 10); err != nil || len(list) != 0 || unread(t, db, s) != 0 {
		t.Errorf("the post is deleted: %d notices are left, %v", len(list), err)
	}

	account := p.Deliveries[0].ConnectionID
	if err := db.SetHealth(t.Context(), account, club.NeedsReconnect, "auth_revoked"); err != nil {
		t.Fatal(err)
	}
	if n := unread(t, db, s); n != 1 {
		t.Fatalf("a broken account counts %d", n)
	}
	if err := db.SetHealth(t.Context(), account, club.Working, ""); err != nil {
		t.Fatal(err)
	}
	if n := unread(t, db, s); n != 0 {
		t.Errorf("an account that works again counts %d", n)
	}
}
