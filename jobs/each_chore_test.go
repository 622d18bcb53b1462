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

// chore is recurring work of which each statement fails in turn.
type chore struct {
	name, job string
	certainty platforms.Certainty
	set       func(*rig)
	// arrange gives it something to do, and what must be so when it is done.
	arrange func(r *rig, conn store.Connection) (done func() error)
}

// willing is a platform that says of an account what it was told.
type willing struct{ *fake }

func (willing) Check(_ context.Context, s platforms.Session) (platforms.Account, error) {
	return s.Account, nil
}

var chores = []chore{
	{
		name: "address", job: findLinks, certainty: platforms.CertainByLooking,
		set: func(r *rig) { r.fake.linkFirst = true },
		arrange: func(r *rig, conn store.Connection) func() error {
			post := r.schedule("Match day", 0, conn)
			r.settle()
			want := r.want(post, club.Published, club.Linked)
			want.RemoteURL = "https://fake.example/" + want.RemoteID
			return func() error { return differ(want, r.delivery(post)) }
		},
	},
	{
		name: "id", job: findLinks, certainty: platforms.CertainByStatus,
		arrange: func(r *rig, conn store.Connection) func() error {
			r.fake.nameless.Store(true)
			r.server.misbehave("reset_after")
			text := fmt.Sprintf("Match day %v", r.clock.Now())
			post := r.schedule(text, 0, conn)
			r.settle()
			r.want(post, club.Published, club.Unlinked)
			r.fake.nameless.Store(false)
			return func() error {
				if d := r.delivery(post); d.Phase != club.Linked || d.RemoteURL != "https://fake.example/"+d.RemoteID {
					return fmt.Errorf("the post is %s/%s at %q", d.Status, d.Phase, d.RemoteURL)
				}
				return nil
			}
		},
	},
	{
		name: "numbers of a post", job: takePosts, certainty: platforms.CertainByLooking,
		arrange: func(r *rig, conn store.Connection) func() error {
			r.club.Exec(`DELETE FROM work WHERE kind = 'numbers'`) // of the posts before
			post := r.schedule("Match day", 0, conn)
			r.settle()
			want := r.delivery(post)
			r.clock.Advance(time.Hour)
			return func() error {
				if n := len(r.snapshots(post)); n != 1 {
					return fmt.Errorf("%d readings, want 1", n)
				}
				return differ(want, r.delivery(post))
			}
		},
	},
	{
		name: "numbers of an account", job: takeAccounts, certainty: platforms.CertainByLooking,
		arrange: func(r *rig, conn store.Connection) func() error {
			r.clock.Advance(day)
			today := r.clock.Now().Format(time.DateOnly)
			return func() (err error) {
				var n int
				err = r.db.Reader().QueryRowContext(r.t.Context(), `SELECT count(*) FROM account_snapshots WHERE connection_id = ? AND day = ?`, conn.ID, today).Scan(&n)
				if err == nil && n != 1 {
					err = fmt.Errorf("%d readings on %s, want 1", n, today)
				}
				return err
			}
		},
	},
	{
		name: "sign-in", job: renewSignIns, certainty: platforms.CertainByLooking,
		set: func(r *rig) {
			r.fake.renewal = platforms.Renewal{Before: 30 * day}
			r.server.spends = map[string]bool{}
			expiring(day)(r)
		},
		arrange: func(r *rig, conn store.Connection) func() error {
			before := r.server.renewals.Load()
			return func() error {
				now := r.server.renewals.Load()
				if want := fmt.Sprintf("renewed-%d", now); now == before || r.access(conn).Secret.Reveal() != want {
					return fmt.Errorf("after %d renewals the token is %q", now, r.access(conn).Secret.Reveal())
				}
				return nil
			}
		},
	},
	{
		name: "account", job: checkAccounts, certainty: platforms.CertainByLooking,
		arrange: func(r *rig, conn store.Connection) func() error {
			r.clock.Advance(2 * day)
			since := r.clock.Now()
			return func() error {
				c, err := r.db.Connection(r.t.Context(), r.club.Scope, conn.ID)
				if err == nil && c.CheckedAt.Before(since) {
					err = fmt.Errorf("last looked at %v", c.CheckedAt)
				}
				return err
			}
		},
	},
	{
		name: "warning", job: "warn of sign-ins that end", certainty: platforms.CertainByLooking,
		arrange: func(r *rig, _ store.Connection) func() error {
			want := len(r.warnings(r.club.Scope)) + 1
			r.club.Exec(`UPDATE clubs SET practice = 0`)
			ends := r.clock.Now().Add(5 * day).UnixMilli()
			r.club.Exec(`UPDATE connections SET asks_again = ? WHERE id = ?`, ends, r.connect().ID)
			return func() error {
				if n := len(r.warnings(r.club.Scope)); n != want {
					return fmt.Errorf("%d warnings, want %d", n, want)
				}
				return nil
			}
		},
	},
	{
		name: "sign of life", job: "say that Bandstand runs", certainty: platforms.CertainByLooking,
		arrange: func(r *rig, _ store.Connection) func() error {
			if err := r.db.HoldPosts(r.t.Context(), r.club.Scope, "Holidays", r.clock.Now().Add(time.Second), "test"); err != nil {
				r.t.Fatal(err)
			}
			r.clock.Advance(time.Minute)
			since := r.clock.Now()
			return func() error {
				if alive, err := r.db.LastAlive(r.t.Context()); err != nil || alive.Before(since) {
					return fmt.Errorf("last alive at %v, %w", alive, err)
				}
				var held int
				err := r.db.Reader().QueryRowContext(r.t.Context(), `SELECT count(*) FROM holds WHERE ended_at IS NULL`).Scan(&held)
				if held > 0 {
					err = fmt.Errorf("%d holds go on after their end", held)
				}
				return err
			}
		},
	},
	{
		name: "what has expired", job: "remove what has expired", certainty: platforms.CertainByLooking,
		arrange: func(r *rig, _ store.Connection) func() error {
			r.club.Exec(`INSERT INTO password_resets (token_hash, person_id, expires_at) VALUES (randomblob(32), ?, 0)`, r.club.PersonID)
			return func() (err error) {
				var n int
				err = r.db.Reader().QueryRowContext(r.t.Context(), `SELECT count(*) FROM password_resets`).Scan(&n)
				if n > 0 {
					err = errors.New("a link that has expired is still there")
				}
				return err
			}
		},
	},
}

