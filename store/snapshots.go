package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
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
	DeliveryID  string
	RemoteID    string
	PublishedAt time.Time
	Failures    int // in a row
	Connection  Connection
}

// DueMeasurements lists published deliveries of all clubs whose numbers are due
// and whose connections may be called and have no post to send until quiet,
// longest due first.
func (db *DB) DueMeasurements(ctx context.Context, now, quiet time.Time, limit int) ([]Measurement, error) {
	due, err := queryAll(ctx, db.read, func(scan func(...any) error) (Measurement, error) {
		var m Measurement
		err := scan(append([]any{intoID(&m.DeliveryID), &m.RemoteID, into(&m.PublishedAt), &m.Failures}, m.Connection.fields()...)...)
		return m, err
	}, `
		SELECT d.id, d.remote_id, d.published_at, m.failures, `+connectionColumns+`
		FROM measurements_due m JOIN deliveries d ON d.id = m.delivery_id JOIN connections c ON c.id = m.connection_id
		WHERE m.next_at <= ?1 AND c.blocked_until <= ?1 AND c.health IN ('working', 'gaps') AND d.remote_id IS NOT NULL
			AND NOT EXISTS (SELECT 1 FROM deliveries q WHERE q.connection_id = c.id AND q.next_at <= ?2)
		ORDER BY m.next_at LIMIT ?3`, ms(now), ms(quiet), limit)
	if err != nil {
		return nil, fmt.Errorf("find numbers that are due: %w", err)
	}
	return due, nil
}

// SaveNumbers keeps one reading of a post, and when the next is due; a zero time
// ends measuring. raw is redacted already.
func (db *DB) SaveNumbers(ctx context.Context, m Measurement, n platforms.Numbers, raw []byte, next time.Time) error {
	sealed, err := db.sealRaw(raw, "post_snapshots", m.DeliveryID)
	if err != nil {
		return err
	}
	return db.inTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO post_snapshots (club_id, delivery_id, taken_at, likes, comments, shares, reach, impressions, named, raw)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (delivery_id, taken_at) DO NOTHING`,
			m.Connection.ClubID, blob(m.DeliveryID), ms(tx.now), number(n, platforms.Likes), number(n, platforms.Comments),
			number(n, platforms.Shares), number(n, platforms.Reach), number(n, platforms.Impressions), jsonOf(orEmptyMap(n.Named)), sealed)
		if err != nil {
			return fmt.Errorf("save numbers of delivery %s: %w", m.DeliveryID, err)
		}
		if err := tx.measureNext(ctx, m.DeliveryID, next, false); err != nil {
			return err
		}
		return tx.touch(ctx, m.Connection.ClubID)
	})
}

// PutOffNumbers plans the next reading of a post after one that failed, or ends
// measuring with a zero time.
func (db *DB) PutOffNumbers(ctx context.Context, deliveryID string, next time.Time) error {
	return db.inTx(ctx, func(tx *tx) error { return tx.measureNext(ctx, deliveryID, next, true) })
}

// RestNumbers puts off all readings for a connection.
func (db *DB) RestNumbers(ctx context.Context, connectionID int64, until time.Time) error {
	return db.inTx(ctx, func(tx *tx) error {
		for _, q := range []string{
			`UPDATE measurements_due SET next_at = max(next_at, ?) WHERE connection_id = ?`,
			`UPDATE connections SET numbers_at = max(numbers_at, ?) WHERE id = ?`,
		} {
			if _, err := tx.ExecContext(ctx, q, ms(until), connectionID); err != nil {
				return fmt.Errorf("rest numbers of connection %d: %w", connectionID, err)
			}
		}
		return nil
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
	_, err := t.ExecContext(ctx, `INSERT INTO measurements_due (delivery_id, connection_id, next_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
		blob(d.ID), d.ConnectionID, ms(first))
	return err
}

func (t *tx) measureNext(ctx context.Context, deliveryID string, next time.Time, failed bool) error {
	var err error
	if next.IsZero() {
		_, err = t.ExecContext(ctx, `DELETE FROM measurements_due WHERE delivery_id = ?`, blob(deliveryID))
	} else {
		_, err = t.ExecContext(ctx, `
			UPDATE measurements_due SET next_at = ?, failures = CASE WHEN ? THEN failures + 1 ELSE 0 END WHERE delivery_id = ?`,
			ms(next), failed, blob(deliveryID))
	}
	if err != nil {
		return fmt.Errorf("plan numbers of delivery %s: %w", deliveryID, err)
	}
	return nil
}

