package jobs

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

const (
	// roundsVariable says how often the sign-ins are to be renewed.
	roundsVariable  = "BANDSTAND_TEST_ROUNDS"
	roundsByDefault = 200
	usersAtOnce     = 64
	callersAtOnce   = 8 // of them, where none is to be refused
)

func rounds(t *testing.T) int {
	t.Helper()
	s := os.Getenv(roundsVariable)
	if s == "" {
		return roundsByDefault
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("%s: %v", roundsVariable, err)
	}
	return n
}

// shareSignIn lets accounts hang on one sign-in.
func (r *rig) shareSignIn(conns ...*store.Connection) {
	r.t.Helper()
	for _, c := range conns {
		c.Account.SignIn = "fake/app/maeve"
		r.club.Exec(`UPDATE connections SET sign_in = ? WHERE id = ?`, c.Account.SignIn, c.ID)
	}
}

// use makes a call as everything does that calls a platform: with a session, and
// once more with a new token where that one is refused.
func (r *rig) use(s *SignIns, conn store.Connection) error {
	p := renewingFake{r.fake}
	session, version, err := s.Session(r.t.Context(), conn, p)
	if err != nil {
		return err
	}
	return r.call(s, conn, session, version)
}

func (r *rig) call(s *SignIns, conn store.Connection, session platforms.Session, version int64) error {
	p := renewingFake{r.fake}
	_, err := p.PostNumbers(r.t.Context(), session, "1")
	if platforms.KindOf(err) != platforms.Expired {
		return err
	}
	token, err := s.Renew(r.t.Context(), conn, version)
	if err != nil {
		return err
	}
	session.Access = token.Secret
	_, err = p.PostNumbers(r.t.Context(), session, "1")
	return err
}

// TestSignInsAreRenewedOnceAndNeverLost is T-TOKEN: 64 at the same time, before
// the end of the token, after it, and when the platform refuses it out of turn;
// an account by itself, and two that hang on one sign-in. A refresh token that is
// used twice ends the sign-in.
func TestSignInsAreRenewedOnceAndNeverLost(t *testing.T) {
	t.Parallel()
	f := &families{reuse: ends}
	r := newRig(t, platforms.CertainByLooking, inFront(f))
	alone := r.connect()
	r.tokens = f.consent()
	one, other := r.connect(), r.connect()
	r.shareSignIn(&one, &other)
	all := []store.Connection{alone, one, other}
	f.firstUse = func(token string) {
		for _, c := range all {
			if stored, err := r.db.AccessToken(t.Context(), c.ID); err == nil && stored.Secret.Reveal() == token {
				return
			}
		}
		t.Errorf("%s is used before it is stored", token)
	}
	s := NewSignIns(r.config)
	random := rand.New(rand.NewPCG(1, 2))
	renewed, failed := 0, 0
	for round := range rounds(t) {
		group := [][]store.Connection{{alone}, {one, other}}[random.IntN(2)]
		moveTo := func(left int64) { // of the life of the first
			r.clock.Advance(max(0, r.access(group[0]).Expires.Add(-time.Duration(left)).Sub(r.clock.Now())))
		}
		want, wait, callers := 0, 30*time.Second, callersAtOnce
		trouble := ""
		switch random.IntN(4) {
		case 0:
			for _, c := range group {
				f.refuseAccess(r.access(c).Secret)
			}
			want, callers = len(group), usersAtOnce
		case 1: // about to end
			moveTo(1 + random.Int64N(int64(20*time.Minute)))
		case 2: // over
			moveTo(-random.Int64N(int64(3 * time.Hour)))
		case 3: // about to end, and the platform has trouble: the old one will do
			moveTo(int64(time.Minute) + random.Int64N(int64(17*time.Minute)))
			trouble = []string{"error", "rate_limited", "rejected", "unknown"}[random.IntN(4)]
		}
		for _, c := range group {
			token := r.access(c)
			if want < len(group) && s.endsSoon(token) {
				want++
			}
			if s.ended(token) {
				trouble = ""
			}
		}
		if trouble != "" && want > 0 {
			f.answer(trouble)
			want = 1 // and nobody asks again so soon
			wait = 15 * time.Minute
			failed++
		}
		before, _ := f.counts()
		var users sync.WaitGroup
		for i := range usersAtOnce {
			users.Go(func() {
				conn := group[i%len(group)]
				session, version, err := s.Session(t.Context(), conn, renewingFake{r.fake})
				if err == nil && i < callers {
					err = r.call(s, conn, session, version)
				}
				if err != nil {
					t.Errorf("round %d: %v", round, err)
				}
			})
		}
		users.Wait()
		after, lost := f.counts()
		if got := after - before; got != want || lost > 0 {
			t.Fatalf("round %d: %d renewals of %d accounts, want %d; %d sign-ins lost", round, got, len(group), want, lost)
		}
		f.answer()
		renewed += after - before
		r.clock.Advance(wait)
	}
	for _, c := range all {
		if h, code := r.health(c); h != club.Working || code != "" && code != platforms.CodeRenewFailing {
			t.Errorf("account %d is %s (%s)", c.ID, h, code)
		}
	}
	t.Logf("%d renewals, %d of them in vain, for %d users at once: none twice, no sign-in lost", renewed, failed, usersAtOnce)
}

