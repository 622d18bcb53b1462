package club

import (
	"maps"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// How calls end, safe and irreversible ones: conditions and effects.

// is: the platform refused, or did not answer, in one of these ways.
func is(kinds ...platforms.Kind) func(*turn) bool {
	return func(t *turn) bool {
		for _, k := range kinds {
			if t.e.Err != nil && t.e.Err.Kind == k {
				return true
			}
		}
		return false
	}
}

func (t *turn) reject() error {
	t.close(platforms.Rejected)
	phase := Refused
	if t.e.Err.Kind == platforms.MediaRejected {
		phase = MediaRefused
	}
	args := maps.Clone(t.e.Err.Args)
	if t.e.Err.PlatformText != "" {
		if args == nil {
			args = map[string]string{}
		}
		args["platform_text"] = t.e.Err.PlatformText
	}
	fallback := platforms.CodeUnknownRefusal
	if t.e.Err.Kind == platforms.Duplicate {
		fallback = platforms.CodeDuplicate
	}
	t.fail(phase, t.code(fallback), args)
	return nil
}

// signInRefused: the sign-in was not accepted.
func (t *turn) signInRefused() bool { return is(platforms.Expired, platforms.Revoked)(t) }

// renewOrStop renews as long as that works, and there are tries left: a platform
// that goes on giving tokens has not ended the sign-in, whatever it thinks of them
// (rule P17).
func (t *turn) renewOrStop() error {
	t.close(platforms.Rejected)
	if t.e.Err.Kind == platforms.Expired && t.e.CanRenew {
		t.to(Publishing, Backoff)
		t.To.NextAt, t.Work = t.now, Renew
		return nil
	}
	t.breakOff()
	return nil
}

func (t *turn) breakOff() {
	t.Breaks = true
	t.to(Scheduled, Blocked)
	t.To.NextAt = t.now.Add(accountPoll)
	t.say(t.code(platforms.CodeAuthRevoked))
	t.note(NoteSignIn)
}

// waitForUpdate holds the whole account: what is due stays scheduled until another
// version of the platform's interface is spoken.
func (t *turn) waitForUpdate() error {
	t.close(platforms.Rejected)
	t.Outdates = true
	t.to(Scheduled, Blocked)
	t.To.NextAt = t.now.Add(accountPoll)
	t.say(platforms.CodeVersionOver)
	t.note(NoteOutdated)
	return nil
}

func (t *turn) renewed() error {
	switch {
	case t.e.Err == nil:
		t.note(NoteRenewed)
		t.To.Renewals++
		if t.was.Renewals > 0 { // what it gave a moment ago was refused as well: it may need time
			t.tryLater()
			return nil
		}
		t.To.NextAt, t.Work = t.now, Again
	case t.e.Err.Kind == platforms.Revoked:
		t.breakOff()
	case t.e.Err.Kind == platforms.VersionOver:
		return t.waitForUpdate()
	default:
		return t.backOff()
	}
	return nil
}

func (t *turn) rateLimit() error {
	t.close(platforms.Rejected)
	t.To.RateWaits++
	t.blockAccount()
	t.to(Scheduled, Blocked)
	t.To.NextAt = t.orLate(t.Blocks)
	t.say(t.code(platforms.CodeRateLimited), "when_next", stamp(t.Blocks))
	t.note(NoteBlocked, "when_next", stamp(t.Blocks))
	return nil
}

// blockAccount lets the whole connection rest until the platform's limit ends.
func (t *turn) blockAccount() {
	wait := rateDefault
	if at := t.e.Err.RetryAt; !at.IsZero() {
		wait = min(max(at.Sub(t.now), rateMin), rateMax)
	}
	t.Blocks = t.now.Add(wait + t.spread())
}

func (t *turn) spread() time.Duration { return time.Duration(float64(rateSpread) * t.e.Jitter) }

// Conditions and effects of the irreversible call.

// barred: the call was announced in the database and not in the journal, so it
// was not made (rule P1). It is no try, and waits for the disk.
func (t *turn) barred() error {
	t.Closes = NotSent
	if !t.was.UnknownSince.IsZero() { // a repeat: the first is as open as before
		t.to(Publishing, Reconciling)
		t.lookAgain()
		return nil
	}
	t.To.TriedAt = time.Time{}
	t.to(Publishing, Ready)
	t.To.NextAt = t.now
	t.note(NoteBarred)
	return nil
}

// okWithID: the call went well and the answer names the post.
func (t *turn) okWithID() bool { return t.ok() && t.e.Result.RemoteID != "" }

func (t *turn) published() error {
	t.Closes, t.Proof = Accepted, "answer"
	t.To.Left = true
	r := t.e.Result
	at := r.PublishedAt
	if at.IsZero() {
		at = t.now
	}
	t.publish(r.RemoteID, r.RemoteURL, at)
	t.To.RemoteVersion = r.RemoteVersion
	t.note(NotePublished)
	return nil
}

// repeatedInVain: a repeat under the same key was not accepted. That says
// nothing about the call before it, whose outcome is still open.
func (t *turn) repeatedInVain() bool { return !t.ok() && !t.was.UnknownSince.IsZero() }

// duplicateOfOurs: the platform has the post already, and an earlier attempt of
// ours may be what it means.
func (t *turn) duplicateOfOurs() bool { return is(platforms.Duplicate)(t) && t.was.Unknowns > 0 }

func (t *turn) outcomeUnknown() error {
	t.Closes = OutcomeUnknown
	t.To.Left = true
	t.To.Unknowns++
	t.keepEvidence()
	t.to(Publishing, Reconciling)
	if t.was.UnknownSince.IsZero() {
		t.To.UnknownSince = t.now
		t.To.Seen, t.To.Looks, t.To.LooksSince = "", 0, time.Time{}
		t.To.NextAt, t.Work = t.now, Again
	} else {
		t.lookAgain()
	}
	t.say(platforms.CodeOutcomeUnknown, "n", "0")
	t.note(NoteUnknown)
	return nil
}

func (t *turn) stillUnknown() error {
	t.close(t.e.Err.Kind)
	if t.Closes == OutcomeUnknown {
		t.To.Unknowns++
	}
	t.keepEvidence()
	t.to(Publishing, Reconciling)
	t.lookAgain()
	t.heed()
	return nil
}

// keepEvidence keeps the earlier post that a Duplicate answer named, for Settle.
func (t *turn) keepEvidence() {
	if t.e.Err != nil && t.e.Err.Ref != "" {
		t.Keeps = &platforms.StepResult{Kind: platforms.DuplicateOf, Ref: t.e.Err.Ref, State: platforms.StepDone}
	}
}

// mayBePublic: a call was made whose outcome is open, or is looked for once more.
func (t *turn) mayBePublic() bool {
	return t.was.Phase == Sending || t.was.Phase == Reconciling || t.was.LookFirst
}

func (t *turn) askNotKept() error {
	if t.was.Phase == Sending {
		t.Closes = OutcomeUnknown
		t.To.Left = true
		t.To.Unknowns++
	}
	if t.was.UnknownSince.IsZero() {
		t.To.UnknownSince = t.now
	}
	t.ask(Ambiguous, platforms.CodeOutcomeNotKept)
	t.note(NoteNotKept)
	return nil
}

// failNotKept ends what was not sent. Nothing of it is public.
func (t *turn) failNotKept() error {
	t.fail(Exhausted, platforms.CodeOurFault, nil)
	t.Timeline = nil
	t.note(NoteNotKept)
	return nil
}

// overdueAfter is how long after its beginning nobody waits for the answer to an
// irreversible call any more.
func overdueAfter(s platforms.Step) time.Duration { return max(sendOverdue, s.Within+answerSpare) }

// overdue: nobody waits for the answer any more, or the clock was set back: while
// somebody waits, it is not asked.
func (t *turn) overdue() bool {
	left := t.was.NextAt.Sub(t.now)
	return left <= 0 || left > overdueAfter(t.e.Step)
}

// close says how the call that just ended is kept. A safe step may also have an
// unknown outcome; it then counts as not sent, for nothing of it is public.
func (t *turn) close(kind platforms.Kind) {
	if t.e.Kind == StepEnded && t.e.Err != nil {
		kind = t.e.Err.Kind
	}
	switch kind {
	case platforms.NotSent:
		t.Closes = NotSent
	case platforms.Unknown:
		t.Closes = OutcomeUnknown
	default:
		t.Closes = Rejected
	}
	if t.e.Kind != SendEnded {
		return
	}
	if t.Closes != NotSent {
		t.To.Left = true
	}
	if t.was.UnknownSince.IsZero() {
		t.To.TriedAt = time.Time{}
	}
}
