package store

import (
	"context"
	"fmt"
)

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
