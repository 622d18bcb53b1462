package media_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/color/palette"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/image/draw"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/media"
)

func TestSaveKeepsPicturesOfAllFormats(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	first := image.NewPaletted(image.Rect(0, 0, 40, 20), palette.Plan9)
	draw.Draw(first, first.Bounds(), image.NewUniform(color.RGBA{255, 0, 0, 255}), image.Point{}, draw.Src)
	second := image.NewPaletted(image.Rect(5, 5, 9, 9), palette.Plan9)
	deep := image.NewRGBA64(image.Rect(0, 0, 40, 20))
	draw.Draw(deep, deep.Bounds(), quarters(40, 20), image.Point{}, draw.Src)
	tests := []struct {
		name, file string
		data       []byte
		typ        string
	}{
		{"JPEG", "a.jpg", jpegOf(t, quarters(40, 20)), "image/jpeg"},
		{"grey JPEG", "a.jpg", jpegOf(t, image.NewGray(image.Rect(0, 0, 40, 20))), "image/jpeg"},
		{"JPEG called PNG", "a.png", jpegOf(t, quarters(40, 20)), "image/jpeg"},
		{"solid PNG", "a.png", pngOf(t, quarters(40, 20)), "image/jpeg"},
		{"PNG with transparent parts", "a.png", pngOf(t, holed(40, 20)), "image/png"},
		{"deep PNG", "a.png", pngOf(t, deep), "image/jpeg"},
		{"moving GIF", "a.gif", gifOf(t, first, second), "image/jpeg"},
		{"GIF whose first frame is a part", "a.gif", gifOf(t, second, first), "image/png"},
		{"WebP", "a.webp", webpPicture, "image/jpeg"},
		{"no ending", "photo", jpegOf(t, quarters(40, 20)), "image/jpeg"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := s.save(t, tt.file, tt.data)
			sum := sha256.Sum256(tt.data)
			if m.Type != tt.typ || m.Width != 40 || m.Height != 20 || !bytes.Equal(m.SHA256, sum[:]) || m.Bytes == 0 || len(m.ID) != 32 {
				t.Errorf("Save = %+v, want %s of 40 × 20", m, tt.typ)
			}
			items, err := s.Items(t.Context(), s.scope.ClubID, []string{m.ID})
			if err != nil || len(items) != 1 {
				t.Fatalf("Items = %v, %v", items, err)
			}
			if diff := cmp.Diff(m, items[0]); diff != "" {
				t.Error(diff)
			}
			info, err := os.Stat(filepath.Join(s.dir, m.ID[:2], m.ID))
			if err != nil || info.Size() != m.Bytes || info.Mode().Perm()&0o077 != 0 {
				t.Errorf("file: %v, %v; want %d bytes that others cannot read", info, err, m.Bytes)
			}
		})
	}
}

