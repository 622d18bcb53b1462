package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/bandstand-app/bandstand/internal/club"
)

// Campaign is a label for posts that belong together.
type Campaign struct {
	ID   int64
	Name string
}

// Campaigns lists the campaigns of the scope's club, the newest first.
func (db *DB) Campaigns(ctx context.Context, s Scope) ([]Campaign, error) {
	return queryAll(ctx, db.read, func(scan func(...any) error) (Campaign, error) {
		var c Campaign
		err := scan(&c.ID, &c.Name)
		return c, err
	}, `SELECT id, name FROM campaigns WHERE club_id = ? ORDER BY id DESC LIMIT 200`, s.ClubID)
}

// campaign finds the campaign that a post shall carry: a new one by its name
// (or the one that has it already), or an existing one by its id; 0 for none.
func (t *tx) campaign(ctx context.Context, s Scope, id int64, name string) (int64, error) {
	query, args := `SELECT id FROM campaigns WHERE club_id = ? AND id = ?`, []any{s.ClubID, id}
	if name != "" {
		query = `INSERT INTO campaigns (club_id, name, created_at) VALUES (?, ?, ?)
			ON CONFLICT (club_id, name) DO UPDATE SET name = name RETURNING id`
		args = []any{s.ClubID, name, ms(t.now)}
	} else if id == 0 {
		return 0, nil
	}
	err := t.QueryRowContext(ctx, query, args...).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, club.ErrNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("find campaign: %w", err)
	}
	return id, nil
}
