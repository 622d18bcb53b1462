package handlers

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/handlers/people"
	"github.com/bandstand-app/bandstand/internal/club"
)

// TestRemovingAMemberAsksWithItsConsequences: what goes, what stays and how much
// of it stands on a page before anything is done.
func TestRemovingAMemberAsksWithItsConsequences(t *testing.T) {
	t.Parallel()
	g := newGround(t)
	admin, tom := g.as(club.Admin), g.persons[club.Publisher]
	path := g.memberPath(club.Publisher, "removal")
	menu := admin.get("/settings/members").want(http.StatusOK).doc()
	if n := menu.Find(`a[href="` + path + `"]`).Length(); n != 1 || menu.Find(`form[action$="/removal"], form[action$="/role"]`).Length() != 0 {
		t.Errorf("the list has %d links that ask, or a button that removes at once", n)
	}
	g.connection(g.scope(club.Publisher))
	a := admin.get(path).want(http.StatusOK).says("Remove Tom Reid from Riverside FC?", "can no longer open Riverside FC",
		"All posts and drafts stay.", "Tom Reid connected", "somebody else has to reconnect", "You can invite them again")
	if a.doc().Find(`form[action="`+path+`"] button[data-kind=danger]`).Length() != 1 {
		t.Errorf("no button removes Tom: %s", a.body)
	}
	if _, err := g.db.Membership(t.Context(), g.own.ClubID, tom.ID); err != nil {
		t.Fatalf("asking removed Tom: %v", err)
	}
	if err := g.db.SetRole(t.Context(), g.scope(club.Admin), tom.ID, club.Admin, "test"); err != nil {
		t.Fatal(err)
	}
	if _, err := g.db.CreateInvitation(t.Context(), g.scope(club.Publisher), "nora@riverside.example", club.Viewer, "test"); err != nil {
		t.Fatal(err)
	}
	g.as(club.Admin).get(path).says("One open invitation that Tom Reid made stops working.")
	g.as(club.Admin).get(g.memberPath(club.Admin, "removal")).says("Leave Riverside FC?", "You are signed out everywhere").saysNot("invite them again")
	admin.post(path, nil).to("/settings/members")
	g.as(club.Admin).get(path).want(http.StatusNotFound)
}

// TestAnotherRoleAsksWithItsConsequences: above all giving Admin.
func TestAnotherRoleAsksWithItsConsequences(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	admin := s.as(club.Admin)
	path := s.memberPath(club.Writer, "role")
	a := admin.get(path+"?to=admin").want(http.StatusOK).says("Make Ines Silva Admin?",
		"Ines Silva can then schedule posts and decide about those that need attention, connect and disconnect accounts and invite and remove people",
		"can change your role too, or remove you", "signed out everywhere")
	if got := a.doc().Find(`form[action="`+path+`"] input[name=role]`).AttrOr("value", ""); got != "admin" {
		t.Errorf("the button gives %q", got)
	}
	admin.get(path + "?to=viewer").says("Ines Silva can no longer write drafts and upload pictures.").saysNot("can then")
	for _, to := range []string{"", "?to=writer", "?to=boss"} {
		admin.get(path + to).to("/settings/members")
	}
	admin.post(path, url.Values{"role": {"admin"}}).to("/settings/members")
	s.as(club.Admin).get(s.memberPath(club.Admin, "role") + "?to=writer").says("You cannot take this back yourself")

	// The last Admin hears so instead of being asked.
	if err := s.db.SetRole(t.Context(), s.scope(club.Admin), s.persons[club.Writer].ID, club.Viewer, "test"); err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"role?to=writer", "removal"} {
		a := s.as(club.Admin).get(s.memberPath(club.Admin, what)).want(http.StatusOK).says("A club needs at least one Admin")
		if a.doc().Find(".ask form").Length() != 0 {
			t.Errorf("%s offers what is refused", what)
		}
	}
	s.as(club.Publisher).get(path + "?to=admin").want(http.StatusForbidden)
}

// TestGoingLiveAsksWithItsConsequences: what is put away and what waits, in numbers,
// what to keep and the password stand on a page of their own, which can be opened
// again. A wrong password forgets nothing of what was chosen.
func TestGoingLiveAsksWithItsConsequences(t *testing.T) {
	t.Parallel()
	s := newConfirming(t)
	n := s.account("x", true, club.Working)
	s.account("bluesky", true, club.Disconnected)
	tom, maeve := s.as(club.Publisher), s.visit(club.Admin)
	s.clock.Advance(people.ConfirmedFor + time.Second)
	tom.post("/posts", with(draft("Keep me", n), "op", "one")).want(http.StatusSeeOther)
	tom.post("/posts", with(draft("Waits", n), "op", "two", "do", "schedule")).want(http.StatusSeeOther)

	list := maeve.get("/practice").want(http.StatusOK).doc()
	if list.Find(`#live a[href="/practice/mode"]`).Length() != 1 || list.Find(`form[action="/practice/mode"]`).Length() != 0 {
		t.Error("the practice page takes the club live without asking")
	}
	tom.get("/practice/mode").want(http.StatusForbidden)
	page := maeve.get("/practice/mode").want(http.StatusOK).says("Go live with Riverside FC?", "What changes", "What stays",
		"2 practice posts are put away", "One make-believe account is put away.", "One scheduled practice post still waits.", "Keep me", "Your Bandstand password")
	if page.doc().Find(`.ask form[action="/practice/mode"] button[data-kind="main"]`).Length() != 1 {
		t.Error("nothing on the page takes the club live")
	}

	form := url.Values{"practice": {"off"}, "keep": {"1"}, "own_password": {"not this one at all"}}
	again := maeve.post("/practice/mode", form).want(http.StatusUnprocessableEntity).doc()
	maeve.get("/practice/mode").want(http.StatusOK).says("Go live with Riverside FC?")
	ref := again.Find(`input[name="confirm"]`).AttrOr("value", "")
	maeve.post("/practice/mode", url.Values{"confirm": {ref}, "password": {goodPassword}}).to("/accounts")
	maeve.get("/accounts").says("The club is live.", "One post was kept as a draft.")
	maeve.get("/practice/mode").to("/practice")
}
