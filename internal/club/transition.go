package club

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// The numbers of publishing.
const (
	catchUpAfter = time.Minute   // later than this, a post is catching up
	transientMax = 8             // tries of a call that was proved not sent …
	transientFor = 2 * time.Hour // … or this long
	backoffFirst = 30 * time.Second
	backoffCap   = 15 * time.Minute
	rateDefault  = time.Hour
	rateMin      = time.Minute
	rateMax      = 24 * time.Hour
	rateSpread   = 2 * time.Minute
	processFor   = 30 * time.Minute // the platform's work on one thing, where the step says nothing else
	unknownFor   = 2 * time.Hour
	equalLooks   = 2 // class B: the platform says twice that it is not public …
	equalAfter   = time.Minute
	emptyLooks   = 5 // looks that found nothing before people are asked …
	emptyAfter   = 15 * time.Minute
	refusedLooks = 2               // looks that were refused before a refusal counts
	finalLooks   = 3               // tries of the last look before sending again
	accountPoll  = time.Minute     // how often a broken account is looked at again
	sendOverdue  = 2 * time.Minute // an irreversible call that nobody waits for any more …
	answerSpare  = time.Minute     // … or so long after its own limit, if that is later
)

var (
	processEvery = []time.Duration{2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second}
	// Most answers that were lost are found in the first three minutes.
	lookEvery = []time.Duration{
		5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, time.Minute, 3 * time.Minute,
		5 * time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour,
	}
)

// ErrNoRow answers for an event that the table does not know in this state:
// another actor was faster, and there is nothing to do.
var ErrNoRow = errors.New("no transition for this event")

// ErrBeingSent refuses a change to a post whose outcome is open (row 15).
var ErrBeingSent = &Error{Code: Conflict, Key: "too_late_to_change"}

// Next says what an event makes of a delivery. It is pure: the same arguments
// give the same Change. The error is ErrNoRow, or an *Error for people.
func Next(d Delivery, e Event, now time.Time) (Change, error) {
	t := &turn{now: now, e: e, was: d, Change: Change{To: d, Work: Rest}}
	r := t.rule()
	if r == nil {
		return Change{}, fmt.Errorf("%s at %s/%s: %w", e.Kind, d.Status, d.Phase, ErrNoRow)
	}
	t.Row = r.row
	if err := r.then(t); err != nil {
		return Change{}, err
	}
	return t.Change, nil
}

// rule is the first row of the table that fits; nil if none does.
func (t *turn) rule() *rule {
	for i := range table {
		r := &table[i]
		if r.on == t.e.Kind && slices.Contains(r.from, place{t.was.Status, t.was.Phase}) && (r.when == nil || r.when(t)) {
			return r
		}
	}
	return nil
}

// rule is one row of the table. The first that fits decides.
type rule struct {
	row  string
	from []place
	on   EventKind
	when func(*turn) bool // nil: always
	then func(*turn) error
}

type place struct {
	status Status
	phase  Phase
}

func in(phases ...Phase) []place {
	out := make([]place, 0, len(phases))
	for _, p := range phases {
		out = append(out, place{statusOf[p], p})
	}
	return out
}

var (
	cancelled = []place{{Cancelled, ""}}
	drafts    = append([]place{{Draft, ""}}, cancelled...)
	scheduled = in(Waiting, Blocked)
	after     = in(AfterPart)
	working   = in(Preparing, Processing, Ready, Backoff) // begun, and nothing of it public
	calm      = slices.Concat(scheduled, working)
	open      = in(Sending, Reconciling)
	doubted   = in(Restored, Clone) // whether it is public is not known
	held      = slices.Concat(in(Late, Held, ClockInDoubt, Reconnect, Partial), doubted)
	failed    = in(Refused, Exhausted, MediaRefused, CancelledByPlatform)
	asking    = in(Ambiguous, DuplicateSuspect)
)

