package jobs

import (
	"bytes"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

func (r *rig) snapshots(post int64) []store.Snapshot {
	r.t.Helper()
	s, err := r.db.Snapshots(r.t.Context(), r.club.Scope, r.delivery(post).ID)
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

func TestNumbersByTheAgeOfThePost(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	post := r.schedule("Match day", 0, r.connect())
	r.settle()
	for range 8 * 24 * 4 {
		r.clock.Advance(15 * time.Minute)
		r.do(takePosts)
	}
	got := r.snapshots(post)
	published := r.delivery(post).PublishedAt
	counts := map[string]int{}
	for _, s := range got {
		switch age := s.TakenAt.Sub(published); {
		case age <= 24*time.Hour:
			counts["first day"]++
		case age <= 7*24*time.Hour:
			counts["first week"]++
		default:
			counts["later"]++
		}
	}
	want := map[string]int{"first day": 24, "first week": 24, "later": 1}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("readings (-want +got):\n%s", diff)
	}
	if v := got[0].Numbers; v.Values[platforms.Likes] != 1 || v.Named["hearts"] != 1 {
		t.Errorf("first reading is %+v", v)
	}
	if _, ok := got[0].Numbers.Values[platforms.Reach]; ok {
		t.Error("a number that was not given was kept as one")
	}
}

func TestNumbersNowForOnePost(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	conn := r.connect()
	post, other := r.schedule("Match day", 0, conn), r.schedule("Result", 0, conn)
	r.settle()
	if n, err := r.db.MeasureNow(t.Context(), r.club.Scope, post); err != nil || n != 1 {
		t.Fatalf("asked for %d, %v; want 1", n, err)
	}
	if n, err := r.db.MeasureNow(t.Context(), store.Scope{ClubID: r.club.ClubID + 1}, post); err != nil || n != 0 {
		t.Errorf("another club asked for %d, %v; want 0", n, err)
	}
	r.do(takePosts)
	if n := len(r.snapshots(post)); n != 1 {
		t.Errorf("%d readings, want 1", n)
	}
	if n := len(r.snapshots(other)); n != 0 {
		t.Errorf("%d readings of another post, want 0", n)
	}
	if n, err := r.db.MeasureNow(t.Context(), r.club.Scope, 0); err != nil || n != 3 {
		t.Errorf("asked for %d of the club, %v; want two posts and an account", n, err)
	}
}

func TestFailingNumbersTouchNoDelivery(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"error_before", "reset_before", "rejected", "rate_limited", "expired", "revoked"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, platforms.CertainByLooking)
			conn := r.connect()
			post := r.schedule("Match day", 0, conn)
			r.settle()
			before := r.delivery(post)
			r.server.misbehave(fault)
			r.clock.Advance(time.Hour)
			r.do(takePosts)
			if diff := cmp.Diff(before, r.delivery(post)); diff != "" {
				t.Errorf("delivery changed (-before +after):\n%s", diff)
			}
			if n := len(r.snapshots(post)); n != 0 {
				t.Errorf("%d readings of a failure", n)
			}
			c, err := r.db.Connection(t.Context(), r.club.Scope, conn.ID)
			if err != nil || !c.BlockedUntil.IsZero() {
				t.Errorf("publishing is held up until %v by numbers, %v", c.BlockedUntil, err)
			}
			calls := r.server.count("/numbers")
			r.do(takePosts)
			if got := r.server.count("/numbers"); got != calls {
				t.Error("asked again at once")
			}
		})
	}
}

