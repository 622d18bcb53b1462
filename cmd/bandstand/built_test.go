package main

import (
	"io"
	"log/slog"
	"path/filepath"
	"runtime/debug"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

func TestWhenTheProgramWasMade(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		settings []debug.BuildSetting
		want     time.Time
	}{
		"from a repository": {
			[]debug.BuildSetting{{Key: "GOOS", Value: "linux"}, {Key: "vcs", Value: "git"}, {Key: "vcs.time", Value: "2026-11-20T12:00:00Z"}},
			time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC),
		},
		"from an archive": {[]debug.BuildSetting{{Key: "GOOS", Value: "linux"}}, time.Time{}},
		"unreadable":      {[]debug.BuildSetting{{Key: "vcs.time", Value: "yesterday"}}, time.Time{}},
	} {
		if got := builtAt(tt.settings); !got.Equal(tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

// TestClockBeforeTheProgramWasMade is row 38: such a clock holds everything from
// the first moment on.
func TestClockBeforeTheProgramWasMade(t *testing.T) {
	t.Parallel()
	for ahead, want := range map[time.Duration]club.Phase{0: "", -time.Minute: "", time.Hour: club.ClockInDoubt, 500_000 * time.Hour: club.ClockInDoubt} {
		settings := e2ekit.SettingsFor(filepath.Join(t.TempDir(), "data"))
		app, err := e2ekit.Open(t.Context(), settings, io.Discard, time.Now, func(c *e2ekit.Config) {
			c.Log, c.Built = slog.New(slog.DiscardHandler), time.Now().Add(ahead)
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := app.DB().Writer().ExecContext(t.Context(), `INSERT INTO clubs (name, zone, created_at) VALUES ('Riverside FC', 'UTC', 0)`); err != nil {
			t.Fatal(err)
		}
		if err := app.Engine().Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if h, err := app.DB().ActiveHold(t.Context(), store.Scope{ClubID: 1}); err != nil || h.Phase != want {
			t.Errorf("made %s from now, held as %q, %v; want %q", ahead, h.Phase, err, want)
		}
		if err := app.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
