package club

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
)

// TestEdges: what happens at the very moment of a limit, and what people are
// shown of a delivery that has moved on.
func TestEdges(t *testing.T) {
	t.Parallel()
	resting := func(until time.Time) func(*Event) { return func(e *Event) { e.Account.BlockedUntil = until } }
	freeAt := func(at time.Time) func(*Event) { return func(e *Event) { e.Account.FreeAt = at } }
	off := func(from, to time.Time) func(*Event) { return func(e *Event) { e.OffFrom, e.OffTo = from, to } }
	troubled := func(d *Delivery) { d.Code, d.Args = "code", map[string]string{"n": "1"} }
	tried := func(d *Delivery) { d.TriesTransient, d.TriesSince = 7, noon }
	quietly := func(s platforms.Step) platforms.Step { s.Quiet = true; return s }
	broken := func(e *Event) { e.Account = AccountState{Code: "auth_revoked"} }
	for _, tt := range []struct {
		name  string
		from  Delivery
		event Event
		after time.Duration // past noon, when it is due
		row   string
		check func(Change) string
	}{
		{"what is a minute late is on time, and waits for no turn", at(Waiting), tick(freeAt(noon.Add(time.Hour))), time.Minute, "4", nil},
		{"what is later takes its turn", at(Waiting), tick(freeAt(noon.Add(time.Hour))), time.Minute + 1, "P14", nil},
		{"its turn has come", at(Waiting), tick(freeAt(noon.Add(2 * time.Minute))), 2 * time.Minute, "4", nil},
		{"what was begun is made ready without waiting for its turn", at(Preparing), tick(next(upload), freeAt(noon.Add(time.Hour))), 2 * time.Minute, "7", nil},
		{"a limit is over at its end", at(Waiting), tick(resting(noon)), 0, "4", nil},
		{"a rest ends with the time of grace, or people are asked", at(Waiting), tick(resting(noon.Add(2*time.Hour - time.Minute))), 0, "6", func(c Change) string {
			return same(c.To.NextAt, noon.Add(2*time.Hour))
		}},
		{"a rest that takes longer", at(Waiting), tick(resting(noon.Add(2 * time.Hour))), 0, "6", func(c Change) string {
			return same(c.To.NextAt, noon.Add(2*time.Hour+time.Millisecond))
		}},
		{"the platform's own words for a limit stay", at(Blocked, troubled), tick(resting(noon.Add(time.Hour))), 0, "6", func(c Change) string {
			return same(c.To.Code, "code") + same(len(c.Timeline), 0)
		}},
		{"without words of its own it is a limit", at(Blocked), tick(resting(noon.Add(time.Hour))), 0, "6", func(c Change) string {
			return same(c.To.Code, platforms.CodeRateLimited)
		}},
		{"the limit is named, if it is known", at(Waiting), tick(resting(noon.Add(time.Hour)), func(e *Event) { e.Account.BlockedCode = "no_credit" }), 0, "6", func(c Change) string {
			return same(c.To.Code, "no_credit")
		}},
		{"the beginning of a rest is told", at(Waiting), tick(resting(noon.Add(time.Hour))), 0, "6", told(NoteBlocked)},
		{"that the account is broken is told", at(Waiting), tick(broken), 0, "6", told(NoteSignIn)},
		{"and told once", at(Blocked), tick(broken), 0, "6", told()},
		{"off from the last moment of grace", at(Waiting), tick(off(noon.Add(2*time.Hour), noon.Add(3*time.Hour))), 3 * time.Hour, "5", func(c Change) string {
			return same(c.To.Code, platforms.CodeWeWereOff)
		}},
		{"on again at the very time it was due", at(Waiting), tick(off(noon.Add(-time.Hour), noon)), 3 * time.Hour, "5", func(c Change) string {
			return same(c.To.Code, platforms.CodeWeWereOff)
		}},
		{"that it is late is told", at(Waiting), tick(), 3 * time.Hour, "5", told(NoteLate)},
		{"that it is held is told", at(Waiting), tick(func(e *Event) { e.Hold = Held }), 0, "38", told(NoteDoubt)},

		{"what went wrong before is over when it starts", at(Blocked, troubled), tick(), 0, "4", calmly(NoteStarted)},
		{"and when it is sent, after a try that failed", at(Ready, troubled), tick(), 0, "13", calmly()},
		{"a first call is dated", at(Ready), tick(), time.Minute, "13", func(c Change) string { return same(c.To.TriedAt, noon.Add(time.Minute)) }},
		{"a call that nobody waits for is looked into after two minutes", at(Ready), tick(), 0, "13", func(c Change) string {
			return same(c.To.NextAt, noon.Add(2*time.Minute))
		}},
		{"a later look finds what was there first", at(Ready, func(d *Delivery) { d.TriedAt = noon.Add(-time.Hour) }), tick(), 0, "13", func(c Change) string {
			return same(c.To.TriedAt, noon.Add(-time.Hour))
		}},
		{"waiting for a platform begins anew with each step", at(Processing, func(d *Delivery) { d.Waits, d.WaitsSince = 3, noon }), stepped(platforms.StepDone, status, publish), 0, "7", func(c Change) string {
			return same(c.To.Waits, 0) + same(c.To.WaitsSince, time.Time{})
		}},
		{"what was made is told", at(Preparing), stepped(platforms.StepDone, upload, publish), 0, "7", told(NoteStep)},
		{"what means nothing to people is not", at(Preparing), stepped(platforms.StepDone, quietly(upload), publish), 0, "7", told()},
		{"part of a file has arrived: tries begin anew", at(Preparing, troubled, tried), stepped(platforms.StepDone, chunk, chunk), 0, "7", func(c Change) string {
			return calmly(NoteStep)(c) + same(c.To.TriesTransient, 0) + same(c.To.TriesSince, time.Time{})
		}},
		{"a call that sends nothing is no progress", at(Preparing, tried), stepped(platforms.StepDone, upload, chunk), 0, "7", func(c Change) string {
			return same(c.To.TriesTransient, 7) + same(c.To.TriesSince, noon)
		}},
		{"nor is sending what was sent before", at(Preparing, tried, func(d *Delivery) { d.Remakes = 1 }), stepped(platforms.StepDone, chunk, chunk), 0, "7", func(c Change) string {
			return same(c.To.TriesTransient, 7)
		}},
		{"while the platform works it is looked at, not made again", at(Preparing), stepped(platforms.StepWorking, status, status), 0, "10", func(c Change) string {
			return same(c.To.Phase, Processing)
		}},
		{"what is made again is told", at(Processing), stepped(platforms.StepExpired, status, publish), 0, "12", func(c Change) string {
			return told(NoteMadeAgain)(c) + same(c.Keeps != nil && c.Keeps.Ref == "ref", true)
		}},
		{"a picture that does not fit is the picture's fault", at(Waiting), tick(func(e *Event) { e.Problem = &Problem{Code: "too_small", Media: true} }), 0, "8", func(c Change) string {
			return same(c.To.Phase, MediaRefused)
		}},
		{"eight tries are told once", at(Backoff, func(d *Delivery) { d.TriesTransient = 8 }), tick(), 0, "35", told(NoteExhausted)},
		{"what was made for an account that is gone is void", at(Processing), Event{Kind: ConnectionGone}, 0, "37", func(c Change) string { return same(c.Voids, true) }},

		{"the platform's date of a post is its date", at(Sending), dated(sent("1"), noon.Add(time.Second)), time.Minute, "16", func(c Change) string {
			return same(c.To.PublishedAt, noon.Add(time.Second))
		}},
		{"a post without a date is of now", at(Sending), sent("1"), time.Minute, "16", func(c Change) string { return same(c.To.PublishedAt, noon.Add(time.Minute)) }},
		{"what a post went through is over when it is public", at(Reconciling, troubled, func(d *Delivery) { d.LookFirst = true }), saw(platforms.SeenPublic, "1"), time.Minute, "25", func(c Change) string {
			return calmly(NoteFound)(c) + same(c.To.UnknownSince, time.Time{}) + same(c.To.LookFirst, false) + same(c.To.PublishedAt, noon)
		}},
		{"why a platform refused stays, in its words", at(Sending), refusal(SendEnded, platforms.Rejected, func(e *Event) {
			e.Err.Args, e.Err.PlatformText = map[string]string{"limit": "280"}, "Too long"
		}), 0, "18", func(c Change) string {
			return told(NoteRefused)(c) + cmp.Diff(map[string]string{"limit": "280", "platform_text": "Too long"}, c.To.Args)
		}},
		{"so does how long a limit is", at(Sending), refusal(SendEnded, platforms.RateLimited, func(e *Event) { e.Err.Args = map[string]string{"limit": "50"} }), 0, "20", func(c Change) string {
			return same(c.To.Args["limit"], "50")
		}},
		{"a refusal without a name", at(Sending), refusal(SendEnded, platforms.RateLimited, func(e *Event) { e.Err.Code = "" }), 0, "20", func(c Change) string {
			return same(c.To.Code, platforms.CodeRateLimited)
		}},
	} {
		c, err := Next(tt.from, tt.event, noon.Add(tt.after))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		why := same(c.Row, tt.row)
		if tt.check != nil {
			why += tt.check(c)
		}
		if why != "" {
			t.Errorf("%s: %s", tt.name, why)
		}
	}
}

// told wants exactly these notes in the timeline.
func told(kinds ...string) func(Change) string {
	return func(c Change) string {
		var got []string
		for _, n := range c.Timeline {
			got = append(got, n.Kind)
		}
		return cmp.Diff(kinds, got)
	}
}

// calmly wants the same, and nothing that went wrong to be shown any more.
func calmly(kinds ...string) func(Change) string {
	return func(c Change) string {
		return told(kinds...)(c) + same(c.To.Code, "") + same(len(c.To.Args), 0)
	}
}

func dated(e Event, at time.Time) Event {
	e.Result.PublishedAt = at
	return e
}
