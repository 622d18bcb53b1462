package faults

import (
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// TestPlatformsTellTheTime is T-CLOCK on the wire: what every platform's answers
// say of our clock holds everything before anything went out, and lets it go on
// when the clocks agree again.
func TestPlatformsTellTheTime(t *testing.T) {
	t.Parallel()
	for _, newPlatform := range e2ekit.Catalogue().Platforms {
		id := newPlatform(platforms.Env{}).Info().ID
		t.Run(string(id), func(t *testing.T) {
			t.Parallel()
			s := newStage(t, newPlatform)
			off := func(seconds int) {
				t.Helper()
				if err := s.world.Sim.Fault(platforms.SimFault{Platform: id, Operation: "*", Fault: "clock_off", Seconds: seconds}); err != nil {
					t.Fatal(err)
				}
			}
			minutes := func(n int) {
				for range n * 4 {
					s.engine.RunDue(t.Context())
					s.world.Clock.Advance(15 * time.Second)
				}
			}
			off(-3600) // of two clocks, the one that is ahead publishes too early
			post := s.schedule("Match day")
			minutes(5)
			if d := s.delivery(post); d.Phase != club.ClockInDoubt {
				t.Errorf("the post is %s/%s\n%s", d.Status, d.Phase, s.story(post))
			}
			if n := len(s.world.Public()); n != 0 {
				t.Errorf("%d posts are public", n)
			}
			if told := s.engine.Status().ClockAhead; (told - time.Hour).Abs() > 30*time.Second {
				t.Errorf("ahead by %s, want 1h", told)
			}
			off(0)
			minutes(3)
			if h, err := s.db.ActiveHold(t.Context(), s.club.Scope); err != nil || h.Phase != "" {
				t.Errorf("the clocks agree, and held as %q, %v", h.Phase, err)
			}
			next := s.schedule("Away game")
			s.settle()
			if d := s.delivery(next); d.Status != club.Published {
				t.Errorf("the next post is %s/%s\n%s", d.Status, d.Phase, s.story(next))
			}
			if n := len(s.world.Public()); n != 1 {
				t.Errorf("%d posts are public, want 1", n)
			}
		})
	}
}
