package bluesky_test

import (
	"testing"

	"github.com/bandstand-app/bandstand/platforms/bluesky"
	"github.com/bandstand-app/bandstand/platforms/bluesky/sim"
	"github.com/bandstand-app/bandstand/platforms/platformtest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	platformtest.Run(t, platformtest.Suite{
		New:        bluesky.New,
		NewSim:     sim.New,
		Typed:      map[string]string{"handle": "riversidefc.test", "password": "abcd-efgh-ijkl-mnop"},
		TypedWrong: map[string]string{"handle": "riversidefc.test", "password": "wron-gggg-gggg-gggg"},
	})
}
