package club

import (
	"maps"
	"strconv"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// turn is one application of the table: the conditions and effects of its rows.
type turn struct {
	now time.Time
	e   Event
	was Delivery
	Change
}

// Effects of what people do.

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

// Conditions and effects before anything can be public.

func (t *turn) connectionGone() error {
	t.Voids = true
	t.to(Cancelled, "")
	t.note(NoteConnectionCut)
	return nil
}

func (t *turn) doubt() error {
	t.ask(t.e.Doubt, platforms.CodeLate, "time", stamp(t.was.DueAt))
	t.note(NoteDoubt, "reason", string(t.e.Doubt))
	return nil
}

func (t *turn) early() bool { return t.now.Before(t.was.DueAt) }

func (t *turn) untilDue() error {
	t.To.NextAt = t.was.DueAt
	return nil
}

func (t *turn) isLate() bool { return t.now.After(t.was.LateAfter) }

func (t *turn) askLate() error {
	phase, code, args := Late, platforms.CodeLate, []string{}
	off := !t.e.OffFrom.IsZero() && !t.was.LateAfter.Before(t.e.OffFrom) && !t.was.DueAt.After(t.e.OffTo)
	switch {
	case !t.e.Account.Usable:
		phase, code = Reconnect, t.e.Account.Code
	case off:
		code, args = platforms.CodeWeWereOff, []string{"t1", stamp(t.e.OffFrom), "t2", stamp(t.e.OffTo)}
	case t.was.Code != "":
		code = t.was.Code
	}
	t.ask(phase, code, append(args, "time", stamp(t.was.DueAt))...)
	t.note(NoteLate, "code", code)
	return nil
}

func (t *turn) blocked() bool {
	return !t.e.Account.Usable || t.e.Account.BlockedUntil.After(t.now)
}

func (t *turn) block() error {
	code := platforms.CodeRateLimited
	next := t.e.Account.BlockedUntil.Add(t.spread())
	if !t.e.Account.Usable {
		code, next = t.e.Account.Code, t.now.Add(accountPoll)
	} else if t.was.Code != "" && t.was.Phase == Blocked {
		code = t.was.Code // the platform's own words for the limit
	}
	t.to(Scheduled, Blocked)
	t.To.NextAt = t.orLate(next)
	t.say(code, "when_next", stamp(next))
	if t.was.Phase != Blocked && t.e.Account.Usable {
		t.note(NoteBlocked, "when_next", stamp(next))
	} else if t.was.Phase != Blocked {
		t.note(NoteSignIn)
	}
	return nil
}

// orLate is the time, or the moment at which people must be asked.
func (t *turn) orLate(at time.Time) time.Time {
	if late := t.was.LateAfter.Add(time.Millisecond); at.After(late) {
		return late
	}
	return at
}

func (t *turn) crowded() bool {
	return t.now.Sub(t.was.DueAt) > catchUpAfter && t.e.Account.FreeAt.After(t.now) &&
		(t.was.Status == Scheduled || t.e.Step.Irreversible)
}

func (t *turn) untilFree() error {
	t.To.NextAt = t.e.Account.FreeAt
	return nil
}

func (t *turn) unfit() bool { return t.e.Problem != nil }

func (t *turn) unfitContent() error {
	phase := Refused
	if t.e.Problem.Media {
		phase = MediaRefused
	}
	t.fail(phase, t.e.Problem.Code, t.e.Problem.Args)
	return nil
}

func (t *turn) start() error {
	t.to(Publishing, Preparing)
	t.To.NextAt, t.To.StartedAt = t.now, t.now
	t.To.Code, t.To.Args = "", nil
	t.note(NoteStarted)
	return t.freeze()
}

func (t *turn) unfrozen() bool { return !t.was.Frozen }

func (t *turn) freeze() error {
	t.Freezes = !t.was.Frozen
	t.To.Frozen = true
	t.Work = Again
	return nil
}

func (t *turn) spent() bool {
	since := t.was.TriesSince
	return t.was.TriesTransient >= transientMax || !since.IsZero() && t.now.Sub(since) >= transientFor
}

func (t *turn) exhaust() error {
	n := strconv.Itoa(t.was.TriesTransient)
	t.fail(Exhausted, platforms.CodePlatformExhausted, nil)
	t.say(platforms.CodePlatformExhausted, "n", n, "t1", stamp(t.was.TriesSince), "t2", stamp(t.now))
	t.Timeline = nil
	t.note(NoteExhausted, "n", n)
	return nil
}

func (t *turn) tryAgain() error {
	t.proceed(t.e.Step)
	return nil
}

func (t *turn) stepDied() bool { return t.e.StepDied }

func (t *turn) remake() error {
	t.Keeps = t.result()
	if t.was.Remakes > 0 {
		t.fail(MediaRefused, platforms.CodeMediaFailed, nil)
		return nil
	}
	t.Voids = true
	t.To.Remakes++
	t.to(Publishing, Preparing)
	t.To.NextAt, t.Work = t.now, Again
	t.note(NoteMadeAgain)
	return nil
}

func (t *turn) changed() bool { return t.e.Changed && t.e.Step.Irreversible }

func (t *turn) refuseChanged() error {
	t.fail(Refused, platforms.CodeContentChanged, nil)
	return nil
}

func (t *turn) irreversible() bool { return t.e.Step.Irreversible }

func (t *turn) send() error {
	t.to(Publishing, Sending)
	t.To.NextAt = t.now.Add(sendOverdue)
	t.To.Code, t.To.Args = "", nil
	if t.To.TriedAt.IsZero() {
		t.To.TriedAt = t.now
	}
	t.Opens, t.Work = true, Send
	return nil
}

func (t *turn) doStep() error {
	t.Work = Do
	return nil
}

// Conditions and effects of safe calls.

func (t *turn) ok() bool { return t.e.Err == nil }

func (t *turn) stillWorking() bool {
	return t.ok() && t.e.Step.Waits && t.e.Result.State == platforms.StepWorking
}

func (t *turn) keepWaiting() error {
	if t.was.WaitsSince.IsZero() {
		t.To.WaitsSince = t.now
	}
	if t.now.Sub(t.To.WaitsSince) >= processFor {
		t.fail(MediaRefused, platforms.CodeMediaFailed, nil)
		return nil
	}
	t.to(Publishing, Processing)
	t.To.NextAt = t.now.Add(nth(processEvery, t.was.Waits))
	t.To.Waits++
	return nil
}

func (t *turn) stepUseless() bool {
	return t.ok() && (t.e.Result.State == platforms.StepExpired || t.e.Result.State == platforms.StepFailed)
}

func (t *turn) stepDone() error {
	t.Keeps = t.result()
	t.Closes = Accepted
	t.To.Waits, t.To.WaitsSince = 0, time.Time{}
	t.proceed(t.e.Following)
	if !t.e.Step.Waits {
		t.note(NoteStep, "step", t.e.Step.Kind, "n", strconv.Itoa(t.e.Step.Index+1))
	}
	return nil
}

func (t *turn) result() *platforms.StepResult {
	if t.e.Kind != StepEnded {
		return nil
	}
	r := t.e.Result
	return &r
}

// proceed goes on to the phase that a step belongs to.
func (t *turn) proceed(next platforms.Step) {
	phase := Preparing
	switch {
	case next.Irreversible:
		phase = Ready
	case next.Waits:
		phase = Processing
	}
	t.to(Publishing, phase)
	t.To.NextAt, t.Work = t.now, Again
}

func (t *turn) backOff() error {
	t.close(platforms.NotSent)
	if t.was.TriesSince.IsZero() {
		t.To.TriesSince = t.now
	}
	t.To.TriesTransient++
	wait := backoffFirst << min(t.was.TriesTransient, 10)
	wait = min(wait, backoffCap)
	wait = time.Duration(float64(wait) * (0.5 + t.e.Jitter/2))
	t.to(Publishing, Backoff)
	t.To.NextAt = t.now.Add(wait)
	if t.To.TriesTransient >= transientMax {
		t.To.NextAt, t.Work = t.now, Again
	}
	code := t.code(platforms.CodePlatformDown)
	left := strconv.Itoa(transientMax - t.To.TriesTransient)
	t.say(code, "when_next", stamp(t.To.NextAt), "n", left)
	t.note(NoteRetry, "code", code, "when_next", stamp(t.To.NextAt))
	return nil
}

// Conditions and effects of refusals, of safe and irreversible calls alike.

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

func (t *turn) signInRefused() bool { return is(platforms.Expired, platforms.Revoked)(t) }

func (t *turn) renewOrStop() error {
	t.close(platforms.Rejected)
	if t.e.Err.Kind == platforms.Expired && t.e.CanRenew && t.was.Renewals == 0 {
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

func (t *turn) renewed() error {
	switch {
	case t.e.Err == nil:
		t.To.Renewals++
		t.To.NextAt, t.Work = t.now, Again
		t.note(NoteRenewed)
	case t.e.Err.Kind == platforms.Revoked:
		t.breakOff()
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

func (t *turn) overdue() bool { return !t.now.Before(t.was.NextAt) }

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

// Conditions and effects while the outcome is open.

func (t *turn) lookLater() error {
	if t.openTooLong() {
		return t.askAmbiguous()
	}
	t.lookAgain()
	if at := t.e.Account.BlockedUntil; t.e.Account.Usable && at.After(t.To.NextAt) {
		t.To.NextAt = at
	}
	return nil
}

func (t *turn) lookFirst() bool { return t.was.LookFirst }

// last is a condition on the last look before sending again.
func last(when func(*turn) bool) func(*turn) bool {
	return func(t *turn) bool { return t.was.LookFirst && when(t) }
}

func (t *turn) look() error {
	t.Work = Look
	return nil
}

func sees(v platforms.Verdict) func(*turn) bool {
	return func(t *turn) bool { return t.ok() && t.e.Evidence.Verdict == v }
}

func (t *turn) found() error {
	ev := t.e.Evidence
	t.Proof = ev.Proof
	at := ev.PublishedAt
	if at.IsZero() {
		at = t.was.TriedAt
	}
	t.publish(ev.RemoteID, ev.RemoteURL, at)
	t.note(NoteFound, "proof", ev.Proof)
	return nil
}

func (t *turn) several() error {
	t.Proof = t.e.Evidence.Proof
	t.publish("", "", t.was.TriedAt)
	t.say(platforms.CodeDuplicate)
	t.note(NoteSeveral)
	t.Notice = NoticeSeveral
	return nil
}

// counted adds the look that just ended to the looks in a row that saw the same.
func (t *turn) counted() (looks int, since time.Time) {
	if t.was.Looks > 0 && t.was.Seen == t.e.Evidence.Verdict {
		return t.was.Looks + 1, t.was.LooksSince
	}
	return 1, t.now
}

func (t *turn) provedAbsent() bool {
	looks, since := t.counted()
	return t.was.Certainty == platforms.CertainByStatus && sees(platforms.SeenNotPublic)(t) &&
		looks >= equalLooks && t.now.Sub(since) >= equalAfter
}

func (t *turn) readyAgain() error {
	t.Proof = t.e.Evidence.Proof
	t.to(Publishing, Ready)
	t.To.NextAt, t.Work = t.now, Again
	t.To.UnknownSince = time.Time{}
	t.To.Seen, t.To.Looks, t.To.LooksSince = "", 0, time.Time{}
	t.To.Code, t.To.Args = "", nil
	t.note(NoteNotPublic)
	return nil
}

func (t *turn) repeatable() bool {
	d := t.was
	return d.Certainty == platforms.CertainByKey && t.ok() && t.e.Step.Irreversible &&
		(sees(platforms.SeenNotPublic)(t) || sees(platforms.SeenNothing)(t)) &&
		!t.now.Before(d.TriedAt.Add(d.SettleAfter)) &&
		(d.KeyLife == 0 || t.now.Before(d.TriedAt.Add(d.KeyLife))) &&
		!t.isLate()
}

func (t *turn) repeat() error {
	t.count()
	t.To.TriesAmbiguous++
	t.to(Publishing, Sending)
	t.To.NextAt = t.now.Add(sendOverdue)
	t.Opens, t.Work = true, Send
	t.note(NoteRepeated)
	return nil
}

func (t *turn) openTooLong() bool { return t.now.Sub(t.was.UnknownSince) >= unknownFor }

func (t *turn) outOfLooks() bool {
	if t.openTooLong() || is(platforms.Rejected)(t) {
		return true
	}
	looks, since := t.counted()
	return t.ok() && looks >= emptyLooks && t.now.Sub(since) >= emptyAfter
}

func (t *turn) askAfterLook() error {
	if t.ok() {
		t.count()
	}
	return t.askAmbiguous()
}

func (t *turn) askAmbiguous() error {
	n := strconv.Itoa(t.To.Looks)
	t.ask(Ambiguous, platforms.CodeOutcomeUnknown, "n", n)
	t.note(NoteAsks, "n", n)
	return nil
}

func (t *turn) failedCall() bool { return !t.ok() }

func (t *turn) lookFailed() error {
	t.lookAgain()
	t.heed()
	t.note(NoteLookFailed, "when_next", stamp(t.To.NextAt))
	return nil
}

func (t *turn) lookedInVain() error {
	t.count()
	t.lookAgain()
	d := t.was
	switch settled := d.TriedAt.Add(d.SettleAfter); {
	case d.Certainty == platforms.CertainByStatus && t.e.Evidence.Verdict == platforms.SeenNotPublic:
		t.To.NextAt = t.now.Add(equalAfter)
	case d.Certainty == platforms.CertainByKey && settled.After(t.now) && settled.Before(t.To.NextAt):
		t.To.NextAt = settled
	}
	n := strconv.Itoa(t.To.Looks)
	t.say(platforms.CodeOutcomeUnknown, "n", n)
	t.note(NoteLooked, "n", n)
	return nil
}

func (t *turn) count() {
	t.To.Looks, t.To.LooksSince = t.counted()
	t.To.Seen = t.e.Evidence.Verdict
}

// lookAgain plans the next look.
func (t *turn) lookAgain() {
	t.To.NextAt = t.now.Add(nth(lookEvery, t.was.TriesAmbiguous))
	t.To.TriesAmbiguous++
}

// heed does what a refusal asks for besides: rest, or renew the sign-in.
func (t *turn) heed() {
	switch t.e.Err.Kind {
	case platforms.RateLimited:
		t.blockAccount()
		if t.Blocks.After(t.To.NextAt) {
			t.To.NextAt = t.Blocks
		}
	case platforms.Expired:
		if t.e.CanRenew {
			t.Work = Renew
		}
	case platforms.Revoked:
		t.Breaks = true
	}
}

func (t *turn) lookOnceMore() bool {
	return !t.ok() && t.e.Err.Kind != platforms.Rejected && t.was.TriesAmbiguous < finalLooks
}

func (t *turn) startOver() error {
	t.To.LookFirst = false
	t.To.TriesAmbiguous = 0
	t.startGeneration()
	t.To.NextAt, t.Work = t.now, Again
	return nil
}

func (t *turn) seenWithID() bool {
	return sees(platforms.SeenPublic)(t) && t.e.Evidence.RemoteID != ""
}

func (t *turn) link() error {
	t.to(Published, Linked)
	t.To.RemoteID = t.e.Evidence.RemoteID
	if t.e.Evidence.RemoteURL != "" {
		t.To.RemoteURL = t.e.Evidence.RemoteURL
	}
	t.note(NoteLink)
	return nil
}

// Common to all.

func (t *turn) to(s Status, p Phase) {
	t.To.Status, t.To.Phase = s, p
	t.To.NextAt = time.Time{}
}

func (t *turn) publish(id, url string, at time.Time) {
	phase := Linked
	if id == "" {
		phase = Unlinked
	}
	t.to(Published, phase)
	t.To.RemoteID, t.To.RemoteURL, t.To.PublishedAt = id, url, at
	if t.To.PublishedAt.IsZero() {
		t.To.PublishedAt = t.now
	}
	t.To.UnknownSince = time.Time{}
	t.To.LookFirst = false
	t.To.Code, t.To.Args = "", nil
}

// fail ends a delivery of which it is proved that nothing is public.
func (t *turn) fail(phase Phase, code string, args map[string]string) {
	t.to(Failed, phase)
	t.To.Code, t.To.Args = code, args
	t.note(NoteRefused, "code", code)
	t.Notice = NoticeFailed
}

func (t *turn) ask(phase Phase, code string, args ...string) {
	t.to(NeedsAttention, phase)
	t.say(code, args...)
	t.Notice = NoticeAttention
}

func (t *turn) say(code string, args ...string) {
	m := map[string]string{}
	if t.e.Err != nil {
		maps.Copy(m, t.e.Err.Args)
	}
	maps.Copy(m, pairs(args))
	t.To.Code, t.To.Args = code, m
}

func (t *turn) note(kind string, args ...string) {
	t.Timeline = append(t.Timeline, Note{Kind: kind, Args: pairs(args)})
}

// code is the platform's message for people, or fallback.
func (t *turn) code(fallback string) string {
	if t.e.Err != nil && t.e.Err.Code != "" {
		return t.e.Err.Code
	}
	return fallback
}

func nth(waits []time.Duration, n int) time.Duration { return waits[min(n, len(waits)-1)] }

// stamp writes a time into placeholders; pages show it in the club's zone.
func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }
