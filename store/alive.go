package store

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// alive is the installation value that says when Bandstand last ran.
const alive = "alive"

// LastAlive is when Bandstand last said that it runs; zero if never.
func (db *DB) LastAlive(ctx context.Context) (time.Time, error) {
	v, err := db.InstallationValue(ctx, alive)
	if err != nil || v == "" {
		return time.Time{}, err
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("read when Bandstand last ran: %w", err)
	}
	return time.UnixMilli(n).UTC(), nil
}

const (
	probe      = "probe"
	probeBytes = 256 << 10 // more than any one thing that is stored
)

// TryWriting tells whether there is room for more than a moment: it stores
// something large and removes it again.
func (db *DB) TryWriting(ctx context.Context) error {
	err := db.inTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO installation (key, value) VALUES (?, hex(zeroblob(?)))
			ON CONFLICT (key) DO UPDATE SET value = excluded.value`, probe, probeBytes/2)
		return err
	})
	if err == nil {
		err = db.inTx(ctx, func(tx *tx) error {
			_, err := tx.ExecContext(ctx, `DELETE FROM installation WHERE key = ?`, probe)
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("try to store something: %w", err)
	}
	return nil
}

// SayAlive records that Bandstand runs.
func (db *DB) SayAlive(ctx context.Context) error {
	return db.SetInstallationValue(ctx, alive, strconv.FormatInt(db.now().UnixMilli(), 10))
}
