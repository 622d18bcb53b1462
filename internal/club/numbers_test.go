package club

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
)

// TestNumbersOfThePage holds the numbers of this package against those of
// their specification, written out here by hand.
func TestNumbersOfThePage(t *testing.T) {
	t.Parallel()
	for _, n := range []struct {
		name string
		got  any
		want any
	}{
		{"catch-up begins after", catchUpAfter, time.Minute},
		{"tries", transientMax, 8},
		{"tries go on for", transientFor, 2 * time.Hour},
		{"first back-off", backoffFirst, 30 * time.Second},
		{"longest back-off", backoffCap, 15 * time.Minute},
		{"limit without an end", rateDefault, time.Hour},
		{"shortest limit", rateMin, time.Minute},
		{"longest limit", rateMax, 24 * time.Hour},
		{"spread after a limit", rateSpread, 2 * time.Minute},
		{"processing", processFor, 30 * time.Minute},
		{"looking goes on for", unknownFor, 2 * time.Hour},
		{"equal looks", equalLooks, 2},
		{"equal looks, apart by", equalAfter, time.Minute},
		{"empty looks", emptyLooks, 5},
		{"empty looks, spread over", emptyAfter, 15 * time.Minute},
		{"refused looks before the last", refusedLooks, 2},
		{"last looks", finalLooks, 3},
		{"a broken account is looked at every", accountPoll, time.Minute},
		{"nobody waits for an answer after", sendOverdue, 2 * time.Minute},
		{"or so long after the limit of the call", answerSpare, time.Minute},
		{"looks while processing", processEvery, []time.Duration{2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second}},
		{"looks", lookEvery, []time.Duration{
			5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, time.Minute, 3 * time.Minute, 5 * time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour,
		}},
	} {
		if diff := cmp.Diff(n.want, n.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", n.name, diff)
		}
	}
}

// TestWaitsGrow follows the waits of one delivery.
func TestWaitsGrow(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		from  Delivery
		event Event
		want  []time.Duration
	}{
		{
			"tries", at(Preparing), refusal(StepEnded, platforms.NotSent), // jitter 0.5: three quarters
			[]time.Duration{22500 * time.Millisecond, 45 * time.Second, 90 * time.Second, 3 * time.Minute, 6 * time.Minute, 675 * time.Second, 675 * time.Second},
		},
		{
			"processing", at(Processing), stepped(platforms.StepWorking, status, publish),
			[]time.Duration{2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, 30 * time.Second},
		},
		{
			"looks", at(Reconciling), refusal(LookEnded, platforms.Unknown),
			lookEvery,
		},
	} {
		d, now := tt.from, noon
		for i, want := range tt.want {
			c, err := Next(d, tt.event, now)
			if err != nil {
				t.Fatal(err)
			}
			if got := c.To.NextAt.Sub(now); got != want {
				t.Errorf("%s: wait %d is %v, want %v", tt.name, i, got, want)
			}
			phase := d.Phase
			d, now = c.To, c.To.NextAt
			d.Status, d.Phase = Publishing, phase
		}
	}
}

func TestACallUnderWayIsLeftAlone(t *testing.T) {
	t.Parallel()
	if _, err := Next(at(Sending), tick(), noon.Add(sendOverdue-1)); !errors.Is(err, ErrNoRow) {
		t.Errorf("a look at what is being sent: %v, want %v", err, ErrNoRow)
	}
}

