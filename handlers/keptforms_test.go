package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

// withPasswords gives everybody of the scene the same password.
func (s *scene) withPasswords() {
	s.t.Helper()
	hash, err := s.server.people.Passwords.Hash(s.t.Context(), everyPassword)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, p := range s.persons {
		if _, err := s.db.SetPassword(s.t.Context(), p.ID, hash, "test"); err != nil {
			s.t.Fatal(err)
		}
	}
	s.clock.Advance(time.Second)
}

// written is the composer as a role sees it, filled in.
func (s *scene) written(r club.Role, form url.Values) url.Values {
	s.t.Helper()
	mark := s.as(r).get("/posts/new").want(http.StatusOK).doc().Find("#composer input").First()
	if mark.AttrOr("name", "") != "mark" {
		s.t.Fatal("the mark is not the first field of the form")
	}
	return with(form, "mark", mark.AttrOr("value", ""))
}

// signInTo signs in at the page to which an answer leads, and follows from there.
func (s *scene) signInTo(a *answer, email string) (*browser, *answer) {
	s.t.Helper()
	to := a.want(http.StatusSeeOther).Header.Get("Location")
	u, err := url.Parse(to)
	if err != nil || u.Path != "/sign-in" {
		s.t.Fatalf("it leads to %s", to)
	}
	page := s.as("").get(to).want(http.StatusOK)
	next := page.doc().Find("input[name=to]").AttrOr("value", "")
	in := s.as("").post("/sign-in", url.Values{"email": {email}, "password": {everyPassword}, "to": {next}}).want(http.StatusSeeOther)
	b := s.as("")
	b.http.Jar = jar{in.Cookies()[0]}
	return b, in
}

