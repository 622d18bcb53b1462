package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/bandstand-app/bandstand/store"
)

// restoreMarker is a file in the data directory: who puts a backup there leaves
// it beside it, so that nothing goes out before an admin has looked (row 38).
const restoreMarker = "restored"

// findPlace finds out whether the data lies where it did, or was copied, moved
// or put back.
func (a *App) findPlace(ctx context.Context) error {
	at, err := placeOf(a.lock)
	if err != nil {
		return fmt.Errorf("find out where the data lies: %w", err)
	}
	marker := filepath.Join(a.settings.Data, restoreMarker)
	_, err = os.Stat(marker)
	marked := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look for the mark of a restore: %w", err)
	}
	older, err := a.isOlder(ctx, at)
	if err != nil {
		return err
	}
	restored := marked || older
	moved, err := a.db.AtPlace(ctx, at, restored)
	if err != nil {
		return err
	}
	switch {
	case restored:
		a.log.Warn("the data was put back: everything is held until an admin has looked")
		// The database keeps the hold; the mark has done its work.
		if err := os.Remove(marker); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the mark of a restore: %w", err)
		}
	case moved:
		a.log.Warn("the data was copied or moved: everything is held until an admin has said which")
	}
	return a.renewMark(ctx)
}

// isOlder reports whether the database is older than what else is in the directory,
// or the whole directory was put back in its place.
func (a *App) isOlder(ctx context.Context, at string) (bool, error) {
	there, err := a.readMark()
	if err != nil {
		return false, err
	}
	foreign, copied, err := a.isForeign(ctx, there)
	if err != nil {
		return false, err
	}
	before, err := a.db.InstallationValue(ctx, store.PlaceValue)
	if err != nil {
		return false, err
	}
	return foreign || copied && before == at, nil
}
