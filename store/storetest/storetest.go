// Package storetest opens real databases for tests.
package storetest

import (
	"database/sql"
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

// OpenIn opens the database in a directory until the test ends.
func OpenIn(t testing.TB, dir string, keys *secret.Keyset, now func() time.Time) *store.DB {
	t.Helper()
	db, err := store.OpenThrough(t.Context(), driverName, dir, keys, now)
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
