// Package web is what all handlers share: who asks and in which club, sessions,
// routes and what a request passes on its way, forms, errors, the frame of a page,
// and the words for dates, accounts and holds. It knows no room: it imports none,
// and asks the store only for what a session, an actor or a frame needs. Echo and
// scs are known here, in the rooms and in cmd alone.
package web

import (
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"runtime"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/media"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/static"
	"github.com/bandstand-app/bandstand/store"
)

// Config is what the kernel of the handlers needs from the rest of the program.
type Config struct {
	DB           *store.DB
	SessionStore scs.Store
	Catalogue    *i18n.Catalogue
	Assets       *static.Assets
	Log          *slog.Logger
	Now          func() time.Time
	// BaseURL is the address people and platforms use, without a trailing slash.
	BaseURL *url.URL
	// TrustedProxies are the networks whose X-Forwarded-For counts (rule W7).
	TrustedProxies []netip.Prefix
	Version        string
	// Media receives the files that come with forms.
	Media *media.Library
	// Health reports how the engine is.
	Health func() Health
	// Real and Practice are the platforms as they are and as make-believe, for
	// drawing and counting.
	Real, Practice *platforms.Registry
}

// App receives requests, and has what every room needs to answer them. A room
// embeds or holds it.
type App struct {
	Config
	Sessions *scs.SessionManager
	// Tries counts what somebody may guess at: passwords, codes, links.
	Tries *Limiter
	// ConfirmWith returns the middleware of confirmed routes; look may be nil.
	ConfirmWith func(look echo.HandlerFunc) echo.MiddlewareFunc
	// SignInDialog asks somebody whose session has ended to sign in, on top of the
	// page that they are on.
	SignInDialog templ.Component

	echo    *echo.Echo
	cross   *http.CrossOriginProtection
	heavy   chan struct{} // places for heavy pages
	queue   chan struct{} // places to wait for one
	uploads *doorway      // to where files are received
	proxies proxies
}

// heavyQueue bounds how many wait for a heavy page: beyond it, 503 at once is
// kinder than minutes of waiting.
const heavyQueue = 256

// New returns an app without routes. It fails only on mistakes in its
// configuration. Before the first request, the caller sets ConfirmWith and
// SignInDialog and adds its routes.
func New(cfg Config) (*App, error) {
	app := &App{
		Config:   cfg,
		Sessions: newSessions(cfg),
		Tries:    newLimiter(),
		echo:     echo.New(),
		cross:    http.NewCrossOriginProtection(),
		heavy:    make(chan struct{}, 2*runtime.GOMAXPROCS(0)),
		queue:    make(chan struct{}, heavyQueue),
		uploads:  newDoorway(UploadPlaces, uploadQueue),
		proxies:  proxies{trusted: cfg.TrustedProxies},
	}
	if err := app.cross.AddTrustedOrigin(cfg.BaseURL.Scheme + "://" + cfg.BaseURL.Host); err != nil {
		return nil, err
	}
	app.Sessions.ErrorFunc = app.sessionFailed
	app.echo.HideBanner, app.echo.HidePort = true, true
	app.echo.HTTPErrorHandler = app.ShowError
	app.echo.IPExtractor = ipExtractor(cfg.TrustedProxies)
	app.echo.Use(app.requestID, app.logged, app.recovered, app.secureHeaders, app.notice, app.sameOrigin, app.atNowhere)
	app.echo.Match([]string{http.MethodGet, http.MethodHead}, "/static/*", echo.WrapHandler(cfg.Assets))
	return app, nil
}

// ServeHTTP implements http.Handler.
func (app *App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer app.cutOff()
	app.echo.ServeHTTP(w, r)
}

// Registry returns the platforms as a club sees them: make-believe in practice
// mode.
func (app *App) Registry(practice bool) *platforms.Registry {
	if practice {
		return app.Practice
	}
	return app.Real
}

// Secure reports whether people reach us over https.
func (app *App) Secure() bool { return app.BaseURL.Scheme == "https" }

// Plain reports whether what people send us crosses a network unencrypted. On its
// way to this computer itself it crosses none.
func (app *App) Plain() bool {
	host := app.BaseURL.Hostname()
	a, err := netip.ParseAddr(host)
	return !app.Secure() && host != "localhost" && !strings.HasSuffix(host, ".localhost") && (err != nil || !a.IsLoopback())
}

// URL returns the full address of a path.
func (app *App) URL(path string) string { return app.BaseURL.String() + path }

// Health is the state of the engine.
type Health struct {
	LastTick  time.Time // when the scheduler last looked for due posts
	LastClaim time.Time // when it last began to publish one; zero if never
	Stuck     bool      // it has not looked for too long
	Held      bool      // nothing can be stored: posts wait
	// Damage is what is wrong with the database: nothing is published any more.
	Damage store.Damage
	// ClockAhead is how far the clock is ahead of those of the platforms, behind
	// them if negative; 0 if it is right.
	ClockAhead time.Duration
	Journal    Journal
}

// IsDamaged reports whether the database is damaged.
func (h Health) IsDamaged() bool { return !h.Damage.At.IsZero() }

// Journal is the state of the record of what was sent.
type Journal struct {
	Size int64     // bytes of its present file
	Last time.Time // its last line; zero if there is none
	Bad  bool      // it cannot be written, or a line of it cannot be read
}
