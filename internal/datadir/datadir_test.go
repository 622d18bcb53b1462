package datadir

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/bandstand-app/bandstand/internal/journal"
	"github.com/bandstand-app/bandstand/store"
)

// tryOpen opens a directory and closes it again.
func tryOpen(data string, o Options) error {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	d, err := Open(data, o)
	if err != nil {
		return err
	}
	return d.Close()
}

func TestNetworkDiskIsRefused(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	far := func(dir string) (string, error) {
		if dir != data {
			t.Errorf("it looks at %s", dir)
		}
		return "nfs4", nil
	}
	err := tryOpen(data, Options{Network: far})
	if err == nil || !strings.Contains(err.Error(), "network file system (nfs4)") || !strings.Contains(err.Error(), "--data") {
		t.Errorf("on a network disk: %v", err)
	}
	if left, err := os.ReadDir(data); err != nil || len(left) != 0 {
		t.Errorf("what was refused holds %v, %v", left, err)
	}
	if err := tryOpen(data, Options{Network: far, AllowNetworkDisk: true}); err != nil {
		t.Errorf("allowed all the same: %v", err)
	}
}

func TestFilesOfAnotherUser(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{store.FileName, journal.FileName} {
		if err := os.WriteFile(filepath.Join(data, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d := &Dir{path: data, log: slog.New(slog.DiscardHandler)}
	for _, name := range []string{store.FileName, journal.FileName} {
		path := filepath.Join(data, name)
		err := d.checkFiles(func(p string) error {
			if p == path {
				return syscall.EACCES
			}
			return nil
		})
		if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "chown") {
			t.Errorf("%s of another user: %v", name, err)
		}
		if i, err := os.Stat(path); err != nil || i.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %s, %v; want 0600", name, i.Mode(), err)
		}
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := tryOpen(data, Options{}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{store.FileName, journal.FileName} {
		if i, err := os.Stat(filepath.Join(data, name)); err != nil || i.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %s, %v after a start; want 0600", name, i.Mode(), err)
		}
	}
}

// TestOthersMayNotLookIntoTheDataDirectory: one that was made by hand or copied
// is closed at the start. Where that does not go, it is said.
func TestOthersMayNotLookIntoTheDataDirectory(t *testing.T) {
	t.Parallel()
	for _, mode := range []os.FileMode{0o755, 0o770, 0o701, 0o777} {
		data := filepath.Join(t.TempDir(), "data")
		if err := errors.Join(os.Mkdir(data, 0o700), os.Chmod(data, mode)); err != nil {
			t.Fatal(err)
		}
		if err := tryOpen(data, Options{}); err != nil {
			t.Fatal(err)
		}
		if i, err := os.Stat(data); err != nil || i.Mode().Perm() != 0o700 {
			t.Errorf("a directory of mode %s has %s after a start, %v; want 0700", mode, i.Mode().Perm(), err)
		}
	}
	for name, tt := range map[string]struct {
		mode  os.FileMode
		chmod func(string, os.FileMode) error
		level string
	}{
		"closed already":              {0o700, func(string, os.FileMode) error { return errors.New("it was asked for") }, ""},
		"open":                        {0o755, os.Chmod, "INFO"},
		"of somebody else":            {0o755, func(string, os.FileMode) error { return syscall.EPERM }, "WARN"},
		"on a disk that has no modes": {0o755, func(string, os.FileMode) error { return nil }, "WARN"},
	} {
		data := t.TempDir()
		if err := os.Chmod(data, tt.mode); err != nil {
			t.Fatal(err)
		}
		var said strings.Builder
		d := &Dir{path: data, log: slog.New(slog.NewTextHandler(&said, nil))}
		if err := d.keepOthersOut(tt.chmod); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if tt.level == "" && said.Len() > 0 || !strings.Contains(said.String(), tt.level) || tt.level != "" && !strings.Contains(said.String(), data) {
			t.Errorf("%s: the log says %q, want %s", name, said.String(), tt.level)
		}
	}
}

func TestWhatIsSaidOfADirectory(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  error
		says string
	}{
		{syscall.EROFS, "mounted read-only"},
		{syscall.EACCES, "chown"},
		{syscall.EPERM, "chown"},
		{syscall.ENOSPC, "make room"},
		{syscall.EDQUOT, "make room"},
	} {
		err := Explain("/srv/bandstand", &fs.PathError{Op: "open", Path: "/srv/bandstand/instance.lock", Err: tt.err})
		if !errors.Is(err, tt.err) || !strings.HasPrefix(err.Error(), "/srv/bandstand ") && !strings.Contains(err.Error(), " /srv/bandstand ") || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%v is said as %q, want %q", tt.err, err, tt.says)
		}
	}
}
