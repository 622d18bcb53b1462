package club

import (
	"errors"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// TestRows walks the transition table.
func TestRows(t *testing.T) {
	t.Parallel()
	tests := []struct {
		row   string
		name  string
		from  Delivery
		event Event
		after time.Duration // past noon
		to    Phase         // "" with status
		st    Status        // where to is ""
		work  Work
		check func(Change) string
	}{
		{
			row: "1", name: "a draft is scheduled", from: Delivery{Status: Draft, Generation: 1},
			event: Event{Kind: PersonSchedules, DueAt: noon, LateAfter: noon.Add(time.Hour)}, to: Waiting, work: Rest,
			check: func(c Change) string { return same(c.To.NextAt, noon) + same(c.To.LateAfter, noon.Add(time.Hour)) },
		},
		{
			row: "1", name: "a cancelled one is scheduled again under a new key if it once left", from: Delivery{Status: Cancelled, Generation: 1, Left: true},
			event: Event{Kind: PersonSchedules, DueAt: noon, LateAfter: noon.Add(time.Hour)}, to: Waiting, work: Rest,
			check: func(c Change) string { return same(c.To.Generation, 2) },
		},
		{
			row: "2", name: "an edit of what waits", from: at(Waiting), event: Event{Kind: PersonEdits}, to: Waiting, work: Rest,
			check: func(c Change) string { return same(c.To.NextAt, noon) },
		},
		{
			row: "2", name: "an edit thaws what a rate limit interrupted", from: at(Blocked, func(d *Delivery) { d.Frozen, d.Left = true, true }), event: Event{Kind: PersonEdits}, to: Blocked, work: Rest,
			check: func(c Change) string { return same(c.Thaws, true) + same(c.Voids, true) + same(c.To.Generation, 2) },
		},
		{
			row: "2", name: "another time", from: at(Waiting), event: Event{Kind: PersonRetimes, DueAt: noon.Add(time.Hour), LateAfter: noon.Add(3 * time.Hour)}, to: Waiting, work: Rest,
			check: func(c Change) string { return same(c.To.NextAt, noon.Add(time.Hour)) },
		},
		{row: "3", name: "the account of a cancelled one is picked again", from: Delivery{Status: Cancelled, Generation: 1}, event: Event{Kind: PersonPicks}, st: Draft, work: Rest},
		{row: "3", name: "cancel", from: at(Waiting), event: Event{Kind: PersonCancels}, st: Cancelled, work: Rest},
		{
			row: "14", name: "an edit before anything is public makes it a draft again", from: at(Ready), event: Event{Kind: PersonEdits}, st: Draft, work: Rest,
			check: func(c Change) string {
				return same(c.Thaws, true) + same(c.Voids, true) + same(c.To.DueAt, time.Time{})
			},
		},
		{row: "14", name: "cancel before anything is public", from: at(Processing), event: Event{Kind: PersonCancels}, st: Cancelled, work: Rest},
		{row: "14", name: "another time before anything is public", from: at(Backoff), event: Event{Kind: PersonRetimes, DueAt: noon.Add(time.Hour), LateAfter: noon.Add(2 * time.Hour)}, to: Waiting, work: Rest},

		{
			row: "1", name: "a part that follows a draft waits for it", from: Delivery{Status: Draft, Generation: 1, Part: 1},
			event: before(Event{Kind: PersonSchedules, DueAt: noon, LateAfter: noon.Add(time.Hour)}, Draft, ""), to: AfterPart, work: Rest,
			check: func(c Change) string { return same(c.To.NextAt, time.Time{}) + same(c.To.DueAt, noon) },
		},
		{
			row: "1", name: "a part that follows what is public goes at its time", from: Delivery{Status: Draft, Generation: 1, Part: 1},
			event: before(Event{Kind: PersonSchedules, DueAt: noon, LateAfter: noon.Add(time.Hour)}, Published, Linked), to: Waiting, work: Rest,
			check: func(c Change) string { return same(c.To.NextAt, noon) },
		},
		{
			row: "14", name: "an edited part is made anew, for it cannot be a draft after a public post", from: at(Backoff, part, func(d *Delivery) { d.Left = true }),
			event: before(Event{Kind: PersonEdits}, Published, Linked), after: time.Minute, to: Waiting, work: Rest,
			check: func(c Change) string {
				return same(c.To.NextAt, noon.Add(time.Minute)) + same(c.Thaws, true) + same(c.To.Generation, 2) + same(c.To.LateAfter, noon.Add(2*time.Hour))
			},
		},
		{
			row: "40", name: "the part before is public", from: at(AfterPart), event: before(Event{Kind: BeforeMoved}, Published, Linked),
			after: 90 * time.Minute, to: Preparing, work: Rest,
			check: func(c Change) string {
				return same(c.To.DueAt, noon.Add(90*time.Minute)) + same(c.To.LateAfter, noon.Add(210*time.Minute)) + same(c.To.NextAt, noon.Add(90*time.Minute))
			},
		},
		{
			row: "40", name: "the part before is public, and people gave this one a later time", from: at(AfterPart), event: before(Event{Kind: BeforeMoved}, Published, Linked),
			after: -time.Hour, to: Waiting, work: Rest,
			check: func(c Change) string { return same(c.To.DueAt, noon) + same(c.To.NextAt, noon) },
		},
		{
			row: "33", name: "sent now, and the part before is not public: in its turn", from: at(Held, part), event: before(Event{Kind: PersonSendsNow}, Failed, Refused),
			to: AfterPart, work: Rest,
			check: func(c Change) string {
				return same(c.To.Code, platforms.CodePartBefore) + same(c.To.NextAt, time.Time{})
			},
		},
		{
			row: "32", name: "sent again, and what it follows was left out meanwhile", from: at(Restored, part), event: before(Event{Kind: PersonSendsNow}, Cancelled, ""),
			to: Partial, work: Rest,
			check: func(c Change) string { return same(c.To.LookFirst, true) + same(c.Notice, NoticeAttention) },
		},
		{
			row: "2", name: "an edited part waits as before", from: at(AfterPart, func(d *Delivery) { d.Code = platforms.CodePartBefore }),
			event: before(Event{Kind: PersonEdits}, Failed, Refused), to: AfterPart, work: Rest,
			check: func(c Change) string { return same(c.To.Code, platforms.CodePartBefore) },
		},
		{
			row: "42", name: "the id of the part before cannot be found out", from: at(AfterPart),
			event: Event{Kind: BeforeMoved, Before: &PartBefore{Status: Published, Phase: Unlinked, Unfound: true}}, to: Partial, work: Rest,
			check: func(c Change) string {
				return same(c.To.Code, platforms.CodeParentUnfound) + same(c.Notice, NoticeAttention)
			},
		},
		{
			row: "41", name: "the account is disconnected while the part before is being sent", from: at(AfterPart),
			event: before(Event{Kind: ConnectionGone}, Publishing, Sending), to: AfterPart, work: Rest,
		},
		{row: "41", name: "the part before is public, and its id is not known yet", from: at(AfterPart), event: before(Event{Kind: BeforeMoved}, Published, Unlinked), to: AfterPart, work: Rest},
		{row: "41", name: "the part before is cancelled", from: at(AfterPart), event: before(Event{Kind: BeforeMoved}, Cancelled, ""), st: Cancelled, work: Rest},
		{row: "41", name: "the part before is a draft again", from: at(AfterPart), event: before(Event{Kind: BeforeMoved}, Draft, ""), st: Draft, work: Rest},
		{
			row: "41", name: "the part before was refused", from: at(AfterPart), event: before(Event{Kind: BeforeMoved}, Failed, Refused), to: AfterPart, work: Rest,
			check: func(c Change) string {
				return same(c.To.Code, platforms.CodePartBefore) + same(c.Timeline[0].Kind, NoteStopped) + same(c.Notice, "")
			},
		},
		{
			row: "41", name: "the part before is tried again", from: at(AfterPart, func(d *Delivery) { d.Code = platforms.CodePartBefore }),
			event: before(Event{Kind: BeforeMoved}, Scheduled, Waiting), to: AfterPart, work: Rest,
			check: func(c Change) string { return same(c.To.Code, "") },
		},
		{
			row: "42", name: "what it follows was deleted on the platform", from: at(Sending, part),
			event: refusal(SendEnded, platforms.Rejected, func(e *Event) { e.Err.Code = platforms.CodeParentGone }), to: Partial, work: Rest,
			check: func(c Change) string {
				return same(c.To.Code, platforms.CodeParentGone) + same(c.Closes, Rejected) + same(c.Notice, NoticeAttention)
			},
		},
		{
			row: "42", name: "what it follows was deleted, as a look before sending says", from: at(Preparing, part),
			event: refusal(StepEnded, platforms.Rejected, func(e *Event) { e.Err.Code = platforms.CodeParentGone }), to: Partial, work: Rest,
		},
		{
			row: "42", name: "the account is disconnected between two parts", from: at(Preparing, part),
			event: before(Event{Kind: ConnectionGone}, Published, Linked), to: Partial, work: Rest,
			check: func(c Change) string { return same(c.To.Code, platforms.CodeCutOff) },
		},
		{
			row: "37", name: "the account is disconnected before any part is public", from: at(AfterPart),
			event: before(Event{Kind: ConnectionGone}, Cancelled, ""), st: Cancelled, work: Rest,
		},

		{
			row: "P11", name: "not due", from: at(Waiting, func(d *Delivery) { d.DueAt = noon.Add(time.Minute) }), event: tick(), to: Waiting, work: Rest,
			check: func(c Change) string { return same(c.To.NextAt, noon.Add(time.Minute)) },
		},
		{
			row: "4", name: "due", from: at(Waiting), event: tick(), to: Preparing, work: Again,
			check: func(c Change) string { return same(c.Freezes, true) + same(c.To.StartedAt, noon) },
		},
		{row: "4", name: "on the last moment of grace", from: at(Waiting), after: 2 * time.Hour, event: tick(), to: Preparing, work: Again},
		{
			row: "4", name: "after a rate limit it goes on with what was frozen", from: at(Blocked, func(d *Delivery) { d.Frozen = true }), event: tick(), to: Preparing, work: Again,
			check: func(c Change) string { return same(c.Freezes, false) },
		},
		{
			row: "4", name: "a late one that a person sends now is frozen first", from: at(Preparing, func(d *Delivery) { d.Frozen = false }), event: tick(), to: Preparing, work: Again,
			check: func(c Change) string { return same(c.Freezes, true) },
		},
		{
			row: "5", name: "beyond grace", from: at(Waiting), after: 2*time.Hour + 1, event: tick(), to: Late, work: Rest,
			check: func(c Change) string {
				return same(c.Notice, NoticeAttention) + same(c.To.NextAt, time.Time{}) + same(c.To.Code, platforms.CodeLate)
			},
		},
		{
			row: "5", name: "Bandstand was off", from: at(Waiting), after: 3 * time.Hour, event: tick(func(e *Event) { e.OffFrom, e.OffTo = noon.Add(-time.Hour), noon.Add(3*time.Hour) }), to: Late, work: Rest,
			check: func(c Change) string {
				return same(c.To.Code, platforms.CodeWeWereOff) + same(c.To.Args["t1"], "2026-11-23T11:00:00Z")
			},
		},
		{
			row: "5", name: "Bandstand was off, and on again before it was due", from: at(Waiting), after: 3 * time.Hour, event: tick(func(e *Event) { e.OffFrom, e.OffTo = noon.Add(-3*time.Hour), noon.Add(-time.Hour) }), to: Late, work: Rest,
			check: func(c Change) string { return same(c.To.Code, platforms.CodeLate) },
		},
		{
			row: "5", name: "Bandstand was off only after grace", from: at(Waiting), after: 4 * time.Hour, event: tick(func(e *Event) { e.OffFrom, e.OffTo = noon.Add(150*time.Minute), noon.Add(3*time.Hour) }), to: Late, work: Rest,
			check: func(c Change) string { return same(c.To.Code, platforms.CodeLate) },
		},
		{
			row: "5", name: "what kept it is why it is late", from: at(Blocked, func(d *Delivery) { d.Code = "daily_cap" }), after: 3 * time.Hour, event: tick(), to: Late, work: Rest,
			check: func(c Change) string { return same(c.To.Code, "daily_cap") },
		},
		{
			row: "5", name: "the account was broken all the time", from: at(Blocked), after: 3 * time.Hour, event: tick(func(e *Event) { e.Account = AccountState{Code: "auth_revoked"} }), to: Reconnect, work: Rest,
			check: func(c Change) string { return same(c.To.Code, "auth_revoked") },
		},
		{row: "5", name: "what is ready does not go out late", from: at(Ready), after: 3 * time.Hour, event: tick(), to: Late, work: Rest},
		{
			row: "6", name: "the connection rests", from: at(Waiting), event: tick(func(e *Event) { e.Account.BlockedUntil = noon.Add(time.Hour) }), to: Blocked, work: Rest,
			check: func(c Change) string { return same(c.To.NextAt, noon.Add(time.Hour+time.Minute)) },
		},
		{
			row: "6", name: "what was said before the limit is forgotten", from: at(Preparing, func(d *Delivery) { d.Code = "platform_down" }), event: tick(func(e *Event) { e.Account.BlockedUntil = noon.Add(time.Hour) }), to: Blocked, work: Rest,
			check: func(c Change) string { return same(c.To.Code, platforms.CodeRateLimited) },
		},
		{
			row: "6", name: "what the platform said of its limit stays", from: at(Blocked, func(d *Delivery) { d.Code = "daily_cap" }), event: tick(func(e *Event) { e.Account.BlockedUntil = noon.Add(time.Hour) }), to: Blocked, work: Rest,
			check: func(c Change) string { return same(c.To.Code, "daily_cap") },
		},
		{
			row: "4", name: "what kept it is forgotten", from: at(Blocked, func(d *Delivery) { d.Code = "daily_cap" }), event: tick(), to: Preparing, work: Again,
			check: func(c Change) string { return same(c.To.Code, "") },
		},
		{row: "7", name: "pictures need not keep their distance", from: at(Preparing), after: 5 * time.Minute, event: tick(next(upload), func(e *Event) { e.Account.FreeAt = noon.Add(6 * time.Minute) }), to: Preparing, work: Do},
		{
			row: "6", name: "the connection rests beyond grace: ask in time", from: at(Waiting), event: tick(func(e *Event) { e.Account.BlockedUntil = noon.Add(9 * time.Hour) }), to: Blocked, work: Rest,
			check: func(c Change) string { return same(c.To.NextAt, noon.Add(2*time.Hour+time.Millisecond)) },
		},
		{
			row: "6", name: "the account needs reconnecting", from: at(Ready), event: tick(func(e *Event) { e.Account = AccountState{Code: "auth_revoked"} }), to: Blocked, work: Rest,
			check: func(c Change) string {
				return same(c.To.Code, "auth_revoked") + same(c.To.NextAt, noon.Add(time.Minute))
			},
		},
		{
			row: "P14", name: "a late post keeps its distance", from: at(Waiting), after: 5 * time.Minute, event: tick(func(e *Event) { e.Account.FreeAt = noon.Add(6 * time.Minute) }), to: Waiting, work: Rest,
			check: func(c Change) string { return same(c.To.NextAt, noon.Add(6*time.Minute)) },
		},
		{row: "4", name: "a post in time need not keep its distance", from: at(Waiting), after: time.Minute, event: tick(func(e *Event) { e.Account.FreeAt = noon.Add(6 * time.Minute) }), to: Preparing, work: Again},

		{
			row: "7", name: "the next safe step", from: at(Preparing), event: tick(next(upload)), to: Preparing, work: Do,
			check: func(c Change) string { return same(c.Changes(at(Preparing)), false) },
		},
		{
			row: "7", name: "a safe step done, another follows", from: at(Preparing), event: stepped(platforms.StepDone, upload, upload), to: Preparing, work: Again,
			check: func(c Change) string { return same(c.Keeps.Ref, "ref") + same(c.Closes, Accepted) },
		},
		{row: "7", name: "a safe step done, the platform works on it", from: at(Preparing), event: stepped(platforms.StepDone, upload, status), to: Processing, work: Again},
		{row: "7", name: "a safe step done, all is ready", from: at(Preparing), event: stepped(platforms.StepDone, upload, publish), to: Ready, work: Again},
		{
			row: "8", name: "a safe step rejected", from: at(Preparing), event: refusal(StepEnded, platforms.Rejected), to: Refused, work: Rest,
			check: func(c Change) string { return same(c.To.Code, "code") + same(c.Notice, NoticeFailed) },
		},
		{row: "8", name: "a picture rejected", from: at(Preparing), event: refusal(StepEnded, platforms.MediaRejected), to: MediaRefused, work: Rest},
		{
			row: "8", name: "content that does not fit the rules any more", from: at(Waiting), event: tick(func(e *Event) { e.Problem = &Problem{Code: "text_too_long"} }), to: Refused, work: Rest,
			check: func(c Change) string { return same(c.To.Code, "text_too_long") },
		},
		{
			row: "9", name: "a safe step not sent", from: at(Preparing), event: refusal(StepEnded, platforms.NotSent), to: Backoff, work: Rest,
			check: func(c Change) string {
				return same(c.To.NextAt, noon.Add(22500*time.Millisecond)) + same(c.To.TriesTransient, 1)
			},
		},
		{
			row: "9", name: "not before the platform or the sign-in is ready", from: at(Preparing), event: refusal(StepEnded, platforms.NotSent, func(e *Event) { e.Err.RetryAt = noon.Add(5 * time.Minute) }), to: Backoff, work: Rest,
			check: func(c Change) string { return same(c.To.NextAt, noon.Add(5*time.Minute)) },
		},
		{
			row: "9", name: "nor later than a quarter of an hour", from: at(Preparing), event: refusal(StepEnded, platforms.NotSent, func(e *Event) { e.Err.RetryAt = noon.Add(5 * time.Hour) }), to: Backoff, work: Rest,
			check: func(c Change) string { return same(c.To.NextAt, noon.Add(15*time.Minute)) },
		},
		{
			row: "9", name: "a safe step whose answer was lost is litter, not a post", from: at(Preparing), event: refusal(StepEnded, platforms.Unknown), to: Backoff, work: Rest,
			check: func(c Change) string { return same(c.Closes, OutcomeUnknown) + same(c.To.Left, false) },
		},
		{
			row: "9", name: "the wait grows to a quarter of an hour at most", from: at(Preparing, func(d *Delivery) { d.TriesTransient = 6 }), event: refusal(StepEnded, platforms.NotSent), to: Backoff, work: Rest,
			check: func(c Change) string { return same(c.To.NextAt, noon.Add(15*time.Minute*3/4)) },
		},
		{
			row: "10", name: "still working: look again in 2 s", from: at(Processing), event: stepped(platforms.StepWorking, status, publish), to: Processing, work: Rest,
			check: func(c Change) string { return same(c.To.NextAt, noon.Add(2*time.Second)) },
		},
		{
			row: "10", name: "still working: then every 30 s", from: at(Processing, func(d *Delivery) { d.Waits, d.WaitsSince = 9, noon.Add(-time.Minute) }), event: stepped(platforms.StepWorking, status, publish), to: Processing, work: Rest,
			check: func(c Change) string { return same(c.To.NextAt, noon.Add(30*time.Second)) },
		},
		{row: "10", name: "given up after 30 min", from: at(Processing, func(d *Delivery) { d.WaitsSince = noon.Add(-30 * time.Minute) }), event: stepped(platforms.StepWorking, status, publish), to: MediaRefused, work: Rest},
		{row: "7", name: "row 11: finished", from: at(Processing), event: stepped(platforms.StepDone, status, publish), to: Ready, work: Again},
		{
			row: "12", name: "processing failed: made again once", from: at(Processing), event: stepped(platforms.StepFailed, status, publish), to: Preparing, work: Again,
			check: func(c Change) string { return same(c.Voids, true) + same(c.To.Remakes, 1) },
		},
		{row: "12", name: "processing failed twice", from: at(Processing, func(d *Delivery) { d.Remakes = 1 }), event: stepped(platforms.StepExpired, status, publish), to: MediaRefused, work: Rest},
		{row: "12", name: "what was made has expired meanwhile", from: at(Ready), event: tick(func(e *Event) { e.StepDied = true }), to: Preparing, work: Again},
		{row: "12", name: "what was made has expired again, after a limit", from: at(Ready, func(d *Delivery) { d.Remakes, d.RateWaits = 1, 1 }), event: tick(func(e *Event) { e.StepDied = true }), to: Preparing, work: Again},
		{row: "12", name: "what was made has expired again at once", from: at(Ready, func(d *Delivery) { d.Remakes, d.RateWaits = 2, 1 }), event: tick(func(e *Event) { e.StepDied = true }), to: MediaRefused, work: Rest},

		{
			row: "13", name: "the irreversible call", from: at(Ready), event: tick(), to: Sending, work: Send,
			check: func(c Change) string { return same(c.Opens, true) + same(c.To.TriedAt, noon) },
		},
		{row: "13", name: "the only call", from: at(Preparing), event: tick(), to: Sending, work: Send},
		{
			row: "P16", name: "the text is not the one that was scheduled", from: at(Ready), event: tick(func(e *Event) { e.Changed = true }), to: Refused, work: Rest,
			check: func(c Change) string { return same(c.To.Code, platforms.CodeContentChanged) },
		},
		{row: "P14", name: "ready, but catching up", from: at(Ready), after: 5 * time.Minute, event: tick(func(e *Event) { e.Account.FreeAt = noon.Add(6 * time.Minute) }), to: Ready, work: Rest},

		{
			row: "16", name: "accepted", from: at(Sending), event: sent("42"), to: Linked, work: Rest,
			check: func(c Change) string {
				return same(c.To.RemoteID, "42") + same(c.Closes, Accepted) + same(c.To.PublishedAt, noon)
			},
		},
		{
			row: "17", name: "accepted, without an id", from: at(Sending), event: sent(""), to: Reconciling, work: Again,
			check: func(c Change) string { return same(c.Closes, OutcomeUnknown) },
		},
		{
			row: "18", name: "rejected", from: at(Sending), event: refusal(SendEnded, platforms.Rejected), to: Refused, work: Rest,
			check: func(c Change) string { return same(c.Closes, Rejected) + same(c.To.Left, true) },
		},
		{row: "18", name: "a duplicate of somebody else's", from: at(Sending), event: refusal(SendEnded, platforms.Duplicate), to: Refused, work: Rest},
		{
			row: "21", name: "a duplicate of what may be ours", from: at(Sending, func(d *Delivery) { d.Unknowns = 1 }), event: refusal(SendEnded, platforms.Duplicate, func(e *Event) { e.Err.Ref = "urn:1" }), to: Reconciling, work: Again,
			check: func(c Change) string { return same(c.Keeps.Ref, "urn:1") },
		},
		{
			row: "19", name: "the token ran out: renew", from: at(Sending), event: refusal(SendEnded, platforms.Expired, renewable), to: Backoff, work: Renew,
			check: func(c Change) string { return same(c.Closes, Rejected) + same(c.To.TriedAt, time.Time{}) },
		},
		{
			row: "19", name: "renewed: go on", from: at(Backoff), event: Event{Kind: RenewalEnded}, to: Backoff, work: Again,
			check: func(c Change) string { return same(c.To.Renewals, 1) + same(c.To.NextAt, noon) },
		},
		{
			row: "19", name: "renewal had no answer: back off", from: at(Backoff), event: refusal(RenewalEnded, platforms.Unknown), to: Backoff, work: Rest,
			check: func(c Change) string { return same(c.To.TriesTransient, 2) + same(c.Breaks, false) },
		},
		{
			row: "19", name: "renewal refused", from: at(Backoff), event: refusal(RenewalEnded, platforms.Revoked), to: Blocked, work: Rest,
			check: func(c Change) string { return same(c.Breaks, true) },
		},
		{
			row: "19", name: "the new token is refused as well", from: at(Sending, func(d *Delivery) { d.Renewals = 1 }), event: refusal(SendEnded, platforms.Expired, renewable), to: Backoff, work: Renew,
			check: func(c Change) string { return same(c.Breaks, false) },
		},
		{
			row: "19", name: "renewed once more: wait before going on", from: at(Backoff, func(d *Delivery) { d.Renewals = 1 }), event: Event{Kind: RenewalEnded, Jitter: 1}, to: Backoff, work: Rest,
			check: func(c Change) string {
				return same(c.To.Renewals, 2) + same(c.To.TriesTransient, 2) + same(c.To.NextAt, noon.Add(time.Minute))
			},
		},
		{
			row: "19", name: "new tokens are refused again and again: the sign-in has not ended", from: at(Sending, func(d *Delivery) { d.Renewals = 7 }), event: refusal(SendEnded, platforms.Expired, renewable), to: Backoff, work: Renew,
			check: func(c Change) string { return same(c.Breaks, false) },
		},
		{row: "19", name: "revoked", from: at(Preparing), event: refusal(StepEnded, platforms.Revoked, renewable), to: Blocked, work: Rest},
		{
			row: "19", name: "the version of the API is over, in a safe call", from: at(Preparing), event: refusal(StepEnded, platforms.VersionOver), to: Blocked, work: Rest,
			check: func(c Change) string {
				return same(c.Outdates, true) + same(c.Breaks, false) + same(c.To.Code, platforms.CodeVersionOver)
			},
		},
		{
			row: "19", name: "the version of the API is over: nothing was published", from: at(Sending), event: refusal(SendEnded, platforms.VersionOver), to: Blocked, work: Rest,
			check: func(c Change) string {
				return same(c.Outdates, true) + same(c.Closes, Rejected) + same(c.To.TriedAt, time.Time{})
			},
		},
		{
			row: "20", name: "rate limited without a time", from: at(Sending), event: refusal(SendEnded, platforms.RateLimited), to: Blocked, work: Rest,
			check: func(c Change) string {
				return same(c.Blocks, noon.Add(time.Hour+time.Minute)) + same(c.To.NextAt, c.Blocks) + same(c.To.TriesTransient, 0) + same(c.To.RateWaits, 1)
			},
		},
		{
			row: "20", name: "rate limited for a second is a minute", from: at(Sending), event: refusal(SendEnded, platforms.RateLimited, func(e *Event) { e.Err.RetryAt = noon.Add(time.Second) }), to: Blocked, work: Rest,
			check: func(c Change) string { return same(c.Blocks, noon.Add(2*time.Minute)) },
		},
		{
			row: "20", name: "rate limited for a year is a day", from: at(Preparing), event: refusal(StepEnded, platforms.RateLimited, func(e *Event) { e.Err.RetryAt = noon.AddDate(1, 0, 0) }), to: Blocked, work: Rest,
			check: func(c Change) string {
				return same(c.Blocks, noon.Add(24*time.Hour+time.Minute)) + same(c.To.NextAt, noon.Add(2*time.Hour+time.Millisecond))
			},
		},
		{
			row: "21", name: "anything else", from: at(Sending), event: refusal(SendEnded, platforms.Unknown), to: Reconciling, work: Again,
			check: func(c Change) string { return same(c.To.Unknowns, 1) + same(c.To.UnknownSince, noon) },
		},
		{
			row: "22", name: "not a byte left", from: at(Sending), event: refusal(SendEnded, platforms.NotSent), to: Backoff, work: Rest,
			check: func(c Change) string { return same(c.Closes, NotSent) + same(c.To.Left, false) },
		},
		{
			row: "23", name: "the process died", from: at(Sending), event: Event{Kind: ProcessDied}, to: Reconciling, work: Again,
			check: func(c Change) string { return same(c.Closes, OutcomeUnknown) },
		},
		{row: "23", name: "nobody waits for the answer any more", from: at(Sending), after: sendOverdue, event: tick(), to: Reconciling, work: Again},

		{row: "24", name: "look", from: at(Reconciling), event: tick(), to: Reconciling, work: Look},
		{
			row: "24", name: "class A: nothing there, settled: the same again", from: at(Reconciling, class(platforms.CertainByKey)), event: saw(platforms.SeenNothing, ""), to: Sending, work: Send,
			check: func(c Change) string { return same(c.Opens, true) + same(c.To.Generation, 1) },
		},
		{
			row: "28", name: "class A: not yet settled", from: at(Reconciling, class(platforms.CertainByKey), func(d *Delivery) { d.SettleAfter, d.TriesAmbiguous = 2*time.Minute, 5 }), event: saw(platforms.SeenNothing, ""), to: Reconciling, work: Rest,
			check: func(c Change) string { return same(c.To.NextAt, noon.Add(2*time.Minute)) },
		},
		{row: "28", name: "class A: the key is forgotten by now", from: at(Reconciling, class(platforms.CertainByKey), func(d *Delivery) { d.KeyLife = 50 * time.Minute }), after: 50 * time.Minute, event: saw(platforms.SeenNothing, ""), to: Reconciling, work: Rest},
		{row: "21", name: "class A: the same again had no answer", from: at(Sending, class(platforms.CertainByKey), func(d *Delivery) { d.UnknownSince, d.Unknowns = noon, 1 }), event: refusal(SendEnded, platforms.Unknown), to: Reconciling, work: Rest},
		{
			row: "21", name: "class A: the same again was rejected: that says nothing of the first", from: at(Sending, class(platforms.CertainByKey), func(d *Delivery) { d.UnknownSince, d.Unknowns = noon, 1 }), event: refusal(SendEnded, platforms.Rejected), to: Reconciling, work: Rest,
			check: func(c Change) string { return same(c.Closes, Rejected) },
		},
		{
			row: "25", name: "public", from: at(Reconciling, class(platforms.CertainByStatus)), event: saw(platforms.SeenPublic, "42"), to: Linked, work: Rest,
			check: func(c Change) string { return same(c.Proof, "proof") },
		},
		{row: "25", name: "public, id not known", from: at(Reconciling, class(platforms.CertainByStatus)), event: saw(platforms.SeenPublic, ""), to: Unlinked, work: Rest},
		{
			row: "25", name: "its id is found later", from: at(Unlinked), event: saw(platforms.SeenPublic, "42"), to: Linked, work: Rest,
			check: func(c Change) string { return same(c.To.RemoteID, "42") },
		},
		{
			row: "28", name: "class B: the first word that it is not public", from: at(Reconciling, class(platforms.CertainByStatus)), event: saw(platforms.SeenNotPublic, ""), to: Reconciling, work: Rest,
			check: func(c Change) string { return same(c.To.NextAt, noon.Add(time.Minute)) + same(c.To.Looks, 1) },
		},
		{
			row: "26", name: "class B: the second, a minute later", from: at(Reconciling, class(platforms.CertainByStatus), func(d *Delivery) {
				d.Seen, d.Looks, d.LooksSince = platforms.SeenNotPublic, 1, noon.Add(-time.Minute)
			}), event: saw(platforms.SeenNotPublic, ""), to: Backoff, work: Rest,
			check: func(c Change) string {
				return same(c.To.UnknownSince, time.Time{}) + same(c.To.TriesTransient, 1) + same(c.To.NextAt, noon.Add(22500*time.Millisecond))
			},
		},
		{
			row: "26", name: "class B: what was made cannot be published any more: made again", from: at(Reconciling, class(platforms.CertainByStatus), func(d *Delivery) {
				d.Seen, d.Looks, d.LooksSince = platforms.SeenNotPublic, 1, noon.Add(-time.Minute)
			}), event: lapsed(saw(platforms.SeenNotPublic, "")), to: Backoff, work: Rest,
			check: func(c Change) string { return same(c.Voids, true) + same(c.To.Remakes, 1) },
		},
		{
			row: "26", name: "class B: for the second time", from: at(Reconciling, class(platforms.CertainByStatus), func(d *Delivery) {
				d.Seen, d.Looks, d.LooksSince, d.Remakes = platforms.SeenNotPublic, 1, noon.Add(-time.Minute), 1
			}), event: lapsed(saw(platforms.SeenNotPublic, "")), to: MediaRefused, work: Rest,
		},
		{
			row: "28", name: "class A: not there after two hours: one more look", from: at(Reconciling, class(platforms.CertainByKey)), after: 2 * time.Hour,
			event: saw(platforms.SeenNotPublic, ""), to: Reconciling, work: Rest,
			check: func(c Change) string { return same(c.To.NextAt, noon.Add(2*time.Hour+time.Minute)) },
		},
		{
			row: "26", name: "class A: then it is proved not to be there", from: at(Reconciling, class(platforms.CertainByKey), func(d *Delivery) {
				d.Seen, d.Looks, d.LooksSince = platforms.SeenNotPublic, 1, noon.Add(2*time.Hour)
			}), after: 2*time.Hour + time.Minute, event: saw(platforms.SeenNotPublic, ""), to: Backoff, work: Rest,
		},
		{row: "25", name: "row 27, class C: exactly one match", from: at(Reconciling), event: saw(platforms.SeenPublic, "42"), to: Linked, work: Rest},
		{
			row: "28", name: "the look failed", from: at(Reconciling), event: refusal(LookEnded, platforms.Unknown), to: Reconciling, work: Rest,
			check: func(c Change) string { return same(c.To.NextAt, noon.Add(5*time.Second)) },
		},
		{
			row: "28", name: "the look was rate limited", from: at(Reconciling), event: refusal(LookEnded, platforms.RateLimited), to: Reconciling, work: Rest,
			check: func(c Change) string {
				return same(c.Blocks, noon.Add(time.Hour+time.Minute)) + same(c.To.NextAt, c.Blocks)
			},
		},
		{row: "28", name: "the look needs a new token", from: at(Reconciling), event: refusal(LookEnded, platforms.Expired, renewable), to: Reconciling, work: Renew},
		{
			row: "28", name: "the connection rests", from: at(Reconciling), event: tick(func(e *Event) { e.Account.BlockedUntil = noon.Add(time.Hour) }), to: Reconciling, work: Rest,
			check: func(c Change) string { return same(c.To.NextAt, noon.Add(time.Hour)) },
		},
		{row: "28", name: "nothing found yet", from: at(Reconciling), event: saw(platforms.SeenNothing, ""), to: Reconciling, work: Rest},
		{
			row: "29", name: "nothing in five looks over a quarter of an hour", from: lookedFor(), event: lastLook, to: Ambiguous, work: Rest,
			check: func(c Change) string { return same(c.Notice, NoticeAttention) + same(c.To.Args["n"], "5") },
		},
		{
			row: "28", name: "people hear of the first look that found nothing", from: at(Reconciling), event: lastLook, to: Reconciling, work: Rest,
			check: func(c Change) string {
				return same(c.Notice, NoticeUnsure) + same(c.To.Code, platforms.CodeOutcomeLooking) + same(c.To.NextAt, noon.Add(5*time.Second))
			},
		},
		{
			row: "28", name: "and not of the next", from: at(Reconciling, toldAfter(1)), event: lastLook, to: Reconciling, work: Rest,
			check: func(c Change) string { return same(c.Notice, "") + same(c.To.Code, platforms.CodeOutcomeLooking) },
		},
		{
			row: "28", name: "nobody is disturbed while it may yet go out by itself", from: at(Reconciling, func(d *Delivery) { d.MaySendAgain = true }), event: lastLook, to: Reconciling, work: Rest,
			check: func(c Change) string { return same(c.Notice, "") + same(c.To.Code, platforms.CodeOutcomeUnknown) },
		},
		{row: "31", name: "it is there, said while it is looked for", from: at(Reconciling, toldAfter(1)), event: Event{Kind: PersonFinds}, to: Unlinked, work: Rest},
		{
			row: "32", name: "it is not there, said after five looks", from: at(Reconciling, toldAfter(5)), event: Event{Kind: PersonMisses, LateAfter: noon.Add(time.Hour)}, to: Preparing, work: Rest,
			check: func(c Change) string { return same(c.To.LookFirst, true) + same(c.To.Generation, 2) },
		},
		{row: "28", name: "looking is refused for the second time", from: at(Reconciling, func(d *Delivery) { d.TriesAmbiguous = 1 }), event: refusal(LookEnded, platforms.Rejected), to: Reconciling, work: Rest},
		{
			row: "29", name: "nothing found, and people allowed a second try", from: lookedFor(func(d *Delivery) { d.MaySendAgain = true }),
			event: lastLook, to: Sending, work: Send, check: func(c Change) string { return same(c.To.SentAgain, true) + same(c.To.Generation, 1) },
		},
		{row: "29", name: "a second try was made", from: lookedFor(func(d *Delivery) { d.MaySendAgain, d.SentAgain = true, true }), event: lastLook, to: Ambiguous, work: Rest},
		{row: "28", name: "a second try waits for a fifth look", from: lookedFor(func(d *Delivery) { d.MaySendAgain, d.Looks = true, 3 }), event: lastLook, to: Reconciling, work: Rest},
		{row: "29", name: "no second try while posts are held", from: lookedFor(func(d *Delivery) { d.MaySendAgain = true }), event: whileHeld(lastLook), to: Ambiguous, work: Rest},
		{row: "29", name: "looking is not permitted", from: at(Reconciling, func(d *Delivery) { d.TriesAmbiguous = 2 }), event: refusal(LookEnded, platforms.Rejected), to: Ambiguous, work: Rest},
		{row: "29", name: "two hours passed", from: at(Reconciling), after: 2 * time.Hour, event: refusal(LookEnded, platforms.Unknown), to: Ambiguous, work: Rest},
		{
			row: "29", name: "more than one match", from: at(Reconciling), event: saw(platforms.SeenSeveral, ""), to: Unlinked, work: Rest,
			check: func(c Change) string { return same(c.Notice, NoticeSeveral) },
		},
		{row: "29", name: "class A: too late to send again", from: at(Reconciling, class(platforms.CertainByKey)), after: 3 * time.Hour, event: saw(platforms.SeenNothing, ""), to: Ambiguous, work: Rest},

		{
			row: "31", name: "it is there", from: at(Ambiguous), event: Event{Kind: PersonFinds, URL: "https://x.example/1"}, to: Unlinked, work: Rest,
			check: func(c Change) string { return same(c.Proof, "person") + same(c.To.RemoteURL, "https://x.example/1") },
		},
		{
			row: "32", name: "it is not there", from: at(Ambiguous), after: 5 * time.Hour, event: Event{Kind: PersonMisses, LateAfter: noon.Add(7 * time.Hour)}, to: Preparing, work: Rest,
			check: func(c Change) string {
				return same(c.To.Generation, 2) + same(c.To.LookFirst, true) + same(c.To.Frozen, true)
			},
		},
		{row: "32", name: "one more look first", from: at(Preparing, func(d *Delivery) { d.LookFirst = true }), event: tick(), to: Preparing, work: Look},
		{row: "27", name: "the last look finds it", from: at(Preparing, func(d *Delivery) { d.LookFirst = true }), event: saw(platforms.SeenPublic, "42"), to: Linked, work: Rest},
		{row: "29", name: "the last look finds several", from: at(Preparing, func(d *Delivery) { d.LookFirst = true }), event: saw(platforms.SeenSeveral, ""), to: Unlinked, work: Rest},
		{row: "28", name: "the last look failed", from: at(Preparing, func(d *Delivery) { d.LookFirst = true }), event: refusal(LookEnded, platforms.Unknown), to: Preparing, work: Rest},
		{row: "32", name: "the last look failed three times: the person's word counts", from: at(Preparing, func(d *Delivery) { d.LookFirst, d.TriesAmbiguous = true, 3 }), event: refusal(LookEnded, platforms.Unknown), to: Preparing, work: Again},
		{
			row: "32", name: "the last look finds nothing: made anew", from: at(Preparing, func(d *Delivery) { d.LookFirst = true }), event: saw(platforms.SeenNothing, ""), to: Preparing, work: Again,
			check: func(c Change) string {
				return same(c.Thaws, true) + same(c.To.Frozen, false) + same(c.To.LookFirst, false)
			},
		},
		{
			row: "33", name: "a late one now", from: at(Late), after: 5 * time.Hour, event: Event{Kind: PersonSendsNow, LateAfter: noon.Add(7 * time.Hour)}, to: Preparing, work: Rest,
			check: func(c Change) string {
				return same(c.To.NextAt, noon.Add(5*time.Hour)) + same(c.To.LateAfter, noon.Add(7*time.Hour)) + same(c.To.DueAt, noon)
			},
		},
		{row: "33", name: "a late one at another time", from: at(Reconnect), event: Event{Kind: PersonRetimes, DueAt: noon.Add(time.Hour), LateAfter: noon.Add(2 * time.Hour)}, to: Waiting, work: Rest},
		{row: "33", name: "an edit of a late one", from: at(Late), event: Event{Kind: PersonEdits}, to: Late, work: Rest},
		{row: "33", name: "a late one discarded", from: at(Late), event: Event{Kind: PersonCancels}, st: Cancelled, work: Rest},
		{row: "34", name: "try again", from: at(Backoff), event: tick(next(upload)), to: Preparing, work: Again},
		{row: "34", name: "try the irreversible call again", from: at(Backoff), event: tick(), to: Ready, work: Again},
		{row: "34", name: "a renewed sign-in has used up no try", from: at(Backoff, func(d *Delivery) { d.TriesTransient, d.TriesSince = 0, time.Time{} }), event: tick(), to: Ready, work: Again},
		{
			row: "35", name: "eight tries", from: at(Backoff, func(d *Delivery) { d.TriesTransient = 8 }), event: tick(), to: Exhausted, work: Rest,
			check: func(c Change) string {
				return same(c.To.Code, platforms.CodePlatformExhausted) + same(c.To.Args["n"], "8")
			},
		},
		{row: "35", name: "two hours of tries", from: at(Backoff, func(d *Delivery) { d.TriesSince = noon.Add(-2 * time.Hour) }), event: tick(), to: Exhausted, work: Rest},
		{
			row: "36", name: "try a failed one again", from: at(Exhausted), event: Event{Kind: PersonSendsNow, LateAfter: noon.Add(2 * time.Hour)}, to: Waiting, work: Rest,
			check: func(c Change) string { return same(c.To.Generation, 1) + same(c.To.TriesTransient, 0) },
		},
		{
			row: "36", name: "try a rejected one again, under a new key", from: at(Refused, func(d *Delivery) { d.Left = true }), event: Event{Kind: PersonSendsNow, LateAfter: noon.Add(2 * time.Hour)}, to: Waiting, work: Rest,
			check: func(c Change) string { return same(c.To.Generation, 2) + same(c.To.Left, false) },
		},
		{row: "36", name: "a failed one at another time", from: at(MediaRefused), event: Event{Kind: PersonRetimes, DueAt: noon.Add(time.Hour), LateAfter: noon.Add(2 * time.Hour)}, to: Waiting, work: Rest},
		{row: "36", name: "an edit of a failed one", from: at(Refused), event: Event{Kind: PersonEdits}, to: Refused, work: Rest},
		{row: "36", name: "a failed one discarded", from: at(Refused), event: Event{Kind: PersonCancels}, st: Cancelled, work: Rest},
		{row: "37", name: "disconnected", from: at(Processing), event: Event{Kind: ConnectionGone}, st: Cancelled, work: Rest},
		{
			row: "38", name: "restored from a backup", from: at(Waiting), event: tick(onHold(Restored)), to: Restored, work: Rest,
			check: func(c Change) string { return same(c.To.Code, platforms.CodeRestored) + same(c.Notice, "") },
		},
		{row: "38", name: "people hold all posts", from: at(Ready), event: tick(onHold(Held)), to: Held, work: Rest},
		{row: "38", name: "held, however late", from: at(Backoff), after: 9 * time.Hour, event: tick(onHold(ClockInDoubt)), to: ClockInDoubt, work: Rest},
		{row: "P11", name: "what is not due needs no holding", from: at(Waiting, func(d *Delivery) { d.DueAt = noon.Add(time.Minute) }), event: tick(onHold(Clone)), to: Waiting, work: Rest},
		{row: "28", name: "class A: no repeat while all is held", from: at(Reconciling, class(platforms.CertainByKey)), event: whileHeld(saw(platforms.SeenNothing, "")), to: Reconciling, work: Rest},
		{
			row: "39", name: "what a call brought cannot be kept", from: at(Sending), event: Event{Kind: NotKept}, to: Ambiguous, work: Rest,
			check: func(c Change) string {
				return same(c.Closes, OutcomeUnknown) + same(c.To.Left, true) + same(c.To.Code, platforms.CodeOutcomeNotKept) + same(c.Notice, NoticeAttention)
			},
		},
		{
			row: "39", name: "what a look saw cannot be kept", from: at(Reconciling, func(d *Delivery) { d.UnknownSince, d.Unknowns = noon, 1 }), event: Event{Kind: NotKept}, to: Ambiguous, work: Rest,
			check: func(c Change) string { return same(c.To.UnknownSince, noon) + same(c.Closes, Outcome("")) },
		},
		{
			row: "39", name: "a fault of ours before anything was sent", from: at(Ready), event: Event{Kind: NotKept}, to: Exhausted, work: Rest,
			check: func(c Change) string { return same(c.To.Code, platforms.CodeOurFault) + same(c.Notice, NoticeFailed) },
		},
		{
			row: "39", name: "a fault of ours before the last look", from: at(Preparing, func(d *Delivery) { d.LookFirst = true }), event: Event{Kind: NotKept}, to: Ambiguous, work: Rest,
		},
		{
			row: "32", name: "it is not there, and the look before that was never made", from: at(Ambiguous, func(d *Delivery) { d.LookFirst, d.Generation = true, 2 }), event: Event{Kind: PersonMisses}, to: Preparing, work: Rest,
			check: func(c Change) string { return same(c.To.Generation, 2) + same(c.To.LookFirst, true) },
		},
		{
			row: "13", name: "the journal takes no line", from: at(Sending), event: Event{Kind: SendBarred}, to: Ready, work: Rest,
			check: func(c Change) string {
				return same(c.Closes, NotSent) + same(c.To.TriedAt, time.Time{}) + same(c.To.TriesTransient, 0) + same(c.To.NextAt, noon)
			},
		},
		{
			row: "13", name: "the journal takes no line for a repeat", from: at(Sending, func(d *Delivery) { d.UnknownSince, d.Unknowns = noon, 1 }), event: Event{Kind: SendBarred}, to: Reconciling, work: Rest,
			check: func(c Change) string { return same(c.Closes, NotSent) + same(c.To.TriedAt, noon) },
		},
		{
			row: "16", name: "the journal kept the answer", from: at(Sending), event: witness(Accepted, "42", 1), to: Linked, work: Rest,
			check: func(c Change) string {
				return same(c.To.RemoteID, "42") + same(c.Proof, "journal") + same(c.To.PublishedAt, noon)
			},
		},
		{
			row: "16", name: "published, and in this old copy a draft", from: Delivery{Status: Draft, Generation: 1}, event: witness(Accepted, "42", 1), to: Linked, work: Rest,
			check: func(c Change) string { return same(c.To.DueAt, noon) },
		},
		{row: "25", name: "the journal knows its id", from: at(Unlinked), event: witness(Accepted, "42", 1), to: Linked, work: Rest},
		{
			row: "38", name: "sent in a time of which this copy knows nothing", from: at(Waiting), event: witness("", "", 2), to: Restored, work: Rest,
			check: func(c Change) string {
				return same(c.To.Generation, 2) + same(c.To.Left, true) + same(c.To.TriedAt, noon) + same(c.To.Unknowns, 1) + same(c.Closes, OutcomeUnknown)
			},
		},
		{
			row: "38", name: "rejected in a time of which this copy knows nothing", from: at(Waiting), event: witness(Rejected, "", 1), to: Restored, work: Rest,
			check: func(c Change) string {
				return same(c.To.Unknowns, 0) + same(c.To.Left, true) + same(c.Closes, Rejected)
			},
		},
		{row: "31", name: "of an old copy: it is there", from: at(Restored), event: Event{Kind: PersonFinds}, to: Unlinked, work: Rest},
		{
			row: "32", name: "of an old copy: send it, with a look before", from: at(Restored), event: Event{Kind: PersonSendsNow, LateAfter: noon.Add(2 * time.Hour)}, to: Preparing, work: Rest,
			check: func(c Change) string {
				return same(c.To.LookFirst, true) + same(c.To.Generation, 2) + same(c.To.TriedAt, noon)
			},
		},
		{
			row: "32", name: "of a copy: another time, with a look before", from: at(Clone), event: Event{Kind: PersonRetimes, DueAt: noon.Add(time.Hour), LateAfter: noon.Add(3 * time.Hour)}, to: Waiting, work: Rest,
			check: func(c Change) string { return same(c.To.LookFirst, true) + same(c.To.Generation, 2) },
		},
		{row: "4", name: "what one looks for is fixed before", from: at(Preparing, func(d *Delivery) { d.LookFirst, d.Frozen = true, false }), event: tick(), to: Preparing, work: Again},
	}
	reached := map[string]bool{}
	for _, tt := range tests {
		reached[tt.row] = true
		t.Run(tt.row+" "+tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := Next(tt.from, tt.event, noon.Add(tt.after))
			if err != nil {
				t.Fatal(err)
			}
			st := tt.st
			if tt.to != "" {
				st = statusOf[tt.to]
			}
			if c.To.Status != st || c.To.Phase != tt.to || c.Work != tt.work || c.Row != tt.row {
				t.Errorf("row %s: %s/%s, then %s; want row %s: %s/%s, then %s", c.Row, c.To.Status, c.To.Phase, c.Work, tt.row, st, tt.to, tt.work)
			}
			if tt.check != nil {
				if problem := tt.check(c); problem != "" {
					t.Error(problem)
				}
			}
		})
	}
	for _, r := range table {
		if !reached[r.row] && r.row != "15" {
			t.Errorf("no test of row %s", r.row)
		}
	}
}

func TestRow15RefusesChangesToWhatIsBeingSent(t *testing.T) {
	t.Parallel()
	for _, p := range []Phase{Sending, Reconciling, Ambiguous} {
		for _, k := range []EventKind{PersonEdits, PersonRetimes, PersonCancels} {
			if _, err := Next(at(p), Event{Kind: k, DueAt: noon}, noon); !errors.Is(err, ErrBeingSent) {
				t.Errorf("%s while %s: %v, want %v", k, p, err, ErrBeingSent)
			}
		}
	}
}
