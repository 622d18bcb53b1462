package store

import (
	"context"
	"fmt"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// Notice is one line of a person's bell.
type Notice struct {
	ID           int64
	Kind         string // catalogue key notice_<kind>
	Args         map[string]string
	PostID       int64  // 0: not about a post
	Excerpt      string // of that post
	ConnectionID int64  // 0: not about an account
	Account      string
	Platform     platforms.ID
	At           time.Time
	ReadAt       time.Time // zero: not read
}

// Unread counts the notices that the scope's person has not read.
func (db *DB) Unread(ctx context.Context, s Scope) (int, error) {
	var n int
	err := db.read.QueryRowContext(ctx, `
		SELECT count(*) FROM notices n LEFT JOIN posts p ON p.id = n.post_id LEFT JOIN connections c ON c.id = n.connection_id
		WHERE n.club_id = ?1 AND n.person_id = ?2 AND n.read_at IS NULL AND coalesce(p.practice, c.practice, 0) <= (SELECT practice FROM clubs WHERE id = ?1)`,
		s.ClubID, s.PersonID).Scan(&n)
	return n, err
}

// Notices lists the newest notices of the scope's person, newest first.
func (db *DB) Notices(ctx context.Context, s Scope, limit int) ([]Notice, error) {
	return queryAll(ctx, db.read, func(scan func(...any) error) (Notice, error) {
		var n Notice
		err := scan(&n.ID, &n.Kind, intoJSON(&n.Args), &n.PostID, &n.Excerpt, &n.ConnectionID, &n.Account, &n.Platform, into(&n.At), into(&n.ReadAt))
		return n, err
	}, `
		SELECT n.id, n.kind, n.args, coalesce(n.post_id, 0), coalesce(p.excerpt, ''), coalesce(n.connection_id, 0),
			coalesce(c.name, ''), coalesce(c.platform, ''), n.created_at, n.read_at
		FROM notices n LEFT JOIN posts p ON p.id = n.post_id LEFT JOIN connections c ON c.id = n.connection_id
		WHERE n.club_id = ?1 AND n.person_id = ?2 AND coalesce(p.practice, c.practice, 0) <= (SELECT practice FROM clubs WHERE id = ?1)
		ORDER BY n.created_at DESC, n.id DESC LIMIT ?`, s.ClubID, s.PersonID, limit)
}

// MarkRead marks notices of the scope's person as read; without ids, all.
func (db *DB) MarkRead(ctx context.Context, s Scope, ids ...int64) error {
	return db.inTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE notices SET read_at = ?1
			WHERE club_id = ?2 AND person_id = ?3 AND read_at IS NULL AND (?4 OR id IN (SELECT value FROM json_each(?5)))`,
			ms(tx.now), s.ClubID, s.PersonID, len(ids) == 0, jsonOf(orEmpty(ids)))
		if err != nil {
			return fmt.Errorf("mark notices as read: %w", err)
		}
		return tx.touch(ctx, s.ClubID)
	})
}

// notice is what people are told: the author, and the club's admins.
type notice struct {
	clubID, author int64
	kind, key      string // the key makes it once-only for each person
	args           map[string]string
	postID         int64
	connectionID   int64
}

func (t *tx) notify(ctx context.Context, n notice) error {
	_, err := t.ExecContext(ctx, `
		INSERT INTO notices (club_id, person_id, kind, key, args, post_id, connection_id, created_at)
		SELECT ?1, person_id, ?3, ?4, ?5, ?6, ?7, ?8 FROM members
		WHERE club_id = ?1 AND (role = 'admin' OR person_id = ?2)
		ON CONFLICT (club_id, person_id, key) DO NOTHING`,
		n.clubID, n.author, n.kind, n.key, jsonOf(n.args), orNull(n.postID), orNull(n.connectionID), ms(t.now))
	if err != nil {
		return fmt.Errorf("notify %s: %w", n.kind, err)
	}
	return nil
}
