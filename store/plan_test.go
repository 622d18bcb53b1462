package store_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// mayScan is what may go through a table or through years of one club, and why.
// A line is a function of package store and the index or table it goes through.
var mayScan = map[string]string{
	"needsSetup people":                    "stops at the first row",
	"People people":                        "lists everybody, for the console",
	"FollowZones c":                        "asks each club in turn for its posts to come",
	"closeOpen publish_attempts_open":      "open attempts are never more than the engine runs at once",
	"ClockHeld holds_open":                 "what is held at the moment is one row a club, if any",
	"endClockHolds clubs":                  "a doubt concerns every club, and ends once",
	"holdAll clubs":                        "a doubt concerns every club, and comes once",
	"MendTimes connections":                "accounts are few, and it comes after the clock was set",
	"SaveClockOff clubs":                   "every page of every club says so, and it comes once",
	"forgotten publish_attempts":           "comes once, when the program starts",
	"OneConnectionEach connections_ending": "accounts are few, and it is asked once a minute at most, while the clock is in doubt",
	"Posts posts_list":                     "goes in the order of the list and stops at the end of a page",
	"TrayPosts posts_tray":                 "goes in the order of the list and stops at the limit",
	"PutAway posts_practice":               "counts what a club made while it practised, which does not grow once it is live",
	"PracticePosts posts_practice":         "the same, asked once before a club goes live",
	"Keepable posts_practice":              "goes in the order of the list and stops at the limit",
	"AuditEntries audit_club":              "goes in the order of the list and stops at the limit",
	"Record audit_club":                    "goes in the order of the list and stops at the limit",
}

// TestNoStatementScansAGrowingTable asks SQLite how it would run each statement
// of this package, in an empty database without statistics: years of posts must
// not make a page or a tick slower (goal S6).
func TestNoStatementScansAGrowingTable(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.NewClock().Now)
	all := statements(t)
	if len(all) < 100 {
		t.Errorf("found %d statements: the reader of sources has missed many", len(all))
	}
	used := map[string]bool{}
	for _, s := range all {
		for _, step := range plan(t, db, s.sql) {
			if !reads(step) {
				continue
			}
			line := s.in + " " + through(step)
			if mayScan[line] != "" {
				used[line] = true
				continue
			}
			t.Errorf("%s: %s: %s\n%s", s.where, s.in, step, s.sql)
		}
	}
	for line := range mayScan {
		if !used[line] {
			t.Errorf("mayScan has a line %q, which nothing needs", line)
		}
	}
}

// whole matches a step that goes through a table from end to end, or that makes
// an index for one query by doing so.
var whole = regexp.MustCompile(`^SCAN |AUTOMATIC .*INDEX`)

// made matches what is no table: a row of constants, a list handed in as JSON,
// what the statement itself has chosen before.
var made = regexp.MustCompile(`^SCAN (\d+ )?CONSTANT ROW|VIRTUAL TABLE INDEX|^SCAN (due|\(subquery-\d+\))$`)

// ofClub matches a step that goes through all that one club has of something
// that grows with the years. Accounts, members and campaigns do not.
var ofClub = regexp.MustCompile(`^SEARCH (link_cards|.* (COVERING )?INDEX (posts|media|deliveries|link_cards|notices|post_snapshots|account_snapshots|audit)_\w+) ?.*\(club_id=\?\)$`)

func reads(step string) bool {
	return (whole.MatchString(step) && !made.MatchString(step)) || ofClub.MatchString(step)
}

// through names what a step goes through: an index of ours, or the table.
func through(step string) string {
	words := strings.Fields(step)
	if i := slices.Index(words, "INDEX"); i > 0 && !strings.HasPrefix(words[i+1], "sqlite_") {
		return words[i+1]
	}
	return words[1]
}

// plan is how SQLite runs a statement, a step a line.
func plan(t *testing.T, db *store.DB, text string) []string {
	t.Helper()
	conn, err := db.Writer().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// Foreign keys have a test of their own: with them, the plan of an INSERT
	// lists looks for orphans that only run when there are some.
	if _, err := conn.ExecContext(t.Context(), `PRAGMA foreign_keys = OFF`); err != nil {
		t.Fatal(err)
	}
	text = "EXPLAIN QUERY PLAN " + text
	rows, err := conn.QueryContext(t.Context(), text, make([]any, parameters(t, conn, text))...)
	if err != nil {
		t.Errorf("%v\n%s", err, text)
		return nil
	}
	defer rows.Close()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return steps
}

// parameters counts what a statement wants bound.
func parameters(t *testing.T, conn *sql.Conn, text string) int {
	t.Helper()
	n := 0
	err := conn.Raw(func(c any) error {
		s, err := c.(driver.ConnPrepareContext).PrepareContext(context.WithoutCancel(t.Context()), text)
		if err != nil {
			return err
		}
		n = s.NumInput()
		return s.Close()
	})
	if err != nil {
		t.Errorf("%v\n%s", err, text)
	}
	return n
}

// TestForeignKeysFindTheirRows holds that deleting a row finds the rows that
// point to it by an index, not by looking through their table.
func TestForeignKeysFindTheirRows(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.NewClock().Now)
	deleted := map[string]bool{}
	from := regexp.MustCompile(`(?i)DELETE FROM (\w+)`)
	for _, s := range statements(t) {
		if m := from.FindStringSubmatch(s.sql); m != nil {
			deleted[m[1]] = true
		}
	}
	keys := foreignKeys(t, db)
	for grown := true; grown; {
		grown = false
		for _, k := range keys {
			if k.cascades && deleted[k.parent] && !deleted[k.child] {
				deleted[k.child], grown = true, true
			}
		}
	}
	for _, k := range keys {
		if !deleted[k.parent] {
			continue
		}
		for _, step := range plan(t, db, `SELECT 1 FROM `+k.child+` WHERE `+k.column+` = ?`) {
			if reads(step) {
				t.Errorf("deleting from %s looks through %s: no index begins with %s", k.parent, k.child, k.column)
			}
		}
	}
}

type foreignKey struct {
	child, column, parent string
	cascades              bool
}

func foreignKeys(t *testing.T, db *store.DB) []foreignKey {
	t.Helper()
	rows, err := db.Reader().QueryContext(t.Context(), `
		SELECT m.name, f."from", f."table", f.on_delete FROM sqlite_schema m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []foreignKey
	for rows.Next() {
		var k foreignKey
		var onDelete string
		if err := rows.Scan(&k.child, &k.column, &k.parent, &onDelete); err != nil {
			t.Fatal(err)
		}
		k.cascades = strings.EqualFold(onDelete, "CASCADE")
		all = append(all, k)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("found %d foreign keys, want many", len(all))
	}
	return all
}

// TestPostsNearATimeAreFoundByTheTime: an account with years of posts ahead is
// asked for those about a time, without reading the others.
func TestPostsNearATimeAreFoundByTheTime(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.NewClock().Now)
	for _, s := range statements(t) {
		if s.in != "Repeats" {
			continue
		}
		steps := plan(t, db, s.sql)
		for _, want := range []string{
			"deliveries_connection (connection_id=? AND status=? AND due_at>? AND due_at<?)",
			"deliveries_published (club_id=? AND published_at>? AND published_at<?)",
		} {
			if !slices.ContainsFunc(steps, func(step string) bool { return strings.HasSuffix(step, want) }) {
				t.Errorf("no step uses %s:\n%s", want, strings.Join(steps, "\n"))
			}
		}
		return
	}
	t.Error("Repeats has no statement")
}
