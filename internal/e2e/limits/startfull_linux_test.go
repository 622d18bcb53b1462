//go:build !race

// Each state of this program is raced by TestFullDisk.

package limits

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/bandstand-app/bandstand/internal/testkit"
)

// TestStartOnAFullDisk: a program that starts where there is no space shows what
// there is, and sends nothing. Not even what an earlier process left open is
// settled before there is room; then all of it is, without another start.
func TestStartOnAFullDisk(t *testing.T) {
	t.Parallel()
	small, fill, free := testkit.SmallDisk(t, "size=64m")
	clock := e2ekit.NewClock()
	app := demoOn(t, small, clock)
	end := runs(t, app)
	v := newVisitor(t, app)
	account := plainAccount(t, app)
	v.until("space is put by", func() bool { return hasBallast(t, app) })
	const due = "This was due while nothing ran"
	schedule(t, app, account, due, 5*time.Minute)
	door := app.Demo
	settings := e2ekit.SettingsFor(app.Data)
	end()
	fill()

	settings.Listen = app.Addr().String() // the cookie is for it
	clock.Advance(10 * time.Minute)
	again, err := e2ekit.Open(t.Context(), settings, io.Discard, clock.Now, func(c *e2ekit.Config) { c.Demo = door })
	if err != nil {
		t.Fatalf("on a full disk it does not start: %v", err)
	}
	runs(t, again)
	v.until("pages, with a banner", v.waiting)
	seen := again.Engine().Status().LastTick
	v.until("it has tried again", func() bool { return again.Engine().Status().LastTick.Sub(seen) > 12*time.Second })
	if !v.waiting() || published(t, again, due) != 0 {
		t.Error("something was sent from a disk that is full")
	}
	free()
	v.until("everything goes on", func() bool {
		_, status := v.get("/healthz")
		return status == http.StatusOK && published(t, again, due) == 1 && hasBallast(t, again)
	})
}
