package jobs

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

var onUse = platforms.Renewal{OnUse: true}

// expired lets the platform refuse the first token, and end soon.
func expiring(in time.Duration) func(*rig) {
	return func(r *rig) {
		r.tokens.AccessExpires = r.clock.Now().Add(in)
		r.tokens.RefreshExpires = r.clock.Now().AddDate(0, 6, 0)
	}
}

func only(tokens ...string) func(*rig) {
	return func(r *rig) {
		r.server.tokens = map[string]bool{}
		for _, t := range tokens {
			r.server.tokens["Bearer "+t] = true
		}
	}
}

func (r *rig) access(conn store.Connection) store.AccessToken {
	r.t.Helper()
	t, err := r.db.AccessToken(r.t.Context(), conn.ID)
	if err != nil {
		r.t.Fatal(err)
	}
	return t
}

func (r *rig) health(conn store.Connection) (club.Health, string) {
	r.t.Helper()
	c, err := r.db.Connection(r.t.Context(), r.club.Scope, conn.ID)
	if err != nil {
		r.t.Fatal(err)
	}
	return c.Health, c.HealthCode
}

func TestRenewsBeforeACallThatIsAboutToBeMade(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, renewing(onUse), expiring(9*time.Minute), only())
	post := r.schedule("Match day", 0, r.connect())
	r.settle()
	r.want(post, club.Published, club.Linked)
	if n := r.server.renewals.Load(); n != 1 {
		t.Errorf("renewed %d times, want once", n)
	}
}

func TestRenewsOnceAfter401(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, renewing(onUse), only())
	post := r.schedule("Match day", 0, r.connect())
	r.settle()
	if d := r.want(post, club.Published, club.Linked); d.Renewals != 1 || d.Generation != 1 {
		t.Errorf("renewals %d, generation %d; want 1 and 1", d.Renewals, d.Generation)
	}
	r.wantAccepted("Match day", 1)
}

func TestRenewalWithoutAnswerLeavesThePairAndTheAccount(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, renewing(onUse), only(), func(r *rig) { r.server.renewAs = []string{"error", "error"} })
	conn := r.connect()
	post := r.schedule("Match day", 0, conn)
	r.engine.RunDue(t.Context())
	r.want(post, club.Publishing, club.Backoff)
	if got := r.access(conn); got.Version != 1 || got.Secret.Reveal() != "first" {
		t.Errorf("the pair was touched: version %d", got.Version)
	}
	if h, _ := r.health(conn); h != club.Working {
		t.Errorf("a lost answer made the account %s", h)
	}
	r.settle()
	r.want(post, club.Published, club.Linked)
}

func TestRefusedRenewalAsksForReconnectingOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, renewing(onUse), only(), func(r *rig) { r.server.renewAs = []string{"revoked"} })
	conn := r.connect()
	first := r.schedule("Match day", 0, conn)
	second := r.schedule("Result", time.Minute, conn)
	r.settle()
	r.want(first, club.NeedsAttention, club.Reconnect)
	r.want(second, club.NeedsAttention, club.Reconnect)
	if h, code := r.health(conn); h != club.NeedsReconnect || code != "code_revoked" {
		t.Errorf("account is %s (%s)", h, code)
	}
	notices, err := r.db.Notices(t.Context(), r.club.Scope, 10)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, notice := range notices {
		if notice.Kind == club.NoticeReconnect {
			n++
		}
	}
	if n != 1 || len(notices) != 3 {
		t.Errorf("%d notices to reconnect of %d, want 1 of 3", n, len(notices))
	}
	if n := r.server.renewals.Load(); n != 1 {
		t.Errorf("asked %d times, want once: a refused token must not be tried again", n)
	}
}

func TestRevokedButSomebodySignedInMeanwhile(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, renewing(onUse), only("second"))
	conn := r.connect()
	post := r.schedule("Match day", 0, conn)
	if err := r.db.SaveTokens(t.Context(), conn.ID, platforms.Tokens{Access: platforms.NewSecret("second")}); err != nil {
		t.Fatal(err)
	}
	token, err := NewSignIns(r.config).Renew(t.Context(), conn, 1)
	if err != nil || token.Version != 2 || r.server.renewals.Load() != 0 {
		t.Errorf("version %d after %d renewals, %v; want what is there", token.Version, r.server.renewals.Load(), err)
	}
	r.settle()
	r.want(post, club.Published, club.Linked)
}

func TestEmptyRefreshTokenKeepsTheOld(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, renewing(onUse), func(r *rig) { r.server.renewAs = []string{"empty"} })
	conn := r.connect()
	s := NewSignIns(r.config)
	if _, err := s.Renew(t.Context(), conn, 1); err != nil {
		t.Fatal(err)
	}
	renewal, err := r.db.StartRenewal(t.Context(), conn.ID, "boot", r.clock.Now())
	if err != nil || renewal.Refresh.Reveal() != "refresh-first" || renewal.Version != 2 {
		t.Errorf("refresh token %q of version %d, %v; want the old one", renewal.Refresh.Reveal(), renewal.Version, err)
	}
	if err := r.db.SaveTokens(t.Context(), conn.ID, platforms.Tokens{}); err == nil {
		t.Error("an empty access token overwrote one")
	}
}

