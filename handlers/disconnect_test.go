package handlers

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/facebook"
	"github.com/bandstand-app/bandstand/platforms/instagram"
	"github.com/bandstand-app/bandstand/store"
)

// works asks the platform whether an account can still be used.
func (st *stage) works(practice bool, platform platforms.ID) bool {
	st.t.Helper()
	refusal, err := st.server.SignIns.Check(st.t.Context(), st.only(practice, platform).Connection)
	if err != nil {
		st.t.Fatal(err)
	}
	return refusal == nil
}

// dialog is what the sign-in page of a platform says.
func (st *stage) dialog(b *browser, platform string) string {
	st.t.Helper()
	return st.open(b, http.MethodGet, st.leave(b, "/accounts/connect/"+platform, nil), nil).text()
}

// TestTheLastAccountTakesTheSharedSignInBack: a Page and the profile linked to it
// hang on one sign-in. The first to go leaves it, the last takes it back.
func TestTheLastAccountTakesTheSharedSignInBack(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "facebook")
	page, profile := st.only(true, facebook.ID), st.only(true, instagram.ID)
	tokens, err := st.db.SignInTokens(t.Context(), page.ID)
	if err != nil || tokens.Refresh.IsZero() {
		t.Fatalf("the person's own token is not kept: %v", err)
	}
	st.canaries = append(st.canaries, tokens.Access.Reveal(), tokens.Refresh.Reveal())
	tom := st.as(club.Publisher)
	if said := st.dialog(tom, "facebook"); !strings.Contains(said, "You let this app in on 23 November 2026") {
		t.Errorf("the dialog says %q", said)
	}

	tom.get(pathOf(page)+"/disconnect").want(http.StatusOK).
		says("Bandstand deletes its access to this account", "The sign-in at Facebook stays, because it is also used for Riverside FC (@riversidefc) (Instagram)").
		saysNot("another club", "taken back at Facebook as a whole")
	tom.post(pathOf(page)+"/disconnect", nil).to("/accounts")
	tom.get("/accounts").says("is disconnected. The sign-in at Facebook stays")
	if _, err := st.db.SignInTokens(t.Context(), page.ID); err == nil {
		t.Error("our copy of the Page's sign-in is still there")
	}
	if !st.works(true, instagram.ID) {
		t.Error("the profile stopped working with the Page")
	}

	tom.get(pathOf(profile) + "/disconnect").want(http.StatusOK).says("it is revoked at Facebook as a whole").saysNot("stays, because")
	tom.post(pathOf(profile)+"/disconnect", nil).to("/accounts")
	tom.get("/accounts").says("is disconnected").saysNot("did not confirm", "stays, because")
	if said := st.dialog(tom, "facebook"); !strings.Contains(said, "This app was removed from your account on 23 November 2026") {
		t.Errorf("the dialog says %q", said)
	}

	// Either can be signed in again.
	for _, conn := range []store.Connected{page, profile} {
		tom.get(st.follow(tom, st.leave(tom, pathOf(conn)+"/reconnect", nil), "allow")).to(pathOf(conn))
		if again := st.only(true, conn.Account.Platform); again.ID != conn.ID || again.Health != club.Working {
			t.Errorf("connected again as %d, %s", again.ID, again.Health)
		}
	}
}

