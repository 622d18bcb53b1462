// Package store is the database: every query of Bandstand is here and nowhere
// else, one noun a file. It decides nothing about posts or people; it keeps
// what package club decided.
package store

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/mattn/go-sqlite3"
	"github.com/pressly/goose/v3"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/failpoint"
	"github.com/bandstand-app/bandstand/internal/secret"
	"github.com/bandstand-app/bandstand/migrations"
)

// FileName is the database inside the data directory.
const FileName = "bandstand.db"

// readers is the size of the reading pool: more give nothing but memory.
const readers = 4

// statements is how many compiled statements a connection keeps: most requests
// find all of theirs.
const statements = 100

// minSQLite is the first version without a checkpoint race (rule D2).
const minSQLite = 3_051_003

// DB is the database of one installation: one connection that writes, a few
// that read.
type DB struct {
	write    *sql.DB
	read     reader
	sessions *sql.DB
	keys     *secret.Keyset
	now      func() time.Time
	path     string
	unclean  bool // the last program did not close it

	damage damage
	writes writes

	wake   sync.Mutex
	subs   []chan struct{}
	faults chan error
}

// Open opens the database in dir, making and migrating it as needed, and checks
// that it runs with the settings that the promises rest on. now is read once a
// transaction.
func Open(ctx context.Context, dir string, keys *secret.Keyset, now func() time.Time) (*DB, error) {
	return OpenThrough(ctx, "sqlite3", dir, keys, now)
}

// OpenThrough is Open through another driver, which wraps that of SQLite: for
// tests that watch what passes.
func OpenThrough(ctx context.Context, driver, dir string, keys *secret.Keyset, now func() time.Time) (*DB, error) {
	path := filepath.Join(dir, FileName)
	if _, n, _ := sqlite3.Version(); n < minSQLite {
		return nil, fmt.Errorf("SQLite %d is too old: 3.51.3 or later is needed", n)
	}
	if err := makePrivate(path); err != nil {
		return nil, err
	}
	if isEmptied(path) {
		return nil, damaged(path, errors.New("the file is empty, and its log is not"))
	}
	write, err := sql.Open(driver, dsn(path, url.Values{
		"_txlock": {"immediate"}, "_synchronous": {"FULL"}, "_journal_mode": {"WAL"}, "_secure_delete": {"FAST"},
	}))
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open(driver, dsn(path, url.Values{"mode": {"ro"}, "_query_only": {"1"}, "_cache_size": {"-8000"}}))
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	sessions, err := sql.Open(driver, dsn(path, url.Values{"_txlock": {"immediate"}, "_synchronous": {"FULL"}}))
	if err != nil {
		return nil, errors.Join(err, write.Close(), read.Close())
	}
	sessions.SetMaxOpenConns(2)
	db := &DB{unclean: leftLog(path) || knownDamage(path), write: write, sessions: sessions, keys: keys, now: now, path: path, faults: make(chan error, 1)}
	db.read = reader{read, db.Fault}
	if err := db.start(ctx, driver); err != nil {
		if trouble, _ := db.trouble(ctx); trouble != "" {
			err = db.damaged(err) // whatever it first ran into
		}
		err = db.Explain(err)
		return nil, explained(errors.Join(err, db.Close()))
	}
	db.damage.open()
	return db, nil
}

// makePrivate makes the file if there is none, for nobody else to read. SQLite
// gives the files beside it the same mode.
func makePrivate(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	return f.Close()
}

// isEmptied tells whether a database has lost all of its file but not its log.
// SQLite would throw the log away and begin anew.
func isEmptied(path string) bool {
	i, err := os.Stat(path)
	return err == nil && i.Size() == 0 && leftLog(path)
}

