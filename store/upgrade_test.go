package store_test

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"

	"github.com/bandstand-app/bandstand/internal/secret"
	"github.com/bandstand-app/bandstand/migrations"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

//go:embed testdata/club_of_schema_1.sql
var clubOfSchema1 string

// TestUpgrade opens the database of each earlier program (rule D7, T-UPGRADE):
// its schema becomes that of a new one, and no row is lost or changed.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	fresh := schemaOf(t, newDatabase(t))
	for v := int64(1); v < lastMigration(t); v++ {
		t.Run(fmt.Sprintf("from schema %d", v), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, store.FileName)
			before := furnishOld(t, path, v)
			openAndClose(t, dir)
			if diff := cmp.Diff(before, rowsOf(t, path, before)); diff != "" {
				t.Errorf("rows changed (-before +after):\n%s", diff)
			}
			if diff := cmp.Diff(fresh, schemaOf(t, path)); diff != "" {
				t.Errorf("schema differs from that of a new database (-new +upgraded):\n%s", diff)
			}
		})
	}
}

// replaced are tables and columns that a later schema does without, and what says
// the same.
var replaced = map[string]string{
	"connections.sends_again": "asks_when_unsure: TestOnlyWhoSaidNoIsAskedWhenUnsure",
	"connections.numbers_at":  "work: TestUpgradeKeepsWhatIsDueForAccounts",
	"links_due":               "work: TestUpgradeKeepsWhatIsDueForAccounts",
	"measurements_due":        "work: TestUpgradeKeepsWhatIsDueForAccounts",
}

// TestUpgradeKeepsWhatIsDueForAccounts: addresses to ask for, and numbers to read,
// are due when they were. An account is checked a day after it was last checked,
// and its sign-in is looked at as soon as the new program runs; nothing is planned
// for one that was disconnected.
func TestUpgradeKeepsWhatIsDueForAccounts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, store.FileName)
	furnishOld(t, path, 15)
	db := openPlain(t, path)
	mustExec(t, db, `UPDATE connections SET health = 'disconnected' WHERE id = 1`)
	mustExec(t, db, `UPDATE connections SET health = 'working', numbers_at = 9223372036854775807, checked_at = NULL WHERE id = 2`) // read when asked for
	mustExec(t, db, `INSERT OR REPLACE INTO links_due SELECT delivery_id, connection_id, 77, 3 FROM measurements_due`)
	want := column(t, db, `
		SELECT 'link ' || lower(hex(delivery_id)) || ' ' || connection_id || ' ' || next_at || ' ' || failures FROM links_due
		UNION ALL SELECT 'numbers ' || lower(hex(delivery_id)) || ' ' || connection_id || ' ' || next_at || ' ' || failures FROM measurements_due
		UNION ALL SELECT 'account_numbers ' || id || ' ' || id || ' ' || numbers_at || ' 0' FROM connections WHERE id > 2
		UNION ALL SELECT 'check ' || id || ' ' || id || ' ' || (iif(id = 2, 0, checked_at) + 86400000) || ' 0' FROM connections WHERE id > 1
		UNION ALL SELECT 'renewal ' || id || ' ' || id || ' 0 0' FROM connections WHERE id > 1
		ORDER BY 1`)
	openAndClose(t, dir)
	got := column(t, db, `SELECT kind || ' ' || key || ' ' || connection_id || ' ' || next_at || ' ' || failures FROM work ORDER BY 1`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("work (-want +got):\n%s", diff)
	}
	if len(got) < 20 {
		t.Errorf("only %d items", len(got))
	}
	stray := column(t, db, `SELECT kind || ' ' || key FROM work w WHERE club_id <> (SELECT club_id FROM connections c WHERE c.id = w.connection_id)`)
	if len(stray) > 0 {
		t.Errorf("items of another club: %v", stray)
	}
}

