package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// opLife is how long a repeated request gets the answer of the first.
const opLife = 24 * time.Hour

// Kinds of requests that act once for a key. A key belongs to its kind: the
// answer of one kind means nothing to another.
const (
	OpMove      = "move"
	opDuplicate = "duplicate"
	opSchedule  = "schedule"
)

// OpResult returns what the request of this kind with this key answered, if it
// was done in the last 24 hours.
func (db *DB) OpResult(ctx context.Context, personID int64, kind, op string) (result string, done bool, err error) {
	return opResult(ctx, db.read, personID, opKey(kind, op), db.now())
}

func opKey(kind, op string) string { return kind + " " + op }

func opResult(ctx context.Context, q querier, personID int64, op string, now time.Time) (string, bool, error) {
	var result string
	err := q.QueryRowContext(ctx, `SELECT result FROM ops WHERE person_id = ? AND op = ? AND at > ?`,
		personID, op, ms(now.Add(-opLife))).Scan(&result)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("look for request key: %w", err)
	}
	return result, true, nil
}

// once runs do, unless the person's request with this key was done in the last
// 24 hours: then it returns the result of that. The result is kept in the same
// transaction. Requests without a key are always done.
func (t *tx) once(ctx context.Context, personID int64, kind, op string, do func() (string, error)) (string, error) {
	if op == "" {
		return do()
	}
	op = opKey(kind, op)
	if result, done, err := opResult(ctx, t, personID, op, t.now); err != nil || done {
		return result, err
	}
	result, err := do()
	if err != nil {
		return "", err
	}
	_, err = t.ExecContext(ctx, `
		INSERT INTO ops (person_id, op, at, result) VALUES (?, ?, ?, ?)
		ON CONFLICT (person_id, op) DO UPDATE SET at = excluded.at, result = excluded.result`, personID, op, ms(t.now), result)
	if err != nil {
		return "", fmt.Errorf("keep request key: %w", err)
	}
	return result, nil
}

// DeleteExpired removes request keys, reset links, sign-ins at platforms, forms put
// aside, used or expired invitations, and sessions that can do nothing any more.
func (db *DB) DeleteExpired(ctx context.Context) error {
	return db.inTx(ctx, func(tx *tx) error {
		for _, d := range []struct {
			query  string
			before time.Time
		}{
			{`DELETE FROM ops WHERE at <= ?`, tx.now.Add(-opLife)},
			{`DELETE FROM password_resets WHERE expires_at <= ?`, tx.now},
			{`DELETE FROM oauth_states WHERE expires_at <= ?`, tx.now},
			{`DELETE FROM oauth_choices WHERE expires_at <= ?`, tx.now},
			{`DELETE FROM kept_forms WHERE expires_at <= ?`, tx.now},
			{`DELETE FROM invitations WHERE expires_at <= ?`, tx.now.Add(-invitationLife)},
			{`DELETE FROM sessions WHERE expiry <= julianday(? / 1000.0, 'unixepoch')`, tx.now},
		} {
			if _, err := tx.ExecContext(ctx, d.query, ms(d.before)); err != nil {
				return fmt.Errorf("delete what expired: %w", err)
			}
		}
		return nil
	})
}
