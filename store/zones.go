package store

import (
	"context"
	"fmt"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
)

// FollowZones gives posts that are to come before until the moment that their
// clock time stands for by the zone rules of today, where that is another than
// when they were planned: a government has changed its clocks, and the zone data
// came with an update. What a person chose is the clock
// time. Their authors and the admins are told; the ids of the posts come back.
func (db *DB) FollowZones(ctx context.Context, until time.Time) ([]int64, error) {
	all, err := queryAll(ctx, db.read, func(scan func(...any) error) (strayed, error) {
		var p strayed
		err := scan(&p.id, &p.clubID, &p.authorID, into(&p.at), &p.local, &p.zone)
		return p, err
	}, `
		SELECT p.id, p.club_id, p.author_id, p.planned_at, p.planned_local, p.planned_zone
		FROM clubs c CROSS JOIN posts p ON p.club_id = c.id AND p.deleted_at IS NULL AND p.planned_at > ? AND p.planned_at < ?
		WHERE NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.post_id = p.id AND d.status NOT IN ('DRAFT', 'SCHEDULED', 'CANCELLED'))`,
		ms(db.now()), ms(until))
	if err != nil {
		return nil, fmt.Errorf("list posts to come: %w", err)
	}
	var moved []int64
	zones := map[string]*time.Location{}
	for _, p := range all {
		loc, known := zones[p.zone]
		if !known {
			if loc, err = time.LoadLocation(p.zone); err != nil {
				return moved, fmt.Errorf("zone of post %d: %w", p.id, err)
			}
			zones[p.zone] = loc
		}
		if club.Shows(p.at, loc) == p.local {
			continue
		}
		if err := db.followZone(ctx, p); err != nil {
			return moved, err
		}
		moved = append(moved, p.id)
	}
	if len(moved) > 0 {
		db.signal()
	}
	return moved, nil
}

// strayed is a post to come, with whom to tell about it.
type strayed struct {
	planned
	clubID, authorID int64
}

// followZone moves one post. One whose moment would have passed meanwhile keeps
// it, and is shown with the clock time that this has now.
func (db *DB) followZone(ctx context.Context, p strayed) error {
	return db.inTx(ctx, func(tx *tx) error {
		slot, err := club.ParseSlot(p.local, p.zone)
		if err != nil {
			return err
		}
		if !slot.At.After(tx.now) {
			if slot, err = club.SlotAt(p.at, p.zone); err != nil {
				return err
			}
		}
		s := Scope{ClubID: p.clubID}
		if err := tx.replan(ctx, s, p.planned, slot); err != nil {
			return err
		}
		if err := tx.notify(ctx, notice{
			clubID: p.clubID, author: p.authorID, kind: "zone_rules", key: fmt.Sprintf("zone_rules %d %d", p.id, slot.At.UnixMilli()),
			args: map[string]string{"zone": p.zone, "time": slot.Local}, postID: p.id,
		}); err != nil {
			return err
		}
		return tx.touch(ctx, p.clubID)
	})
}
