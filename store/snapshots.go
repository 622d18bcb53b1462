package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// RawLife is how long the answers that numbers came from are kept.
const RawLife = 7 * 24 * time.Hour

// maxRaw is the most that is kept of one answer, in bytes before compression.
const maxRaw = 64 << 10

// Measurement is a published delivery whose numbers are due.
type Measurement struct {
	Work        Work // its key is the id of the delivery
	RemoteID    string
	PublishedAt time.Time
}

// Measurements reads what the readings of posts are about: one query for all.
// Those of deliveries that are no longer there are left out.
func (db *DB) Measurements(ctx context.Context, due []Work) ([]Measurement, error) {
	keys := make([]string, 0, len(due))
	for _, w := range due {
		keys = append(keys, w.Key)
	}
	found, err := queryAll(ctx, db.read, func(scan func(...any) error) (m Measurement, err error) {
		var place int
		err = scan(&place, &m.RemoteID, into(&m.PublishedAt))
		if err == nil {
			m.Work = due[place]
		}
		return m, err
	}, `
		SELECT k.key, d.remote_id, d.published_at
		FROM json_each(?) AS k CROSS JOIN deliveries d ON d.id = unhex(k.value)
		WHERE d.remote_id IS NOT NULL ORDER BY k.key`, jsonOf(keys))
	if err != nil {
		return nil, fmt.Errorf("read what numbers are due for: %w", err)
	}
	return found, nil
}

// SaveNumbers keeps one reading of a post, and when the next is due; a zero time
// ends measuring. raw is redacted already.
func (db *DB) SaveNumbers(ctx context.Context, m Measurement, n platforms.Numbers, raw []byte, next time.Time) error {
	sealed, err := db.sealRaw(raw, "post_snapshots", m.Work.Key)
	if err != nil {
		return err
	}
	return db.inTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO post_snapshots (club_id, delivery_id, taken_at, likes, comments, shares, reach, impressions, named, raw)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (delivery_id, taken_at) DO NOTHING`,
			m.Work.ClubID, blob(m.Work.Key), ms(tx.now), number(n, platforms.Likes), number(n, platforms.Comments),
			number(n, platforms.Shares), number(n, platforms.Reach), number(n, platforms.Impressions), jsonOf(orEmptyMap(n.Named)), sealed)
		if err != nil {
			return fmt.Errorf("save numbers of delivery %s: %w", m.Work.Key, err)
		}
		if err := tx.endWork(ctx, WorkEnd{Work: m.Work, Next: next}); err != nil {
			return err
		}
		return tx.touch(ctx, m.Work.ClubID)
	})
}

// measureFirst plans the first reading of a post that has just been published.
func (t *tx) measureFirst(ctx context.Context, d Delivery) error {
	var pace club.Pace
	if err := t.QueryRowContext(ctx, `SELECT numbers_pace FROM connections WHERE id = ?`, d.ConnectionID).Scan(&pace); err != nil {
		return fmt.Errorf("plan numbers of delivery %s: %w", d.ID, err)
	}
	first := club.FirstNumbers(pace, d.PublishedAt)
	if first.IsZero() {
		return nil
	}
	return t.addWork(ctx, ofDelivery(WorkNumbers, d, first))
}

// MeasureNow makes the numbers of a post of the scope's club due at once; if
// postID is 0, those of the club's accounts and of its posts of the last 90
// days. It returns how many readings that are.
func (db *DB) MeasureNow(ctx context.Context, s Scope, postID int64) (int, error) {
	n := 0
	err := db.inTx(ctx, func(tx *tx) error {
		res, err := tx.ExecContext(ctx, `
			INSERT INTO work (kind, key, club_id, connection_id, next_at)
			SELECT 'numbers', lower(hex(d.id)), d.club_id, d.connection_id, ?1 FROM deliveries d
			WHERE d.club_id = ?2 AND d.part = 0 AND d.published_at IS NOT NULL AND d.remote_id IS NOT NULL AND (?3 = 0 OR d.post_id = ?3)
				AND (?3 <> 0 OR d.published_at >= ?4)
			ON CONFLICT (kind, key) DO UPDATE SET next_at = excluded.next_at`, ms(tx.now), s.ClubID, postID, ms(tx.now.Add(-club.NumbersFor)))
		if err != nil {
			return fmt.Errorf("ask for numbers: %w", err)
		}
		posts, err := res.RowsAffected()
		if err != nil || postID != 0 {
			n = int(posts)
			return err
		}
		res, err = tx.ExecContext(ctx, `
			INSERT INTO work (kind, key, club_id, connection_id, next_at)
			SELECT 'account_numbers', CAST(id AS TEXT), club_id, id, ?1 FROM connections WHERE club_id = ?2 AND health IN ('working', 'gaps')
			ON CONFLICT (kind, key) DO UPDATE SET next_at = excluded.next_at`, ms(tx.now), s.ClubID)
		if err != nil {
			return fmt.Errorf("ask for numbers of accounts: %w", err)
		}
		accounts, err := res.RowsAffected()
		n = int(posts + accounts)
		return err
	})
	if err == nil {
		db.signal()
	}
	return n, err
}

// SaveAccountNumbers keeps one reading of an account for a day (2026-11-24) of
// its club, the first of that day, and when the next is due; a zero time ends
// them.
func (db *DB) SaveAccountNumbers(ctx context.Context, w Work, day string, n platforms.Numbers, raw []byte, next time.Time) error {
	sealed, err := db.sealRaw(raw, "account_snapshots", w.Key)
	if err != nil {
		return err
	}
	return db.inTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO account_snapshots (club_id, connection_id, day, taken_at, followers, posts, reach, impressions, named, raw)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (connection_id, day) DO NOTHING`,
			w.ClubID, w.ConnectionID, day, ms(tx.now), number(n, platforms.Followers), number(n, platforms.Posts),
			number(n, platforms.Reach), number(n, platforms.Impressions), jsonOf(orEmptyMap(n.Named)), sealed)
		if err != nil {
			return fmt.Errorf("save numbers of connection %d: %w", w.ConnectionID, err)
		}
		if err := tx.endWork(ctx, WorkEnd{Work: w, Next: next}); err != nil {
			return err
		}
		return tx.touch(ctx, w.ClubID)
	})
}

