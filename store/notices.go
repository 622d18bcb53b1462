package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
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

// noticeParts are what a notice n is about: post q and connection x, where there are
// any.
const noticeParts = `LEFT JOIN posts q ON q.id = n.post_id LEFT JOIN connections x ON x.id = n.connection_id`

// noticeStands holds for a notice n whose cause is still there: the account was not
// reconnected, its sign-in not renewed, the post not decided about. What only tells
// something stands until it is old.
const noticeStands = `coalesce(q.practice, x.practice, 0) <= (SELECT practice FROM clubs WHERE id = n.club_id)
	AND q.deleted_at IS NULL AND CASE n.kind
		WHEN 'reconnect' THEN x.health = 'reconnect'
		WHEN 'outdated' THEN x.health = 'paused'
		WHEN 'ending' THEN x.health IN ('working', 'gaps') AND n.key = 'ending:' || x.id || ':' || x.warned
		WHEN 'unsure' THEN EXISTS (SELECT 1 FROM deliveries d WHERE d.connection_id = n.connection_id AND d.status IN ('PUBLISHING', 'NEEDS_ATTENTION') AND d.phase IN ('ambiguous', 'reconciling'))
		WHEN 'failed' THEN EXISTS (SELECT 1 FROM deliveries d WHERE d.post_id = n.post_id AND d.connection_id = n.connection_id AND d.status = 'FAILED')
		WHEN 'attention' THEN EXISTS (SELECT 1 FROM deliveries d WHERE d.post_id = n.post_id AND d.connection_id = n.connection_id AND d.status = 'NEEDS_ATTENTION')
		ELSE 1 END`

// noticeSubject names what a notice n is about: a post, an account, or itself.
// People are told once of each, however many notices there are.
const noticeSubject = `CASE WHEN n.post_id IS NOT NULL THEN 'p' || n.post_id WHEN n.connection_id IS NOT NULL THEN 'c' || n.connection_id ELSE 'n' || n.id END`

// Unread counts what the scope's person has unread notices about, and whose cause
// is still there.
func (db *DB) Unread(ctx context.Context, s Scope) (int, error) {
	var n int
	err := db.read.QueryRowContext(ctx, `SELECT count(DISTINCT `+noticeSubject+`) FROM notices n `+noticeParts+`
		WHERE n.club_id = ? AND n.person_id = ? AND n.read_at IS NULL AND `+noticeStands,
		s.ClubID, s.PersonID).Scan(&n)
	return n, err
}

// Notices lists the newest notices of the scope's person whose cause is still
// there, newest first. Several can be about one post or account.
func (db *DB) Notices(ctx context.Context, s Scope, limit int) ([]Notice, error) {
	return queryAll(ctx, db.read, func(scan func(...any) error) (Notice, error) {
		var n Notice
		err := scan(&n.ID, &n.Kind, intoJSON(&n.Args), &n.PostID, &n.Excerpt, &n.ConnectionID, &n.Account, &n.Platform, into(&n.At), into(&n.ReadAt))
		return n, err
	}, `
		SELECT n.id, n.kind, n.args, coalesce(n.post_id, 0), coalesce(q.excerpt, ''), coalesce(n.connection_id, 0),
			coalesce(x.name, ''), coalesce(x.platform, ''), n.created_at, n.read_at
		FROM notices n `+noticeParts+`
		WHERE n.club_id = ? AND n.person_id = ? AND `+noticeStands+`
		ORDER BY n.created_at DESC, n.id DESC LIMIT ?`, s.ClubID, s.PersonID, limit)
}

// OpenNotice marks a notice of the scope's person as read, with all others about
// the same post or account, and returns what it is about.
func (db *DB) OpenNotice(ctx context.Context, s Scope, id int64) (postID, connectionID int64, err error) {
	err = db.inTx(ctx, func(tx *tx) error {
		err := tx.QueryRowContext(ctx, `
			SELECT coalesce(post_id, 0), coalesce(connection_id, 0) FROM notices WHERE id = ? AND club_id = ? AND person_id = ?`,
			id, s.ClubID, s.PersonID).Scan(&postID, &connectionID)
		if errors.Is(err, sql.ErrNoRows) {
			return club.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("find notice %d: %w", id, err)
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE notices SET read_at = ?1
			WHERE club_id = ?2 AND person_id = ?3 AND read_at IS NULL
				AND (id = ?4 OR (?5 <> 0 AND post_id = ?5) OR (?5 = 0 AND ?6 <> 0 AND post_id IS NULL AND connection_id = ?6))`,
			ms(tx.now), s.ClubID, s.PersonID, id, postID, connectionID)
		if err != nil {
			return fmt.Errorf("open notice %d: %w", id, err)
		}
		return tx.touch(ctx, s.ClubID)
	})
	return postID, connectionID, err
}

// MarkRead marks all notices of the scope's person as read.
func (db *DB) MarkRead(ctx context.Context, s Scope) error {
	return db.inTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE notices SET read_at = ? WHERE club_id = ? AND person_id = ? AND read_at IS NULL`,
			ms(tx.now), s.ClubID, s.PersonID)
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