// TestTextOutlivesTheSignIn: without script, a post that was written longer than
// the sign-in lasted comes back, whole, to the person who wrote it.
func TestTextOutlivesTheSignIn(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	s.withPasswords()
	a, w := s.account("tiny", true, club.Working), s.account("wide", true, club.Working)
	form := s.written(club.Writer, with(draft("Trials\r\n“Señor” ñ 🎺", a, w), "own", id64(w), "text-"+id64(w), "Trials, wide", "link", "https://example.org/a", "note", "ask Tom",
		"campaign_new", "Autumn", "date", "2026-11-28", "time", "17:15", "do", "schedule"))
	for name, send := range map[string]func(b *browser) *answer{
		"plain":          func(b *browser) *answer { return b.post("/posts", form) },
		"autosave":       func(b *browser) *answer { return b.post("/posts/autosave", form) },
		"with a picture": func(b *browser) *answer { return b.sendForm("/posts", form, drawn(t, 40, 30)) },
		"with no file":   func(b *browser) *answer { return b.sendForm("/posts", form, nil) },
	} {
		out := send(s.as(""))
		s.as("").get(out.Header.Get("Location")).says("You were signed out meanwhile. Your text is kept for half an hour")
		b, in := s.signInTo(out, "ines@riverside.example")
		path := in.Header.Get("Location")
		page := b.get(path).want(http.StatusOK).says("You were signed out while you wrote", "Not saved yet")
		if got := strings.Contains(page.text(), "Choose your pictures again"); got != (name == "with a picture") {
			t.Errorf("%s: it says to choose pictures again: %v", name, got)
		}
		again := page.doc()
		for field, want := range map[string]string{
			"#text": "Trials\n“Señor” ñ 🎺", "#text-" + id64(w): "Trials, wide", "#link": "https://example.org/a", "#note": "ask Tom", "#campaign_new": "Autumn", "#date": "2026-11-28", "#time": "17:15",
		} {
			f := again.Find(field)
			if got := f.AttrOr("value", f.Text()); got != want {
				t.Errorf("%s: %s holds %q, want %q", name, field, got, want)
			}
		}
		if n := again.Find("#accounts input[checked]").Length(); n != 2 {
			t.Errorf("%s: %d accounts are ticked, want 2", name, n)
		}
		// A reload loses nothing.
		b.get(path).want(http.StatusOK)
		var posts int
		if err := s.db.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM posts`).Scan(&posts); err != nil || posts != 0 {
			t.Errorf("%s: %d posts were made of what nobody confirmed (%v)", name, posts, err)
		}
		// Saved, it is not kept any longer.
		kept := again.Find("input[name=kept]").AttrOr("value", "")
		b.post("/posts", with(form, "kept", kept, "do", "draft", "op", name)).want(http.StatusSeeOther)
		b.get(path).want(http.StatusNotFound)
		b.post(web.PostPath(s.only().ID)+"/deletion", nil).want(http.StatusSeeOther)
		if _, err := s.db.Writer().ExecContext(t.Context(), `DELETE FROM posts`); err != nil {
			t.Fatal(err)
		}
	}
}

// TestKeptTextIsForItsWriterAlone: nobody else sees it, by whichever way.
func TestKeptTextIsForItsWriterAlone(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	s.withPasswords()
	out := s.as("").post("/posts", s.written(club.Writer, draft("A secret surprise for Maeve")))
	b, in := s.signInTo(out, "maeve@riverside.example")
	if to := in.Header.Get("Location"); to != "/calendar" {
		t.Errorf("somebody else is led to %s", to)
	}
	u, err := url.Parse(out.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	path := u.Query().Get("to")
	b.get(path).want(http.StatusNotFound).saysNot("surprise")
	s.as(club.Viewer).get(path).want(http.StatusForbidden)
	s.as("").get(path).to("/sign-in?" + url.Values{"to": {path}}.Encode())
	var sealed []byte
	if err := s.db.Reader().QueryRowContext(t.Context(), `SELECT fields FROM kept_forms`).Scan(&sealed); err != nil || strings.Contains(string(sealed), "surprise") {
		t.Errorf("it lies open in the database (%v)", err)
	}
	s.clock.Advance(29 * time.Minute)
	s.as(club.Writer).get(path).want(http.StatusOK).says("Not saved yet")
	s.clock.Advance(2 * time.Minute)
	s.as(club.Writer).get(path).want(http.StatusNotFound)
	if err := s.db.DeleteExpired(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := s.kept(); n != 0 {
		t.Errorf("%d forms are kept for ever", n)
	}
}

// TestStrangersFillNoDisk: without the mark of a member's page nothing is kept,
// and with it only so much.
func TestStrangersFillNoDisk(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	stranger := s.as("")
	form := s.written(club.Writer, draft("Training"))
	other := otherClub(t, s)
	for name, mark := range map[string]string{
		"none": "", "nonsense": "1.2.3.4", "another person": "1" + form.Get("mark")[1:] + "x", "cut": form.Get("mark")[:20],
		"forged club": strings.Replace(form.Get("mark"), "1.", "2.", 1), "nobody's": s.db.FormMark(store.Scope{ClubID: other.ClubID, PersonID: s.persons[club.Writer].ID}),
	} {
		stranger.post("/posts", with(form, "mark", mark)).to("/sign-in")
		stranger.sendForm("/posts", with(form, "mark", mark), nil).to("/sign-in")
		if n := s.kept(); n != 0 {
			t.Fatalf("%s: %d forms were kept", name, n)
		}
	}
	// A form that does not begin with its mark is not read at all.
	stranger.sendFile("/posts", url.Values{"text": {strings.Repeat("a", 1000)}}, "a.png", []byte("x"), nil).to("/sign-in")
	// Forms of other kinds are no text of a post.
	stranger.post("/settings", form).to("/sign-in")
	if n := s.kept(); n != 0 {
		t.Fatalf("%d forms were kept", n)
	}
	for _, send := range []func(url.Values) *answer{
		func(v url.Values) *answer { return stranger.post("/posts", v) },
		func(v url.Values) *answer { return stranger.sendForm("/posts", v, nil) },
	} {
		send(with(form, "text", strings.Repeat("é", store.MaxKeptForm/2))).want(http.StatusUnprocessableEntity).says("your text is too long to be put aside", "Go back: it is still in the form.")
		send(with(form, "text", strings.Repeat("é", store.MaxKeptForm/2-200))).want(http.StatusSeeOther)
	}
	for range 20 {
		s.clock.Advance(time.Second)
		stranger.post("/posts", form).want(http.StatusSeeOther)
	}
	if n := s.kept(); n != 5 {
		t.Errorf("%d forms of one person are kept, want 5", n)
	}
	s.clock.Advance(16 * 24 * time.Hour)
	stranger.post("/posts", form).to("/sign-in")
	// On a full disk it is said where the text still is.
	form = s.written(club.Writer, draft("Training"))
	s.pragma("query_only = 1")
	stranger.post("/posts", form).want(http.StatusInsufficientStorage).says("the server cannot put your text aside now", "Go back")
}

// TestKeptTextOfAPostThatIsGone comes back as a new post.
func TestKeptTextOfAPostThatIsGone(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	s.withPasswords()
	account := s.account("tiny", true, club.Working)
	ines := s.as(club.Writer)
	ines.post("/posts", draft("Training", account)).want(http.StatusSeeOther)
	p := s.only()
	form := s.written(club.Writer, with(draft("Training, newer", account), "op", "form-2", "post", id64(p.ID), "version", id64(p.Version)))

	b, in := s.signInTo(s.as("").post("/posts", form), "ines@riverside.example")
	d := b.get(in.Header.Get("Location")).want(http.StatusOK).doc()
	if got := d.Find("#save input[name=post]").AttrOr("value", ""); got != id64(p.ID) {
		t.Errorf("the form is about post %q, want %d", got, p.ID)
	}
	out := s.as("").post("/posts", form)
	ines.post(web.PostPath(p.ID)+"/deletion", nil).want(http.StatusSeeOther)
	b, in = s.signInTo(out, "ines@riverside.example")
	page := b.get(in.Header.Get("Location")).want(http.StatusOK).says("this is a new one")
	if got := page.doc().Find("#save input[name=post]").AttrOr("value", ""); got != "" {
		t.Errorf("the form is about post %q, want a new one", got)
	}
	if got := page.doc().Find("#text").Text(); got != "Training, newer" {
		t.Errorf("the text is %q", got)
	}
}

// kept counts the forms that are put aside.
func (s *scene) kept() int {
	s.t.Helper()
	var n int
	if err := s.db.Reader().QueryRowContext(s.t.Context(), `SELECT count(*) FROM kept_forms`).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}
