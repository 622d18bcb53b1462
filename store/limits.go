package store

import (
	"context"
	"fmt"
	"slices"
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

// PlatformApp is what accounts share limits by: the slot of its credentials, and the
// platforms that are reached through it.
type PlatformApp struct {
	Slot      string
	Platforms []platforms.ID
}

// ownApp begins the condition, which a slot ends, that connection c uses an app of its
// club, and not that of the installation. Each club practises with an app of its own.
const ownApp = `c.practice = 1 OR EXISTS (SELECT 1 FROM app_credentials a WHERE a.club_id = c.club_id AND a.slot = `

// SaveAppLimits keeps what a platform said, in an answer to one account, of the limits
// that all accounts of its platform app share, and lets all of them rest until a time,
// if there is one (rule P13).
func (db *DB) SaveAppLimits(ctx context.Context, connectionID int64, app PlatformApp, limits []platforms.Limit, rest time.Time) error {
	return db.inTx(ctx, func(tx *tx) error {
		for _, l := range limits {
			_, err := tx.ExecContext(ctx, `
				INSERT INTO app_limits (club_id, practice, slot, platform, name, unit, span, max, remaining, ends_at, seen_at)
				SELECT iif(`+ownApp+`?2), c.club_id, NULL), c.practice, ?2, p.value, ?4, ?5, ?6, ?7, ?8, ?9, ?10
				FROM connections c CROSS JOIN json_each(?3) p WHERE c.id = ?1
				ON CONFLICT (platform, practice, coalesce(club_id, 0), name) DO UPDATE
				SET slot = ?2, unit = ?5, span = ?6, max = ?7, remaining = ?8, ends_at = ?9, seen_at = ?10`,
				connectionID, app.Slot, jsonOf(orEmpty(app.Platforms)), l.Name, l.Unit, l.Span, l.Max, l.Left, ms(l.Ends), ms(tx.now))
			if err != nil {
				return fmt.Errorf("save limits of platform app %s: %w", app.Slot, err)
			}
		}
		clubs, err := queryAll(ctx, tx, scanValue[int64], `
			WITH mine AS (SELECT c.practice, iif(`+ownApp+`?2), c.club_id, 0) AS app FROM connections c WHERE c.id = ?1),
			same AS (
				SELECT c.id FROM mine CROSS JOIN json_each(?3) p
				CROSS JOIN connections c ON c.platform = p.value AND c.practice = mine.practice AND iif(`+ownApp+`?2), c.club_id, 0) = mine.app
			)
			UPDATE connections SET blocked_until = max(blocked_until, coalesce(?4, 0)) WHERE id IN (SELECT id FROM same) RETURNING club_id`,
			connectionID, app.Slot, jsonOf(orEmpty(app.Platforms)), ms(rest))
		if err != nil {
			return fmt.Errorf("let the accounts of platform app %s rest: %w", app.Slot, err)
		}
		slices.Sort(clubs)
		for _, club := range slices.Compact(clubs) {
			if err := tx.touch(ctx, club); err != nil {
				return err
			}
		}
		return nil
	})
}

// Limits are those of the scope's accounts, and of their platform apps, that have not ended yet, by account
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
		err = scan(&r.connection, &l.Scope, &l.Name, &l.Unit, &l.Span, &l.Max, &l.Left, into(&l.Ends), into(&l.SeenAt))
		return r, err
	}, `
		SELECT l.connection_id, l.scope, l.name, l.unit, l.span, l.max, l.remaining, l.ends_at, l.seen_at
		FROM (
			SELECT l.connection_id, '' AS scope, l.name, l.unit, l.span, l.max, l.remaining, l.ends_at, l.seen_at
			FROM connections c JOIN connection_limits l ON l.connection_id = c.id WHERE c.club_id = ?1
			UNION ALL
			SELECT c.id, 'app', s.name, s.unit, s.span, s.max, s.remaining, s.ends_at, s.seen_at
			FROM connections c JOIN app_limits s
				ON s.platform = c.platform AND s.practice = c.practice AND coalesce(s.club_id, 0) = iif(`+ownApp+`s.slot), c.club_id, 0)
			WHERE c.club_id = ?1
		) l
		WHERE coalesce(l.ends_at, l.seen_at + CASE l.span WHEN 'window' THEN 900000 WHEN 'hour' THEN 3600000 WHEN 'none' THEN 7200000 ELSE 86400000 END) > ?2
		ORDER BY l.connection_id, l.scope, l.name LIMIT 10000`,
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
