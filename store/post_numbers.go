package store

import (
	"context"
	"fmt"
)

// PostResults lists the published deliveries of a post of the scope's club in
// the order of its accounts, each with its latest numbers.
func (db *DB) PostResults(ctx context.Context, s Scope, postID int64) ([]Result, error) {
	out, err := queryAll(ctx, db.read, scanResult, `
		SELECT `+resultColumns+`
		FROM deliveries d
		JOIN posts p ON p.id = d.post_id
		JOIN connections c ON c.id = d.connection_id
		LEFT JOIN post_snapshots n ON n.id = (SELECT id FROM post_snapshots WHERE delivery_id = d.id ORDER BY taken_at DESC LIMIT 1)
		WHERE d.post_id = ? AND d.club_id = ? AND d.published_at IS NOT NULL AND d.part = 0
		ORDER BY d.connection_id`, postID, s.ClubID)
	if err != nil {
		return nil, fmt.Errorf("read numbers of post %d: %w", postID, err)
	}
	return out, nil
}
