package main

import (
	"testing"

	"github.com/bandstand-app/bandstand/platforms"
)

// TestNoSignInIsRenewedForNothing: each renewal is a chance to lose a sign-in,
// so those of today's platforms are renewed only when a call is about to be made.
func TestNoSignInIsRenewedForNothing(t *testing.T) {
	t.Parallel()
	renewed := 0
	for _, construct := range constructors {
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
