package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// BallastName is the file that holds the space, inside the data directory.
const BallastName = "ballast"

// BallastBytes is its size: room for the answers of every call on its way, for
// the log of the database, and for an admin to tidy up.
const BallastBytes = 16 << 20

// Ballast is a file of no use but its size. On a full disk not even deleting
// works, for the database notes down what it is about to delete; so the ballast
// goes, and there is room again for what must not be lost.
type Ballast struct {
	dir      string
	bytes    int64
	free     func(dir string) (free, total int64, err error)
	allocate func(f *os.File, bytes int64) error

	mu sync.Mutex
}

// NewBallast is the ballast in a directory; nothing is written yet.
func NewBallast(dir string, bytes int64) *Ballast {
	return &Ballast{dir: dir, bytes: bytes, free: Free, allocate: allocate}
}

// Load puts the ballast in place, where it is missing or not whole. It is an
// error of the kind that club.Storage knows if there is no space for it and for
// as much again: with less, the next moment would have none.
func (b *Ballast) Load() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.whole() {
		return nil
	}
	free, _, err := b.free(b.dir)
	if err == nil && free < 2*b.bytes {
		err = syscall.ENOSPC
	}
	if err == nil {
		err = b.write()
	}
	if err != nil {
		return Fault(fmt.Errorf("put space by: %w", err))
	}
	return nil
}

// Release gives the space back.
func (b *Ballast) Release() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := os.Remove(b.path()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("release the space that was put by: %w", err)
	}
	return nil
}

func (b *Ballast) path() string { return filepath.Join(b.dir, BallastName) }

// whole tells whether the file is there with all its blocks: a copy of it may
// have its size and take no space.
func (b *Ballast) whole() bool {
	i, err := os.Stat(b.path())
	if err != nil || i.Size() != b.bytes {
		return false
	}
	s, ok := i.Sys().(*syscall.Stat_t)
	return ok && s.Blocks*512 >= b.bytes
}

// write makes the file whole under another name, and then gives it its own.
func (b *Ballast) write() (err error) {
	f, err := os.OpenFile(b.path()+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	err = b.allocate(f, b.bytes)
	if errors.Is(err, errors.ErrUnsupported) {
		err = fill(f, b.bytes)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), b.path()); err != nil {
		return err
	}
	return SyncDir(b.dir)
}

// fill writes bytes of noise: zeros may be stored as nothing.
func fill(f *os.File, bytes int64) error {
	noise := rand.NewChaCha8([32]byte{})
	block := make([]byte, 64<<10)
	for bytes > 0 {
		_, _ = noise.Read(block) // never fails
		n, err := f.Write(block[:min(bytes, int64(len(block)))])
		if err != nil {
			return err
		}
		bytes -= int64(n)
	}
	return nil
}