func TestSaveRefuses(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	good := jpegOf(t, noise(200, 200))
	alpha := pngOf(t, holed(200, 200))
	tests := []struct {
		name, file string
		data       []byte
		want       string
	}{
		{"nothing", "a.jpg", nil, "media_empty"},
		{"zeros", "a.jpg", make([]byte, 4096), "media_type_lies"},
		{"page called picture", "a.jpg", []byte("<!doctype html><script>alert(1)</script>"), "media_type_lies"},
		{"page in capitals", "A.JPEG", []byte("<html>"), "media_type_lies"},
		{"drawing", "a.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), "media_not_picture"},
		{"drawing called picture", "a.png", []byte(`<?xml version="1.0"?><svg/>`), "media_type_lies"},
		{"document", "a.pdf", []byte("%PDF-1.7"), "media_not_picture"},
		{"archive called picture", "a.webp", []byte("PK\x03\x04"), "media_type_lies"},
		{"MP4", "a.mp4", []byte("\x00\x00\x00\x20ftypisom\x00\x00\x02\x00"), "media_video_not_yet"},
		{"MOV", "a.mov", []byte("\x00\x00\x00\x14ftypqt  "), "media_video_not_yet"},
		{"old MOV", "a.mov", []byte("\x00\x00\x00\x08wide\x00\x00"), "media_video_not_yet"},
		{"WebM", "a.webm", []byte("\x1a\x45\xdf\xa3\x01"), "media_video_not_yet"},
		{"AVI", "a.avi", []byte("RIFF\x00\x00\x00\x00AVI LIST"), "media_video_not_yet"},
		{"MP4 called picture", "a.jpg", []byte("\x00\x00\x00\x20ftypmp42"), "media_video_not_yet"},
		{"HEIC", "IMG_1.HEIC", []byte("\x00\x00\x00\x24ftypheic\x00\x00\x00\x00"), "media_heic_not_yet"},
		{"HEIC called JPEG", "IMG_1.jpg", []byte("\x00\x00\x00\x24ftypmif1\x00\x00\x00\x00"), "media_heic_not_yet"},
		{"AVIF", "a.avif", []byte("\x00\x00\x00\x20ftypavif"), "media_heic_not_yet"},
		{"moving WebP", "a.webp", []byte("RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00"), "media_moving_webp"},
		{"PNG of 65,535²", "a.png", bombPNG(t, 65535, 65535), "media_too_many_pixels"},
		{"PNG of 2³¹−1 a side", "a.png", bombPNG(t, 1<<31-1, 1<<31-1), "media_damaged"},
		{"PNG too wide", "a.png", bombPNG(t, 16385, 1), "media_too_many_pixels"},
		{"PNG of 40 million and one row", "a.png", bombPNG(t, 8000, 5001), "media_too_many_pixels"},
		{"JPEG of 65,535²", "a.jpg", bombJPEG(t, 65535, 65535), "media_too_many_pixels"},
		{"progressive JPEG of 40 million pixels", "a.jpg", progressive(bombJPEG(t, 8000, 5000)), "media_progressive"},
		{"GIF of 65,535²", "a.gif", bombGIF(65535, 65535), "media_too_many_pixels"},
		{"GIF without frames", "a.gif", bombGIF(10, 10), "media_damaged"},
		{"PNG of no size", "a.png", bombPNG(t, 0, 10), "media_damaged"},
		{"PNG that promises more than it holds", "a.png", bombPNG(t, 6000, 6000), "media_damaged"},
		{"JPEG cut off in the header", "a.jpg", good[:20], "media_damaged"},
		{"JPEG cut off in the middle", "a.jpg", good[:len(good)/2], "media_damaged"},
		{"PNG cut off", "a.png", alpha[:len(alpha)-40], "media_damaged"},
		{"PNG with wrong checksum", "a.png", append(append([]byte{}, alpha[:50]...), bytes.Repeat([]byte{7}, 200)...), "media_damaged"},
		{"only the first bytes of a JPEG", "a.jpg", []byte("\xff\xd8\xff"), "media_damaged"},
		{"WebP cut off", "a.webp", webpPicture[:len(webpPicture)-20], "media_damaged"},
		{"one byte too many", "a.jpg", append(append([]byte{}, good...), make([]byte, media.MaxUpload+1-len(good))...), "media_file_too_big"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := s.Save(t.Context(), s.scope.ClubID, s.scope.PersonID, tt.file, bytes.NewReader(tt.data))
			e, ok := errors.AsType[*club.Error](err)
			if !ok || e.Key != tt.want || e.Field != "media" || e.Code != club.Invalid || e.Args["file"] != tt.file {
				t.Errorf("Save = %v, want %s about %s", err, tt.want, tt.file)
			}
		})
	}
	t.Cleanup(func() {
		if left := filesIn(t, s.dir); len(left) > 0 {
			t.Errorf("refused uploads left %v", left)
		}
	})
}

// filesIn lists all files below a folder.
func filesIn(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, p)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return out
}

func TestNamesAreCleaned(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	data := jpegOf(t, quarters(8, 8))
	for in, want := range map[string]string{
		`../../../etc/passwd`:              "passwd",
		`C:\Users\maeve\Pictures\goal.jpg`: "goal.jpg",
		"/etc/cron.d/x.jpg":                "x.jpg",
		"go\x00al\r\n\x1b[31m.jpg":         "goal [31m.jpg",
		"goal\u202egpj.exe":                "goalgpj.exe",
		"..":                               "picture",
		"dir/":                             "picture",
		"":                                 "picture",
		".htaccess":                        "htaccess",
		"Tor für den Verein ⚽.jpg":         "Tor für den Verein ⚽.jpg",
		strings.Repeat("ö", 300) + ".jpeg": strings.Repeat("ö", 94) + "….jpeg",
		"bad\xff\xfename.jpg":              "badname.jpg",
	} {
		m := s.save(t, in, data)
		if m.Name != want {
			t.Errorf("name of %q = %q, want %q", in, m.Name, want)
		}
	}
}

