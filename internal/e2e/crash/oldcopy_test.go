//go:build crash

package crash

import (
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

const (
	copyPosts = 6 // on five accounts each
	// copyQuiet is how long nothing may become public before it is no use to wait.
	copyQuiet = 3 * time.Second
)

// TestOldCopy puts an old copy of the database back under the real app, and
// copies its data to another place. Neither publishes anything twice, or
// anything at all before an admin has answered (row 38).
func TestOldCopy(t *testing.T) {
	t.Parallel()
	bin := e2ekit.Build(t, e2ekit.FailpointTags)
	t.Run("of the database", func(t *testing.T) {
		t.Parallel()
		w := newCrashWorld(t, bin, 1)
		for n := range copyPosts {
			if !w.writeOne(n) {
				t.FailNow()
			}
		}
		w.app.kill() // some are public, some are on their way, some wait
		old := filepath.Join(t.TempDir(), "old")
		w.copyDatabase(w.data, old)
		w.startApp()
		w.quiet()
		w.app.kill()
		before := w.record()

		w.copyDatabase(old, w.data)
		w.startApp()
		w.quiet()
		w.rests()
		if n := len(w.record()) - len(before); n != 0 {
			t.Errorf("%d posts became public before anybody was asked", n)
		}
		if got := w.secretary.open("/hold").text(); !strings.Contains(got, "This is an older copy of Bandstand's data") {
			t.Errorf("nobody is asked: %s", got)
		}
		w.app.stop()
		w.wantEachOnce(before)
	})
	t.Run("of the data directory", func(t *testing.T) {
		t.Parallel()
		w := newCrashWorld(t, bin, 1)
		w.app.stop()
		moved := filepath.Join(t.TempDir(), "copy")
		if err := os.CopyFS(moved, os.DirFS(w.data)); err != nil {
			t.Fatal(err)
		}
		for _, private := range []string{"keys", "keys/bandstand.key"} {
			if err := os.Chmod(filepath.Join(moved, private), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		w.data = moved
		w.startApp()
		w.app.says("runs at")
		if !w.writeOne(0) {
			t.FailNow()
		}
		w.quiet()
		if n := len(w.record()); n != 0 {
			t.Errorf("the copy published %d posts before anybody was asked", n)
		}
		hold := w.secretary.open("/hold")
		if !strings.Contains(hold.text(), "Is this a move or a copy?") {
			t.Fatalf("nobody is asked: %s", hold.text())
		}
		w.secretary.press(hold, hold.doc.Find(`main form[action="/hold/release"]`), nil)
		list := w.secretary.open("/waiting")
		w.secretary.press(list, list.doc.Find("main li form").First(), map[string][]string{"answer": {"now"}})
		if !until(t, time.Minute, func() bool { return len(w.record()) == len(w.accounts) }) {
			t.Errorf("%d posts became public after the answer, want %d", len(w.record()), len(w.accounts))
		}
		w.app.stop()
	})
}

// quiet waits until nothing becomes public any more.
func (w *crashWorld) quiet() {
	w.t.Helper()
	w.app.says("runs at")
	have, since := -1, time.Now()
	until(w.t, time.Minute, func() bool {
		if n := len(w.record()); n != have {
			have, since = n, time.Now()
		}
		return time.Since(since) > copyQuiet
	})
}

// rests waits until nothing is on its way any more.
func (w *crashWorld) rests() {
	w.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(w.data, store.FileName)+"?mode=ro")
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	var left int
	if !until(w.t, time.Minute, func() bool {
		err = db.QueryRowContext(w.t.Context(), `SELECT count(*) FROM deliveries WHERE status IN (?, ?)`, club.Scheduled, club.Publishing).Scan(&left)
		return err == nil && left == 0
	}) {
		w.t.Errorf("%d deliveries do not come to rest: %v", left, err)
	}
}

// copyDatabase copies the database of a dead app, with its log.
func (w *crashWorld) copyDatabase(from, to string) {
	w.t.Helper()
	if err := os.MkdirAll(to, 0o700); err != nil {
		w.t.Fatal(err)
	}
	for _, end := range []string{"", "-wal", "-shm"} {
		name := store.FileName + end
		b, err := os.ReadFile(filepath.Join(from, name))
		if os.IsNotExist(err) {
			err = os.Remove(filepath.Join(to, name))
			if os.IsNotExist(err) {
				err = nil
			}
		} else if err == nil {
			err = os.WriteFile(filepath.Join(to, name), b, fs.FileMode(0o600))
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

// wantEachOnce compares what is public with what the old copy has come to know.
func (w *crashWorld) wantEachOnce(public []platforms.SimPost) {
	w.t.Helper()
	type key struct {
		platform      platforms.ID
		account, text string
	}
	there := map[key][]string{}
	for _, p := range public {
		k := key{p.Platform, p.Account, p.Text}
		there[k] = append(there[k], p.ID)
		if len(there[k]) > 1 {
			w.t.Errorf("%q is %d times on %s", p.Text, len(there[k]), p.Platform)
		}
	}
	all, err := deliveriesOf(w.t.Context(), w.open())
	if err != nil {
		w.t.Fatal(err)
	}
	count := map[string]int{}
	for _, d := range all {
		ids := there[key{d.platform, d.account, d.text}]
		count[d.status+"/"+d.phase]++
		switch {
		case d.status == string(club.Published) && (len(ids) != 1 || d.remoteID != "" && d.remoteID != ids[0]):
			w.t.Errorf("%q on %s is said to be public as %q: %v", d.text, d.platform, d.remoteID, ids)
		case d.status != string(club.Published) && d.status != string(club.NeedsAttention):
			w.t.Errorf("%q on %s is left at %s/%s", d.text, d.platform, d.status, d.phase)
		}
	}
	w.t.Logf("%d public; the old copy has %v", len(public), count)
}
