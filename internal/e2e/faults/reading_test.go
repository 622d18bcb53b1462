package faults

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// TestTwentyReadingsThatHangDelayNoPost: on every platform a post goes out in the
// tick in which it falls due, while the platform answers nothing that asks for
// numbers.
func TestTwentyReadingsThatHangDelayNoPost(t *testing.T) {
	t.Parallel()
	for _, newPlatform := range e2ekit.Catalogue().Platforms {
		t.Run(string(newPlatform(platforms.Env{}).Info().ID), func(t *testing.T) {
			t.Parallel()
			s := newStage(t, newPlatform)
			for n := range 20 {
				s.schedule(fmt.Sprint("Match day ", n))
			}
			s.settle()
			s.world.Clock.Advance(time.Hour)
			before := len(s.world.Public())
			hung := make(chan struct{}, 64)
			s.world.Sim.(interface{ WhenHung(do func(bool)) }).WhenHung(func(bool) { hung <- struct{}{} })
			s.world.Fault("numbers", "time_out", 20)

			post := s.schedule("Kick-off")
			s.club.Exec(`UPDATE deliveries SET due_at = due_at + 31000, next_at = next_at + 31000 WHERE post_id = ?`, post)
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_ = s.engine.RunSideWork(ctx) // the test ends it
			}()
			<-hung
			s.world.Clock.Advance(31 * time.Second)
			for range 3 { // some platforms have steps that wait for a moment
				s.engine.RunDue(t.Context())
				s.world.Clock.Advance(2 * time.Second)
			}
			if d := s.delivery(post); d.Status != club.Published || len(s.world.Public()) != before+1 {
				t.Errorf("the post is %s/%s, and %d new ones are public:\n%s", d.Status, d.Phase, len(s.world.Public())-before, s.story(post))
			}
			stop()
			<-ended
		})
	}
}