func dsn(path string, q url.Values) string {
	q.Set("_busy_timeout", "5000")
	if !q.Has("_foreign_keys") {
		q.Set("_foreign_keys", "1")
	}
	q.Set("_stmt_cache_size", strconv.Itoa(statements))
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

func (db *DB) start(ctx context.Context, driver string) error {
	provider, err := goose.NewProvider(goose.DialectSQLite3, db.write, migrations.FS)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	have, want, err := provider.GetVersions(ctx)
	if e, ok := errors.AsType[sqlite3.Error](err); ok && e.Code == sqlite3.ErrError {
		return db.damaged(err) // its record of the schema is not what it was
	}
	if err != nil {
		return fmt.Errorf("open database %s: %w", db.path, err)
	}
	if have > want {
		return fmt.Errorf("the database is of a newer Bandstand (schema %d, this program knows %d): start the newer program", have, want)
	}
	if have < want {
		if have > 0 {
			if err := db.keepCopy(ctx, have); err != nil {
				return err
			}
		}
		if err := migrate(ctx, driver, db.path); err != nil {
			return fmt.Errorf("migrate database: %w", err)
		}
	}
	if err := db.selfCheck(ctx); err != nil {
		return err
	}
	return db.checkKey(ctx)
}

// migrate takes every step the database has not had yet, each in a transaction
// of its own (rule D7). Foreign keys are off meanwhile, because a step that makes
// a table anew would delete what hangs on it; afterwards every one is checked.
func migrate(ctx context.Context, driver, path string) (err error) {
	db, err := sql.Open(driver, dsn(path, url.Values{
		"_txlock": {"immediate"}, "_synchronous": {"FULL"}, "_journal_mode": {"WAL"}, "_foreign_keys": {"0"},
	}))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, migrations.FS)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return err
	}
	var table, parent string
	switch err := db.QueryRowContext(ctx, `SELECT "table", parent FROM pragma_foreign_key_check LIMIT 1`).Scan(&table, &parent); {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("check foreign keys: %w", err)
	}
	return fmt.Errorf("a row of %s names one of %s that is not there", table, parent)
}

// keyCheck is the installation value that only the right key file opens.
const keyCheck = "key_check"

// checkKey refuses a key file that belongs to another database: with it, every
// sealed sign-in would look broken.
func (db *DB) checkKey(ctx context.Context) error {
	have, err := db.InstallationValue(ctx, keyCheck)
	if err != nil {
		return err
	}
	if have == "" {
		sealed, err := db.keys.Seal([]byte(keyCheck), "installation", keyCheck, "value")
		if err != nil {
			return err
		}
		return db.SetInstallationValue(ctx, keyCheck, base64.StdEncoding.EncodeToString(sealed))
	}
	sealed, err := base64.StdEncoding.DecodeString(have)
	if err == nil {
		_, err = db.keys.Open(sealed, "installation", keyCheck, "value")
	}
	if err != nil {
		return fmt.Errorf("the key file does not belong to this database: put the right key file back (it is in your backup of keys), or name it with --key-file: %w", err)
	}
	return nil
}

// selfCheck reads back on each pool what the DSN asked for, and what the driver
// was built with (rules D1, D2).
func (db *DB) selfCheck(ctx context.Context) error {
	type check struct {
		pool         *sql.DB
		pragma, want string
	}
	checks := []check{
		{db.write, "secure_delete", "2"},
		{db.write, "wal_autocheckpoint", "1000"},
		{db.read.DB, "query_only", "1"},
	}
	for _, pool := range []*sql.DB{db.write, db.read.DB, db.sessions} {
		checks = append(checks, check{pool, "journal_mode", "wal"}, check{pool, "foreign_keys", "1"},
			check{pool, "busy_timeout", "5000"}, check{pool, "mmap_size", "0"})
	}
	for _, pool := range []*sql.DB{db.write, db.sessions} {
		checks = append(checks, check{pool, "synchronous", "2"})
	}
	for _, c := range checks {
		var got string
		if err := c.pool.QueryRowContext(ctx, "PRAGMA "+c.pragma).Scan(&got); err != nil {
			return fmt.Errorf("check database settings: %w", err)
		}
		if got != c.want {
			return fmt.Errorf("database setting %s is %s, want %s", c.pragma, got, c.want)
		}
	}
	return nil
}

// Close closes all pools; the writer last, so that it checkpoints the log.
func (db *DB) Close() error {
	return errors.Join(db.read.Close(), db.sessions.Close(), db.write.Close())
}

// Checkpoint folds the write-ahead log into the database and empties it (rule
// D2), so that what was deleted is gone from it.
func (db *DB) Checkpoint(ctx context.Context) error {
	if _, err := db.write.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		return fmt.Errorf("fold the log into the database: %w", db.Fault(err))
	}
	return nil
}

