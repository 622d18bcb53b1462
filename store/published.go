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

// PublishedAs says of which post of ours each of these is, and which pictures of the
// library that one has: one query for all. Those that are nobody's are left out.
func (db *DB) PublishedAs(ctx context.Context, s Scope, remote []RemotePost) (map[RemotePost]OwnPost, error) {
	connections, ids := make([]int64, 0, len(remote)), make([]string, 0, len(remote))
	for _, r := range remote {
		connections, ids = append(connections, r.ConnectionID), append(ids, r.RemoteID)
	}
	type row struct {
		RemotePost
		OwnPost
		picture string
	}
	rows, err := queryAll(ctx, db.read, func(scan func(...any) error) (r row, err error) {
		err = scan(&r.ConnectionID, &r.RemoteID, &r.ID, intoID(&r.picture))
		return r, err
	}, `
		SELECT d.connection_id, d.remote_id, d.post_id, m.media_id
		FROM json_each(?2) AS n
		CROSS JOIN json_each(?3) AS r ON r.key = n.key
		CROSS JOIN deliveries d ON d.connection_id = n.value AND d.remote_id = r.value
		LEFT JOIN post_media m ON m.post_id = d.post_id
		WHERE d.club_id = ?1 ORDER BY d.post_id, m.position`, s.ClubID, jsonOf(connections), jsonOf(ids))
	if err != nil {
		return nil, fmt.Errorf("find posts by their ids at platforms: %w", err)
	}
	own := make(map[RemotePost]OwnPost, len(remote))
	for _, r := range rows {
		p := own[r.RemotePost]
		p.ID = r.ID
		if r.picture != "" {
			p.Pictures = append(p.Pictures, r.picture)
		}
		own[r.RemotePost] = p
	}
	return own, nil
}

// OwnPost is a post of the club with the pictures it was sent with, in their order.
type OwnPost struct {
	ID       int64
	Pictures []string // ids in the library
}