// MeasureNow makes the numbers of a post of the scope's club due at once; if
// postID is 0, those of the club's accounts and of its posts of the last 90
// days. It returns how many readings that are.
func (db *DB) MeasureNow(ctx context.Context, s Scope, postID int64) (int, error) {
	n := 0
	err := db.inTx(ctx, func(tx *tx) error {
		res, err := tx.ExecContext(ctx, `
			INSERT INTO measurements_due (delivery_id, connection_id, next_at)
			SELECT d.id, d.connection_id, ?1 FROM deliveries d
			WHERE d.club_id = ?2 AND d.published_at IS NOT NULL AND d.remote_id IS NOT NULL AND (?3 = 0 OR d.post_id = ?3)
				AND (?3 <> 0 OR d.published_at >= ?4)
			ON CONFLICT (delivery_id) DO UPDATE SET next_at = excluded.next_at`, ms(tx.now), s.ClubID, postID, ms(tx.now.Add(-club.NumbersFor)))
		if err != nil {
			return fmt.Errorf("ask for numbers: %w", err)
		}
		posts, err := res.RowsAffected()
		if err != nil || postID != 0 {
			n = int(posts)
			return err
		}
		res, err = tx.ExecContext(ctx, `UPDATE connections SET numbers_at = ? WHERE club_id = ? AND health IN ('working', 'gaps')`, ms(tx.now), s.ClubID)
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

// AccountMeasurement is a connection whose own numbers are due.
type AccountMeasurement struct {
	Connection Connection
	Zone       string // of its club
}

// DueAccounts lists connections of all clubs whose own numbers are due, and that
// have no post to send until quiet.
func (db *DB) DueAccounts(ctx context.Context, now, quiet time.Time, limit int) ([]AccountMeasurement, error) {
	due, err := queryAll(ctx, db.read, func(scan func(...any) error) (AccountMeasurement, error) {
		var m AccountMeasurement
		err := scan(append([]any{&m.Zone}, m.Connection.fields()...)...)
		return m, err
	}, `
		SELECT b.zone, `+connectionColumns+`
		FROM connections c JOIN clubs b ON b.id = c.club_id
		WHERE c.health IN ('working', 'gaps') AND c.numbers_at <= ?1 AND c.blocked_until <= ?1
			AND NOT EXISTS (SELECT 1 FROM deliveries q WHERE q.connection_id = c.id AND q.next_at <= ?2)
		ORDER BY c.numbers_at LIMIT ?3`, ms(now), ms(quiet), limit)
	if err != nil {
		return nil, fmt.Errorf("find accounts whose numbers are due: %w", err)
	}
	return due, nil
}

// SaveAccountNumbers keeps one reading of an account for a day (2026-11-24) of
// its club, the first of that day, and when the next is due.
func (db *DB) SaveAccountNumbers(ctx context.Context, conn Connection, day string, n platforms.Numbers, raw []byte, next time.Time) error {
	sealed, err := db.sealRaw(raw, "account_snapshots", strconv.FormatInt(conn.ID, 10))
	if err != nil {
		return err
	}
	return db.inTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO account_snapshots (club_id, connection_id, day, taken_at, followers, posts, reach, impressions, named, raw)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (connection_id, day) DO NOTHING`,
			conn.ClubID, conn.ID, day, ms(tx.now), number(n, platforms.Followers), number(n, platforms.Posts),
			number(n, platforms.Reach), number(n, platforms.Impressions), jsonOf(orEmptyMap(n.Named)), sealed)
		if err != nil {
			return fmt.Errorf("save numbers of connection %d: %w", conn.ID, err)
		}
		if err := tx.accountNext(ctx, conn.ID, next); err != nil {
			return err
		}
		return tx.touch(ctx, conn.ClubID)
	})
}

// PutOffAccount plans the next reading of an account, or ends them with a zero
// time.
func (db *DB) PutOffAccount(ctx context.Context, connectionID int64, next time.Time) error {
	return db.inTx(ctx, func(tx *tx) error { return tx.accountNext(ctx, connectionID, next) })
}

func (t *tx) accountNext(ctx context.Context, connectionID int64, next time.Time) error {
	at := int64(math.MaxInt64)
	if !next.IsZero() {
		at = next.UnixMilli()
	}
	if _, err := t.ExecContext(ctx, `UPDATE connections SET numbers_at = ? WHERE id = ?`, at, connectionID); err != nil {
		return fmt.Errorf("plan numbers of connection %d: %w", connectionID, err)
	}
	return nil
}

// SetNumbersPace says how often the numbers of an account of the scope's club are
// read from now on.
func (db *DB) SetNumbersPace(ctx context.Context, s Scope, id int64, pace club.Pace, origin string) error {
	return db.inTx(ctx, func(tx *tx) error {
		var account string
		err := tx.QueryRowContext(ctx, `
			UPDATE connections SET numbers_pace = ? WHERE id = ? AND club_id = ? RETURNING platform || ' ' || remote_id`, pace, id, s.ClubID).Scan(&account)
		if errors.Is(err, sql.ErrNoRows) {
			return club.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("set pace of numbers of connection %d: %w", id, err)
		}
		if err := tx.followPace(ctx, id, pace); err != nil {
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
func (t *tx) followPace(ctx context.Context, id int64, pace club.Pace) error {
	if pace == club.PaceAsked {
		if _, err := t.ExecContext(ctx, `DELETE FROM measurements_due WHERE connection_id = ?`, id); err != nil {
			return err
		}
		return t.accountNext(ctx, id, time.Time{})
	}
	_, err := t.ExecContext(ctx, `
		INSERT INTO measurements_due (delivery_id, connection_id, next_at)
		SELECT d.id, d.connection_id, ?1 FROM deliveries d
		WHERE d.connection_id = ?2 AND d.status = 'PUBLISHED' AND d.remote_id IS NOT NULL AND d.published_at >= ?3
		ON CONFLICT (delivery_id) DO NOTHING`, ms(t.now), id, ms(t.now.Add(-club.NumbersFor)))
	if err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, `UPDATE connections SET numbers_at = ?1 WHERE id = ?2 AND numbers_at > ?3`, ms(t.now), id, ms(t.now.Add(longestPause)))
	return err
}

// MeasuredPosts counts the posts of an account of the scope's club whose numbers
// are read, if nobody has stopped that: those of the last 90 days.
func (db *DB) MeasuredPosts(ctx context.Context, s Scope, connectionID int64) (n int, err error) {
	err = db.read.QueryRowContext(ctx, `
		SELECT count(*) FROM deliveries
		WHERE connection_id = ? AND status = 'PUBLISHED' AND remote_id IS NOT NULL AND published_at >= ? AND club_id = ?`,
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
