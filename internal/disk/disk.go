// Package disk looks after the space that the data has: how much is left, and
// some that is put by for the moment when nothing is (rule D8).
package disk

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/bandstand-app/bandstand/internal/club"
)

// keepFree is how much must be free before pictures are taken in, or a twentieth
// of the disk where that is less: the database needs the rest (rule D8).
const keepFree = 500_000_000

// Free is how much of the disk on which dir lies is left, and how much it has,
// in bytes.
func Free(dir string) (free, total int64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, 0, fmt.Errorf("look for free space: %w", err)
	}
	//nolint:unconvert // other systems have fields of other widths
	return int64(s.Bavail) * int64(s.Bsize), int64(s.Blocks) * int64(s.Bsize), nil
}

// Tight tells whether too little is free to take in pictures.
func Tight(free, total int64) bool { return free < min(keepFree, total/20) }

// IsFull tells whether err says that there is no space.
func IsFull(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// Fault makes an error that people understand of a file that cannot be written.
func Fault(err error) error {
	switch {
	case err == nil, club.Storage(err):
		return err
	case IsFull(err):
		return &club.Error{Code: club.Full, Key: "error_no_space", Err: err}
	}
	return &club.Error{Code: club.Full, Key: "error_no_write", Err: err}
}

// SyncDir makes what was done to the names in a directory last.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