// TestKilledAroundARenewal: what the next process makes of a renewal that was
// under way, by where the one before it ended and by what the platform makes of
// a refresh token that comes twice.
func TestKilledAroundARenewal(t *testing.T) {
	t.Parallel()
	const (
		beforeCall   = "before the call"
		answerLost   = "the platform has renewed, and nobody reads or keeps its answer"
		afterKeeping = "the new pair is kept and was never used"
	)
	for _, tt := range []struct {
		at       string
		reuse    reuse
		renewals int // of both processes
		health   club.Health
	}{
		{beforeCall, ends, 1, club.Working},
		{beforeCall, repeats, 1, club.Working},
		{beforeCall, same, 1, club.Working},
		{answerLost, ends, 2, club.NeedsReconnect},
		{answerLost, repeats, 2, club.Working},
		{answerLost, same, 2, club.Working},
		{afterKeeping, ends, 1, club.Working},
		{afterKeeping, repeats, 1, club.Working},
		{afterKeeping, same, 1, club.Working},
	} {
		t.Run(tt.at+", and a token that comes twice "+string(tt.reuse), func(t *testing.T) {
			t.Parallel()
			f := &families{reuse: tt.reuse}
			r := newRig(t, platforms.CertainByLooking, inFront(f))
			conn := r.connect()
			post := r.schedule("Match day", 0, conn)
			second := r.schedule("Result", time.Minute, conn)
			f.refuseAccess(r.tokens.Access)
			if _, err := r.db.StartRenewal(t.Context(), conn.ID, r.config.Boot, r.clock.Now().Add(renewAgain[0])); err != nil {
				t.Fatal(err)
			}
			if tt.at != beforeCall {
				tokens, err := renewingFake{r.fake}.Renew(t.Context(), nil, conn.Account, r.tokens.Refresh)
				if err != nil {
					t.Fatal(err)
				}
				if tt.at == afterKeeping {
					if err := r.db.FinishRenewal(t.Context(), conn.ID, 1, tokens); err != nil {
						t.Fatal(err)
					}
				}
			}
			r.restart()
			r.engine.RunDue(t.Context())
			if n, _ := f.counts(); tt.at != afterKeeping && n != tt.renewals-1 {
				t.Errorf("%d renewals at once after the start: the platform may still be at work on the first", n)
			}
			r.settle()
			if n, _ := f.counts(); n != tt.renewals {
				t.Errorf("%d renewals, want %d", n, tt.renewals)
			}
			if h, _ := r.health(conn); h != tt.health {
				t.Fatalf("the account is %s, want %s", h, tt.health)
			}
			want, phase := club.Published, club.Linked
			if tt.health == club.NeedsReconnect {
				want, phase = club.NeedsAttention, club.Reconnect
			}
			r.want(post, want, phase)
			r.want(second, want, phase)
		})
	}
}

// TestLostAnswerIsTriedOnceMore: while the old access lives it will do, and the
// same refresh token is tried once more after half a minute, by no account of the
// sign-in before.
func TestLostAnswerIsTriedOnceMore(t *testing.T) {
	t.Parallel()
	f := &families{reuse: repeats}
	r := newRig(t, platforms.CertainByLooking, inFront(f))
	one, other := r.connect(), r.connect()
	r.shareSignIn(&one, &other)
	s := NewSignIns(r.config)
	r.clock.Advance(accessLife - 10*time.Minute)
	f.answer("lost")
	for _, c := range []store.Connection{one, other, one, other} {
		if err := r.use(s, c); err != nil {
			t.Errorf("the old access lives, and is not used: %v", err)
		}
	}
	if n, _ := f.counts(); n != 1 || r.access(one).Version != 1 {
		t.Errorf("%d renewals within half a minute, version %d; want 1 and the old pair", n, r.access(one).Version)
	}
	r.clock.Advance(30 * time.Second)
	for _, c := range []store.Connection{one, other} {
		if err := r.use(s, c); err != nil || r.access(c).Version != 2 {
			t.Errorf("after half a minute: version %d, %v; want a new pair", r.access(c).Version, err)
		}
	}
}

