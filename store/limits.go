package store

import (
	"context"
	"fmt"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// SeenLimit is what a platform last said of one limit of an account.
type SeenLimit struct {
	platforms.Limit
	SeenAt time.Time
}

// SaveLimits keeps what a platform said of an account's limits, and lets the
// connection rest until a time, if there is one (rule P13).
func (db *DB) SaveLimits(ctx context.Context, connectionID, clubID int64, limits []platforms.Limit, rest time.Time) error {
	return db.inTx(ctx, func(tx *tx) error {
		for _, l := range limits {
			_, err := tx.ExecContext(ctx, `
				INSERT INTO connection_limits (connection_id, name, unit, span, max, remaining, ends_at, seen_at)
				SELECT id, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM connections WHERE id = ?1
				ON CONFLICT (connection_id, name) DO UPDATE SET unit = ?3, span = ?4, max = ?5, remaining = ?6, ends_at = ?7, seen_at = ?8`,
				connectionID, l.Name, l.Unit, l.Span, l.Max, l.Left, ms(l.Ends), ms(tx.now))
			if err != nil {
				return fmt.Errorf("save limits of connection %d: %w", connectionID, err)
			}
		}
		if !rest.IsZero() {
			if err := tx.block(ctx, connectionID, rest); err != nil {
				return err
			}
		}
		return tx.touch(ctx, clubID)
	})
}

// Limits are those of the scope's accounts that have not ended yet, by account
// and then by name. Where the platform did not say when they end, they are believed
// for as long as they count, and that nothing is paid for two hours: posts are
// tried again each hour.
func (db *DB) Limits(ctx context.Context, s Scope) (map[int64][]SeenLimit, error) {
	type row struct {
		connection int64
		limit      SeenLimit
	}
	rows, err := queryAll(ctx, db.read, func(scan func(...any) error) (r row, err error) {
		l := &r.limit
		err = scan(&r.connection, &l.Name, &l.Unit, &l.Span, &l.Max, &l.Left, into(&l.Ends), into(&l.SeenAt))
		return r, err
	}, `
		SELECT l.connection_id, l.name, l.unit, l.span, l.max, l.remaining, l.ends_at, l.seen_at
		FROM connections c JOIN connection_limits l ON l.connection_id = c.id
		WHERE c.club_id = ?1
		  AND coalesce(l.ends_at, l.seen_at + CASE l.span WHEN 'window' THEN 900000 WHEN 'hour' THEN 3600000 WHEN 'none' THEN 7200000 ELSE 86400000 END) > ?2
		ORDER BY l.connection_id, l.name LIMIT 10000`,
		s.ClubID, ms(db.now()))
	if err != nil {
		return nil, fmt.Errorf("read limits of club %d: %w", s.ClubID, err)
	}
	limits := map[int64][]SeenLimit{}
	for _, r := range rows {
		limits[r.connection] = append(limits[r.connection], r.limit)
	}
	return limits, nil
}
