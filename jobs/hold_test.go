package jobs

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// pragma sets something on the one connection that writes.
func (r *rig) pragma(what string) {
	r.t.Helper()
	if _, err := r.db.Writer().ExecContext(r.t.Context(), "PRAGMA "+what); err != nil {
		r.t.Fatal(err)
	}
}

// TestNothingIsSentOnAFullDisk is rules D8 and P1: an intent that cannot be committed
// is not carried out, nothing is tried in a hurry, and when there is room again
// everything goes on by itself.
func TestNothingIsSentOnAFullDisk(t *testing.T) {
	t.Parallel()
	for _, pictures := range []int{0, 1} {
		r := newRig(t, platforms.CertainByLooking, func(r *rig) { r.fake.maxText, r.fake.pictures = 1_000_000, pictures })
		text := strings.Repeat("The match is on Saturday. ", 4000)
		post := r.schedule(text, 0, r.connect())
		r.pragma("max_page_count = 1") // as many as there are now
		for range 30 {
			r.engine.RunDue(t.Context())
			r.clock.Advance(time.Second)
		}
		r.wantAccepted(text, 0)
		if n := r.server.count("/publish") + r.server.count("/step"); n > 0 {
			t.Errorf("%d calls on a full disk, want none", n)
		}
		if !r.engine.Status().Held {
			t.Error("the engine does not say that nothing can be stored")
		}
		r.pragma("max_page_count = 1000000")
		r.after(time.Minute)
		if r.engine.Status().Held {
			t.Error("the engine still waits, with room on the disk")
		}
		r.after(time.Minute)
		r.want(post, club.Published, club.Linked)
		r.wantAccepted(text, 1)
	}
}

// TestAnAnswerOutlivesAFullDisk: what the platform said is kept until it can be
// stored, so that nobody has to look whether the post is public.
func TestAnAnswerOutlivesAFullDisk(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	r.server.misbehave("slow")
	post := r.schedule("Match day", 0, r.connect())
	other := r.schedule("Away game", time.Second, r.connect())
	r.engine.tick(t.Context())
	<-r.server.entered
	r.pragma("query_only = 1")
	close(r.server.hold)
	later := <-r.waits
	if !r.engine.Status().Held {
		t.Error("the engine does not say that nothing can be stored")
	}
	r.clock.Advance(time.Second)
	if n := r.engine.tick(t.Context()); n > 0 {
		t.Errorf("%d deliveries claimed while nothing can be stored", n)
	}
	r.want(post, club.Publishing, club.Sending)
	r.pragma("query_only = 0")
	later.end()
	r.engine.running.Wait()
	d := r.want(post, club.Published, club.Linked)
	if d.RemoteID != "id-1" || r.server.count("/look") > 0 {
		t.Errorf("remote id %q after %d looks, want what the platform answered", d.RemoteID, r.server.count("/look"))
	}
	r.after(holdFor)
	r.want(other, club.Published, club.Linked)
}

// TestAnAnswerThatCannotBeKeptDoesNotHoldUpTheEnd: when the process ends, it is
// tried a few times only; the next start finds the attempt open.
func TestAnAnswerThatCannotBeKeptDoesNotHoldUpTheEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	r.server.misbehave("slow")
	post := r.schedule("Match day", 0, r.connect())
	ctx, stop := context.WithCancel(t.Context())
	r.engine.tick(ctx)
	<-r.server.entered
	r.pragma("query_only = 1")
	close(r.server.hold)
	for range commitTries + 1 { // while it runs, more often than that
		(<-r.waits).end()
	}
	last := <-r.waits
	stop()
	last.end()
	r.engine.running.Wait()
	r.pragma("query_only = 0")
	r.want(post, club.Publishing, club.Sending)
}

// TestLockedDatabaseDelaysOnly is T-DB-LOCK: another program holds the database
// for longer than the engine waits for it.
func TestLockedDatabaseDelaysOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	r.pragma("busy_timeout = 5")
	post := r.schedule("Match day", 0, r.connect())
	holder := storetest.Lock(t, r.db)
	for range 20 {
		r.after(time.Second)
	}
	r.wantAccepted("Match day", 0)
	r.want(post, club.Scheduled, club.Waiting)
	if _, err := holder.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	r.after(time.Minute)
	r.after(time.Minute)
	r.want(post, club.Published, club.Linked)
	r.wantAccepted("Match day", 1)
}

// TestRecurringWorkWaitsForTheDisk: numbers that cannot be stored are not asked
// for.
func TestRecurringWorkWaitsForTheDisk(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	post := r.schedule("Match day", 0, r.connect())
	r.after(0)
	r.want(post, club.Published, club.Linked)
	r.clock.Advance(time.Hour)
	r.pragma("query_only = 1")
	for range 5 {
		r.recur(takePosts)
	}
	if n := r.server.count("/numbers"); n != 1 {
		t.Errorf("numbers were asked for %d times, want 1: the first finds out", n)
	}
}

// TestRenewedSignInOutlivesAFullDisk: the refresh token that was used is worth
// nothing any more, so the new one is stored as soon as that is possible.
func TestRenewedSignInOutlivesAFullDisk(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, renewing(platforms.Renewal{OnUse: true, Before: time.Hour}))
	conn := r.connect()
	signIns := NewSignIns(r.config)
	old, err := r.db.AccessToken(t.Context(), conn.ID)
	if err != nil {
		t.Fatal(err)
	}
	r.server.onRenew = func() { r.pragma("query_only = 1") }
	got := make(chan store.AccessToken, 1)
	go func() {
		token, err := signIns.Renew(t.Context(), conn, old.Version)
		if err != nil {
			t.Error(err)
		}
		got <- token
	}()
	later := <-r.waits
	r.pragma("query_only = 0")
	later.end()
	if token := <-got; token.Version == old.Version || token.Secret.Reveal() != "renewed-1" {
		t.Errorf("access token %q in version %d", token.Secret.Reveal(), token.Version)
	}
}

// TestRenewedSignInDoesNotHoldUpTheEnd: when nobody asks for it any more, a new
// pair is tried to be stored a few times only.
func TestRenewedSignInDoesNotHoldUpTheEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, renewing(platforms.Renewal{OnUse: true, Before: time.Hour}))
	conn := r.connect()
	old, err := r.db.AccessToken(t.Context(), conn.ID)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	r.server.onRenew = func() {
		r.pragma("query_only = 1")
		stop()
	}
	done := make(chan error, 1)
	go func() {
		_, err := NewSignIns(r.config).Renew(ctx, conn, old.Version)
		done <- err
	}()
	for range commitTries - 1 {
		(<-r.waits).end()
	}
	if err := <-done; !club.Storage(err) {
		t.Errorf("ended with %v, want what the database said", err)
	}
}

// TestWaitsOfOursEndAlthoughTheClockIsSetBack: how long nothing is tried after a
// fault of ours does not depend on a clock that somebody can set.
func TestWaitsOfOursEndAlthoughTheClockIsSetBack(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	conn := r.connect()
	post := r.schedule("Match day", 0, conn)
	r.setClock(4 * time.Minute)
	r.pragma("query_only = 1")
	r.after(time.Second) // the jump
	r.after(time.Second)
	if !r.engine.Status().Held {
		t.Fatal("nothing can be stored, and it is not held")
	}
	r.setClock(-4 * time.Minute)
	r.pragma("query_only = 0")
	r.after(time.Second)
	r.after(coolFor)
	r.want(post, club.Published, club.Linked)
}
