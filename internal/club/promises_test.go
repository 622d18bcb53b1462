//go:build !race

package club

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

var allEvents = []EventKind{
	PersonSchedules, PersonEdits, PersonRetimes, PersonCancels, PersonPicks, PersonFinds, PersonMisses, PersonSendsNow,
	Tick, StepEnded, SendEnded, LookEnded, RenewalEnded, SendBarred, NotKept, ProcessDied, Witnessed, ConnectionGone, BeforeMoved,
}

var people = allEvents[:8]

// allDeliveries gives a delivery in every state, with what can differ in it.
func allDeliveries(yield func(Delivery) bool) {
	places := []Delivery{{Status: Draft, Generation: 1}, {Status: Cancelled, Generation: 1}}
	for _, p := range slices.Sorted(maps.Keys(statusOf)) {
		places = append(places, at(p))
	}
	for _, d := range places {
		for _, c := range []platforms.Certainty{platforms.CertainByKey, platforms.CertainByStatus, platforms.CertainByLooking} {
			for bits := range 1 << 5 {
				if bits&4 != 0 && d.Phase != Sending && d.Phase != Reconciling {
					continue // the bit says nothing here
				}
				v := d
				v.Certainty = c
				v.LookFirst = bits&1 != 0 && (d.Phase == Preparing || d.Status == Scheduled)
				switch {
				case v.Phase == Preparing && !v.LookFirst:
					v.Frozen = bits&2 != 0
				case v.Phase == Sending || v.Phase == Reconciling:
					if bits&2 != 0 {
						v.Unknowns = 1
					}
					if bits&4 != 0 {
						v.UnknownSince, v.Unknowns = noon, 1
					}
				default:
					v.Frozen = v.Frozen || bits&2 != 0
				}
				v.Left = !v.LookFirst && (v.Left || bits&8 != 0)
				if bits&16 != 0 {
					v.Renewals, v.Remakes, v.TriesTransient, v.TriesAmbiguous, v.Looks = 9, 9, 8, 9, 5
					v.Seen, v.LooksSince, v.TriesSince = platforms.SeenNotPublic, noon.Add(-time.Hour), noon.Add(-time.Hour)
					if c == platforms.CertainByLooking {
						v.Seen = platforms.SeenNothing
					}
					if bits&8 != 0 && (v.Phase == Preparing || v.Phase == Processing) {
						v.Remakes = 0 // nothing was made again
					}
				}
				if v.Phase == Reconciling && c == platforms.CertainByLooking {
					v.MaySendAgain, v.SentAgain = bits&1 != 0, bits&8 != 0
					if bits&1 == 0 && bits&16 != 0 {
						v.Code = platforms.CodeOutcomeLooking
					}
				}
				if v.Status == Published && v.Phase == Linked {
					v.RemoteID = "41"
				}
				if !yield(v) {
					return
				}
				if v.Part = 1; bits == 0 && !yield(v) {
					return
				}
			}
		}
	}
}

// allBefores are the ways in which the part before can stand.
var allBefores = []PartBefore{
	{Status: Draft},
	{Status: Cancelled},
	{Status: Scheduled, Phase: Waiting},
	{Status: Publishing, Phase: Sending},
	{Status: Published, Phase: Unlinked},
	{Status: Published, Phase: Unlinked, Unfound: true},
	{Status: Published, Phase: Linked},
	{Status: Failed, Phase: Refused},
	{Status: NeedsAttention, Phase: Ambiguous},
}

// allHappenings gives every kind of event, with what can differ in it.
func allHappenings(yield func(Event) bool) {
	for _, k := range allEvents {
		for e := range happenings(k) {
			e.Kind, e.Jitter = k, 0.5
			e.DueAt, e.LateAfter = noon, noon.Add(time.Hour)
			if !yield(e) {
				return
			}
		}
	}
}

// happenings gives what one kind of event can tell.
func happenings(k EventKind) func(yield func(Event) bool) {
	switch k {
	case Tick:
		return ticks
	case StepEnded, SendEnded, RenewalEnded, LookEnded:
		return func(yield func(Event) bool) { answers(k, yield) }
	case Witnessed:
		return func(yield func(Event) bool) {
			for _, w := range allWitnesses {
				if !yield(Event{Witness: w}) {
					return
				}
			}
		}
	}
	return func(yield func(Event) bool) {
		if !yield(Event{}) {
			return
		}
		for _, b := range allBefores {
			if !yield(Event{Before: &b}) {
				return
			}
		}
	}
}

