package handlers

import (
	"bytes"
	"fmt"
	"image"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/media"
	"github.com/bandstand-app/bandstand/platforms"
)

// uploadMemory is the most that taking in one small file may allocate
// altogether, in bytes: both ends of the request, and whatever else runs.
const uploadMemory = 256 << 20

// sendNamed uploads a file under exactly this name.
func (b *browser) sendNamed(u upload) *answer {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	name := strings.NewReplacer("\\", "\\\\", `"`, `\"`, "\r", "", "\n", "").Replace(u.name)
	part, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="files"; filename="` + name + `"`}, "Content-Type": {"text/html"}})
	if err == nil {
		_, err = part.Write(u.data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		b.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.s.web.URL+"/media", &body)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Hx-Request", "true")
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	a := b.send(req)
	a.what = u.what
	return a
}

// TestFilesThatNobodyShouldOpen is T-UP: each file is kept as a clean copy or
// refused in words, in bounded memory, and nothing that is sent out again is
// anything but a picture.
func TestFilesThatNobodyShouldOpen(t *testing.T) {
	// Not parallel: it measures memory.
	dir := t.TempDir()
	s := newScene(t, func(c *Config) {
		tinyOnly := platforms.NewRegistry(tiny{id: "tiny", name: "Tiny", max: 20})
		c.Practice, c.Real = tinyOnly, tinyOnly
		c.Platforms = func(int64, bool) *platforms.Registry { return tinyOnly }
		library, err := media.Open(c.DB, media.Settings{Dir: dir, Key: []byte("key"), BaseURL: c.BaseURL.String(), Now: c.Now, DecodeLimit: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		c.Media = library
	})
	b := s.as(club.Writer)
	all := badUploads(t)
	if len(all) < 250 {
		t.Errorf("%d files, want at least 250", len(all))
	}
	kept := 0
	for _, u := range all {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		a := b.sendNamed(u)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > uploadMemory {
			t.Errorf("%s: took %d MiB of memory", u.what, used>>20)
		}
		page := a.doc()
		switch id := page.Find("input[name=media]").AttrOr("value", ""); {
		case a.StatusCode == http.StatusOK && len(id) == 32 && u.want != refused:
			kept++
			s.cleanCopies(b, u, id)
			if page.Find(".tile").Length() != 1 || page.Find("script, iframe, object, embed, svg[onload]").Length() != 0 {
				t.Errorf("%s: the tile is %s", u.what, a.body)
			}
		case a.StatusCode == http.StatusUnprocessableEntity && len(a.text()) > 10 && u.want != taken:
			if said := page.Find(".toast").Text(); strings.Contains(said, "media_") || strings.Contains(said, "invalid format") {
				t.Errorf("%s: it is said in other than words: %s", u.what, said)
			}
		default:
			t.Errorf("%s: %d %s, want it %s", u.what, a.StatusCode, a.text(), u.want)
		}
		for _, r := range a.text() {
			if unicode.Is(unicode.Bidi_Control, r) || r == 0 {
				t.Errorf("%s: the answer holds %U", u.what, r)
			}
		}
	}
	t.Logf("%d files, %d kept", len(all), kept)
	s.cleanFiles(dir)
}

// cleanCopies looks at everything that is sent of a kept picture.
func (s *scene) cleanCopies(b *browser, u upload, id string) {
	s.t.Helper()
	found, err := s.server.Media.Items(s.t.Context(), s.club.ID, []string{id})
	if err != nil || len(found) != 1 {
		s.t.Fatalf("%s: %v, %v", u.what, found, err)
	}
	if name := found[0].Name; strings.ContainsAny(name, "/\\\x00\r\n\u202e") || strings.HasPrefix(name, ".") || len([]rune(name)) > 100 || name == "" {
		s.t.Errorf("%s: it is called %q", u.what, name)
	}
	public, err := s.server.Media.Source(s.club.ID, platforms.ImageRules{Types: []string{"image/jpeg"}, MaxWidth: 64}, nil).PublicURL(s.t.Context(), id)
	if err != nil {
		s.t.Fatalf("%s: %v", u.what, err)
	}
	for _, path := range []string{"/media/" + id + "/thumb", "/media/" + id + "/view", strings.TrimPrefix(public, s.web.URL)} {
		a := b.get(path).want(http.StatusOK)
		h := a.Header
		what := fmt.Sprintf("%s, %s", u.what, path[:min(len(path), 8)])
		_, kind, err := image.Decode(strings.NewReader(a.body))
		if want := h.Get("Content-Type"); err != nil || want != "image/"+kind {
			s.t.Errorf("%s: %v, %s sent as %s", what, err, kind, want)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Content-Disposition") != "inline" || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") {
			s.t.Errorf("%s: headers %v", what, h)
		}
		if !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") {
			s.t.Errorf("%s: somebody who opens it as a page gets %s", what, h.Get("Content-Security-Policy"))
		}
	}
}

// cleanFiles looks at everything on the disk.
func (s *scene) cleanFiles(dir string) {
	s.t.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		n++
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if filepath.Dir(path) == filepath.Join(dir, "tmp") {
			s.t.Errorf("%s was left", path)
		}
		if _, _, err := image.Decode(bytes.NewReader(data)); err != nil {
			s.t.Errorf("%s is no picture: %v", path, err)
		}
		for _, word := range hidden {
			if bytes.Contains(data, []byte(word)) {
				s.t.Errorf("%s holds %q", path, word)
			}
		}
		return nil
	})
	if err != nil || n == 0 {
		s.t.Errorf("%d files, %v", n, err)
	}
}
