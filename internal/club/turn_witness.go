package club

import "github.com/bandstand-app/bandstand/platforms"

// When the journal knows what the database does not: conditions and effects.

// witnessedID: the platform took it, and the journal has its id.
func (t *turn) witnessedID() bool {
	return t.e.Witness.Outcome == Accepted && t.e.Witness.RemoteID != ""
}

// recall takes over what a lost call means for the next one: its key is used up.
func (t *turn) recall() {
	w := t.e.Witness
	t.To.Generation = max(t.was.Generation, w.Generation)
	t.To.Left = t.To.Left || w.Outcome != NotSent
	if t.was.TriedAt.IsZero() {
		t.To.TriedAt = w.At
	}
	if t.was.DueAt.IsZero() { // a draft in this copy
		t.To.DueAt, t.To.LateAfter = w.At, w.At
	}
}

// published as the platform answered, and the journal kept.
func (t *turn) witnessed() error {
	w := t.e.Witness
	t.recall()
	t.Closes, t.Proof = Accepted, "journal"
	t.publish(w.RemoteID, w.RemoteURL, w.At)
	t.note(NoteFound, "proof", t.Proof)
	return nil
}

func (t *turn) linkWitnessed() error {
	w := t.e.Witness
	t.to(Published, Linked)
	t.To.RemoteID = w.RemoteID
	if w.RemoteURL != "" {
		t.To.RemoteURL = w.RemoteURL
	}
	t.Proof = "journal"
	t.note(NoteLink)
	return nil
}

// askWhether asks people whether a post is public that was sent, or was about
// to be, in a time of which this database knows nothing.
func (t *turn) askWhether() error {
	w := t.e.Witness
	t.recall()
	t.Closes = w.Outcome
	if w.Outcome != Rejected && w.Outcome != NotSent {
		t.Closes = OutcomeUnknown
		t.To.Unknowns++
	}
	t.ask(Restored, platforms.CodeRestored, "time", stamp(w.At))
	t.Notice = ""
	t.note(NoteDoubt, "reason", string(Restored))
	return nil
}
