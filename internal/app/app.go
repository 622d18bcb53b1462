// Package app puts the parts of Bandstand together: data directory, database,
// platforms, engine and web server. The command line, the demo and tests open the
// same App with a Config of their own.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"
	_ "time/tzdata" // zones are part of the program

	"github.com/alexedwards/scs/sqlite3store"

	"github.com/bandstand-app/bandstand/handlers"
	"github.com/bandstand-app/bandstand/handlers/people"
	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/datadir"
	"github.com/bandstand-app/bandstand/internal/disk"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/journal"
	"github.com/bandstand-app/bandstand/internal/linkcard"
	"github.com/bandstand-app/bandstand/internal/media"
	"github.com/bandstand-app/bandstand/internal/password"
	"github.com/bandstand-app/bandstand/internal/practice"
	"github.com/bandstand-app/bandstand/internal/safehttp"
	"github.com/bandstand-app/bandstand/internal/secret"
	"github.com/bandstand-app/bandstand/jobs"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/static"
	"github.com/bandstand-app/bandstand/store"
)

// Config is all that two installations, or a program and a test, do differently.
// NewConfig fills in what is usual.
type Config struct {
	Catalogue

	Data    string // directory of the database, keys and pictures
	KeyFile string // of the keys that seal secrets; "": in the data directory
	// AllowNetworkDisk is for those who know that no other computer uses it.
	AllowNetworkDisk bool

	Listen         string   // host:port; with port 0, any that is free
	BaseURL        *url.URL // at which people and platforms reach Bandstand; its port 0 stands for that of Listen
	TrustedProxies []netip.Prefix
	Networks       []netip.Prefix // that are not public and may be called all the same

	Endpoints    Endpoints                // of the platforms, where they are not the usual ones
	Versions     map[platforms.ID]string  // of the platforms' interfaces, where they are not the usual ones
	PlatformApps map[string]platforms.App // by slot, for clubs that entered none of their own

	Messages []fs.FS // further languages, beside those that are built in

	Out      io.Writer                // for people: where to go
	Greeting func(base string) string // nil: the usual one
	Log      *slog.Logger
	Demo     *people.Demo // nil but in a demo

	Now      func() time.Time
	Elapsed  func() time.Duration // since the start; cannot be set by anybody
	Built    time.Time            // no clock is right before that; zero if it is not known
	Network  func(dir string) (kind string, err error)
	Ballast  int64 // bytes put by for a full disk
	Timeouts Timeouts
}

// NewConfig is a Config with what is usual on a computer of today. The data
// directory, the addresses and the catalogue are still missing.
func NewConfig(now func() time.Time, elapsed func() time.Duration) Config {
	return Config{
		Out: io.Discard, Log: slog.Default(), Now: now, Elapsed: elapsed,
		Network: disk.Network, Ballast: disk.BallastBytes, Timeouts: UsualTimeouts(),
	}
}

// App is the running program: Open wires it, Run serves until ctx ends, Close
// lets go of everything.
type App struct {
	Config

	base     *url.URL
	dir      *datadir.Dir
	ballast  *disk.Ballast
	db       *store.DB
	journal  *journal.Journal
	parts    *integration
	media    *media.Library
	links    *linkcard.Reader
	signIns  *jobs.SignIns
	engine   *jobs.Engine
	listener net.Listener
	server   *http.Server
}

// Base is the address at which people reach the app.
func (a *App) Base() *url.URL { return a.base }

// DB is the database, open until Close.
func (a *App) DB() *store.DB { return a.db }

// Media are the pictures.
func (a *App) Media() *media.Library { return a.media }

// Engine is what publishes. Run starts it.
func (a *App) Engine() *jobs.Engine { return a.engine }

// SignIns keep the accounts' sign-ins fresh.
func (a *App) SignIns() *jobs.SignIns { return a.signIns }

// Worlds are the clubs' make-believe platforms.
func (a *App) Worlds() *practice.Worlds { return a.parts.worlds }

// Platforms are those that a club's calls go to.
func (a *App) Platforms(clubID int64, practice bool) *platforms.Registry {
	return a.parts.Platforms(clubID, practice)
}

// RealPlatforms and PracticePlatforms are for drawing and counting alone.
func (a *App) RealPlatforms() *platforms.Registry { return a.parts.real }

// PracticePlatforms are those of RealPlatforms in practice mode.
func (a *App) PracticePlatforms() *platforms.Registry { return a.parts.practice }

// PlatformApp gives the credentials of a platform app; empty if there are none.
func (a *App) PlatformApp(ctx context.Context, clubID int64, practice bool, slot string) (platforms.App, error) {
	return a.parts.App(ctx, clubID, practice, slot)
}

