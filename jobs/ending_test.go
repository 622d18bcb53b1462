package jobs

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

const day = 24 * time.Hour

// warnings is what a person's bell says of sign-ins that end, oldest first.
func (r *rig) warnings(s store.Scope) []string {
	r.t.Helper()
	out := []string{}
	for _, n := range r.everTold(s, club.NoticeEnding) {
		out = append(out, n.At.Format(time.DateTime)+" ends "+n.Args["ends"])
	}
	return out
}

// everTold lists the notices of one kind that a person was given, oldest first, also
// those whose cause is gone.
func (r *rig) everTold(s store.Scope, kind string) (all []store.Notice) {
	r.t.Helper()
	rows, err := r.db.Reader().QueryContext(r.t.Context(), `
		SELECT args, created_at FROM notices WHERE club_id = ? AND person_id = ? AND kind = ? ORDER BY created_at, id`, s.ClubID, s.PersonID, kind)
	if err != nil {
		r.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var args string
		var at int64
		n := store.Notice{Kind: kind}
		if err := errors.Join(rows.Scan(&args, &at), json.Unmarshal([]byte(args), &n.Args)); err != nil {
			r.t.Fatal(err)
		}
		n.At = time.UnixMilli(at).UTC()
		all = append(all, n)
	}
	if err := rows.Err(); err != nil {
		r.t.Fatal(err)
	}
	return all
}

// changes counts what the pages of the club show anew.
func (r *rig) changes() (n int) {
	r.t.Helper()
	if err := r.db.Reader().QueryRowContext(r.t.Context(), `SELECT sum(changes) FROM clubs`).Scan(&n); err != nil {
		r.t.Fatal(err)
	}
	return n
}

// TestEndsAreWarnedOfOnceEach: 14, 7 and 2 days before, the admins and whoever
// connected the account are told, and nobody else.
func TestEndsAreWarnedOfOnceEach(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, renewing(platforms.Renewal{Before: day, Fixed: true}), expiring(400*day))
	r.tokens.RefreshExpires = r.clock.Now().Add(30 * day)
	tom, ann, guest := r.club.Member(club.Publisher), r.club.Member(club.Publisher), r.club.Member(club.Viewer)
	conn := r.connect()
	r.club.Exec(`UPDATE clubs SET practice = 0`)
	r.club.Exec(`UPDATE connections SET connected_by = ? WHERE id = ?`, tom.PersonID, conn.ID)
	warn := func(days time.Duration) {
		t.Helper()
		for range 24 * days {
			r.clock.Advance(time.Hour)
			if err := r.engine.warnOfEnds(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	warn(29)
	before := r.changes()
	for range 3 {
		if err := r.engine.warnOfEnds(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if after := r.changes(); after != before {
		t.Errorf("looking again changed the club %d times", after-before)
	}
	warn(11)
	want := []string{
		"2026-12-09 10:00:00 ends 2026-12-23T09:00:00Z", "2026-12-16 09:00:00 ends 2026-12-23T09:00:00Z", "2026-12-21 09:00:00 ends 2026-12-23T09:00:00Z",
	}
	for who, s := range map[string]store.Scope{"an admin": r.club.Scope, "who connected it": tom} {
		if diff := cmp.Diff(want, r.warnings(s)); diff != "" {
			t.Errorf("%s is told (-want +got):\n%s", who, diff)
		}
	}
	for who, s := range map[string]store.Scope{"another publisher": ann, "a viewer": guest} {
		if got := r.warnings(s); len(got) != 0 {
			t.Errorf("%s is told %q", who, got)
		}
	}
	// Signing in again begins anew.
	r.tokens.RefreshExpires = r.clock.Now().Add(20 * day)
	if err := r.db.SaveTokens(t.Context(), conn.ID, r.tokens); err != nil {
		t.Fatal(err)
	}
	warn(21)
	if got := r.warnings(tom); len(got) != 6 {
		t.Errorf("%d warnings after two ends, want 6: %q", len(got), got)
	}
}

// TestWhatEndsAndWhatDoesNot: which date counts, and for which accounts.
func TestWhatEndsAndWhatDoesNot(t *testing.T) {
	t.Parallel()
	soon, late := 5*day, 200*day
	for _, tt := range []struct {
		name            string
		renews, refresh bool
		access, end     time.Duration // of the two tokens; 0: never
		again           time.Duration // until the platform asks again
		set             string        // what else is so
		want            bool
	}{
		{name: "nothing ends"},
		{name: "the platform asks again", again: soon, want: true},
		{name: "the platform asks again, later", again: late},
		{name: "the platform asks again, the tokens live longer", renews: true, refresh: true, access: soon, end: late, again: soon, want: true},
		{name: "access that we renew", renews: true, refresh: true, access: soon, end: late},
		{name: "access that we renew for ever", renews: true, refresh: true, access: soon},
		{name: "access with nothing to renew it with", renews: true, access: soon, want: true},
		{name: "access at a platform that renews nothing", refresh: true, access: soon, end: late, want: true},
		{name: "a token that only withdraws", refresh: true, end: soon},
		{name: "a refresh token", renews: true, refresh: true, access: time.Hour, end: soon, want: true},
		{name: "it is over", again: -time.Hour},
		{name: "somebody must sign in anyway", again: soon, set: `UPDATE connections SET health = 'reconnect'`},
		{name: "disconnected", again: soon, set: `UPDATE connections SET health = 'disconnected'`},
		{name: "works with gaps", again: soon, set: `UPDATE connections SET health = 'gaps'`, want: true},
		{name: "a make-believe account of a live club", again: soon, set: `UPDATE connections SET practice = 1`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			set := []func(*rig){}
			if tt.renews {
				set = append(set, renewing(onUse))
			}
			r := newRig(t, platforms.CertainByLooking, set...)
			at := func(d time.Duration) time.Time {
				if d == 0 {
					return time.Time{}
				}
				return r.clock.Now().Add(d)
			}
			r.tokens = platforms.Tokens{Access: platforms.NewSecret("a"), AccessExpires: at(tt.access)}
			if tt.refresh {
				r.tokens.Refresh, r.tokens.RefreshExpires = platforms.NewSecret("r"), at(tt.end)
			}
			conn := r.connect()
			r.club.Exec(`UPDATE clubs SET practice = 0`)
			if tt.again != 0 {
				r.club.Exec(`UPDATE connections SET asks_again = ? WHERE id = ?`, at(tt.again).UnixMilli(), conn.ID)
			}
			if tt.set != "" {
				r.club.Exec(tt.set)
			}
			if err := r.engine.warnOfEnds(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := r.warnings(r.club.Scope); (len(got) == 1) != tt.want || len(got) > 1 {
				t.Errorf("told %q, want a warning: %v", got, tt.want)
			}
		})
	}
}

// TestNothingIsRenewedThatGainsNothing: in the last days of a sign-in that
// renewing does not lengthen, asking again and again would help nobody.
func TestNothingIsRenewedThatGainsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, renewing(platforms.Renewal{Before: 15 * day, Fixed: true}), expiring(10*day))
	r.tokens.RefreshExpires = r.tokens.AccessExpires
	r.connect()
	if err := r.engine.work.RunDue(t.Context(), store.WorkRenewal); err != nil || r.server.renewals.Load() != 0 {
		t.Errorf("%d renewals, %v; want none", r.server.renewals.Load(), err)
	}
}
