package store

import (
	"context"
	"database/sql"
	"errors"
	"syscall"

	"github.com/mattn/go-sqlite3"

	"github.com/bandstand-app/bandstand/internal/club"
)

// Fault makes an error that people understand of what SQLite says about a full
// disk, a disk that takes no writes, a database that another program holds, and
// one that is damaged: that it also keeps, for Damage. Other errors stay as they
// are. Every error of this package has passed it; it is exported for those who use
// the Sessions pool.
func (db *DB) Fault(err error) error {
	err = explained(err)
	if club.CodeOf(err) == club.Damaged {
		db.noteDamage(said(err))
	}
	return err
}

func explained(err error) error {
	e, ok := errors.AsType[sqlite3.Error](err)
	if !ok || club.Storage(err) || errors.Is(err, errDamaged) || club.CodeOf(err) == club.Damaged {
		return err
	}
	if isDamage(err) {
		return &club.Error{Code: club.Damaged, Key: "error_damaged", Err: err}
	}
	if e.Code == sqlite3.ErrFull || e.SystemErrno == syscall.ENOSPC || e.SystemErrno == syscall.EDQUOT {
		return &club.Error{Code: club.Full, Key: "error_no_space", Err: err}
	}
	switch e.Code {
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return &club.Error{Code: club.Busy, Key: "error_locked", Err: err}
	case sqlite3.ErrReadonly:
		return &club.Error{Code: club.Full, Key: "error_no_write", Err: err}
	}
	switch e.ExtendedCode {
	case sqlite3.ErrIoErrWrite, sqlite3.ErrIoErrFsync, sqlite3.ErrIoErrDirFsync, sqlite3.ErrIoErrTruncate,
		sqlite3.ErrIoErrSHMOpen, sqlite3.ErrIoErrSHMSize, sqlite3.ErrIoErrSHMMap:
		return &club.Error{Code: club.Full, Key: "error_no_write", Err: err}
	}
	return err
}

// reader is the reading pool; what it says of a fault passes Fault.
type reader struct {
	*sql.DB
	fault func(error) error
}

func (r reader) explain(err error) error { return r.fault(err) }

// QueryRowContext reads one row.
func (r reader) QueryRowContext(ctx context.Context, query string, args ...any) row {
	return row{r.DB.QueryRowContext(ctx, query, args...), r.fault}
}

func (t *tx) explain(err error) error { return t.db.Fault(err) }

// QueryRowContext reads one row.
func (t *tx) QueryRowContext(ctx context.Context, query string, args ...any) row {
	return row{t.Tx.QueryRowContext(ctx, query, args...), t.db.Fault}
}

// row is a row that is read once.
type row struct {
	*sql.Row
	fault func(error) error
}

// Scan reads the columns; sql.ErrNoRows if there is no row.
func (r row) Scan(dest ...any) error { return r.fault(r.Row.Scan(dest...)) }
