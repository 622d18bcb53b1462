package main

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
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"
	_ "time/tzdata" // zones are part of the program

	"github.com/alexedwards/scs/sqlite3store"

	"github.com/bandstand-app/bandstand/handlers"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/disk"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/journal"
	"github.com/bandstand-app/bandstand/internal/linkcard"
	"github.com/bandstand-app/bandstand/internal/media"
	"github.com/bandstand-app/bandstand/internal/password"
	"github.com/bandstand-app/bandstand/internal/safehttp"
	"github.com/bandstand-app/bandstand/internal/secret"
	"github.com/bandstand-app/bandstand/jobs"
	"github.com/bandstand-app/bandstand/static"
	"github.com/bandstand-app/bandstand/store"
)

type serveCmd struct {
	Settings
}

// Run serves until the process is told to stop.
func (c *serveCmd) Run(ctx context.Context, out io.Writer) error {
	// Starting is short: a stop that comes meanwhile waits until it is done.
	app, err := Open(context.WithoutCancel(ctx), c.Settings, out, wallClock)
	if err != nil {
		return err
	}
	return errors.Join(app.Run(ctx), app.Close())
}

// App is the running program: Open wires it, Run serves until ctx ends, Close
// lets go of everything.
type App struct {
	settings Settings
	out      io.Writer
	log      *slog.Logger
	now      func() time.Time
	elapsed  func() time.Duration // cannot be set by anybody
	built    time.Time            // no clock is right before that; zero if it is not known
	demo     *handlers.Demo       // nil but in a demo
	greeting string               // instead of the usual one
	lock     *os.File
	network  func(dir string) (kind string, err error)
	spare    int64 // bytes put by for a full disk
	ballast  *disk.Ballast
	db       *store.DB
	journal  *journal.Journal
	means    meaning
	parts    *integration
	media    *media.Library
	links    *linkcard.Reader
	signIns  *jobs.SignIns
	engine   *jobs.Engine
	listener net.Listener
	server   *http.Server
	patience patience
}

// Limits of the web server (rule W8); how long it waits is patience. Requests have
// as long to end as calls to platforms.
const (
	stopTimeout = jobs.Grace
	headerBytes = 32 << 10
)

// Open makes or opens the data directory and puts the parts together. Nothing
// runs yet.
func Open(ctx context.Context, settings Settings, out io.Writer, now func() time.Time) (*App, error) {
	return openApp(ctx, settings, out, now, func(*App) {})
}