// ticks gives every way in which things can stand.
func ticks(yield func(Event) bool) {
	accounts := []AccountState{
		usable,
		{Code: "auth_revoked"},
		{Usable: true, BlockedUntil: noon.Add(5 * time.Hour)},
		{Usable: true, FreeAt: noon.Add(5 * time.Hour)},
	}
	for _, step := range []platforms.Step{upload, status, publish} {
		for _, account := range accounts {
			for _, hold := range []Phase{Held, Restored, Clone, ClockInDoubt} {
				if !yield(Event{Step: step, Account: account, Hold: hold}) {
					return
				}
			}
			for bits := range 1 << 3 {
				e := Event{Step: step, Account: account, Changed: bits&1 != 0, StepDied: bits&2 != 0}
				if bits&4 != 0 {
					e.Problem = &Problem{Code: "media_type", Media: step == upload}
				}
				if !yield(e) {
					return
				}
			}
		}
	}
}

// answers gives every way in which a call can end.
func answers(k EventKind, yield func(Event) bool) {
	for _, err := range allErrors {
		for bit := range 2 {
			if err != nil && !yield(Event{Step: publish, Err: err, CanRenew: bit == 0}) {
				return
			}
		}
	}
	steps := []platforms.Step{publish}
	verdicts := []platforms.Verdict{""}
	states := []platforms.StepState{platforms.StepDone}
	switch k {
	case StepEnded:
		steps = []platforms.Step{chunk, status, publish}
		states = []platforms.StepState{platforms.StepDone, platforms.StepWorking, platforms.StepExpired, platforms.StepFailed}
	case LookEnded:
		steps = []platforms.Step{upload, publish}
		verdicts = []platforms.Verdict{"", platforms.SeenPublic, platforms.SeenNotPublic, platforms.SeenNothing, platforms.SeenSeveral}
	}
	for _, did := range steps {
		for _, following := range steps {
			for _, state := range states {
				for _, v := range verdicts {
					for _, id := range []string{"", "42"} {
						e := Event{Step: did, Following: following, Evidence: platforms.Evidence{Verdict: v, RemoteID: id, Proof: "proof"}}
						e.Evidence.Lapsed = v == platforms.SeenNotPublic && did == upload
						e.Result.State, e.Result.RemoteID = state, id
						if !yield(e) {
							return
						}
						if e.Hold = Held; k == LookEnded && !yield(e) {
							return
						}
					}
				}
			}
		}
	}
}

var allWitnesses = []Witness{
	{At: noon, Generation: 1},
	{At: noon, Generation: 2, Outcome: OutcomeUnknown},
	{At: noon, Generation: 2, Outcome: Rejected},
	{At: noon, Generation: 1, Outcome: NotSent},
	{At: noon, Generation: 2, Outcome: Accepted, RemoteID: "42"},
}

var allErrors = []*platforms.Error{
	{Kind: platforms.NotSent},
	{Kind: platforms.Rejected},
	{Kind: platforms.Rejected, Code: platforms.CodeParentGone},
	{Kind: platforms.MediaRejected},
	{Kind: platforms.Expired},
	{Kind: platforms.Revoked},
	{Kind: platforms.RateLimited},
	{Kind: platforms.VersionOver},
	{Kind: platforms.Duplicate},
	{Kind: platforms.Unknown},
	{Kind: "never heard of"},
}

// TestEveryStateAndEvent applies every event to every state and looks at the
// promises (rules P4, P5, P7, P15): what is unknown is never sent again without proof
// or a person; failed means proved not public; an id is given once.
func TestEveryStateAndEvent(t *testing.T) {
	t.Parallel()
	known := map[place]map[EventKind]bool{}
	for _, r := range table {
		for _, p := range r.from {
			if known[p] == nil {
				known[p] = map[EventKind]bool{}
			}
			known[p][r.on] = true
		}
	}
	happenings := slices.Collect(allHappenings)
	for _, after := range moments {
		now := noon.Add(after)
		for d := range allDeliveries {
			rows := known[place{d.Status, d.Phase}]
			for _, e := range happenings {
				if !rows[e.Kind] {
					continue
				}
				c, err := Next(d, e, now)
				if err != nil {
					if !errors.Is(err, ErrNoRow) && !errors.Is(err, ErrBeingSent) {
						t.Fatalf("%s at %s/%s: %v", e.Kind, d.Status, d.Phase, err)
					}
					continue
				}
				if broken := promises(d, e, c, now); broken != "" {
					t.Fatalf("%s: row %s, %s at %+v\nevent %+v err %+v\nchange %+v", broken, c.Row, e.Kind, d, e, e.Err, c)
				}
			}
		}
	}
}

