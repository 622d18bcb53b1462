package media

import (
	"fmt"
	"image"
	"math"
	"regexp"
	"slices"
	"strconv"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// The types of pictures that Bandstand writes.
const (
	typeJPEG = "image/jpeg"
	typePNG  = "image/png"
)

// Spec says what a copy of a picture must be. Zero limits do not limit.
type Spec struct {
	// JPEG and PNG are the types it may have. With both, a picture with
	// transparent parts stays PNG if MaxBytes allows.
	JPEG, PNG bool
	MaxWidth  int
	MaxHeight int
	MaxBytes  int64
	// Fit changes the shape of pictures outside of MinRatio to MaxRatio
	// (width / height).
	Fit                platforms.Fit
	MinRatio, MaxRatio float64
}

// Copies for screens.
var (
	Thumb = Spec{JPEG: true, MaxWidth: 320, MaxHeight: 320, MaxBytes: 20_000}
	View  = Spec{JPEG: true, MaxWidth: 1080, MaxHeight: 1080, MaxBytes: 250_000}
)

// SpecFor is the copy of m that an account with these rules gets.
func SpecFor(r platforms.ImageRules, fit platforms.Fit, m club.Media) Spec {
	s := Spec{
		JPEG: len(r.Types) == 0 || slices.Contains(r.Types, typeJPEG), PNG: len(r.Types) == 0 || slices.Contains(r.Types, typePNG),
		MaxWidth: r.MaxWidth, MaxHeight: r.MaxHeight, MaxBytes: r.MaxBytes,
	}
	if !s.PNG {
		s.JPEG = true
	}
	if fit != platforms.FitWhole && !r.FitsRatio(m.Width, m.Height) {
		// Four digits are kept in names: rounded so that the result fits.
		s.Fit, s.MinRatio, s.MaxRatio = fit, max(0, math.Ceil(r.MinRatio*1e4-1e-6)/1e4), math.Floor(r.MaxRatio*1e4+1e-6)/1e4
	}
	return s
}

// String writes the spec as it stands in file names, addresses and rows:
// "any-1080x1350-8000000-crop-0.8000-1.9100".
func (s Spec) String() string {
	typ := "any"
	switch {
	case !s.PNG:
		typ = "jpg"
	case !s.JPEG:
		typ = "png"
	}
	out := fmt.Sprintf("%s-%dx%d-%d", typ, s.MaxWidth, s.MaxHeight, s.MaxBytes)
	if s.Fit != platforms.FitWhole {
		out += fmt.Sprintf("-%s-%.4f-%.4f", s.Fit, s.MinRatio, s.MaxRatio)
	}
	return out
}

var specForm = regexp.MustCompile(`^(any|jpg|png)-(\d{1,5})x(\d{1,5})-(\d{1,10})(?:-(crop|borders)-(\d\.\d{4})-(\d{1,2}\.\d{4}))?$`)

// ParseSpec reads what String wrote, and nothing else.
func ParseSpec(text string) (Spec, bool) {
	f := specForm.FindStringSubmatch(text)
	if f == nil {
		return Spec{}, false
	}
	s := Spec{JPEG: f[1] != "png", PNG: f[1] != "jpg", Fit: platforms.Fit(f[5])}
	// The form admits only digits that fit.
	s.MaxWidth, _ = strconv.Atoi(f[2])
	s.MaxHeight, _ = strconv.Atoi(f[3])
	s.MaxBytes, _ = strconv.ParseInt(f[4], 10, 64)
	s.MinRatio, _ = strconv.ParseFloat("0"+f[6], 64)
	s.MaxRatio, _ = strconv.ParseFloat("0"+f[7], 64)
	return s, s.String() == text
}

// layout is where the pixels of a picture go in a copy.
type layout struct {
	crop   image.Rectangle // part of the picture that is used
	at     image.Rectangle // where it goes on the canvas
	canvas image.Point     // size of the copy
}

// layout places a picture of w × h without regard to bytes.
func (s Spec) layout(w, h int) layout {
	crop := image.Rect(0, 0, w, h)
	canvas := image.Pt(w, h)
	ratio := float64(w) / float64(h)
	low, high := s.MinRatio > 0 && ratio < s.MinRatio, s.MaxRatio > 0 && ratio > s.MaxRatio
	switch {
	case s.Fit == platforms.FitCrop && low:
		crop = middle(w, h, w, floor(float64(w)/s.MinRatio))
		canvas = crop.Size()
	case s.Fit == platforms.FitCrop && high:
		crop = middle(w, h, floor(float64(h)*s.MaxRatio), h)
		canvas = crop.Size()
	case s.Fit == platforms.FitPad && low:
		canvas.X = int(math.Ceil(float64(h) * s.MinRatio))
	case s.Fit == platforms.FitPad && high:
		canvas.Y = int(math.Ceil(float64(w) / s.MaxRatio))
	}
	scale := 1.0
	if s.MaxWidth > 0 {
		scale = min(scale, float64(s.MaxWidth)/float64(canvas.X))
	}
	if s.MaxHeight > 0 {
		scale = min(scale, float64(s.MaxHeight)/float64(canvas.Y))
	}
	size := image.Pt(scaled(crop.Dx(), scale), scaled(crop.Dy(), scale))
	out := image.Pt(scaled(canvas.X, scale), scaled(canvas.Y, scale))
	if s.Fit != platforms.FitWhole && (low || high) {
		out = s.hold(out)
		size = image.Pt(min(size.X, out.X), min(size.Y, out.Y))
		if s.Fit == platforms.FitCrop {
			size = out
		}
	}
	return layout{crop: crop, at: middle(out.X, out.Y, size.X, size.Y), canvas: out}
}

// hold takes away what rounding put outside of the ratios.
func (s Spec) hold(p image.Point) image.Point {
	ratio := float64(p.X) / float64(p.Y)
	if s.MinRatio > 0 && ratio < s.MinRatio {
		p.Y = floor(float64(p.X) / s.MinRatio)
	}
	if s.MaxRatio > 0 && ratio > s.MaxRatio {
		p.X = floor(float64(p.Y) * s.MaxRatio)
	}
	return p
}

// middle is a rectangle of cw × ch in the middle of w × h.
func middle(w, h, cw, ch int) image.Rectangle {
	cw, ch = min(cw, w), min(ch, h)
	x, y := (w-cw)/2, (h-ch)/2
	return image.Rect(x, y, x+cw, y+ch)
}

func floor(v float64) int { return max(1, int(math.Floor(v+1e-9))) }

func scaled(n int, scale float64) int { return max(1, int(math.Round(float64(n)*scale))) }

// takesAsIs tells whether the picture itself is what the spec asks for.
func (s Spec) takesAsIs(m club.Media) bool {
	l := s.layout(m.Width, m.Height)
	typeOK := m.Type == typeJPEG && s.JPEG || m.Type == typePNG && s.PNG
	return typeOK && l.canvas == image.Pt(m.Width, m.Height) && l.crop.Size() == l.canvas && l.at.Size() == l.canvas &&
		(s.MaxBytes == 0 || m.Bytes <= s.MaxBytes)
}