// Symptom: while the platform refused a refresh token, somebody signed in again;
// the call went out with the old access token, and the new sign-in was said to
// need reconnecting.
func TestRefusedRenewalMeetsANewSignIn(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, renewing(onUse), only("new"), func(r *rig) { r.server.renewAs = []string{"revoked"} })
	conn := r.connect()
	r.server.onRenew = func() {
		if err := r.db.SaveTokens(t.Context(), conn.ID, platforms.Tokens{Access: platforms.NewSecret("new")}); err != nil {
			t.Error(err)
		}
	}
	token, err := NewSignIns(r.config).Renew(t.Context(), conn, 1)
	if err != nil || token.Version != 2 || token.Secret.Reveal() != "new" {
		t.Errorf("got %q of version %d, %v; want the new token", token.Secret.Reveal(), token.Version, err)
	}
	if h, _ := r.health(conn); h != club.Working {
		t.Errorf("the new sign-in is said to be %s", h)
	}
}

// Symptom: a post that was on its way with the old sign-in, which the person had
// taken back, made the new sign-in need reconnecting.
func TestOldTokenThatIsRefusedDoesNotBreakANewSignIn(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, renewing(onUse))
	conn := r.connect()
	r.server.misbehave("slow_revoked")
	post := r.schedule("Match day", 0, conn)
	done := make(chan struct{})
	go func() {
		r.engine.RunDue(t.Context())
		close(done)
	}()
	<-r.server.entered
	if err := r.db.SaveTokens(t.Context(), conn.ID, platforms.Tokens{Access: platforms.NewSecret("new")}); err != nil {
		t.Error(err)
	}
	close(r.server.hold)
	<-done
	if h, _ := r.health(conn); h != club.Working {
		t.Errorf("the new sign-in is said to be %s", h)
	}
	r.settle()
	r.want(post, club.Published, club.Linked)
	r.wantAccepted("Match day", 1)
}

// Symptom: a platform that refused what it had given a moment ago, in a bad
// minute, left the account to be reconnected although its sign-in was good.
func TestNewTokenThatIsRefusedIsGivenTime(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, renewing(onUse))
	conn := r.connect()
	post := r.schedule("Match day", 0, conn)
	r.server.misbehave("expired", "expired")
	r.engine.RunDue(t.Context())
	if d := r.want(post, club.Publishing, club.Backoff); d.Renewals != 2 || !d.NextAt.After(r.clock.Now()) {
		t.Errorf("%d renewals, next at %v; want 2, and a wait", d.Renewals, d.NextAt)
	}
	r.settle()
	r.want(post, club.Published, club.Linked)
	r.wantAccepted("Match day", 1)

	// However often: who goes on giving tokens has not ended the sign-in (rule P17).
	for times, want := range map[int]club.Phase{5: club.Linked, 12: club.Exhausted} {
		later := r.schedule(fmt.Sprintf("Refused %d times", times), 0, conn)
		r.server.misbehave(slices.Repeat([]string{"expired"}, times)...)
		r.settle()
		if d := r.delivery(later); d.Phase != want {
			t.Errorf("refused %d times it ended as %s/%s, want %s:\n%s", times, d.Status, d.Phase, want, r.story(later))
		}
		r.server.misbehave()
		if h, code := r.health(conn); h != club.Working {
			t.Errorf("refused %d times, the account is %s (%s)", times, h, code)
		}
	}
}

// Symptom: the answer to a renewal that a person's request had asked for came
// while the disk was full; the request ended, and the new pair with it.
func TestNewPairOutlivesWhoeverAskedForIt(t *testing.T) {
	t.Parallel()
	f := &families{reuse: ends}
	r := newRig(t, platforms.CertainByLooking, inFront(f))
	conn := r.connect()
	ctx, stop := r.impatient()
	s := NewSignIns(r.config)
	f.refuseAccess(r.tokens.Access)
	f.firstUse = nil
	r.fake.onRenewed = func() {
		r.pragma("query_only = 1")
		stop()
	}
	_, err := s.Renew(ctx, conn, 1)
	if !club.Storage(err) {
		t.Fatalf("ended with %v, want what the database said", err)
	}
	r.fake.onRenewed = nil
	if _, err := s.Renew(t.Context(), conn, 1); !club.Storage(err) {
		t.Errorf("with a disk that is still full: %v", err)
	}
	r.pragma("query_only = 0")
	if err := r.use(s, conn); err != nil {
		t.Error(err)
	}
	if n, lost := f.counts(); n != 1 || lost != 0 {
		t.Errorf("%d renewals, %d sign-ins lost; want 1 and none", n, lost)
	}
}

