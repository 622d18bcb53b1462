// Package e2ekit is what end-to-end tests share. Tests alone import it.
package e2ekit

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

// Catalogue returns what the program is built with.
func Catalogue() app.Catalogue { return catalogue.New("dev") }

// SettingsFor returns the settings of an app whose data are in a directory, on a
// port of its own.
func SettingsFor(data string) Settings {
	return Settings{Directory: settings.Directory{Data: data}, Listen: "127.0.0.1:0"}
}

// Parse returns the settings that these arguments of serve make.
func Parse(t *testing.T, args ...string) Settings {
	t.Helper()
	s := Settings{Platforms: settings.NewPlatforms(Catalogue().Describe())}
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
	c.Catalogue, c.Log, c.Out = Catalogue(), slog.New(slog.NewTextHandler(os.Stderr, nil)), out
	if err := s.Apply(&c); err != nil {
		return c, err
	}
	change(&c)
	return c, nil
}

// Open opens an app as serve does, with a chance to change its configuration.
// Nothing runs.
func Open(ctx context.Context, s Settings, out io.Writer, now func() time.Time, change func(*Config)) (*App, error) {
	c, err := configOf(s, out, now, change)
	if err != nil {
		return nil, err
	}
	return app.Open(ctx, c)
}

// Unchanged leaves a configuration as serve has it.
func Unchanged(*Config) {}

// OpenDemo opens a furnished app whose present is given.
func OpenDemo(ctx context.Context, s Settings, out io.Writer, present func() time.Time) (*App, error) {
	return OpenDemoWith(ctx, s, out, present, Unchanged)
}

// OpenDemoWith is openDemo with a chance to change the configuration.
func OpenDemoWith(ctx context.Context, s Settings, out io.Writer, present func() time.Time, change func(*Config)) (*App, error) {
	c, err := configOf(s, out, present, change)
	if err != nil {
		return nil, err
	}
	return demo.Open(ctx, c, present)
}

// OpenAt opens an app on a data directory. Nothing runs, and nothing is logged.
func OpenAt(ctx context.Context, data string) (*App, error) {
	return Open(ctx, SettingsFor(data), io.Discard, time.Now, func(c *Config) { c.Log = slog.New(slog.DiscardHandler) })
}

// TryOpen opens an app on a data directory and closes it again.
func TryOpen(ctx context.Context, data string) error {
	app, err := OpenAt(ctx, data)
	if err != nil {
		return err
	}
	return app.Close()
}

// Found makes the first person and club.
func Found(t *testing.T, app *App, passwordHash string) store.Scope {
	t.Helper()
	p, c, err := app.DB().CreateFirst(t.Context(), store.NewPerson{Email: "maeve@riverside.example", Name: "Maeve", PasswordHash: passwordHash},
		store.NewClub{Name: "Riverside FC", Zone: "UTC", WeekStart: time.Monday}, "test")
	if err != nil {
		t.Fatal(err)
	}
	return store.Scope{ClubID: c.ID, PersonID: p.ID}
}

// PracticeSignIn returns what a make-believe platform lets in; nil where accounts
// are not connected by typing.
func PracticeSignIn(id platforms.ID) map[string]string {
	p, _ := Catalogue().Registry(platforms.Env{}, nil, nil).Platform(id)
	if p, ok := p.(platforms.PasswordSignIn); ok {
		return platforms.PracticeSignIn(p)
	}
	return nil
}

// Sandboxed returns the addresses of the platforms in a sandbox.
func Sandboxed(base string) app.Endpoints { return app.Sandboxed(base, Catalogue().Describe()) }
