package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/testkit"
)

// wantNoTrace: nothing is left of a ballast that could not be put by.
func wantNoTrace(t *testing.T, b *Ballast) {
	t.Helper()
	for _, name := range []string{b.path(), b.path() + ".new"} {
		if i, err := os.Stat(name); err == nil && i.Mode().IsRegular() {
			t.Errorf("%d bytes are left in %s", i.Size(), filepath.Base(name))
		}
	}
}

// TestBallastThatCannotBePutBy is rule D8: it is an error that holds the engine, says
// what is wrong, and what was begun takes no space.
func TestBallastThatCannotBePutBy(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spoil func(b *Ballast) error
		key   string
	}{
		"the disk becomes full": {func(b *Ballast) error {
			b.allocate = func(*os.File, int64) error { return syscall.ENOSPC }
			return nil
		}, "error_no_space"},
		"a quota is used up": {func(b *Ballast) error {
			b.allocate = func(*os.File, int64) error { return syscall.EDQUOT }
			return nil
		}, "error_no_space"},
		"the disk is broken": {func(b *Ballast) error {
			b.allocate = func(f *os.File, _ int64) error { return f.Close() }
			return nil
		}, "error_no_write"},
		"something lies in its place":            {func(b *Ballast) error { return os.MkdirAll(filepath.Join(b.path(), "x"), 0o700) }, "error_no_write"},
		"something lies where it is made":        {func(b *Ballast) error { return os.Mkdir(b.path()+".new", 0o700) }, "error_no_write"},
		"it is not known how much space is free": {func(b *Ballast) error { b.dir = filepath.Join(b.dir, "gone"); return nil }, "error_no_write"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := NewBallast(t.TempDir(), small)
			if err := tt.spoil(b); err != nil {
				t.Fatal(err)
			}
			err := b.Load()
			if e, ok := errors.AsType[*club.Error](err); !ok || e.Code != club.Full || e.Key != tt.key {
				t.Errorf("it says %v, want %s", err, tt.key)
			}
			wantNoTrace(t, b)
		})
	}
}

// TestBallastWithoutAllocation: where the file system cannot give a file its
// blocks, they are written, and are there.
func TestBallastWithoutAllocation(t *testing.T) {
	t.Parallel()
	for _, errno := range []error{unix.ENOSYS, unix.EOPNOTSUPP, errors.ErrUnsupported} {
		b := NewBallast(t.TempDir(), small)
		b.allocate = func(*os.File, int64) error { return errno }
		if err := b.Load(); err != nil || blocks(t, b.dir) < small {
			t.Errorf("%v: it takes %d bytes, %v", errno, blocks(t, b.dir), err)
		}
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("NOT RUN: there is no /dev/full")
	}
	defer full.Close()
	if err := fill(full, small); !IsFull(err) {
		t.Errorf("written on a full disk: %v", err)
	}
}

// TestBallastOnASmallDisk: on a disk that is really full it is an error, and
// when there is room again it is there.
func TestBallastOnASmallDisk(t *testing.T) {
	t.Parallel()
	dir, fillUp, free := testkit.SmallDisk(t, "size=2m")
	b := NewBallast(dir, small)
	fillUp()
	if err := b.Load(); club.CodeOf(err) != club.Full {
		t.Errorf("put by on a full disk: %v", err)
	}
	b.free = func(string) (int64, int64, error) { return 1 << 40, 1 << 40, nil } // it filled up meanwhile
	if err := b.Load(); club.CodeOf(err) != club.Full {
		t.Errorf("put by on a full disk: %v", err)
	}
	wantNoTrace(t, b)
	free()
	if err := b.Load(); err != nil || blocks(t, dir) < small {
		t.Errorf("with room it takes %d bytes, %v", blocks(t, dir), err)
	}
}

func TestBallastThatCannotBeReleased(t *testing.T) {
	t.Parallel()
	b := NewBallast(t.TempDir(), small)
	if err := os.MkdirAll(filepath.Join(b.path(), "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := b.Release(); err == nil {
		t.Error("it says that there is room now")
	}
}

// TestFaultsInWords: what a person is told of a file that cannot be written.
func TestFaultsInWords(t *testing.T) {
	t.Parallel()
	busy := &club.Error{Code: club.Busy, Key: "error_locked"}
	for _, tt := range []struct {
		err error
		key string
	}{
		{syscall.ENOSPC, "error_no_space"},
		{&os.PathError{Op: "write", Path: "x", Err: syscall.EDQUOT}, "error_no_space"},
		{syscall.EROFS, "error_no_write"},
		{os.ErrPermission, "error_no_write"},
		{fmt.Errorf("begin: %w", busy), "error_locked"},
	} {
		got := Fault(tt.err)
		if e, ok := errors.AsType[*club.Error](got); !ok || e.Key != tt.key || !errors.Is(got, tt.err) || !club.Storage(got) {
			t.Errorf("%v is told as %v, want %s", tt.err, got, tt.key)
		}
	}
	if err := Fault(nil); err != nil {
		t.Errorf("no fault is told as %v", err)
	}
}

// TestPicturesAreRefusedFirst is rule D8: below 500 MB or a twentieth of the disk,
// whichever is less.
func TestPicturesAreRefusedFirst(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		free, total int64
		tight       bool
	}{
		{499_999_999, 1e12, true},
		{500_000_000, 1e12, false},
		{49_999_999, 1e9, true},
		{50_000_000, 1e9, false},
		{0, 0, false},
	} {
		if got := Tight(tt.free, tt.total); got != tt.tight {
			t.Errorf("%d of %d bytes: tight %v, want %v", tt.free, tt.total, got, tt.tight)
		}
	}
}

// TestDirectoryThatCannotBeLookedAt is rule D3: where it cannot be told on what the
// directory lies, that is an error, not "here".
func TestDirectoryThatCannotBeLookedAt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	round := filepath.Join(dir, "round")
	if err := os.Symlink(round, round); err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{filepath.Join(dir, "gone"), round} {
		if kind, err := Network(gone); err == nil || !strings.Contains(err.Error(), gone) {
			t.Errorf("%s is on %q, %v", gone, kind, err)
		}
	}
	endless := strings.NewReader(strings.Repeat("x", 2<<20))
	if kind, err := kindOf("/data", 0, endless); err == nil {
		t.Errorf("with mounts that cannot be read it is on %q", kind)
	}
	if err := SyncDir(filepath.Join(dir, "gone")); err == nil {
		t.Error("a directory that is not there is on the disk")
	}
}
