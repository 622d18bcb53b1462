//go:build !race

package club

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bandstand-app/bandstand/platforms"
)

// scene is what the parts of a post on one account share.
type scene struct {
	t       *rapid.T
	now     time.Time
	well    bool // from now on every call has its answer
	dead    bool // the process died in a call: nothing is done until it starts again
	blocked time.Time
	parts   []*world
}

// world is a make-believe platform and the engine's memory, for any order of
// faults, lost answers, deaths of the process and decisions of people: of one part
// of a post.
type world struct {
	*scene
	d        Delivery
	public   map[int]int // posts that the platform shows, by generation
	uploads  int         // safe steps before publishing
	done     int
	inFlight bool
	deleted  bool // on the platform, by hand
	lied     bool // a person said something that is not so
	dropped  bool // people left it out, or what it follows, or disconnected the account
}

// before is the part that this one follows; nil for the post itself.
func (w *world) before() *world {
	if w.d.Part == 0 {
		return nil
	}
	return w.parts[w.d.Part-1]
}

func (w *world) apply(e Event) (Change, bool) {
	c, err := w.try(e)
	return c, err == nil
}

// try lets something happen to a part, and tells the next one, as the store does in
// one transaction. The error is ErrNoRow or ErrBeingSent.
func (w *world) try(e Event) (Change, error) {
	e.Jitter = rapid.Float64Range(0, 0.999).Draw(w.t, "jitter")
	if b := w.before(); b != nil && e.Before == nil && (slices.Contains(people, e.Kind) || e.Kind == ConnectionGone) {
		e.Before = &PartBefore{Status: b.d.Status, Phase: b.d.Phase}
	}
	c, err := Next(w.d, e, w.now)
	if errors.Is(err, ErrNoRow) || errors.Is(err, ErrBeingSent) {
		return c, err
	}
	if err != nil {
		w.t.Fatal(err)
	}
	if broken := promises(w.d, e, c, w.now); broken != "" {
		w.t.Fatalf("%s: %s at part %d, %s/%s", broken, e.Kind, w.d.Part, w.d.Status, w.d.Phase)
	}
	was := w.d
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
	if was.Status != w.d.Status || was.Phase != w.d.Phase {
		w.tellNext(false)
	}
	w.check()
	return c, nil
}