func TestOrientationIsAppliedAndMetadataDropped(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	red, green, blue, white := color.RGBA{255, 0, 0, 255}, color.RGBA{0, 255, 0, 255}, color.RGBA{0, 0, 255, 255}, color.White
	// Corners of the upright picture: top left, top right, bottom left, bottom right.
	want := map[int][4]color.Color{
		1: {red, green, blue, white}, 2: {green, red, white, blue}, 3: {white, blue, green, red}, 4: {blue, white, red, green},
		5: {red, blue, green, white}, 6: {blue, red, white, green}, 7: {white, green, blue, red}, 8: {green, white, red, blue},
		0: {red, green, blue, white}, 9: {red, green, blue, white},
	}
	for o, corners := range want {
		for _, kind := range []string{"jpg", "png"} {
			t.Run(fmt.Sprintf("%s %d", kind, o), func(t *testing.T) {
				t.Parallel()
				data := withEXIF(jpegOf(t, quarters(64, 32)), o)
				if kind == "png" {
					data = withChunks(pngOf(t, quarters(64, 32)), o)
				}
				m := s.save(t, "a."+kind, data)
				w, h := 64, 32
				if o >= 5 && o <= 8 {
					w, h = 32, 64
				}
				if m.Width != w || m.Height != h {
					t.Fatalf("%d × %d, want %d × %d", m.Width, m.Height, w, h)
				}
				for _, spec := range []media.Spec{{JPEG: true, PNG: true}, media.Thumb, {JPEG: true, MaxWidth: 16}} {
					raw, img := open(t, s, m.ID, spec)
					b := img.Bounds()
					at := [4]image.Point{{b.Dx() / 4, b.Dy() / 4}, {3 * b.Dx() / 4, b.Dy() / 4}, {b.Dx() / 4, 3 * b.Dy() / 4}, {3 * b.Dx() / 4, 3 * b.Dy() / 4}}
					for i, p := range at {
						if got := img.At(p.X, p.Y); !near(got, corners[i]) {
							t.Errorf("%s: corner %d is %v, want %v", spec, i, got, corners[i])
						}
					}
					wantNoMetadata(t, raw)
				}
			})
		}
	}
}

func wantNoMetadata(t *testing.T, raw []byte) {
	t.Helper()
	for _, trace := range []string{"Exif", "SECRET", "GPS", "xmpmeta", "Photoshop", "II*\x00", "MM\x00*", "eXIf", "tEXt", "iTXt"} {
		if bytes.Contains(raw, []byte(trace)) {
			t.Errorf("the copy still holds %q", trace)
		}
	}
}

// open reads a copy and decodes it as the type that it says it is.
func open(t *testing.T, s *scene, id string, spec media.Spec) ([]byte, image.Image) {
	t.Helper()
	f, err := s.Open(t.Context(), s.scope.ClubID, id, spec)
	if err != nil {
		t.Fatalf("open %s: %v", spec, err)
	}
	defer f.Close()
	raw, err := io.ReadAll(f.Whole())
	if err != nil || int64(len(raw)) != f.Bytes {
		t.Fatalf("%d bytes, %v; want %d", len(raw), err, f.Bytes)
	}
	decode := jpeg.Decode
	if f.Type == "image/png" {
		decode = png.Decode
	}
	img, err := decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("copy %s is no %s: %v", spec, f.Type, err)
	}
	if img.Bounds().Dx() != f.Width || img.Bounds().Dy() != f.Height {
		t.Fatalf("copy %s is %v, said to be %d × %d", spec, img.Bounds(), f.Width, f.Height)
	}
	return raw, img
}

func TestOtherClubsPicturesAreNotThere(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	m := s.save(t, "a.jpg", jpegOf(t, quarters(8, 8)))
	if _, err := s.Open(t.Context(), s.other.ClubID, m.ID, media.Thumb); !errors.Is(err, club.ErrNotFound) {
		t.Errorf("Open = %v, want not found", err)
	}
	if items, err := s.Items(t.Context(), s.other.ClubID, []string{m.ID}); err != nil || len(items) != 0 {
		t.Errorf("Items = %v, %v; want none", items, err)
	}
	if err := s.Delete(t.Context(), s.other.ClubID, m.ID); !errors.Is(err, club.ErrNotFound) {
		t.Errorf("Delete = %v, want not found", err)
	}
	if err := s.db.SetMediaAlt(t.Context(), s.other, m.ID, "x"); !errors.Is(err, club.ErrNotFound) {
		t.Errorf("SetMediaAlt = %v, want not found", err)
	}
	for _, id := range []string{"", "x", "../../etc/passwd", strings.Repeat("0", 32), strings.ToUpper(m.ID) + "0"} {
		if _, err := s.Open(t.Context(), s.scope.ClubID, id, media.Thumb); !errors.Is(err, club.ErrNotFound) {
			t.Errorf("Open(%q) = %v, want not found", id, err)
		}
	}
}