// TestOnlyARefusedRefreshTokenAsksForAPerson: trouble of any other kind, as long
// as it lasts, leaves the account and its pair alone.
func TestOnlyARefusedRefreshTokenAsksForAPerson(t *testing.T) {
	t.Parallel()
	for _, as := range []string{"error", "rate_limited", "rejected", "unknown", "no access"} {
		t.Run(as, func(t *testing.T) {
			t.Parallel()
			f := &families{reuse: same}
			r := newRig(t, platforms.CertainByLooking, inFront(f))
			conn := r.connect()
			f.refuseAccess(r.tokens.Access)
			f.answer(as, as, as, as, as, as)
			s := NewSignIns(r.config)
			for range 6 {
				if _, err := s.Renew(t.Context(), conn, 1); err == nil || platforms.KindOf(err) == platforms.Revoked {
					t.Errorf("renewing ended with %v", err)
				}
				if h, _ := r.health(conn); h != club.Working {
					t.Fatalf("the account is %s", h)
				}
				r.clock.Advance(15 * time.Minute)
			}
			if n, _ := f.counts(); n != 6 {
				t.Errorf("%d renewals, want 6", n)
			}
			if err := r.use(s, conn); err != nil || r.access(conn).Version != 2 {
				t.Errorf("when the trouble is over: version %d, %v", r.access(conn).Version, err)
			}
		})
	}
}

// TestRenewsBeforeTheEnd: with 15 % of the life left, or ten minutes, whichever
// is more; never what cannot be made to last longer.
func TestRenewsBeforeTheEnd(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, tt := range []struct {
		life, refresh, left time.Duration // refresh: zero for no known end
		renews              bool
	}{
		{2 * time.Hour, 0, 18 * time.Minute, false},
		{2 * time.Hour, 0, 18*time.Minute - time.Millisecond, true},
		{time.Hour, 0, 10 * time.Minute, false},
		{time.Hour, 0, 10*time.Minute - time.Millisecond, true},
		{60 * day, 365 * day, 9 * day, false},
		{60 * day, 365 * day, 9*day - time.Millisecond, true},
		{5 * day, 5 * day, time.Minute, false},
		{5 * day, 5 * day, 0, true},
		{2 * time.Hour, 0, 0, true},
		{0, 0, 0, false}, // lasts for ever
	} {
		t.Run(tt.left.String()+" of "+tt.life.String(), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, platforms.CertainByLooking, renewing(onUse), func(r *rig) {
				if tt.life > 0 {
					r.tokens.AccessExpires = r.clock.Now().Add(tt.life)
				}
				if tt.refresh > 0 {
					r.tokens.RefreshExpires = r.clock.Now().Add(tt.refresh)
				}
			})
			conn := r.connect()
			r.clock.Advance(tt.life - tt.left)
			if _, _, err := NewSignIns(r.config).Session(t.Context(), conn, renewingFake{r.fake}); err != nil {
				t.Fatal(err)
			}
			if got := r.server.renewals.Load() > 0; got != tt.renews {
				t.Errorf("renewed: %v, want %v", got, tt.renews)
			}
		})
	}
}

// TestRenewedWhileDisconnecting: a sign-in that is no more is none to use.
func TestRenewedWhileDisconnecting(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, renewing(onUse))
	conn := r.connect()
	r.server.onRenew = func() {
		if err := r.db.Disconnect(t.Context(), r.club.Scope, conn.ID, "test"); err != nil {
			t.Error(err)
		}
	}
	_, err := NewSignIns(r.config).Renew(t.Context(), conn, 1)
	if platforms.KindOf(err) != platforms.Revoked {
		t.Errorf("renewing ended with %v", err)
	}
	if _, err := r.db.AccessToken(t.Context(), conn.ID); !errors.Is(err, club.ErrNotFound) {
		t.Errorf("the new pair was kept for a connection that is gone: %v", err)
	}
}