// table is the transition table, in its order within
// each state. P rows are rules of RULES.md.
var table = []rule{
	// People.
	{"1", drafts, PersonSchedules, nil, (*turn).schedule},
	{"2", slices.Concat(scheduled, after), PersonEdits, nil, (*turn).edit},
	{"2", slices.Concat(scheduled, after), PersonRetimes, nil, (*turn).retime},
	{"3", slices.Concat(scheduled, after), PersonCancels, nil, (*turn).cancel},
	{"3", cancelled, PersonPicks, nil, (*turn).draftAgain},
	{"14", working, PersonEdits, (*turn).follows, (*turn).beginAfresh},
	{"14", working, PersonEdits, nil, (*turn).backToDraft},
	{"14", working, PersonRetimes, nil, (*turn).retime},
	{"14", working, PersonCancels, nil, (*turn).cancel},
	{"15", slices.Concat(open, asking), PersonEdits, nil, (*turn).beingSent},
	{"15", slices.Concat(open, asking), PersonRetimes, nil, (*turn).beingSent},
	{"15", slices.Concat(open, asking), PersonCancels, nil, (*turn).beingSent},
	{"31", asking, PersonFinds, nil, (*turn).saidThere},
	{"32", asking, PersonMisses, nil, (*turn).saidNotThere},
	{"31", in(Reconciling), PersonFinds, (*turn).told, (*turn).saidThere},
	{"32", in(Reconciling), PersonMisses, (*turn).toldAndLooked, (*turn).saidNotThere},
	{"31", doubted, PersonFinds, nil, (*turn).saidThere},
	{"32", doubted, PersonSendsNow, nil, (*turn).saidNotThere},
	{"32", doubted, PersonRetimes, nil, (*turn).retimeDoubted},
	{"33", held, PersonSendsNow, nil, (*turn).sendNow},
	{"33", held, PersonRetimes, nil, (*turn).retime},
	{"33", held, PersonEdits, nil, (*turn).edit},
	{"33", held, PersonCancels, nil, (*turn).cancel},
	{"36", failed, PersonSendsNow, nil, (*turn).retry},
	{"36", failed, PersonRetimes, nil, (*turn).retime},
	{"36", failed, PersonEdits, nil, (*turn).edit},
	{"36", failed, PersonCancels, nil, (*turn).cancel},

	// A part follows the one before it.
	{"40", after, BeforeMoved, (*turn).beforeLinked, (*turn).follow},
	{"41", after, BeforeMoved, (*turn).beforeCancelled, (*turn).cancel},
	{"41", after, BeforeMoved, (*turn).beforeDraft, (*turn).backToDraft},
	{"41", after, BeforeMoved, (*turn).beforeStopped, (*turn).stop},
	{"42", after, BeforeMoved, (*turn).beforeUnfound, (*turn).askUnfound},
	{"41", after, BeforeMoved, nil, (*turn).waitForBefore},
	{"41", after, ConnectionGone, (*turn).beforeUndecided, (*turn).staysBehind},
	{"42", slices.Concat(calm, after, held), ConnectionGone, (*turn).beforePublic, (*turn).cutOff},

	// Before anything can be public.
	{"37", slices.Concat(calm, after, held), ConnectionGone, nil, (*turn).connectionGone},
	{"P11", scheduled, Tick, (*turn).early, (*turn).untilDue},
	{"38", calm, Tick, (*turn).onHold, (*turn).hold},
	{"5", calm, Tick, (*turn).isLate, (*turn).askLate},
	{"6", calm, Tick, (*turn).blocked, (*turn).block},
	{"32", in(Preparing), Tick, (*turn).canLookFirst, (*turn).look},
	{"P14", slices.Concat(scheduled, in(Preparing, Ready)), Tick, (*turn).crowded, (*turn).untilFree},
	{"8", slices.Concat(scheduled, in(Preparing, Ready)), Tick, (*turn).unfit, (*turn).unfitContent},
	{"4", scheduled, Tick, nil, (*turn).start},
	{"4", in(Preparing), Tick, (*turn).unfrozen, (*turn).freeze},
	{"35", in(Backoff), Tick, (*turn).spent, (*turn).exhaust},
	{"34", in(Backoff), Tick, nil, (*turn).tryAgain},
	{"12", in(Preparing, Processing, Ready), Tick, (*turn).stepDied, (*turn).remake},
	{"P16", in(Preparing, Ready), Tick, (*turn).changed, (*turn).refuseChanged},
	{"13", in(Preparing, Ready), Tick, (*turn).irreversible, (*turn).send},
	{"7", in(Preparing, Processing, Ready), Tick, nil, (*turn).doStep},

	// A safe call ended.
	{"10", in(Preparing, Processing), StepEnded, (*turn).stillWorking, (*turn).keepWaiting},
	{"12", in(Preparing, Processing), StepEnded, (*turn).stepUseless, (*turn).remake},
	{"7", in(Preparing, Processing), StepEnded, (*turn).ok, (*turn).stepDone},
	{"19", in(Preparing, Processing, Ready), StepEnded, (*turn).signInRefused, (*turn).renewOrStop},
	{"19", in(Preparing, Processing, Ready), StepEnded, is(platforms.VersionOver), (*turn).waitForUpdate},
	{"20", in(Preparing, Processing, Ready), StepEnded, is(platforms.RateLimited), (*turn).rateLimit},
	{"42", in(Preparing, Processing, Ready), StepEnded, (*turn).parentGone, (*turn).askAlone},
	{"8", in(Preparing, Processing, Ready), StepEnded, is(platforms.Rejected, platforms.MediaRejected, platforms.Duplicate), (*turn).reject},
	{"9", in(Preparing, Processing, Ready), StepEnded, nil, (*turn).backOff},
	{"19", in(Backoff), RenewalEnded, nil, (*turn).renewed},

	// The irreversible call ended.
	{"16", in(Sending), SendEnded, (*turn).okWithID, (*turn).published},
	{"17", in(Sending), SendEnded, (*turn).ok, (*turn).outcomeUnknown},
	{"21", in(Sending), SendEnded, (*turn).repeatedInVain, (*turn).stillUnknown},
	{"21", in(Sending), SendEnded, (*turn).duplicateOfOurs, (*turn).outcomeUnknown},
	{"42", in(Sending), SendEnded, (*turn).parentGone, (*turn).askAlone},
	{"18", in(Sending), SendEnded, is(platforms.Rejected, platforms.MediaRejected, platforms.Duplicate), (*turn).reject},
	{"19", in(Sending), SendEnded, (*turn).signInRefused, (*turn).renewOrStop},
	{"19", in(Sending), SendEnded, is(platforms.VersionOver), (*turn).waitForUpdate},
	{"20", in(Sending), SendEnded, is(platforms.RateLimited), (*turn).rateLimit},
	{"22", in(Sending), SendEnded, is(platforms.NotSent), (*turn).backOff},
	{"21", in(Sending), SendEnded, nil, (*turn).outcomeUnknown},
	{"13", in(Sending), SendBarred, nil, (*turn).barred},
	{"23", in(Sending), ProcessDied, nil, (*turn).outcomeUnknown},
	{"23", in(Sending), Tick, (*turn).overdue, (*turn).outcomeUnknown},

	// A fault of ours, which would come again each time: it ends where people can
	// decide, and the account's other posts go on.
	{"39", slices.Concat(scheduled, in(Preparing), open), NotKept, (*turn).mayBePublic, (*turn).askNotKept},
	{"39", calm, NotKept, nil, (*turn).failNotKept},

	// The outcome is open: look.
	{"28", in(Reconciling), Tick, (*turn).blocked, (*turn).lookLater},
	{"24", in(Reconciling), Tick, nil, (*turn).look},
	{"25", in(Reconciling), LookEnded, sees(platforms.SeenPublic), (*turn).found},
	{"29", in(Reconciling), LookEnded, sees(platforms.SeenSeveral), (*turn).several},
	{"26", in(Reconciling), LookEnded, (*turn).provedAbsent, (*turn).notPublic},
	{"24", in(Reconciling), LookEnded, (*turn).repeatable, (*turn).repeat},
	{"29", in(Reconciling), LookEnded, (*turn).sendableAgain, (*turn).sendAgain},
	{"29", in(Reconciling), LookEnded, (*turn).outOfLooks, (*turn).askAfterLook},
	{"28", in(Reconciling), LookEnded, (*turn).failedCall, (*turn).lookFailed},
	{"28", in(Reconciling), LookEnded, nil, (*turn).lookedInVain},

	// The last look before a person's "send again".
	{"27", in(Preparing), LookEnded, last(sees(platforms.SeenPublic)), (*turn).found},
	{"29", in(Preparing), LookEnded, last(sees(platforms.SeenSeveral)), (*turn).several},
	{"28", in(Preparing), LookEnded, last((*turn).lookOnceMore), (*turn).lookFailed},
	{"32", in(Preparing), LookEnded, (*turn).lookFirst, (*turn).startOver},

	// The journal knows more than the database, which is an old copy, or did not
	// get to keep an answer.
	{"16", slices.Concat(drafts, calm, after, open, held, failed, asking), Witnessed, (*turn).witnessedID, (*turn).witnessed},
	{"25", in(Unlinked), Witnessed, (*turn).witnessedID, (*turn).linkWitnessed},
	{"38", slices.Concat(drafts, calm, after, open, held, failed, asking), Witnessed, nil, (*turn).askWhether},

	// Its place is found later.
	{"25", in(Unlinked), LookEnded, (*turn).seenWithID, (*turn).link},
}
