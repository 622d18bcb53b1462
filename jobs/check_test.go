package jobs

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// checked answers looks at an account one after the other.
type checked struct {
	renewingFake
	answers []func() (platforms.Account, error)
	tokens  []string
}

func (c *checked) Check(_ context.Context, s platforms.Session) (platforms.Account, error) {
	c.tokens = append(c.tokens, s.Access.Reveal())
	next := c.answers[0]
	c.answers = c.answers[1:]
	return next()
}

func TestCheckKeepsWhatThePlatformSays(t *testing.T) {
	t.Parallel()
	account := platforms.Account{Platform: "fake", Name: "New name", Granted: []platforms.Feature{platforms.FeaturePost}}
	says := func(kind platforms.Kind, code string) func() (platforms.Account, error) {
		return func() (platforms.Account, error) {
			return platforms.Account{}, &platforms.Error{Kind: kind, Code: code, Platform: "fake", Op: "check"}
		}
	}
	fine := func(missing ...platforms.MissingPermission) func() (platforms.Account, error) {
		return func() (platforms.Account, error) { a := account; a.Missing = missing; return a, nil }
	}
	for _, c := range []struct {
		name    string
		answers []func() (platforms.Account, error)
		health  club.Health
		code    string // of the connection
		check   string // of the newest check
		refused bool
		renewed bool
	}{
		{"works", []func() (platforms.Account, error){fine()}, club.Working, "", "", false, false},
		{"one permission less", []func() (platforms.Account, error){fine(platforms.MissingPermission{Feature: platforms.FeatureNumbers, Permission: "read"})}, club.WorksWithGaps, platforms.CodeNoFeature, platforms.CodeNoFeature, false, false},
		{"may not post", []func() (platforms.Account, error){fine(platforms.MissingPermission{Feature: platforms.FeaturePost, Permission: "write"})}, club.WorksWithGaps, platforms.CodeNoPublish, platforms.CodeNoPublish, false, false},
		{"taken back", []func() (platforms.Account, error){says(platforms.Revoked, platforms.CodeAuthRevoked)}, club.NeedsReconnect, platforms.CodeAuthRevoked, platforms.CodeAuthRevoked, true, false},
		{"run out, and renewed", []func() (platforms.Account, error){says(platforms.Expired, ""), fine()}, club.Working, "", "", false, true},
		{"refused again once renewed", []func() (platforms.Account, error){says(platforms.Expired, ""), says(platforms.Expired, platforms.CodeAuthExpired)}, club.Working, "", platforms.CodeAuthExpired, true, true},
		{"restricted", []func() (platforms.Account, error){says(platforms.Rejected, platforms.CodeRestricted)}, club.WorksWithGaps, platforms.CodeRestricted, platforms.CodeRestricted, true, false},
		{"a refusal that says nothing of the account", []func() (platforms.Account, error){says(platforms.Rejected, platforms.CodeUnknownRefusal)}, club.Working, "", platforms.CodeUnknownRefusal, true, false},
		{"trouble proves nothing", []func() (platforms.Account, error){says(platforms.Unknown, "")}, club.Working, "", platforms.CodePlatformDown, true, false},
		{"nor does a limit", []func() (platforms.Account, error){says(platforms.RateLimited, platforms.CodeRateLimited)}, club.Working, "", platforms.CodeRateLimited, true, false},
		{"another account", []func() (platforms.Account, error){func() (platforms.Account, error) {
			return platforms.Account{RemoteID: "somebody else"}, nil
		}}, club.Working, "", "", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, platforms.CertainByKey, renewing(platforms.Renewal{OnUse: true}))
			conn := r.connect()
			p := &checked{renewingFake: renewingFake{r.fake}}
			for _, a := range c.answers {
				p.answers = append(p.answers, func() (platforms.Account, error) {
					got, err := a()
					if got.RemoteID == "" {
						got.RemoteID = conn.Account.RemoteID
					}
					return got, err
				})
			}
			registry := platforms.NewRegistry(p)
			r.config.Platforms = func(int64, bool) *platforms.Registry { return registry }
			refusal, err := NewSignIns(r.config).Check(t.Context(), conn)
			if (err != nil) != (c.name == "another account") {
				t.Fatal(err)
			}
			if (refusal != nil) != c.refused {
				t.Errorf("refusal: %v", refusal)
			}
			s := store.Scope{ClubID: conn.ClubID}
			now, err := r.db.Connection(t.Context(), s, conn.ID)
			if err != nil {
				t.Fatal(err)
			}
			if now.Health != c.health || now.HealthCode != c.code {
				t.Errorf("health %s %q, want %s %q", now.Health, now.HealthCode, c.health, c.code)
			}
			checks, err := r.db.ConnectionChecks(t.Context(), s, conn.ID, 1)
			if err != nil {
				t.Fatal(err)
			}
			if len(checks) == 1 && checks[0].Code != c.check {
				t.Errorf("newest check says %q, want %q", checks[0].Code, c.check)
			}
			want := []string{"first"}
			if c.renewed {
				want = append(want, p.tokens[len(p.tokens)-1])
				if want[1] == "first" {
					t.Error("asked again with the token that had run out")
				}
			}
			if diff := cmp.Diff(want, p.tokens); diff != "" {
				t.Errorf("tokens: %s", diff)
			}
		})
	}
}