// Addr is where the app listens.
func (a *App) Addr() net.Addr { return a.listener.Addr() }

// Handler answers requests as the web server does.
func (a *App) Handler() http.Handler { return a.server.Handler }

// Limits of the web server (rule W8); how long it waits is Timeouts. Requests have
// as long to end as calls to platforms.
const (
	StopTimeout = jobs.Grace
	HeaderBytes = 32 << 10
)

// Open makes or opens the data directory and puts the parts together. Nothing
// runs yet.
func Open(ctx context.Context, config Config) (*App, error) {
	a := &App{Config: config}
	if err := a.open(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) open(ctx context.Context) error {
	var err error
	if a.dir, err = datadir.Open(a.Data, datadir.Options{Log: a.Log, AllowNetworkDisk: a.AllowNetworkDisk, Network: a.Network}); err != nil {
		return err
	}
	keys, err := datadir.Keys(a.Data, a.KeyFile)
	if err != nil {
		return err
	}
	if a.listener, err = Listen(ctx, a.Listen); err != nil {
		return err
	}
	base := *a.BaseURL
	if _, port, _ := net.SplitHostPort(a.Listen); port == "0" && base.Port() == "0" {
		_, port, _ = net.SplitHostPort(a.listener.Addr().String())
		base.Host = net.JoinHostPort(base.Hostname(), port)
	}
	a.base = &base
	// Messages and assets are read while the database is opened: each takes as
	// long as the other.
	var texts presentation
	var textsErr error
	var reading sync.WaitGroup
	reading.Go(func() { texts, textsErr = a.readPresentation() })
	defer reading.Wait()
	a.ballast = disk.NewBallast(a.Data, a.Config.Ballast)
	err = a.openData(ctx, keys)
	if club.CodeOf(err) == club.Full {
		// Even opening takes some space: that which was put by.
		if err := errors.Join(a.closeData(), a.ballast.Release()); err != nil {
			return err
		}
		err = a.openData(ctx, keys)
	}
	if err != nil {
		return datadir.Explain(a.Data, err)
	}
	if reading.Wait(); textsErr != nil {
		return textsErr
	}
	return a.wire(texts)
}

// openData opens what Bandstand keeps.
func (a *App) openData(ctx context.Context, keys *secret.Keyset) (err error) {
	if err := datadir.MarkCopy(a.Data); err != nil {
		return fmt.Errorf("look whether the database is a copy: %w", err)
	}
	if a.db, err = store.Open(ctx, a.Data, keys, a.Now); err != nil {
		return err
	}
	if err := a.db.ExamineAfterCrash(ctx); err != nil {
		return err
	}
	if a.journal, err = journal.Open(a.Data, a.Now); err != nil {
		return err
	}
	a.media, err = media.Open(a.db, media.Settings{
		Dir: a.dir.Path("media"), Key: keys.Derive("media-url"), BaseURL: a.base.String(), Now: a.Now,
	})
	return err
}

func (a *App) closeData() error {
	var errs []error
	if a.journal != nil {
		errs = append(errs, a.journal.Close())
	}
	if a.db != nil {
		errs = append(errs, a.db.Close())
	}
	a.journal, a.db = nil, nil
	return errors.Join(errs...)
}

// presentation is what pages are made of besides data.
type presentation struct {
	catalogue *i18n.Catalogue
	assets    *static.Assets
}

func (a *App) readPresentation() (f presentation, err error) {
	var css []string
	var words []fs.FS
	for _, i := range a.Describe() {
		css = append(css, i.CSS)
		words = append(words, i.Catalogue)
	}
	if f.catalogue, err = i18n.Load(append(words, a.Messages...)...); err != nil {
		return f, err
	}
	f.assets, err = static.New(css...)
	return f, err
}

func (a *App) wire(texts presentation) error {
	a.parts = a.integrate()
	cfg := a.jobsConfig()
	a.signIns = jobs.NewSignIns(cfg)
	a.engine = jobs.NewEngine(cfg, a.signIns)
	a.links = linkcard.New(linkcard.Config{
		Web:  safehttp.NewUntrusted(safehttp.Settings{UserAgent: a.UserAgent(), Exceptions: a.Networks}),
		Rows: a.db, Pictures: a.media, Now: a.Now, Log: a.Log,
	})
	server, err := handlers.New(handlers.Config{
		Config: web.Config{
			DB: a.db, SessionStore: sqlite3store.NewWithCleanupInterval(a.db.Sessions(), 0), Catalogue: texts.catalogue, Assets: texts.assets, Log: a.Log,
			Now: a.Now, BaseURL: a.base, TrustedProxies: a.TrustedProxies, Version: a.Version,
			Media: a.media, Health: a.Health, Real: a.parts.real, Practice: a.parts.practice,
		},
		Services: handlers.Services{
			Passwords: password.New(), Links: a.links, Demo: a.Demo, Worlds: a.parts.worlds,
			Platforms: a.parts.Platforms, AppCredentials: a.parts.App, SignIns: a.signIns,
		},
	})
	if err != nil {
		return err
	}
	a.server = &http.Server{
		Handler: a.Timeouts.bound(server), ReadHeaderTimeout: a.Timeouts.Header, IdleTimeout: a.Timeouts.Idle, WriteTimeout: a.Timeouts.Request + a.Timeouts.Answer,
		MaxHeaderBytes: HeaderBytes,
		ErrorLog:       slog.NewLogLogger(a.Log.Handler(), slog.LevelWarn),
	}
	return nil
}

// jobsConfig is what everything that Bandstand does by itself is built with.
func (a *App) jobsConfig() jobs.Config {
	return jobs.Config{
		DB: a.db, Platforms: a.parts.Platforms, App: a.parts.App, Media: a.media, Journal: a.journal, Log: a.Log, Now: a.Now,
		Elapsed: a.Elapsed, After: time.After, Jitter: rand.Float64, Boot: store.NewID(), Built: a.Built,
		Ballast: a.ballast,
		Before:  func(ctx context.Context) error { return a.dir.FindPlace(ctx, a.db) },
		Alive:   func(ctx context.Context) error { return a.dir.RenewMark(ctx, a.db) },
	}
}

// Health is how the engine is, for /healthz.
func (a *App) Health() web.Health {
	s := a.engine.Status()
	return web.Health{
		LastTick: s.LastTick, LastClaim: s.LastClaim, Stuck: s.Stuck(a.Now()), Held: s.Held, Damage: s.Damage, ClockAhead: s.ClockAhead,
		Journal: web.Journal{Size: s.Journal.Offset, Last: s.Journal.Last, Bad: s.Journal.Err != nil || s.Journal.Damaged > 0},
	}
}

// Run serves until ctx ends, then stops in order: no new requests, no new
// claims, what runs may finish.
func (a *App) Run(ctx context.Context) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	starting := context.WithoutCancel(ctx)
	if err := a.Greet(starting); err != nil {
		return err
	}
	// Before anything runs, what an earlier process left open is settled.
	if err := a.engine.Start(starting); err != nil {
		return err
	}
	worlds, engine := make(chan error, 1), make(chan error, 1)
	go func() { worlds <- a.parts.worlds.Run(ctx) }()
	go func() { engine <- a.engine.Run(ctx) }()
	links := make(chan struct{})
	go func() { defer close(links); a.links.Run(ctx) }()
	failed := make(chan error, 1)
	go func() { failed <- a.Serve() }()
	var failure error
	select {
	case failure = <-failed:
		end()
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(starting, StopTimeout)
	defer cancel()
	err := errors.Join(failure, a.closeDoors(stop), <-engine, <-worlds)
	select {
	case <-links:
	case <-stop.Done(): // a picture is still being read: nothing of it is kept
	}
	return err
}

// Serve answers requests until the app stops or the listener fails.
func (a *App) Serve() error { return a.server.Serve(a.listener) }

// closeDoors lets requests come to their end until ctx does. Those that take
// longer are cut off: nothing of them is done that was not answered.
func (a *App) closeDoors(ctx context.Context) error {
	err := a.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return a.server.Close()
	}
	return err
}

// Greet prints where to go, and the set-up code while nobody has set up.
func (a *App) Greet(ctx context.Context) error {
	if a.Greeting != nil {
		_, err := io.WriteString(a.Out, a.Greeting(a.base.String()))
		return err
	}
	code, err := a.db.NewSetupCode(ctx)
	if club.Storage(err) {
		a.Log.Error("no set-up code could be stored, if one is needed: start again when something can be", "err", err)
	} else if err != nil {
		return err
	}
	if code == "" {
		_, err = fmt.Fprintf(a.Out, "Bandstand %s runs at %s\n", a.Version, a.base)
		return err
	}
	_, err = fmt.Fprintf(a.Out, "Bandstand %s runs at %s\nOpen %s/setup?code=%s to finish setting up.\n", a.Version, a.base, a.base, code)
	return err
}

// Close lets go of the listener, the database and the data directory.
func (a *App) Close() error {
	var errs []error
	if a.listener != nil {
		if err := a.listener.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	errs = append(errs, a.closeData())
	if a.dir != nil {
		errs = append(errs, a.dir.Close())
	}
	return errors.Join(errs...)
}
