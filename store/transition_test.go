package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

var signedIn = platforms.Tokens{Access: platforms.NewSecret("access-1"), Refresh: platforms.NewSecret("refresh-1")}

// due makes a club with one delivery that is due now.
func due(t *testing.T) (*store.DB, *storetest.Clock, *storetest.Club, store.Delivery) {
	t.Helper()
	clock := storetest.NewClock()
	db := storetest.Open(t, clock.Now)
	c := storetest.NewClub(t, db)
	conn := c.Connection("fake", signedIn)
	c.Scheduled("Match day", clock.Now(), conn.ID)
	ds, err := db.Due(t.Context(), clock.Now(), nil, nil, 10)
	if err != nil || len(ds) != 1 {
		t.Fatalf("due: %d, %v; want 1", len(ds), err)
	}
	return db, clock, c, ds[0]
}

func next(t *testing.T, db *store.DB, d store.Delivery, e club.Event, now time.Time, f store.Facts) store.Delivery {
	t.Helper()
	ch, err := club.Next(d.Delivery, e, now)
	if err != nil {
		t.Fatal(err)
	}
	d, err = db.Transition(t.Context(), d, ch, f)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var (
	usable = club.AccountState{Usable: true}
	send   = platforms.Step{Kind: "publish", Irreversible: true}
)

func TestWhoeverComesSecondMovesNothing(t *testing.T) {
	t.Parallel()
	db, clock, c, d := due(t)
	ch, err := club.Next(d.Delivery, club.Event{Kind: club.Tick, Account: usable}, clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Transition(t.Context(), d, ch, store.Facts{Body: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Transition(t.Context(), d, ch, store.Facts{Body: []byte("{}")}); !errors.Is(err, store.ErrMoved) {
		t.Errorf("second: %v, want %v", err, store.ErrMoved)
	}
	events, err := db.Timeline(t.Context(), c.Scope, d.PostID)
	if err != nil {
		t.Fatal(err)
	}
	started := 0
	for _, e := range events {
		if e.Note.Kind == club.NoteStarted {
			started++
		}
	}
	if started != 1 {
		t.Errorf("started %d times on the timeline: the second left facts behind", started)
	}
}

func TestAnIDIsWrittenOnceAndForOneDelivery(t *testing.T) {
	t.Parallel()
	db, clock, c, d := due(t)
	d = next(t, db, d, club.Event{Kind: club.Tick, Account: usable}, clock.Now(), store.Facts{Body: []byte("{}")})
	attempt := &store.Attempt{ID: store.NewID(), Generation: 1, Kind: "publish", Irreversible: true, Boot: "b", StartedAt: clock.Now(), DeadlineAt: clock.Now()}
	d = next(t, db, d, club.Event{Kind: club.Tick, Account: usable, Step: send}, clock.Now(), store.Facts{Attempt: attempt})
	d = next(t, db, d, club.Event{Kind: club.SendEnded, Step: send, Result: platforms.StepResult{RemoteID: "42"}}, clock.Now(), store.Facts{Ended: attempt.ID})
	if log, err := db.AuditEntries(t.Context(), c.ClubID, 1); err != nil || len(log) != 1 || log[0].Action != "post_published" || log[0].Origin != "engine" || !strings.HasSuffix(log[0].Object, " 42") {
		t.Errorf("what became public is recorded as %+v, %v", log, err)
	}
	if _, err := db.Writer().ExecContext(t.Context(), `UPDATE deliveries SET remote_id = '43'`); err == nil || !strings.Contains(err.Error(), "written once") {
		t.Errorf("another id: %v", err)
	}
	second := c.Scheduled("Match day again", clock.Now(), d.ConnectionID)
	if _, err := db.Writer().ExecContext(t.Context(), `UPDATE deliveries SET remote_id = '42' WHERE post_id = ?`, second); err == nil {
		t.Error("two deliveries of one account have the same id")
	}
	all, err := db.Attempts(t.Context(), c.Scope, d.PostID)
	attempts := all[d.ID]
	if err != nil || len(attempts) != 1 || attempts[0].Outcome != club.Accepted || attempts[0].FinishedAt.IsZero() {
		t.Errorf("attempts %+v, %v", attempts, err)
	}
	if foreign, err := db.Attempts(t.Context(), store.Scope{ClubID: 99}, d.PostID); err != nil || len(foreign) != 0 {
		t.Errorf("another club reads %d attempts, %v", len(foreign), err)
	}
}

func TestDueIsOnePerConnectionAndNothingBusy(t *testing.T) {
	t.Parallel()
	clock := storetest.NewClock()
	db := storetest.Open(t, clock.Now)
	c := storetest.NewClub(t, db)
	a, b := c.Connection("fake", signedIn), c.Connection("fake", signedIn)
	late := c.Scheduled("Second", clock.Now(), a.ID)
	first := c.Scheduled("First", clock.Now().Add(-time.Minute), a.ID)
	other := c.Scheduled("Other", clock.Now(), b.ID)
	c.Scheduled("Tomorrow", clock.Now().AddDate(0, 0, 1), b.ID)
	for _, tt := range []struct {
		busy []int64
		want []int64
	}{
		{nil, []int64{first, other}},
		{[]int64{a.ID}, []int64{other}},
		{[]int64{a.ID, b.ID}, nil},
	} {
		ds, err := db.Due(t.Context(), clock.Now(), tt.busy, nil, 10)
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for _, d := range ds {
			got = append(got, d.PostID)
		}
		if len(got) != len(tt.want) || len(got) > 0 && got[0] != tt.want[0] {
			t.Errorf("busy %v: posts %v, want %v (not %d)", tt.busy, got, tt.want, late)
		}
	}
}

func TestScheduleOfForeignAccountsIsNotFound(t *testing.T) {
	t.Parallel()
	clock := storetest.NewClock()
	db := storetest.Open(t, clock.Now)
	c, other := storetest.NewClub(t, db), storetest.NewClub(t, db)
	foreign := other.Connection("fake", signedIn)
	post := c.Post(club.Content{Text: "Match day"})
	if err := db.Schedule(t.Context(), c.Scope, post, []int64{foreign.ID}, clock.Now()); club.CodeOf(err) != club.NotFound {
		t.Errorf("scheduled for another club's account: %v", err)
	}
}

func TestGraceAndTheEndOfValidity(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		minutes int
		valid   time.Duration // 0: none
		want    time.Duration
	}{
		{"the club's grace", 120, 0, 2 * time.Hour},
		{"kick-off comes first", 120, time.Hour, time.Hour},
		{"grace comes first", 30, time.Hour, 30 * time.Minute},
		{"no grace is a minute", 0, 0, time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			clock := storetest.NewClock()
			db := storetest.Open(t, clock.Now)
			c := storetest.NewClub(t, db)
			conn := c.Connection("fake", signedIn)
			post := c.Post(club.Content{Text: "Match day"})
			c.Exec(`UPDATE clubs SET late_minutes = ?`, tt.minutes)
			if tt.valid > 0 {
				c.Exec(`UPDATE posts SET valid_until = ?`, clock.Now().Add(tt.valid).UnixMilli())
			}
			if err := db.Schedule(t.Context(), c.Scope, post, []int64{conn.ID}, clock.Now()); err != nil {
				t.Fatal(err)
			}
			ds, err := db.Deliveries(t.Context(), c.Scope, post)
			if err != nil || len(ds) != 1 || ds[0].LateAfter.Sub(clock.Now()) != tt.want {
				t.Errorf("late after %v, %v; want %v", ds[0].LateAfter.Sub(clock.Now()), err, tt.want)
			}
		})
	}
}

// TestTokensAreSealedApart: looked at in the bytes of the file.
func TestTokensAreSealedApart(t *testing.T) {
	t.Parallel()
	clock := storetest.NewClock()
	db := storetest.Open(t, clock.Now)
	c := storetest.NewClub(t, db)
	a, b := c.Connection("fake", signedIn), c.Connection("fake", platforms.Tokens{Access: platforms.NewSecret("access-2")})
	var access, refresh string
	err := db.Reader().QueryRowContext(t.Context(), `
		SELECT t.access, r.refresh FROM connection_tokens t JOIN connection_refresh_tokens r USING (connection_id) WHERE connection_id = ?`, a.ID).
		Scan(&access, &refresh)
	if err != nil || strings.Contains(access+refresh, "access-1") || strings.Contains(access+refresh, "refresh-1") {
		t.Errorf("tokens lie open: %v", err)
	}
	if got, err := db.AccessToken(t.Context(), a.ID); err != nil || got.Secret.Reveal() != "access-1" {
		t.Errorf("access token opens as %q, %v", got.Secret.Reveal(), err)
	}
	c.Exec(`UPDATE connection_tokens SET access = (SELECT access FROM connection_tokens WHERE connection_id = ?) WHERE connection_id = ?`, a.ID, b.ID)
	if _, err := db.AccessToken(t.Context(), b.ID); err == nil {
		t.Error("a token that was moved to another connection opens there")
	}
	if _, err := db.StartRenewal(t.Context(), b.ID, "boot", time.Time{}); club.CodeOf(err) != club.NotFound {
		t.Errorf("renewal without a refresh token: %v", err)
	}
}

func TestAppCredentialsComeFromTheClubOrTheEnvironment(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.NewClock().Now)
	c, other := storetest.NewClub(t, db), storetest.NewClub(t, db)
	env := map[string]platforms.App{"slot": {"client_id": platforms.NewSecret("from the environment")}}
	read := func(ctx context.Context, clubID int64) string {
		t.Helper()
		app, err := db.AppCredentials(ctx, clubID, "slot", env)
		if err != nil {
			t.Fatal(err)
		}
		return app["client_id"].Reveal()
	}
	app := platforms.App{"client_id": platforms.NewSecret("of the club"), "client_secret": platforms.Secret{}}
	if err := db.SaveAppCredentials(t.Context(), c.Scope, "slot", app, "test"); err != nil {
		t.Fatal(err)
	}
	if got := read(t.Context(), c.ClubID); got != "of the club" {
		t.Errorf("got %q", got)
	}
	if got := read(t.Context(), other.ClubID); got != "from the environment" {
		t.Errorf("another club got %q", got)
	}
}

func TestNoticesAreForTheirPersonAndOnce(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.NewClock().Now)
	c := storetest.NewClub(t, db)
	writer := c.Member(club.Writer)
	conn := c.Connection("fake", signedIn)
	for range 2 {
		if err := db.SetHealth(t.Context(), conn.ID, club.NeedsReconnect, platforms.CodeAuthRevoked); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := db.Unread(t.Context(), writer); err != nil || n != 0 {
		t.Errorf("a writer has %d, %v", n, err)
	}
	notices, err := db.Notices(t.Context(), c.Scope, 10)
	if err != nil || len(notices) != 1 || notices[0].Account != "Riverside FC" || notices[0].Args["code"] != platforms.CodeAuthRevoked {
		t.Fatalf("notices %+v, %v", notices, err)
	}
	if _, _, err := db.OpenNotice(t.Context(), writer, notices[0].ID); !errors.Is(err, club.ErrNotFound) {
		t.Errorf("somebody else opened it: %v", err)
	}
	if err := db.MarkRead(t.Context(), writer); err != nil {
		t.Fatal(err)
	}
	if n, err := db.Unread(t.Context(), c.Scope); err != nil || n != 1 {
		t.Errorf("somebody else marked it as read: %d, %v", n, err)
	}
	if err := db.MarkRead(t.Context(), c.Scope); err != nil {
		t.Fatal(err)
	}
	if n, err := db.Unread(t.Context(), c.Scope); err != nil || n != 0 {
		t.Errorf("unread %d, %v", n, err)
	}
}
