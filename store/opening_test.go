package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// TestAStartThatFailsIsMadeUpForByTheNext: whichever statement of a start fails,
// the start says so, and the next one finds everything.
func TestAStartThatFailsIsMadeUpForByTheNext(t *testing.T) {
	t.Parallel()
	keys, clock := newKeys(t), storetest.NewClock()
	for _, tt := range []struct {
		name string
		make func(t *testing.T, dir string)
	}{
		{"of today", func(t *testing.T, dir string) { furnish(t, dir, keys) }},
		{"of the schema before", func(t *testing.T, dir string) {
			furnishOld(t, filepath.Join(dir, store.FileName), lastMigration(t)-1)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			from := t.TempDir()
			tt.make(t, from)
			file := filepath.Join(from, store.FileName)
			tables := tablesOf(t, openPlain(t, file))
			before, fresh := rowsOf(t, file, tables), schemaOf(t, newDatabase(t))
			tried := 0
			for n := 1; ; n++ {
				dir := filepath.Join(t.TempDir(), "started")
				copyFiles(t, from, dir)
				path := filepath.Join(dir, store.FileName)
				start := func() error {
					db, err := store.OpenThrough(t.Context(), storetest.DriverName, dir, keys, clock.Now)
					if err == nil {
						err = db.Close()
					}
					return err
				}
				var err error
				failed := storetest.Fail(path, n, storetest.Refused, func() { err = start() })
				asks := err == nil && strings.Contains(failed.Statement, "goose_db_version WHERE version_id") // whether there is a schema; it asks again
				if failed.Met && !asks && !errors.Is(err, storetest.Refused.Err()) {
					t.Errorf("it says %v, want %v, which is what happened to\n%s", err, storetest.Refused.Err(), failed.Statement)
				}
				if failed.Met {
					err = start()
				}
				if err != nil {
					t.Fatalf("a start with nothing in its way, after one that failed at\n%s\n%v", failed.Statement, err)
				}
				if diff := cmp.Diff(fresh, schemaOf(t, path)); diff != "" {
					t.Fatalf("the schema differs (-new +started) after a start that failed at\n%s\n%s", failed.Statement, diff)
				}
				if diff := cmp.Diff(before, rowsOf(t, path, tables)); diff != "" {
					t.Fatalf("rows differ (-before +after) after a start that failed at\n%s\n%s", failed.Statement, diff)
				}
				if half, err := filepath.Glob(filepath.Join(dir, "*.new")); err != nil || len(half) > 0 {
					t.Errorf("unfinished copies are left: %v, %v", half, err)
				}
				if !failed.Met {
					break
				}
				tried++
			}
			t.Logf("%d starts failed", tried)
		})
	}
}

// TestAStartRefusesWhatItCannotKeep: a database that is not ours to open, or not
// whole, is not touched.
func TestAStartRefusesWhatItCannotKeep(t *testing.T) {
	t.Parallel()
	keys := newKeys(t)
	for _, tt := range []struct {
		name, want string
		harm       func(t *testing.T, path string)
	}{
		{"of a newer program", "of a newer Bandstand", func(t *testing.T, path string) {
			mustExec(t, openPlain(t, path), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`)
		}},
		{"sealed with another key", "the key file does not belong to this database", func(t *testing.T, path string) {
			mustExec(t, openPlain(t, path), `UPDATE installation SET value = 'AAAA' WHERE key = 'key_check'`)
		}},
		{"a directory", "open database", func(t *testing.T, path string) {
			if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
				t.Fatal(err)
			}
		}},
		{"emptied, with its log beside it", "is damaged", func(t *testing.T, path string) {
			if err := errors.Join(os.Truncate(path, 0), os.WriteFile(path+"-wal", []byte("log"), 0o600)); err != nil {
				t.Fatal(err)
			}
		}},
		{"whose record of the schema is another table", "is damaged", func(t *testing.T, path string) {
			mustExec(t, openPlain(t, path), `ALTER TABLE goose_db_version RENAME COLUMN is_applied TO was_applied`)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			furnish(t, dir, keys)
			tt.harm(t, filepath.Join(dir, store.FileName))
			db, err := store.Open(t.Context(), dir, keys, storetest.NewClock().Now)
			if err == nil {
				err = errors.Join(errors.New("it was opened"), db.Close())
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
