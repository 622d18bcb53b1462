//go:build !race

package club

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bandstand-app/bandstand/platforms"
)

// world is a make-believe platform and the engine's memory, for any order of
// faults, lost answers, deaths of the process and decisions of people.
type world struct {
	t        *rapid.T
	d        Delivery
	now      time.Time
	public   map[int]int // posts that the platform shows, by generation
	uploads  int         // safe steps before publishing
	done     int
	inFlight bool
	lied     bool // a person said something that is not so
	well     bool // from now on every call has its answer
	blocked  time.Time
}

func (w *world) apply(e Event) (Change, bool) {
	e.Jitter = rapid.Float64Range(0, 0.999).Draw(w.t, "jitter")
	c, err := Next(w.d, e, w.now)
	if errors.Is(err, ErrNoRow) || errors.Is(err, ErrBeingSent) {
		return c, false
	}
	if err != nil {
		w.t.Fatal(err)
	}
	if broken := promises(w.d, e, c, w.now); broken != "" {
		w.t.Fatalf("%s: %s at %s/%s", broken, e.Kind, w.d.Status, w.d.Phase)
	}
	w.d = c.To
	if c.Voids {
		w.done = 0
	}
	if c.Keeps != nil && c.Keeps.Kind == "upload" && c.Keeps.State == platforms.StepDone {
		w.done++
	}
	if !c.Blocks.IsZero() {
		w.blocked = c.Blocks
	}
	w.check()
	return c, true
}

// check looks at what people are promised.
func (w *world) check() {
	total := w.total()
	if w.lied {
		return
	}
	switch {
	case total > 1:
		w.t.Fatalf("published %d times: %v", total, w.public)
	case w.d.Status == Failed && total > 0:
		w.t.Fatal("failed, but it is public")
	case w.d.Status == Cancelled && total > 0:
		w.t.Fatal("cancelled, but it is public")
	case w.d.Status == Published && total == 0:
		w.t.Fatal("published, but it is not there")
	}
}

func (w *world) step() platforms.Step {
	if w.done < w.uploads {
		return chunk
	}
	return publish
}

// run does what the engine would, until it would wait or die.
func (w *world) run(c Change) {
	for {
		switch c.Work {
		case Again:
			next, ok := w.apply(w.tick())
			if !ok {
				return
			}
			c = next
		case Do:
			c, _ = w.apply(w.upload())
		case Send:
			w.inFlight = true
			e, lives := w.send()
			if !lives {
				return
			}
			w.inFlight = false
			c, _ = w.apply(e)
		case Look:
			c, _ = w.apply(w.look())
		case Renew:
			next, ok := w.apply(w.refused(RenewalEnded, "", platforms.Unknown, platforms.Revoked))
			if !ok {
				return
			}
			c = next
		default:
			return
		}
	}
}

func (w *world) tick() Event {
	e := Event{Kind: Tick, Step: w.step(), Account: AccountState{Usable: true, BlockedUntil: w.blocked}}
	if w.well {
		return e
	}
	if rapid.IntRange(0, 9).Draw(w.t, "usable") == 0 {
		e.Account.Usable, e.Account.Code = false, "auth_revoked"
	}
	e.StepDied = w.done > 0 && rapid.IntRange(0, 9).Draw(w.t, "step died") == 0
	e.Changed = rapid.IntRange(0, 19).Draw(w.t, "changed") == 0
	return e
}

// refused is a call that ended in one of these kinds; "" is well.
func (w *world) refused(kind EventKind, kinds ...platforms.Kind) Event {
	e := Event{Kind: kind, Step: w.step()}
	if w.well {
		return e
	}
	e.CanRenew = rapid.Bool().Draw(w.t, "can renew")
	if k := rapid.SampledFrom(kinds).Draw(w.t, string(kind)); k != "" {
		e.Err = &platforms.Error{Kind: k}
	}
	return e
}

// upload is a safe step: it works, or not, or the platform takes its time over
// what came of it.
func (w *world) upload() Event {
	e := w.refused(StepEnded, "", "", "", platforms.NotSent, platforms.Unknown, platforms.Rejected, platforms.RateLimited, platforms.Expired)
	if e.Err != nil {
		return e
	}
	states := []platforms.StepState{platforms.StepDone}
	if !w.well {
		states = append(states, platforms.StepDone, platforms.StepWorking, platforms.StepExpired, platforms.StepFailed)
	}
	e.Result = platforms.StepResult{Kind: "upload", State: rapid.SampledFrom(states).Draw(w.t, "state")}
	if e.Result.State == platforms.StepDone {
		w.done++
		e.Following = w.step()
		w.done--
	}
	return e
}

// send is the irreversible call: the platform acts or not, and the answer
// arrives, is lost, or the process dies.
func (w *world) send() (e Event, lives bool) {
	fates := []string{"accepted"}
	if !w.well {
		fates = append(fates, "lost", "refused", "lost before", "not sent", "died after", "died before")
	}
	if w.total() > 0 && w.d.Certainty == platforms.CertainByLooking {
		fates = []string{"duplicate", "died before"} // the only guard of such platforms
	}
	fate := rapid.SampledFrom(fates).Draw(w.t, "fate")
	switch fate {
	case "accepted", "lost", "died after":
		switch {
		case w.d.Certainty == platforms.CertainByKey && w.public[w.d.Generation] > 0: // the same key makes no second one
		case w.d.Certainty == platforms.CertainByStatus && w.public[w.d.Generation] > 0: // a container is published once
		default:
			w.public[w.d.Generation]++
		}
	}
	switch fate {
	case "accepted":
		return sent("42"), true
	case "lost", "lost before":
		return refusal(SendEnded, platforms.Unknown), true
	case "refused":
		return w.refused(SendEnded, platforms.Rejected, platforms.RateLimited, platforms.Expired, platforms.Revoked, platforms.MediaRejected), true
	case "duplicate":
		return refusal(SendEnded, platforms.Duplicate), true
	case "not sent":
		return refusal(SendEnded, platforms.NotSent), true
	}
	return Event{}, false
}

