package handlers

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	hash, err := s.server.Passwords.Hash(t.Context(), "four brass horns play")
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
	for range maxTries {
		stranger.post("/sign-in", form("ines@riverside.example", "wrong"))
	}
	stranger.post("/sign-in", form("ines@riverside.example", "four brass horns play")).want(http.StatusTooManyRequests).says("Wait 15 minutes")
	s.clock.Advance(triesWait + time.Second)
	stranger.post("/sign-in", form("ines@riverside.example", "four brass horns play")).to("/results")
}

func TestSignInLeadsOnlyToOwnPages(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]string{"/posts": "/posts", "//evil.example": "", "https://evil.example": "", "/\\evil.example": "", "": "", "/a\r\nb": ""} {
		if got := localPath(to); got != want {
			t.Errorf("localPath(%q) = %q, want %q", to, got, want)
		}
	}
}

func TestSessionEnds(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	b := s.as(club.Viewer)
	b.get("/sign-in").to("/calendar")
	s.clock.Advance(sessionIdle + time.Minute)
	b.get("/sign-in").want(http.StatusOK)
}

func TestEveryRouteNamesItsAction(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	seen := map[string]bool{}
	for _, r := range s.server.routes() {
		known := false
		for _, a := range club.Actions {
			known = known || a == r.action
		}
		if !known {
			t.Errorf("%s %s names no action", r.method, r.path)
		}
		if key := r.method + r.path; seen[key] {
			t.Errorf("%s %s stands twice", r.method, r.path)
		} else {
			seen[key] = true
		}
	}
}
