package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/bandstand-app/bandstand/cmd/bandstand/catalogue"
	"github.com/bandstand-app/bandstand/cmd/bandstand/settings"
	"github.com/bandstand-app/bandstand/internal/app"
)

type serveCmd struct {
	settings.Serve
}

// Run serves until the process is told to stop.
func (c *serveCmd) Run(ctx context.Context, out io.Writer) error {
	config, err := configure(&c.Serve, out)
	if err != nil {
		return err
	}
	// Starting is short: a stop that comes meanwhile waits until it is done.
	a, err := app.Open(context.WithoutCancel(ctx), config)
	if err != nil {
		return err
	}
	return errors.Join(a.Run(ctx), a.Close())
}

// configure makes the configuration of a program that goes by the wall clock.
func configure(s *settings.Serve, out io.Writer) (app.Config, error) {
	start := time.Now()
	c := app.NewConfig(wallClock, func() time.Duration { return time.Since(start) })
	c.Catalogue, c.Log, c.Out, c.Built = catalogue.New(version), newLog(os.Stderr), out, built()
	return c, s.Apply(&c)
}

// builtAt is when the sources of a program were last changed, as the compiler
// noted down; zero if it did not: there was no repository.
func builtAt(settings []debug.BuildSetting) time.Time {
	for _, s := range settings {
		if at, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil {
			return at.UTC()
		}
	}
	return time.Time{}
}

// newLog writes one line an event.
func newLog(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }
