package jobs

import (
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// constraint is something that the database does not take, of one post, however
// often it is told: a trigger that stands for every constraint of its table.
type constraint struct {
	event string // "UPDATE OF remote_id ON deliveries"
	when  string // of the row NEW; %[1]s is the delivery as a blob, %[2]d the post
	// shared: it meets whatever the account publishes, not this post alone.
	shared bool
	// noDoor: not even that people are asked can be kept.
	noDoor bool
}

func (c constraint) String() string { return strings.TrimSpace(c.event + " " + c.when) }

const (
	ofDelivery = `NEW.delivery_id = %[1]s`
	ofRow      = `NEW.id = %[1]s`
	ofWork     = `NEW.key = lower(hex(%[1]s))`
	ofPost     = `NEW.post_id = %[2]d`
)

// constraints are what a move of a delivery writes, with each state it may reach.
func constraints() []constraint {
	all := []constraint{
		{event: "UPDATE OF remote_id ON deliveries", when: ofRow + ` AND NEW.remote_id IS NOT NULL`},
		{event: "UPDATE OF body ON deliveries", when: ofRow},
		{event: "UPDATE ON deliveries", when: ofRow, noDoor: true},
		{event: "INSERT ON publish_steps", when: ofDelivery},
		{event: "UPDATE ON publish_steps", when: ofDelivery},
		{event: "INSERT ON publish_attempts", when: ofDelivery + ` AND NEW.irreversible = 1`},
		{event: "INSERT ON publish_attempts", when: ofDelivery + ` AND NEW.irreversible = 0`},
		{event: "UPDATE ON publish_attempts", when: ofDelivery, noDoor: true},
		{event: "UPDATE OF last_sent_at ON connections", shared: true},
		{event: "UPDATE OF blocked_until ON connections", shared: true},
		{event: "INSERT ON work", when: ofWork + ` AND NEW.kind = 'numbers'`},
		{event: "INSERT ON work", when: ofWork + ` AND NEW.kind = 'link'`},
		{event: "INSERT ON post_events", when: ofPost},
		{event: "INSERT ON notices", when: ofPost},
		{event: "INSERT ON audit", when: `NEW.object LIKE '%[2]d on %%'`},
		{event: "UPDATE ON clubs", shared: true, noDoor: true},
	}
	for _, p := range []club.Phase{
		club.Blocked, club.Preparing, club.Processing, club.Ready, club.Sending, club.Reconciling, club.Backoff,
		club.Linked, club.Refused, club.Exhausted, club.Ambiguous,
	} {
		all = append(all, constraint{
			event: "UPDATE OF phase ON deliveries", when: ofRow + ` AND NEW.phase = '` + string(p) + `'`,
			noDoor: p == club.Ambiguous || p == club.Exhausted,
		})
	}
	return all
}

// stay is how long, at most, it takes until nothing moves a post by itself any more:
// what a lost answer needs, and the rest of an account.
const stay = 3 * time.Hour

// TestWhateverTheDatabaseRefusesEndsWithAWayOut is rules P1 and P5, and row 39: the database
// does not take one thing of a post, now or ever. The post ends where people can
// decide, it is public once at most, the account's other post goes out, and the next
// start is no worse. What people then decide works as soon as the database does.
func TestWhateverTheDatabaseRefusesEndsWithAWayOut(t *testing.T) {
	t.Parallel()
	for _, tale := range tales {
		t.Run(tale.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, tale.certainty, func(r *rig) {
				if tale.set != nil {
					tale.set(r)
				}
			})
			r.config.Log = slog.New(slog.DiscardHandler)
			r.config.After = func(time.Duration) <-chan time.Time { return time.After(0) }
			for n, c := range constraints() {
				r.restart()
				conn := r.connect()
				r.server.forgetRenewals()
				if tale.arrange != nil {
					tale.arrange(r)
				}
				text := fmt.Sprintf("Kick-off %d", n)
				post, other := r.schedule(text, 0, conn), r.schedule(text+", doors open", time.Minute, conn)
				id := r.delivery(post).ID
				when := ""
				if c.when != "" {
					when = "WHEN " + fmt.Sprintf(c.when, "x'"+id+"'", post)
				}
				r.club.Exec(`CREATE TRIGGER refuse BEFORE ` + c.event + ` ` + when + ` BEGIN SELECT RAISE(ABORT, 'not this one'); END`)
				r.patientUntil(func() bool { return (c.noDoor || r.rests(post)) && (c.shared || r.rests(other)) })
				if d := r.delivery(post); !c.noDoor && !hasDoor(d.Delivery) {
					t.Errorf("%s: it stays %s/%s:\n%s", c, d.Status, d.Phase, r.story(post))
				}
				// What the platform says to the first call, it may say to this one instead.
				if d := r.delivery(other); !c.shared && d.Status != club.Published && d.Status != tale.ends.status {
					t.Errorf("%s: the account's other post is %s/%s", c, d.Status, d.Phase)
				}
				r.wantAtMostOnce(text)
				r.restart() // whatever is left open, the next process starts
				r.after(time.Minute)
				r.wantAtMostOnce(text)

				r.club.Exec(`DROP TRIGGER refuse`)
				r.patientUntil(func() bool { return r.rests(post) })
				switch d := r.delivery(post); d.Status {
				case club.NeedsAttention:
					r.answer(post, club.PersonMisses) // it is looked for before it is sent
				case club.Failed:
					r.answer(post, club.PersonSendsNow)
				}
				r.patientUntil(func() bool { return r.rests(post) })
				if d := r.delivery(post); !hasDoor(d.Delivery) {
					t.Errorf("%s: after the decision it is %s/%s:\n%s", c, d.Status, d.Phase, r.story(post))
				}
				r.wantAtMostOnce(text)
				if d := r.delivery(post); d.Status == club.Published {
					r.wantAccepted(text, 1)
				}
			}
		})
	}
}

