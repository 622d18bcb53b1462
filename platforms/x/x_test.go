package x_test

import (
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/platforms/platformtest"
	"github.com/bandstand-app/bandstand/platforms/x"
	"github.com/bandstand-app/bandstand/platforms/x/sim"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	platformtest.Run(t, platformtest.Suite{New: x.New, NewSim: sim.New, RenewsOnce: true, Text: map[string]func(int) string{
		"cashtags": func(n int) string { return "Shares" + strings.Repeat(" $ABC", n) },
	}})
}
