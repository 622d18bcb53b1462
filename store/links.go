package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/bandstand-app/bandstand/internal/club"
)

// Published reads a published delivery of any club with its body, for work that
// is due for it. club.ErrNotFound: there is none any more.
func (db *DB) Published(ctx context.Context, id string) (Delivery, error) {
	d, err := queryOne(ctx, db.read, func(scan func(...any) error) (d Delivery, err error) {
		err = scan(append(d.fields(), &d.Body)...)
		return d, err
	}, `SELECT `+deliveryColumns+`, d.body FROM deliveries d WHERE d.id = ? AND d.status = 'PUBLISHED'`, blob(id))
	if errors.Is(err, sql.ErrNoRows) {
		return d, club.ErrNotFound
	}
	if err != nil {
		return d, fmt.Errorf("read delivery %s: %w", id, err)
	}
	return d, nil
}

// SaveLink keeps the address of a published delivery that had none, and ends the
// work of asking for it. It touches nothing else of the delivery.
func (db *DB) SaveLink(ctx context.Context, d Delivery, url string) error {
	return db.inTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE deliveries SET remote_url = ? WHERE id = ? AND status = 'PUBLISHED' AND remote_url = ''`, url, blob(d.ID))
		if err != nil {
			return fmt.Errorf("save address of delivery %s: %w", d.ID, err)
		}
		if err := tx.dropWork(ctx, WorkLink, d.ID); err != nil {
			return err
		}
		return tx.touch(ctx, d.ClubID)
	})
}

// Unfound says that nobody could find out the id of a published delivery, so that the
// part which follows it does not wait for ever: people are asked about that part.
func (db *DB) Unfound(ctx context.Context, id string) error {
	return db.inTx(ctx, func(tx *tx) error {
		d, err := deliveryOfAnyClub(ctx, tx, id)
		if err != nil || d.Phase != club.Unlinked {
			return err
		}
		return tx.tellPartAfter(ctx, d, club.PartBefore{Status: d.Status, Phase: d.Phase, Unfound: true}, 0)
	})
}

// findPartBefore looks once more for the id of what a part follows, if it is public
// without one.
func (t *tx) findPartBefore(ctx context.Context, d Delivery) error {
	before, err := queryOne(ctx, t, scanDelivery, `SELECT `+deliveryColumns+` FROM deliveries d
		WHERE d.post_id = ? AND d.connection_id = ? AND d.part = ? AND d.phase = ?`, d.PostID, d.ConnectionID, d.Part-1, club.Unlinked)
	if errors.Is(err, club.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the part before delivery %s: %w", d.ID, err)
	}
	return t.planWork(ctx, ofDelivery(WorkLink, before, t.now))
}
