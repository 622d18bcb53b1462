package store

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// The installation values about the clock that Bandstand goes by.
const (
	alive         = "alive"          // when it last ran
	clockOff      = "clock_off"      // how far it is ahead of those of the platforms
	clockAccepted = "clock_accepted" // how far it was when an admin said that it is right
)

// LastAlive is when Bandstand last said that it runs, in UTC (rule D6); zero if never.
func (db *DB) LastAlive(ctx context.Context) (time.Time, error) {
	n, err := installationNumber(ctx, db.read, alive)
	if err != nil || n == 0 {
		return time.Time{}, err
	}
	return time.UnixMilli(n).UTC(), nil
}

// SayAlive records that Bandstand runs.
func (db *DB) SayAlive(ctx context.Context) error {
	return db.inTx(ctx, func(tx *tx) error { return tx.setInstallationNumber(ctx, alive, tx.now.UnixMilli()) })
}

// ClockOff is how far the clock was last known to be ahead of those of the
// platforms, behind them if negative; and how far an admin said that it may be.
func (db *DB) ClockOff(ctx context.Context) (off, accepted time.Duration, err error) {
	offMs, err := installationNumber(ctx, db.read, clockOff)
	if err != nil {
		return 0, 0, err
	}
	acceptedMs, err := installationNumber(ctx, db.read, clockAccepted)
	return time.Duration(offMs) * time.Millisecond, time.Duration(acceptedMs) * time.Millisecond, err
}

// SaveClockOff keeps how far the clock is ahead of those of the platforms. If it
// is not, what an admin said before does not count any more.
func (db *DB) SaveClockOff(ctx context.Context, off time.Duration) error {
	return db.inTx(ctx, func(tx *tx) error {
		err := tx.setInstallationNumber(ctx, clockOff, off.Milliseconds())
		if err == nil && off == 0 {
			err = tx.setInstallationNumber(ctx, clockAccepted, 0)
		}
		if err != nil {
			return err
		}
		if _, err = tx.ExecContext(ctx, `UPDATE clubs SET changes = changes + 1`); err != nil {
			return fmt.Errorf("keep how far the clock is off: %w", err)
		}
		return nil
	})
}

// believeClock: an admin says that the clock is right as it is.
func (t *tx) believeClock(ctx context.Context) error {
	if err := t.setInstallationNumber(ctx, alive, t.now.UnixMilli()); err != nil {
		return err
	}
	off, err := installationNumber(ctx, t, clockOff)
	if err != nil {
		return err
	}
	return t.setInstallationNumber(ctx, clockAccepted, off)
}

// The longest that anything waits for a platform by itself, and a little more.
const (
	longestRest  = 25 * time.Hour
	longestPause = 48 * time.Hour // between numbers, and questions for addresses
	restDefault  = time.Hour      // of an account of which nobody knows how long it must rest
)

// MendTimes puts right what was written down by a clock that was ahead: no account
// rests, and nothing that is asked for again and again waits, longer than it can by
// a right clock.
func (db *DB) MendTimes(ctx context.Context) error {
	return db.inTx(ctx, func(tx *tx) error {
		now := tx.now
		for _, q := range []struct {
			mend     string
			to, past time.Time
		}{
			{`UPDATE connections SET blocked_until = ?1 WHERE blocked_until > ?2`, now.Add(restDefault), now.Add(longestRest)},
			{`UPDATE connections SET last_sent_at = ?1 WHERE last_sent_at > ?2`, now, now},
			{`UPDATE connections SET checked_at = ?1 WHERE checked_at > ?2`, time.Time{}, now},
			{`UPDATE work SET next_at = ?1 WHERE next_at > ?2`, now, now.Add(longestPause)},
		} {
			if _, err := tx.ExecContext(ctx, q.mend, ms(q.to), ms(q.past)); err != nil {
				return fmt.Errorf("put right what waits: %w", err)
			}
		}
		return nil
	})
}

// Stranded lists deliveries that were told by a clock that was ahead to wait, for
// longer than they can by a right one. They come with their bodies.
func (db *DB) Stranded(ctx context.Context) ([]Delivery, error) {
	return queryAll(ctx, db.read, func(scan func(...any) error) (Delivery, error) {
		var d Delivery
		err := scan(append(d.fields(), &d.Body)...)
		return d, err
	}, `
		SELECT `+deliveryColumns+`, d.body FROM deliveries d
		WHERE d.next_at > ? AND d.next_at > d.due_at ORDER BY d.due_at, d.id`, ms(db.now().Add(longestRest)))
}

func installationNumber(ctx context.Context, q querier, key string) (int64, error) {
	v, err := installationValue(ctx, q, key)
	if err != nil || v == "" {
		return 0, err
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read installation value %s: %w", key, err)
	}
	return n, nil
}

func (t *tx) setInstallationNumber(ctx context.Context, key string, n int64) error {
	return t.setInstallationValue(ctx, key, strconv.FormatInt(n, 10))
}
