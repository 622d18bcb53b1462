package store

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
)

// Repeat is another post on an account that is near a post being written.
type Repeat struct {
	ConnectionID int64
	PostID       int64
	At           time.Time // when it goes or went out
	Out          bool      // it is public
	Same         bool      // it says the same; otherwise it is only close in time
}

// Repeats finds, for the accounts in marks, posts of the scope's club that say
// the same within club.RepeatWithin of a time, and posts of any text within
// club.CloseWithin, the nearest first. marks are club.TextMark by account, nil
// where there is no text. The zero time: nobody has said when; then only what
// says the same about now is found. post itself is left out.
func (db *DB) Repeats(ctx context.Context, s Scope, post int64, marks map[int64][]byte, at time.Time) ([]Repeat, error) {
	if len(marks) == 0 {
		return nil, nil
	}
	wanted := make([][2]any, 0, len(marks))
	for id, mark := range marks {
		wanted = append(wanted, [2]any{id, hex.EncodeToString(mark)})
	}
	about, close := at, club.CloseWithin
	if at.IsZero() {
		about, close = db.now(), -1
	}
	found, err := queryAll(ctx, db.read, func(scan func(...any) error) (Repeat, error) {
		var r Repeat
		err := scan(&r.ConnectionID, &r.PostID, into(&r.At), &r.Out, &r.Same)
		return r, err
	}, `
		SELECT d.connection_id, d.post_id, coalesce(d.published_at, d.due_at) AS at, d.status = 'PUBLISHED', 1
		FROM json_each(?1) w
		CROSS JOIN text_marks m ON m.connection_id = w.value ->> 0 AND m.mark = unhex(w.value ->> 1)
		CROSS JOIN deliveries d ON d.post_id = m.post_id AND d.connection_id = m.connection_id
		CROSS JOIN posts p ON p.id = d.post_id
		WHERE d.club_id = ?2 AND d.post_id <> ?3 AND p.deleted_at IS NULL
		  AND d.status IN ('SCHEDULED', 'PUBLISHING', 'PUBLISHED', 'NEEDS_ATTENTION') AND at BETWEEN ?4 - ?5 AND ?4 + ?5
		UNION ALL
		SELECT d.connection_id, d.post_id, d.due_at, 0, 0
		FROM json_each(?1) w
		CROSS JOIN deliveries d ON d.connection_id = w.value ->> 0 AND d.status IN ('SCHEDULED', 'PUBLISHING')
		WHERE d.club_id = ?2 AND d.post_id <> ?3 AND d.due_at BETWEEN ?4 - ?6 AND ?4 + ?6
		UNION ALL
		SELECT d.connection_id, d.post_id, d.published_at, 1, 0
		FROM deliveries d CROSS JOIN posts p ON p.id = d.post_id
		WHERE d.club_id = ?2 AND d.post_id <> ?3 AND d.published_at BETWEEN ?4 - ?6 AND ?4 + ?6 AND p.deleted_at IS NULL
		  AND d.connection_id IN (SELECT w.value ->> 0 FROM json_each(?1) w)
		LIMIT 1000`,
		jsonOf(wanted), s.ClubID, post, ms(about), club.RepeatWithin.Milliseconds(), close.Milliseconds())
	if err != nil {
		return nil, fmt.Errorf("look for the same text: %w", err)
	}
	slices.SortStableFunc(found, func(a, b Repeat) int {
		return int((a.At.Sub(about).Abs() - b.At.Sub(about).Abs()) / time.Millisecond)
	})
	return found, nil
}

// markTexts keeps what the live revision of a post says on each account. What is
// public stays marked as it went out.
func (t *tx) markTexts(ctx context.Context, post int64) error {
	var raw string
	if err := t.QueryRowContext(ctx, `SELECT content FROM revisions WHERE post_id = ? AND state = 'live'`, post).Scan(&raw); err != nil {
		return fmt.Errorf("read text of post %d: %w", post, err)
	}
	var content club.Content
	if err := json.Unmarshal([]byte(raw), &content); err != nil {
		return fmt.Errorf("read text of post %d: %w", post, err)
	}
	public, err := queryAll(ctx, t, scanValue[int64], `SELECT connection_id FROM deliveries WHERE post_id = ? AND status = 'PUBLISHED'`, post)
	if err != nil {
		return fmt.Errorf("list public accounts of post %d: %w", post, err)
	}
	_, err = t.ExecContext(ctx, `DELETE FROM text_marks WHERE post_id = ? AND connection_id NOT IN (SELECT value FROM json_each(?))`, post, jsonOf(orEmpty(public)))
	if err != nil {
		return fmt.Errorf("mark text of post %d: %w", post, err)
	}
	for _, id := range content.Accounts {
		mark := club.TextMark(content.TextFor(id), content.Link)
		if mark == nil || slices.Contains(public, id) {
			continue
		}
		_, err := t.ExecContext(ctx, `INSERT INTO text_marks (connection_id, mark, post_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, id, mark, post)
		if err != nil {
			return fmt.Errorf("mark text of post %d: %w", post, err)
		}
	}
	return nil
}