func TestNumbersWaitWhileTheAccountIsBlocked(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	conn := r.connect()
	post := r.schedule("Match day", 0, conn)
	r.settle()
	r.clock.Advance(time.Hour)
	if err := r.db.Block(t.Context(), conn.ID, r.clock.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	r.do(takePosts)
	if n := len(r.snapshots(post)); n != 0 {
		t.Errorf("%d readings while blocked", n)
	}
	r.clock.Advance(time.Hour)
	r.do(takePosts)
	if n := len(r.snapshots(post)); n != 1 {
		t.Errorf("%d readings after, want 1", n)
	}
}

func TestAnswersAreRedactedSealedAndRemovedAfterAWeek(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	post := r.schedule("Match day", 0, r.connect())
	r.settle()
	r.clock.Advance(time.Hour)
	r.do(takePosts)
	d := r.delivery(post)
	raw, err := r.db.RawAnswer(t.Context(), r.club.Scope, d.ID)
	if err != nil || !strings.Contains(string(raw), `"hearts":1`) {
		t.Fatalf("kept %q, %v", raw, err)
	}
	for _, secret := range []string{"first", "s3cret", "access_token=", "leaked"} {
		if strings.Contains(string(raw), secret) {
			t.Errorf("kept answer holds %q: %s", secret, raw)
		}
	}
	var sealed []byte
	if err := r.db.Reader().QueryRowContext(t.Context(), `SELECT raw FROM post_snapshots`).Scan(&sealed); err != nil || bytes.Contains(sealed, []byte("hearts")) {
		t.Errorf("not sealed: %v", err)
	}
	if foreign, err := r.db.RawAnswer(t.Context(), store.Scope{ClubID: 99}, d.ID); err != nil || foreign != nil {
		t.Errorf("another club reads %q, %v", foreign, err)
	}
	r.clock.Advance(store.RawLife - time.Second)
	r.do("remove old answers")
	if raw, err := r.db.RawAnswer(t.Context(), r.club.Scope, d.ID); err != nil || raw == nil {
		t.Errorf("removed too early: %v", err)
	}
	r.clock.Advance(time.Second)
	r.do("remove old answers")
	if raw, err := r.db.RawAnswer(t.Context(), r.club.Scope, d.ID); err != nil || raw != nil {
		t.Errorf("still there: %q, %v", raw, err)
	}
	if n := len(r.snapshots(post)); n != 1 {
		t.Errorf("the numbers went with it")
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	s := platforms.Session{Access: platforms.NewSecret("tok-1"), App: platforms.App{"client_secret": platforms.NewSecret("app-1")}}
	tests := []struct{ name, in, want string }{
		{"names", `{"access_token":"a","Code":"b","code":190,"n":{"client_secret":"c"}}`, `{"Code":"[removed]","access_token":"[removed]","code":190,"n":{"client_secret":"[removed]"}}`},
		{"addresses", `["https://x.example/a?access_token=1&b=2"]`, `["https://x.example/a"]`},
		{"the sign-in that was used", `{"text":"uses tok-1 and app-1"}`, `{"text":"uses [removed] and [removed]"}`},
		{"large numbers stay exact", `{"id":12345678901234567890}`, `{"id":12345678901234567890}`},
		{"not JSON", `<html>tok-1`, ``},
		{"nothing", ``, ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := string(redact([]byte(tt.in), s)); got != tt.want {
				t.Errorf("redact(%s) = %s, want %s", tt.in, got, tt.want)
			}
		})
	}
}

func TestAccountNumbersOnceANightInTheZoneOfTheClub(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	r.club.Exec(`UPDATE clubs SET zone = 'America/New_York' WHERE id = ?`, r.club.ClubID) // 02:00 is 07:00 UTC
	conn := r.connect()
	for range 2*24*4 + 1 { // from Monday 09:00 UTC
		r.do(takeAccounts)
		r.clock.Advance(15 * time.Minute)
	}
	rows, err := r.db.Reader().QueryContext(t.Context(), `SELECT day, taken_at, followers FROM account_snapshots WHERE connection_id = ? ORDER BY taken_at`, conn.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	type reading struct {
		Day, Taken string
		Followers  int64
	}
	var got []reading
	for rows.Next() {
		var g reading
		var at int64
		if err := rows.Scan(&g.Day, &at, &g.Followers); err != nil {
			t.Fatal(err)
		}
		g.Taken = time.UnixMilli(at).UTC().Format("02 15:04")
		got = append(got, g)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	want := []reading{
		{"2026-11-23", "23 09:00", 120}, // as soon as it is connected
		{"2026-11-24", "24 07:00", 120},
		{"2026-11-25", "25 07:00", 120},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("readings (-want +got):\n%s", diff)
	}
}

func TestNextAccountNumbersAcrossTheChangeOfClocks(t *testing.T) {
	t.Parallel()
	tests := []struct{ zone, now, day, want string }{
		{"Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-28", "2026-03-29T01:00:00Z"}, // 02:00 does not exist: 03:00
		{"Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29", "2026-03-30T00:00:00Z"},
		{"Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-24", "2026-10-25T00:00:00Z"}, // 02:00 happens twice: the first
		{"Pacific/Auckland", "2026-11-23T12:00:00Z", "2026-11-24", "2026-11-23T13:00:00Z"},
		{"UTC", "2026-11-23T01:59:59Z", "2026-11-23", "2026-11-23T02:00:00Z"},
	}
	for _, tt := range tests {
		now, err := time.Parse(time.RFC3339, tt.now)
		if err != nil {
			t.Fatal(err)
		}
		day, next, err := nextAccountNumbers(tt.zone, now)
		if got := next.Format(time.RFC3339); err != nil || day != tt.day || got != tt.want {
			t.Errorf("%s at %s: %s, %s, %v; want %s, %s", tt.zone, tt.now, day, got, err, tt.day, tt.want)
		}
	}
}

func TestAddressIsAskedForAfterPublishing(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking, func(r *rig) { r.fake.linkFirst = true })
	post := r.schedule("Match day", 0, r.connect())
	r.settle()
	if d := r.want(post, club.Published, club.Linked); d.RemoteURL != "" {
		t.Fatalf("address is %q already", d.RemoteURL)
	}
	r.do(findLinks)
	if d := r.delivery(post); d.RemoteURL != "https://fake.example/id-1" {
		t.Errorf("address is %q", d.RemoteURL)
	}
	if n := r.planned(store.WorkLink); n != 0 {
		t.Errorf("%d still due", n)
	}
}

func TestIDIsFoundLater(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByStatus)
	r.fake.nameless.Store(true)
	r.server.misbehave("reset_after")
	post := r.schedule("Match day", 0, r.connect())
	r.settle()
	r.want(post, club.Published, club.Unlinked)
	r.do(findLinks)
	r.want(post, club.Published, club.Unlinked)
	r.fake.nameless.Store(false)
	r.clock.Advance(time.Minute)
	r.do(findLinks)
	r.want(post, club.Published, club.Linked)
	r.clock.Advance(time.Hour)
	r.do(findLinks)
	if d := r.delivery(post); d.RemoteURL != "https://fake.example/id-1" {
		t.Errorf("address is %q", d.RemoteURL)
	}
	r.clock.Advance(time.Hour)
	r.do(takePosts)
	if n := len(r.snapshots(post)); n != 1 {
		t.Errorf("%d readings of a post whose id was found later, want 1", n)
	}
}

func TestEveryLineOfTheTableCanBePlanned(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	c, err := r.engine.newCron(t.Context())
	if err != nil || len(c.Entries()) != len(r.engine.recurring()) {
		t.Errorf("%v", err)
	}
	for _, job := range r.engine.recurring() {
		if err := job.do(t.Context()); err != nil {
			t.Errorf("%s: %v", job.name, err)
		}
	}
	r.engine.work.Wait()
}
