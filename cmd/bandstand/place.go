package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	restored := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look for the mark of a restore: %w", err)
	}
	moved, err := a.db.AtPlace(ctx, at, restored)
	if err != nil {
		return err
	}
	switch {
	case restored:
		a.log.Warn("the data was put back: everything is held until an admin has looked")
		// The database keeps the hold; the mark has done its work.
		if err := os.Remove(marker); err != nil {
			return fmt.Errorf("remove the mark of a restore: %w", err)
		}
	case moved:
		a.log.Warn("the data was copied or moved: everything is held until an admin has said which")
	}
	return nil
}
