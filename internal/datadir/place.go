package datadir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/bandstand-app/bandstand/store"
)

// restoreMarker is a file in the data directory: who puts a backup there leaves
// it beside it, so that nothing goes out before an admin has looked (row 38).
const restoreMarker = "restored"

// FindPlace finds out whether the data lies where it did, or was copied, moved or
// put back. Where it was, the database holds everything until an admin has looked.
func (d *Dir) FindPlace(ctx context.Context, db *store.DB) error {
	at, err := placeOf(d.lock)
	if err != nil {
		return fmt.Errorf("find out where the data lies: %w", err)
	}
	marker := d.Path(restoreMarker)
	_, err = os.Stat(marker)
	marked := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look for the mark of a restore: %w", err)
	}
	older, err := d.isOlder(ctx, db, at)
	if err != nil {
		return err
	}
	restored := marked || older
	moved, err := db.AtPlace(ctx, at, restored)
	if err != nil {
		return err
	}
	switch {
	case restored:
		d.log.Warn("the data was put back: everything is held until an admin has looked")
		// The database keeps the hold; the mark has done its work.
		if err := os.Remove(marker); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the mark of a restore: %w", err)
		}
	case moved:
		d.log.Warn("the data was copied or moved: everything is held until an admin has said which")
	}
	return d.RenewMark(ctx, db)
}

// isOlder reports whether the database is older than what else is in the directory,
// or the whole directory was put back in its place.
func (d *Dir) isOlder(ctx context.Context, db *store.DB, at string) (bool, error) {
	there, err := d.readMark()
	if err != nil {
		return false, err
	}
	foreign, copied, err := d.isForeign(ctx, db, there)
	if err != nil {
		return false, err
	}
	before, err := db.InstallationValue(ctx, store.PlaceValue)
	if err != nil {
		return false, err
	}
	return foreign || copied && before == at, nil
}
