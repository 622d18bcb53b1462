package datadir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lockName is the file that says whose the data directory is (rule D3).
const lockName = "instance.lock"

// lock makes sure that one Bandstand alone works in a data directory. The
// lock ends with the process, however it ends.
func lock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = fmt.Errorf("another Bandstand already works in %s: stop it first, or give this one a directory of its own with --data", dir)
		}
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
