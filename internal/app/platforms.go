package app

import (
	"cmp"
	"context"
	"fmt"
	"net/http"

	"github.com/bandstand-app/bandstand/handlers/accounts"
	"github.com/bandstand-app/bandstand/internal/practice"
	"github.com/bandstand-app/bandstand/internal/safehttp"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// Endpoints are base addresses by platform and name.
type Endpoints map[platforms.ID]map[string]string

// Catalogue is what a program is built with: its platforms, in the order in which
// screens show them, and the simulators that stand for them.
type Catalogue struct {
	Version    string // of the program, which it tells platforms
	Platforms  []func(platforms.Env) platforms.Platform
	Simulators []func(platforms.SimEnv) platforms.Simulator
}

// Describe lists what the platforms say of themselves.
func (c Catalogue) Describe() []platforms.Info {
	var infos []platforms.Info
	for _, p := range c.Platforms {
		infos = append(infos, p(platforms.Env{}).Info())
	}
	return infos
}

// Registry builds all platforms. Addresses and versions that are not given are
// the usual ones.
func (c Catalogue) Registry(env platforms.Env, at Endpoints, versions map[platforms.ID]string) *platforms.Registry {
	var ps []platforms.Platform
	env.UserAgent = c.UserAgent()
	for _, p := range c.Platforms {
		i := p(platforms.Env{}).Info()
		env.Version, env.Endpoints = versions[i.ID], map[string]string{}
		for _, e := range i.Endpoints {
			env.Endpoints[e.Name] = cmp.Or(at[i.ID][e.Name], e.Default)
		}
		ps = append(ps, p(env))
	}
	return platforms.NewRegistry(ps...)
}

// Simulate builds all simulators.
func (c Catalogue) Simulate(env platforms.SimEnv) []platforms.Simulator {
	var sims []platforms.Simulator
	for _, s := range c.Simulators {
		sims = append(sims, s(env))
	}
	return sims
}

// Sandboxed are the addresses of the platforms when their simulators are served
// below base.
func Sandboxed(base string, infos []platforms.Info) Endpoints {
	at := Endpoints{}
	for _, i := range infos {
		at[i.ID] = map[string]string{}
		for _, e := range i.Endpoints {
			at[i.ID][e.Name] = base + e.Sandbox
		}
	}
	return at
}

// UserAgent names the program to platforms and to other sites.
func (c Catalogue) UserAgent() string {
	return fmt.Sprintf("Bandstand/%s (+https://github.com/bandstand-app/bandstand)", c.Version)
}

// practiceApps are credentials for every platform app; simulators let any in.
func (c Catalogue) practiceApps() map[string]platforms.App {
	apps := map[string]platforms.App{}
	for _, i := range c.Describe() {
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

// integration is the platforms of one installation, real and make-believe, with
// the credentials to sign in there.
type integration struct {
	db *store.DB
	// real talks to the world. practice is for drawing and counting: whoever
	// calls a make-believe platform does so in the world of a club.
	real, practice *platforms.Registry
	worlds         *practice.Worlds
	apps           map[string]platforms.App // of the environment, by slot
	practiceApps   map[string]platforms.App
}

// practicePosts is how many make-believe posts of a club are remembered: years
// of them.
const practicePosts = 5000

func (a *App) integrate() *integration {
	base := a.base.String() + practice.Path
	sim := platforms.SimEnv{Now: a.Now, BaseURL: base, Posts: practicePosts}
	for _, i := range a.Describe() {
		sim.Redirects = append(sim.Redirects, a.base.String()+accounts.CallbackPath(i.ID))
	}
	// Make-believe platforms fetch pictures from the app without leaving the process.
	sim.Fetch = practice.Fetcher(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.server.Handler.ServeHTTP(w, r) }), a.base.Host, a.Log)
	sandboxed := Sandboxed(base, a.Describe())
	client := safehttp.Platform(safehttp.Settings{UserAgent: a.UserAgent(), Exceptions: a.Networks})
	return &integration{
		db:       a.db,
		real:     a.Registry(platforms.Env{HTTP: client, Now: a.Now}, a.Endpoints, a.Versions),
		practice: a.Registry(platforms.Env{Now: a.Now}, sandboxed, nil),
		worlds: practice.New(practice.Config{
			Dir:        a.dir.Path("practice"),
			Simulators: func() []platforms.Simulator { return a.Simulate(sim) },
			Platforms: func(c *http.Client) *platforms.Registry {
				return a.Registry(platforms.Env{HTTP: c, Now: a.Now}, sandboxed, nil)
			},
			Log: a.Log,
		}),
		apps: a.PlatformApps, practiceApps: a.practiceApps(),
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
		return i.practiceApps[slot], nil
	}
	return i.db.AppCredentials(ctx, clubID, slot, i.apps)
}
