package jobs

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// endState is how a post may end.
type endState struct {
	status   club.Status
	phase    club.Phase
	accepted int
}

// tale is a publication of which each statement fails in turn.
type tale struct {
	name      string
	certainty platforms.Certainty
	set       func(*rig)
	arrange   func(*rig) // before each post
	ends      endState
}

var tales = []tale{
	{
		name: "taken, after a step", certainty: platforms.CertainByLooking,
		set:  func(r *rig) { r.fake.pictures = 1; r.fake.waits = 1 },
		ends: endState{club.Published, club.Linked, 1},
	},
	{
		name: "answer lost", certainty: platforms.CertainByLooking,
		arrange: func(r *rig) { r.server.misbehave("reset_after") },
		ends:    endState{club.Published, club.Linked, 1},
	},
	{
		name: "lost on the way, and repeated", certainty: platforms.CertainByKey,
		arrange: func(r *rig) { r.server.misbehave("reset_before") },
		ends:    endState{club.Published, club.Linked, 1},
	},
	{
		name: "rejected", certainty: platforms.CertainByLooking,
		arrange: func(r *rig) { r.server.misbehave("rejected") },
		ends:    endState{club.Failed, club.Refused, 0},
	},
	{
		name: "waits for a limit", certainty: platforms.CertainByLooking,
		arrange: func(r *rig) { r.server.misbehave("rate_limited") },
		ends:    endState{club.Published, club.Linked, 1},
	},
	{
		name: "sign-in run out", certainty: platforms.CertainByLooking,
		set: func(r *rig) { r.fake.renewal = onUse; r.server.spends = map[string]bool{} },
		arrange: func(r *rig) {
			r.server.mu.Lock()
			defer r.server.mu.Unlock()
			r.server.tokens = map[string]bool{} // only what is renewed from now on works
		},
		ends: endState{club.Published, club.Linked, 1},
	},
}

// TestEachStatementOfAPublicationFails is rules P1, P5, P11, P15 and D8: whatever the
// database refuses, once or for long, when that is over the post is public once
// and said to be, or is not and is not said to be; nothing is left open, no
// sign-in is lost, and the engine goes on by itself.
func TestEachStatementOfAPublicationFails(t *testing.T) {
	t.Parallel()
	for _, tale := range tales {
		for _, kind := range refusalKinds {
			t.Run(tale.name+"/"+kind.name, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, tale.certainty, refusable, func(r *rig) {
					if tale.set != nil {
						tale.set(r)
					}
				})
				r.patient()
				conn := r.connect()
				for n := 0; ; n += everyStatement(t, kind) {
					if tale.arrange != nil {
						tale.arrange(r)
					}
					text := fmt.Sprintf("Post %d", n)
					post := r.schedule(text, 0, conn)
					r.refusals.arm(n, kind)
					for range 20 {
						r.after(15 * time.Second)
						if r.rests(post) {
							break
						}
					}
					met := r.refusals.lift()
					r.settle()
					end := tale.ends
					if kind.mayAsk && r.delivery(post).Phase == club.Ambiguous {
						end = endState{club.NeedsAttention, club.Ambiguous, 0}
					}
					r.wantEnd(post, text, end, "after "+met)
					r.wantSound(conn.ID, "after "+met)
					if t.Failed() {
						t.Fatalf("statement %d: %s\n%s", n, met, r.story(post))
					}
					if met == "" {
						t.Logf("%d statements", n)
						return
					}
					r.clock.Advance(10 * time.Minute)
				}
			})
		}
	}
}

// statementsVariable, if it is 1, makes long and costly refusals begin at every
// statement too, instead of every third.
const statementsVariable = "BANDSTAND_TEST_STATEMENTS"

func everyStatement(t *testing.T, kind refusal) int {
	t.Helper()
	if kind.lasts {
		return int(numberFrom(t, statementsVariable, 3))
	}
	return 1
}

// patient lets the waits of the engine for the database end at once, and the
// refusal with them when it has waited often enough.
func (r *rig) patient() {
	r.config.Log = slog.New(slog.DiscardHandler)
	r.config.After = func(d time.Duration) <-chan time.Time {
		if r.refusals.refused() > 2*commitTries {
			r.refusals.lift()
		}
		over := make(chan time.Time, 1)
		over <- time.Time{}
		return over
	}
	r.engine = NewEngine(r.config, NewSignIns(r.config))
	if err := r.engine.Start(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

// rests tells whether nothing moves a post by itself any more.
func (r *rig) rests(post int64) (rests bool) {
	r.t.Helper()
	if r.refusals == nil {
		return r.delivery(post).NextAt.IsZero()
	}
	r.refusals.aside(func() { rests = r.delivery(post).NextAt.IsZero() })
	return rests
}

func (r *rig) wantEnd(post int64, text string, want endState, when string) {
	r.t.Helper()
	if d := r.delivery(post); d.Status != want.status || d.Phase != want.phase {
		r.t.Errorf("%s: the post is %s/%s (%s), want %s/%s", when, d.Status, d.Phase, d.Code, want.status, want.phase)
	}
	r.wantAccepted(text, want.accepted)
}

// wantSound: nothing is left open, and everything goes on.
func (r *rig) wantSound(conn int64, when string) {
	r.t.Helper()
	var open int
	if err := r.db.Reader().QueryRowContext(r.t.Context(), `SELECT count(*) FROM publish_attempts WHERE outcome IS NULL`).Scan(&open); err != nil || open > 0 {
		r.t.Errorf("%s: %d attempts are left open, %v", when, open, err)
	}
	if c, err := r.db.Connection(r.t.Context(), r.club.Scope, conn); err != nil || c.Health != club.Working {
		r.t.Errorf("%s: the account is %s (%s), %v", when, c.Health, c.HealthCode, err)
	}
	r.after(holdFor)
	if s := r.engine.Status(); !s.Sound() {
		r.t.Errorf("%s: the engine says %+v", when, s)
	}
}

// TestRenewedSignInOutlivesEveryFault is rule P17: a refresh token that can be used
// once was used, and the database takes the new one badly. A fault that was none
// of the disk's lost it, and a person had to sign in again.
func TestRenewedSignInOutlivesEveryFault(t *testing.T) {
	t.Parallel()
	for _, kind := range refusalKinds {
		r := newRig(t, platforms.CertainByLooking, refusable, renewing(onUse), func(r *rig) { r.server.spends = map[string]bool{} })
		r.patient()
		conn := r.connect()
		old, err := r.db.AccessToken(t.Context(), conn.ID)
		if err != nil {
			t.Fatal(err)
		}
		r.server.onRenew = func() { r.refusals.arm(0, kind) }
		signIns := NewSignIns(r.config)
		if _, err := signIns.Renew(t.Context(), conn, old.Version); kind.lasts && r.refusals.lift() == "" {
			t.Errorf("%s: nothing was refused, %v", kind.name, err)
		}
		r.refusals.lift()
		token, err := signIns.Renew(t.Context(), conn, old.Version)
		if err != nil || token.Secret.Reveal() != "renewed-1" || r.server.renewals.Load() != 1 {
			t.Errorf("%s: after %d renewals the token is %q, %v", kind.name, r.server.renewals.Load(), token.Secret.Reveal(), err)
		}
		if h, code := r.health(conn); h != club.Working {
			t.Errorf("%s: the account is %s (%s)", kind.name, h, code)
		}
	}
}
