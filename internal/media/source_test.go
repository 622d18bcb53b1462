package media_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/media"
	"github.com/bandstand-app/bandstand/platforms"
)

// Rules as narrow platforms have them.
var (
	narrow = platforms.ImageRules{Types: []string{"image/jpeg"}, MaxBytes: 8_000_000, MaxWidth: 1440, MaxHeight: 1800, MinRatio: 0.8, MaxRatio: 1.91}
	small  = platforms.ImageRules{Types: []string{"image/jpeg", "image/png"}, MaxBytes: 60_000, MaxWidth: 2000, MaxHeight: 2000}
	flat   = platforms.ImageRules{Types: []string{"image/png"}, MaxBytes: 60_000}
)

func TestMeasuredIsWhatIsMade(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	tests := []struct {
		name   string
		w, h   int
		rules  platforms.ImageRules
		fit    platforms.Fit
		ww, wh int
	}{
		{"small enough", 1000, 1000, narrow, platforms.FitWhole, 1000, 1000},
		{"scaled down", 1560, 1040, narrow, platforms.FitWhole, 1440, 960},
		{"tall stays whole", 600, 1200, narrow, platforms.FitWhole, 600, 1200},
		{"tall is cut", 600, 1200, narrow, platforms.FitCrop, 600, 750},
		{"tall gets borders", 600, 1200, narrow, platforms.FitPad, 960, 1200},
		{"wide is cut", 1800, 800, narrow, platforms.FitCrop, 1440, 754},
		{"wide gets borders", 1800, 800, narrow, platforms.FitPad, 1440, 754},
		{"right shape ignores cutting", 1000, 1000, narrow, platforms.FitCrop, 1000, 1000},
		{"no rules", 300, 900, platforms.ImageRules{}, platforms.FitCrop, 300, 900},
		{"one pixel high", 3000, 1, narrow, platforms.FitPad, 1440, 754},
		{"odd sizes", 1081, 2163, narrow, platforms.FitCrop, 1081, 1351},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := s.save(t, "a.jpg", jpegOf(t, quarters(tt.w, tt.h)))
			fits := map[string]platforms.Fit{m.ID: tt.fit}
			measure := func() (got platforms.Media) {
				t.Helper()
				p, err := s.Pictures(t.Context(), s.scope.ClubID, []string{m.ID, "gone"})
				if err != nil {
					t.Fatal(err)
				}
				if _, ok := p.Copy("gone", tt.rules, tt.fit); ok {
					t.Error("a picture that is not there has a copy")
				}
				got, ok := p.Copy(m.ID, tt.rules, tt.fit)
				if !ok {
					t.Error("the picture has no copy")
				}
				return got
			}
			got := measure()
			if got.Width != tt.ww || got.Height != tt.wh || got.Type != "image/jpeg" || got.Name != "a.jpg" || got.Fit != tt.fit {
				t.Errorf("Copy = %+v, want %d × %d", got, tt.ww, tt.wh)
			}
			if tt.fit != platforms.FitWhole && !tt.rules.FitsRatio(got.Width, got.Height) {
				t.Errorf("%d × %d still has the wrong shape", got.Width, got.Height)
			}
			src := s.Source(s.scope.ClubID, tt.rules, fits)
			prepared, err := s.Prepare(t.Context(), s.scope.ClubID, []string{m.ID}, tt.rules, fits)
			if err != nil || len(prepared) != 1 {
				t.Fatalf("Prepare = %v, %v", prepared, err)
			}
			again := measure()
			if diff := cmp.Diff(prepared[0], again); diff != "" {
				t.Errorf("measured again: %s", diff)
			}
			prepared[0].Bytes = got.Bytes
			if diff := cmp.Diff(got, prepared[0]); diff != "" {
				t.Errorf("prepared: %s", diff)
			}
			f, err := src.Open(t.Context(), m.ID)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if f.Width != tt.ww || f.Height != tt.wh || f.Bytes != again.Bytes {
				t.Errorf("source opens %d × %d, %d bytes; want %+v", f.Width, f.Height, f.Bytes, again)
			}
		})
	}
}

