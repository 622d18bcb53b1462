// Package handlers is the web: it binds what a person sent, asks the domain,
// and shows the answer. Echo and scs are known here and in cmd alone. No SQL,
// no rules, no time arithmetic.
package handlers

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"runtime"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/media"
	"github.com/bandstand-app/bandstand/internal/practice"
	"github.com/bandstand-app/bandstand/jobs"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/static"
	"github.com/bandstand-app/bandstand/store"
)

// Config is what the web needs from the rest of the program.
type Config struct {
	DB        *store.DB
	Sessions  scs.Store
	Catalogue *i18n.Catalogue
	Assets    *static.Assets
	Log       *slog.Logger
	Now       func() time.Time
	// BaseURL is the address people and platforms use, without a trailing slash.
	BaseURL *url.URL
	// TrustedProxies are the networks whose X-Forwarded-For counts (rule W7).
	TrustedProxies []netip.Prefix
	Version        string
	Passwords      Passwords
	Media          *media.Library
	Links          LinkReader
	// Demo is the door of a demo; nil otherwise.
	Demo *Demo
	// Health tells how the engine is.
	Health func() Health
	// Real and Practice are the platforms as they are and as make-believe, for
	// drawing and counting.
	Real, Practice *platforms.Registry
	// Platforms are those that a club's calls go to.
	Platforms func(clubID int64, practice bool) *platforms.Registry
	// App gives the credentials of a platform app; empty if there are none.
	App func(ctx context.Context, clubID int64, practice bool, slot string) (platforms.App, error)
	// SignIns looks at accounts and renews what they are signed in with.
	SignIns *jobs.SignIns
	// Worlds are the clubs' practice worlds.
	Worlds *practice.Worlds
}

// Passwords hashes and checks passwords: *password.Hasher.
type Passwords interface {
	Hash(ctx context.Context, password string) (string, error)
	Matches(ctx context.Context, password, hash string) (ok, old bool, err error)
}

// Server answers all requests.
type Server struct {
	Config
	echo     *echo.Echo
	sessions *scs.SessionManager
	cross    *http.CrossOriginProtection
	heavy    chan struct{} // places for pages that cost much at once
	queue    chan struct{} // places to wait for one
	uploads  *doorway      // to where files are received
	signIns  *limiter
	proxies  proxies

	realMarks, practiceMarks func() string
}

// heavyQueue bounds how many wait for a heavy page: beyond it, 503 at once is
// kinder than minutes of waiting (performance.md §2.6).
const heavyQueue = 256

// New makes the server. It fails only on mistakes in its configuration.
func New(cfg Config) (*Server, error) {
	s := &Server{
		Config:   cfg,
		echo:     echo.New(),
		sessions: newSessions(cfg),
		cross:    http.NewCrossOriginProtection(),
		heavy:    make(chan struct{}, 2*runtime.GOMAXPROCS(0)),
		queue:    make(chan struct{}, heavyQueue),
		uploads:  newDoorway(uploadPlaces, uploadQueue),
		signIns:  newLimiter(),
		proxies:  proxies{trusted: cfg.TrustedProxies},

		realMarks: marksOf(cfg.Real), practiceMarks: marksOf(cfg.Practice),
	}
	if err := s.cross.AddTrustedOrigin(cfg.BaseURL.Scheme + "://" + cfg.BaseURL.Host); err != nil {
		return nil, err
	}
	s.sessions.ErrorFunc = s.sessionFailed
	s.echo.HideBanner, s.echo.HidePort = true, true
	s.echo.HTTPErrorHandler = s.showError
	s.echo.IPExtractor = ipExtractor(cfg.TrustedProxies)
	s.echo.Use(s.requestID, s.logged, s.recovered, s.secureHeaders, s.notice, s.sameOrigin, s.atNowhere)
	s.echo.Match([]string{get, head}, "/static/*", echo.WrapHandler(cfg.Assets))
	all := append(s.routes(), s.demoRoutes()...)
	for path, to := range formPages(all) {
		s.echo.Match([]string{get, head}, path, leadTo(to))
	}
	for _, r := range all {
		s.echo.Add(r.method, r.path, r.serve, s.chain(r)...)
		if r.method == get && r.traits&acting == 0 {
			s.echo.Add(head, r.path, r.serve, s.chain(r)...)
		}
	}
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer s.cutOff()
	s.echo.ServeHTTP(w, r)
}

// platforms gives the platforms as a club sees them: make-believe in practice
// mode.
func (s *Server) platforms(practice bool) *platforms.Registry {
	if practice {
		return s.Practice
	}
	return s.Real
}

// secure tells whether people reach us over https.
func (s *Server) secure() bool { return s.BaseURL.Scheme == "https" }

// plain tells whether what people send us crosses a network unencrypted. To this
// computer itself it crosses none.
func (s *Server) plain() bool {
	host := s.BaseURL.Hostname()
	a, err := netip.ParseAddr(host)
	return !s.secure() && host != "localhost" && !strings.HasSuffix(host, ".localhost") && (err != nil || !a.IsLoopback())
}

// url is the full address of a path.
func (s *Server) url(path string) string { return s.BaseURL.String() + path }
