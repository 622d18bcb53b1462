package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// MarkOutdated pauses a connection, because its platform does not serve the
// version of its interface that Bandstand speaks any more. The club's admins are
// told once for each version.
func (db *DB) MarkOutdated(ctx context.Context, connectionID int64, version string) error {
	return db.inTx(ctx, func(tx *tx) error { return tx.markOutdated(ctx, connectionID, version) })
}

func (t *tx) markOutdated(ctx context.Context, connectionID int64, version string) error {
	if err := t.setHealth(ctx, connectionID, club.Paused, platforms.CodeVersionOver); err != nil {
		return err
	}
	if _, err := t.ExecContext(ctx, `UPDATE connections SET refused_version = ? WHERE id = ? AND health = 'paused'`, version, connectionID); err != nil {
		return fmt.Errorf("pause connection %d: %w", connectionID, err)
	}
	c, err := queryOne(ctx, t, scanConnection, `SELECT `+connectionColumns+` FROM connections c WHERE c.id = ?`, connectionID)
	if err != nil || c.Health != club.Paused { // it was disconnected meanwhile
		return err
	}
	return t.notify(ctx, notice{
		clubID: c.ClubID, kind: club.NoticeOutdated, connectionID: c.ID,
		key:  fmt.Sprintf("%s:%s:%s:%v", club.NoticeOutdated, c.Account.Platform, version, c.Practice),
		args: map[string]string{"version": version},
	})
}

// ResumeUpdated lets the connections go on that were paused because the platform
// refused another version than the one that is spoken now. It returns how many.
// Each is looked at soon.
func (db *DB) ResumeUpdated(ctx context.Context, p platforms.ID, version string) (int, error) {
	n := 0
	err := db.inTx(ctx, func(tx *tx) error {
		clubs, err := queryAll(ctx, tx, func(scan func(...any) error) (id int64, err error) {
			err = scan(&id)
			return id, err
		}, `
			UPDATE connections SET health = 'working', health_code = '', refused_version = '', checked_at = NULL, version = version + 1
			WHERE platform = ? AND health = 'paused' AND refused_version <> ? RETURNING club_id`, p, version)
		if err != nil {
			return fmt.Errorf("resume connections of %s: %w", p, err)
		}
		n = len(clubs)
		for _, id := range clubs {
			if err := tx.touch(ctx, id); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// WarnOfVersion tells the admins of every club that uses a platform, once, that
// the version of its interface that Bandstand speaks ends, with days left at most.
func (db *DB) WarnOfVersion(ctx context.Context, p platforms.ID, version string, ends time.Time, days int) error {
	return db.inTx(ctx, func(tx *tx) error {
		clubs, err := queryAll(ctx, tx, func(scan func(...any) error) (id [2]int64, err error) {
			err = scan(&id[0], &id[1])
			return id, err
		}, `
			SELECT c.club_id, min(c.id) FROM connections c JOIN clubs k ON k.id = c.club_id AND k.practice = c.practice
			WHERE c.platform = ? AND c.practice = 0 AND c.health <> 'disconnected' GROUP BY c.club_id LIMIT 10000`, p)
		if err != nil {
			return fmt.Errorf("find clubs that use %s: %w", p, err)
		}
		for _, of := range clubs {
			err := tx.notify(ctx, notice{
				clubID: of[0], kind: club.NoticeVersionEnds, connectionID: of[1],
				key:  fmt.Sprintf("%s:%s:%s:%s", club.NoticeVersionEnds, p, version, strconv.Itoa(days)),
				args: map[string]string{"version": version, "ends": ends.UTC().Format(time.RFC3339)},
			})
			if err != nil {
				return err
			}
			if err := tx.touch(ctx, of[0]); err != nil {
				return err
			}
		}
		return nil
	})
}