func TestCuttingTakesTheMiddleAndBordersAreWhite(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	img := image.NewRGBA(image.Rect(0, 0, 400, 800))
	for i := range img.Pix {
		img.Pix[i] = 255 // white
	}
	for y := range 800 {
		for x := range 400 {
			c := color.RGBA{0, 0, 255, 255}
			if y < 100 || y >= 700 {
				c = color.RGBA{255, 0, 0, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	m := s.save(t, "a.jpg", jpegOf(t, img))
	_, cut := open(t, s, m.ID, media.SpecFor(narrow, platforms.FitCrop, m))
	for _, y := range []int{2, cut.Bounds().Dy() - 3} {
		if !near(cut.At(200, y), color.RGBA{0, 0, 255, 255}) {
			t.Errorf("cut copy shows %v at row %d, want only the blue middle", cut.At(200, y), y)
		}
	}
	_, padded := open(t, s, m.ID, media.SpecFor(narrow, platforms.FitPad, m))
	b := padded.Bounds()
	for x, want := range map[int]color.Color{5: color.White, b.Dx() - 6: color.White, b.Dx() / 2: color.RGBA{255, 0, 0, 255}} {
		if !near(padded.At(x, 20), want) {
			t.Errorf("bordered copy shows %v at column %d, want %v", padded.At(x, 20), x, want)
		}
	}
}

func TestTransparentPicturesBecomeWhiteOnlyAsJPEG(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	m := s.save(t, "logo.png", pngOf(t, holed(400, 400)))
	for _, tt := range []struct {
		name  string
		rules platforms.ImageRules
		typ   string
	}{
		{"JPEG alone", narrow, "image/jpeg"},
		{"both", small, "image/png"},
		{"anything", platforms.ImageRules{}, "image/png"},
	} {
		p, err := s.Prepare(t.Context(), s.scope.ClubID, []string{m.ID}, tt.rules, nil)
		if err != nil || p[0].Type != tt.typ {
			t.Fatalf("%s: Prepare = %+v, %v; want %s", tt.name, p, err, tt.typ)
		}
		_, img := open(t, s, m.ID, media.SpecFor(tt.rules, platforms.FitWhole, m))
		if got := img.At(50, 50); tt.typ == "image/jpeg" && !near(got, color.White) {
			t.Errorf("%s: the clear part is %v, want white", tt.name, got)
		}
		if _, _, _, a := img.At(50, 50).RGBA(); tt.typ == "image/png" && a != 0 {
			t.Errorf("%s: the clear part is not clear", tt.name)
		}
		if got := img.At(350, 50); !near(got, color.RGBA{255, 0, 0, 255}) {
			t.Errorf("%s: the red part is %v", tt.name, got)
		}
	}
}

func TestMaxBytesIsReached(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	clear := noise(300, 300)
	clear.Pix[3] = 0
	photo, logo := s.save(t, "a.jpg", jpegOf(t, noise(600, 450))), s.save(t, "b.png", pngOf(t, clear))
	for _, tt := range []struct {
		name  string
		m     club.Media
		rules platforms.ImageRules
		typ   string
	}{
		{"photo as JPEG", photo, small, "image/jpeg"},
		{"clear picture too big for PNG becomes JPEG", logo, small, "image/jpeg"},
		{"PNG alone is made smaller", logo, flat, "image/png"},
	} {
		p, err := s.Prepare(t.Context(), s.scope.ClubID, []string{tt.m.ID}, tt.rules, nil)
		if err != nil || p[0].Type != tt.typ || p[0].Bytes > tt.rules.MaxBytes || p[0].Bytes < tt.rules.MaxBytes/4 {
			t.Errorf("%s: %+v, %v; want %s of nearly %d bytes", tt.name, p, err, tt.typ, tt.rules.MaxBytes)
		}
	}
	raw, img := open(t, s, photo.ID, media.Thumb)
	if len(raw) > 20_000 || img.Bounds().Dx() > 320 || img.Bounds().Dx() < 100 {
		t.Errorf("thumbnail of noise: %d bytes, %v; want at most 20,000", len(raw), img.Bounds())
	}
}

func TestScalingKeepsColoursAtSeams(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	// Smooth, larger than a band both ways: a seam would be a jump.
	img := image.NewRGBA(image.Rect(0, 0, 1000, 700))
	for y := range 700 {
		for x := range 1000 {
			img.SetRGBA(x, y, color.RGBA{uint8(x / 4), uint8(y / 3), 128, 255})
		}
	}
	m := s.save(t, "a.jpg", jpegOf(t, img))
	_, got := open(t, s, m.ID, media.Spec{JPEG: true, MaxWidth: 330})
	for y := range got.Bounds().Dy() {
		for x := range got.Bounds().Dx() {
			want := color.RGBA{uint8(x * 1000 / 330 / 4), uint8(y * 1000 / 330 / 3), 128, 255}
			if !near(got.At(x, y), want) {
				t.Fatalf("pixel %d, %d is %v, want about %v", x, y, got.At(x, y), want)
			}
		}
	}
}

func TestCopiesAreMadeOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	m := s.save(t, "a.jpg", jpegOf(t, quarters(800, 600)))
	errs := make(chan error)
	const readers = 8
	for range readers {
		go func() {
			f, err := s.Open(t.Context(), s.scope.ClubID, m.ID, media.Thumb)
			if err == nil {
				err = f.Close()
			}
			errs <- err
		}()
	}
	for range readers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	rows, err := s.db.Renditions(t.Context(), []string{m.ID})
	if err != nil || len(rows) != 1 || len(filesIn(t, s.dir)) != 2 {
		t.Errorf("rows %v, files %v, %v; want one copy", rows, filesIn(t, s.dir), err)
	}
	// A lost copy is made again.
	path := filepath.Join(s.dir, m.ID[:2], m.ID+"."+media.Thumb.String())
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	open(t, s, m.ID, media.Thumb)
}

func TestMissingPictureIsGone(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	m := s.save(t, "a.jpg", jpegOf(t, quarters(800, 600)))
	wantGone := func(err error, file string) {
		t.Helper()
		e, ok := errors.AsType[*platforms.Error](err)
		if !ok || !errors.Is(err, fs.ErrNotExist) || e.Kind != platforms.MediaRejected || e.Code != platforms.CodeMediaGone || e.Args["file"] != file {
			t.Errorf("error = %v, want that %q is gone", err, file)
		}
	}
	asIs := platforms.ImageRules{}
	for _, club := range []int64{s.other.ClubID, 99} {
		_, err := s.Prepare(t.Context(), club, []string{m.ID}, asIs, nil)
		wantGone(err, "")
	}
	src := s.Source(s.scope.ClubID, asIs, nil)
	if _, err := s.Prepare(t.Context(), s.scope.ClubID, []string{m.ID}, asIs, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(s.dir, m.ID[:2], m.ID)); err != nil {
		t.Fatal(err)
	}
	_, err := src.Open(t.Context(), m.ID)
	wantGone(err, "a.jpg")
	_, err = src.PublicURL(t.Context(), m.ID)
	wantGone(err, "a.jpg")
	for _, rules := range []platforms.ImageRules{asIs, {MaxWidth: 100}} {
		_, err = s.Prepare(t.Context(), s.scope.ClubID, []string{m.ID}, rules, nil)
		wantGone(err, "a.jpg")
	}
}

func TestPublicAddressGivesOneCopyForADay(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	ctx := t.Context()
	m, other := s.save(t, "a.jpg", jpegOf(t, quarters(1500, 100))), s.save(t, "b.jpg", jpegOf(t, quarters(8, 8)))
	src := s.Source(s.scope.ClubID, narrow, nil)
	address, err := src.PublicURL(ctx, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host != "club.example" || u.RawQuery != "" || !strings.HasPrefix(u.Path, media.PublicPath) || !strings.HasSuffix(u.Path, ".jpg") {
		t.Fatalf("address = %s, %v", address, err)
	}
	part := strings.Split(strings.TrimPrefix(u.Path, media.PublicPath), "/")
	if len(part) != 4 || part[0] != m.ID {
		t.Fatalf("address = %s, want four parts", address)
	}
	f, err := s.OpenPublic(ctx, part[0], part[1], part[2], part[3])
	if err != nil || f.Width != 1440 || f.Type != "image/jpeg" {
		t.Fatalf("OpenPublic = %+v, %v", f, err)
	}
	_ = f.Close()
	for name, p := range map[string][4]string{
		"another picture": {other.ID, part[1], part[2], part[3]},
		"longer life":     {part[0], part[1] + "0", part[2], part[3]},
		"another copy":    {part[0], part[1], part[2], media.Thumb.String() + ".jpg"},
		"another ending":  {part[0], part[1], part[2], strings.Replace(part[3], ".jpg", ".png", 1)},
		"no signature":    {part[0], part[1], "", part[3]},
		"cut signature":   {part[0], part[1], part[2][:20], part[3]},
		"a path":          {"../" + part[0], part[1], part[2], part[3]},
	} {
		if _, err := s.OpenPublic(ctx, p[0], p[1], p[2], p[3]); !errors.Is(err, club.ErrNotFound) {
			t.Errorf("%s: %v, want not found", name, err)
		}
	}
	s.clock.Advance(24*time.Hour - time.Second)
	if f, err = s.OpenPublic(ctx, part[0], part[1], part[2], part[3]); err != nil {
		t.Errorf("a second before the end: %v", err)
	} else {
		_ = f.Close()
	}
	s.clock.Advance(time.Second)
	if _, err := s.OpenPublic(ctx, part[0], part[1], part[2], part[3]); !errors.Is(err, club.ErrNotFound) {
		t.Errorf("a day later: %v, want not found", err)
	}
}

func TestSpecIsReadAsWritten(t *testing.T) {
	t.Parallel()
	tall := club.Media{Type: "image/jpeg", Width: 600, Height: 1200}
	for _, s := range []media.Spec{
		media.Thumb, media.View,
		{JPEG: true, PNG: true},
		{PNG: true, MaxBytes: 1},
		media.SpecFor(narrow, platforms.FitCrop, tall), media.SpecFor(narrow, platforms.FitPad, tall),
		media.SpecFor(platforms.ImageRules{MinRatio: 0.75}, platforms.FitCrop, tall),
	} {
		got, ok := media.ParseSpec(s.String())
		if !ok || got.String() != s.String() {
			t.Errorf("ParseSpec(%s) = %+v, %v", s, got, ok)
		}
	}
	for _, bad := range []string{"", "jpg", "gif-1x1-1", "jpg-1x1-1-crop", "jpg-01x1-1", "jpg-1x1-1/..", "jpg--1x1-1", "jpg-1x1-99999999999", "JPG-1x1-1", "jpg-1x1-1\n"} {
		if s, ok := media.ParseSpec(bad); ok {
			t.Errorf("ParseSpec(%q) = %+v, want refused", bad, s)
		}
	}
}

func TestMasterIsNotEncodedTwice(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	m := s.save(t, "a.jpg", jpegOf(t, quarters(800, 600)))
	raw, _ := open(t, s, m.ID, media.SpecFor(narrow, platforms.FitWhole, m))
	master, err := os.ReadFile(filepath.Join(s.dir, m.ID[:2], m.ID))
	if err != nil || !bytes.Equal(raw, master) {
		t.Errorf("a picture that fits was encoded again (%v)", err)
	}
}
