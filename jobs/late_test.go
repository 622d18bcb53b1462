package jobs

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// TestSwitchedOff is T-LATE: switched off for a minute to forty days with 50
// posts due on 5 accounts. Inside the grace they go out in order and at least
// two minutes apart for each account; beyond it people are asked. What they then
// send keeps order and distance too. What is not a minute late is on time, and
// waits for nothing.
func TestSwitchedOff(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{
		time.Minute, 5 * time.Minute, 30 * time.Minute, 119 * time.Minute, 121 * time.Minute, 3 * time.Hour, 26 * time.Hour, 72 * time.Hour, 40 * 24 * time.Hour,
	} {
		t.Run(off.String(), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, platforms.CertainByLooking)
			var conns []store.Connection
			for range 5 {
				conns = append(conns, r.connect())
			}
			var late []int64
			begin := r.clock.Now()
			due := func(a accepted) time.Time { return begin.Add(off * time.Duration(1+r.number(a.Text)) / 51) }
			for i := range 50 {
				// The last are planned first: order is by time, not by number.
				text := fmt.Sprintf("Post %02d", 49-i)
				late = append(late, r.schedule(text, due(accepted{Text: text}).Sub(begin), conns[i%5]))
			}
			r.clock.Advance(off)
			r.restart()
			r.settle()
			asked := r.askedOf(late)
			for _, post := range asked {
				d := r.want(post, club.NeedsAttention, club.Late)
				if waited := r.clock.Now().Sub(d.DueAt); waited < 2*time.Hour {
					t.Errorf("asked about what was %s late", waited)
				}
			}
			if off <= 30*time.Minute && len(asked) > 0 {
				t.Errorf("%d asked about, although all were inside the grace", len(asked))
			}
			if n := len(r.server.took()); n+len(asked) != 50 {
				t.Errorf("%d went out and %d are asked about, of 50", n, len(asked))
			}
			for _, a := range r.server.took() {
				if late := a.At.Sub(due(a)); late > 2*time.Hour {
					t.Errorf("%s went out %s late", a.Text, late)
				}
			}
			r.inOrder(r.server.took(), due)
			for _, post := range asked {
				if err := r.db.Answer(t.Context(), r.club.Scope, store.Answer{Kind: club.PersonSendsNow}, "test", r.delivery(post).ID); err != nil {
					t.Fatal(err)
				}
			}
			before := len(r.server.took())
			r.settle()
			if n := len(r.server.took()); n != 50 {
				t.Errorf("%d went out in the end, want 50", n)
			}
			r.inOrder(r.server.took()[before:], due)
		})
	}
}

func (r *rig) askedOf(all []int64) []int64 {
	r.t.Helper()
	return slices.DeleteFunc(slices.Clone(all), func(post int64) bool { return r.delivery(post).Status == club.Published })
}

func (r *rig) number(text string) int {
	r.t.Helper()
	var n int
	if _, err := fmt.Sscanf(text, "Post %d", &n); err != nil {
		r.t.Fatal(err)
	}
	return n
}

// inOrder checks rule P14 of what was accepted while it was catching up.
func (r *rig) inOrder(all []accepted, due func(accepted) time.Time) {
	r.t.Helper()
	last := map[string]accepted{}
	for _, a := range all {
		if a.At.Sub(due(a)) <= time.Minute {
			continue
		}
		b, ok := last[a.Account]
		last[a.Account] = a
		if !ok {
			continue
		}
		if r.number(a.Text) < r.number(b.Text) {
			r.t.Errorf("%s of %s went out after %s", a.Text, a.Account, b.Text)
		}
		if apart := a.At.Sub(b.At); apart < spacing {
			r.t.Errorf("%s and %s of %s went out %s apart", b.Text, a.Text, a.Account, apart)
		}
	}
}
