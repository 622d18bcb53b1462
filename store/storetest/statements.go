package storetest

import (
	"cmp"
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

// Asked is something that is asked of a database.
type Asked struct {
	What   string // the statement; BEGIN and COMMIT too
	Writes bool
	Done   bool // it was carried out already: a COMMIT whose answer may still be bad
}

// askers are asked before each thing that goes to a database: path → func(Asked) error.
var askers sync.Map

// Ask asks about each thing that goes to the database at path, and about the first
// row of each answer, until the test ends: an error is what the database says.
func Ask(t testing.TB, path string, about func(Asked) error) {
	t.Helper()
	askers.Store(path, about)
	t.Cleanup(func() { askers.Delete(path) })
}

// ask asks about something, if anybody wants to be asked.
func (c *watchedConn) ask(q Asked) error {
	if about, ok := askers.Load(c.path); ok {
		return about.(func(Asked) error)(q)
	}
	return nil
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
	if err := cmp.Or(c.ask(Asked{What: query}), c.refuse(f)); err != nil {
		return nil, err
	}
	rows, err := c.SQLiteConn.QueryContext(ctx, query, args)
	switch _, asked := askers.Load(c.path); {
	case err == nil && f != nil:
		return unreadable(rows, f), nil
	case err == nil && asked:
		return &askedRows{rows, c, query, false}, nil
	}
	return rows, err
}

// ExecContext implements driver.ExecerContext.
func (c *watchedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.note(query)
	if err := cmp.Or(c.ask(Asked{What: query, Writes: true}), c.refuse(c.fails(query, false))); err != nil {
		return nil, err
	}
	return c.SQLiteConn.ExecContext(ctx, query, args)
}

// BeginTx implements driver.ConnBeginTx.
func (c *watchedConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.note("BEGIN")
	if err := cmp.Or(c.ask(Asked{What: "BEGIN", Writes: true}), c.refuse(c.fails("BEGIN", false))); err != nil {
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
	if err := cmp.Or(t.c.ask(Asked{What: "COMMIT", Writes: true}), t.c.refuse(t.c.fails("COMMIT", false))); err != nil {
		return t.abandoned(err)
	}
	if err := t.Tx.Commit(); err != nil {
		return err
	}
	return t.c.ask(Asked{What: "COMMIT that is done", Writes: true, Done: true})
}

// askedRows are rows of which the first may not be had.
type askedRows struct {
	driver.Rows
	c     *watchedConn
	query string
	begun bool
}

// Next implements driver.Rows.
func (r *askedRows) Next(dest []driver.Value) error {
	if !r.begun {
		r.begun = true
		if err := r.c.ask(Asked{What: "first row of " + r.query}); err != nil {
			return err
		}
	}
	return r.Rows.Next(dest)
}

// abandoned leaves no transaction open after a COMMIT that failed, as the driver
// does not.
func (t watchedTx) abandoned(err error) error {
	if t.c.AutoCommit() {
		return err
	}
	return errors.Join(err, t.Tx.Rollback())
}
