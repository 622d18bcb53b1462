// Package catalogue is the one place that names the platforms this program is
// built with.
package catalogue

import (
	"slices"

	"github.com/bandstand-app/bandstand/internal/app"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/bluesky"
	blueskysim "github.com/bandstand-app/bandstand/platforms/bluesky/sim"
	"github.com/bandstand-app/bandstand/platforms/facebook"
	metasim "github.com/bandstand-app/bandstand/platforms/facebook/sim"
	"github.com/bandstand-app/bandstand/platforms/instagram"
	"github.com/bandstand-app/bandstand/platforms/linkedin"
	linkedinsim "github.com/bandstand-app/bandstand/platforms/linkedin/sim"
	"github.com/bandstand-app/bandstand/platforms/x"
	xsim "github.com/bandstand-app/bandstand/platforms/x/sim"
)

// constructors is the one list of platforms, in the order in which screens show
// them. Another platform is one line here and one folder below platforms.
var constructors = []func(platforms.Env) platforms.Platform{
	facebook.New,
	instagram.New,
	x.New,
	linkedin.New,
	bluesky.New,
}

// simulators is the list of make-believe platforms.
var simulators = []func(platforms.SimEnv) platforms.Simulator{
	metasim.New, // stands for both of Meta's platforms
	xsim.New,
	linkedinsim.New,
	blueskysim.New,
}

// New returns the platforms and their simulators for a program of this version,
// which it tells platforms.
func New(version string) app.Catalogue {
	return app.Catalogue{Version: version, Platforms: slices.Clone(constructors), Simulators: slices.Clone(simulators)}
}