// openApp is Open with a chance to change the app before it is put together.
func openApp(ctx context.Context, settings Settings, out io.Writer, now func() time.Time, change func(*App)) (*App, error) {
	means, err := settings.check()
	if err != nil {
		return nil, err
	}
	start := time.Now()
	a := &App{
		settings: settings, out: out, means: means, now: now, log: newLog(os.Stderr),
		elapsed: func() time.Duration { return time.Since(start) }, network: disk.Network, spare: disk.BallastBytes, built: built(),
		patience: usualPatience(),
	}
	change(a)
	if err := a.open(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) open(ctx context.Context) error {
	if err := a.openDirectory(); err != nil {
		return err
	}
	keys, err := a.settings.keys()
	if err != nil {
		return err
	}
	if a.listener, err = listen(a.settings.Listen); err != nil {
		return err
	}
	if _, port, _ := net.SplitHostPort(a.settings.Listen); port == "0" && a.means.base.Port() == "0" {
		_, port, _ = net.SplitHostPort(a.listener.Addr().String())
		a.means.base.Host = net.JoinHostPort(a.means.base.Hostname(), port)
	}
	// Messages and assets are read while the database is opened: each takes as
	// long as the other.
	var face face
	var faceErr error
	var reading sync.WaitGroup
	reading.Go(func() { face, faceErr = readFace() })
	defer reading.Wait()
	a.ballast = disk.NewBallast(a.settings.Data, a.spare)
	err = a.openData(ctx, keys)
	if club.CodeOf(err) == club.Full {
		// Even opening takes some space: that which was put by.
		if err := errors.Join(a.closeData(), a.ballast.Release()); err != nil {
			return err
		}
		err = a.openData(ctx, keys)
	}
	if err != nil {
		return unusable(a.settings.Data, err)
	}
	if reading.Wait(); faceErr != nil {
		return faceErr
	}
	return a.wire(face)
}

// openData opens what Bandstand keeps.
func (a *App) openData(ctx context.Context, keys *secret.Keyset) (err error) {
	if err := markCopy(a.settings.Data); err != nil {
		return fmt.Errorf("look whether the database is a copy: %w", err)
	}
	if a.db, err = store.Open(ctx, a.settings.Data, keys, a.now); err != nil {
		return err
	}
	if err := a.db.ExamineAfterCrash(ctx); err != nil {
		return err
	}
	if a.journal, err = journal.Open(a.settings.Data, a.now); err != nil {
		return err
	}
	a.media, err = media.Open(a.db, media.Settings{
		Dir: filepath.Join(a.settings.Data, "media"), Key: keys.Derive("media-url"), BaseURL: a.means.base.String(), Now: a.now,
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

// face is what pages are made of besides data.
type face struct {
	catalogue *i18n.Catalogue
	assets    *static.Assets
}

func readFace() (f face, err error) {
	var css []string
	var words []fs.FS
	for _, i := range describe() {
		css = append(css, i.CSS)
		words = append(words, i.Catalogue)
	}
	if f.catalogue, err = i18n.Load(words...); err != nil {
		return f, err
	}
	f.assets, err = static.New(css...)
	return f, err
}

// keys loads the key file, or makes one at the very first start. A database
// without its key is refused: making a new key would lose every sign-in.
func (s *DataSettings) keys() (*secret.Keyset, error) {
	path := s.KeyFile
	if path == "" {
		path = filepath.Join(s.Data, "keys", "bandstand.key")
	}
	keys, err := secret.Load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return keys, err
	}
	if _, err := os.Stat(filepath.Join(s.Data, store.FileName)); err == nil {
		return nil, fmt.Errorf("the key file %s is missing, but there is a database: put the key file back (it is in your backup of keys, not in the backup of the database), or name it with --key-file", path)
	}
	return secret.Create(path)
}

func (a *App) wire(face face) error {
	a.parts = a.integrate()
	passwords := password.New()
	cfg := a.jobsConfig()
	a.signIns = jobs.NewSignIns(cfg)
	a.engine = jobs.NewEngine(cfg, a.signIns)
	a.links = linkcard.New(linkcard.Config{
		Web:  safehttp.NewUntrusted(safehttp.Settings{UserAgent: userAgent(), Exceptions: a.means.networks}),
		Rows: a.db, Pictures: a.media, Now: a.now, Log: a.log,
	})
	web, err := handlers.New(handlers.Config{
		DB: a.db, Sessions: sqlite3store.NewWithCleanupInterval(a.db.Sessions(), 0), Catalogue: face.catalogue, Assets: face.assets, Log: a.log,
		Now: a.now, BaseURL: a.means.base, TrustedProxies: a.means.proxies, Version: version, Passwords: passwords,
		Media: a.media, Links: a.links, Health: a.health, Demo: a.demo,
		Real: a.parts.real, Practice: a.parts.practice, Worlds: a.parts.worlds,
		Platforms: a.parts.Platforms, App: a.parts.App, SignIns: a.signIns,
	})
	if err != nil {
		return err
	}
	a.server = &http.Server{
		Handler: a.patience.bound(web), ReadHeaderTimeout: a.patience.header, IdleTimeout: a.patience.idle, WriteTimeout: a.patience.request + a.patience.answer,
		MaxHeaderBytes: headerBytes,
		ErrorLog:       slog.NewLogLogger(a.log.Handler(), slog.LevelWarn),
	}
	return nil
}

// jobsConfig is what everything that Bandstand does by itself is built with.
func (a *App) jobsConfig() jobs.Config {
	return jobs.Config{
		DB: a.db, Platforms: a.parts.Platforms, App: a.parts.App, Media: a.media, Journal: a.journal, Log: a.log, Now: a.now,
		Elapsed: a.elapsed, After: time.After, Jitter: rand.Float64, Boot: store.NewID(), Built: a.built,
		Ballast: a.ballast, Before: a.findPlace, Alive: a.renewMark,
	}
}

// health is how the engine is, for /healthz.
func (a *App) health() handlers.Health {
	s := a.engine.Status()
	return handlers.Health{
		LastTick: s.LastTick, LastClaim: s.LastClaim, Stuck: s.Stuck(a.now()), Held: s.Held, Damage: s.Damage, ClockAhead: s.ClockAhead,
		Journal: handlers.Journal{Size: s.Journal.Offset, Last: s.Journal.Last, Bad: s.Journal.Err != nil || s.Journal.Damaged > 0},
	}
}

// Run serves until ctx ends, then stops in order: no new requests, no new
// claims, what runs may finish.
func (a *App) Run(ctx context.Context) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	starting := context.WithoutCancel(ctx)
	if err := a.greet(starting); err != nil {
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
	go func() { failed <- a.server.Serve(a.listener) }()
	var failure error
	select {
	case failure = <-failed:
		end()
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(starting, stopTimeout)
	defer cancel()
	err := errors.Join(failure, a.closeDoors(stop), <-engine, <-worlds)
	select {
	case <-links:
	case <-stop.Done(): // a picture is still being read: nothing of it is kept
	}
	return err
}

// closeDoors lets requests come to their end until ctx does. Those that take
// longer are cut off: nothing of them is done that was not answered.
func (a *App) closeDoors(ctx context.Context) error {
	err := a.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return a.server.Close()
	}
	return err
}

// greet prints where to go, and the set-up code while nobody has set up.
func (a *App) greet(ctx context.Context) error {
	if a.greeting != "" {
		_, err := io.WriteString(a.out, a.greeting)
		return err
	}
	code, err := a.db.NewSetupCode(ctx)
	if club.Storage(err) {
		a.log.Error("no set-up code could be stored, if one is needed: start again when something can be", "err", err)
	} else if err != nil {
		return err
	}
	if code == "" {
		_, err = fmt.Fprintf(a.out, "Bandstand %s runs at %s\n", version, a.means.base)
		return err
	}
	_, err = fmt.Fprintf(a.out, "Bandstand %s runs at %s\nOpen %s/setup?code=%s to finish setting up.\n", version, a.means.base, a.means.base, code)
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
	if a.lock != nil {
		errs = append(errs, a.lock.Close())
	}
	return errors.Join(errs...)
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