func differ[T any](want, got T) error {
	if diff := cmp.Diff(want, got); diff != "" {
		return fmt.Errorf("(-want +got):\n%s", diff)
	}
	return nil
}

// TestEachStatementOfAChoreFails is rules P10, P17 and D8: whatever the database refuses
// to recurring work, it is done in one of the next rounds, and once; no delivery
// is touched by it but where it fills in what was missing, and nothing stands still.
func TestEachStatementOfAChoreFails(t *testing.T) {
	t.Parallel()
	for _, chore := range chores {
		for _, kind := range refusalKinds {
			t.Run(chore.name+"/"+kind.name, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, chore.certainty, refusable, func(r *rig) {
					if chore.set != nil {
						chore.set(r)
					}
				})
				if chore.set == nil {
					registry := platforms.NewRegistry(willing{r.fake})
					r.config.Platforms = func(int64, bool) *platforms.Registry { return registry }
				}
				r.patient()
				conn := r.connect()
				for n := 0; ; n += everyStatement(t, kind) {
					done := chore.arrange(r, conn)
					r.refusals.arm(n, kind)
					r.recur(chore.job)
					met := r.refusals.lift()
					for range 2 {
						r.after(time.Minute)
						r.recur(chore.job)
					}
					if err := done(); err != nil {
						t.Errorf("after %s: %v", met, err)
					}
					r.wantSound(conn.ID, "after "+met)
					if t.Failed() {
						t.Fatalf("statement %d: %s", n, met)
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
