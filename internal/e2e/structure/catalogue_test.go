package structure

import (
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/app"
	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/bandstand-app/bandstand/platforms"
)

// TestNoSignInIsRenewedForNothing: each renewal is a chance to lose a sign-in,
// so those of today's platforms are renewed only when a call is about to be made.
func TestNoSignInIsRenewedForNothing(t *testing.T) {
	t.Parallel()
	renewed := 0
	for _, construct := range e2ekit.Catalogue().Platforms {
		p := construct(platforms.Env{})
		if _, ok := p.(platforms.Renewer); !ok {
			continue
		}
		renewed++
		if r := p.Info().Renewal; !r.OnUse || r.Before != 0 {
			t.Errorf("%s is renewed by a timer: %+v", p.Info().ID, r)
		}
	}
	if renewed == 0 {
		t.Error("no platform renews")
	}
}

// Two simulators on one mount would share a file: after a restart each would
// hold the posts, and the record would show everything twice.
func TestSandboxHoldsEachSimulatorOnce(t *testing.T) {
	t.Parallel()
	simulatedOnce(t, e2ekit.Catalogue())
}

// simulatedOnce wants each endpoint to be served by one simulator.
func simulatedOnce(t *testing.T, c app.Catalogue) {
	t.Helper()
	seen := map[string]bool{}
	for _, s := range c.Simulate(platforms.SimEnv{BaseURL: "http://127.0.0.1:9090", Now: time.Now}) {
		if seen[s.Mount()] {
			t.Errorf("%s is there twice", s.Mount())
		}
		seen[s.Mount()] = true
	}
	for _, i := range c.Describe() {
		for _, e := range i.Endpoints {
			mount, _, _ := strings.Cut(strings.TrimPrefix(e.Sandbox, "/"), "/")
			if !seen[mount] {
				t.Errorf("%s: nothing stands for %s", i.ID, e.Sandbox)
			}
		}
	}
}
