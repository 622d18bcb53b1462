package club

import (
	"cmp"
	"strconv"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// Before anything can be public, and safe calls: conditions and effects.

func (t *turn) connectionGone() error {
	t.Voids = true
	t.to(Cancelled, "")
	t.note(NoteConnectionCut)
	return nil
}

// onHold: people hold all posts, or Bandstand is in doubt and waits for an admin.
func (t *turn) onHold() bool { return t.e.Hold != "" }

// hold puts what is due aside until people decide. The banner on every page
// tells them; a notice for each post would only drown it.
func (t *turn) hold() error {
	t.ask(t.e.Hold, holdCodes[t.e.Hold], "time", stamp(t.was.DueAt))
	t.Notice = ""
	t.note(NoteDoubt, "reason", string(t.e.Hold))
	return nil
}

// holdCodes are the messages for people of what is held.
var holdCodes = map[Phase]string{
	Held: platforms.CodeHeld, Restored: platforms.CodeRestored, Clone: platforms.CodeCopied, ClockInDoubt: platforms.CodeClock,
}

// early: its time has not come.
func (t *turn) early() bool { return t.now.Before(t.was.DueAt) }

func (t *turn) untilDue() error {
	t.To.NextAt = t.was.DueAt
	return nil
}

// isLate: its time of grace is over: people are asked (rule P12).
func (t *turn) isLate() bool { return t.now.After(t.was.LateAfter) }

func (t *turn) askLate() error {
	phase, code, args := Late, platforms.CodeLate, []string{}
	off := !t.e.OffFrom.IsZero() && !t.was.LateAfter.Before(t.e.OffFrom) && !t.was.DueAt.After(t.e.OffTo)
	switch {
	case !t.e.Account.Usable && t.e.Account.Code == platforms.CodeVersionOver: // reconnecting would not help
		code = t.e.Account.Code
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

// blocked: the account cannot be used, or rests until a limit ends.
func (t *turn) blocked() bool {
	return !t.e.Account.Usable || t.e.Account.BlockedUntil.After(t.now)
}

func (t *turn) block() error {
	code := cmp.Or(t.e.Account.BlockedCode, platforms.CodeRateLimited)
	next := t.e.Account.BlockedUntil.Add(t.spread())
	if !t.e.Account.Usable {
		code, next = t.e.Account.Code, t.now.Add(accountPoll)
	} else if t.was.Code != "" && t.was.Phase == Blocked {
		code = t.was.Code // the platform's own words for the limit
	}
	t.to(Scheduled, Blocked)
	t.To.NextAt = t.orLate(next)
	t.say(code, "when_next", stamp(next))
	switch {
	case t.was.Phase == Blocked:
	case t.e.Account.Usable:
		t.note(NoteBlocked, "when_next", stamp(next))
	case code == platforms.CodeVersionOver:
		t.note(NoteOutdated)
	default:
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

// crowded: it is catching up, and the account has sent something a moment ago (rule P14).
func (t *turn) crowded() bool {
	return t.now.Sub(t.was.DueAt) > catchUpAfter && t.e.Account.FreeAt.After(t.now) &&
		(t.was.Status == Scheduled || t.e.Step.Irreversible)
}

func (t *turn) untilFree() error {
	t.To.NextAt = t.e.Account.FreeAt
	return nil
}

// unfit: its content cannot go out as it is.
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

// unfrozen: what goes out is not fixed yet.
func (t *turn) unfrozen() bool { return !t.was.Frozen }

func (t *turn) freeze() error {
	t.Freezes = !t.was.Frozen
	t.To.Frozen = true
	t.Work = Again
	return nil
}

// spent: as many tries as there may be, or as long as they may go on.
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

// stepDied: something that was made at the platform has expired.
func (t *turn) stepDied() bool { return t.e.StepDied }

// remake has it made again, once; and once more for each time it had to wait so
// long that what was made has expired.
func (t *turn) remake() error {
	t.Keeps = t.result()
	waited := 0
	if t.e.Kind == Tick {
		waited = t.was.RateWaits + t.was.TriesTransient
	}
	if t.was.Remakes > waited {
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

// changed: the text is not the one that was scheduled (rule P16), and the irreversible call is next.
func (t *turn) changed() bool { return t.e.Changed && t.e.Step.Irreversible }

func (t *turn) refuseChanged() error {
	t.fail(Refused, platforms.CodeContentChanged, nil)
	return nil
}

// irreversible: the irreversible call is next.
func (t *turn) irreversible() bool { return t.e.Step.Irreversible }

func (t *turn) send() error {
	t.to(Publishing, Sending)
	t.To.NextAt = t.now.Add(overdueAfter(t.e.Step))
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

// ok: the call went well.
func (t *turn) ok() bool { return t.e.Err == nil }

// stillWorking: the platform is still working on it.
func (t *turn) stillWorking() bool {
	return t.ok() && t.e.Result.State == platforms.StepWorking
}

func (t *turn) keepWaiting() error {
	if t.was.WaitsSince.IsZero() || t.was.WaitsSince.After(t.now) { // or the clock was set back
		t.To.WaitsSince = t.now
	}
	limit := t.To.WaitsSince.Add(cmp.Or(t.e.Step.Within, processFor))
	if !t.now.Before(limit) {
		t.fail(MediaRefused, platforms.CodeMediaFailed, nil)
		return nil
	}
	t.to(Publishing, Processing)
	t.To.NextAt = Earlier(t.now.Add(nth(processEvery, t.was.Waits)), limit)
	t.To.Waits++
	return nil
}

// stepUseless: what was made at the platform is gone, or could not be used.
func (t *turn) stepUseless() bool {
	return t.ok() && (t.e.Result.State == platforms.StepExpired || t.e.Result.State == platforms.StepFailed)
}

func (t *turn) stepDone() error {
	t.Keeps = t.result()
	t.Closes = Accepted
	t.To.Waits, t.To.WaitsSince = 0, time.Time{}
	t.progress()
	t.proceed(t.e.Following)
	if !t.e.Step.Waits && !t.e.Step.Quiet {
		t.note(NoteStep, "step", t.e.Step.Kind, "n", strconv.Itoa(t.e.Step.Index+1))
	}
	return nil
}

// progress begins the count of tries anew once a file, or a part of one, has
// arrived: a delivery that is getting on is not stuck. That ends, because a
// publication has so many steps. What is made again has arrived before, and counts no
// more: eight tries are left for all of it, and they say how often it may be made.
func (t *turn) progress() {
	if t.e.Step.Sends == 0 || t.was.Remakes > 0 {
		return
	}
	t.To.TriesTransient, t.To.TriesSince = 0, time.Time{}
	t.To.Code, t.To.Args = "", nil
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
	t.tryLater()
	return nil
}

// tryLater uses up a try of a call that is proved to have done nothing.
func (t *turn) tryLater() {
	if t.was.TriesSince.IsZero() {
		t.To.TriesSince = t.now
	}
	t.To.TriesTransient++
	wait := backoffFirst << min(t.was.TriesTransient, 10)
	wait = min(wait, backoffCap)
	wait = time.Duration(float64(wait) * (0.5 + t.e.Jitter/2))
	t.to(Publishing, Backoff)
	t.To.NextAt = t.now.Add(wait)
	if t.e.Err != nil && t.e.Err.RetryAt.After(t.To.NextAt) { // a try before that would be spent in vain
		t.To.NextAt = Earlier(t.e.Err.RetryAt, t.now.Add(backoffCap))
	}
	if t.To.TriesTransient >= transientMax {
		t.To.NextAt, t.Work = t.now, Again
	}
	code := t.code(platforms.CodePlatformDown)
	left := strconv.Itoa(transientMax - t.To.TriesTransient)
	t.say(code, "when_next", stamp(t.To.NextAt), "n", left)
	t.note(NoteRetry, "code", code, "when_next", stamp(t.To.NextAt))
}
