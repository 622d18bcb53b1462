package handlers

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/handlers/accounts"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/practice"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/x"
	"github.com/bandstand-app/bandstand/store"
)

func TestCheckAndRehearseReconnecting(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "x")
	tom := st.as(club.Publisher)
	conn := st.only(true, x.ID)
	path := pathOf(conn)

	tom.post(path+"/check", nil).to("/accounts")
	tom.get("/accounts").says("was checked just now. The sign-in works.")

	tom.post("/practice/behaviour", url.Values{"platform": {"x"}, "behaviour": {"reconnect"}}).to("/practice")
	tom.post(path+"/check", url.Values{"to": {path}}).to(path)
	tom.get(path).says("no longer accepts our sign-in", "Needs reconnecting")
	if got := st.only(true, x.ID); got.Health != club.NeedsReconnect {
		t.Fatalf("health %s", got.Health)
	}

	back := st.follow(tom, st.leave(tom, path+"/reconnect", nil), "allow")
	tom.get(back).to(path)
	tom.get(path).says("Reconnected.", "Working")
	if got := st.only(true, x.ID); got.Health != club.Working || got.ID != conn.ID {
		t.Errorf("health %s of %d", got.Health, got.ID)
	}
	checks, err := st.db.ConnectionChecks(t.Context(), st.scope(club.Admin), conn.ID, accounts.ChecksShown)
	if err != nil || len(checks) < 4 {
		t.Errorf("only %d looks are recorded, %v", len(checks), err)
	}
}

func TestExpiredAccessIsRenewedByTheCheck(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "x")
	st.clock.Advance(3 * time.Hour)
	tom := st.as(club.Publisher)
	tom.post(pathOf(st.only(true, x.ID))+"/check", nil).to("/accounts")
	tom.get("/accounts").says("The sign-in works")
}

func TestTroubleAtThePlatformKeepsTheLastGoodCheck(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "x")
	w, err := st.server.Worlds.Of(st.club.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Fault(platforms.SimFault{Platform: x.ID, Operation: "*", Fault: "error_before", Count: 1}); err != nil {
		t.Fatal(err)
	}
	st.clock.Advance(time.Minute)
	tom := st.as(club.Publisher)
	tom.post(pathOf(st.only(true, x.ID))+"/check", nil).to("/accounts")
	tom.get("/accounts").says("We could not ask X just now. The last good check was Mon 23 Nov, 09:00.", "Working")
}

func TestDisconnect(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "x")
	conn := st.only(true, x.ID)
	path := pathOf(conn)
	tokens, err := st.db.SignInTokens(t.Context(), conn.ID)
	if err != nil {
		t.Fatal(err)
	}
	st.canaries = append(st.canaries, tokens.Access.Reveal(), tokens.Refresh.Reveal())
	tom := st.as(club.Publisher)
	tom.get(path+"/disconnect").want(http.StatusOK).says("What stops", "What stays", "Bandstand deletes its access and tells X").saysNot("stays, because")
	tom.post(path+"/disconnect", nil).to("/accounts")
	tom.get("/accounts").says("is disconnected", "Disconnected", "Reconnect")
	if _, err := st.db.SignInTokens(t.Context(), conn.ID); err == nil {
		t.Error("the sign-in is still there")
	}
	// The platform was told: nothing can be renewed with what was ours.
	p, _ := st.server.Platforms(st.club.ID, true).Platform(x.ID)
	app, err := st.server.AppCredentials(t.Context(), st.club.ID, true, "x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.(platforms.Renewer).Renew(t.Context(), app, conn.Account, tokens.Refresh); platforms.KindOf(err) != platforms.Revoked {
		t.Errorf("the old sign-in can be renewed: %v", err)
	}
	tom.get(path + "/disconnect").to("/accounts")
	tom.get(path).want(http.StatusOK).says("Disconnected")

	back := st.follow(tom, st.leave(tom, path+"/reconnect", nil), "allow")
	tom.get(back).to(path)
	if again := st.only(true, x.ID); again.ID != conn.ID || again.Health != club.Working {
		t.Errorf("connected again as %d, %s", again.ID, again.Health)
	}
}

func TestAccountsOfOtherClubsAreNotThere(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "x")
	conn := st.only(true, x.ID)
	other, err := st.db.CreateClub(t.Context(), st.persons[club.Admin].ID, store.NewClub{Name: "Old Town Choir", Zone: "UTC"}, "test")
	if err != nil {
		t.Fatal(err)
	}
	maeve := st.as(club.Admin)
	maeve.post("/clubs/current", url.Values{"club": {strconv.FormatInt(other.ID, 10)}}).want(http.StatusSeeOther)
	path := pathOf(conn)
	maeve.get("/accounts").want(http.StatusOK).says("No accounts yet")
	for _, p := range []string{path, path + "/reconnect", path + "/disconnect", "/accounts/999", "/accounts/x"} {
		maeve.get(p).want(http.StatusNotFound)
	}
	for _, p := range []string{path + "/check", path + "/reconnect", path + "/disconnect"} {
		maeve.post(p, nil).want(http.StatusNotFound)
	}
	if got := st.only(true, x.ID); got.Health != club.Working || got.Version != conn.Version {
		t.Error("another club changed the account")
	}
	for clubID, want := range map[int64]practice.Behaviour{st.club.ID: practice.Slow, other.ID: practice.Publishes} {
		w, err := st.server.Worlds.Of(clubID)
		if err != nil {
			t.Fatal(err)
		}
		if clubID == st.club.ID {
			if err := w.Behave(x.ID, practice.Slow); err != nil {
				t.Fatal(err)
			}
		}
		if got := w.Behaviour(x.ID); got != want {
			t.Errorf("the world of club %d is %s, want %s", clubID, got, want)
		}
	}
}

func TestAccountPageShowsTheNewestNumbers(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "x")
	conn := st.only(true, x.ID)
	tom := st.as(club.Viewer)
	tom.get(pathOf(conn)).saysNot("Numbers taken")
	n := platforms.Numbers{Values: map[platforms.Number]int64{platforms.Followers: 4210}}
	if err := st.db.SaveAccountNumbers(t.Context(), store.Work{Key: strconv.FormatInt(conn.ID, 10), ClubID: conn.ClubID, ConnectionID: conn.ID}, "2026-11-23", n, nil, st.clock.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	tom.get(pathOf(conn)).says("4,210", "Numbers taken 23 Nov 2026, 09:00.").saysNot("Impressions")
}
