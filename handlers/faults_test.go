package handlers

import (
	"bytes"
	"image"
	"image/jpeg"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/alexedwards/scs/v2/memstore"
	"github.com/mattn/go-sqlite3"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// pragma sets something on the one connection that writes.
func (s *scene) pragma(what string) {
	s.t.Helper()
	if _, err := s.db.Writer().ExecContext(s.t.Context(), "PRAGMA "+what); err != nil {
		s.t.Fatal(err)
	}
}

// Faults of the place where things are kept: how to make one, how to end it,
// and what is said.
var storageFaults = []struct {
	name   string
	begin  func(*scene) (end func())
	status int
	says   string
}{
	{"disk without writes", func(s *scene) func() {
		s.pragma("query_only = 1")
		return func() { s.pragma("query_only = 0") }
	}, http.StatusInsufficientStorage, "The server cannot write to its disk, so nothing was saved. Ask an Admin to look at the disk, then try again."},
	{"locked", func(s *scene) func() {
		s.pragma("busy_timeout = 5")
		holder := storetest.Lock(s.t, s.db)
		return func() {
			if _, err := holder.ExecContext(s.t.Context(), "ROLLBACK"); err != nil {
				s.t.Fatal(err)
			}
		}
	}, http.StatusServiceUnavailable, "The server is busy, so nothing was saved. Try again in a moment."},
}

// TestFormsOutliveFaultsOfTheStorage: what was typed is in the form again, the
// summary says what is wrong, and the same form works when the fault is over.
func TestFormsOutliveFaultsOfTheStorage(t *testing.T) {
	t.Parallel()
	token := func(s *scene) string {
		token, err := s.db.CreateInvitation(t.Context(), s.scope(club.Admin), "new@riverside.example", club.Writer, "test")
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	tests := []struct {
		name string
		as   club.Role
		path func(*scene) string
		form url.Values
		kept map[string]string // field: what is in it again
		done int
	}{
		{"draft", club.Writer, at("/posts"), draft("Training at six"), map[string]string{"#text": "Training at six", "#date": "2026-11-24", "#time": "18:30"}, 303},
		{"autosave", club.Writer, at("/posts/autosave"), draft("Training at six"), map[string]string{"#text": "Training at six"}, 303},
		{"schedule", club.Publisher, at("/posts"), with(draft("Training at six", 1), "do", "schedule"), map[string]string{"#text": "Training at six"}, 303},
		{
			"settings", club.Admin, at("/settings"),
			url.Values{"club": {"Riverside United"}, "zone": {"Europe/Berlin"}, "week_start": {"0"}, "late_hours": {"3"}},
			map[string]string{"#club": "Riverside United", "#late_hours": "3"},
			303,
		},
		{"new club", club.Admin, at("/clubs"), url.Values{"club": {"Lakeside"}, "zone": {"Europe/Berlin"}, "week_start": {"0"}}, map[string]string{"#club": "Lakeside"}, 303},
		{"profile", club.Viewer, at("/profile"), url.Values{"name": {"Vera K."}}, map[string]string{"#name": "Vera K."}, 303},
		{"invite", club.Admin, at("/settings/invitations"), url.Values{"email": {"a@riverside.example"}, "role": {"writer"}}, map[string]string{"#email": "a@riverside.example"}, 200},
		{
			"join", "", func(s *scene) string { return "/invitations/" + token(s) },
			url.Values{"name": {"Nora New"}, "email": {"new@riverside.example"}, "password": {"three or four words"}},
			map[string]string{"#name": "Nora New", "#email": "new@riverside.example"},
			303,
		},
	}
	for _, tt := range tests {
		for _, fault := range storageFaults {
			t.Run(tt.name+"/"+fault.name, func(t *testing.T) {
				t.Parallel()
				s := withTiny(t)
				s.account("tiny", true, club.Working)
				path, b := tt.path(s), s.as(tt.as)
				end := fault.begin(s)
				a := b.post(path, tt.form).want(fault.status)
				if got := a.doc().Find(".errors li").Text(); got != fault.says {
					t.Errorf("the summary says %q, want %q", got, fault.says)
				}
				for field, want := range tt.kept {
					f := a.doc().Find(field)
					if got := f.AttrOr("value", f.Text()); strings.TrimSpace(got) != want {
						t.Errorf("%s holds %q, want %q", field, got, want)
					}
				}
				b.postHX(path, tt.form).want(fault.status).says(fault.says)
				end()
				b.post(path, tt.form).want(tt.done)
			})
		}
	}
}

func at(path string) func(*scene) string { return func(*scene) string { return path } }

// TestComposerOnAFullDisk is the same on a disk that is really full.
func TestComposerOnAFullDisk(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	long := strings.Repeat("The match is on Saturday. ", 3000)
	s.pragma("max_page_count = 1") // as many as there are now
	a := s.as(club.Writer).post("/posts", draft(long)).want(http.StatusInsufficientStorage)
	a.says("The server has no space left, so nothing was saved. Ask an Admin to make space, then try again.")
	if got := a.doc().Find("#text").Text(); strings.TrimSpace(got) != strings.TrimSpace(long) {
		t.Errorf("of the text %d bytes are left, want %d", len(got), len(long))
	}
	op := a.doc().Find("input[name=op]").AttrOr("value", "")
	s.as(club.Viewer).get("/posts").want(http.StatusOK)
	s.pragma("max_page_count = 1000000")
	s.as(club.Writer).post("/posts", with(draft(long), "op", op)).want(http.StatusSeeOther)
	if p := s.only(); strings.TrimSpace(p.Content().Text) != strings.TrimSpace(long) {
		t.Error("the post does not hold the text")
	}
}

func TestMoveOutlivesALockedDatabase(t *testing.T) {
	t.Parallel()
	for _, fault := range storageFaults {
		s := withTiny(t)
		s.account("tiny", true, club.Working)
		b := s.as(club.Publisher)
		b.post("/posts", with(draft("Training", 1), "do", "schedule")).want(http.StatusSeeOther)
		p := s.only()
		form := url.Values{"op": {"m1"}, "version": {id64(p.Version)}, "to": {"other"}, "to_date": {"2026-11-28"}, "to_time": {"10:15"}}
		end := fault.begin(s)
		a := b.post(web.PostPath(p.ID)+"/move", form).want(fault.status).says(fault.says)
		if d, c := a.doc().Find("#to_date").AttrOr("value", ""), a.doc().Find("#to_time").AttrOr("value", ""); d != "2026-11-28" || c != "10:15" {
			t.Errorf("the form holds %s %s, want what was typed", d, c)
		}
		b.postHX(web.PostPath(p.ID)+"/move", form).want(fault.status).says(fault.says)
		end()
		b.post(web.PostPath(p.ID)+"/move", form).want(http.StatusSeeOther)
		if got := s.only().Planned.Local; got != "2026-11-28T10:15" {
			t.Errorf("moved to %s", got)
		}
	}
}

// TestUploadWithoutRoom: the row of a picture cannot be stored.
func TestUploadWithoutRoom(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	b := s.as(club.Writer)
	s.pragma("query_only = 1")
	a := b.upload("/posts", draft("With a photo"), "pitch.jpg", picture(t, 40, 30))
	a.want(http.StatusUnprocessableEntity).says("The server cannot write to its disk")
	if got := a.doc().Find("#text").Text(); strings.TrimSpace(got) != "With a photo" {
		t.Errorf("the text is %q", got)
	}
	if a.doc().Find(`.errors a[href="#media"]`).Length() != 1 {
		t.Error("the summary does not lead to the field")
	}
}

// upload posts a form with a file.
func (b *browser) upload(path string, form url.Values, name string, file []byte) *answer {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for k, vs := range form {
		for _, v := range vs {
			if err := w.WriteField(k, v); err != nil {
				b.t.Fatal(err)
			}
		}
	}
	part, err := w.CreateFormFile("files", name)
	if err == nil {
		_, err = part.Write(file)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.s.web.URL+path, &body)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.send(req)
}

// picture is a JPEG.
func picture(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, w, h)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sickSessions is a session store that fails when told.
type sickSessions struct {
	scs.Store
	read, write atomic.Bool
}

var busy = sqlite3.Error{Code: sqlite3.ErrBusy}

func (s *sickSessions) Find(token string) ([]byte, bool, error) {
	if s.read.Load() {
		return nil, false, busy
	}
	return s.Store.Find(token)
}

func (s *sickSessions) Commit(token string, b []byte, expiry time.Time) error {
	if s.write.Load() {
		return sqlite3.Error{Code: sqlite3.ErrFull}
	}
	return s.Store.Commit(token, b, expiry)
}

func (s *sickSessions) Delete(token string) error {
	if s.write.Load() {
		return sqlite3.Error{Code: sqlite3.ErrFull}
	}
	return s.Store.Delete(token)
}

func TestSessionsThatCannotBeStored(t *testing.T) {
	t.Parallel()
	sick := &sickSessions{Store: memstore.New()}
	s := newScene(t, func(c *Config) { c.SessionStore = sick })
	hash, err := s.server.people.Passwords.Hash(t.Context(), "three or four words")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.SetPassword(t.Context(), s.persons[club.Writer].ID, hash, "test"); err != nil {
		t.Fatal(err)
	}
	s.clock.Advance(time.Second)
	b := s.as(club.Viewer)
	sick.write.Store(true)

	// Pages go on, also where a sign of life cannot be kept.
	s.clock.Advance(time.Hour)
	b.get("/calendar").want(http.StatusOK).says("Calendar")
	// What is stored is stored, though no message will say so.
	b.post("/profile", url.Values{"name": {"Vera K."}}).to("/profile")
	// Who cannot be kept signed in hears so, and need not type the address again.
	ines := url.Values{"email": {"ines@riverside.example"}, "password": {"three or four words"}}
	a := s.as("").post("/sign-in", ines).want(http.StatusInsufficientStorage).says("The server has no space left")
	if a.doc().Find("#email").AttrOr("value", "") != "ines@riverside.example" {
		t.Error("the address is gone")
	}
	if len(a.Cookies()) > 0 {
		t.Error("a cookie of a session that does not exist")
	}
	b.post("/sign-out", nil).want(http.StatusInsufficientStorage)
	b.post("/clubs/current", url.Values{"club": {id64(s.club.ID)}}).want(http.StatusInsufficientStorage)
	// A session that has ended does not come back to life.
	s.clock.Advance(13 * time.Hour)
	b.get("/calendar").to("/sign-in?to=%2Fcalendar")

	sick.write.Store(false)
	sick.read.Store(true)
	s.as("").get("/sign-in").want(http.StatusOK)
	b.get("/calendar").want(http.StatusServiceUnavailable).says("Busy at the moment", "Try again in a moment")
	sick.read.Store(false)
	s.as("").post("/sign-in", ines).to("/calendar")
}

func TestBannerWhileNothingCanBeStored(t *testing.T) {
	t.Parallel()
	var held atomic.Bool
	s := newScene(t, func(c *Config) { c.Health = func() web.Health { return web.Health{Held: held.Load()} } })
	b := s.as(club.Viewer)
	const words = "The server has trouble saving, so posts wait"
	tag := b.get("/calendar").want(http.StatusOK).saysNot(words).Header.Get("ETag")
	held.Store(true)
	b.do(http.MethodGet, "/calendar", nil, http.Header{"If-None-Match": {tag}}).want(http.StatusOK).says(words)
}
