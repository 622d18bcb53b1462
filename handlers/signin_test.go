package handlers

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	hash, err := s.server.people.Passwords.Hash(t.Context(), "four brass horns play")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.SetPassword(t.Context(), s.persons[club.Writer].ID, hash, "test"); err != nil {
		t.Fatal(err)
	}
	s.clock.Advance(time.Second)
	form := func(email, pw string) url.Values {
		return url.Values{"email": {email}, "password": {pw}, "to": {"/results"}}
	}
	stranger := s.as("")

	stranger.post("/sign-in", form("ines@riverside.example", "four brass horns play")).to("/results")
	wrong := stranger.post("/sign-in", form("ines@riverside.example", "wrong")).want(http.StatusUnprocessableEntity).says("That email and password do not match")
	nobody := stranger.post("/sign-in", form("nobody@riverside.example", "wrong")).want(http.StatusUnprocessableEntity)
	if a, b := wrong.doc().Find(".err").Text(), nobody.doc().Find(".err").Text(); a != b {
		t.Errorf("the answer tells who exists: %q, %q", a, b)
	}
	if got := wrong.doc().Find("#email").AttrOr("value", ""); got != "ines@riverside.example" {
		t.Errorf("the email typed is lost: %q", got)
	}
	for range web.MaxTries {
		stranger.post("/sign-in", form("ines@riverside.example", "wrong"))
	}
	stranger.post("/sign-in", form("ines@riverside.example", "four brass horns play")).want(http.StatusTooManyRequests).says("Wait 15 minutes")
	s.clock.Advance(web.TriesWait + time.Second)
	stranger.post("/sign-in", form("ines@riverside.example", "four brass horns play")).to("/results")
}

func TestSignInLeadsOnlyToOwnPages(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]string{"/posts": "/posts", "//evil.example": "", "https://evil.example": "", "/\\evil.example": "", "": "", "/a\r\nb": ""} {
		if got := web.LocalPath(to); got != want {
			t.Errorf("localPath(%q) = %q, want %q", to, got, want)
		}
	}
}

func TestSessionEnds(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b := s.as(club.Viewer)
	b.get("/sign-in").to("/calendar")
	s.clock.Advance(web.SessionIdle + time.Minute)
	b.get("/sign-in").want(http.StatusOK)
}

// TestEveryRouteNamesItsAction is rule W1.
func TestEveryRouteNamesItsAction(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	seen := map[string]bool{}
	for _, r := range s.server.routes() {
		known := false
		for _, a := range club.Actions {
			known = known || a == r.Action
		}
		if !known {
			t.Errorf("%s %s names no action", r.Method, r.Path)
		}
		if key := r.Method + r.Path; seen[key] {
			t.Errorf("%s %s stands twice", r.Method, r.Path)
		} else {
			seen[key] = true
		}
	}
}

// TestSigningInAgainStaysInTheClubOfThePage: whoever is in two clubs goes on in the
// one whose page is still open, not in the first of theirs.
func TestSigningInAgainStaysInTheClubOfThePage(t *testing.T) {
	t.Parallel()
	s, _ := newDoor(t)
	other := otherClub(t, s)
	ines := s.persons[club.Writer]
	s.exec(`INSERT INTO members (club_id, person_id, role, joined_at) VALUES (?, ?, 'writer', 0)`, other.ClubID, ines.ID)
	for name, tt := range map[string]struct{ club, sees string }{
		"the second":             {id64(other.ClubID), "Choir"},
		"the first":              {id64(s.club.ID), "Riverside FC"},
		"one that is not theirs": {"99", "Riverside FC"},
		"none":                   {"", "Riverside FC"},
	} {
		b := s.visitor()
		form := with(credentials(ines.Email, goodPassword), "dialog", "1", "club", tt.club, "again", "1")
		a := b.postHX("/sign-in", form).want(http.StatusOK).says("You are signed in again, and what you asked for was sent once more.")
		if a.Header.Get("HX-Trigger") != "bs:signed-in" {
			t.Errorf("%s: the page does not hear of it", name)
		}
		page := b.get("/posts").want(http.StatusOK).says(tt.sees)
		if got := page.doc().Find("body").AttrOr("data-email", ""); got != ines.Email {
			t.Errorf("%s: the page is of %q", name, got)
		}
	}
	b := s.visitor()
	b.postHX("/sign-in", with(credentials(ines.Email, goodPassword), "dialog", "1")).says("You are signed in again.").saysNot("sent once more")
}
