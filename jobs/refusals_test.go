package jobs

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/mattn/go-sqlite3"

	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// refusals is a database that refuses one thing it is asked for, or everything
// from one on.
type refusals struct {
	mu     sync.Mutex
	armed  bool
	passes int // things that it still does
	kind   refusal
	met    string // the first that it refused
	again  int    // how often it refused since
}

// refusal is how a database refuses.
type refusal struct {
	name string
	// says is the error for something that is asked for; nil: it is done.
	says func(writes bool) error
	// lasts: it goes on refusing, until it is lifted.
	lasts bool
	// late: only commits are refused, and are done all the same.
	late bool
	// mayAsk: a post that was not taken may end as a question to a person.
	mayAsk bool
}

var errNobodyKnows = errors.New("nobody knows why")

var refusalKinds = []refusal{
	{name: "full disk, for a moment", says: fullDisk},
	{name: "full disk, for long", says: fullDisk, lasts: true},
	{name: "fault, for a moment", says: func(bool) error { return errNobodyKnows }},
	{name: "fault, for long", says: func(bool) error { return errNobodyKnows }, lasts: true, mayAsk: true},
	{name: "commit that says it failed", says: fullDisk, late: true, mayAsk: true},
	{name: "commit that fails in another way", says: func(bool) error { return errNobodyKnows }, late: true, mayAsk: true},
}

func fullDisk(writes bool) error {
	if writes {
		return sqlite3.Error{Code: sqlite3.ErrFull}
	}
	return nil
}

// arm refuses what comes after so many things.
func (f *refusals) arm(passes int, kind refusal) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed, f.passes, f.kind, f.met, f.again = true, passes, kind, "", 0
}

// lift ends it and tells what was refused first; empty: nothing was.
func (f *refusals) lift() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed = false
	return f.met
}

// aside does something without it.
func (f *refusals) aside(do func()) {
	f.mu.Lock()
	armed := f.armed
	f.armed = false
	f.mu.Unlock()
	do()
	f.mu.Lock()
	f.armed = armed
	f.mu.Unlock()
}

// refused tells how often it has refused something so far.
func (f *refusals) refused() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.again
}

func (f *refusals) ask(what string, writes, commits bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.armed || f.kind.late != commits {
		return nil
	}
	err := f.kind.says(writes)
	switch {
	case err == nil:
		return nil
	case f.passes > 0:
		f.passes--
		return nil
	}
	if f.met == "" {
		f.met = what
	}
	f.again++
	f.armed = f.kind.lasts
	return err
}

const refusingDriver = "sqlite3-refusing"

func init() { sql.Register(refusingDriver, &refusingSQLite{}) }

// refusing are the refusals of each database: path → *refusals.
var refusing sync.Map

// refusable lets the rig's database be told to refuse.
func refusable(r *rig) { r.refusals = &refusals{} }

// openRefusable opens the database in a directory so that it can be told to refuse.
func (r *rig) openRefusable(dir string) *store.DB {
	r.t.Helper()
	if err := storetest.OpenIn(r.t, dir, r.keys, r.clock.Now).Close(); err != nil { // makes it
		r.t.Fatal(err)
	}
	db, err := store.OpenThrough(r.t.Context(), refusingDriver, dir, r.keys, r.clock.Now)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = db.Close() })
	path := dir + "/" + store.FileName
	refusing.Store(path, r.refusals)
	r.t.Cleanup(func() { refusing.Delete(path) })
	return db
}

type refusingSQLite struct{ sqlite3.SQLiteDriver }

// Open implements driver.Driver.
func (d *refusingSQLite) Open(dsn string) (driver.Conn, error) {
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
	return &refusingConn{c.(*sqlite3.SQLiteConn), path}, err
}

type refusingConn struct {
	*sqlite3.SQLiteConn
	path string
}

func (c *refusingConn) ask(what string, writes, commits bool) error {
	if f, ok := refusing.Load(c.path); ok {
		return f.(*refusals).ask(strings.Join(strings.Fields(what), " "), writes, commits)
	}
	return nil
}

// QueryContext implements driver.QueryerContext.
func (c *refusingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.ask(query, false, false); err != nil {
		return nil, err
	}
	rows, err := c.SQLiteConn.QueryContext(ctx, query, args)
	return &refusingRows{rows, c, query, false}, err
}

// refusingRows are rows of which the first may not be had.
type refusingRows struct {
	driver.Rows
	c     *refusingConn
	query string
	asked bool
}

// Next implements driver.Rows.
func (r *refusingRows) Next(dest []driver.Value) error {
	if !r.asked {
		r.asked = true
		if err := r.c.ask("first row of "+r.query, false, false); err != nil {
			return err
		}
	}
	return r.Rows.Next(dest)
}

// ExecContext implements driver.ExecerContext.
func (c *refusingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.ask(query, true, false); err != nil {
		return nil, err
	}
	return c.SQLiteConn.ExecContext(ctx, query, args)
}

// BeginTx implements driver.ConnBeginTx.
func (c *refusingConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if err := c.ask("BEGIN", true, false); err != nil {
		return nil, err
	}
	t, err := c.SQLiteConn.BeginTx(ctx, opts)
	return refusingTx{t, c}, err
}

type refusingTx struct {
	driver.Tx
	c *refusingConn
}

// Commit implements driver.Tx.
func (t refusingTx) Commit() error {
	if err := t.c.ask("COMMIT", true, false); err != nil {
		return errors.Join(err, t.Rollback())
	}
	if err := t.Tx.Commit(); err != nil {
		return err
	}
	return t.c.ask("COMMIT that is done", true, true)
}

// TestRefusals: what the other tests rely on.
func TestRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t, "", refusable)
	say := func() error { return r.db.SayAlive(t.Context()) }
	for _, kind := range refusalKinds {
		refusals, n := 0, 0
		for ; ; n++ {
			r.refusals.arm(n, kind)
			err := say()
			if r.refusals.lift() == "" {
				if err != nil {
					t.Errorf("%s: nothing was refused, and it says %v", kind.name, err)
				}
				break
			}
			refusals++
			if err == nil {
				t.Errorf("%s: something was refused, and nobody heard of it", kind.name)
			}
		}
		if want := map[bool]int{true: 1, false: 3}[kind.late]; refusals != want {
			t.Errorf("%s: %d things were refused, want %d", kind.name, refusals, want)
		}
		if err := say(); err != nil {
			t.Errorf("%s: it was lifted, and it says %v", kind.name, err)
		}
	}
}
