package disk

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Network tells on what kind of network file system a directory lies; empty if
// it lies on none that is known.
func Network(dir string) (kind string, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return "", fmt.Errorf("look at the file system of %s: %w", dir, err)
	}
	path, err := filepath.Abs(dir)
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return "", fmt.Errorf("look at the file system of %s: %w", dir, err)
	}
	var mounts io.Reader = strings.NewReader("0 0 0:0 / / rw - unknown none") // where /proc is not to be had
	if f, err := os.Open("/proc/self/mountinfo"); err == nil {
		defer f.Close()
		mounts = f
	}
	//nolint:gosec // magic numbers have 32 bits, whatever type they come in
	if kind, err = kindOf(path, uint32(s.Type), mounts); err != nil {
		return "", fmt.Errorf("look at the file system of %s: %w", dir, err)
	}
	return kind, nil
}
