// Package storetest opens real databases for tests.
package storetest

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/secret"
	"github.com/bandstand-app/bandstand/store"
)

// Clock is a time that tests set.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// NewClock starts at a Monday morning: 2026-11-23 09:00 UTC.
func NewClock() *Clock { return &Clock{at: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)} }

// Now is the current time of the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Advance moves the clock forward.
func (c *Clock) Advance(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
	return c.at
}

// Open makes an empty database that is closed when the test ends.
func Open(t testing.TB, now func() time.Time) *store.DB {
	t.Helper()
	keys, err := secret.New()
	if err != nil {
		t.Fatal(err)
	}
	return OpenIn(t, t.TempDir(), keys, now)
}

// OpenIn opens the database in a directory until the test ends. A new one is a
// copy of an empty one: building the schema anew would take most of many tests.
func OpenIn(t testing.TB, dir string, keys *secret.Keyset, now func() time.Time) *store.DB {
	t.Helper()
	if path := filepath.Join(dir, store.FileName); !exists(path) {
		file, err := empty()
		if err == nil {
			err = os.WriteFile(path, file, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	db, err := store.OpenThrough(t.Context(), DriverName, dir, keys, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	return db
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// empty is the file of a database in which nobody has done anything yet, and
// which fits any key.
var empty = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "storetest")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	keys, err := secret.New()
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	db, err := store.Open(ctx, dir, keys, time.Now)
	if err != nil {
		return nil, err
	}
	_, err = db.Writer().ExecContext(ctx, `DELETE FROM installation`)
	if err = errors.Join(err, db.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, store.FileName))
})

// Lock takes the write lock of a database as another program would. A ROLLBACK
// lets go of it.
func Lock(t testing.TB, db *store.DB) *sql.Conn {
	t.Helper()
	other, err := sql.Open("sqlite3", "file:"+pathOf(t, db))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	conn, err := other.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := conn.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	return conn
}

func pathOf(t testing.TB, db *store.DB) string {
	t.Helper()
	var n int
	var name, path string
	if err := db.Reader().QueryRowContext(t.Context(), "PRAGMA database_list").Scan(&n, &name, &path); err != nil {
		t.Fatal(err)
	}
	return path
}
