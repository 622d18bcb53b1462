package main

import (
	"context"
	"io"
	"os"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/app"
	"github.com/bandstand-app/bandstand/internal/demo"
	"github.com/bandstand-app/bandstand/platforms"
)

// Tests call a running app "app", which hides the package of that name.
type (
	App    = app.App
	Config = app.Config
)

// openApp opens an app as serve does, with a chance to change its configuration.
func openApp(ctx context.Context, settings Settings, out io.Writer, now func() time.Time, change func(*Config)) (*App, error) {
	c, err := settings.config(now, newLog(os.Stderr), out)
	if err != nil {
		return nil, err
	}
	change(&c)
	return app.Open(ctx, c)
}

// unchanged leaves a configuration as serve has it.
func unchanged(*Config) {}

// practiceSignIn is what a make-believe platform lets in; nil where accounts are
// not connected by typing.
func practiceSignIn(id platforms.ID) map[string]string {
	p, _ := catalogue().Registry(platforms.Env{}, nil, nil).Platform(id)
	if p, ok := p.(platforms.PasswordSignIn); ok {
		return platforms.PracticeSignIn(p)
	}
	return nil
}

// openDemo opens a furnished app whose present is given.
func openDemo(ctx context.Context, settings Settings, out io.Writer, present func() time.Time) (*App, error) {
	return openDemoWith(ctx, settings, out, present, unchanged)
}

// openDemoWith is openDemo with a chance to change the configuration.
func openDemoWith(ctx context.Context, settings Settings, out io.Writer, present func() time.Time, change func(*Config)) (*App, error) {
	c, err := settings.config(present, newLog(os.Stderr), out)
	if err != nil {
		return nil, err
	}
	change(&c)
	return demo.Open(ctx, c, present)
}

// openAt opens an app on a data directory. Nothing runs.
func openAt(t *testing.T, data string) *App {
	t.Helper()
	app, err := openApp(t.Context(), Settings{DataSettings: DataSettings{Data: data}, Listen: "127.0.0.1:0"}, io.Discard, time.Now, func(c *Config) { c.Log = newLog(io.Discard) })
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// tryOpen opens an app on a data directory and closes it again.
func tryOpen(t *testing.T, data string) error {
	t.Helper()
	app, err := openApp(t.Context(), Settings{DataSettings: DataSettings{Data: data}, Listen: "127.0.0.1:0"}, io.Discard, time.Now, func(c *Config) { c.Log = newLog(io.Discard) })
	if err != nil {
		return err
	}
	return app.Close()
}

// sandboxed are the addresses of the platforms in a sandbox.
func sandboxed(base string) app.Endpoints { return app.Sandboxed(base, catalogue().Describe()) }
