package handlers

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
)

// TestTheCookie is rule W4: its name and what browsers may do with it.
func TestTheCookie(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]struct {
		name          string
		secure, warns bool
	}{
		"https://post.club.example": {"__Host-bandstand", true, false},
		"http://127.0.0.1:8080":     {"bandstand", false, false},
		"http://localhost:8080":     {"bandstand", false, false},
		"http://192.168.1.20:8080":  {"bandstand", false, true},
		"http://nas.local":          {"bandstand", false, true},
	} {
		t.Run(base, func(t *testing.T) {
			t.Parallel()
			s, _ := newDoor(t, func(c *Config) { c.BaseURL = parse(t, base) })
			a := s.visitor().post("/sign-in", credentials(s.emailOf(club.Viewer), goodPassword)).to("/calendar")
			set := a.Cookies()
			if len(set) != 1 {
				t.Fatalf("%d cookies were set: %v", len(set), a.Header["Set-Cookie"])
			}
			c := set[0]
			if c.Name != want.name || c.Secure != want.secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
				t.Errorf("the cookie is %s", c)
			}
			if raw, err := base64.RawURLEncoding.DecodeString(c.Value); err != nil || len(raw) != 32 {
				t.Errorf("the token has %d bytes (%v), want 32", len(raw), err)
			}
			if got := a.Header.Get("Strict-Transport-Security") != ""; got != want.secure {
				t.Errorf("Strict-Transport-Security is set: %v, want %v", got, want.secure)
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.web.URL+"/calendar", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
			page := s.as("").send(req).want(http.StatusOK)
			if got := strings.Contains(page.text(), "This connection is not encrypted"); got != want.warns {
				t.Errorf("the banner is there: %v, want %v", got, want.warns)
			}
		})
	}
}

// TestTokensAreStoredHashed looks for every secret that is handed out in the
// bytes of the database.
func TestTokensAreStoredHashed(t *testing.T) {
	t.Parallel()
	s, _ := newDoor(t)
	session := s.visit(club.Writer).cookie()
	secrets := map[string]string{
		"session":      session,
		"invitation":   strings.TrimPrefix(s.invite("new@riverside.example", club.Writer), "/invitations/"),
		"sign-in link": strings.TrimPrefix(s.signInLink(club.Writer), "/sign-in/link/"),
	}
	disk := s.onDisk()
	sum := sha256.Sum256([]byte(session))
	if !strings.Contains(disk, base64.RawURLEncoding.EncodeToString(sum[:])) {
		t.Error("the hash of the session is not found: the search is blind")
	}
	for name, secret := range secrets {
		raw, err := base64.RawURLEncoding.DecodeString(secret)
		if err != nil || len(raw) != 32 {
			t.Fatalf("%s: %d bytes, %v", name, len(raw), err)
		}
		if strings.Contains(disk, secret) || strings.Contains(disk, string(raw)) {
			t.Errorf("the %s lies in the database", name)
		}
	}
}

