//go:build browser

package browser

import (
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
)

// TestBrowserHold looks at the screens of holding: by people, with posts that
// wait, and by each doubt of Bandstand itself.
func TestBrowserHold(t *testing.T) {
	app := startDemo(t)
	for i, phase := range []club.Phase{club.Held, club.Restored, club.Late} {
		_, err := app.DB().Writer().ExecContext(t.Context(), `
			UPDATE deliveries SET status = 'NEEDS_ATTENTION', phase = ?, code = 'held', next_at = NULL
			WHERE post_id IN (SELECT post_id FROM deliveries WHERE status = 'SCHEDULED' ORDER BY due_at LIMIT ?)`, phase, 4-i)
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range views {
		t.Run(v.name, func(t *testing.T) {
			b := newTab(t, app.Base().String(), v)
			b.expected = []string{"422"}
			b.open("/demo/" + app.Demo.Token)
			b.load(func() { b.click("Open Riverside FC") })
			b.open("/hold")
			b.look("hold-form")
			b.open("/waiting")
			b.look("waiting-groups")
		})
	}
	if err := app.DB().HoldAll(t.Context(), club.Clone); err != nil {
		t.Fatal(err)
	}
	for _, v := range views {
		t.Run(v.name+" in doubt", func(t *testing.T) {
			b := newTab(t, app.Base().String(), v)
			b.open("/demo/" + app.Demo.Token)
			b.load(func() { b.click("Open Riverside FC") })
			b.open("/hold")
			b.look("hold-question")
		})
	}
}
