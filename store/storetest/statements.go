package storetest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mattn/go-sqlite3"

	"github.com/bandstand-app/bandstand/store"
)

// DriverName is SQLite's driver, watched.
const DriverName = "sqlite3-watched"

func init() { sql.Register(DriverName, &watchedDriver{}) }

// logs hold what passes to each database that is being watched: path → *log.
var logs sync.Map

// hooks are called before each statement for a database: path → func().
var hooks sync.Map

// BeforeEach calls do before each statement that goes to the database at path,
// BEGIN and COMMIT too, until the test ends.
func BeforeEach(t testing.TB, path string, do func(statement string)) {
	t.Helper()
	hooks.Store(path, do)
	t.Cleanup(func() { hooks.Delete(path) })
}

// log is the statements of one database, in order.
type log struct {
	mu         sync.Mutex
	statements []string
}

// Statements lists what do asks of the database, BEGIN and COMMIT too.
func Statements(t testing.TB, db *store.DB, do func()) []string {
	t.Helper()
	path := pathOf(t, db)
	l := &log{}
	logs.Store(path, l)
	do()
	logs.Delete(path)
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.statements)
}

type watchedDriver struct{ sqlite3.SQLiteDriver }

// Open implements driver.Driver.
func (d *watchedDriver) Open(dsn string) (driver.Conn, error) {
	c, err := d.SQLiteDriver.Open(dsn)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return nil, err
	}
	path, err := url.PathUnescape(u.Opaque)
	if u.Opaque == "" {
		path = u.Path
	}
	return &watchedConn{c.(*sqlite3.SQLiteConn), path}, err
}

type watchedConn struct {
	*sqlite3.SQLiteConn
	path string
}

func (c *watchedConn) note(statement string) {
	if do, ok := hooks.Load(c.path); ok {
		do.(func(string))(statement)
	}
	if l, ok := logs.Load(c.path); ok {
		l := l.(*log)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.statements = append(l.statements, strings.Join(strings.Fields(statement), " "))
	}
}

// QueryContext implements driver.QueryerContext.
func (c *watchedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.note(query)
	f := c.fails(query, true)
	if err := c.refuse(f); err != nil {
		return nil, err
	}
	rows, err := c.SQLiteConn.QueryContext(ctx, query, args)
	if err == nil && f != nil {
		return unreadable(rows, f), nil
	}
	return rows, err
}

// ExecContext implements driver.ExecerContext.
func (c *watchedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.note(query)
	if err := c.refuse(c.fails(query, false)); err != nil {
		return nil, err
	}
	return c.SQLiteConn.ExecContext(ctx, query, args)
}

// BeginTx implements driver.ConnBeginTx.
func (c *watchedConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.note("BEGIN")
	if err := c.refuse(c.fails("BEGIN", false)); err != nil {
		return nil, err
	}
	t, err := c.SQLiteConn.BeginTx(ctx, opts)
	return watchedTx{t, c}, err
}

type watchedTx struct {
	driver.Tx
	c *watchedConn
}

// Commit implements driver.Tx.
func (t watchedTx) Commit() error {
	t.c.note("COMMIT")
	if err := t.c.refuse(t.c.fails("COMMIT", false)); err != nil {
		return t.abandoned(err)
	}
	return t.Tx.Commit()
}

// abandoned leaves no transaction open after a COMMIT that failed, as the driver
// does not.
func (t watchedTx) abandoned(err error) error {
	if t.c.AutoCommit() {
		return err
	}
	return errors.Join(err, t.Tx.Rollback())
}
