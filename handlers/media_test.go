package handlers

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
)

// drawn is a picture of this size.
func drawn(t *testing.T, w, h int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = byte(i)
	}
	img.Set(0, 0, color.White)
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sendFile sends a form with one file.
func (b *browser) sendFile(path string, form url.Values, name string, data []byte, header http.Header) *answer {
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
	f, err := w.CreateFormFile("files", name)
	if err == nil {
		_, err = f.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		b.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.s.web.URL+path, &body)
	if err != nil {
		b.t.Fatal(err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.send(req)
}

// TestMovingPictureIsSaidToStandStill: at the picture, for each account, before
// anything is sent.
func TestMovingPictureIsSaidToStandStill(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	tiny, wide := s.account("tiny", true, club.Working), s.account("wide", true, club.Working)
	b := s.as(club.Writer)
	frames := slices.Concat(chunk("acTL", []byte{0, 0, 0, 2, 0, 0, 0, 0}), chunk("fcTL", make([]byte, 26)))
	for name, data := range map[string][]byte{"goal.gif": asGIF(2, 40, 20), "goal.png": withChunks(asPNG(painted(40, 20)), frames)} {
		doc := b.sendFile("/media", draft("Goal", tiny, wide), name, data, hx).want(http.StatusOK).doc()
		if got := doc.Find(".tile").Text(); strings.Count(got, "does not move here") != 1 {
			t.Errorf("%s: the tile says %q", name, got)
		}
		id := doc.Find("input[name=media]").AttrOr("value", "")
		page := b.post("/posts", with(draft("Goal", tiny, wide), "do", "preview", "media", id)).want(http.StatusOK)
		page.says(name + " moves. Its first frame is sent, as a still picture.")
		// It warns, and does not stand in the way.
		s.as(club.Publisher).post("/posts", with(draft("Goal "+name, tiny), "do", "schedule", "media", id)).want(http.StatusSeeOther)
	}
	for name, data := range map[string][]byte{"still.gif": asGIF(1, 40, 20), "still.png": asPNG(painted(40, 20))} {
		if got := b.sendFile("/media", draft("Goal", tiny), name, data, hx).want(http.StatusOK).doc().Find(".tile").Text(); strings.Contains(got, "does not move") {
			t.Errorf("%s: the tile says %q", name, got)
		}
	}
}

func TestUploadGivesATile(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	b := s.as(club.Writer)
	tile := b.sendFile("/media", nil, "pitch.png", drawn(t, 300, 200), hx).want(http.StatusOK).doc().Find(".tile")
	id := tile.Find("input[name=media]").AttrOr("value", "")
	if len(id) != 32 || tile.Find("#alt-"+id).Length() != 1 {
		t.Fatalf("the tile has no picture: %q", id)
	}
	for _, path := range []string{"/media/" + id + "/thumb", "/media/" + id + "/view"} {
		a := b.get(path).want(http.StatusOK)
		if got := a.Header.Get("Content-Type"); got != "image/jpeg" {
			t.Errorf("%s is %s", path, got)
		}
		if !strings.Contains(a.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s may not be kept", path)
		}
	}
	other := s.as("")
	other.get("/media/" + id + "/thumb").want(http.StatusSeeOther)
	b.get("/media/" + strings.Repeat("0", 32) + "/thumb").want(http.StatusNotFound)
	b.get("/media/nonsense/view").want(http.StatusNotFound)
	b.get("/m/" + id + "/9999999999/forged/any-320x320-20000.jpg").want(http.StatusNotFound)
}

func TestUploadWithoutScriptKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	a := s.account("tiny", true, club.Working)
	b := s.as(club.Publisher)
	form := with(draft("Trials", a), "do", "upload")
	doc := b.sendFile("/posts", form, "pitch.png", drawn(t, 300, 200), nil).want(http.StatusOK).doc()
	if doc.Find("#text").Text() != "Trials" || doc.Find(".tile").Length() != 1 {
		t.Errorf("text %q, %d pictures", doc.Find("#text").Text(), doc.Find(".tile").Length())
	}
	for name, tt := range map[string]struct {
		file string
		data []byte
		says string
	}{
		"nothing in it": {"empty.png", nil, "empty.png"},
		"no picture":    {"list.txt", []byte("one, two"), "list.txt"},
		"a lie":         {"photo.jpg", []byte("<script>alert(1)</script>"), "photo.jpg"},
		"a video":       {"film.mp4", []byte("\x00\x00\x00\x18ftypisom0000"), "film.mp4"},
		"a path":        {"../../etc/passwd.png", []byte("x"), "passwd.png"},
	} {
		t.Run(name, func(t *testing.T) {
			page := b.sendFile("/posts", form, tt.file, tt.data, nil).want(http.StatusUnprocessableEntity).says(tt.says)
			if d := page.doc(); d.Find("#text").Text() != "Trials" || d.Find(`.errors a[href="#media"]`).Length() != 1 {
				t.Errorf("text %q, summary %q", d.Find("#text").Text(), d.Find(".errors").Text())
			}
			b.sendFile("/media", nil, tt.file, tt.data, hx).want(http.StatusUnprocessableEntity).says(tt.says)
		})
	}
}

func TestPicturesAreOrderedFittedAndDescribed(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	a := s.account("tiny", true, club.Working)
	b := s.as(club.Publisher)
	var ids []string
	for _, size := range [][2]int{{300, 200}, {200, 600}} {
		doc := b.sendFile("/media", nil, "p.png", drawn(t, size[0], size[1]), hx).want(http.StatusOK).doc()
		ids = append(ids, doc.Find("input[name=media]").AttrOr("value", ""))
	}
	form := with(draft("Trials", a), "alt-"+ids[0], "The pitch")
	form["media"] = ids
	b.postHX("/posts/preview", form).says("Tiny must be between 4:5 and 2:1, now 1:3", "Choose how to make it fit.", "has no description yet")
	tray := b.postHX("/posts", with(form, "do", "up-"+ids[1])).want(http.StatusOK).doc()
	if got := tray.Find("input[name=media]").First().AttrOr("value", ""); got != ids[1] {
		t.Errorf("the first picture is %s", got)
	}
	if got := tray.Find("#alt-" + ids[0]).Text(); got != "The pitch" {
		t.Errorf("the description became %q", got)
	}
	b.post("/posts", with(form, "do", "schedule")).want(http.StatusUnprocessableEntity).says("Choose how to make it fit.")
	fitted := with(form, "do", "schedule", "fit-"+ids[1]+"-"+id64(a), "crop", "alt-"+ids[1], "A goalpost")
	b.post("/posts", fitted).want(http.StatusSeeOther)
	p := s.only()
	if len(p.Live.Content.Media) != 2 || p.Live.Content.Media[1].Fit[a] != "crop" || p.Live.Content.Media[0].Alt != "The pitch" || p.Picture != ids[0] {
		t.Errorf("pictures: %+v, first %s", p.Live.Content.Media, p.Picture)
	}
	b.get("/media/" + ids[1] + "/view?for=" + id64(a) + "&fit=crop").want(http.StatusOK)
	b.get("/media/" + ids[1] + "/view?for=" + id64(a) + "&fit=nonsense").want(http.StatusNotFound)
	b.get("/posts/1").want(http.StatusOK)
	// Pictures of other clubs cannot be put into a post.
	foreign := with(draft("Trials", a), "op", "f")
	foreign["media"] = []string{strings.Repeat("a", 32)}
	b.post("/posts", foreign).want(http.StatusUnprocessableEntity)
}

// sendForm sends a form as a browser without script does: its fields in their
// order, the mark first, and a file field, empty if there is no file.
func (b *browser) sendForm(path string, form url.Values, file []byte) *answer {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	write := func(name string) {
		for _, v := range form[name] {
			if err := w.WriteField(name, v); err != nil {
				b.t.Fatal(err)
			}
		}
	}
	write("mark")
	name := ""
	if file != nil {
		name = "pitch.png"
	}
	part, err := w.CreateFormFile("files", name)
	if err == nil {
		_, err = part.Write(file)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	for name := range form {
		if name != "mark" {
			write(name)
		}
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

// bomb is a PNG whose header promises this size; there is nothing behind it.
func bomb(w, h uint32) []byte {
	var head bytes.Buffer
	head.WriteString("IHDR")
	for _, n := range []uint32{w, h} {
		_ = binary.Write(&head, binary.BigEndian, n)
	}
	head.Write([]byte{8, 6, 0, 0, 0})
	out := bytes.NewBufferString("\x89PNG\r\n\x1a\n")
	_ = binary.Write(out, binary.BigEndian, uint32(13))
	out.Write(head.Bytes())
	_ = binary.Write(out, binary.BigEndian, crc32.ChecksumIEEE(head.Bytes()))
	return append(out.Bytes(), "\x00\x00\x00\x00IDAT"...)
}

// TestPicturesThatAreNone: each is refused in words at its field, by name; the
// text, and the good picture beside it, stay.
func TestPicturesThatAreNone(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	b := s.as(club.Writer)
	for _, tt := range []struct {
		name string
		data []byte
		says string
	}{
		{"page.jpg", []byte("<html><script>alert(1)</script></html>"), "page.jpg"},
		{"program.png", []byte("MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff"), "program.png"},
		{"drawing.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), "is not a picture"},
		{"empty.jpg", nil, "empty.jpg"},
		{"huge.png", bomb(65_535, 65_535), "huge.png is 65535 × 65535"},
		{"cut.png", drawn(t, 60, 40)[:200], "cut.png"},
		{"film.mp4", []byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"), "film.mp4"},
		{`..\..\windows\evil.png`, []byte("no"), "evil.png"},
	} {
		page := b.sendFile("/posts", draft("With a photo"), tt.name, tt.data, nil)
		page.what = tt.name
		page.want(http.StatusUnprocessableEntity).says(tt.says).saysNot("windows", "alert(1)")
		d := page.doc()
		if d.Find("#media-e").Length() != 1 || d.Find(`.errors a[href="#media"]`).Length() != 1 || d.Find("#text").Text() != "With a photo" {
			t.Errorf("%s: it is not said at the field, or the text is gone", tt.name)
		}
		alone := b.sendFile("/media", nil, tt.name, tt.data, hx).want(http.StatusUnprocessableEntity)
		if !strings.Contains(alone.doc().Find(".toast").Text(), strings.Fields(tt.says)[0]) && tt.says != "is not a picture" {
			t.Errorf("%s: the uploader is told %q", tt.name, alone.text())
		}
	}
	// A name is never a path, and a picture that lies about its type is what it is.
	b.sendFile("/posts", draft("With a photo"), "../../etc/pitch.jpg", drawn(t, 60, 40), nil).want(http.StatusSeeOther)
	var name, typ string
	if err := s.db.Reader().QueryRowContext(t.Context(), `SELECT name, type FROM media`).Scan(&name, &typ); err != nil || name != "pitch.jpg" || typ != "image/png" {
		t.Errorf("kept %q of type %s, %v", name, typ, err)
	}
}
