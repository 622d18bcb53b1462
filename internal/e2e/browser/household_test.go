//go:build browser

package browser

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/bandstand-app/bandstand/internal/demo"
	"github.com/bandstand-app/bandstand/store"
)

// household is an app whose clock the test moves.
type household struct {
	*e2ekit.App
	clock    *e2ekit.Clock
	greeting string
}

// soon is how far ahead people schedule. No step takes so long that it is over
// before the form is sent.
const soon = time.Hour

// startHousehold runs an app that nobody has set up.
func startHousehold(t *testing.T) *household {
	t.Helper()
	h := &household{clock: e2ekit.NewClock()}
	h.App, h.greeting = startApp(t, e2ekit.Settings{}, h.clock)
	return h
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.After(waitFor)
	for !ok() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("never came: %s", what)
		}
	}
}

// scope is the club and the person of the household.
func (h *household) scope(t *testing.T) store.Scope {
	t.Helper()
	p, err := h.DB().PersonByEmail(t.Context(), "maeve@riverside.example")
	if err != nil {
		t.Fatal(err)
	}
	all, err := h.DB().Memberships(t.Context(), p.ID)
	if err != nil || len(all) == 0 {
		t.Fatalf("memberships: %v, %v", all, err)
	}
	return all[0].Scope()
}

// photoFiles are files as a camera would leave them.
func photoFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, s := range demo.Pictures()[:2] {
		b, err := s.JPEG(1200, 900)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), s.Name)
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// tickEveryAccount ticks what is not ticked yet.
func (b *tab) tickEveryAccount() {
	b.t.Helper()
	b.clicks += script[int](b, `(() => { let n = 0; for (const e of document.querySelectorAll("#accounts input[type=checkbox]:not(:checked):not(:disabled)")) { e.click(); n++; } return n; })()`)
}

// takeNumbers does what the cron does every few seconds, and looks for numbers
func postPath(id int64) string { return "/posts/" + strconv.FormatInt(id, 10) }

// takeNumbers does what the cron does every few seconds, and looks for numbers
// of so many deliveries.
func (h *household) takeNumbers(t *testing.T, deliveries int) {
	t.Helper()
	if err := h.Engine().RunSideWork(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := h.DB().Results(t.Context(), h.scope(t), store.ResultFilter{From: h.clock.Now().Add(-24 * time.Hour), To: h.clock.Now(), Practice: true, Limit: 100})
	if err != nil || len(rows) != deliveries {
		t.Fatalf("%d rows of results, %v; want %d", len(rows), err, deliveries)
	}
	for _, r := range rows {
		if r.TakenAt.IsZero() {
			t.Errorf("no numbers of %s were taken", r.Platform)
		}
	}
}

// menu opens the menu entry with this name, which phones keep in a menu of
// their own.
func (b *tab) menu(label string) {
	b.t.Helper()
	if b.view.touch && !script[bool](b, `[...document.querySelectorAll(".nav-list a")].some((e) => e.checkVisibility() && e.innerText.trim().startsWith(`+quoted(label)+`))`) {
		b.click("Main menu")
	}
	b.load(func() { b.click(label) })
}

// within fails if getting here took more activations than the design allows, and
// begins a new count.
func (b *tab) within(job string, limit int) {
	b.t.Helper()
	if b.clicks > limit {
		b.t.Errorf("%s, %s: %d activations, at most %d are allowed", job, b.view.name, b.clicks, limit)
	}
	b.t.Logf("%s, %s: %d activations of %d", job, b.view.name, b.clicks, limit)
	b.clicks = 0
}
