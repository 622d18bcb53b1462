//go:build !race

package club

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

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

// TestDeliveryThatIsGettingOnIsNotGivenUp: each part of a file may take seven tries,
// however many parts there are.
func TestDeliveryThatIsGettingOnIsNotGivenUp(t *testing.T) {
	t.Parallel()
	for _, step := range []platforms.Step{chunk, upload} {
		failures, parts := 0, 0
		d := at(Preparing, func(d *Delivery) { d.LateAfter = noon.Add(24 * time.Hour) })
		err := leave(d, func(kind EventKind) Event {
			e := Event{Kind: kind, Step: step, Following: step, Result: platforms.StepResult{State: platforms.StepDone, RemoteID: "42"}}
			switch {
			case kind == Tick && parts == 3:
				e.Step = publish
			case kind == StepEnded && failures < transientMax-1:
				failures++
				e.Err = &platforms.Error{Kind: platforms.Unknown}
			case kind == StepEnded:
				if parts, failures = parts+1, 0; parts == 3 {
					e.Following = publish
				}
			case kind == SendEnded:
				e.Step = publish
			}
			return e
		})
		if err != nil {
			t.Fatal(err)
		}
		if done := parts == 3; done != (step.Sends > 0) {
			t.Errorf("a step that sends %d bytes: %d parts of 3 arrived", step.Sends, parts)
		}
	}
}

// TestProgressComesToAnEnd: whatever a platform answers, a delivery that sends a file in
// parts makes so many calls and no more, although its tries begin anew with each part
// that arrives. That is because they do so at most once a part: a part that is done is
// not sent again unless all are made again, and then they count no more.
func TestProgressComesToAnEnd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.IntRange(1, 6).Draw(t, "parts")
		most := transientMax*(parts+1) + // tries between the parts, and after the last
			parts + 1 // calls that went well
		w := &world{scene: &scene{t: t, now: noon}, public: map[int]int{}, d: at(Preparing, func(d *Delivery) { d.LateAfter = noon.Add(1000 * time.Hour) })}
		done, calls, remakes, triesAgain, dying := 0, 0, 0, 0, rapid.Bool().Draw(t, "what was made dies")
		step := func() platforms.Step {
			if done < parts {
				return chunk
			}
			return publish
		}
		for w.d.Status == Publishing && w.d.Phase != Sending {
			w.now = Later(w.now, w.d.NextAt)
			c, _ := w.apply(Event{Kind: Tick, Step: step(), Account: usable, StepDied: dying && done > 0 && rapid.IntRange(0, 9).Draw(t, "died") == 0})
			if c.Work == Do {
				calls++
				e := Event{Kind: StepEnded, Step: step(), Result: platforms.StepResult{State: platforms.StepDone}}
				if rapid.IntRange(0, 7).Draw(t, "try") > 0 {
					e.Err = &platforms.Error{Kind: platforms.Unknown}
					if remakes > 0 {
						triesAgain++
					}
				} else {
					done++
					e.Following = step()
				}
				c, _ = w.apply(e)
			}
			if c.Voids {
				done = 0
			}
			remakes = w.d.Remakes
		}
		// What is made again is made once, and once more for each try that it waited for,
		// of which there are no more than eight once it was made again.
		if remakes > 1+transientMax {
			t.Fatalf("made again %d times", remakes)
		}
		if triesAgain > transientMax {
			t.Fatalf("%d tries after it was made again, want at most %d", triesAgain, transientMax)
		}
		if most += (remakes + 1) * (parts + transientMax); calls > most {
			t.Fatalf("%d calls for %d parts made again %d times, want at most %d", calls, parts, remakes, most)
		}
	})
}
