package media

import (
	"image"
	"io"

	"github.com/bep/imagemeta"
	"golang.org/x/image/draw"
)

// orientation reads how a picture lies, 1 to 8 as EXIF numbers it. 1, upright,
// is also the answer for anything that cannot be read.
func orientation(r io.ReadSeeker, f format) int {
	formats := map[format]imagemeta.ImageFormat{formatJPEG: imagemeta.JPEG, formatPNG: imagemeta.PNG, formatWebP: imagemeta.WebP}
	kind, ok := formats[f]
	if !ok {
		return 1
	}
	found := 1
	_, err := imagemeta.Decode(imagemeta.Options{
		R: r, ImageFormat: kind, Sources: imagemeta.EXIF, LimitNumTags: 500, LimitTagSize: 64,
		ShouldHandleTag: func(t imagemeta.TagInfo) bool { return t.Tag == "Orientation" && t.Namespace == "IFD0" },
		HandleTag: func(t imagemeta.TagInfo) error {
			if v, ok := t.Value.(uint16); ok && v >= 1 && v <= 8 {
				found = int(v)
			}
			return imagemeta.ErrStopWalking
		},
		Warnf: func(string, ...any) {},
	})
	if err != nil {
		return 1
	}
	return found
}

// oriented turns and mirrors a picture so that it is upright.
func oriented(src image.Image, o int) image.Image {
	if o < 2 || o > 8 {
		return src
	}
	b := src.Bounds()
	w, h := b.Dx(), b.Dy()
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	if o >= 5 {
		dst = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	// Row by row, so that no second copy of a large picture is held.
	row := image.NewRGBA(image.Rect(0, 0, w, 1))
	for y := range h {
		draw.Draw(row, row.Bounds(), src, image.Pt(b.Min.X, b.Min.Y+y), draw.Src)
		for x := range w {
			tx, ty := upright(o, x, y, w, h)
			copy(dst.Pix[dst.PixOffset(tx, ty):][:4], row.Pix[4*x:])
		}
	}
	return dst
}

// upright is where the pixel at x, y of a picture of w × h belongs.
func upright(o, x, y, w, h int) (int, int) {
	switch o {
	case 2: // mirrored
		return w - 1 - x, y
	case 3: // upside down
		return w - 1 - x, h - 1 - y
	case 4: // mirrored upside down
		return x, h - 1 - y
	case 5: // mirrored, on its side
		return y, x
	case 6: // lies on its left side: turn clockwise
		return h - 1 - y, x
	case 7: // mirrored, on its other side
		return h - 1 - y, w - 1 - x
	case 8: // lies on its right side: turn counter-clockwise
		return y, w - 1 - x
	}
	return x, y
}
