package store

import (
	"context"
	"fmt"
	"time"
)

// LinkDue is a published delivery whose id or address must still be asked for.
type LinkDue struct {
	Delivery   Delivery // with its body
	Connection Connection
	Failures   int
}

// LinksDue lists them for all clubs, longest due first, but none of a connection
// that has a post to send until quiet.
func (db *DB) LinksDue(ctx context.Context, now, quiet time.Time, limit int) ([]LinkDue, error) {
	due, err := queryAll(ctx, db.read, func(scan func(...any) error) (LinkDue, error) {
		var l LinkDue
		err := scan(append(append(l.Delivery.fields(), &l.Delivery.Body, &l.Failures), l.Connection.fields()...)...)
		return l, err
	}, `
		SELECT `+deliveryColumns+`, d.body, l.failures, `+connectionColumns+`
		FROM links_due l JOIN deliveries d ON d.id = l.delivery_id JOIN connections c ON c.id = l.connection_id
		WHERE l.next_at <= ?1 AND c.blocked_until <= ?1 AND c.health IN ('working', 'gaps')
			AND NOT EXISTS (SELECT 1 FROM deliveries q WHERE q.connection_id = c.id AND q.next_at <= ?2)
		ORDER BY l.next_at LIMIT ?3`, ms(now), ms(quiet), limit)
	if err != nil {
		return nil, fmt.Errorf("find addresses to ask for: %w", err)
	}
	return due, nil
}

// SaveLink keeps the address of a published delivery that had none. It touches
// nothing else of it.
func (db *DB) SaveLink(ctx context.Context, d Delivery, url string) error {
	return db.inTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE deliveries SET remote_url = ? WHERE id = ? AND status = 'PUBLISHED' AND remote_url = ''`, url, blob(d.ID))
		if err != nil {
			return fmt.Errorf("save address of delivery %s: %w", d.ID, err)
		}
		if err := tx.dropLink(ctx, d.ID); err != nil {
			return err
		}
		return tx.touch(ctx, d.ClubID)
	})
}

// DropLink gives up asking.
func (db *DB) DropLink(ctx context.Context, deliveryID string) error {
	return db.inTx(ctx, func(tx *tx) error { return tx.dropLink(ctx, deliveryID) })
}

func (t *tx) dropLink(ctx context.Context, deliveryID string) error {
	if _, err := t.ExecContext(ctx, `DELETE FROM links_due WHERE delivery_id = ?`, blob(deliveryID)); err != nil {
		return fmt.Errorf("stop asking for address of delivery %s: %w", deliveryID, err)
	}
	return nil
}

// PutOffLink plans the next time of asking.
func (db *DB) PutOffLink(ctx context.Context, deliveryID string, next time.Time) error {
	return db.inTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE links_due SET next_at = ?, failures = failures + 1 WHERE delivery_id = ?`, ms(next), blob(deliveryID))
		if err != nil {
			return fmt.Errorf("put off asking for address of delivery %s: %w", deliveryID, err)
		}
		return nil
	})
}
