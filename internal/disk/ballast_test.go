package disk

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
)

const small = 256 << 10

// blocks is how much space the ballast in dir takes, -1 if it is not there.
func blocks(t *testing.T, dir string) int64 {
	t.Helper()
	i, err := os.Stat(filepath.Join(dir, BallastName))
	if errors.Is(err, os.ErrNotExist) {
		return -1
	}
	if err != nil {
		t.Fatal(err)
	}
	s, ok := i.Sys().(*syscall.Stat_t)
	if !ok {
		t.Fatal("no blocks are counted here")
	}
	return s.Blocks * 512
}

func TestBallastTakesSpaceAndGivesItBack(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(path string) error{
		"first start":       func(string) error { return nil },
		"taken away":        os.Remove,
		"cut off":           func(path string) error { return os.Truncate(path, small/2) },
		"copied with holes": func(path string) error { return errors.Join(os.Truncate(path, 0), os.Truncate(path, small)) },
		"unfinished, as well": func(path string) error {
			return errors.Join(os.Remove(path), os.WriteFile(path+".new", []byte{1}, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			b := NewBallast(dir, small)
			if name != "first start" {
				if err := errors.Join(b.Load(), spoil(b.path())); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				if err := b.Load(); err != nil {
					t.Fatal(err)
				}
				if got := blocks(t, dir); got < small {
					t.Errorf("the ballast takes %d bytes, want %d", got, small)
				}
			}
			for range 2 {
				if err := b.Release(); err != nil {
					t.Fatal(err)
				}
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
				t.Errorf("released, there is still %v, %v", left, err)
			}
		})
	}
}

// TestBallastIsNotTheLastOfTheDisk: what takes all the space there is would make
// the disk full itself.
func TestBallastIsNotTheLastOfTheDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := NewBallast(dir, small)
	free := int64(2*small - 1)
	b.free = func(string) (int64, int64, error) { return free, 1 << 40, nil }
	if err := b.Load(); club.CodeOf(err) != club.Full || blocks(t, dir) != -1 {
		t.Errorf("with too little space: %v, want %s and no file", err, club.Full)
	}
	free++
	if err := b.Load(); err != nil {
		t.Fatal(err)
	}
	free = 0 // it is there: nothing is needed
	if err := b.Load(); err != nil {
		t.Error(err)
	}
}

func TestBallastWhereNothingCanBeWritten(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "gone")
	b := NewBallast(dir, small)
	b.free = func(string) (int64, int64, error) { return 1 << 40, 1 << 40, nil }
	if err := b.Load(); club.CodeOf(err) != club.Full || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a directory: %v, want %s", err, club.Full)
	}
}

func TestNoiseHasItsSize(t *testing.T) {
	t.Parallel()
	f, err := os.Create(filepath.Join(t.TempDir(), "noise"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const odd = 100_001
	if err := fill(f, odd); err != nil {
		t.Fatal(err)
	}
	if i, err := f.Stat(); err != nil || i.Size() != odd {
		t.Errorf("%d bytes, %v; want %d", i.Size(), err, odd)
	}
}

func TestFreeSpace(t *testing.T) {
	t.Parallel()
	free, total, err := Free(t.TempDir())
	if err != nil || free <= 0 || total < free {
		t.Errorf("%d of %d bytes are free, %v", free, total, err)
	}
	if _, _, err := Free(filepath.Join(t.TempDir(), "gone")); err == nil {
		t.Error("space is found where there is nothing")
	}
}