// TestRefusedCheckDoesNotMakeABrokenAccountUsable: whatever the platform refuses a
// check with, and whenever the account broke, only an answer that shows that it
// works lets its posts go out again.
func TestRefusedCheckDoesNotMakeABrokenAccountUsable(t *testing.T) {
	t.Parallel()
	for _, broken := range []club.Health{club.NeedsReconnect, club.Paused} {
		for _, code := range []string{platforms.CodeUnknownRefusal, platforms.CodeRestricted, ""} {
			for _, meanwhile := range []bool{false, true} {
				t.Run(fmt.Sprint(broken, "/", code, "/", meanwhile), func(t *testing.T) {
					t.Parallel()
					r := newRig(t, platforms.CertainByKey)
					conn := r.connect()
					breaks := func() {
						if err := r.db.SetHealth(t.Context(), conn.ID, broken, platforms.CodeAuthRevoked); err != nil {
							t.Error(err)
						}
					}
					p := &checked{renewingFake: renewingFake{r.fake}, answers: []func() (platforms.Account, error){func() (platforms.Account, error) {
						if meanwhile {
							breaks()
						}
						return platforms.Account{}, &platforms.Error{Kind: platforms.Rejected, Code: code, Platform: "fake", Op: "check"}
					}}}
					if !meanwhile {
						breaks()
						conn = r.connection(conn.ID)
					}
					r.on(p)
					if refusal, err := r.engine.signIns.Check(t.Context(), conn); refusal == nil || err != nil {
						t.Fatalf("the check gave %v, %v; want the refusal", refusal, err)
					}
					if now := r.connection(conn.ID); now.Health != broken || now.HealthCode != platforms.CodeAuthRevoked {
						t.Errorf("after the check it is %s (%s), want it as it was: %s (%s)", now.Health, now.HealthCode, broken, platforms.CodeAuthRevoked)
					}
				})
			}
		}
	}
}

// TestRenewalThatFailsDoesNotMakeABrokenAccountUsable: the account broke while the
// renewal was under way.
func TestRenewalThatFailsDoesNotMakeABrokenAccountUsable(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByKey, renewing(platforms.Renewal{OnUse: true}))
	conn := r.connect()
	r.server.renewAs = []string{"error", "error", "error"}
	for n := range tellAfter {
		if n == tellAfter-1 {
			r.server.onRenew = func() {
				if err := r.db.SetHealth(t.Context(), conn.ID, club.NeedsReconnect, platforms.CodeAuthRevoked); err != nil {
					t.Error(err)
				}
			}
		}
		if _, err := r.engine.signIns.Renew(t.Context(), conn, r.access(conn).Version); err == nil {
			t.Fatal("a renewal succeeded")
		}
		r.clock.Advance(time.Hour)
	}
	if now := r.connection(conn.ID); now.Health != club.NeedsReconnect {
		t.Errorf("after %d renewals that failed it is %s, want %s", tellAfter, now.Health, club.NeedsReconnect)
	}
}

// connection reads an account as it is now.
func (r *rig) connection(id int64) store.Connection {
	r.t.Helper()
	c, err := r.db.Connection(r.t.Context(), r.club.Scope, id)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

func TestCheckLeavesADisconnectedAccountAlone(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByKey)
	conn := r.connect()
	s := store.Scope{ClubID: conn.ClubID, PersonID: conn.ConnectedBy}
	if err := r.db.Disconnect(t.Context(), s, conn.ID, "test"); err != nil {
		t.Fatal(err)
	}
	conn, err := r.db.Connection(t.Context(), s, conn.ID)
	if err != nil {
		t.Fatal(err)
	}
	if refusal, err := NewSignIns(r.config).Check(t.Context(), conn); refusal != nil || err != nil {
		t.Error(refusal, err)
	}
	if _, err := r.db.AccessToken(t.Context(), conn.ID); !errors.Is(err, club.ErrNotFound) {
		t.Errorf("its token is still there: %v", err)
	}
}

// TestTheDailyCheckLeavesARestingAccountAlone: a limit holds for every call (rule
// P13).
func TestTheDailyCheckLeavesARestingAccountAlone(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByKey)
	asked := 0
	registry := platforms.NewRegistry(polite{r.fake, &asked})
	r.config.Platforms = func(int64, bool) *platforms.Registry { return registry }
	r.restart()
	conn := r.connect()
	look := func() {
		t.Helper()
		if err := r.engine.work.RunDue(t.Context(), store.WorkCheck); err != nil {
			t.Fatal(err)
		}
	}
	r.clock.Advance(2 * club.CheckAccountsEvery)
	if err := r.db.Block(t.Context(), conn.ID, r.clock.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if look(); asked != 0 {
		t.Errorf("it was asked %d times while it rests", asked)
	}
	r.clock.Advance(time.Hour)
	if look(); asked != 1 {
		t.Errorf("it was asked %d times after that, want once", asked)
	}
}

// polite is a platform that counts how often it is asked about an account.
type polite struct {
	*fake
	asked *int
}

func (p polite) Check(_ context.Context, s platforms.Session) (platforms.Account, error) {
	*p.asked++
	return s.Account, nil
}

func TestCheckFindsASignInThatRanOutAndCannotBeRenewed(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByKey)
	conn := r.connect()
	registry := platforms.NewRegistry(cannotRenew{r.fake})
	r.config.Platforms = func(int64, bool) *platforms.Registry { return registry }
	if _, err := NewSignIns(r.config).Check(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	got, err := r.db.Connection(t.Context(), r.club.Scope, conn.ID)
	if err != nil || got.Health != club.NeedsReconnect || got.HealthCode != platforms.CodeAuthExpired {
		t.Errorf("after the check it is %s (%s), %v; want %s", got.Health, got.HealthCode, err, club.NeedsReconnect)
	}
}

// cannotRenew is a platform that says the sign-in ran out.
type cannotRenew struct{ *fake }

func (cannotRenew) Check(context.Context, platforms.Session) (platforms.Account, error) {
	return platforms.Account{}, &platforms.Error{Kind: platforms.Expired, Code: platforms.CodeAuthExpired, Platform: "fake", Op: "check"}
}
