// Package datadir takes possession of a data directory: one process alone works
// in it, nobody but its owner looks into it, and a copy of it, or an older state
// that was put back, is noticed before anything is published from it.
package datadir

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/disk"
	"github.com/bandstand-app/bandstand/internal/journal"
	"github.com/bandstand-app/bandstand/internal/secret"
	"github.com/bandstand-app/bandstand/store"
)

// Modes that keep everybody but the owner out (rule D3).
const (
	dirMode  = 0o700
	fileMode = 0o600
)

// Options say how a directory is opened.
type Options struct {
	Log *slog.Logger
	// AllowNetworkDisk is for those who know that no other computer uses it.
	AllowNetworkDisk bool
	// Network names the network file system that a directory is on; "" if it is
	// on a disk of this computer. nil: as the operating system says.
	Network func(dir string) (kind string, err error)
}

// Dir is a data directory that belongs to this process until Close.
type Dir struct {
	path string
	lock *os.File
	log  *slog.Logger
}

// Open makes the directory if there is none, refuses one that Bandstand cannot
// work in, and takes possession of it (rule D3). Its errors say what the person
// who starts the program can do.
func Open(path string, o Options) (*Dir, error) {
	if err := os.MkdirAll(path, dirMode); err != nil {
		return nil, Explain(path, fmt.Errorf("make data directory: %w", err))
	}
	network := o.Network
	if network == nil {
		network = disk.Network
	}
	kind, err := network(path)
	if err != nil {
		return nil, err
	}
	if kind != "" && !o.AllowNetworkDisk {
		return nil, fmt.Errorf("the data directory %s is on a network file system (%s), where a database can be damaged because locks cannot be relied upon: "+
			"name a directory on a disk of this computer with --data; or, if you are sure that no other computer uses it, start with --allow-network-disk", path, kind)
	}
	d := &Dir{path: path, log: cmp.Or(o.Log, slog.Default())}
	if d.lock, err = lock(path); err != nil {
		return nil, Explain(path, err)
	}
	err = d.keepOthersOut(os.Chmod)
	if err == nil {
		err = d.checkFiles(mayWrite)
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// Path is a file or directory in the data directory; without names, the data
// directory itself.
func (d *Dir) Path(names ...string) string {
	return filepath.Join(append([]string{d.path}, names...)...)
}

// Close gives the directory up.
func (d *Dir) Close() error { return d.lock.Close() }

// Keys loads the key file, or makes one at the very first start. A database
// without its key is refused: a new key would lose every sign-in. file is "" for
// the usual place in the directory.
func Keys(dir, file string) (*secret.Keyset, error) {
	if file == "" {
		file = filepath.Join(dir, "keys", "bandstand.key")
	}
	keys, err := secret.Load(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return keys, err
	}
	if _, err := os.Stat(filepath.Join(dir, store.FileName)); err == nil {
		return nil, fmt.Errorf("the key file %s is missing, but there is a database: put the key file back (it is in your backup of keys, not in the backup of the database), or name it with --key-file", file)
	}
	return secret.Create(file)
}

// keepOthersOut closes a data directory that was made by hand or copied to
// everybody but the owner, and logs it. Where the mode cannot be changed, because
// the directory belongs to somebody else or its disk knows no modes, it warns.
func (d *Dir) keepOthersOut(chmod func(string, os.FileMode) error) error {
	i, err := os.Stat(d.path)
	if err != nil {
		return Explain(d.path, err)
	}
	open := i.Mode().Perm()
	if open&^dirMode == 0 {
		return nil
	}
	if err := chmod(d.path, open&dirMode); err != nil {
		d.log.Warn("others on this computer may look into the data directory", "directory", d.path, "mode", open.String(), "err", err)
		return nil
	}
	if i, err = os.Stat(d.path); err != nil {
		return Explain(d.path, err)
	}
	if i.Mode().Perm()&^dirMode != 0 {
		d.log.Warn("others on this computer may look into the data directory, whose disk keeps no modes", "directory", d.path, "mode", open.String())
		return nil
	}
	d.log.Info("others on this computer could look into the data directory; its mode is changed", "directory", d.path, "was", open.String(), "is", i.Mode().Perm().String())
	return nil
}

// checkFiles looks at the files that must be written: one that another user made
// would be found out in the middle of the work. Nobody else may read them.
func (d *Dir) checkFiles(may func(path string) error) error {
	for _, name := range []string{store.FileName, store.FileName + "-wal", store.FileName + "-shm", journal.FileName} {
		path := d.Path(name)
		i, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = may(path)
		}
		if err != nil {
			return Explain(path, err)
		}
		if i.Mode().Perm()&^fileMode == 0 {
			continue
		}
		if err := os.Chmod(path, i.Mode().Perm()&fileMode); err != nil {
			d.log.Warn("others on this computer may read a file of Bandstand", "file", path, "err", err)
		}
	}
	return nil
}

func mayWrite(path string) error { return unix.Access(path, unix.W_OK) }

// Explain adds to an error what the person who starts the program can do about a
// directory or a file that cannot be written.
func Explain(path string, err error) error {
	switch {
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%s is on a disk that takes no writes (it is mounted read-only): look at the disk, or name a directory elsewhere with --data: %w", path, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s cannot be written by the user that Bandstand runs as (number %d): give it to that user with chown, or start Bandstand as the user that it belongs to: %w", path, os.Getuid(), err)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), club.CodeOf(err) == club.Full:
		return fmt.Errorf("the disk of %s is full, or takes no writes: make room on it, 40 MB at least, and start Bandstand again: %w", path, err)
	case club.CodeOf(err) == club.Busy:
		return fmt.Errorf("another program holds the database in %s: close it, and start Bandstand again: %w", path, err)
	}
	return err
}
