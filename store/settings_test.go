package store_test

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/mattn/go-sqlite3"

	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// TestSettingsAreReadBack is rules D1 and D2: a connection that does not run with what
// the promises rest on is found out at the start.
func TestSettingsAreReadBack(t *testing.T) {
	t.Parallel()
	for name, statement := range map[string]string{
		"synchronous":        "PRAGMA synchronous = NORMAL",
		"foreign_keys":       "PRAGMA foreign_keys = OFF",
		"secure_delete":      "PRAGMA secure_delete = OFF",
		"busy_timeout":       "PRAGMA busy_timeout = 0",
		"wal_autocheckpoint": "PRAGMA wal_autocheckpoint = 10",
		"query_only":         "PRAGMA query_only = OFF",
		"mmap_size":          "PRAGMA mmap_size = 1048576",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			driver := "sqlite3-without-" + name
			sql.Register(driver, &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
				_, err := c.Exec(statement, nil)
				return err
			}})
			db, err := store.OpenThrough(t.Context(), driver, t.TempDir(), newKeys(t), storetest.NewClock().Now)
			if err == nil {
				db.Close()
			}
			if err == nil || !strings.Contains(err.Error(), "database setting "+name) {
				t.Errorf("opening says %v", err)
			}
		})
	}
}

func TestVersionOfSQLite(t *testing.T) {
	t.Parallel()
	if version, n, _ := sqlite3.Version(); n < 3_051_003 {
		t.Errorf("SQLite %s has a race between checkpoints (D2)", version)
	}
}
