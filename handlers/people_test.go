package handlers

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

func TestInvitationJoinsOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	page := s.as(club.Admin).post("/settings/invitations", url.Values{"email": {"new@riverside.example"}, "role": {"writer"}}).want(http.StatusOK).says("Send this link to new@riverside.example")
	link := page.doc().Find("#new-link").AttrOr("value", "")
	path := strings.TrimPrefix(link, s.web.URL)
	if !strings.HasPrefix(path, "/invitations/") {
		t.Fatalf("link is %q", link)
	}
	stranger := s.as("")
	stranger.get(path).want(http.StatusOK).says("Join Riverside FC", "Maeve Byrne invites you", "Writer: writes drafts")
	form := url.Values{"name": {"Nora"}, "email": {"new@riverside.example"}, "password": {"short"}}
	again := stranger.post(path, form).want(http.StatusUnprocessableEntity).says("Use at least 12 characters")
	if got := again.doc().Find("#name").AttrOr("value", ""); got != "Nora" {
		t.Errorf("the name typed is lost: %q", got)
	}
	form.Set("password", "three old tin drums")
	stranger.post(path, form).to("/calendar")
	stranger.get(path).want(http.StatusNotFound).says("This link has been used")
}

func TestMembersOfOtherClubsAreNotThere(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	other := otherClub(t, s)
	b := s.as(club.Admin)
	for _, path := range []string{"/role", "/removal", "/sign-in-link"} {
		b.post("/settings/members/"+strconv.FormatInt(other.PersonID, 10)+path, url.Values{"role": {"viewer"}}).want(http.StatusNotFound)
	}
	b.post("/clubs/current", url.Values{"club": {strconv.FormatInt(other.ClubID, 10)}}).want(http.StatusNotFound)
	b.get("/settings/members").want(http.StatusOK).saysNot("Olga")
}

// otherClub makes a second club with an admin of its own.
func otherClub(t *testing.T, s *scene) store.Scope {
	t.Helper()
	token, err := s.db.CreateInvitation(t.Context(), s.scope(club.Admin), "olga@choir.example", club.Viewer, "test")
	if err != nil {
		t.Fatal(err)
	}
	p, _, err := s.db.AcceptInvitationAsNew(t.Context(), token, store.NewPerson{Email: "olga@choir.example", Name: "Olga", PasswordHash: "none"}, "test")
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.db.CreateClub(t.Context(), p.ID, store.NewClub{Name: "Choir", Zone: "Europe/Berlin", WeekStart: 1}, "test")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.db.RemoveMember(t.Context(), s.scope(club.Admin), p.ID, "test"); err != nil {
		t.Fatal(err)
	}
	return store.Scope{ClubID: c.ID, PersonID: p.ID}
}

// TestLastSeenIsTrue: the list of members says who is here, and when somebody was
// here last. Looking at pages writes that once in a while; polls, heads of pages
// and people without a sign-in never do.
func TestLastSeenIsTrue(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	row := func(name string) string {
		return s.as(club.Admin).get("/settings/members").want(http.StatusOK).doc().Find(".people li").FilterFunction(func(_ int, li *goquery.Selection) bool {
			return strings.Contains(li.Text(), name)
		}).Find(".meta").Text()
	}
	seenAt := func() time.Time {
		m, err := s.db.Membership(t.Context(), s.club.ID, s.persons[club.Publisher].ID)
		if err != nil {
			t.Fatal(err)
		}
		return m.SeenAt
	}
	if got := row("Tom Reid"); !strings.Contains(got, "not here yet") {
		t.Errorf("before he came: %q", got)
	}
	tom, first := s.as(club.Publisher), s.clock.Now()
	tom.get("/calendar").want(http.StatusOK)
	if got := row("Tom Reid"); !strings.Contains(got, "here now") || !seenAt().Equal(first) {
		t.Errorf("while he is here: %q, seen at %v", got, seenAt())
	}
	for range 9 {
		s.clock.Advance(time.Minute)
		tom.get("/calendar").want(http.StatusOK)
	}
	if !seenAt().Equal(first) {
		t.Errorf("nine minutes on, a page view wrote: %v", seenAt())
	}
	s.clock.Advance(time.Hour)
	s.as("").get("/calendar").want(http.StatusSeeOther)
	tom.do(http.MethodHead, "/calendar", nil, nil)
	tom.get("/calendar/changes")
	if !seenAt().Equal(first) {
		t.Errorf("an hour on, a poll or the head of a page wrote: %v", seenAt())
	}
	tom.get("/posts").want(http.StatusOK)
	if got := row("Tom Reid"); !strings.Contains(got, "here now") {
		t.Errorf("an hour later, back again: %q", got)
	}
	s.clock.Advance(time.Hour)
	if got := row("Tom Reid"); !strings.Contains(got, "here today") {
		t.Errorf("gone for an hour: %q", got)
	}
}

func TestRoleChangeEndsSessionsAtOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	ines := s.as(club.Writer)
	ines.get("/profile").want(http.StatusOK)
	s.clock.Advance(time.Second)
	s.as(club.Admin).post("/settings/members/"+strconv.FormatInt(s.persons[club.Writer].ID, 10)+"/role", url.Values{"role": {"publisher"}}).to("/settings/members")
	s.clock.Advance(time.Second)
	ines.get("/profile").to("/sign-in?to=%2Fprofile")
}

func TestLastAdminStays(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b := s.as(club.Admin)
	b.post("/settings/members/"+strconv.FormatInt(s.persons[club.Admin].ID, 10)+"/removal", nil).to("/settings/members")
	if members, err := s.db.Members(t.Context(), s.club.ID); err != nil || len(members) != 4 {
		t.Errorf("members = %d, %v; want 4", len(members), err)
	}
}

func TestOnlyAdminsManage(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for _, r := range []club.Role{club.Publisher, club.Writer, club.Viewer} {
		s.as(r).post("/settings/invitations", url.Values{"email": {"x@y.example"}, "role": {"admin"}}).
			want(http.StatusForbidden).says("Only Admins can do this", "Ask Maeve Byrne")
	}
}

func TestSetupNeedsTheCode(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.as("").get("/setup").to("/sign-in")
	s.as("").post("/setup", url.Values{"code": {"AAAA-AAAA"}, "name": {"Mallory"}, "email": {"m@evil.example"}, "password": {"three old tin drums"}, "club": {"Evil"}, "zone": {"UTC"}}).
		want(http.StatusUnprocessableEntity).says("This set-up code does not fit")
}

// TestViewersDoNothingInPracticeMode that they may not do in earnest: they look,
// and read their notices.
func TestViewersDoNothingInPracticeMode(t *testing.T) {
	t.Parallel()
	for _, r := range newScene(t).server.routes() {
		if may := club.Viewer.Can(r.Action) && r.Action != club.Public && r.Action != club.SignedIn; may && r.Method == http.MethodPost && !strings.HasPrefix(r.Path, "/notices/") {
			t.Errorf("a Viewer may send forms to %s", r.Path)
		}
	}
	st := newStage(t)
	vera := st.as(club.Viewer)
	for _, path := range []string{"/practice/behaviour", "/practice/reset", "/practice/mode", "/practice/x/oauth2/authorize", "/accounts/connect/x"} {
		vera.post(path, nil).want(http.StatusForbidden)
	}
}
