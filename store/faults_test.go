package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/mattn/go-sqlite3"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// pragma sets something on the one connection that writes.
func pragma(t *testing.T, db *store.DB, what string) {
	t.Helper()
	if _, err := db.Writer().ExecContext(t.Context(), "PRAGMA "+what); err != nil {
		t.Fatal(err)
	}
}

// TestFullDisk is T-DB-FULL on one statement: it is said, nothing of it stays,
// reading goes on, and so does writing when there is room again.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.NewClock().Now)
	c := storetest.NewClub(t, db)
	long := strings.Repeat("The match is on Saturday. ", 4000)
	save := func(op string) error {
		_, err := db.SavePost(t.Context(), c.Scope, store.PostChange{Op: op, Content: club.Content{Text: long}})
		return err
	}
	pragma(t, db, "max_page_count = 1") // as many as there are now
	err := save("one")
	if club.CodeOf(err) != club.Full || !club.Storage(err) {
		t.Fatalf("saving on a full disk: %v, want %s", err, club.Full)
	}
	all, err := db.Posts(t.Context(), c.Scope, store.PostFilter{Limit: 10})
	if err != nil || len(all) != 0 {
		t.Errorf("%d posts after a save that failed (%v), want none", len(all), err)
	}
	pragma(t, db, "max_page_count = 1000000")
	if err := save("one"); err != nil {
		t.Fatalf("saving with room again: %v", err)
	}
	var fine string
	if err := db.Reader().QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&fine); err != nil || fine != "ok" {
		t.Errorf("integrity: %s, %v", fine, err)
	}
}

func TestLockedDatabase(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.NewClock().Now)
	c := storetest.NewClub(t, db)
	pragma(t, db, "busy_timeout = 10")
	holder := storetest.Lock(t, db)
	if err := db.SayAlive(t.Context()); club.CodeOf(err) != club.Busy || !club.Storage(err) {
		t.Errorf("writing while another program writes: %v, want %s", err, club.Busy)
	}
	if _, err := db.Club(t.Context(), c.ClubID); err != nil {
		t.Errorf("reading while another program writes: %v", err)
	}
	if _, err := holder.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := db.SayAlive(t.Context()); err != nil {
		t.Errorf("writing after that: %v", err)
	}
}

func TestDiskThatTakesNoWrites(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.NewClock().Now)
	pragma(t, db, "query_only = 1")
	err := db.SayAlive(t.Context())
	if e, ok := errors.AsType[*club.Error](err); !ok || e.Code != club.Full || e.Key != "error_no_write" {
		t.Errorf("writing where nothing may be written: %v", err)
	}
}

func TestFaultsOfTheDatabase(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.NewClock().Now)
	for _, tt := range []struct {
		err  error
		code club.Code
		key  string
	}{
		{sqlite3.Error{Code: sqlite3.ErrFull}, club.Full, "error_no_space"},
		{sqlite3.Error{Code: sqlite3.ErrIoErr, ExtendedCode: sqlite3.ErrIoErrSHMSize, SystemErrno: syscall.ENOSPC}, club.Full, "error_no_space"},
		{sqlite3.Error{Code: sqlite3.ErrIoErr, ExtendedCode: sqlite3.ErrIoErrWrite, SystemErrno: syscall.EDQUOT}, club.Full, "error_no_space"},
		{sqlite3.Error{Code: sqlite3.ErrIoErr, ExtendedCode: sqlite3.ErrIoErrWrite}, club.Full, "error_no_write"},
		{sqlite3.Error{Code: sqlite3.ErrIoErr, ExtendedCode: sqlite3.ErrIoErrFsync}, club.Full, "error_no_write"},
		{sqlite3.Error{Code: sqlite3.ErrIoErr, ExtendedCode: sqlite3.ErrIoErrDirFsync}, club.Full, "error_no_write"},
		{sqlite3.Error{Code: sqlite3.ErrReadonly, ExtendedCode: sqlite3.ErrReadonlyCantLock}, club.Full, "error_no_write"},
		{sqlite3.Error{Code: sqlite3.ErrBusy, ExtendedCode: sqlite3.ErrBusySnapshot}, club.Busy, "error_locked"},
		{sqlite3.Error{Code: sqlite3.ErrLocked}, club.Busy, "error_locked"},
		{sqlite3.Error{Code: sqlite3.ErrIoErr, ExtendedCode: sqlite3.ErrIoErrRead}, "", ""},
		{sqlite3.Error{Code: sqlite3.ErrCorrupt}, club.Damaged, "error_damaged"},
		{sqlite3.Error{Code: sqlite3.ErrNotADB}, club.Damaged, "error_damaged"},
		{sqlite3.Error{Code: sqlite3.ErrConstraint, ExtendedCode: sqlite3.ErrConstraintUnique}, "", ""},
		{sql.ErrNoRows, "", ""},
		{fs.ErrNotExist, "", ""},
		{nil, "", ""},
	} {
		for _, err := range []error{tt.err, errors.Join(tt.err, sql.ErrTxDone), wrapped(tt.err)} {
			if tt.err == nil {
				err = nil
			}
			got := db.Fault(err)
			e, _ := errors.AsType[*club.Error](got)
			if e == nil {
				e = &club.Error{}
			}
			if e.Code != tt.code || e.Key != tt.key || !errors.Is(got, tt.err) {
				t.Errorf("Fault(%#v) = %v, want %q %q", err, got, tt.code, tt.key)
			}
		}
	}
}

func wrapped(err error) error { return fmt.Errorf("commit: %w", err) }
