package club

import (
	"time"
)

// What people do: their effects.

func (t *turn) schedule() error {
	t.plan(t.e.DueAt)
	t.note(NoteScheduled, "when", stamp(t.e.DueAt))
	return nil
}

func (t *turn) retime() error {
	t.plan(t.e.DueAt)
	t.note(NoteRetimed, "when", stamp(t.e.DueAt))
	return nil
}

// retimeDoubted plans it again, but begins with a look whether it is public.
func (t *turn) retimeDoubted() error {
	t.lookBeforeSending()
	return t.retime()
}

func (t *turn) edit() error {
	if t.was.Status == Scheduled {
		t.fresh()
	}
	if t.was.Phase == AfterPart {
		t.To.Code, t.To.Args = t.was.Code, t.was.Args // it waits as before
	}
	t.note(NoteEdited)
	return nil
}

func (t *turn) backToDraft() error {
	t.fresh()
	t.to(Draft, "")
	t.To.DueAt, t.To.LateAfter = time.Time{}, time.Time{}
	t.note(NoteBackToDraft)
	return nil
}

// beginAfresh has a part made anew with what it says now. What it follows is public,
// so it cannot be a draft.
func (t *turn) beginAfresh() error {
	late := t.e.LateAfter
	t.e.LateAfter = t.was.LateAfter
	t.plan(t.now)
	t.e.LateAfter = late
	t.note(NoteEdited)
	return nil
}

func (t *turn) cancel() error {
	t.Voids = true
	t.to(Cancelled, "")
	t.note(NoteCancelled)
	return nil
}

func (t *turn) draftAgain() error {
	t.to(Draft, "")
	return nil
}

func (*turn) beingSent() error { return ErrBeingSent }

func (t *turn) saidThere() error {
	t.Proof = "person"
	at := t.was.TriedAt
	if at.IsZero() {
		at = t.was.DueAt
	}
	t.publish("", t.e.URL, at)
	t.note(NoteSaidThere)
	return nil
}

func (t *turn) saidNotThere() error {
	t.sendFrom(Preparing)
	t.lookBeforeSending()
	t.To.TriesTransient, t.To.TriesSince, t.To.TriesAmbiguous = 0, time.Time{}, 0
	t.To.Renewals, t.To.Remakes = 0, 0
	t.note(NoteSaidNotThere)
	return nil
}

// lookBeforeSending begins a new generation whose first step is to look for the
// post of the one before.
func (t *turn) lookBeforeSending() {
	if !t.was.LookFirst { // else nothing was sent since: it is still the one before that is looked for
		t.To.Generation++
	}
	t.To.LookFirst, t.To.Left = true, false
	if t.was.TriedAt.IsZero() {
		t.To.TriedAt = t.was.DueAt
	}
}

func (t *turn) sendNow() error {
	t.fresh()
	t.sendFrom(Preparing)
	t.note(NoteSentNow)
	return nil
}

// sendFrom has it sent as soon as its account is free. When it was due stays:
// by that, several that people send at once go out in order and with their
// distance (rule P14).
func (t *turn) sendFrom(p Phase) {
	if t.follows() && !t.beforeLinked() {
		t.queue()
		return
	}
	t.to(Publishing, p)
	t.To.NextAt, t.To.StartedAt, t.To.LateAfter = t.now, t.now, t.e.LateAfter
}

func (t *turn) retry() error {
	t.plan(t.now)
	t.note(NoteSentNow)
	return nil
}

// plan puts the delivery on the calendar and forgets what was tried.
func (t *turn) plan(due time.Time) {
	t.fresh()
	t.To.DueAt, t.To.LateAfter = due, t.e.LateAfter
	if t.follows() && !t.beforeLinked() {
		t.queue()
		return
	}
	t.to(Scheduled, Waiting)
	t.To.NextAt = due
}

// fresh forgets everything that was tried, so that what goes out is made anew.
// If anything of this generation left this machine, other bytes must not go out
// under its key (rule P7): a new generation begins.
func (t *turn) fresh() {
	d := &t.To
	d.Code, d.Args = "", nil
	d.StartedAt, d.WaitsSince, d.TriesSince = time.Time{}, time.Time{}, time.Time{}
	d.TriesTransient, d.TriesAmbiguous, d.RateWaits, d.Renewals, d.Remakes, d.Waits = 0, 0, 0, 0, 0, 0
	if d.LookFirst {
		return // the last look still needs what went out before
	}
	t.startGeneration()
}

func (t *turn) startGeneration() {
	d := &t.To
	t.Thaws, t.Voids = d.Frozen, true
	d.Frozen = false
	if d.Left {
		d.Generation++
		d.Left = false
	}
	d.TriedAt, d.UnknownSince = time.Time{}, time.Time{}
	d.Seen, d.Looks, d.LooksSince = "", 0, time.Time{}
}
