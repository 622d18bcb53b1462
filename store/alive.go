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

// SayAlive records that Bandstand runs.
func (db *DB) SayAlive(ctx context.Context) error {
	return db.SetInstallationValue(ctx, alive, strconv.FormatInt(db.now().UnixMilli(), 10))
}
