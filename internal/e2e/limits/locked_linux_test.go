package limits

import (
	"database/sql"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/PuerkitoBio/goquery"

	"github.com/bandstand-app/bandstand/internal/testkit"
	"github.com/bandstand-app/bandstand/store"
)

// anotherProgram takes the write lock of an app's database. The function lets go
// of it.
func anotherProgram(t *testing.T, app *e2ekit.App) (letGo func()) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(app.Data, store.FileName)+"?_busy_timeout=60000&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
	}
}

// holdSeconds is longer than the engine waits until it tries whether something
// can be stored again.
const holdSeconds = 12 * time.Second

// TestDatabaseHeldByAnotherProgram is T-DB-LOCK on the whole program: for a
// moment people wait and notice nothing; for longer they are told, keep what they
// typed, and nothing is sent, until it goes on by itself.
func TestDatabaseHeldByAnotherProgram(t *testing.T) {
	t.Parallel()
	clock := e2ekit.NewClock()
	app := demoOn(t, t.TempDir(), clock)
	runs(t, app)
	v := newVisitor(t, app)
	account := plainAccount(t, app)

	letGo := anotherProgram(t, app)
	answers := make(chan int, 1)
	go func() {
		_, status := v.send("/posts", url.Values{"op": {"held-1"}, "version": {"0"}, "text": {"A moment"}, "when": {"none"}}, nil, false)
		answers <- status
	}()
	v.until("somebody waits to write", func() bool { return app.DB().Writer().Stats().InUse == 1 })
	letGo()
	if status := <-answers; status != http.StatusSeeOther {
		t.Errorf("saving while another program wrote for a moment answers %d", status)
	}

	const due, text = "Due while another program writes", "Typed meanwhile"
	schedule(t, app, account, due, time.Minute)
	letGo = anotherProgram(t, app)
	clock.Advance(2 * time.Minute)
	body, status := v.send("/posts", url.Values{"op": {"held-2"}, "version": {"0"}, "text": {text}, "when": {"none"}}, nil, false)
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if said := doc.Find(".errors").Text(); status != http.StatusServiceUnavailable || !strings.Contains(said, "The server is busy") || doc.Find("#text").Text() != text {
		t.Errorf("saving answers %d and says %q; the form holds %q", status, said, doc.Find("#text").Text())
	}
	v.until("a banner, and a health that tells", v.waiting)
	seen := app.Engine().Status().LastTick
	v.until("it has looked again", func() bool { return app.Engine().Status().LastTick.After(seen.Add(holdSeconds)) })
	if !v.waiting() || published(t, app, due) != 0 {
		t.Error("something was sent that could not be noted down")
	}
	letGo()
	v.until("everything goes on", func() bool {
		_, status := v.get("/healthz")
		return status == http.StatusOK && published(t, app, due) == 1
	})
	if _, status := v.send("/posts", url.Values{"op": {"held-2"}, "version": {"0"}, "text": {text}, "when": {"none"}}, nil, false); status != http.StatusSeeOther {
		t.Errorf("saving again answers %d", status)
	}
	if n := published(t, app, due); n != 1 {
		t.Errorf("the post went out %d times", n)
	}
}

func TestDiskThatIsMountedReadOnly(t *testing.T) {
	t.Parallel()
	dir, _, _ := testkit.SmallDisk(t, "size=64m")
	data := filepath.Join(dir, "data")
	if err := e2ekit.TryOpen(t.Context(), data); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	err := e2ekit.TryOpen(t.Context(), data)
	if err == nil || !strings.Contains(err.Error(), data) || !strings.Contains(err.Error(), "mounted read-only") {
		t.Errorf("says %v", err)
	}
}
