// Package practice runs the make-believe platforms inside the app. Each club
// has a world of its own: what one club rehearses, no other sees. Browsers
// reach a world below one path of the app; platform clients reach it in
// process, without a socket. It knows no platform by name.
package practice

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// Path is where the worlds begin on the app's own address.
const Path = "/practice"

// saveEvery is how often changes are saved that a mere reading request made,
// such as a token given out: at most this much is lost when the program is killed.
const saveEvery = 2 * time.Second

// Config is what worlds are made of.
type Config struct {
	// Dir holds one directory for each club with one file for each simulator.
	Dir string
	// Simulators builds a fresh set of them.
	Simulators func() []platforms.Simulator
	// Platforms builds the platforms that talk to them through this client.
	Platforms func(*http.Client) *platforms.Registry
	Log       *slog.Logger
}

// Worlds are the practice worlds of all clubs.
type Worlds struct {
	cfg Config

	mu         sync.Mutex
	byClub     map[int64]*World
	registries map[int64]*platforms.Registry
}

// New makes the worlds. Each is set up when it is first used.
func New(cfg Config) *Worlds {
	return &Worlds{cfg: cfg, byClub: map[int64]*World{}, registries: map[int64]*platforms.Registry{}}
}

// Platforms are the make-believe platforms of a club, which know no other
// world.
func (ws *Worlds) Platforms(clubID int64) *platforms.Registry {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	r, ok := ws.registries[clubID]
	if !ok {
		r = ws.cfg.Platforms(ws.Client(clubID))
		ws.registries[clubID] = r
	}
	return r
}

// Of is the world of a club, as it was when the program last ran.
func (ws *Worlds) Of(clubID int64) (*World, error) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if w, ok := ws.byClub[clubID]; ok {
		return w, nil
	}
	w, err := Open(filepath.Join(ws.cfg.Dir, strconv.FormatInt(clubID, 10)), ws.cfg.Simulators(), ws.cfg.Log)
	if err != nil {
		return nil, err
	}
	ws.byClub[clubID] = w
	return w, nil
}

// Run saves what reading requests changed, until ctx ends; then everything once
// more.
func (ws *Worlds) Run(ctx context.Context) error { return keep(ctx, ws.save, ws.cfg.Log) }

// keep calls save at times, and once more at the end.
func keep(ctx context.Context, save func() error, log *slog.Logger) error {
	t := time.NewTicker(saveEvery)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			if err := save(); err != nil {
				log.Error("save practice worlds", "err", err)
			}
		case <-ctx.Done():
			return save()
		}
	}
}

func (ws *Worlds) save() error {
	ws.mu.Lock()
	worlds := make([]*World, 0, len(ws.byClub))
	for _, w := range ws.byClub {
		worlds = append(worlds, w)
	}
	ws.mu.Unlock()
	var faults []error
	for _, w := range worlds {
		faults = append(faults, w.Save())
	}
	return errors.Join(faults...)
}

// Client reaches the world of a club: addresses below Path on any host, and
// nothing else.
func (ws *Worlds) Client(clubID int64) *http.Client {
	serve := func(w http.ResponseWriter, r *http.Request) {
		world, err := ws.Of(clubID)
		if err != nil {
			ws.cfg.Log.Error("open practice world", "club", clubID, "err", err)
			panic(http.ErrAbortHandler)
		}
		http.StripPrefix(Path, world).ServeHTTP(w, r)
	}
	allowed := func(r *http.Request) error {
		if !strings.HasPrefix(r.URL.Path, Path+"/") {
			return errors.New("not an address of a practice platform")
		}
		return nil
	}
	return &http.Client{
		Transport:     InProcess(http.HandlerFunc(serve), allowed, ws.cfg.Log),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// World is one set of make-believe platforms, each below its mount.
type World struct {
	dir  string // empty: nothing is kept
	log  *slog.Logger
	sims []*keeper

	mu         sync.Mutex
	behaviours map[platforms.ID]Behaviour
}

// Open makes a world of these simulators and loads what they were like. Without
// a dir nothing is kept.
func Open(dir string, sims []platforms.Simulator, log *slog.Logger) (*World, error) {
	w := &World{dir: dir, log: log, behaviours: map[platforms.ID]Behaviour{}}
	if err := clearUnfinished(dir); err != nil {
		return nil, err
	}
	for _, s := range sims {
		k := &keeper{sim: s}
		if dir != "" {
			k.file = filepath.Join(dir, s.Mount()+".json")
		}
		if err := k.load(); err != nil {
			return nil, err
		}
		w.sims = append(w.sims, k)
	}
	return w, nil
}

// ServeHTTP serves each simulator below its mount: its pages for people and
// what it says to programs.
func (w *World) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	k, in := w.below(r)
	if k == nil {
		http.NotFound(rw, r)
		return
	}
	k.serve(rw, in, k.sim, w.log)
}

// Page finds what shows a page for people at the address of r, and whether a
// person lets an app in there. It is nil for every other address: browsers have
// no business there.
func (w *World) Page(r *http.Request) (page http.Handler, signIn bool) {
	k, in := w.below(r)
	if k == nil {
		return nil, false
	}
	shown, signIn := k.sim.Page(in)
	if shown == nil {
		return nil, false
	}
	return http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { k.serve(rw, in, shown, w.log) }), signIn
}

