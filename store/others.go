package store

import (
	"context"
	"fmt"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
)

// twinWithin is how much earlier another post of the same words may have been
// tried, to be what a look for this one finds: more than the clocks of platforms
// are allowed to differ.
const twinWithin = 10 * time.Minute

// Others says which of the posts with these ids, on the account of a delivery, are
// those of other deliveries, and how many of its account are public under the same
// words without a known id: none of them proves anything about this one.
func (db *DB) Others(ctx context.Context, d Delivery, ids []string) (owned map[string]bool, nameless int, err error) {
	if owned, err = othersOf(ctx, db.read, d, ids); err != nil {
		return nil, 0, err
	}
	if d.Part > 0 { // what follows a post is told from others by what it follows
		return owned, 0, nil
	}
	err = db.read.QueryRowContext(ctx, `
		SELECT count(*) FROM text_marks m
		JOIN text_marks o ON o.connection_id = m.connection_id AND o.mark = m.mark AND o.post_id <> m.post_id
		JOIN deliveries d ON d.post_id = o.post_id AND d.connection_id = o.connection_id
		WHERE m.post_id = ? AND m.connection_id = ? AND d.part = 0 AND d.status = ? AND d.remote_id IS NULL AND d.published_at >= ?`,
		d.PostID, d.ConnectionID, club.Published, ms(d.TriedAt.Add(-twinWithin))).Scan(&nameless)
	if err != nil {
		return nil, 0, fmt.Errorf("look for twins of delivery %s: %w", d.ID, err)
	}
	return owned, nameless, nil
}

// othersOf says which of these ids other deliveries have. Clubs may share an
// account; what they practise with, they do not.
func othersOf(ctx context.Context, q querier, d Delivery, ids []string) (map[string]bool, error) {
	taken, err := queryAll(ctx, q, scanValue[string], `
		SELECT o.remote_id FROM connections mine
		CROSS JOIN connections n ON n.platform = mine.platform AND n.practice = mine.practice AND n.server = mine.server AND n.remote_id = mine.remote_id
			AND (n.practice = 0 OR n.club_id = mine.club_id)
		CROSS JOIN json_each(?) w
		CROSS JOIN deliveries o ON o.connection_id = n.id AND o.remote_id = w.value
		WHERE mine.id = ? AND o.id <> ?`, jsonOf(orEmpty(ids)), d.ConnectionID, blob(d.ID))
	if err != nil {
		return nil, fmt.Errorf("look for posts of other deliveries than %s: %w", d.ID, err)
	}
	owned := make(map[string]bool, len(taken))
	for _, id := range taken {
		owned[id] = true
	}
	return owned, nil
}