// promises says which promise a change breaks, or nothing.
func promises(was Delivery, e Event, c Change, now time.Time) string {
	to := c.To
	person := slices.Contains(people, e.Kind)
	open := was.Phase == Reconciling || was.Phase == Ambiguous || was.Phase == Sending && !was.UnknownSince.IsZero()
	answered := was.Phase == Sending && e.Kind == SendEnded
	switch {
	case to.Phase != "" && statusOf[to.Phase] != to.Status:
		return "a phase of another status"
	case to.Phase == AfterPart && (to.Part == 0 || !to.NextAt.IsZero()):
		return "what waits for the part before it waits for nothing else (row 40)"
	case was.Part > 0 && (was.Phase == AfterPart || was.Status != Scheduled && was.Status != Publishing) &&
		to.Phase != AfterPart && (to.Status == Scheduled || to.Status == Publishing) && (e.Before == nil || !e.Before.CanBeFollowed()):
		return "a part goes before the one that it follows (row 40)"
	case to.Phase != AfterPart && (to.Status == Scheduled || to.Status == Publishing) && to.NextAt.IsZero():
		return "the engine will never look again"
	case to.Status != Scheduled && to.Status != Publishing && !to.NextAt.IsZero():
		return "the engine looks at what is finished"
	case c.Opens != (c.Work == Send), c.Opens && to.Phase != Sending:
		return "a call without its attempt"
	case to.Phase == Sending && was.Phase != Sending && !c.Opens:
		return "sending without an attempt"
	case c.Opens && now.After(was.LateAfter):
		return "sent too late (P12)"
	case c.Opens && !e.Account.Usable && e.Kind == Tick:
		return "sent for an account that cannot be used"
	case c.Opens && e.Hold != "":
		return "sent while all is held (row 38)"
	case c.Opens && e.Changed && e.Kind == Tick:
		return "sent a text that was not scheduled (P16)"
	case c.Opens && (!was.Frozen || c.Freezes || c.Thaws):
		return "sent what was not fixed before"
	case c.Opens && open && was.Certainty == platforms.CertainByLooking && was.MaySendAgain && !was.SentAgain && to.SentAgain &&
		e.Evidence.Verdict == platforms.SeenNothing && was.Seen == platforms.SeenNothing && now.Sub(was.LooksSince) >= emptyAfter:
		// people allowed it beforehand, once
	case c.Opens && open && !(was.Certainty == platforms.CertainByKey && e.Kind == LookEnded && e.Err == nil):
		return "sent again while the outcome is open (P4)"
	case open && to.Phase == Backoff && !(was.Certainty != platforms.CertainByLooking && e.Evidence.Verdict == platforms.SeenNotPublic):
		return "an open outcome was closed without proof (P4)"
	case open && to.Status == Failed && was.Certainty != platforms.CertainByLooking && e.Evidence.Verdict == platforms.SeenNotPublic && e.Err == nil:
		// proved
	case open && !person && to.Status != Publishing && to.Status != Published && to.Status != NeedsAttention:
		return "an open outcome ended without proof (P4, P5)"
	case open && !person && to.Status == Publishing && to.Phase != Reconciling && to.Phase != Sending && to.Phase != Backoff:
		return "an open outcome was forgotten (P4)"
	case to.Status == Failed && was.Status != Failed && answered && (e.Err == nil || e.Err.Kind == platforms.Unknown):
		return "failed without proof (P5)"
	case to.Status == Failed && was.Status != Failed && was.Phase == Sending && !answered:
		return "failed while a call is open (P5)"
	case to.Status == Published && was.Status != Published && !person && !(answered && e.Err == nil) && e.Kind != LookEnded && e.Witness.RemoteID == "":
		return "published without proof"
	case e.Kind == Witnessed && c.Work != Rest:
		return "sent on the word of the journal"
	case to.Generation != was.Generation && !person && e.Kind != BeforeMoved && e.Witness.Generation != to.Generation:
		return "another generation without a person (P7)"
	case to.Generation < was.Generation, to.Generation > was.Generation+1:
		return "generations count up one by one"
	case was.SentAgain && !to.SentAgain:
		return "it could be sent again a second time"
	case was.RemoteID != "" && to.RemoteID != was.RemoteID:
		return "the id was written twice (P15)"
	case was.Left && !to.Left && to.Generation == was.Generation:
		return "other bytes could go out under the same key (P7)"
	case c.Thaws && was.Left && to.Generation == was.Generation && !was.LookFirst:
		return "other bytes under the same key (P7)"
	case c.Breaks && (e.Err == nil || e.Err.Kind != platforms.Revoked && !(e.Err.Kind == platforms.Expired && !e.CanRenew)):
		return "an account needs reconnecting, and its sign-in has not ended (P17)"
	case c.Outdates && (e.Err == nil || e.Err.Kind != platforms.VersionOver):
		return "an account waits for an update that would not help"
	case e.Err != nil && e.Err.Kind == platforms.VersionOver && e.Kind != LookEnded && !c.Outdates:
		return "an account goes on with a version that is over"
	case was.Phase == Sending && to.Phase != Sending && c.Closes == "":
		return "an attempt was left open"
	case was.Phase == Sending && to.Status == Cancelled:
		return "cancelled while a call is open"
	}
	return ""
}
