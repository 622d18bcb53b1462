package jobs

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// slow is a platform that answers what only reads when the test lets it.
type slow struct {
	renewingFake
	entered chan struct{}
	answer  chan struct{} // closed: it answers
}

func (s *slow) wait() {
	s.entered <- struct{}{}
	<-s.answer
}

func (s *slow) Permalink(_ context.Context, _ platforms.Session, id string) (string, error) {
	s.wait()
	return "https://fake.example/" + id, nil
}

func (s *slow) Check(_ context.Context, session platforms.Session) (platforms.Account, error) {
	s.wait()
	return session.Account, nil
}

// quick is another platform, which answers at once.
type quick struct{ *fake }

func (q quick) Info() platforms.Info {
	info := q.fake.Info()
	info.ID = "quick"
	return info
}

func (quick) Check(_ context.Context, s platforms.Session) (platforms.Account, error) {
	return s.Account, nil
}

// TestPlatformThatAnswersIn20SecondsDelaysNoOthers: one platform has many accounts
// and takes 20 seconds for each answer. The addresses of the posts on another are
// found, and its accounts are checked, before it has given its first.
func TestPlatformThatAnswersIn20SecondsDelaysNoOthers(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, func(r *rig) { r.fake.linkFirst = true })
	registry := platforms.NewRegistry(renewingFake{r.fake}, quick{r.fake})
	r.config.Platforms = func(int64, bool) *platforms.Registry { return registry }
	r.restart()
	var late, others []int64
	publish := func(c store.Connection) int64 { return r.schedule(fmt.Sprint("Match day on ", c.ID), 0, c) }
	for range 12 {
		late = append(late, publish(r.connect()))
	}
	for range 12 {
		others = append(others, publish(r.club.Connection("quick", r.tokens)))
	}
	r.settle()
	checkedSince := r.clock.Advance(2 * club.CheckAccountsEvery)

	s := &slow{renewingFake: renewingFake{r.fake}, entered: make(chan struct{}, 1000), answer: make(chan struct{})}
	registry = platforms.NewRegistry(s, quick{r.fake})
	r.engine = NewEngine(r.config, NewSignIns(r.config))
	done := func(posts []int64) (n int) {
		for _, post := range posts {
			d := r.delivery(post)
			if c := r.connection(d.ConnectionID); d.RemoteURL != "" && !c.CheckedAt.Before(checkedSince) {
				n++
			}
		}
		return n
	}
	tick := func() {
		t.Helper()
		if err := r.engine.work.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	// The others' turn comes when as many accounts of the slow platform as are worked
	// on at once wait for their answers.
	r.club.Exec(`UPDATE work SET next_at = ?1 WHERE connection_id IN (SELECT id FROM connections WHERE platform = 'quick')`, r.clock.Now().Add(time.Second).UnixMilli())
	tick()
	for range 8 {
		<-s.entered
	}
	r.clock.Advance(time.Second)
	tick()
	end := time.After(time.Minute)
	for done(others) < len(others) {
		select {
		case <-end:
			t.Fatalf("%d of %d accounts of the other platform have their address and their check while one platform does not answer", done(others), len(others))
		case <-time.After(time.Millisecond):
		}
	}
	if n := done(late); n > 0 {
		t.Errorf("%d accounts of the slow platform are done before it answered", n)
	}
	r.clock.Advance(20 * time.Second)
	close(s.answer)
	r.engine.work.Wait()
	if err := r.engine.work.RunDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := done(late); n != len(late) {
		t.Errorf("%d of %d accounts of the slow platform are done after it answered", n, len(late))
	}
}

// TestRenewalWaitsForNoPost: a renewal takes no turns with the posts of its account,
// and no limit holds it up, for without it none of them goes out.
func TestRenewalWaitsForNoPost(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, renewing(platforms.Renewal{Before: 30 * day}), expiring(day))
	conn := r.connect()
	r.schedule("Kick-off", time.Second, conn)
	if err := r.db.Block(t.Context(), conn.ID, r.clock.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	r.do(renewSignIns)
	if got := r.access(conn).Secret.Reveal(); got != "renewed-1" {
		t.Errorf("the token is %q, want the new one", got)
	}
}
