package club

import (
	"strconv"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// While the outcome is open: conditions and effects.

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

// lookFirst: a person said that it is not there: one more look before it is sent again.
func (t *turn) lookFirst() bool { return t.was.LookFirst }

// canLookFirst: the same, and what it looks for is fixed.
func (t *turn) canLookFirst() bool { return t.was.LookFirst && t.was.Frozen }

// last: the same, of the last look before a person has it sent again.
func last(when func(*turn) bool) func(*turn) bool {
	return func(t *turn) bool { return t.was.LookFirst && when(t) }
}

func (t *turn) look() error {
	t.Work = Look
	return nil
}

// sees: the look had this answer.
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
	t.To.RemoteVersion = ev.RemoteVersion
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

// provedAbsent: the platform said twice, a minute apart, that it is not public: class B, or class A once repeating is over.
func (t *turn) provedAbsent() bool {
	looks, since := t.counted()
	return t.saysNotPublic() && (t.was.Certainty == platforms.CertainByStatus || t.openTooLong()) &&
		looks >= equalLooks && t.now.Sub(since) >= equalAfter
}

// saysNotPublic: the platform can tell that it is not public, and says so.
func (t *turn) saysNotPublic() bool {
	return t.was.Certainty != platforms.CertainByLooking && sees(platforms.SeenNotPublic)(t)
}

// notPublic takes the call for one that was never made: it uses up a try, or a
// platform that fails each time would be called every minute for hours.
func (t *turn) notPublic() error {
	t.Proof = t.e.Evidence.Proof
	t.To.UnknownSince = time.Time{}
	t.To.Seen, t.To.Looks, t.To.LooksSince = "", 0, time.Time{}
	if t.e.Evidence.Lapsed && t.was.Remakes > 0 {
		t.fail(MediaRefused, platforms.CodeMediaFailed, nil)
		return nil
	}
	if t.e.Evidence.Lapsed {
		t.Voids = true
		t.To.Remakes++
		t.note(NoteMadeAgain)
	} else {
		t.note(NoteNotPublic)
	}
	t.tryLater()
	return nil
}

// repeatable: class A: it was not found, the first call is over, the key is remembered, and it is not late.
func (t *turn) repeatable() bool {
	d := t.was
	return d.Certainty == platforms.CertainByKey && t.ok() && t.e.Step.Irreversible &&
		(sees(platforms.SeenNotPublic)(t) || sees(platforms.SeenNothing)(t)) &&
		!t.now.Before(t.settledAt()) &&
		(d.KeyLife == 0 || t.now.Before(d.TriedAt.Add(d.KeyLife))) &&
		!t.isLate() && !t.onHold() && !t.openTooLong()
}

// settledAt is when the first call is over for certain, even if it took all the time
// that it may.
func (t *turn) settledAt() time.Time {
	return t.was.TriedAt.Add(max(t.was.SettleAfter, t.e.Step.Within))
}

func (t *turn) repeat() error {
	t.sendSame()
	t.note(NoteRepeated)
	return nil
}

// sendSame makes the call again, in the same generation and with the same bytes.
func (t *turn) sendSame() {
	t.To.Seen, t.To.Looks, t.To.LooksSince = "", 0, time.Time{} // they say nothing about this call
	t.To.TriesAmbiguous++
	t.to(Publishing, Sending)
	t.To.NextAt = t.now.Add(overdueAfter(t.e.Step))
	t.Opens, t.Work = true, Send
}

// sendableAgain: class C: good looks over a quarter of an hour found nothing, the
// platform refuses the same text twice, people have allowed it, and it was not done before.
func (t *turn) sendableAgain() bool {
	d := t.was
	return d.Certainty == platforms.CertainByLooking && d.MaySendAgain && !d.SentAgain && t.e.Step.Irreversible &&
		sees(platforms.SeenNothing)(t) && t.lookedEnough() && !t.isLate() && !t.onHold() && !t.openTooLong()
}

func (t *turn) sendAgain() error {
	t.sendSame()
	t.To.SentAgain = true
	t.note(NoteSentAgain, "n", strconv.Itoa(emptyLooks))
	return nil
}

// lookedEnough: as many good looks in a row saw the same, for as long, as a
// decision needs.
func (t *turn) lookedEnough() bool {
	looks, since := t.counted()
	return t.ok() && looks >= emptyLooks && t.now.Sub(since) >= emptyAfter
}

// openTooLong: longer than anybody looks; or the clock was set back so far that
// nobody can tell for how long.
func (t *turn) openTooLong() bool { return t.now.Sub(t.was.UnknownSince).Abs() >= unknownFor }

// outOfLooks: looking is over: enough looks found nothing, too much time passed, or looking is refused.
func (t *turn) outOfLooks() bool {
	if t.openTooLong() && !t.saysNotPublic() || is(platforms.Rejected)(t) && t.was.TriesAmbiguous >= refusedLooks {
		return true
	}
	return t.lookedEnough()
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
	if t.told() {
		t.Notice = NoticeUnsure
	}
	t.note(NoteAsks, "n", n)
	return nil
}

// failedCall: the look had no answer that says anything.
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
	switch settled := t.settledAt(); {
	case t.saysNotPublic() && (d.Certainty == platforms.CertainByStatus || t.openTooLong()):
		t.To.NextAt = t.now.Add(equalAfter)
	case d.Certainty == platforms.CertainByKey && settled.After(t.now) && settled.Before(t.To.NextAt):
		t.To.NextAt = settled
	}
	n, code := strconv.Itoa(t.To.Looks), platforms.CodeOutcomeUnknown
	if t.endsWithPeople() {
		code = platforms.CodeOutcomeLooking
		if !t.told() {
			t.Notice = NoticeUnsure
		}
	}
	t.say(code, "n", n)
	t.note(NoteLooked, "n", n)
	return nil
}

// endsWithPeople: a post that is not found will be asked about, for nothing proves
// that it is not there, and it is not sent again by itself. People hear of it at once.
func (t *turn) endsWithPeople() bool {
	d := t.was
	return d.Certainty == platforms.CertainByLooking && (!d.MaySendAgain || d.SentAgain)
}

// told: people have heard that it is looked for, and may say that it is there.
func (t *turn) told() bool { return t.was.Code == platforms.CodeOutcomeLooking }

// toldAndLooked: and as often as a decision needs, so that they may have it sent again.
func (t *turn) toldAndLooked() bool { return MayMiss(t.was.Phase, t.was.Code, t.was.Looks) }

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
	case platforms.VersionOver:
		t.Outdates = true
	}
}

// lookOnceMore: the last look had no answer, and has tries left.
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

// seenWithID: it is public, and its id is known.
func (t *turn) seenWithID() bool {
	return sees(platforms.SeenPublic)(t) && t.e.Evidence.RemoteID != ""
}

func (t *turn) link() error {
	t.to(Published, Linked)
	t.To.RemoteID, t.To.RemoteVersion = t.e.Evidence.RemoteID, t.e.Evidence.RemoteVersion
	if t.e.Evidence.RemoteURL != "" {
		t.To.RemoteURL = t.e.Evidence.RemoteURL
	}
	t.note(NoteLink)
	return nil
}