func TestItemsKeepTheOrderAsked(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	a, b := s.save(t, "a.jpg", jpegOf(t, quarters(8, 8))), s.save(t, "b.jpg", jpegOf(t, quarters(8, 8)))
	if err := s.db.SetMediaAlt(t.Context(), s.scope, b.ID, "four colours"); err != nil {
		t.Fatal(err)
	}
	items, err := s.Items(t.Context(), s.scope.ClubID, []string{b.ID, "gone", a.ID})
	if err != nil || len(items) != 2 || items[0].Name != "b.jpg" || items[0].Alt != "four colours" || items[1].Name != "a.jpg" {
		t.Errorf("Items = %+v, %v; want b with its description, then a", items, err)
	}
}

func TestDeleteSparesPicturesInPosts(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	ctx := t.Context()
	m := s.save(t, "a.jpg", jpegOf(t, quarters(400, 400)))
	if _, err := s.Open(ctx, s.scope.ClubID, m.ID, media.Thumb); err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.Writer().ExecContext(ctx, `
		INSERT INTO posts (id, club_id, author_id, practice, created_at, updated_at, updated_by) VALUES (1, ?, ?, 1, 0, 0, ?)`,
		s.scope.ClubID, s.scope.PersonID, s.scope.PersonID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.Writer().ExecContext(ctx, `INSERT INTO post_media (post_id, position, media_id) SELECT 1, 0, id FROM media`); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(ctx, s.scope.ClubID, m.ID); club.CodeOf(err) != club.Conflict {
		t.Errorf("Delete = %v, want a conflict", err)
	}
	if _, err := s.db.Writer().ExecContext(ctx, `DELETE FROM post_media`); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(ctx, s.scope.ClubID, m.ID); err != nil {
		t.Fatal(err)
	}
	if left := filesIn(t, s.dir); len(left) != 0 {
		t.Errorf("files left: %v", left)
	}
}

func TestSweepRemovesOnlyWhatNobodyKnows(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	ctx := t.Context()
	kept, lost := s.save(t, "a.jpg", jpegOf(t, quarters(400, 400))), s.save(t, "b.jpg", jpegOf(t, quarters(400, 400)))
	for _, m := range []club.Media{kept, lost} {
		f, err := s.Open(ctx, s.scope.ClubID, m.ID, media.Thumb)
		if err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
	}
	if err := s.db.DeleteMedia(ctx, s.scope.ClubID, lost.ID); err != nil {
		t.Fatal(err)
	}
	later(s.clock)
	if n, err := s.Sweep(ctx); n != 1 || err != nil {
		t.Errorf("Sweep = %d, %v; want 1", n, err)
	}
	left := filesIn(t, s.dir)
	if len(left) != 2 || !strings.Contains(left[0], kept.ID) || !strings.Contains(left[1], kept.ID) {
		t.Errorf("files left: %v, want the kept picture and its copy", left)
	}
}

func TestBrokenUploadLeavesNothing(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	broken := iotest.ErrReader(io.ErrUnexpectedEOF)
	data := jpegOf(t, quarters(64, 64))
	if _, err := s.Save(t.Context(), s.scope.ClubID, s.scope.PersonID, "a.jpg", io.MultiReader(bytes.NewReader(data[:100]), broken)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Save = %v, want the reader's error", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Save(ctx, s.scope.ClubID, s.scope.PersonID, "a.jpg", bytes.NewReader(data)); !errors.Is(err, context.Canceled) {
		t.Errorf("Save = %v, want cancelled", err)
	}
	if left := filesIn(t, s.dir); len(left) != 0 {
		t.Errorf("files left: %v", left)
	}
}

func TestUnfinishedUploadsAreClearedAtStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tmp", "upload-1"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := media.Open(nil, media.Settings{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	if left := filesIn(t, dir); len(left) != 0 {
		t.Errorf("files left: %v", left)
	}
}
