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
		SELECT count(*) FILTER (WHERE status = 'SCHEDULED'), count(*) FILTER (WHERE status = 'PUBLISHING'), min(due_at), (
			SELECT count(*) FROM deliveries
			WHERE club_id = ?1 AND status IN ('FAILED', 'NEEDS_ATTENTION') AND status = 'NEEDS_ATTENTION')
		FROM deliveries WHERE club_id = ?1 AND status IN ('SCHEDULED', 'PUBLISHING')`, s.ClubID).
		Scan(&q.Scheduled, &q.Publishing, into(&q.Oldest), &q.Deciding)
	if err != nil {
		return q, fmt.Errorf("count what is to go out: %w", err)
	}
	return q, nil
}
