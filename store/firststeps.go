package store

import (
	"context"
	"fmt"
)

// FirstSteps is how far a club has come after it was set up.
type FirstSteps struct {
	Connected bool // an account
	Written   bool // a post
	Scheduled bool // a post that is on its way or further
	Invited   bool // a colleague, who may not have come yet
}

// FirstSteps reads how far the scope's club has come.
func (db *DB) FirstSteps(ctx context.Context, s Scope) (FirstSteps, error) {
	var f FirstSteps
	err := db.read.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM connections WHERE club_id = ?1 AND health <> 'disconnected'),
			EXISTS (SELECT 1 FROM posts WHERE club_id = ?1 AND deleted_at IS NULL AND updated_at > 0),
			EXISTS (SELECT 1 FROM deliveries WHERE club_id = ?1 AND status IN ('SCHEDULED', 'PUBLISHING'))
				OR EXISTS (SELECT 1 FROM deliveries WHERE club_id = ?1 AND status IN ('FAILED', 'NEEDS_ATTENTION'))
				OR EXISTS (SELECT 1 FROM deliveries WHERE club_id = ?1 AND published_at > 0),
			EXISTS (SELECT 1 FROM members WHERE club_id = ?1 AND person_id <> ?2) OR EXISTS (SELECT 1 FROM invitations WHERE club_id = ?1)`,
		s.ClubID, s.PersonID).Scan(&f.Connected, &f.Written, &f.Scheduled, &f.Invited)
	if err != nil {
		return f, fmt.Errorf("read first steps of club %d: %w", s.ClubID, err)
	}
	return f, nil
}