// TestLongCallIsNotDeclaredLostBeforeItsLimit: the first call and a repeat of it.
func TestLongCallIsNotDeclaredLostBeforeItsLimit(t *testing.T) {
	t.Parallel()
	long := publish
	long.Within = 20 * time.Minute
	seen := saw(platforms.SeenNotPublic, "")
	seen.Step = long
	for name, begin := range map[string]struct {
		from  Delivery
		event Event
		at    time.Time
	}{
		"the first call": {at(Ready), tick(next(long)), noon},
		"a repeat":       {at(Reconciling, class(platforms.CertainByKey)), seen, noon.Add(20 * time.Minute)},
	} {
		c, err := Next(begin.from, begin.event, begin.at)
		if err != nil || c.To.Phase != Sending {
			t.Fatalf("%s: %v, %s; want it to be sent", name, err, c.To.Phase)
		}
		if _, err := Next(c.To, tick(next(long)), begin.at.Add(21*time.Minute-1)); !errors.Is(err, ErrNoRow) {
			t.Errorf("%s, which may take 20 minutes, is looked into before: %v, want %v", name, err, ErrNoRow)
		}
		lost, err := Next(c.To, tick(next(long)), begin.at.Add(21*time.Minute))
		if err != nil || lost.Row != "23" {
			t.Errorf("%s, a minute after its limit: row %q, %v; want 23", name, lost.Row, err)
		}
		if back, err := Next(c.To, tick(next(long)), begin.at.Add(-time.Hour)); err != nil || back.Row != "23" {
			t.Errorf("%s, after the clock was set back: row %q, %v; want 23", name, back.Row, err)
		}
	}
	early := noon.Add(20*time.Minute - 1)
	if c, err := Next(at(Reconciling, class(platforms.CertainByKey)), seen, early); err != nil || c.Opens {
		t.Errorf("the same is sent again while the first call may be under way: %v, %+v", err, c)
	} else if want := noon.Add(20 * time.Minute); c.To.NextAt.After(want) {
		t.Errorf("it is looked for again at %v, want %v at the latest, when the first call is over", c.To.NextAt, want)
	}
}

// TestWaitEndsByItsOwnLimit: a step says how long the platform may work on it.
func TestWaitEndsByItsOwnLimit(t *testing.T) {
	t.Parallel()
	for _, limit := range []time.Duration{time.Minute + time.Second, 3 * time.Hour, 0} {
		look := status
		look.Within = limit
		d, now := at(Processing), noon
		for d.Phase == Processing {
			c, err := Next(d, stepped(platforms.StepWorking, look, publish), now)
			if err != nil {
				t.Fatal(err)
			}
			if d = c.To; d.Phase == Processing {
				now = d.NextAt
			}
		}
		want := limit
		if want == 0 {
			want = processFor
		}
		if got := now.Sub(noon); d.Phase != MediaRefused || got != want {
			t.Errorf("a wait of at most %v ends in %s after %v", limit, d.Phase, got)
		}
	}
}

// TestTimelineSaysWhatHappened: the notes that tell rows apart which end alike.
func TestTimelineSaysWhatHappened(t *testing.T) {
	t.Parallel()
	later := Event{DueAt: noon.Add(time.Hour), LateAfter: noon.Add(3 * time.Hour)}
	for _, tt := range []struct {
		from  Delivery
		event EventKind
		note  string
		due   time.Time
	}{
		{Delivery{Status: Draft, Generation: 1}, PersonSchedules, NoteScheduled, later.DueAt},
		{at(Waiting), PersonRetimes, NoteRetimed, later.DueAt},
		{at(Waiting), PersonEdits, NoteEdited, noon},
		{at(Waiting), PersonCancels, NoteCancelled, noon},
		{at(Ready), PersonEdits, NoteBackToDraft, time.Time{}},
		{at(Ready), PersonCancels, NoteCancelled, noon},
		{at(Ready), ConnectionGone, NoteConnectionCut, noon},
		{at(Late), PersonSendsNow, NoteSentNow, noon},
		{at(Late), PersonCancels, NoteCancelled, noon},
		{at(Refused), PersonSendsNow, NoteSentNow, noon},
		{at(Refused), PersonRetimes, NoteRetimed, later.DueAt},
		{at(Refused), PersonEdits, NoteEdited, noon},
		{at(Refused), PersonCancels, NoteCancelled, noon},
		{at(Ambiguous), PersonFinds, NoteSaidThere, noon},
		{at(Ambiguous), PersonMisses, NoteSaidNotThere, noon},
	} {
		e := later
		e.Kind = tt.event
		c, err := Next(tt.from, e, noon)
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Timeline) != 1 || c.Timeline[0].Kind != tt.note {
			t.Errorf("%s at %s: the timeline says %+v, want %s", tt.event, tt.from.Phase, c.Timeline, tt.note)
		}
		if !c.To.DueAt.Equal(tt.due) {
			t.Errorf("%s at %s: due at %v, want %v", tt.event, tt.from.Phase, c.To.DueAt, tt.due)
		}
	}
}
