package facebook_test

import (
	"testing"

	"github.com/bandstand-app/bandstand/platforms/facebook"
	"github.com/bandstand-app/bandstand/platforms/facebook/sim"
	"github.com/bandstand-app/bandstand/platforms/platformtest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	platformtest.Run(t, platformtest.Suite{New: facebook.New, NewSim: sim.New})
}
