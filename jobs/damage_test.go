package jobs

import (
	"bytes"
	"database/sql"
	"os"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/journal"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// TestDamageWhileItRuns: the file of the database is spoilt under the running
// engine. Nothing goes out any more, on no account; not when the file reads well
// again either, for what was stored meanwhile is anybody's guess; not after a stop
// in good order. With a good file, and after all of it was read, things go on.
func TestDamageWhileItRuns(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	texts := map[string]int64{"First": 0, "Second": 0}
	for text := range texts {
		texts[text] = r.schedule(text, time.Minute, r.connect())
	}
	var path string
	if err := r.db.Reader().QueryRowContext(t.Context(), `SELECT file FROM pragma_database_list`).Scan(&path); err != nil {
		t.Fatal(err)
	}
	var unread int // a page that opening it does not read
	if err := r.db.Reader().QueryRowContext(t.Context(), `SELECT rootpage FROM sqlite_master WHERE name = 'post_snapshots'`).Scan(&unread); err != nil {
		t.Fatal(err)
	}
	r.after(time.Second)
	if err := r.db.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	good := readFile(t, path)
	overwrite := func(b []byte) {
		t.Helper()
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err == nil {
			_, err = f.WriteAt(b[dbPage:], dbPage) // the first page is read from memory
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		r.forgetPages()
	}
	overwrite(bytes.Repeat([]byte{0x5a}, len(good)))
	for range 5 {
		r.after(time.Minute)
	}
	d := r.engine.Status().Damage
	if d.At.IsZero() || d.Said == "" || r.engine.Status().Stuck(r.clock.Now()) {
		t.Errorf("it says %+v", r.engine.Status())
	}
	overwrite(good)
	for range 5 {
		r.after(time.Minute)
	}
	for text := range texts {
		r.wantAccepted(text, 0)
	}

	if err := r.db.Close(); err != nil { // in good order
		t.Fatal(err)
	}
	dir := path[:len(path)-len(store.FileName)-1]
	open := func() (*store.DB, error) {
		db, err := store.Open(t.Context(), dir, r.keys, r.clock.Now)
		if err != nil {
			return nil, err
		}
		t.Cleanup(func() { _ = db.Close() })
		return db, db.ExamineAfterCrash(t.Context())
	}
	spoilt := bytes.Clone(good)
	clear(spoilt[(unread-1)*dbPage : unread*dbPage])
	if err := os.WriteFile(path, spoilt, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // and the refusal is no good order either
		db, err := open()
		if err == nil {
			t.Fatal("a file that was found damaged is opened without being read")
		}
		if db != nil {
			_ = db.Close()
		}
	}
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := open()
	if err != nil {
		t.Fatalf("the good file is refused: %v", err)
	}
	if db.Close() != nil {
		t.Fatal(err)
	}
	if db, err = open(); err != nil || db.Unclean() {
		t.Errorf("the good file is not believed the second time: %v", err)
	}
	r.db, r.config.DB = db, db
	r.restart()
	r.settle()
	for text, post := range texts {
		r.want(post, club.Published, club.Linked)
		r.wantAccepted(text, 1)
	}
	if _, err := journal.Open(r.dir, r.clock.Now); err != nil {
		t.Error(err)
	}
}

// forgetPages lets every connection read its pages from the file again.
func (r *rig) forgetPages() {
	r.t.Helper()
	const forget = "PRAGMA shrink_memory" // says itself what it finds of damage
	_, _ = r.db.Writer().ExecContext(r.t.Context(), forget)
	var all []*sql.Conn
	for range r.db.Reader().Stats().MaxOpenConnections {
		c, err := r.db.Reader().Conn(r.t.Context())
		if err != nil {
			continue // a new one, which reads that it is damaged
		}
		_, _ = c.ExecContext(r.t.Context(), forget)
		all = append(all, c)
	}
	for _, c := range all {
		_ = c.Close()
	}
}