// TestWhatEndsSessions: after each event, which of the browsers of Ines, and of
// others, are still signed in. The clock stands still: it is not needed.
func TestWhatEndsSessions(t *testing.T) {
	t.Parallel()
	const oldHere, newHere, elsewhere, others = "the cookie before", "the cookie after", "Ines elsewhere", "others"
	tests := []struct {
		name string
		do   func(s *scene, ines *browser)
		want map[string]bool
	}{
		{"looking at a page", func(_ *scene, b *browser) { b.get("/calendar").want(200) }, map[string]bool{oldHere: true, newHere: true, elsewhere: true}},
		{"a wrong password", func(s *scene, b *browser) {
			b.post("/sign-in", credentials(s.emailOf(club.Writer), "wrong")).want(422)
		}, map[string]bool{oldHere: true, newHere: true, elsewhere: true}},
		{"signing in once more", func(s *scene, b *browser) {
			b.post("/sign-in", credentials(s.emailOf(club.Writer), goodPassword)).to("/calendar")
		}, map[string]bool{newHere: true, elsewhere: true}},
		{"somebody else signing in", func(s *scene, b *browser) {
			b.post("/sign-in", credentials(s.emailOf(club.Viewer), goodPassword)).to("/calendar")
			b.get("/profile").says("Vera Kelly")
		}, map[string]bool{newHere: true, elsewhere: true}},
		{"signing out", func(_ *scene, b *browser) { b.post("/sign-out", nil).to("/sign-in") }, map[string]bool{elsewhere: true}},
		{"changing the password", func(_ *scene, b *browser) {
			b.post("/profile/password", url.Values{"old_password": {goodPassword}, "password": {"three old tin drums"}}).to("/profile")
		}, map[string]bool{newHere: true}},
		{"failing to change the password", func(_ *scene, b *browser) {
			b.post("/profile/password", url.Values{"old_password": {"wrong"}, "password": {"three old tin drums"}}).want(422)
		}, map[string]bool{oldHere: true, newHere: true, elsewhere: true}},
		{"a link that sets the password", func(s *scene, _ *browser) {
			s.visitor().post(s.signInLink(club.Writer), url.Values{"password": {"three old tin drums"}}).to("/calendar")
		}, nil},
		{"a password from the console", func(s *scene, _ *browser) {
			if _, err := s.db.SetPassword(s.t.Context(), s.persons[club.Writer].ID, "new:three old tin drums", "console"); err != nil {
				s.t.Fatal(err)
			}
		}, nil},
		{"another role", func(s *scene, _ *browser) {
			s.visit(club.Admin).post(s.memberPath(club.Writer, "role"), url.Values{"role": {"viewer"}}).to("/settings/members")
		}, nil},
		{"the same role again", func(s *scene, _ *browser) {
			s.visit(club.Admin).post(s.memberPath(club.Writer, "role"), url.Values{"role": {"writer"}}).to("/settings/members")
		}, nil},
		{"removal", func(s *scene, _ *browser) {
			s.visit(club.Admin).post(s.memberPath(club.Writer, "removal"), nil).to("/settings/members")
		}, nil},
		{"joining another club", func(s *scene, b *browser) {
			other := otherClub(s.t, s)
			token, err := s.db.CreateInvitation(s.t.Context(), other, "any@choir.example", club.Admin, "test")
			if err != nil {
				s.t.Fatal(err)
			}
			b.post("/invitations/"+token, url.Values{"email": {"any@choir.example"}, "as": {"me"}}).to("/calendar")
			b.get("/calendar").want(200).says("Choir")
		}, map[string]bool{newHere: true, elsewhere: true}},
		{"another name", func(_ *scene, b *browser) { b.post("/profile", url.Values{"name": {"Ines S."}}).to("/profile") }, map[string]bool{oldHere: true, newHere: true, elsewhere: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, _ := newDoor(t)
			here, there := s.visit(club.Writer), s.visit(club.Writer)
			old, tom := here.cookie(), s.visit(club.Publisher)
			tt.do(s, here)
			s.alive(oldHere, old, tt.want[oldHere])
			if token := here.cookie(); token != "" {
				s.alive(newHere, token, tt.want[newHere])
			} else if tt.want[newHere] {
				t.Error("the browser holds no session any more")
			}
			s.alive(elsewhere, there.cookie(), tt.want[elsewhere])
			s.alive(others, tom.cookie(), true)
		})
	}
}

// TestFoundingAClubRenewsTheToken: who becomes an Admin of something gets
// another token.
func TestFoundingAClubRenewsTheToken(t *testing.T) {
	t.Parallel()
	s, _ := newDoor(t)
	b := s.visit(club.Admin)
	old := b.cookie()
	b.post("/clubs", url.Values{"club": {"Lakeside"}, "zone": {"Europe/Dublin"}, "week_start": {"1"}}).to("/calendar")
	s.alive("the cookie before", old, false)
	s.alive("the cookie after", b.cookie(), true)
}

// TestSessionFixation: a token that somebody else knows never becomes a
// person's.
func TestSessionFixation(t *testing.T) {
	t.Parallel()
	s, _ := newDoor(t)
	ctx, err := s.server.Sessions.Load(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.server.SwitchClub(ctx, s.club.ID); err != nil {
		t.Fatal(err)
	}
	anonymous, _, err := s.server.Sessions.Commit(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for name, planted := range map[string]string{
		"a session of nobody":      anonymous,
		"a token that was made up": strings.Repeat("A", 43),
		"of somebody signed in":    s.visit(club.Viewer).cookie(),
		"nonsense":                 "' OR 1=1 --",
		"very long":                strings.Repeat("A", 3000),
	} {
		victim := s.holding(planted)
		victim.post("/sign-in", credentials(s.emailOf(club.Writer), goodPassword)).to("/calendar")
		if victim.cookie() == planted {
			t.Errorf("%s: the planted token was kept", name)
		}
		s.alive(name, planted, false)
		s.alive(name+", the victim", victim.cookie(), true)
	}
}

// TestASignInWithTheOldPasswordComesTooLate: the password is changed while
// somebody is being let in with the old one.
func TestASignInWithTheOldPasswordComesTooLate(t *testing.T) {
	t.Parallel()
	s, q := newDoor(t)
	q.hold = func() {
		if _, err := s.db.SetPassword(t.Context(), s.persons[club.Writer].ID, "new:three old tin drums", "test"); err != nil {
			t.Error(err)
		}
		s.clock.Advance(time.Second) // the check took a while
	}
	b := s.visitor()
	b.post("/sign-in", credentials(s.emailOf(club.Writer), goodPassword)).to("/calendar")
	s.alive("with the old password", b.cookie(), false)
}

// TestSigningOutEndsWhatIsUnderWay: a request that began before and ends after
// does not bring the session back, whatever it has to keep.
func TestSigningOutEndsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	s, q := newDoor(t)
	here, there := s.visit(club.Writer), s.visit(club.Writer)
	stolen := here.cookie()
	s.clock.Advance(time.Hour) // a sign of life is due to be stored
	inside, goOn := make(chan struct{}), make(chan struct{})
	q.hold = func() {
		close(inside)
		<-goOn
	}
	done := make(chan *answer)
	go func() {
		thief := s.holding(stolen)
		done <- thief.post("/profile/password", url.Values{"old_password": {"wrong"}, "password": {"three old tin drums"}})
	}()
	<-inside
	here.post("/sign-out", nil).to("/sign-in")
	close(goOn)
	if a := <-done; a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("the request under way answered %d", a.StatusCode)
	}
	s.alive("the session that was signed out", stolen, false)
	s.alive("the other session", there.cookie(), true)
}

