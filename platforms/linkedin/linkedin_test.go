package linkedin_test

import (
	"testing"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/linkedin"
	"github.com/bandstand-app/bandstand/platforms/linkedin/sim"
	"github.com/bandstand-app/bandstand/platforms/platformtest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	platformtest.Run(t, platformtest.Suite{New: linkedin.New, NewSim: sim.New, Without: map[string]string{
		"renewal rotates":                 "an ordinary app gets no refresh token",
		"renewal faults keep the sign-in": "an ordinary app gets no refresh token",
		"answer lost after renewing":      "an ordinary app gets no refresh token",
	}})
}

func TestConformanceOfAnAppThatMayRenew(t *testing.T) {
	t.Parallel()
	platformtest.Run(t, platformtest.Suite{New: linkedin.New, NewSim: func(env platforms.SimEnv) platforms.Simulator {
		s := sim.New(env)
		s.(*sim.Sim).GrantRefresh(true)
		return s
	}})
}
