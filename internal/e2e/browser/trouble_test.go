//go:build browser

package browser

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// TestBrowserTrouble looks at what people see of trouble that is not theirs: a
// limit that is near or reached, a clock that was set back, a damaged database.
func TestBrowserTrouble(t *testing.T) {
	for _, v := range []view{phone, darkDesktop} {
		t.Run(v.name, func(t *testing.T) {
			clock := e2ekit.NewClock()
			var set atomic.Int64 // how far the clock was set, in nanoseconds
			app, err := e2ekit.OpenDemo(t.Context(), e2ekit.SettingsFor(filepath.Join(t.TempDir(), "data")), new(lockedBuffer),
				func() time.Time { return clock.Now().Add(time.Duration(set.Load())) })
			if err != nil {
				t.Fatal(err)
			}
			runApp(t, app)
			b := newTab(t, app.Base().String(), v)
			b.expected = []string{"500", "503"}
			b.enterDemo(app)

			nearLimits(t, app)
			b.open("/accounts")
			b.sees("92 of 100 posts used")
			b.sees("limit reached")
			b.look("trouble-limits")

			set.Store(int64(-time.Hour))
			b.comes("/calendar", "the clock of the server is in doubt")
			b.look("trouble-clock")
			b.open("/hold")
			b.sees("Is the clock of the server right?")
			b.look("trouble-clock-question")
			set.Store(0) // somebody sets it
			b.goes("/calendar", "the clock of the server is in doubt")
			set.Store(int64(-time.Hour))
			b.comes("/calendar", "the clock of the server is in doubt")
			b.open("/hold")
			b.load(func() { b.click("The clock is right") })
			b.goes("/calendar", "the clock of the server is in doubt")

			spoil(t, app)
			b.comes("/settings/status", "Damaged, found")
			b.look("trouble-damaged-status")
			b.open("/notices")
			b.sees("damaged")
			b.look("trouble-damaged")
		})
	}
}

// comes opens a page again and again until it says something.
func (b *tab) comes(path, text string) {
	b.t.Helper()
	eventually(b.t, text+" on "+path, func() bool { b.open(path); return b.says(text) })
}

// goes opens a page again and again until it says something no more.
func (b *tab) goes(path, text string) {
	b.t.Helper()
	eventually(b.t, text+" not on "+path, func() bool { b.open(path); return !b.says(text) })
}

func (b *tab) says(text string) bool {
	b.t.Helper()
	return script[bool](b, `document.body.innerText.replace(/\s+/g, " ").includes(`+quoted(text)+`)`)
}

// nearLimits uses up most of what one account may do, and all of another.
func nearLimits(t *testing.T, app *e2ekit.App) {
	t.Helper()
	now := app.Now()
	all, err := app.DB().Connections(t.Context(), store.Scope{ClubID: app.Demo.ClubID, PersonID: app.Demo.PersonID})
	if err != nil {
		t.Fatal(err)
	}
	usable := all[:0]
	for _, c := range all {
		if c.Usable() {
			usable = append(usable, c)
		}
	}
	day := platforms.Limit{Name: "posts", Unit: platforms.LimitPosts, Span: platforms.SpanDay, Max: 100, Left: 8, Ends: now.Add(6 * time.Hour)}
	if err := app.DB().SaveLimits(t.Context(), usable[0].ID, app.Demo.ClubID, []platforms.Limit{day}, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if err := app.DB().Block(t.Context(), usable[1].ID, now.Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
}

// spoil overwrites a page of the database that is read for what is planned.
func spoil(t *testing.T, app *e2ekit.App) {
	t.Helper()
	if err := app.DB().Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	var file string
	var page int64
	err := app.DB().Reader().QueryRowContext(t.Context(), `
		SELECT file, (SELECT rootpage FROM sqlite_master WHERE name = 'deliveries_ahead') FROM pragma_database_list`).Scan(&file, &page)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(make([]byte, 4096), (page-1)*4096); err != nil {
		t.Fatal(err)
	}
}
