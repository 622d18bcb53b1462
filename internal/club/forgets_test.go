package club

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
)

// tried is a delivery behind which everything lies that a delivery can go
// through.
func tried(d *Delivery) {
	d.Frozen, d.Left = true, true
	d.Code, d.Args = "code", map[string]string{"n": "1"}
	d.StartedAt, d.WaitsSince, d.TriesSince = noon, noon, noon
	d.TriesTransient, d.TriesAmbiguous, d.RateWaits, d.Renewals, d.Remakes, d.Waits = 1, 2, 3, 1, 1, 4
	d.TriedAt, d.UnknownSince = noon, noon
	d.Seen, d.Looks, d.LooksSince = platforms.SeenNothing, 2, noon
}

// TestWhatIsPlannedAnewForgetsWhatWasTried: nothing of earlier tries may shorten
// the next, be taken for a look at it, or be shown beside it.
func TestWhatIsPlannedAnewForgetsWhatWasTried(t *testing.T) {
	t.Parallel()
	due, late := noon.Add(time.Hour), noon.Add(3*time.Hour)
	from := at(Refused, tried)
	for _, tt := range []struct {
		event EventKind
		want  Delivery // what is left
	}{
		{PersonRetimes, Delivery{Status: Scheduled, Phase: Waiting, DueAt: due, LateAfter: late, NextAt: due}},
		{PersonSendsNow, Delivery{Status: Scheduled, Phase: Waiting, DueAt: noon, LateAfter: late, NextAt: noon}},
	} {
		c, err := Next(from, Event{Kind: tt.event, DueAt: due, LateAfter: late}, noon)
		if err != nil {
			t.Fatal(err)
		}
		tt.want.Generation, tt.want.Certainty = 2, from.Certainty
		if diff := cmp.Diff(tt.want, c.To); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.event, diff)
		}
		if !c.Thaws || !c.Voids {
			t.Errorf("%s: other bytes go out under what was made for the old ones", tt.event)
		}
	}
	c, err := Next(at(Ready, tried), Event{Kind: PersonEdits}, noon)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Delivery{Status: Draft, Generation: 2, Certainty: from.Certainty}, c.To); diff != "" {
		t.Errorf("a draft again (-want +got):\n%s", diff)
	}
}

// TestSendingAgainBeginsALookWithAFreshCount: what was counted before a person
// answered says nothing about the last look, nor about the sending after it.
func TestSendingAgainBeginsALookWithAFreshCount(t *testing.T) {
	t.Parallel()
	c, err := Next(at(Ambiguous, tried), Event{Kind: PersonMisses, LateAfter: noon.Add(3 * time.Hour)}, noon.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	d := c.To
	if why := same(d.TriesTransient, 0) + same(d.TriesSince, time.Time{}) + same(d.TriesAmbiguous, 0) + same(d.Renewals, 0) + same(d.Remakes, 0) +
		same(d.StartedAt, noon.Add(time.Hour)) + same(d.TriedAt, noon); why != "" {
		t.Errorf("before the look: %s", why)
	}
	d.TriesAmbiguous = 2
	c, err = Next(d, saw(platforms.SeenNothing, ""), noon.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	d = c.To
	if why := same(d.TriesAmbiguous, 0) + same(d.NextAt, noon.Add(time.Hour)) + same(d.TriedAt, time.Time{}) + same(d.UnknownSince, time.Time{}) +
		same(d.Seen, "") + same(d.Looks, 0) + same(d.LooksSince, time.Time{}); why != "" {
		t.Errorf("after the look: %s", why)
	}
}

// TestANewUnknownOutcomeIsLookedIntoAfresh: looks at an earlier call prove nothing
// about this one.
func TestANewUnknownOutcomeIsLookedIntoAfresh(t *testing.T) {
	t.Parallel()
	looked := func(d *Delivery) { d.Seen, d.Looks, d.LooksSince = platforms.SeenNothing, 2, noon.Add(-time.Hour) }
	fresh := func(c Change) string {
		return same(c.To.Seen, "") + same(c.To.Looks, 0) + same(c.To.LooksSince, time.Time{}) + same(c.To.Left, true)
	}
	for _, tt := range []struct {
		name  string
		from  Delivery
		event Event
	}{
		{"an answer that was lost", at(Sending, looked), refusal(SendEnded, platforms.Unknown)},
		{"a process that died", at(Sending, looked), Event{Kind: ProcessDied}},
	} {
		c, err := Next(tt.from, tt.event, noon)
		if err != nil {
			t.Fatal(err)
		}
		if why := fresh(c) + same(c.To.Code, platforms.CodeOutcomeUnknown) + same(c.To.UnknownSince, noon); why != "" {
			t.Errorf("%s: %s", tt.name, why)
		}
	}
	c, err := Next(at(Sending, func(d *Delivery) { d.UnknownSince, d.Unknowns = noon, 1 }),
		refusal(SendEnded, platforms.Unknown, func(e *Event) { e.Err.Ref = "urn:1" }), noon)
	if err != nil {
		t.Fatal(err)
	}
	if c.Keeps == nil || c.Keeps.Ref != "urn:1" {
		t.Errorf("the post that the answer names is forgotten: %+v", c.Keeps)
	}
}
