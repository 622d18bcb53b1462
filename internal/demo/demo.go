// Package demo furnishes Bandstand for people who want to try it: a club with two
// months of posts, made by the engine itself on make-believe platforms.
package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/bandstand-app/bandstand/handlers/people"
	"github.com/bandstand-app/bandstand/internal/app"
)

// Open opens an app whose clock begins two months ago, lets a club live through
// that time, and sets the clock right: to what present says.
func Open(ctx context.Context, config app.Config, present func() time.Time) (*app.App, error) {
	if _, err := fmt.Fprintln(config.Out, "Furnishing a club with two months of posts …"); err != nil {
		return nil, err
	}
	clock := newShiftedClock(present, past)
	door := &people.Demo{Token: rand.Text()}
	config.Now, config.Elapsed, config.Demo = clock.now, clock.elapsed, door
	// The console of a demo is for its greeting.
	config.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	config.Greeting = func(base string) string {
		return fmt.Sprintf("The demo runs at %[1]s\n\nOpen %[1]s/demo/%[2]s to sign in as Maeve, who looks after Riverside FC.\n"+
			"Tom (publisher) and Ines (writer) sign in as tom@riverside.example and ines@riverside.example with the password “%[3]s”.\n"+
			"Nothing leaves this computer. Ctrl+C ends the demo and removes it.\n", base, door.Token, Password)
	}
	a, err := app.Open(ctx, config)
	if err != nil {
		return nil, err
	}
	f := &furnisher{app: a, clock: clock}
	if err := f.furnish(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("furnish the demo: %w", err), a.Close())
	}
	door.PersonID, door.ClubID = f.maeve.PersonID, f.maeve.ClubID
	return a, nil
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
