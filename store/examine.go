package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/mattn/go-sqlite3"

	"github.com/bandstand-app/bandstand/internal/club"
)

// examined is the installation value that says how the last Examine ended.
const examined = "examined"

// Examination is how the database was when all of it was last read.
type Examination struct {
	At      time.Time // zero: never
	Trouble string    // the first thing that is wrong, in SQLite's words; empty if nothing is
}

// Unclean tells whether the program that last had the database open stopped
// without closing it: SQLite removes the write-ahead log when the last
// connection closes.
func (db *DB) Unclean() bool { return db.unclean }

func leftLog(path string) bool {
	i, err := os.Stat(path + "-wal")
	return err == nil && i.Size() > 0
}

// Examine reads the whole database, with every index, and keeps what it found
// (rule D10). Others go on reading and writing meanwhile. A quick check would not
// do: of 2,000 damages it let 27 pass, in indexes that lacked a row.
func (db *DB) Examine(ctx context.Context) (Examination, error) {
	trouble, err := db.trouble(ctx)
	if err != nil {
		return Examination{}, fmt.Errorf("examine the database: %w", err)
	}
	x := Examination{At: time.UnixMilli(db.now().UnixMilli()).UTC(), Trouble: trouble}
	if trouble != "" {
		db.noteDamage(trouble)
	}
	err = db.SetInstallationValue(ctx, examined, strconv.FormatInt(x.At.UnixMilli(), 10)+" "+x.Trouble)
	if x.Trouble != "" {
		err = nil // more than that cannot be asked of a damaged database
	}
	return x, err
}

// trouble is the first thing that is wrong with the database; empty if nothing
// is.
func (db *DB) trouble(ctx context.Context) (string, error) {
	result := ""
	err := db.read.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&result)
	switch {
	case isDamage(err):
		return said(err), nil
	case err != nil:
		return "", err
	case result == "ok":
		return "", nil
	}
	return strings.TrimSpace(result), nil
}

// Examined is how the last Examine ended.
func (db *DB) Examined(ctx context.Context) (Examination, error) {
	v, err := db.InstallationValue(ctx, examined)
	if err != nil || v == "" {
		return Examination{}, err
	}
	at, trouble, _ := strings.Cut(v, " ")
	n, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return Examination{}, fmt.Errorf("read when the database was examined: %w", err)
	}
	return Examination{At: time.UnixMilli(n).UTC(), Trouble: trouble}, nil
}

// ExamineAfterCrash refuses a database that is damaged, where the last program
// stopped in the middle of its work, or had found damage.
func (db *DB) ExamineAfterCrash(ctx context.Context) error {
	if !db.unclean {
		return nil
	}
	x, err := db.Examine(ctx)
	switch {
	case x.Trouble != "":
		return db.damaged(errors.New(x.Trouble))
	case !x.At.IsZero() && club.Storage(err):
		err = nil // it is well; only that cannot be noted down
	}
	if err != nil {
		return err
	}
	return forgetDamage(db.path)
}

func isDamage(err error) bool {
	e, ok := errors.AsType[sqlite3.Error](err)
	return ok && (e.Code == sqlite3.ErrCorrupt || e.Code == sqlite3.ErrNotADB)
}

// Explain says what a person who starts the program can do, if err is that the
// database is damaged; other errors stay as they are.
func (db *DB) Explain(err error) error {
	if !isDamage(err) || errors.Is(err, errDamaged) {
		return err
	}
	return db.damaged(err)
}

var errDamaged = errors.New("is damaged")

func (db *DB) damaged(err error) error { return damaged(db.path, err) }

// damaged says what a person who starts the program can do.
func damaged(path string, err error) error {
	return fmt.Errorf("the database %s %w, so Bandstand does not start: it could send something twice or lose it. "+
		"Keep the file, and put your last backup in its place: %w", path, errDamaged, err)
}