// TestManyUsersOneRenewal is T-TOKEN: 64 at the same time make one call.
func TestManyUsersOneRenewal(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, renewing(onUse), expiring(time.Minute))
	conn := r.connect()
	s := NewSignIns(r.config)
	p, _ := r.config.Platforms(r.club.ClubID, false).Platform("fake")
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			session, version, err := s.Session(t.Context(), conn, p)
			if err != nil || version != 2 || session.Access.Reveal() != "renewed-1" {
				t.Errorf("session with version %d, %v; want the new token", version, err)
			}
		})
	}
	all.Wait()
	if n := r.server.renewals.Load(); n != 1 {
		t.Errorf("%d renewals, want 1", n)
	}
}

func TestSignInThatCannotBeRenewedIsUsedToItsEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, renewing(onUse), expiring(5*time.Minute), func(r *rig) { r.tokens.Refresh = platforms.Secret{} })
	conn := r.connect()
	post := r.schedule("Match day", 0, conn)
	r.engine.RunDue(t.Context())
	r.want(post, club.Published, club.Linked)
	if h, _ := r.health(conn); h != club.Working {
		t.Errorf("account is %s while its sign-in lives", h)
	}
	later := r.schedule("Result", 6*time.Minute, conn)
	r.after(6 * time.Minute)
	r.want(later, club.Scheduled, club.Blocked)
	if h, code := r.health(conn); h != club.NeedsReconnect || code != platforms.CodeAuthExpired {
		t.Errorf("account is %s (%s) after the end", h, code)
	}
}

func TestRenewalIsTriedAgainAfterHalfAMinute(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, renewing(onUse), expiring(time.Minute), func(r *rig) { r.server.renewAs = []string{"error"} })
	conn := r.connect()
	s := NewSignIns(r.config)
	p, _ := r.config.Platforms(r.club.ClubID, false).Platform("fake")
	use := func() int64 {
		t.Helper()
		_, version, err := s.Session(t.Context(), conn, p)
		if err != nil {
			t.Fatal(err)
		}
		return version
	}
	for range 3 {
		if v := use(); v != 1 {
			t.Errorf("version %d, want the old one while it lives", v)
		}
	}
	if n := r.server.renewals.Load(); n != 1 {
		t.Errorf("%d calls within half a minute, want 1", n)
	}
	r.clock.Advance(30 * time.Second)
	if v := use(); v != 2 {
		t.Errorf("version %d, want the new one", v)
	}
}

func TestStoppingDoesNotLoseARenewal(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, renewing(onUse))
	conn := r.connect()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := NewSignIns(r.config).Renew(ctx, conn, 1); err != nil {
		t.Fatal(err)
	}
	if got := r.access(conn); got.Secret.Reveal() != "renewed-1" {
		t.Error("the new pair was not kept")
	}
}

func TestRenewsInTimeByTheTable(t *testing.T) {
	t.Parallel()
	policy := platforms.Renewal{Before: 30 * 24 * time.Hour, MinAge: 24 * time.Hour}
	r := newRig(t, platforms.CertainByLooking, renewing(policy), expiring(60*24*time.Hour))
	conn := r.connect()
	for _, tt := range []struct {
		after time.Duration
		want  int64
	}{{29 * 24 * time.Hour, 0}, {24*time.Hour - time.Second, 0}, {time.Second, 1}, {0, 1}} {
		r.clock.Advance(tt.after)
		if err := r.engine.work.RunDue(t.Context(), store.WorkRenewal); err != nil {
			t.Fatal(err)
		}
		if got := r.server.renewals.Load(); got != tt.want {
			t.Errorf("at %v: %d renewals, want %d", r.clock.Now(), got, tt.want)
		}
	}
	if v := r.access(conn).Version; v != 2 {
		t.Errorf("version %d", v)
	}
}

func TestYoungTokensAreNotRenewed(t *testing.T) {
	t.Parallel()
	policy := platforms.Renewal{Before: 30 * 24 * time.Hour, MinAge: 24 * time.Hour}
	r := newRig(t, platforms.CertainByLooking, renewing(policy), expiring(20*24*time.Hour))
	r.connect()
	if err := r.engine.work.RunDue(t.Context(), store.WorkRenewal); err != nil || r.server.renewals.Load() != 0 {
		t.Errorf("%d renewals, %v; want none", r.server.renewals.Load(), err)
	}
}

// Symptom: a platform did not answer renewals for a few minutes; an hour later,
// though it had long been well again, every post to the account was given up.
func TestPostsOutliveRenewalsThatFailedForMinutes(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, renewing(onUse), only())
	r.server.renewAs = []string{"error", "error", "error", "error"}
	post := r.schedule("Match day", 0, r.connect())
	r.settle()
	r.want(post, club.Published, club.Linked)
	r.wantAccepted("Match day", 1)
}
