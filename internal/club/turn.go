package club

import (
	"maps"
	"time"
)

// turn is one application of the table. Its methods are the conditions and
// effects of the rows, in the files turn_….go.
type turn struct {
	now time.Time
	e   Event
	was Delivery
	Change
}

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
