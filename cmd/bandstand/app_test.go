package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/bandstand-app/bandstand/cmd/bandstand/catalogue"
	"github.com/bandstand-app/bandstand/cmd/bandstand/settings"
	"github.com/bandstand-app/bandstand/internal/app"
	"github.com/bandstand-app/bandstand/internal/demo"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// Tests call a running app "app", which hides the package of that name.
type (
	App      = app.App
	Config   = app.Config
	Settings = settings.Serve
)

// installed returns what the program is built with.
func installed() app.Catalogue { return catalogue.New("dev") }

// settingsFor returns the settings of an app whose data are in a directory, on a
// port of its own.
func settingsFor(data string) Settings {
	return Settings{Directory: settings.Directory{Data: data}, Listen: "127.0.0.1:0"}
}

// parsed returns the settings that these arguments of serve make.
func parsed(t *testing.T, args ...string) Settings {
	t.Helper()
	s := Settings{Platforms: settings.NewPlatforms(installed().Describe())}
	parser, err := kong.New(&s, settings.Groups)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(args); err != nil {
		t.Fatal(err)
	}
	return s
}

// configOf makes the configuration that serve would make, with a chance to change it.
func configOf(s Settings, out io.Writer, now func() time.Time, change func(*Config)) (Config, error) {
	start := time.Now()
	c := app.NewConfig(now, func() time.Duration { return time.Since(start) })
	c.Catalogue, c.Log, c.Out = installed(), slog.New(slog.NewTextHandler(os.Stderr, nil)), out
	if err := s.Apply(&c); err != nil {
		return c, err
	}
	change(&c)
	return c, nil
}

// openApp opens an app as serve does, with a chance to change its configuration.
// Nothing runs.
func openApp(ctx context.Context, s Settings, out io.Writer, now func() time.Time, change func(*Config)) (*App, error) {
	c, err := configOf(s, out, now, change)
	if err != nil {
		return nil, err
	}
	return app.Open(ctx, c)
}

// unchanged leaves a configuration as serve has it.
func unchanged(*Config) {}

// openDemo opens a furnished app whose present is given.
func openDemo(ctx context.Context, s Settings, out io.Writer, present func() time.Time) (*App, error) {
	return openDemoWith(ctx, s, out, present, unchanged)
}

// openDemoWith is openDemo with a chance to change the configuration.
func openDemoWith(ctx context.Context, s Settings, out io.Writer, present func() time.Time, change func(*Config)) (*App, error) {
	c, err := configOf(s, out, present, change)
	if err != nil {
		return nil, err
	}
	return demo.Open(ctx, c, present)
}

// openAt opens an app on a data directory. Nothing runs, and nothing is logged.
func openAt(ctx context.Context, data string) (*App, error) {
	return openApp(ctx, settingsFor(data), io.Discard, time.Now, func(c *Config) { c.Log = slog.New(slog.DiscardHandler) })
}

// tryOpen opens an app on a data directory and closes it again.
func tryOpen(ctx context.Context, data string) error {
	app, err := openAt(ctx, data)
	if err != nil {
		return err
	}
	return app.Close()
}

// found makes the first person and club.
func found(t *testing.T, app *App, passwordHash string) store.Scope {
	t.Helper()
	p, c, err := app.DB().CreateFirst(t.Context(), store.NewPerson{Email: "maeve@riverside.example", Name: "Maeve", PasswordHash: passwordHash},
		store.NewClub{Name: "Riverside FC", Zone: "UTC", WeekStart: time.Monday}, "test")
	if err != nil {
		t.Fatal(err)
	}
	return store.Scope{ClubID: c.ID, PersonID: p.ID}
}

// practiceSignIn returns what a make-believe platform lets in; nil where accounts
// are not connected by typing.
func practiceSignIn(id platforms.ID) map[string]string {
	p, _ := installed().Registry(platforms.Env{}, nil, nil).Platform(id)
	if p, ok := p.(platforms.PasswordSignIn); ok {
		return platforms.PracticeSignIn(p)
	}
	return nil
}

// sandboxed returns the addresses of the platforms in a sandbox.
func sandboxed(base string) app.Endpoints { return app.Sandboxed(base, installed().Describe()) }
