package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/journal"
	"github.com/bandstand-app/bandstand/store"
)

// What keeps everybody but the owner out (rule D3).
const (
	ownDirectory = 0o700
	ownFile      = 0o600
)

// openDirectory makes the data directory if there is none, refuses one that
// Bandstand cannot work in, and takes possession of it (rule D3).
func (a *App) openDirectory() error {
	dir := a.settings.Data
	if err := os.MkdirAll(dir, ownDirectory); err != nil {
		return unusable(dir, fmt.Errorf("make data directory: %w", err))
	}
	kind, err := a.network(dir)
	if err != nil {
		return err
	}
	if kind != "" && !a.settings.AllowNetworkDisk {
		return fmt.Errorf("the data directory %s is on a network file system (%s), where a database can be damaged because locks cannot be relied upon: "+
			"name a directory on a disk of this computer with --data; or, if you are sure that no other computer uses it, start with --allow-network-disk", dir, kind)
	}
	if a.lock, err = lockData(dir); err != nil {
		return unusable(dir, err)
	}
	if err := a.closeDirectory(os.Chmod); err != nil {
		return err
	}
	return a.checkFiles(mayWrite)
}

// closeDirectory keeps everybody but the owner out of a data directory that was
// made by hand or copied, and says so. Where the mode cannot be changed, because
// the directory belongs to somebody else or its disk knows no modes, it warns.
func (a *App) closeDirectory(chmod func(string, os.FileMode) error) error {
	dir := a.settings.Data
	i, err := os.Stat(dir)
	if err != nil {
		return unusable(dir, err)
	}
	open := i.Mode().Perm()
	if open&^ownDirectory == 0 {
		return nil
	}
	if err := chmod(dir, open&ownDirectory); err != nil {
		a.log.Warn("others on this computer may look into the data directory", "directory", dir, "mode", open.String(), "err", err)
		return nil
	}
	if i, err = os.Stat(dir); err != nil {
		return unusable(dir, err)
	}
	if i.Mode().Perm()&^ownDirectory != 0 {
		a.log.Warn("others on this computer may look into the data directory, whose disk keeps no modes", "directory", dir, "mode", open.String())
		return nil
	}
	a.log.Info("others on this computer could look into the data directory; its mode is changed", "directory", dir, "was", open.String(), "is", i.Mode().Perm().String())
	return nil
}

// checkFiles looks at the files that must be written: one that another user made
// would be found out in the middle of the work. Nobody else may read them.
func (a *App) checkFiles(may func(path string) error) error {
	for _, name := range []string{store.FileName, store.FileName + "-wal", store.FileName + "-shm", journal.FileName} {
		path := filepath.Join(a.settings.Data, name)
		i, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = may(path)
		}
		if err != nil {
			return unusable(path, err)
		}
		if i.Mode().Perm()&^ownFile == 0 {
			continue
		}
		if err := os.Chmod(path, i.Mode().Perm()&ownFile); err != nil {
			a.log.Warn("others on this computer may read a file of Bandstand", "file", path, "err", err)
		}
	}
	return nil
}

func mayWrite(path string) error { return unix.Access(path, unix.W_OK) }

// unusable says what a person who starts the program can do about a directory or
// a file that cannot be written.
func unusable(path string, err error) error {
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
