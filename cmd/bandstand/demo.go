package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/bandstand-app/bandstand/handlers"
)

// demoCmd is Bandstand as it looks after two months of use, with make-believe
// accounts, in a directory that is removed at the end.
type demoCmd struct {
	Listen string `help:"Address to listen on." default:"127.0.0.1:8080"`
}

// Run furnishes a club, serves it and cleans up.
func (c *demoCmd) Run(ctx context.Context, out io.Writer) error {
	if host, _, err := net.SplitHostPort(c.Listen); err == nil && !thisComputer(host) {
		return fmt.Errorf("--listen: the demo is for this computer alone, because its passwords stand on the console and travel unencrypted. "+
			"Listen on an address like 127.0.0.1:8080 instead of %q", c.Listen)
	}
	dir, err := os.MkdirTemp("", "bandstand-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	app, err := openDemo(ctx, Settings{DataSettings: DataSettings{Data: dir}, Listen: c.Listen}, out, wallClock)
	if err != nil {
		return err
	}
	return errors.Join(app.Run(ctx), app.Close())
}

// openDemo opens an app whose clock begins two months ago, lets the club live
// through that time, and sets the clock right: to what present says.
func openDemo(ctx context.Context, settings Settings, out io.Writer, present func() time.Time) (*App, error) {
	if _, err := fmt.Fprintln(out, "Furnishing a club with two months of posts …"); err != nil {
		return nil, err
	}
	clock := newShiftedClock(present, demoPast)
	door := &handlers.Demo{Token: rand.Text()}
	app, err := openApp(ctx, settings, out, clock.now, func(a *App) {
		a.elapsed = clock.elapsed
		a.demo = door
		// The console of a demo is for its greeting.
		a.log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	})
	if err != nil {
		return nil, err
	}
	f := &furnisher{app: app, clock: clock}
	if err := f.furnish(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("furnish the demo: %w", err), app.Close())
	}
	door.PersonID, door.ClubID = f.maeve.PersonID, f.maeve.ClubID
	app.greeting = fmt.Sprintf("The demo runs at %[1]s\n\nOpen %[1]s/demo/%[2]s to sign in as Maeve, who looks after Riverside FC.\n"+
		"Tom (publisher) and Ines (writer) sign in as tom@riverside.example and ines@riverside.example with the password “%[3]s”.\n"+
		"Nothing leaves this computer. Ctrl+C ends the demo and removes it.\n", app.means.base, door.Token, demoPassword)
	return app, nil
}

// shiftedClock runs from some time ago and can be moved forward, up to the
// present.
type shiftedClock struct {
	present func() time.Time
	start   time.Time

	mu     sync.Mutex
	behind time.Duration
}

func newShiftedClock(present func() time.Time, behind time.Duration) *shiftedClock {
	return &shiftedClock{present: present, behind: behind, start: present().Add(-behind)}
}

func (c *shiftedClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.present().Add(-c.behind)
}

func (c *shiftedClock) elapsed() time.Duration { return c.now().Sub(c.start) }

// moveTo moves the clock forward to a time that is not later than the present.
func (c *shiftedClock) moveTo(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d := t.Sub(c.present().Add(-c.behind)); d > 0 {
		c.behind = max(c.behind-d, 0)
	}
}

// catchUp moves the clock to the present.
func (c *shiftedClock) catchUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.behind = 0
}
