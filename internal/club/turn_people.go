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

func (t *turn) edit() error {
	if t.was.Status == Scheduled {
		t.fresh()
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
	t.publish("", t.e.URL, t.was.TriedAt)
	t.note(NoteSaidThere)
	return nil
}

func (t *turn) saidNotThere() error {
	t.to(Publishing, Preparing)
	t.To.NextAt, t.To.StartedAt, t.To.DueAt, t.To.LateAfter = t.now, t.now, t.now, t.e.LateAfter
	t.To.Generation++
	t.To.LookFirst, t.To.Left = true, false
	t.To.TriesTransient, t.To.TriesSince, t.To.TriesAmbiguous = 0, time.Time{}, 0
	t.To.Renewals, t.To.Remakes = 0, 0
	t.note(NoteSaidNotThere)
	return nil
}

func (t *turn) sendNow() error {
	t.plan(t.now)
	t.to(Publishing, Preparing)
	t.To.NextAt, t.To.StartedAt = t.now, t.now
	t.note(NoteSentNow)
	return nil
}

func (t *turn) retry() error {
	t.plan(t.now)
	t.note(NoteSentNow)
	return nil
}

// plan puts the delivery on the calendar and forgets what was tried.
func (t *turn) plan(due time.Time) {
	t.fresh()
	t.to(Scheduled, Waiting)
	t.To.DueAt, t.To.LateAfter, t.To.NextAt = due, t.e.LateAfter, due
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