// SetNumbersPace says how often the numbers of an account of the scope's club are
// read from now on.
func (db *DB) SetNumbersPace(ctx context.Context, s Scope, id int64, pace club.Pace, origin string) error {
	return db.inTx(ctx, func(tx *tx) error {
		var account string
		err := tx.QueryRowContext(ctx, `
			UPDATE connections SET numbers_pace = ? WHERE id = ? AND club_id = ? RETURNING `+accountInRecord, pace, id, s.ClubID).Scan(&account)
		if errors.Is(err, sql.ErrNoRows) {
			return club.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("set pace of numbers of connection %d: %w", id, err)
		}
		if err := tx.followPace(ctx, s, id, pace); err != nil {
			return fmt.Errorf("plan numbers of connection %d: %w", id, err)
		}
		action := "account_numbers_useful"
		switch pace {
		case club.PaceWeekly:
			action = "account_numbers_weekly"
		case club.PaceAsked:
			action = "account_numbers_asked"
		}
		if err := tx.audit(ctx, s, action, account, origin); err != nil {
			return err
		}
		return tx.touch(ctx, s.ClubID)
	})
}

// followPace plans the readings of a connection by its new pace.
func (t *tx) followPace(ctx context.Context, s Scope, id int64, pace club.Pace) error {
	if pace == club.PaceAsked {
		_, err := t.ExecContext(ctx, `DELETE FROM work WHERE connection_id = ? AND kind IN ('numbers', 'account_numbers')`, id)
		return err
	}
	_, err := t.ExecContext(ctx, `
		INSERT INTO work (kind, key, club_id, connection_id, next_at)
		SELECT 'numbers', lower(hex(d.id)), d.club_id, d.connection_id, ?1 FROM deliveries d
		WHERE d.connection_id = ?2 AND d.part = 0 AND d.status = 'PUBLISHED' AND d.remote_id IS NOT NULL AND d.published_at >= ?3
		ON CONFLICT (kind, key) DO NOTHING`, ms(t.now), id, ms(t.now.Add(-club.NumbersFor)))
	if err != nil {
		return err
	}
	return t.addWork(ctx, ofConnection(WorkAccountNumbers, s.ClubID, id, t.now))
}

