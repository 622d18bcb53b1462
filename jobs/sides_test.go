package jobs

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// bare is a platform that can publish, and nothing else.
type bare struct{ platforms.Platform }

// moody answers what follows publishing one after the other; the last answer stays.
type moody struct {
	renewingFake
	answers []error
	asked   int
}

func (m *moody) next() error {
	m.asked++
	err := m.answers[0]
	if len(m.answers) > 1 {
		m.answers = m.answers[1:]
	}
	return err
}

func (m *moody) Permalink(_ context.Context, _ platforms.Session, id string) (string, error) {
	if err := m.next(); !errors.Is(err, errNotFoundYet) {
		return "https://fake.example/" + id, err
	}
	return "", nil
}

func (m *moody) PostNumbers(context.Context, platforms.Session, string) (platforms.Numbers, error) {
	return platforms.Numbers{Values: map[platforms.Number]int64{platforms.Likes: 1}}, m.next()
}

func (m *moody) AccountNumbers(context.Context, platforms.Session) (platforms.Numbers, error) {
	return platforms.Numbers{Values: map[platforms.Number]int64{platforms.Followers: 1}}, m.next()
}

func refusesAs(kind platforms.Kind) error {
	return &platforms.Error{Kind: kind, Code: "code_" + string(kind), Platform: "fake"}
}

// on lets another platform stand in the place of the fake one; nil: none does.
func (r *rig) on(p platforms.Platform) {
	registry := platforms.NewRegistry()
	if p != nil {
		registry = platforms.NewRegistry(p)
	}
	r.config.Platforms = func(int64, bool) *platforms.Registry { return registry }
	r.engine = NewEngine(r.config, NewSignIns(r.config))
}

// TestSideJobsOfAPostLeaveItAlone is rule P10: whatever the platform says to what
// follows publishing, or if it is not even there any more, the delivery stays as it
// is, and nobody asks for ever.
func TestSideJobsOfAPostLeaveItAlone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, job string
		platform  func(r *rig) platforms.Platform
		missing   bool
		asked     int // within ten days, an hour apart
		link      bool
	}{
		{name: "numbers, platform gone", job: takePosts},
		{name: "numbers, platform has none", job: takePosts, platform: func(r *rig) platforms.Platform { return bare{r.fake} }},
		{name: "numbers, not allowed", job: takePosts, platform: answering(nil), missing: true},
		{name: "numbers, fault of ours", job: takePosts, platform: answering(errors.New("ours"), nil), asked: 1 + 23 + 24 + 3},
		{name: "numbers, it always fails", job: takePosts, platform: answering(refusesAs(platforms.Unknown)), asked: giveUp},
		{name: "numbers, refused for good", job: takePosts, platform: answering(refusesAs(platforms.Rejected)), asked: giveUp},
		{name: "address, platform gone", job: findLinks},
		{name: "address, platform has none", job: findLinks, platform: func(r *rig) platforms.Platform { return bare{r.fake} }},
		{name: "address, not yet there", job: findLinks, platform: answering(errNotFoundYet, errNotFoundYet, nil), asked: 3, link: true},
		{name: "address, never there", job: findLinks, platform: answering(errNotFoundYet), asked: len(linkAgain) + 1},
		{name: "address, refused for good", job: findLinks, platform: answering(refusesAs(platforms.Rejected)), asked: 1},
		{name: "address, platform is down", job: findLinks, platform: answering(refusesAs(platforms.Unknown), nil), asked: 2, link: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, platforms.CertainByLooking, func(r *rig) { r.fake.linkFirst = true })
			post := r.schedule("Match day", 0, r.connect())
			r.settle()
			want := r.want(post, club.Published, club.Linked)
			if tt.link {
				want.RemoteURL = "https://fake.example/" + want.RemoteID
			}
			if tt.missing {
				r.club.Exec(`UPDATE connections SET missing = '[{"Feature":"` + string(platforms.FeatureNumbers) + `"}]'`)
			}
			var p platforms.Platform
			if tt.platform != nil {
				p = tt.platform(r)
			}
			r.on(p)
			for range 24 * 10 {
				r.clock.Advance(time.Hour)
				r.recur(tt.job)
			}
			if m, ok := p.(*moody); ok && m.asked != tt.asked {
				t.Errorf("the platform was asked %d times, want %d", m.asked, tt.asked)
			}
			if diff := cmp.Diff(want, r.delivery(post)); diff != "" {
				t.Errorf("the delivery changed (-want +got):\n%s", diff)
			}
		})
	}
}

func answering(answers ...error) func(r *rig) platforms.Platform {
	return func(r *rig) platforms.Platform {
		return &moody{renewingFake: renewingFake{r.fake}, answers: answers}
	}
}

