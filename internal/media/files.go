package media

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/disk"
)

// files is the folder of pictures: <dir>/aa/<id>, and <dir>/aa/<id>.<spec> for
// copies. It lies outside of everything that is served as it stands.
type files struct {
	dir  string
	free func(dir string) (free, total int64, err error)
}

func openFiles(dir string) (*files, error) {
	f := &files{dir: dir, free: disk.Free}
	// What lies in tmp was not finished before the program ended.
	if err := os.RemoveAll(f.tmp()); err != nil {
		return nil, onDisk(fmt.Errorf("clear unfinished uploads: %w", err))
	}
	if err := os.MkdirAll(f.tmp(), 0o700); err != nil {
		return nil, onDisk(fmt.Errorf("make media folder: %w", err))
	}
	return f, nil
}

func (f *files) tmp() string { return filepath.Join(f.dir, "tmp") }

func (f *files) path(id, spec string) string {
	name := id
	if spec != "" {
		name += "." + spec
	}
	return filepath.Join(f.dir, id[:2], name)
}

// write stores what fill writes, so that it is there whole or not at all, also
// after a power cut (rule D9). It returns how many bytes there are.
func (f *files) write(id, spec string, fill func(io.Writer) error) (int64, error) {
	w, err := os.CreateTemp(f.tmp(), "new-")
	if err != nil {
		return 0, onDisk(err)
	}
	defer os.Remove(w.Name()) // gone already when all went well
	if err := fill(w); err != nil {
		return 0, onDisk(errors.Join(err, w.Close()))
	}
	size, err := w.Seek(0, io.SeekCurrent)
	if err := errors.Join(err, w.Sync(), w.Close()); err != nil {
		return 0, onDisk(err)
	}
	to := f.path(id, spec)
	folder := filepath.Dir(to)
	if err := os.Mkdir(folder, 0o700); err == nil {
		if err := syncDir(f.dir); err != nil {
			return 0, onDisk(err)
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return 0, onDisk(err)
	}
	if err := os.Rename(w.Name(), to); err != nil {
		return 0, onDisk(err)
	}
	return size, onDisk(syncDir(folder))
}

// remove deletes a picture and all its copies.
func (f *files) remove(id string) error {
	found, err := filepath.Glob(f.path(id, "") + "*")
	if err != nil {
		return err
	}
	for _, p := range found {
		err = errors.Join(err, os.Remove(p))
	}
	return err
}

// room refuses when the disk is nearly full.
func (f *files) room() error {
	free, total, err := f.free(f.dir)
	if err != nil {
		return err
	}
	if disk.Tight(free, total) {
		return full(nil)
	}
	return nil
}

// onDisk makes a full disk something that people are told.
func onDisk(err error) error {
	if disk.IsFull(err) {
		return full(err)
	}
	return err
}

func full(err error) error {
	return &club.Error{Code: club.Full, Field: "media", Key: "media_disk_full", Err: err}
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
