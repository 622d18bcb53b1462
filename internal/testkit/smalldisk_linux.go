// Package testkit is what tests of several packages need.
package testkit

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// SmallDisk is a disk of its own until the test ends, with options of tmpfs that
// say how much it takes, as "size=64k,nr_inodes=4" does; and a function that fills
// it to the last block, and one that makes room again. Where it may not be mounted,
// the test is not run, and says so.
func SmallDisk(t testing.TB, options string) (dir string, fill, free func()) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("bandstand-test", dir, "tmpfs", 0, options); err != nil {
		t.Skipf("NOT RUN: a disk that is really full needs the right to mount one (root): %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	waste := filepath.Join(dir, "waste")
	fill = func() {
		f, err := os.OpenFile(waste, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for block := make([]byte, 1<<20); len(block) > 0; {
			if _, err := f.Write(block); errors.Is(err, syscall.ENOSPC) {
				block = block[:len(block)/2]
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
	free = func() {
		if err := os.Remove(waste); err != nil {
			t.Fatal(err)
		}
	}
	return dir, fill, free
}