// TestNumbersEndAfterNinetyDays: and then the platform is asked no more.
func TestNumbersEndAfterNinetyDays(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	r.schedule("Match day", 0, r.connect())
	r.settle()
	r.clock.Advance(club.NumbersFor)
	for range 5 {
		r.do(takePosts)
		r.clock.Advance(48 * time.Hour)
	}
	if n := r.server.count("/numbers"); n != 1 {
		t.Errorf("asked %d times for a post of ninety days, want once", n)
	}
}

// TestNumbersOfAnAccountInTrouble: a limit rests the numbers alone (rule P13), trouble
// is over in an hour, and what is refused is asked for the next night.
func TestNumbersOfAnAccountInTrouble(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		answers []error
		missing bool
		asked   int // within 24 hours, ten minutes apart
		taken   int
	}{
		{"taken", []error{nil}, false, 2, 2}, // at once, and at night
		{"down for a moment", []error{refusesAs(platforms.Unknown), nil}, false, 3, 2},
		{"cannot be reached", []error{refusesAs(platforms.NotSent), nil}, false, 3, 2},
		{"limit", []error{refusesAs(platforms.RateLimited), nil}, false, 3, 2},
		{"refused", []error{refusesAs(platforms.Rejected)}, false, 2, 0},
		{"fault of ours", []error{errors.New("ours"), nil}, false, 3, 2},
		{"sign-in run out", []error{refusesAs(platforms.Expired), nil}, false, 3, 2},
		{"not allowed", []error{nil}, true, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, platforms.CertainByLooking, renewing(onUse))
			conn := r.connect()
			if tt.missing {
				r.club.Exec(`UPDATE connections SET missing = '[{"Feature":"` + string(platforms.FeatureNumbers) + `"}]'`)
			}
			m := &moody{renewingFake: renewingFake{r.fake}, answers: tt.answers}
			r.on(m)
			for range 24 * 6 {
				r.recur(takeAccounts)
				r.clock.Advance(10 * time.Minute)
			}
			var taken int
			if err := r.db.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM account_snapshots`).Scan(&taken); err != nil || taken != tt.taken || m.asked != tt.asked {
				t.Errorf("asked %d times and took %d, %v; want %d and %d", m.asked, taken, err, tt.asked, tt.taken)
			}
			c, err := r.db.Connection(t.Context(), r.club.Scope, conn.ID)
			if err != nil || !c.BlockedUntil.IsZero() || c.Health != club.Working {
				t.Errorf("the account is %s and rests until %v, %v", c.Health, c.BlockedUntil, err)
			}
		})
	}
}

// TestSideJobsOfAnAccountWithoutItsPlatform: an account of a platform that is not
// built in any more is left alone, and the rest goes on.
func TestSideJobsOfAnAccountWithoutItsPlatform(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	conn := r.connect()
	r.on(nil)
	r.do(takeAccounts)
	if refusal, err := r.engine.signIns.Check(t.Context(), conn); err == nil || refusal != nil {
		t.Errorf("looked at without its platform: %v, %v", refusal, err)
	}
	if _, err := r.engine.signIns.Renew(t.Context(), conn, 1); err == nil {
		t.Error("renewed without its platform")
	}
	if h, code := r.health(conn); h != club.Working {
		t.Errorf("the account is %s (%s)", h, code)
	}
}

// TestSideJobsWaitForTheCallInHand is rule P14: one call of a connection at a time.
func TestSideJobsWaitForTheCallInHand(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	conn := r.connect()
	r.schedule("Match day", 0, conn)
	r.settle()
	r.clock.Advance(2 * time.Hour)
	r.server.misbehave("slow")
	r.schedule("Away game", 0, conn)
	r.engine.tick(t.Context())
	<-r.server.entered
	r.recur(takePosts)
	r.recur(takeAccounts)
	r.recur(checkAccounts)
	if n := r.server.count("/numbers"); n > 0 {
		t.Errorf("%d calls beside the one in hand", n)
	}
	close(r.server.hold)
	r.engine.running.Wait()
	if err := r.engine.RunSideWork(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := r.server.count("/numbers"); n != 1 {
		t.Errorf("afterwards it was asked %d times, want once", n)
	}
	if r.server.overlapped() {
		t.Error("two calls of one account at once")
	}
}

// TestIDOfAPostThatWasNeverFrozen: nothing can be looked for, and nobody tries for
// ever (row 25).
func TestIDOfAPostThatWasNeverFrozen(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByStatus)
	r.fake.nameless.Store(true)
	r.server.misbehave("reset_after")
	post := r.schedule("Match day", 0, r.connect())
	r.settle()
	r.want(post, club.Published, club.Unlinked)
	r.server.lookFail = []string{"error"}
	r.do(findLinks) // trouble: later
	r.want(post, club.Published, club.Unlinked)
	r.club.Exec(`UPDATE deliveries SET body = NULL, body_hash = NULL`)
	r.clock.Advance(time.Hour)
	r.do(findLinks)
	if n := r.planned(store.WorkLink); n != 0 {
		t.Errorf("%d still due", n)
	}
	r.want(post, club.Published, club.Unlinked)
}