func (w *world) tellNext(unfound bool) {
	if next := w.d.Part + 1; next < len(w.parts) {
		w.parts[next].dropped = w.parts[next].dropped || w.dropped && w.d.Status == Cancelled
		w.parts[next].apply(Event{Kind: BeforeMoved, Before: &PartBefore{Status: w.d.Status, Phase: w.d.Phase, Unfound: unfound}})
	}
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
	case w.d.Status == Cancelled && !w.dropped:
		w.t.Fatalf("part %d was lost: nobody left it out", w.d.Part)
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
			if w.dead = !lives; w.dead {
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
	if b := w.before(); b != nil && (b.d.Phase != Linked || b.total() == 0) {
		w.t.Fatalf("part %d is sent while the one before it is %s/%s", w.d.Part, b.d.Status, b.d.Phase)
	} else if b != nil && b.deleted {
		e := refusal(SendEnded, platforms.Rejected)
		e.Err.Code = platforms.CodeParentGone
		return e, true
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
// must come to an end, within a day and the longest rest of an account for each part.
func (s *scene) end() {
	s.well = true
	s.startAgain()
	for range s.parts {
		s.work()
		for _, w := range s.parts {
			if w.d.Phase == Unlinked && !w.findLink() {
				w.tellNext(true)
			}
		}
	}
	s.work()
	for n, w := range s.parts {
		switch {
		case w.d.Status == Draft:
			s.t.Fatalf("part %d is a draft for ever", n)
		case w.d.Phase == AfterPart && !w.waitsForPeople():
			s.t.Fatalf("part %d waits for ever: %+v\nafter %+v", n, w.d, s.parts[n-1].d)
		}
	}
}

// waitsForPeople: the part before it asks people, or waits for a part that does, and
// this one says so.
func (w *world) waitsForPeople() bool {
	b := w.before()
	if b.d.Phase == AfterPart {
		return b.waitsForPeople()
	}
	return (b.d.Status == Failed || b.d.Status == NeedsAttention) && w.d.Code == platforms.CodePartBefore
}

// work does what is due until nothing is any more.
func (s *scene) work() {
	latest := s.now.Add(rateMax + rateSpread + 24*time.Hour)
	for range 400 {
		w := s.due()
		if w == nil {
			return
		}
		if s.now.After(latest) {
			break
		}
		w.turn()
	}
	s.t.Fatalf("no end by %v (it may take until %v): %+v", s.now, latest, s.due().d)
}

// due is the part that the engine looks at next; nil: none.
func (s *scene) due() (first *world) {
	for _, w := range s.parts {
		if !w.d.NextAt.IsZero() && (first == nil || w.d.NextAt.Before(first.d.NextAt)) {
			first = w
		}
	}
	return first
}

// turn lets the time of a part come.
func (w *world) turn() {
	if w.now.Before(w.d.NextAt) {
		w.now = w.d.NextAt
	}
	if c, ok := w.apply(w.tick()); ok {
		w.run(c)
	}
}

// startAgain is the next process.
func (s *scene) startAgain() {
	s.dead = false
	for _, w := range s.parts {
		w.inFlight = false
		if w.d.Phase == Sending {
			w.apply(Event{Kind: ProcessDied})
		}
	}
}

// findLink looks for the id of what is public without one.
func (w *world) findLink() bool {
	if w.total() == 1 && !w.deleted && (w.well || rapid.Bool().Draw(w.t, "link found")) {
		w.apply(saw(platforms.SeenPublic, "42"))
	}
	return w.d.Phase != Unlinked
}

// allOf lets people do the same to every part that wish names, as the store does it
// to a post: to all of them, or to none.
func (s *scene) allOf(kind EventKind, wish func(Delivery) bool) {
	before := make([]world, len(s.parts))
	for n, w := range s.parts {
		before[n] = *w
	}
	for _, w := range s.parts {
		if !wish(w.d) {
			continue
		}
		w.dropped = w.dropped || kind == PersonCancels
		if _, err := w.try(Event{Kind: kind, DueAt: s.now, LateAfter: s.now.Add(2 * time.Hour)}); err != nil {
			for n, w := range s.parts {
				*w = before[n]
			}
			return
		}
	}
}

func isDraft(d Delivery) bool     { return d.Status == Draft }
func isCancelled(d Delivery) bool { return d.Status == Cancelled }
func isUnpublished(d Delivery) bool {
	return d.Status != Draft && d.Status != Cancelled && d.Status != Published
}

// TestNoOrderOfThingsPublishesTwice plays any order of faults and decisions.
// As long as people say what is so, nothing is published twice, every state
// says the truth, and once things go well again every delivery comes to an end. Of a
// post with parts none is public before the one that it follows was, with its id, and
// none is lost: each ends public, or asks, unless people left it out.
func TestNoOrderOfThingsPublishesTwice(t *testing.T) {
	t.Parallel()
	for range 30 { // of a hundred runs each
		rapid.Check(t, orderOfThings)
	}
}

func orderOfThings(t *rapid.T) {
	s := &scene{t: t, now: noon}
	certainties := rapid.SampledFrom([]platforms.Certainty{platforms.CertainByKey, platforms.CertainByStatus, platforms.CertainByLooking})
	for n := range rapid.IntRange(1, 3).Draw(t, "parts") {
		w := &world{
			scene: s, public: map[int]int{}, uploads: rapid.IntRange(0, 2).Draw(t, "uploads"),
			d: Delivery{Status: Draft, Generation: 1, Part: n, Certainty: certainties.Draw(t, "class")},
		}
		w.d.MaySendAgain = n == 0 && w.d.Certainty == platforms.CertainByLooking && rapid.Bool().Draw(t, "may send again")
		s.parts = append(s.parts, w)
	}
	one := func() *world { return rapid.SampledFrom(s.parts).Draw(t, "part") }
	seldom := func(k EventKind) bool { return rapid.IntRange(0, 7).Draw(t, string(k)) == 0 }
	person := func(w *world, k EventKind) {
		c, ok := w.apply(Event{Kind: k, DueAt: s.now, LateAfter: s.now.Add(2 * time.Hour)})
		if ok {
			w.run(c)
		}
	}
	s.allOf(PersonSchedules, isDraft)
	t.Repeat(map[string]func(*rapid.T){
		"tick": func(*rapid.T) {
			if w := s.due(); w != nil && !s.dead {
				w.turn()
			}
		},
		"wait": func(t *rapid.T) {
			s.now = s.now.Add(time.Duration(rapid.IntRange(1, 180).Draw(t, "minutes")) * time.Minute)
		},
		"start again": func(*rapid.T) { s.startAgain() },
		"a fault of ours": func(*rapid.T) {
			if w := one(); w.inFlight || seldom(NotKept) {
				w.inFlight, s.dead = false, false
				w.apply(Event{Kind: NotKept})
			}
		},
		"find link": func(t *rapid.T) {
			if w := one(); w.d.Phase == Unlinked && !w.findLink() && rapid.Bool().Draw(t, "given up") {
				w.tellNext(true)
			}
		},
		"delete by hand": func(*rapid.T) {
			if w := one(); w.d.Phase == Linked && seldom("deleted") {
				w.deleted = true
			}
		},
		"edit": func(*rapid.T) {
			s.allOf(PersonEdits, isUnpublished)
			s.allOf(PersonSchedules, isDraft)
		},
		"pick": func(*rapid.T) {
			s.allOf(PersonPicks, isCancelled)
			s.allOf(PersonSchedules, isDraft)
		},
		"retime":     func(*rapid.T) { s.allOf(PersonRetimes, isUnpublished) },
		"retime one": func(*rapid.T) { person(one(), PersonRetimes) },
		"retime one to later": func(*rapid.T) {
			one().apply(Event{Kind: PersonRetimes, DueAt: s.now.Add(time.Hour), LateAfter: s.now.Add(3 * time.Hour)})
		},
		"cancel": func(*rapid.T) {
			if seldom(PersonCancels) {
				s.allOf(PersonCancels, isUnpublished)
			}
		},
		"cancel one": func(*rapid.T) {
			if w := one(); seldom(PersonCancels) {
				was := w.dropped
				w.dropped = true
				if _, ok := w.apply(Event{Kind: PersonCancels}); !ok {
					w.dropped = was
				}
			}
		},
		"send now": func(*rapid.T) { person(one(), PersonSendsNow) },
		"disconnect": func(*rapid.T) {
			if seldom(ConnectionGone) {
				for _, w := range s.parts {
					if w.d.Status != Failed {
						// Of a post of which nothing is out, nothing is left.
						w.dropped = w.dropped || w.d.Part == 0 || w.parts[w.d.Part-1].d.Status == Cancelled
						w.apply(Event{Kind: ConnectionGone})
					}
				}
			}
		},
		"say what is so": func(*rapid.T) {
			if w := one(); w.total() > 0 {
				person(w, PersonFinds)
			} else {
				person(w, PersonMisses)
			}
		},
		"say what is not so": func(*rapid.T) {
			w := one()
			if w.d.Phase != Ambiguous {
				return
			}
			w.lied = true
			if w.total() > 0 {
				person(w, PersonMisses)
			} else {
				person(w, PersonFinds)
			}
		},
	})
	s.end()
}
