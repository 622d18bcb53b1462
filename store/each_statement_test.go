package store_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// operation is a method of the store, as somebody calls it.
type operation struct {
	name    string // of the method; behind a colon, of the case
	prepare func(f *furnished)
	do      func(ctx context.Context, f *furnished) error
}

func (o operation) method() string {
	method, _, _ := strings.Cut(o.name, ":")
	return method
}

// inParts are the methods that do more than one thing, each in a transaction of
// its own, and why. What they have done stays; they do the rest when they are
// called again.
var inParts = map[string]string{
	"FollowZones": "each post is moved by itself; those that were moved are told of with the error",
	"TryWriting":  "what it tries with must be stored to prove anything; the next try writes over it",
}

// goOn are the methods that go on when there is no space to write, and why.
var goOn = map[string]string{
	"ExamineAfterCrash": "the database was examined and is well; only that cannot be noted down",
}

// TestEveryOperationIsListed keeps operations complete: a new method of the store
// that asks the database has to be in it.
func TestEveryOperationIsListed(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{}
	for _, o := range operations {
		listed[o.method()] = true
	}
	ctx := reflect.TypeFor[context.Context]()
	for m := range reflect.TypeFor[*store.DB]().Methods() {
		if m.Type.NumIn() > 1 && m.Type.In(1) == ctx && !listed[m.Name] {
			t.Errorf("operations_test.go does not list %s: nobody knows what it leaves when one of its statements fails", m.Name)
		}
		delete(listed, m.Name)
	}
	for name := range listed {
		t.Errorf("operations lists %s, which is no method of the store", name)
	}
}

// TestAStatementThatFailsLeavesNothingHalfDone lets each statement of each
// operation fail in every way that one can. Each time the operation says so; the
// database is as it was, nothing stays open, and in the end the same operation
// succeeds.
func TestAStatementThatFailsLeavesNothingHalfDone(t *testing.T) {
	t.Parallel()
	scenes := newScenes(t)
	tried := 0
	for _, o := range operations {
		t.Run(o.name, func(t *testing.T) {
			tried += scenes.try(t, o)
		})
	}
	t.Logf("%d faults", tried)
}

// scenes hands out the furnished club: the same to one operation after another
// until one has changed it.
type scenes struct {
	open func() *furnished
	now  *furnished // nil: the next operation gets a new one
}

func newScenes(t *testing.T) *scenes {
	t.Helper()
	dir, keys := t.TempDir(), newKeys(t)
	f := furnish(t, dir, keys)
	file, err := os.ReadFile(filepath.Join(dir, store.FileName))
	if err != nil {
		t.Fatal(err)
	}
	return &scenes{open: func() *furnished { return f.open(t, file, keys) }}
}

// take hands out a club; prepare may be nil. Before the next, it is given back.
func (s *scenes) take(t *testing.T, prepare func(*furnished)) *furnished {
	t.Helper()
	if s.now == nil {
		s.now = s.open()
	}
	s.now.t = t
	if prepare != nil {
		prepare(s.now)
	}
	return s.now
}

// giveBack takes a club back: one that has changed is of no more use.
func (s *scenes) giveBack(changed bool) {
	if changed {
		s.now.ok(s.now.db.Close())
		s.now = nil
	}
}

// try lets each statement of an operation fail and counts how often one did.
func (s *scenes) try(t *testing.T, o operation) int {
	f := s.take(t, o.prepare)
	w := watch(t, f)
	defer func() { s.giveBack(w.changed() || o.prepare != nil) }()
	before, parts := w.rows(), false
	same := func(failed storetest.Failed, how string) {
		t.Helper()
		for _, pool := range []*sql.DB{f.db.Writer(), f.db.Reader()} {
			if !comesTrue(func() bool { return pool.Stats().InUse == 0 }) {
				t.Fatalf("%s: a connection stays in use after\n%s", how, failed.Statement)
			}
		}
		if !w.changed() {
			return
		}
		if inParts[o.method()] != "" {
			parts = true
			return
		}
		for name, now := range w.rows() {
			if diff := cmp.Diff(before[name], now); diff != "" {
				t.Fatalf("%s: %s is not as before (-before +after) after\n%s\n%s", how, name, failed.Statement, diff)
			}
		}
	}
	tried := 0
	for n := 1; ; n++ {
		failed := s.fail(t, f, o, n, storetest.Refused)
		if !failed.Met {
			break
		}
		same(failed, "refused")
		ways := []storetest.Fault{storetest.Undone}
		if failed.Reads {
			ways = append(ways, storetest.Unread, storetest.HalfRead)
		}
		for _, how := range ways {
			same(s.fail(t, f, o, n, how), "failed")
		}
		if failed.Statement != "COMMIT" {
			s.end(t, f, o, n)
			same(failed, "the caller went away")
		}
		tried += 2 + len(ways)
	}
	if tried == 0 {
		t.Error("it asked the database for nothing: the case proves nothing")
	}
	if inParts[o.method()] != "" && !parts {
		t.Error("inParts lists it, and it did all or nothing")
	}
	return tried
}

// fail runs the operation with a fault at its nth statement. Without one it has to
// succeed.
func (s *scenes) fail(t *testing.T, f *furnished, o operation, n int, how storetest.Fault) storetest.Failed {
	t.Helper()
	var err error
	failed := storetest.Fail(f.path, n, how, func() { err = o.do(t.Context(), f) })
	switch {
	case !failed.Met && err != nil:
		t.Fatalf("with nothing in its way: %v", err)
	case failed.Met && err == nil && how == storetest.Undone && goOn[o.method()] != "":
	case failed.Met && !errors.Is(err, how.Err()):
		t.Fatalf("it says %v, want %v, which is what happened to\n%s", err, how.Err(), failed.Statement)
	case failed.Met && how == storetest.Undone && club.CodeOf(err) != club.Full:
		t.Fatalf("of a full disk it says %v: nobody understands that", err)
	}
	return failed
}

// end runs the operation for somebody who goes away before its nth statement.
func (s *scenes) end(t *testing.T, f *furnished, o operation, n int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	storetest.BeforeEach(t, f.path, func(string) {
		if n--; n == 0 {
			cancel()
		}
	})
	err := o.do(ctx, f)
	storetest.BeforeEach(t, f.path, func(string) {})
	if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, sql.ErrTxDone) {
		t.Fatalf("for somebody who went away it ends with %v", err)
	}
}

// comesTrue waits for what happens beside the test.
func comesTrue(is func() bool) bool {
	for end := time.Now().Add(time.Minute); !is(); {
		if time.Now().After(end) {
			return false
		}
		runtime.Gosched()
	}
	return true
}

// watcher sees from outside what is committed to a database.
type watcher struct {
	t       *testing.T
	path    string
	conn    *sql.DB
	version int64
	tables  map[string]table
}

func watch(t *testing.T, f *furnished) *watcher {
	t.Helper()
	conn := openPlain(t, f.path)
	w := &watcher{t: t, path: f.path, conn: conn, tables: tablesOf(t, conn)}
	w.changed()
	return w
}

// changed tells whether anything was committed since it was last asked.
func (w *watcher) changed() bool {
	w.t.Helper()
	was := w.version
	if err := w.conn.QueryRowContext(context.WithoutCancel(w.t.Context()), `PRAGMA data_version`).Scan(&w.version); err != nil {
		w.t.Fatal(err)
	}
	return was != w.version
}

// rows are those of all tables.
func (w *watcher) rows() map[string]table {
	w.t.Helper()
	return rowsOf(w.t, w.path, w.tables)
}
