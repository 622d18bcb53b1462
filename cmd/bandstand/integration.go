package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/bandstand-app/bandstand/handlers"
	"github.com/bandstand-app/bandstand/internal/practice"
	"github.com/bandstand-app/bandstand/internal/safehttp"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// integration is the platforms of one installation, real and make-believe, with
// the credentials to sign in there.
type integration struct {
	db *store.DB
	// real talks to the world. practice is for drawing and counting: whoever
	// calls a make-believe platform does so in the world of a club.
	real, practice *platforms.Registry
	worlds         *practice.Worlds
	apps           map[string]platforms.App // of the environment, by slot
	makeBelieve    map[string]platforms.App
}

func (a *App) integrate() *integration {
	base := a.means.base.String() + practice.Path
	env := platforms.SimEnv{Now: a.now, BaseURL: base, Posts: practicePosts}
	for _, i := range describe() {
		env.Redirects = append(env.Redirects, a.means.base.String()+handlers.CallbackPath(i.ID))
	}
	at := sandboxed(base, describe())
	fetch := practice.Fetcher(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.server.Handler.ServeHTTP(w, r) }),
		a.means.base.Host, a.log)
	env.Fetch = fetch
	client := safehttp.Platform(safehttp.Settings{UserAgent: userAgent(), Exceptions: a.means.networks})
	return &integration{
		db:   a.db,
		real: newPlatforms(client, a.means.endpoints, a.means.versions, a.now), practice: newPlatforms(nil, at, nil, a.now),
		worlds: practice.New(practice.Config{
			Dir:        filepath.Join(a.settings.Data, "practice"),
			Simulators: func() []platforms.Simulator { return newSimulators(env) },
			Platforms:  func(c *http.Client) *platforms.Registry { return newPlatforms(c, at, nil, a.now) },
			Log:        a.log,
		}),
		apps: a.means.apps, makeBelieve: makeBelieveApps(),
	}
}

// Platforms are those that a club's calls go to.
func (i *integration) Platforms(clubID int64, practice bool) *platforms.Registry {
	if practice {
		return i.worlds.Platforms(clubID)
	}
	return i.real
}

// App gives the credentials of a platform app; empty if there are none.
// Make-believe platforms let any app in.
func (i *integration) App(ctx context.Context, clubID int64, practice bool, slot string) (platforms.App, error) {
	if practice {
		return i.makeBelieve[slot], nil
	}
	return i.db.AppCredentials(ctx, clubID, slot, i.apps)
}

// describe lists what the platforms say of themselves.
func describe() []platforms.Info {
	var infos []platforms.Info
	for _, p := range constructors {
		infos = append(infos, p(platforms.Env{}).Info())
	}
	return infos
}

// newPlatforms builds all platforms. Addresses and versions that are not given are
// the usual ones.
func newPlatforms(client *http.Client, at endpoints, versions map[platforms.ID]string, now func() time.Time) *platforms.Registry {
	var ps []platforms.Platform
	for _, p := range constructors {
		i := p(platforms.Env{}).Info()
		addresses := map[string]string{}
		for _, e := range i.Endpoints {
			addresses[e.Name] = cmp.Or(at[i.ID][e.Name], e.Default)
		}
		ps = append(ps, p(platforms.Env{HTTP: client, Endpoints: addresses, Version: versions[i.ID], UserAgent: userAgent(), Now: now}))
	}
	return platforms.NewRegistry(ps...)
}

// practicePosts is how many make-believe posts of a club are remembered: years
// of them.
const practicePosts = 5000

// newSimulators builds all make-believe platforms.
func newSimulators(env platforms.SimEnv) []platforms.Simulator {
	var sims []platforms.Simulator
	for _, s := range simulators {
		sims = append(sims, s(env))
	}
	return sims
}

// sandboxed are the addresses of the platforms when their simulators are
// served below base.
func sandboxed(base string, infos []platforms.Info) endpoints {
	at := endpoints{}
	for _, i := range infos {
		at[i.ID] = map[string]string{}
		for _, e := range i.Endpoints {
			at[i.ID][e.Name] = base + e.Sandbox
		}
	}
	return at
}

// makeBelieveApps are credentials for every platform app; simulators let any in.
func makeBelieveApps() map[string]platforms.App {
	apps := map[string]platforms.App{}
	for _, i := range describe() {
		if i.AppSlot == "" {
			continue
		}
		apps[i.AppSlot] = platforms.App{}
		for _, f := range i.AppFields {
			apps[i.AppSlot][f.Key] = platforms.NewSecret("practice-" + f.Key)
		}
	}
	return apps
}

// userAgent names the program to platforms.
func userAgent() string {
	return fmt.Sprintf("Bandstand/%s (+https://github.com/bandstand-app/bandstand)", version)
}
