package store

import (
	"context"
	"fmt"
	"time"
)

// Queue is what a club has to go out.
type Queue struct {
	Scheduled  int
	Publishing int
	Deciding   int       // wait for a person
	Oldest     time.Time // when the oldest of those that are to go out is or was due; zero if there is none
}

// Queue counts what the scope's club has to go out.
func (db *DB) Queue(ctx context.Context, s Scope) (Queue, error) {
	var q Queue
	// The lists of statuses name the partial indexes.
	err := db.read.QueryRowContext(ctx, `
		SELECT count(*) FILTER (WHERE d.status = 'SCHEDULED'), count(*) FILTER (WHERE d.status = 'PUBLISHING'), min(d.due_at), (
			SELECT count(*) FROM deliveries d JOIN posts p ON p.id = d.post_id
			WHERE d.club_id = ?1 AND d.status IN ('FAILED', 'NEEDS_ATTENTION') AND d.status = 'NEEDS_ATTENTION' AND `+shownToClub+`)
		FROM deliveries d JOIN posts p ON p.id = d.post_id WHERE d.club_id = ?1 AND d.status IN ('SCHEDULED', 'PUBLISHING') AND `+shownToClub, s.ClubID).
		Scan(&q.Scheduled, &q.Publishing, into(&q.Oldest), &q.Deciding)
	if err != nil {
		return q, fmt.Errorf("count what is to go out: %w", err)
	}
	return q, nil
}