// TestHowLongASessionLives by the clock of the program: 12 hours without a sign
// of life, 14 days in all.
func TestHowLongASessionLives(t *testing.T) {
	t.Parallel()
	s, _ := newDoor(t)
	start := s.clock.Now()
	at := func(b *browser, d time.Duration, want bool) {
		t.Helper()
		s.clock.Advance(start.Add(d).Sub(s.clock.Now()))
		if got := b.signedInNow(); got != want {
			t.Errorf("after %v: signed in %v, want %v", d, got, want)
		}
	}
	used, idle, polled, headed := s.visit(club.Writer), s.visit(club.Writer), s.visit(club.Writer), s.visit(club.Writer)
	at(idle, 0, true)
	for _, h := range []time.Duration{11, 12} {
		at(used, h*time.Hour, true)
		polled.getHX("/calendar/changes?v=1").want(http.StatusOK)
		headed.do(http.MethodHead, "/calendar", nil, nil).want(http.StatusOK)
	}
	at(used, 12*time.Hour+time.Millisecond, true)
	for name, b := range map[string]*browser{"no request": idle, "a page that asks by itself": polled, "only heads of pages": headed} {
		token := b.cookie()
		if b.signedInNow() {
			t.Errorf("%s: still signed in after 12 hours", name)
		}
		s.alive(name, token, false)
	}
	for d := 20 * time.Hour; d <= web.SessionLife; d += 10 * time.Hour {
		at(used, d, true)
	}
	at(used, web.SessionLife, true)
	token := used.cookie()
	at(used, web.SessionLife+time.Millisecond, false)
	s.alive("the token after 14 days", token, false)
	at(s.visit(club.Writer), web.SessionLife+time.Hour, true)
}

// TestSessionsOfPeopleWhoAreGone: the person was deleted from the database, or
// is in no club any more.
func TestSessionsOfPeopleWhoAreGone(t *testing.T) {
	t.Parallel()
	s, _ := newDoor(t)
	gone, clubless := s.visit(club.Writer), s.visit(club.Viewer)
	s.pragma("foreign_keys = 0")
	s.exec(`DELETE FROM people WHERE id = ?`, s.persons[club.Writer].ID)
	s.pragma("foreign_keys = 1")
	s.exec(`DELETE FROM members WHERE person_id = ?`, s.persons[club.Viewer].ID)

	gone.get("/calendar").to("/sign-in?to=%2Fcalendar")
	if gone.signedInNow() {
		t.Error("somebody who is not there is signed in")
	}
	gone.post("/posts", draft("Training")).want(http.StatusSeeOther)
	s.visitor().post("/sign-in", credentials(s.emailOf(club.Writer), goodPassword)).want(http.StatusUnprocessableEntity)
	for _, path := range []string{"/calendar", "/posts", "/accounts", "/settings/members"} {
		clubless.get(path).want(http.StatusNotFound)
	}
	clubless.get("/profile").want(http.StatusOK)
	var posts int
	if err := s.db.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM posts`).Scan(&posts); err != nil || posts != 0 {
		t.Errorf("%d posts were written (%v)", posts, err)
	}
}

// TestForgedCookies: none of them is anybody, and none is an error.
func TestForgedCookies(t *testing.T) {
	t.Parallel()
	s, _ := newDoor(t)
	token := s.visit(club.Writer).cookie()
	sum := sha256.Sum256([]byte(token))
	flipped := "A" + token[1:]
	if token[0] == 'A' {
		flipped = "B" + token[1:]
	}
	for name, value := range map[string]string{
		"empty": "", "cut": token[:42], "longer": token + "A", "another case": strings.ToLower(token) + "x", "one letter": flipped,
		"its own hash": base64.RawURLEncoding.EncodeToString(sum[:]), "two": token + "%00" + token, "quoted percent": "%",
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.web.URL+"/profile", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Cookie", "bandstand="+value)
		a := s.as("").send(req)
		if a.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: answered %d", name, a.StatusCode)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.web.URL+"/profile", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Cookie", "__Host-bandstand="+token)
	s.as("").send(req).want(http.StatusSeeOther)
}