// Sessions is a small pool of its own for the session store, so that reading a
// session never waits for a writer.
func (db *DB) Sessions() *sql.DB { return db.sessions }

// Writer is the writing pool, for tests that set a scene.
func (db *DB) Writer() *sql.DB { return db.write }

// Reader is the reading pool, for tests that look at what was written.
func (db *DB) Reader() *sql.DB { return db.read.DB }

// tx is one write transaction with one now.
type tx struct {
	*sql.Tx
	now     time.Time
	db      *DB
	touched int64       // the club whose change was counted already
	events  []postEvent // for the timelines, written at the end
}

// inTx runs fn in one write transaction. fn does no network calls, hashes no
// files and does not sleep (rule D4): it is of this package, and a test reads that
// it uses nothing that could.
func (db *DB) inTx(ctx context.Context, fn func(tx *tx) error) error {
	err := db.writeTx(ctx, fn)
	if club.Storage(err) {
		select {
		case db.faults <- err:
		default: // one is enough
		}
	}
	return err
}

// Faults gives errors of writing that are about the place where the database
// lies, whoever they happened to; not all of them.
func (db *DB) Faults() <-chan error { return db.faults }

func (db *DB) writeTx(ctx context.Context, fn func(tx *tx) error) error {
	t, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", db.Fault(err))
	}
	defer db.timeWrite()()
	x := &tx{Tx: t, now: db.now(), db: db}
	if err = fn(x); err == nil {
		err = x.writeEvents(ctx)
	}
	if err != nil {
		return db.Fault(errors.Join(err, ctx.Err(), ignoreDone(t.Rollback())))
	}
	if err := failpoint.Hit("commit.before"); err != nil {
		return errors.Join(err, ignoreDone(t.Rollback()))
	}
	if err := t.Commit(); err != nil {
		return fmt.Errorf("commit: %w", db.Fault(err))
	}
	return failpoint.Hit("commit.after")
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// ExecContext runs a statement. It is short, and the end of ctx ends the
// transaction after it: watching for that meanwhile would cost a goroutine each.
func (t *tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return t.Tx.ExecContext(context.WithoutCancel(ctx), query, args...)
}

// touch bumps the club's change counter, once a transaction: pages and ETags of
// the club are stale.
func (t *tx) touch(ctx context.Context, clubID int64) error {
	if t.touched == clubID {
		return nil
	}
	t.touched = clubID
	_, err := t.ExecContext(ctx, `UPDATE clubs SET changes = changes + 1 WHERE id = ?`, clubID)
	if err != nil {
		return fmt.Errorf("count change: %w", err)
	}
	return nil
}

// Changes returns a channel that receives after schedules changed, so that the
// engine need not wait for its next tick. Missing a signal loses nothing.
func (db *DB) Changes() <-chan struct{} {
	db.wake.Lock()
	defer db.wake.Unlock()
	c := make(chan struct{}, 1)
	db.subs = append(db.subs, c)
	return c
}

// signal wakes those who wait on Changes.
func (db *DB) signal() {
	db.wake.Lock()
	defer db.wake.Unlock()
	for _, c := range db.subs {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// querier is what both a transaction and the reading pool offer.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) row
	explain(err error) error
}

// queryAll reads all rows with scan.
func queryAll[T any](ctx context.Context, q querier, scan func(func(...any) error) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, q.explain(err)
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, q.explain(rows.Err())
}

// queryOne reads one row with scan; sql.ErrNoRows if there is none.
func queryOne[T any](ctx context.Context, q querier, scan func(func(...any) error) (T, error), query string, args ...any) (T, error) {
	return scan(q.QueryRowContext(ctx, query, args...).Scan)
}

// scanValue scans a row of one column.
func scanValue[T any](scan func(...any) error) (v T, err error) {
	err = scan(&v)
	return v, err
}

// isUnique tells whether err is a broken UNIQUE or PRIMARY KEY constraint.
func isUnique(err error) bool {
	e, ok := errors.AsType[sqlite3.Error](err)
	return ok && (e.ExtendedCode == sqlite3.ErrConstraintUnique || e.ExtendedCode == sqlite3.ErrConstraintPrimaryKey)
}
