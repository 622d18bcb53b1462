package faults

import (
	"fmt"
	"testing"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// TestTenPostsFallDueWhileAPlatformIsAway: it answers each with a fault on its side.
// Where it refuses the same text twice they go out by themselves; elsewhere each ends
// as sure as the platform lets us be, and none is public twice.
func TestTenPostsFallDueWhileAPlatformIsAway(t *testing.T) {
	t.Parallel()
	const posts = 10
	for _, newPlatform := range e2ekit.Catalogue().Platforms {
		info := newPlatform(platforms.Env{}).Info()
		t.Run(string(info.ID), func(t *testing.T) {
			t.Parallel()
			s := newStage(t, newPlatform)
			away := platforms.SimFault{Platform: info.ID, Operation: "publish", Fault: "error_before", Count: posts}
			if err := s.world.Sim.Fault(away); err != nil {
				t.Fatal(err)
			}
			post := s.scheduleText
			if info.ID == "instagram" { // takes no post without a picture
				post = s.schedule
			}
			var all []int64
			for n := range posts {
				all = append(all, post(fmt.Sprintf("Kick-off %d", n)))
			}
			s.settle()
			asked := 0
			for _, id := range all {
				switch d := s.delivery(id); {
				case d.Phase == club.Linked:
				case d.Phase == club.Ambiguous && info.Certainty == platforms.CertainByLooking && !info.RefusesRepeats:
					asked++
				default:
					t.Errorf("it ended as %s/%s:\n%s", d.Status, d.Phase, s.story(id))
				}
			}
			if n := len(s.world.Public()); n+asked != posts {
				t.Errorf("%d are public and %d asked about, of %d", n, asked, posts)
			}
		})
	}
}
