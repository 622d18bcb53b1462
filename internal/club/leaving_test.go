//go:build !race

package club

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// longest is how long a delivery may be under way: the grace of two hours, a
// limit that lasts as long as a limit may, and two hours of looking.
const longest = 2*time.Hour + rateMax + rateSpread + unknownFor

// TestEveryStateIsLeftWhateverThePlatformSays lets a platform give one and the
// same answer for ever: no state that is not an end lasts for ever because of
// it, and none is left by running in circles.
func TestEveryStateIsLeftWhateverThePlatformSays(t *testing.T) {
	t.Parallel()
	type answer struct {
		err     *platforms.Error
		verdict platforms.Verdict
		state   platforms.StepState
		id      string
	}
	var all []answer
	for _, err := range allErrors {
		all = append(all, answer{err: err})
	}
	for _, v := range []platforms.Verdict{platforms.SeenPublic, platforms.SeenNotPublic, platforms.SeenNothing, platforms.SeenSeveral} {
		for _, state := range []platforms.StepState{platforms.StepDone, platforms.StepWorking, platforms.StepExpired, platforms.StepFailed} {
			all = append(all, answer{verdict: v, state: state}, answer{verdict: v, state: state, id: "42"})
		}
	}
	for d := range allDeliveries {
		if d.NextAt.IsZero() {
			continue
		}
		for _, a := range all {
			for _, step := range []platforms.Step{upload, status, publish} {
				next := step
				err := leave(d, func(kind EventKind) Event {
					did := next
					if kind == StepEnded && a.err == nil && a.state == platforms.StepDone {
						next = publish
					}
					return Event{
						Kind: kind, Step: did, Following: next, Err: a.err, CanRenew: true, Jitter: 0.99,
						Result:   platforms.StepResult{State: a.state, RemoteID: a.id},
						Evidence: platforms.Evidence{Verdict: a.verdict, RemoteID: a.id, Proof: "proof"},
					}
				})
				if err != nil {
					t.Fatalf("%v\nfrom %+v\nwhere every answer is %+v %v and the next step %+v", err, d, a, a.err, step)
				}
			}
		}
	}
}

// leave lets time pass until a delivery has come to an end.
func leave(d Delivery, answer func(EventKind) Event) error {
	now := noon
	var blocked time.Time
	calls := 0
	for ticks := 0; !d.NextAt.IsZero(); ticks++ {
		if now.Before(d.NextAt) {
			now = d.NextAt
		}
		if now.Sub(noon) > longest || ticks > 1000 || calls > 500 {
			return fmt.Errorf("no end after %v, %d ticks and %d calls: %s/%s", now.Sub(noon), ticks, calls, d.Status, d.Phase)
		}
		event := answer(Tick)
		event.Err = nil
		event.Account = AccountState{Usable: true, BlockedUntil: blocked}
		for busy := true; busy; {
			c, err := Next(d, event, now)
			if errors.Is(err, ErrNoRow) && d.NextAt.After(now) {
				break
			}
			if err != nil {
				return err
			}
			d = c.To
			if !c.Blocks.IsZero() {
				blocked = c.Blocks
			}
			calls++
			switch c.Work {
			case Do:
				event = answer(StepEnded)
			case Send:
				event = answer(SendEnded)
			case Look:
				event = answer(LookEnded)
			case Renew:
				event = answer(RenewalEnded)
			default:
				busy = false
			}
		}
	}
	return nil
}
