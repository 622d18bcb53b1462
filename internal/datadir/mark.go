package datadir

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/bandstand-app/bandstand/internal/disk"
	"github.com/bandstand-app/bandstand/internal/failpoint"
	"github.com/bandstand-app/bandstand/store"
)

// markName is a file in the data directory that a running Bandstand replaces once a
// minute. The database knows the file that is there, by what it says and by where it
// lies, and the one that comes next; so an older database does not know it, nor does
// the database know a file that was copied.
//
// A change writes the next file under another name, then names both files in the
// database, then moves the next one into its place. Whenever that is cut off, the
// file in place is one of the two.
const markName = "instance.mark"

// markValue is the installation value with the two files, a line each.
const markValue = "mark"

// dataMark is a mark file: what it says, and where it lies. The zero value: there is none.
type dataMark struct{ says, lies string }

func (m dataMark) String() string { return strings.TrimSpace(m.says + " " + m.lies) }

func (d *Dir) markPath() string { return d.Path(markName) }

// readMark reads the mark file that is in place.
func (d *Dir) readMark() (dataMark, error) {
	f, err := os.Open(d.markPath())
	if errors.Is(err, fs.ErrNotExist) {
		return dataMark{}, nil
	}
	if err != nil {
		return dataMark{}, fmt.Errorf("read the mark of the data: %w", err)
	}
	defer f.Close()
	says, err := io.ReadAll(io.LimitReader(f, 100))
	if err != nil {
		return dataMark{}, fmt.Errorf("read the mark of the data: %w", err)
	}
	lies, err := placeOf(f)
	return dataMark{strings.TrimSpace(string(says)), lies}, err
}

// isForeign reports whether the database is not the one that last ran in this
// directory: it does not know the mark file. copied: it knows what the file says, and
// the file lies elsewhere, as in a copy of the whole directory.
func (d *Dir) isForeign(ctx context.Context, db *store.DB, there dataMark) (foreign, copied bool, err error) {
	known, err := db.InstallationValue(ctx, markValue)
	if err != nil || known == "" {
		return there != dataMark{}, false, err
	}
	before, next, _ := strings.Cut(known, "\n")
	if there.String() == before || there.String() == next {
		return false, false, nil
	}
	for _, one := range []string{before, next} {
		if says, _, _ := strings.Cut(one, " "); says != "" && says == there.says {
			return false, true, nil
		}
	}
	return true, false, nil
}

// RenewMark replaces the mark file. It is called once a minute while Bandstand runs.
func (d *Dir) RenewMark(ctx context.Context, db *store.DB) error {
	there, err := d.readMark()
	if err != nil {
		return disk.Fault(err)
	}
	unfinished := d.markPath() + ".new"
	next, err := writeMark(unfinished)
	if err != nil {
		return disk.Fault(fmt.Errorf("write the mark of the data: %w", err))
	}
	if err := failpoint.Hit("mark.written"); err != nil {
		return err
	}
	if err := db.SetInstallationValue(ctx, markValue, there.String()+"\n"+next.String()); err != nil {
		return err
	}
	if err := failpoint.Hit("mark.named"); err != nil {
		return err
	}
	if err := errors.Join(os.Rename(unfinished, d.markPath()), disk.SyncDir(d.path)); err != nil {
		return disk.Fault(fmt.Errorf("replace the mark of the data: %w", err))
	}
	return failpoint.Hit("mark.after")
}

func writeMark(path string) (dataMark, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return dataMark{}, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return dataMark{}, err
	}
	m := dataMark{says: rand.Text()}
	_, err = io.WriteString(f, m.says+"\n")
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		m.lies, err = placeOf(f)
	}
	return m, errors.Join(err, f.Close())
}

// The header of a database file, https://sqlite.org/fileformat.html#the_database_header:
// what it begins with, and the byte that says how it is written.
const (
	databaseMagic = "SQLite format 3\x00"
	writtenByte   = 18
	writtenByLog  = 2
)

// MarkCopy leaves the mark of a restore beside a database that VACUUM INTO has made:
// such a copy is not written by way of a log, and a database of ours always is. It
// comes before the database is opened, which puts an end to that difference.
func MarkCopy(dir string) error {
	f, err := os.Open(filepath.Join(dir, store.FileName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	header := make([]byte, writtenByte+1)
	if _, err := io.ReadFull(f, header); err != nil || string(header[:len(databaseMagic)]) != databaseMagic || header[writtenByte] == writtenByLog {
		return nil // nothing of ours: opening it says so
	}
	if err := os.WriteFile(filepath.Join(dir, restoreMarker), nil, fileMode); err != nil {
		return disk.Fault(err)
	}
	return disk.SyncDir(dir)
}