// TestOtherClubsKeepASharedSignIn: two clubs of one installation hang on the
// sign-in of one person.
func TestOtherClubsKeepASharedSignIn(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.goLive()
	st.setUp("meta")
	st.connect(club.Publisher, "facebook")
	page, profile := st.only(false, facebook.ID), st.only(false, instagram.ID)
	other, err := st.db.CreateClub(t.Context(), st.persons[club.Admin].ID, store.NewClub{Name: "Old Town Choir", Zone: "UTC"}, "test")
	if err != nil {
		t.Fatal(err)
	}
	app, err := st.server.AppCredentials(t.Context(), st.club.ID, false, "meta")
	if err != nil {
		t.Fatal(err)
	}
	choir := store.Scope{ClubID: other.ID, PersonID: st.persons[club.Admin].ID}
	if err := st.db.SaveAppCredentials(t.Context(), choir, "meta", app, "test"); err != nil {
		t.Fatal(err)
	}
	maeve := st.as(club.Admin)
	turn := func(clubID int64) {
		maeve.post("/clubs/current", map[string][]string{"club": {strconv.FormatInt(clubID, 10)}}).want(http.StatusSeeOther)
	}
	turn(other.ID)
	maeve.post("/practice/mode", map[string][]string{"practice": {"off"}}).to("/accounts")
	st.choose(maeve, st.follow(maeve, st.leave(maeve, "/accounts/connect/facebook", nil), "allow")).to("/accounts")

	tom := st.as(club.Publisher)
	tom.get(pathOf(profile) + "/disconnect").says("because it is also used for Riverside FC (@riversidefc) (Facebook Page) and 2 accounts of other clubs here").saysNot("Choir")
	tom.post(pathOf(page)+"/disconnect", nil).to("/accounts")
	tom.get(pathOf(profile) + "/disconnect").says("because it is also used for 2 accounts of other clubs here").saysNot("(Facebook Page)")
	tom.post(pathOf(profile)+"/disconnect", nil).to("/accounts")

	theirs, err := st.db.ConnectedAccounts(t.Context(), choir, false)
	if err != nil || len(theirs) != 2 {
		t.Fatalf("%d accounts, %v", len(theirs), err)
	}
	for _, conn := range theirs {
		if refusal, err := st.server.SignIns.Check(t.Context(), conn.Connection); err != nil || refusal != nil {
			t.Errorf("the other club's %s stopped working: %v, %v", conn.Account.Platform, refusal, err)
		}
		maeve.post(pathOf(conn)+"/disconnect", nil).to("/accounts")
	}
	turn(st.club.ID)
	if said := st.dialog(maeve, "facebook"); !strings.Contains(said, "This app was removed from your account") {
		t.Errorf("the last account of any club is gone, and the dialog says %q", said)
	}
}

// TestDisconnectingGoesOnWhereThePlatformSaysNo: what cannot be taken back is
// said, and destroyed here all the same.
func TestDisconnectingGoesOnWhereThePlatformSaysNo(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, platform, fault string
		hint                  bool
	}{
		{"no answer", "facebook", "error_before", true},
		{"the person's token is over", "facebook", "expired_token", true},
		{"refused", "facebook", "rejected", true},
		{"another platform", "x", "error_before", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			st := newStage(t)
			st.connect(club.Publisher, tt.platform)
			tom := st.as(club.Publisher)
			all, err := st.db.ConnectedAccounts(t.Context(), st.scope(club.Admin), true)
			if err != nil {
				t.Fatal(err)
			}
			last := all[len(all)-1]
			for _, conn := range all[:len(all)-1] {
				tom.post(pathOf(conn)+"/disconnect", nil).to("/accounts")
			}
			world, err := st.server.Worlds.Of(st.club.ID)
			if err != nil {
				t.Fatal(err)
			}
			if err := world.Fault(platforms.SimFault{Platform: last.Account.Platform, Operation: "revoke", Fault: tt.fault, Count: 1}); err != nil {
				t.Fatal(err)
			}
			tom.post(pathOf(last)+"/disconnect", nil).to("/accounts")
			list := tom.get("/accounts").says("is disconnected. Bandstand deleted its access, but", "did not confirm that it revoked the sign-in. To be sure, revoke it there yourself")
			if got := strings.Contains(list.text(), "Business integrations"); got != tt.hint {
				t.Errorf("says where: %v, want %v", got, tt.hint)
			}
			if got := st.only(true, last.Account.Platform); got.Health != club.Disconnected {
				t.Errorf("the account is %s", got.Health)
			}
			if _, err := st.db.SignInTokens(t.Context(), last.ID); err == nil {
				t.Error("the sign-in is still there")
			}
		})
	}
}

// TestASignInThatThePersonTookBackIsNoTrouble: she removed the app herself.
func TestASignInThatThePersonTookBackIsNoTrouble(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "facebook")
	page, profile := st.only(true, facebook.ID), st.only(true, instagram.ID)
	tokens, err := st.db.SignInTokens(t.Context(), page.ID)
	if err != nil {
		t.Fatal(err)
	}
	p, _ := st.server.Platforms(st.club.ID, true).Platform(facebook.ID)
	app, err := st.server.AppCredentials(t.Context(), st.club.ID, true, "meta")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.(platforms.Revoker).Revoke(t.Context(), app, page.Account, tokens); err != nil {
		t.Fatal(err)
	}
	tom := st.as(club.Publisher)
	for _, conn := range []store.Connected{page, profile} {
		tom.post(pathOf(conn)+"/disconnect", nil).to("/accounts")
	}
	tom.get("/accounts").says("is disconnected").saysNot("did not confirm")
}
