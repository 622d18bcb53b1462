package media

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/draw"
)

// masterQuality is the JPEG quality of the copy that others are made from.
const masterQuality = 92

// ladder are the JPEG qualities tried until a copy is small enough. Below the
// last the picture is made smaller instead.
var ladder = []int{90, 84, 78, 72, 65}

// shrink is by how much a copy is made smaller when no quality is small enough.
const shrink = 0.8

// minSide ends shrinking: no limit of a platform leads here.
const minSide = 32

var errTooBig = errors.New("picture does not fit into the bytes allowed")

// encoded is a picture ready to be stored.
type encoded struct {
	data []byte
	typ  string
	size image.Point
}

func (e encoded) to(w io.Writer) error {
	_, err := w.Write(e.data)
	return err
}

// maxClear is how many pixels a picture with transparent parts may keep. It takes
// four bytes for each in memory whenever a copy is made, where others take one and
// a half.
const maxClear = 20_000_000

// encodeMaster writes the pixels of an upload: PNG where parts of it are
// transparent, else JPEG. What it returns has no data.
func encodeMaster(w io.Writer, img image.Image) (encoded, error) {
	out := encoded{typ: typeJPEG}
	var err error
	if isOpaque(img) {
		err = jpeg.Encode(w, opaque(img), &jpeg.Options{Quality: masterQuality})
	} else {
		if pixels(img) > maxClear {
			img = halved(img)
		}
		out.typ = typePNG
		err = png.Encode(w, img)
	}
	out.size = img.Bounds().Size()
	if err != nil {
		return out, fmt.Errorf("encode picture: %w", err)
	}
	return out, nil
}

func isOpaque(img image.Image) bool {
	o, ok := img.(interface{ Opaque() bool })
	return ok && o.Opaque()
}

// opaque is a picture without transparent parts in a form that is encoded fast.
func opaque(img image.Image) image.Image {
	if m, ok := img.(*image.NRGBA); ok {
		return &image.RGBA{Pix: m.Pix, Stride: m.Stride, Rect: m.Rect}
	}
	return img
}

// encode makes the copy of a picture that the spec asks for.
func encode(img image.Image, s Spec) (encoded, error) {
	b := img.Bounds()
	l := s.layout(b.Dx(), b.Dy())
	picture := resampled(img, l.crop.Add(b.Min), l.at.Size())
	if s.PNG && (!s.JPEG || !picture.Opaque()) {
		out, err := encodePNG(onCanvas(picture, l, image.Transparent), s)
		if err == nil || !s.JPEG || !errors.Is(err, errTooBig) {
			return out, err
		}
	}
	return encodeJPEG(onCanvas(picture, l, image.White), s)
}

// onCanvas puts a picture on a canvas of one colour.
func onCanvas(picture *image.RGBA, l layout, colour image.Image) *image.RGBA {
	if picture.Bounds().Size() == l.canvas && (colour == image.Image(image.Transparent) || picture.Opaque()) {
		return picture
	}
	out := image.NewRGBA(image.Rectangle{Max: l.canvas})
	draw.Draw(out, out.Bounds(), colour, image.Point{}, draw.Src)
	draw.Draw(out, l.at, picture, image.Point{}, draw.Over)
	return out
}

func encodeJPEG(img *image.RGBA, s Spec) (encoded, error) {
	qualities := ladder
	for {
		for _, q := range qualities {
			var b bytes.Buffer
			if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: q}); err != nil {
				return encoded{}, fmt.Errorf("encode picture: %w", err)
			}
			if s.MaxBytes == 0 || int64(b.Len()) <= s.MaxBytes {
				return encoded{b.Bytes(), typeJPEG, img.Bounds().Size()}, nil
			}
		}
		var ok bool
		if img, ok = s.smaller(img); !ok {
			return encoded{}, errTooBig
		}
		qualities = ladder[2:]
	}
}

// encodePNG shrinks the picture only when JPEG is no way out.
func encodePNG(img *image.RGBA, s Spec) (encoded, error) {
	for {
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			return encoded{}, fmt.Errorf("encode picture: %w", err)
		}
		if s.MaxBytes == 0 || int64(b.Len()) <= s.MaxBytes {
			return encoded{b.Bytes(), typePNG, img.Bounds().Size()}, nil
		}
		var ok bool
		if s.JPEG {
			return encoded{}, errTooBig
		}
		if img, ok = s.smaller(img); !ok {
			return encoded{}, errTooBig
		}
	}
}

func (s Spec) smaller(img *image.RGBA) (*image.RGBA, bool) {
	b := img.Bounds()
	size := image.Pt(scaled(b.Dx(), shrink), scaled(b.Dy(), shrink))
	if s.Fit != "" {
		size = s.hold(size)
	}
	if size.X < minSide && size.Y < minSide {
		return nil, false
	}
	return resampled(img, b, size), true
}

// band is how many rows or columns are resampled at once. Scaling needs 32
// bytes for each row of the source in each column of the result: for a large
// photo taken whole, hundreds of megabytes.
const band = 64

// resampled scales a part of a picture to a size: first to its width, then to
// its height, each in bands.
func resampled(src image.Image, part image.Rectangle, size image.Point) *image.RGBA {
	w, h := part.Dx(), part.Dy()
	if part.Size() == size {
		out := image.NewRGBA(image.Rectangle{Max: size})
		draw.Draw(out, out.Bounds(), src, part.Min, draw.Src)
		return out
	}
	wide := image.NewRGBA(image.Rect(0, 0, size.X, h))
	for y := 0; y < h; y += band {
		n := min(band, h-y)
		draw.CatmullRom.Scale(wide, image.Rect(0, y, size.X, y+n), src, image.Rect(part.Min.X, part.Min.Y+y, part.Min.X+w, part.Min.Y+y+n), draw.Src, nil)
	}
	out := image.NewRGBA(image.Rectangle{Max: size})
	for x := 0; x < size.X; x += band {
		n := min(band, size.X-x)
		draw.CatmullRom.Scale(out, image.Rect(x, 0, x+n, size.Y), wide, image.Rect(x, 0, x+n, h), draw.Src, nil)
	}
	return out
}