// patientUntil lets time pass, a minute at a time, until that is so.
func (r *rig) patientUntil(so func() bool) {
	r.t.Helper()
	for range stay / time.Minute {
		r.engine.RunDue(r.t.Context())
		if so() {
			return
		}
		r.clock.Advance(time.Minute)
	}
}

// hasDoor: it is over, or a person can decide.
func hasDoor(d club.Delivery) bool {
	return d.NextAt.IsZero() && slices.Contains([]club.Status{club.Published, club.Failed, club.NeedsAttention}, d.Status)
}

func (r *rig) wantAtMostOnce(text string) {
	r.t.Helper()
	n := 0
	for _, p := range r.server.took() {
		if p.Text == text {
			n++
		}
	}
	if n > 1 {
		r.t.Errorf("the platform accepted %q %d times", text, n)
	}
}

// TestAPostThatCannotBeWorkedOnDoesNotHoldUpItsAccount: what goes out of the first
// cannot be read, which is no fault of the database's, and comes again each time.
func TestAPostThatCannotBeWorkedOnDoesNotHoldUpItsAccount(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, func(r *rig) { r.fake.pictures = 1 })
	r.config.Log = slog.New(slog.DiscardHandler)
	r.restart()
	conn := r.connect()
	r.server.misbehave("error_before")
	post, other := r.schedule("Match day", 0, conn), r.schedule("Away game", time.Second, conn)
	r.engine.RunDue(t.Context())
	r.want(post, club.Publishing, club.Backoff)
	r.club.Exec(`UPDATE deliveries SET body = x'00' WHERE post_id = ?`, post)
	for range 5 {
		r.after(coolFor)
	}
	r.want(other, club.Published, club.Linked)
	r.settle()
	if d := r.want(post, club.Failed, club.Exhausted); d.Code != platforms.CodeOurFault {
		t.Errorf("it says %q", d.Code)
	}
	r.wantAccepted("Match day", 0)
}

// TestAPanicBeforeEachCallEndsWithAWayOut: the program goes on, and so do
// other accounts.
func TestAPanicBeforeEachCallEndsWithAWayOut(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	r.config.Log = slog.New(slog.DiscardHandler)
	r.restart()
	post := r.schedule("Match day", 0, r.connect())
	r.config.Media = nil // a bug of ours: it is asked for pictures before each call
	r.restart()
	r.settle()
	r.want(post, club.Failed, club.Exhausted)
	r.wantAccepted("Match day", 0)
}

// writes finds the table that a statement writes.
var writes = regexp.MustCompile(`(?s)^\s*(?:INSERT INTO|UPDATE|DELETE FROM) (\w+)`)

// written are the tables that the engine writes while it publishes and that no move of
// a delivery does, and who does.
var written = map[string]string{
	"installation":              "what the engine says of itself",
	"connection_tokens":         "renewing a sign-in",
	"connection_refresh_tokens": "renewing a sign-in",
	"connection_limits":         "what a platform says of its limits",
	"connection_checks":         "the record of an account's health",
}

// TestConstraintsAreOfAllThatAMoveWrites keeps the list of constraints complete.
func TestConstraintsAreOfAllThatAMoveWrites(t *testing.T) {
	t.Parallel()
	refused := map[string]bool{}
	for _, c := range constraints() {
		refused[c.event[strings.LastIndexByte(c.event, ' ')+1:]] = true
	}
	for _, tale := range tales {
		seen := map[string]bool{}
		r := newRig(t, tale.certainty, refusable, func(r *rig) {
			if tale.set != nil {
				tale.set(r)
			}
		})
		r.patient()
		conn := r.connect()
		if tale.arrange != nil {
			tale.arrange(r)
		}
		r.schedule("Match day", 0, conn)
		r.refusals.listen(func(q storetest.Asked) {
			if m := writes.FindStringSubmatch(q.What); m != nil {
				seen[m[1]] = true
			}
		})
		r.settle()
		if len(seen) < 3 {
			t.Errorf("%s: only %v are written", tale.name, seen)
		}
		for table := range seen {
			if !refused[table] && written[table] == "" {
				t.Errorf("%s: %s is written, and no constraint stands for it", tale.name, table)
			}
		}
	}
}
