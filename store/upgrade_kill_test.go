package store_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// upgradeKills is the variable for how many kills of each upgrade are tried; 0
// is all of them.
const upgradeKills = "BANDSTAND_TEST_UPGRADE_KILLS"

// copyFiles copies what a killed program leaves in its directory: what SQLite
// holds in its memory is lost, and so is the index of the log.
func copyFiles(t *testing.T, from, to string) {
	t.Helper()
	names, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if strings.HasSuffix(n.Name(), "-shm") {
			continue
		}
		b, err := os.ReadFile(filepath.Join(from, n.Name()))
		if os.IsNotExist(err) {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(to, n.Name()), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestKillDuringUpgrade is T-CRASH-3 of migrations: wherever the program is
// killed while it changes the schema, the next start ends what it began, and no
// row is lost.
func TestKillDuringUpgrade(t *testing.T) {
	t.Parallel()
	kills := 8
	if set := os.Getenv(upgradeKills); set != "" {
		n, err := strconv.Atoi(set)
		if err != nil {
			t.Fatal(err)
		}
		kills = n
	}
	fresh := schemaOf(t, newDatabase(t))
	for v := int64(0); v < lastMigration(t); v++ {
		t.Run(fmt.Sprintf("from schema %d", v), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, store.FileName)
			var before map[string]table
			if v > 0 {
				before = furnishOld(t, path, v)
			}
			upgradeKilled(t, dir, before, fresh, kills, int(v))
		})
	}
}

// TestUpgradeOfDeliveriesInEveryState: the step that gives posts parts makes the table
// of deliveries anew. Killed at every statement, it loses none, whatever state they
// are in, and nothing that hangs on them.
func TestUpgradeOfDeliveriesInEveryState(t *testing.T) {
	t.Parallel()
	const schemaBeforeParts = 18
	dir := t.TempDir()
	path := filepath.Join(dir, store.FileName)
	furnishOld(t, path, schemaBeforeParts)
	db := openPlain(t, path)
	states := []string{
		"DRAFT/", "CANCELLED/", "SCHEDULED/waiting", "SCHEDULED/blocked",
		"PUBLISHING/preparing", "PUBLISHING/processing", "PUBLISHING/ready", "PUBLISHING/sending", "PUBLISHING/reconciling", "PUBLISHING/backoff",
		"PUBLISHED/linked", "PUBLISHED/unlinked", "FAILED/rejected", "FAILED/exhausted", "FAILED/media", "FAILED/cancelled_by_platform",
		"NEEDS_ATTENTION/ambiguous", "NEEDS_ATTENTION/late", "NEEDS_ATTENTION/held", "NEEDS_ATTENTION/restored", "NEEDS_ATTENTION/clone",
		"NEEDS_ATTENTION/clock", "NEEDS_ATTENTION/reconnect", "NEEDS_ATTENTION/duplicate_suspect", "NEEDS_ATTENTION/partial",
	}
	columns := column(t, db, `SELECT name FROM pragma_table_info('deliveries') ORDER BY cid`)
	for n, state := range states {
		status, phase, _ := strings.Cut(state, "/")
		id := fmt.Sprintf("%032x", n+1)
		var values []string
		for _, c := range columns {
			v := strconv.Itoa(1000 + len(values)*100 + n) // each column of each row says something else
			switch c {
			case "id":
				v = "unhex('" + id + "')"
			case "club_id":
				v = "(SELECT club_id FROM connections WHERE id = 1)"
			case "post_id":
				v = "(SELECT min(id) FROM posts)"
			case "connection_id", "generation":
				v = "1"
			case "status":
				v = "'" + status + "'"
			case "phase":
				v = "'" + phase + "'"
			case "args":
				v = `'{"n":"` + v + `"}'`
			case "body", "body_hash", "content_hash":
				v = "x'" + v + "'"
			case "has_left", "look_first", "sent_again":
				v = strconv.Itoa(n % 2)
			case "remote_id":
				if v = "'" + v + "'"; phase != "linked" {
					v = "NULL"
				}
			case "code", "idem_key", "remote_url", "seen":
				v = "'" + v + "'"
			}
			values = append(values, v)
		}
		mustExec(t, db, `INSERT INTO posts (id, club_id, author_id, practice, version, created_at, updated_at, updated_by)
			SELECT (SELECT min(id) FROM posts) - 1, club_id, author_id, practice, 1, 0, 0, author_id FROM posts ORDER BY id LIMIT 1`)
		mustExec(t, db, `INSERT INTO deliveries (`+strings.Join(columns, ", ")+`) VALUES (`+strings.Join(values, ", ")+`)`)
		mustExec(t, db, `INSERT INTO publish_steps (delivery_id, generation, seq, kind, state, at) VALUES (unhex('`+id+`'), 1, 1, 'upload', 'done', 7)`)
	}
	mustExec(t, db, `PRAGMA wal_checkpoint(TRUNCATE)`)
	before := rowsOf(t, path, tablesOf(t, db))
	if n := len(before["deliveries"].Rows); n < len(states) {
		t.Fatalf("only %d deliveries", n)
	}
	upgradeKilled(t, dir, before, schemaOf(t, newDatabase(t)), 0, 0)
	if parts := column(t, db, `SELECT DISTINCT part || remote_version FROM deliveries`); len(parts) != 1 || parts[0] != "0" {
		t.Errorf("what was planned before has parts %v", parts)
	}
	if _, err := db.ExecContext(t.Context(), `UPDATE deliveries SET remote_id = 'another' WHERE phase = 'linked'`); err == nil {
		t.Error("an id can be written twice now (rule P15)")
	}
}