// TestOnlyWhoSaidNoIsAskedWhenUnsure: an account of which nobody ever said whether a
// post may be sent once more gets the new default. What people chose stays.
func TestOnlyWhoSaidNoIsAskedWhenUnsure(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, store.FileName)
	furnishOld(t, path, 9)
	db := openPlain(t, path)
	said := func(action string, id int) {
		mustExec(t, db, fmt.Sprintf(`
			INSERT INTO audit (club_id, person_id, at, action, object)
			SELECT club_id, 1, 0, '%s', platform || ' ' || remote_id FROM connections WHERE id = %d`, action, id))
		mustExec(t, db, fmt.Sprintf(`UPDATE connections SET sends_again = '%s' = 'account_sends_again' WHERE id = %d`, action, id))
	}
	said("account_asks", 3)        // no
	said("account_sends_again", 4) // yes
	said("account_sends_again", 5) // yes, and no
	said("account_asks", 5)
	openAndClose(t, dir)
	got := column(t, db, `SELECT id || ' ' || asks_when_unsure FROM connections WHERE id IN (2, 3, 4, 5) ORDER BY id`)
	if diff := cmp.Diff([]string{"2 0", "3 1", "4 0", "5 1"}, got); diff != "" {
		t.Errorf("who is asked (-want +got):\n%s", diff)
	}
}

// TestUpgradeRefusesWhatHangsInTheAir: a step that loses the row another one
// names must not pass.
func TestUpgradeRefusesWhatHangsInTheAir(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, store.FileName)
	furnishOld(t, path, 1)
	db := openPlain(t, path)
	mustExec(t, db, `PRAGMA foreign_keys = OFF`)
	mustExec(t, db, `DELETE FROM clubs`)
	_, err := store.Open(t.Context(), dir, newKeys(t), storetest.NewClock().Now)
	if err == nil || !strings.Contains(err.Error(), "names one of clubs that is not there") {
		t.Errorf("opening says %v", err)
	}
}

// table is what is compared of one: the columns it had, and its rows.
type table struct {
	Columns, Rows []string
}

// furnishOld makes a database of schema v with a club in it.
func furnishOld(t *testing.T, path string, v int64) map[string]table {
	t.Helper()
	db := openPlain(t, path)
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, migrations.FS)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	mustExec(t, db, clubOfSchema1)
	if _, err := provider.UpTo(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	mustExec(t, db, `PRAGMA wal_checkpoint(TRUNCATE)`)
	return rowsOf(t, path, tablesOf(t, db))
}

// tablesOf are the tables of a database, without their rows.
func tablesOf(t *testing.T, db *sql.DB) map[string]table {
	t.Helper()
	tables := map[string]table{}
	for _, name := range column(t, db, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'goose_db_version'`) {
		if replaced[name] != "" {
			continue
		}
		columns := column(t, db, `SELECT name FROM pragma_table_info(?) ORDER BY cid`, name)
		tables[name] = table{Columns: slices.DeleteFunc(columns, func(c string) bool { return replaced[name+"."+c] != "" })}
	}
	return tables
}

// rowsOf reads the same columns of the same tables. The check of the key is new
// with the first start.
func rowsOf(t *testing.T, path string, tables map[string]table) map[string]table {
	t.Helper()
	db := openPlain(t, path)
	out := map[string]table{}
	for name, of := range tables {
		quoted := make([]string, len(of.Columns))
		for i, c := range of.Columns {
			quoted[i] = `quote("` + c + `")`
		}
		where := ""
		if name == "installation" {
			where = ` WHERE key <> 'key_check'`
		}
		of.Rows = column(t, db, `SELECT `+strings.Join(quoted, `||','||`)+` FROM "`+name+`"`+where+` ORDER BY 1`)
		out[name] = of
	}
	return out
}

func schemaOf(t *testing.T, path string) []string {
	t.Helper()
	return column(t, openPlain(t, path), `SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_schema ORDER BY 1`)
}

func newDatabase(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	openAndClose(t, dir)
	return filepath.Join(dir, store.FileName)
}

func openAndClose(t *testing.T, dir string) {
	t.Helper()
	db, err := store.Open(t.Context(), dir, newKeys(t), storetest.NewClock().Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func newKeys(t *testing.T) *secret.Keyset {
	t.Helper()
	keys, err := secret.New()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func lastMigration(t *testing.T) int64 {
	t.Helper()
	provider, err := goose.NewProvider(goose.DialectSQLite3, openPlain(t, filepath.Join(t.TempDir(), "empty")), migrations.FS)
	if err != nil {
		t.Fatal(err)
	}
	sources := provider.ListSources()
	return sources[len(sources)-1].Version
}

// openPlain is a connection of its own, beside the program's.
func openPlain(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func mustExec(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%.60s: %v", statement, err)
	}
}

// column is the only column of a query.
func column(t *testing.T, db *sql.DB, query string, args ...any) []string {
	t.Helper()
	rows, err := db.QueryContext(context.WithoutCancel(t.Context()), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer func() {
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}