// MeasuredPosts counts the posts of an account of the scope's club whose numbers
// are read, if nobody has stopped that: those of the last 90 days.
func (db *DB) MeasuredPosts(ctx context.Context, s Scope, connectionID int64) (n int, err error) {
	err = db.read.QueryRowContext(ctx, `
		SELECT count(*) FROM deliveries
		WHERE connection_id = ? AND part = 0 AND status = 'PUBLISHED' AND remote_id IS NOT NULL AND published_at >= ? AND club_id = ?`,
		connectionID, ms(db.now().Add(-club.NumbersFor)), s.ClubID).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count posts of connection %d: %w", connectionID, err)
	}
	return n, nil
}

// Snapshot is one reading of a post. A number that the platform did not give is
// absent.
type Snapshot struct {
	TakenAt time.Time
	Numbers platforms.Numbers // without Raw
}

// Snapshots lists the readings of a delivery of the scope's club, oldest first.
func (db *DB) Snapshots(ctx context.Context, s Scope, deliveryID string) ([]Snapshot, error) {
	return queryAll(ctx, db.read, func(scan func(...any) error) (Snapshot, error) {
		var n Snapshot
		var likes, comments, shares, reach, impressions sql.NullInt64
		err := scan(into(&n.TakenAt), &likes, &comments, &shares, &reach, &impressions, intoJSON(&n.Numbers.Named))
		n.Numbers.Values = map[platforms.Number]int64{}
		for k, v := range map[platforms.Number]sql.NullInt64{
			platforms.Likes: likes, platforms.Comments: comments, platforms.Shares: shares, platforms.Reach: reach, platforms.Impressions: impressions,
		} {
			if v.Valid {
				n.Numbers.Values[k] = v.Int64
			}
		}
		return n, err
	}, `
		SELECT taken_at, likes, comments, shares, reach, impressions, named FROM post_snapshots
		WHERE delivery_id = ? AND club_id = ? ORDER BY taken_at LIMIT 1000`, blob(deliveryID), s.ClubID)
}

// RawAnswer opens the answer that the latest numbers of a delivery of the
// scope's club came from; nil if it is not kept any more.
func (db *DB) RawAnswer(ctx context.Context, s Scope, deliveryID string) ([]byte, error) {
	var sealed []byte
	err := db.read.QueryRowContext(ctx, `
		SELECT raw FROM post_snapshots WHERE delivery_id = ? AND club_id = ? ORDER BY taken_at DESC LIMIT 1`, blob(deliveryID), s.ClubID).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) || err == nil && sealed == nil {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	zipped, err := db.keys.Open(sealed, "post_snapshots", deliveryID, "raw")
	if err != nil {
		return nil, err
	}
	r, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return nil, fmt.Errorf("unpack answer: %w", err)
	}
	return io.ReadAll(io.LimitReader(r, maxRaw))
}

// DeleteRaw removes answers that have been kept for RawLife.
func (db *DB) DeleteRaw(ctx context.Context) error {
	return db.inTx(ctx, func(tx *tx) error {
		for _, q := range []string{
			`UPDATE post_snapshots SET raw = NULL WHERE raw IS NOT NULL AND taken_at <= ?`,
			`UPDATE account_snapshots SET raw = NULL WHERE raw IS NOT NULL AND taken_at <= ?`,
		} {
			if _, err := tx.ExecContext(ctx, q, ms(tx.now.Add(-RawLife))); err != nil {
				return fmt.Errorf("remove old answers: %w", err)
			}
		}
		return nil
	})
}

// sealRaw packs and seals an answer. One that is too large is not kept.
func (db *DB) sealRaw(raw []byte, table, row string) ([]byte, error) {
	if len(raw) == 0 || len(raw) > maxRaw {
		return nil, nil
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(raw); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return db.keys.Seal(b.Bytes(), table, row, "raw")
}

// number writes a number that may be absent.
func number(n platforms.Numbers, k platforms.Number) sql.NullInt64 {
	v, ok := n.Values[k]
	return sql.NullInt64{Int64: v, Valid: ok}
}

func orEmptyMap(m map[string]int64) map[string]int64 {
	if m == nil {
		return map[string]int64{}
	}
	return m
}
