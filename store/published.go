package store

import (
	"context"
	"fmt"
)

// RemotePost names a post as an account has it.
type RemotePost struct {
	ConnectionID int64
	RemoteID     string
}

// PublishedAs says of which post of ours each of these is, or of which of its parts:
// one query for all. Those that are nobody's are left out.
func (db *DB) PublishedAs(ctx context.Context, s Scope, remote []RemotePost) (map[RemotePost]OwnPost, error) {
	connections, ids := make([]int64, 0, len(remote)), make([]string, 0, len(remote))
	for _, r := range remote {
		connections, ids = append(connections, r.ConnectionID), append(ids, r.RemoteID)
	}
	type row struct {
		RemotePost
		OwnPost
	}
	rows, err := queryAll(ctx, db.read, func(scan func(...any) error) (r row, err error) {
		err = scan(&r.ConnectionID, &r.RemoteID, &r.ID, &r.Part)
		return r, err
	}, `
		SELECT d.connection_id, d.remote_id, d.post_id, d.part
		FROM json_each(?2) AS n
		CROSS JOIN json_each(?3) AS r ON r.key = n.key
		CROSS JOIN deliveries d ON d.connection_id = n.value AND d.remote_id = r.value
		WHERE d.club_id = ?1`, s.ClubID, jsonOf(connections), jsonOf(ids))
	if err != nil {
		return nil, fmt.Errorf("find posts by their ids at platforms: %w", err)
	}
	own := make(map[RemotePost]OwnPost, len(rows))
	for _, r := range rows {
		own[r.RemotePost] = r.OwnPost
	}
	return own, nil
}

// OwnPost names a post of the club, or one of its parts on an account.
type OwnPost struct {
	ID   int64
	Part int // as in Delivery.Part
}
