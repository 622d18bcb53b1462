//go:build !linux

package datadir

import (
	"fmt"
	"os"
	"syscall"
)

// placeOf names the place of a file: a copy of it has another.
func placeOf(f *os.File) (string, error) {
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "", fmt.Errorf("%s has no inode", f.Name())
	}
	return fmt.Sprintf("inode %d on %d", s.Ino, s.Dev), nil
}