func (w *world) total() int {
	n := 0
	for _, posts := range w.public {
		n += posts
	}
	return n
}

// look tells the truth where the class promises that; class C may be blind.
func (w *world) look() Event {
	if !w.well && rapid.IntRange(0, 3).Draw(w.t, "look fails") == 0 {
		return w.refused(LookEnded, platforms.Unknown, platforms.RateLimited, platforms.Expired, platforms.Rejected)
	}
	total := w.total()
	switch {
	case total > 1:
		return saw(platforms.SeenSeveral, "")
	case total == 1 && (w.d.Certainty != platforms.CertainByLooking || rapid.Bool().Draw(w.t, "found")):
		return saw(platforms.SeenPublic, rapid.SampledFrom([]string{"42", ""}).Draw(w.t, "id"))
	case w.d.Certainty != platforms.CertainByLooking && total == 0:
		return saw(platforms.SeenNotPublic, "")
	}
	return saw(platforms.SeenNothing, "")
}

// end lets everything go well from now on: whatever happened before, the engine
// must come to an end, within a day and the longest rest of an account.
func (w *world) end() {
	w.well, w.inFlight = true, false
	latest := w.now.Add(rateMax + rateSpread + 24*time.Hour)
	for range 200 {
		if w.d.NextAt.IsZero() {
			return
		}
		if w.now.After(latest) {
			break
		}
		if w.now.Before(w.d.NextAt) {
			w.now = w.d.NextAt
		}
		if c, ok := w.apply(w.tick()); ok {
			w.run(c)
		}
	}
	w.t.Fatalf("no end by %v (it may take until %v): %+v", w.now, latest, w.d)
}

// TestNoOrderOfThingsPublishesTwice plays any order of faults and decisions.
// As long as people say what is so, nothing is published twice, every state
// says the truth, and once things go well again every delivery comes to an end.
func TestNoOrderOfThingsPublishesTwice(t *testing.T) {
	t.Parallel()
	for range 30 { // of a hundred runs each
		rapid.Check(t, orderOfThings)
	}
}

func orderOfThings(t *rapid.T) {
	w := &world{
		t: t, now: noon, public: map[int]int{}, uploads: rapid.IntRange(0, 2).Draw(t, "uploads"),
		d: Delivery{Status: Draft, Generation: 1, Certainty: rapid.SampledFrom([]platforms.Certainty{
			platforms.CertainByKey, platforms.CertainByStatus, platforms.CertainByLooking,
		}).Draw(t, "class")},
	}
	w.d.MaySendAgain = w.d.Certainty == platforms.CertainByLooking && rapid.Bool().Draw(t, "may send again")
	seldom := func(k EventKind) bool { return rapid.IntRange(0, 7).Draw(t, string(k)) == 0 }
	person := func(k EventKind) {
		c, ok := w.apply(Event{Kind: k, DueAt: w.now, LateAfter: w.now.Add(2 * time.Hour)})
		if ok {
			w.run(c)
		}
	}
	w.apply(Event{Kind: PersonSchedules, DueAt: noon, LateAfter: noon.Add(2 * time.Hour)})
	t.Repeat(map[string]func(*rapid.T){
		"tick": func(*rapid.T) {
			if w.d.NextAt.IsZero() || w.inFlight {
				return
			}
			if w.now.Before(w.d.NextAt) {
				w.now = w.d.NextAt
			}
			if c, ok := w.apply(w.tick()); ok {
				w.run(c)
			}
		},
		"wait": func(t *rapid.T) {
			w.now = w.now.Add(time.Duration(rapid.IntRange(1, 180).Draw(t, "minutes")) * time.Minute)
		},
		"start again": func(*rapid.T) {
			w.inFlight = false
			if w.d.Phase == Sending {
				w.apply(Event{Kind: ProcessDied})
			}
		},
		"a fault of ours": func(*rapid.T) {
			if w.inFlight || seldom(NotKept) {
				w.inFlight = false
				w.apply(Event{Kind: NotKept})
			}
		},
		"edit":       func(*rapid.T) { person(PersonEdits) },
		"pick":       func(*rapid.T) { person(PersonPicks) },
		"reschedule": func(*rapid.T) { person(PersonSchedules) },
		"retime":     func(*rapid.T) { person(PersonRetimes) },
		"cancel": func(*rapid.T) {
			if seldom(PersonCancels) {
				person(PersonCancels)
			}
		},
		"send now": func(*rapid.T) { person(PersonSendsNow) },
		"disconnect": func(*rapid.T) {
			if seldom(ConnectionGone) {
				person(ConnectionGone)
			}
		},
		"say what is so": func(*rapid.T) {
			if len(w.public) > 0 {
				person(PersonFinds)
			} else {
				person(PersonMisses)
			}
		},
		"say what is not so": func(*rapid.T) {
			if w.d.Phase != Ambiguous {
				return
			}
			w.lied = true
			if len(w.public) > 0 {
				person(PersonMisses)
			} else {
				person(PersonFinds)
			}
		},
	})
	w.end()
}
