package journal

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
)

// TestFileClosedUnderIt: every line is there once, whatever became of the open
// file (rule P1).
func TestFileClosedUnderIt(t *testing.T) {
	t.Parallel()
	j := open(t, t.TempDir())
	add(t, j, entry(1))
	if err := j.file.Close(); err != nil {
		t.Fatal(err)
	}
	add(t, j, entry(2))
	wantEntries(t, j, entry(1), entry(2))
}

// TestSomethingInThePlaceOfTheJournal: where it cannot be opened or read, that is
// an error, never an empty journal: an old copy of the database would be believed.
func TestSomethingInThePlaceOfTheJournal(t *testing.T) {
	t.Parallel()
	for name, place := range map[string]func(dir string) (at string, err error){
		"a directory": func(dir string) (string, error) { return dir, os.Mkdir(filepath.Join(dir, FileName), 0o700) },
		"nothing that leads on": func(dir string) (string, error) {
			return filepath.Join(dir, "gone"), nil
		},
		"a file for the directory": func(dir string) (string, error) {
			return filepath.Join(dir, "file"), os.WriteFile(filepath.Join(dir, "file"), nil, 0o600)
		},
	} {
		at, err := place(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if j, err := Open(at, nil); err == nil || !strings.Contains(err.Error(), at) {
			t.Errorf("%s: opened %v, %v", name, j, err)
		}
	}

	for name, spoil := range map[string]func(j *Journal) error{
		"a directory in the place of the file": func(j *Journal) error {
			return errors.Join(os.Remove(j.path()), os.Mkdir(j.path(), 0o700))
		},
		"a directory in the place of a full file": func(j *Journal) error { return os.Mkdir(j.path()+".000001", 0o700) },
		"the directory is gone":                   func(j *Journal) error { return os.RemoveAll(j.dir) },
	} {
		j := open(t, t.TempDir())
		add(t, j, entry(1))
		if err := spoil(j); err != nil {
			t.Fatal(err)
		}
		if err := j.Read(func(Entry) error { return nil }); err == nil {
			t.Errorf("%s: it is read without an error", name)
		}
	}
}

// TestWhoReadsMayStop: what the reader says is handed on.
func TestWhoReadsMayStop(t *testing.T) {
	t.Parallel()
	j := open(t, t.TempDir())
	add(t, j, entry(1), entry(2))
	enough, n := errors.New("enough"), 0
	if err := j.Read(func(Entry) error { n++; return enough }); !errors.Is(err, enough) || n != 1 {
		t.Errorf("after %d entries: %v", n, err)
	}
}

// TestForeignLinesAreCounted: a line that only looks like one is none, and those
// around it are read.
func TestForeignLinesAreCounted(t *testing.T) {
	t.Parallel()
	summed := func(body string) string {
		return fmt.Sprintf("%08x %s", crc32.Checksum([]byte(body), castagnoli), body)
	}
	for name, line := range map[string]string{
		"no checksum":             `{"at":1}`,
		"a checksum of letters":   `zzzzzzzz {"at":1}`,
		"a checksum of another":   `00000000 {"at":1}`,
		"summed, and no JSON":     summed(`hello`),
		"summed, and other types": summed(`{"at":"yesterday"}`),
		"nothing":                 ``,
	} {
		j := open(t, t.TempDir())
		add(t, j, entry(1), entry(2))
		b, err := os.ReadFile(j.path())
		if err != nil {
			t.Fatal(err)
		}
		lines := bytes.SplitAfter(b, []byte("\n"))
		if err := os.WriteFile(j.path(), bytes.Join([][]byte{lines[0], []byte(line + "\n"), lines[1]}, nil), 0o600); err != nil {
			t.Fatal(err)
		}
		wantEntries(t, j, entry(1), entry(2))
		if n := j.Position().Damaged; n != 1 {
			t.Errorf("%s: %d lines count as damaged, want 1", name, n)
		}
	}
}

// TestFaultsWhileAFullFileMakesRoom: the line is refused, nothing is lost, and
// when the fault is over the next is taken.
func TestFaultsWhileAFullFileMakesRoom(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ spoil, mend func(j *Journal) error }{
		"the new file is not kept": {
			func(j *Journal) error { j.sync = func(*os.File) error { return syscall.EIO }; return nil },
			func(j *Journal) error { j.sync = (*os.File).Sync; return nil },
		},
		"an old file cannot be looked into": {
			func(j *Journal) error {
				old := j.path() + ".000001"
				return errors.Join(os.Rename(old, j.path()+".aside"), os.Mkdir(old, 0o700))
			},
			func(j *Journal) error {
				old := j.path() + ".000001"
				return errors.Join(os.Remove(old), os.Rename(j.path()+".aside", old))
			},
		},
		"the directory is gone": {
			func(j *Journal) error { return os.Rename(j.dir, j.dir+".aside") },
			func(j *Journal) error { return os.Rename(j.dir+".aside", j.dir) },
		},
	} {
		j := open(t, filepath.Join(t.TempDir()))
		j.fullAt = 1
		add(t, j, entry(1), entry(2))
		if err := tt.spoil(j); err != nil {
			t.Fatal(err)
		}
		if err := j.Append(entry(3)); !club.Storage(err) {
			t.Errorf("%s: the line is taken: %v", name, err)
		}
		if err := tt.mend(j); err != nil {
			t.Fatal(err)
		}
		add(t, j, entry(4))
		wantEntries(t, j, entry(1), entry(2), entry(4))
	}
}
