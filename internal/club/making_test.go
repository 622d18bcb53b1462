package club

import (
	"fmt"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// at makes a delivery in a phase, due at noon, with two hours of grace.
func at(p Phase, set ...func(*Delivery)) Delivery {
	d := Delivery{
		Status: statusOf[p], Phase: p, DueAt: noon, LateAfter: noon.Add(2 * time.Hour), NextAt: noon,
		Generation: 1, Certainty: platforms.CertainByLooking,
	}
	if d.Status == Publishing {
		d.Frozen, d.StartedAt = true, noon
	}
	switch p {
	case AfterPart:
		d.Part, d.NextAt = 1, time.Time{}
	case Sending:
		d.TriedAt, d.NextAt = noon, noon.Add(sendOverdue)
	case Reconciling:
		d.TriedAt, d.UnknownSince, d.Unknowns, d.Left = noon, noon, 1, true
	case Backoff:
		d.TriesTransient, d.TriesSince = 1, noon
	case Ambiguous:
		d.TriedAt, d.UnknownSince, d.Unknowns, d.Left, d.Frozen = noon, noon, 1, true, true
	}
	if d.Status == Published || d.Status == Failed || d.Status == NeedsAttention {
		d.NextAt = time.Time{}
	}
	for _, f := range set {
		f(&d)
	}
	return d
}

// part makes a delivery follow another one.
func part(d *Delivery) { d.Part = 1 }

// before is an event that knows how the part before stands.
func before(e Event, s Status, p Phase) Event {
	e.Before = &PartBefore{Status: s, Phase: p}
	return e
}

func class(c platforms.Certainty) func(*Delivery) { return func(d *Delivery) { d.Certainty = c } }

var (
	upload  = platforms.Step{Kind: "upload"}
	chunk   = platforms.Step{Kind: "chunk", Sends: 1 << 20}
	status  = platforms.Step{Kind: "status", Waits: true}
	publish = platforms.Step{Kind: "publish", Irreversible: true}
	usable  = AccountState{Usable: true}
)

func tick(set ...func(*Event)) Event {
	e := Event{Kind: Tick, Account: usable, Step: publish, Jitter: 0.5}
	for _, f := range set {
		f(&e)
	}
	return e
}

func next(s platforms.Step) func(*Event) { return func(e *Event) { e.Step = s } }

func refusal(kind EventKind, k platforms.Kind, set ...func(*Event)) Event {
	e := Event{Kind: kind, Step: publish, Err: &platforms.Error{Kind: k, Code: "code"}, Jitter: 0.5}
	for _, f := range set {
		f(&e)
	}
	return e
}

func renewable(e *Event) { e.CanRenew = true }

func onHold(p Phase) func(*Event) { return func(e *Event) { e.Hold = p } }

func whileHeld(e Event) Event {
	e.Hold = Held
	return e
}

func witness(o Outcome, id string, generation int) Event {
	return Event{Kind: Witnessed, Witness: Witness{At: noon, Generation: generation, Outcome: o, RemoteID: id}}
}

func stepped(result platforms.StepState, did, following platforms.Step) Event {
	return Event{Kind: StepEnded, Step: did, Following: following, Result: platforms.StepResult{Kind: did.Kind, Ref: "ref", State: result}}
}

func sent(id string) Event {
	return Event{Kind: SendEnded, Step: publish, Result: platforms.StepResult{Kind: "publish", RemoteID: id}}
}

func saw(v platforms.Verdict, id string) Event {
	return Event{Kind: LookEnded, Step: publish, Evidence: platforms.Evidence{Verdict: v, RemoteID: id, Proof: "proof"}, Jitter: 0.5}
}

func lapsed(e Event) Event {
	e.Evidence.Lapsed = true
	return e
}

// lookedFor was looked for in vain four times, for a quarter of an hour.
func lookedFor(set ...func(*Delivery)) Delivery {
	return at(Reconciling, append([]func(*Delivery){func(d *Delivery) {
		d.Seen, d.Looks, d.LooksSince = platforms.SeenNothing, 4, noon.Add(-15*time.Minute)
	}}, set...)...)
}

// toldAfter was looked for in vain so often, and people have heard of it.
func toldAfter(looks int) func(*Delivery) {
	return func(d *Delivery) {
		d.Code, d.Seen, d.Looks, d.LooksSince = platforms.CodeOutcomeLooking, platforms.SeenNothing, looks, noon
	}
}

// lastLook finds nothing either.
var lastLook = saw(platforms.SeenNothing, "")

func same[T comparable](got, want T) string {
	if got == want {
		return ""
	}
	return fmt.Sprintf("got %v, want %v; ", got, want)
}
