package jobs

import (
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// sharing is one of two platforms that are reached through the same app.
type sharing struct {
	*frugal
	id platforms.ID
}

func (s sharing) Info() platforms.Info {
	info := s.frugal.Info()
	info.ID, info.AppSlot, info.AppName = s.id, "metal", "Metal app"
	return info
}

// TestLimitOfThePlatformAppRestsAllOfItsAccounts: one account hears that what the app
// may do is nearly used up. All accounts of that app rest, in whichever club and on
// whichever of its platforms, and no others.
func TestLimitOfThePlatformAppRestsAllOfItsAccounts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name            string
		ownApp          bool // of the club whose account hears it
		scope           platforms.LimitScope
		club, elsewhere bool // whose accounts rest besides
	}{
		{name: "the app of the installation", scope: platforms.ScopeApp, club: true, elsewhere: true},
		{name: "an app of the club", ownApp: true, scope: platforms.ScopeApp, club: true},
		{name: "a limit of the account"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, p := newFrugal(t)
			limit := p.left()
			limit.Scope, limit.Ends = tt.scope, r.clock.Now().Add(time.Hour)
			p.left = func() platforms.Limit { return limit }
			registry := platforms.NewRegistry(sharing{p, "iron"}, sharing{p, "tin"})
			r.config.Platforms = func(int64, bool) *platforms.Registry { return registry }
			r.restart()
			app := func(c *storetest.Club) {
				t.Helper()
				if err := r.db.SaveAppCredentials(t.Context(), c.Scope, "metal", platforms.App{"client_id": platforms.NewSecret("its own")}, "test"); err != nil {
					t.Fatal(err)
				}
			}
			if tt.ownApp {
				app(r.club)
			}
			other, own := storetest.NewClub(t, r.db), storetest.NewClub(t, r.db)
			app(own)
			hears, same, tin := r.club.Connection("iron", r.tokens), r.club.Connection("iron", r.tokens), r.club.Connection("tin", r.tokens)
			elsewhere, apart := other.Connection("iron", r.tokens), own.Connection("iron", r.tokens)
			practice := r.club.Connection("iron", r.tokens)
			r.club.Exec(`UPDATE connections SET practice = 1 WHERE id = ?`, practice.ID)

			post := r.schedule("Match day", 0, hears)
			r.engine.RunDue(t.Context())
			r.want(post, club.Published, club.Linked)
			rests := func(c *storetest.Club, conn store.Connection) bool {
				t.Helper()
				now, err := r.db.Connection(t.Context(), c.Scope, conn.ID)
				if err != nil {
					t.Fatal(err)
				}
				return now.BlockedUntil.After(r.clock.Now())
			}
			for _, x := range []struct {
				who  string
				club *storetest.Club
				conn store.Connection
				want bool
			}{
				{"the account that heard it", r.club, hears, true},
				{"another account of the club", r.club, same, tt.club},
				{"one on the app's other platform", r.club, tin, tt.club},
				{"one of a club without an app of its own", other, elsewhere, tt.elsewhere},
				{"one of a club with an app of its own", own, apart, false},
				{"a make-believe one", r.club, practice, false},
			} {
				if got := rests(x.club, x.conn); got != x.want {
					t.Errorf("%s rests: %v, want %v", x.who, got, x.want)
				}
				all, err := r.db.Limits(t.Context(), x.club.Scope)
				if err != nil {
					t.Fatal(err)
				}
				if shown := len(all[x.conn.ID]) == 1; shown != x.want {
					t.Errorf("%s is shown %+v, want the limit: %v", x.who, all[x.conn.ID], x.want)
				} else if shown && all[x.conn.ID][0].Scope != tt.scope {
					t.Errorf("%s is shown a limit of scope %q, want %q", x.who, all[x.conn.ID][0].Scope, tt.scope)
				}
			}

			// What is due on another account of the app waits for the end of the limit.
			limit.Left = 25
			next := r.schedule("Result", 0, same)
			r.engine.RunDue(t.Context())
			if got := r.delivery(next).Status; (got == club.Scheduled) != tt.club {
				t.Errorf("the post of another account is %s while it rests: %v", got, tt.club)
			}
			r.settle()
			r.want(next, club.Published, club.Linked)
		})
	}
}

// TestPostThatWaitsForASharedLimitSaysWhich: the platform told another account that the
// credit of the app is used up. Nobody was asked to slow down.
func TestPostThatWaitsForASharedLimitSaysWhich(t *testing.T) {
	t.Parallel()
	for code, limit := range map[string]platforms.Limit{
		platforms.CodeNoCredit:    {Name: "credit", Unit: platforms.LimitCredit, Span: platforms.SpanNone},
		platforms.CodeMonthCap:    {Name: "plan", Unit: platforms.LimitPosts, Span: platforms.SpanMonth},
		platforms.CodeRateLimited: {Name: "calls", Unit: platforms.LimitCalls, Span: platforms.SpanHour},
	} {
		r, p := newFrugal(t)
		limit.Scope = platforms.ScopeApp
		p.left = func() platforms.Limit { return limit }
		registry := platforms.NewRegistry(sharing{p, "iron"})
		r.config.Platforms = func(int64, bool) *platforms.Registry { return registry }
		r.restart()
		hears, same := r.club.Connection("iron", r.tokens), r.club.Connection("iron", r.tokens)
		r.schedule("Match day", 0, hears)
		r.engine.RunDue(t.Context())
		post := r.schedule("Result", 0, same)
		r.engine.RunDue(t.Context())
		if d := r.want(post, club.Scheduled, club.Blocked); d.Code != code {
			t.Errorf("the post of another account says %s, want %s", d.Code, code)
		}
	}
}