// below finds the simulator that a request is for, and the request as it sees
// it.
func (w *World) below(r *http.Request) (*keeper, *http.Request) {
	mount, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	i := slices.IndexFunc(w.sims, func(k *keeper) bool { return k.sim.Mount() == mount })
	if i < 0 {
		return nil, nil
	}
	return w.sims[i], Below("/"+mount, r)
}

// Below is a request as it is seen by who serves everything below a path.
func Below(path string, r *http.Request) *http.Request {
	in, at := *r, *r.URL
	at.Path, at.RawPath = strings.TrimPrefix(at.Path, path), strings.TrimPrefix(at.RawPath, path)
	in.URL = &at
	return &in
}

// Posts is everything that was ever accepted, oldest first.
func (w *World) Posts() []platforms.SimPost {
	posts := []platforms.SimPost{}
	for _, k := range w.sims {
		posts = append(posts, k.sim.Posts()...)
	}
	sortPosts(posts)
	return posts
}

// Fault arms a fault at the simulator that stands for its platform.
func (w *World) Fault(f platforms.SimFault) error {
	var faults []error
	for _, k := range w.sims {
		err := k.sim.Fault(f)
		if err == nil {
			return nil
		}
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// Reset makes all platforms forget everything.
func (w *World) Reset() error {
	w.mu.Lock()
	clear(w.behaviours)
	w.mu.Unlock()
	for _, k := range w.sims {
		k.reset()
	}
	return w.Save()
}

// Run saves what reading requests changed, until ctx ends; then everything once
// more.
func (w *World) Run(ctx context.Context) error { return keep(ctx, w.Save, w.log) }

// Save keeps what changed since it was last saved.
func (w *World) Save() error {
	var faults []error
	for _, k := range w.sims {
		faults = append(faults, k.save())
	}
	return errors.Join(faults...)
}

// keeper serves one simulator and keeps its state in a file.
type keeper struct {
	sim  platforms.Simulator
	file string // empty: nothing is kept

	// using is held for reading by every request, so that the state is not
	// replaced under one.
	using sync.RWMutex

	changes sync.Mutex
	changed uint64 // counts requests that may have changed something

	saving sync.Mutex
	saved  uint64 // value of changed that is in the file
}

// maxRequest is the most that a simulator is given of a request, in bytes; each
// refuses less than that.
const maxRequest = 16 << 20

// serve answers when what the answer says is saved. Requests that only read are
// saved a little later. The request is there before the simulator begins and
// the answer leaves when it has ended: whoever sends or reads slowly keeps
// nobody from what the simulator guards.
func (k *keeper) serve(w http.ResponseWriter, r *http.Request, sim http.Handler, log *slog.Logger) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest))
	r.Body = &arrived{Reader: bytes.NewReader(body), end: err}
	out := &held{to: w}
	k.act(out, r, sim, log)
	out.send()
}

func (k *keeper) act(w http.ResponseWriter, r *http.Request, sim http.Handler, log *slog.Logger) {
	defer func() {
		k.mark()
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			return
		}
		if err := k.save(); err != nil {
			log.Error("save practice world", "err", err)
		}
	}()
	k.using.RLock()
	defer k.using.RUnlock()
	sim.ServeHTTP(w, r)
}

func (k *keeper) mark() {
	k.changes.Lock()
	defer k.changes.Unlock()
	k.changed++
}

func (k *keeper) reset() {
	k.using.Lock()
	defer k.using.Unlock()
	k.sim.Reset()
	k.mark()
}

// calm disarms all faults: they are the one thing that saving and loading drops.
func (k *keeper) calm() error {
	k.using.Lock()
	defer k.using.Unlock()
	b, err := k.sim.Save()
	if err != nil {
		return err
	}
	return k.sim.Load(b)
}

// save writes the state unless it is in the file already. Those who wait while
// another saves find their own changes saved with the next.
func (k *keeper) save() error {
	k.changes.Lock()
	mine := k.changed
	k.changes.Unlock()
	k.saving.Lock()
	defer k.saving.Unlock()
	if k.file == "" || k.saved >= mine {
		return nil
	}
	k.changes.Lock()
	now := k.changed
	k.changes.Unlock()
	b, err := k.sim.Save()
	if err != nil {
		return err
	}
	if err := replaceFile(k.file, b); err != nil {
		return fmt.Errorf("save %s: %w", k.sim.Mount(), err)
	}
	k.saved = now
	return nil
}

func (k *keeper) load() error {
	if k.file == "" {
		return nil
	}
	b, err := os.ReadFile(k.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := k.sim.Load(b); err != nil {
		return fmt.Errorf("load %s: %w (it holds make-believe posts only and may be deleted)", k.file, err)
	}
	return nil
}

// clearUnfinished removes files that were being written when the program ended.
func clearUnfinished(dir string) error {
	if dir == "" {
		return nil
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.json.*"))
	for _, path := range found {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// replaceFile writes beside the file and renames, so that a crash leaves the
// old or the new state (rule D9).
func replaceFile(path string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), path)
}

// Fetcher lets simulators fetch pictures from the app's own addresses, which
// begin with host, and nothing from anywhere else.
func Fetcher(app http.Handler, host string, log *slog.Logger) *http.Client {
	return &http.Client{Transport: InProcess(app, func(r *http.Request) error {
		if r.URL.Host != host {
			return errors.New("practice platforms fetch from the app alone")
		}
		return nil
	}, log)}
}
