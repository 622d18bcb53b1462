package club

import (
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// Parts that follow another part: conditions and effects.

// leastGrace is how long a part may be late at least, counted from the moment at
// which the part before it was public.
const leastGrace = time.Minute

// follows: it is not the post itself.
func (t *turn) follows() bool { return t.was.Part > 0 }

func (t *turn) before() PartBefore {
	if t.e.Before == nil {
		return PartBefore{}
	}
	return *t.e.Before
}

// beforeLinked: the part before it is public, and its id is known.
func (t *turn) beforeLinked() bool { return t.before().CanBeFollowed() }

// beforePublic: the part before it is public.
func (t *turn) beforePublic() bool { return t.follows() && t.before().Status == Published }

// beforeCancelled: the part before it will not be sent.
func (t *turn) beforeCancelled() bool { return t.before().Status == Cancelled }

// beforeDraft: the part before it is a draft again.
func (t *turn) beforeDraft() bool { return t.before().Status == Draft }

// beforeStopped: the part before it is not public, and waits for people.
func (t *turn) beforeStopped() bool {
	s := t.before().Status
	return s == Failed || s == NeedsAttention
}

// beforeUnfound: the part before it is public, and nobody can find out its id.
func (t *turn) beforeUnfound() bool { return t.before().Phase == Unlinked && t.before().Unfound }

// beforeUndecided: the part before it has not come to an end, or asks people. Whatever
// becomes of that decides about this one too.
func (t *turn) beforeUndecided() bool {
	s := t.before().Status
	return s != Published && s != Draft && s != Cancelled && s != ""
}

// nothingToFollow: there is no part before it, and there will be none.
func (t *turn) nothingToFollow() bool {
	s := t.before().Status
	return s == "" || s == Cancelled
}

// follow begins at once: the part counts as due from now on, so that it is neither
// late nor catching up because the part before it was. If people gave it a later time
// of its own, it waits for that.
func (t *turn) follow() error {
	grace := max(t.was.LateAfter.Sub(t.was.DueAt), leastGrace)
	if t.was.DueAt.After(t.now) {
		t.to(Scheduled, Waiting)
		t.To.NextAt = t.was.DueAt
		t.To.Code, t.To.Args = "", nil
		return nil
	}
	t.to(Publishing, Preparing)
	t.To.DueAt, t.To.LateAfter = t.now, t.now.Add(grace)
	t.To.NextAt, t.To.StartedAt = t.now, t.now
	t.To.Code, t.To.Args = "", nil
	t.note(NoteStarted)
	return nil
}

// stop says that it waits for people to decide about the part before it.
func (t *turn) stop() error {
	if t.was.Code == platforms.CodePartBefore {
		return nil
	}
	t.say(platforms.CodePartBefore)
	t.note(NoteStopped)
	return nil
}

// queue has it wait for the part before it. Where nothing will ever come before it,
// people are asked.
func (t *turn) queue() {
	if t.nothingToFollow() {
		t.ask(Partial, platforms.CodeParentGone)
		t.note(NoteAlone, "code", platforms.CodeParentGone)
		return
	}
	t.to(Scheduled, AfterPart)
	if t.beforeStopped() {
		t.say(platforms.CodePartBefore)
	}
}

// staysBehind leaves it where it is: the part before it says what happened.
func (*turn) staysBehind() error { return nil }

// askUnfound asks what shall become of a part of which nobody knows what to follow.
func (t *turn) askUnfound() error {
	t.ask(Partial, platforms.CodeParentUnfound)
	t.note(NoteAlone, "code", platforms.CodeParentUnfound)
	return nil
}

// waitForBefore: the part before it is on its way, or on its way again.
func (t *turn) waitForBefore() error {
	t.To.Code, t.To.Args = "", nil
	return nil
}

// parentGone: the platform says that what it follows is there no more.
func (t *turn) parentGone() bool {
	return is(platforms.Rejected)(t) && t.e.Err.Code == platforms.CodeParentGone
}

// askAlone asks what shall become of a part that has nothing to follow any more.
func (t *turn) askAlone() error {
	t.close(platforms.Rejected)
	t.ask(Partial, platforms.CodeParentGone)
	t.note(NoteAlone, "code", platforms.CodeParentGone)
	return nil
}

// cutOff asks what shall become of a part whose account was disconnected after the
// part before it went out: the post stands there without it.
func (t *turn) cutOff() error {
	t.ask(Partial, platforms.CodeCutOff)
	t.note(NoteAlone, "code", platforms.CodeCutOff)
	return nil
}