// upgradeKilled upgrades the database in a directory, and starts a program on what is
// left where it is killed: after some of its statements, or after each if kills is 0.
func upgradeKilled(t *testing.T, dir string, before map[string]table, fresh []string, kills, first int) {
	t.Helper()
	path := filepath.Join(dir, store.FileName)
	var lives []string // what each kill leaves
	keys := newKeys(t)
	storetest.BeforeEach(t, path, func(string) {
		lives = append(lives, filepath.Join(t.TempDir(), "killed"))
		copyFiles(t, dir, lives[len(lives)-1])
	})
	db, err := store.OpenThrough(t.Context(), storetest.DriverName, dir, keys, storetest.NewClock().Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if len(lives) < 10 {
		t.Fatalf("only %d statements passed", len(lives))
	}
	step := 1
	if kills > 0 {
		step = (len(lives) + kills - 1) / kills
	}
	tried := 0
	for at := first % step; at < len(lives); at += step {
		tried++
		left := lives[at]
		again, err := store.Open(t.Context(), left, keys, storetest.NewClock().Now)
		if err != nil {
			t.Fatalf("killed at statement %d of %d: %v", at+1, len(lives), err)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(left, store.FileName)
		if diff := cmp.Diff(fresh, schemaOf(t, file)); diff != "" {
			t.Fatalf("killed at statement %d of %d, the schema differs (-new +upgraded):\n%s", at+1, len(lives), diff)
		}
		if diff := cmp.Diff(before, rowsOf(t, file, before)); before != nil && diff != "" {
			t.Fatalf("killed at statement %d of %d, rows changed (-before +after):\n%s", at+1, len(lives), diff)
		}
		if says := column(t, openPlain(t, file), `PRAGMA integrity_check`); len(says) != 1 || says[0] != "ok" {
			t.Fatalf("killed at statement %d of %d: %v", at+1, len(lives), says)
		}
		if half, err := filepath.Glob(filepath.Join(left, "*.new")); err != nil || len(half) > 0 {
			t.Errorf("unfinished copies are left: %v, %v", half, err)
		}
	}
	t.Logf("%d of %d kills", tried, len(lives))
}

// TestCopyBeforeUpgrade: an earlier program cannot read the database once its
// schema is changed; for that there is a copy, and not one for ever.
func TestCopyBeforeUpgrade(t *testing.T) {
	t.Parallel()
	const from = 4
	dir := t.TempDir()
	path := filepath.Join(dir, store.FileName)
	before := furnishOld(t, path, from)
	old := schemaOf(t, path)
	for _, schema := range []string{"1", "2", "3", "mine"} {
		if err := os.WriteFile(filepath.Join(dir, "bandstand-schema-"+schema+".db"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	keys := newKeys(t)
	for range 2 { // the second start changes nothing
		db, err := store.Open(t.Context(), dir, keys, storetest.NewClock().Now)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(dir, "bandstand-schema-4.db")
		if diff := cmp.Diff(before, rowsOf(t, copied, before)); diff != "" {
			t.Errorf("rows of the copy (-before +copy):\n%s", diff)
		}
		if diff := cmp.Diff(old, schemaOf(t, copied)); diff != "" {
			t.Errorf("schema of the copy (-before +copy):\n%s", diff)
		}
		if i, err := os.Stat(copied); err != nil || i.Mode().Perm() != 0o600 {
			t.Errorf("the copy has mode %v, %v; want 0600", i.Mode(), err)
		}
		found, err := filepath.Glob(filepath.Join(dir, "*-schema-*"))
		if err != nil {
			t.Fatal(err)
		}
		want := []string{filepath.Join(dir, "bandstand-schema-3.db"), copied, filepath.Join(dir, "bandstand-schema-mine.db")}
		if diff := cmp.Diff(want, found); diff != "" {
			t.Errorf("copies (-want +found):\n%s", diff)
		}
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(newDatabase(t)), "bandstand-schema-0.db")); !os.IsNotExist(err) {
		t.Errorf("a new database is copied: %v", err)
	}
}

// TestNoUpgradeWithoutACopy: where there is no space for a copy, the database
// stays as it is.
func TestNoUpgradeWithoutACopy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, store.FileName)
	furnishOld(t, path, 5)
	if err := os.MkdirAll(filepath.Join(dir, "bandstand-schema-5.db", "in the way"), fs.ModePerm); err != nil {
		t.Fatal(err)
	}
	old := schemaOf(t, path)
	_, err := store.Open(t.Context(), dir, newKeys(t), storetest.NewClock().Now)
	if err == nil || !strings.Contains(err.Error(), "copy the database before") {
		t.Errorf("opening says %v", err)
	}
	if diff := cmp.Diff(old, schemaOf(t, path)); diff != "" {
		t.Errorf("the schema changed (-before +after):\n%s", diff)
	}
}
