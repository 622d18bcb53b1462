package simkit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // decoders of what may be uploaded
	"image/jpeg"
	_ "image/png"
	"net/http"
	"sync"

	"github.com/bandstand-app/bandstand/platforms"
)

// Picture is what a simulator keeps of a picture it was given: the facts for
// the record, and a small copy for its pages.
type Picture struct {
	Facts platforms.SimMedia `json:"facts"`
	Small []byte             `json:"small"` // JPEG, at most smallSide on each side
}

// smallSide keeps saved state small: a copy is some ten kilobytes.
const smallSide = 320

// maxPixels is the most that is decoded: a larger picture is refused.
const maxPixels = 40 << 20

// decoding lets one picture be decoded at a time: a large one takes hundreds of
// megabytes.
var decoding sync.Mutex

// ReadPicture looks at the bytes themselves, whatever the sender called them.
func ReadPicture(data []byte) (Picture, error) {
	decoding.Lock()
	defer decoding.Unlock()
	config, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return Picture{}, fmt.Errorf("read picture: %w", err)
	}
	if int64(config.Width)*int64(config.Height) > maxPixels {
		return Picture{}, fmt.Errorf("read picture: %d × %d pixels are too many", config.Width, config.Height)
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return Picture{}, fmt.Errorf("read picture: %w", err)
	}
	var small bytes.Buffer
	if err := jpeg.Encode(&small, shrink(img, smallSide), &jpeg.Options{Quality: 70}); err != nil {
		return Picture{}, fmt.Errorf("shrink picture: %w", err)
	}
	sum := sha256.Sum256(data)
	return Picture{
		Facts: platforms.SimMedia{
			Type: "image/" + format, Width: config.Width, Height: config.Height, SHA256: hex.EncodeToString(sum[:]),
		},
		Small: small.Bytes(),
	}, nil
}

// ServeSmall answers with the small copy.
func (p Picture) ServeSmall(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "max-age=86400, immutable")
	_, _ = w.Write(p.Small)
}

// shrink takes every n-th pixel, on white: good enough to recognise a picture.
func shrink(img image.Image, side int) image.Image {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if longest := max(w, h); longest > side {
		w, h = max(1, w*side/longest), max(1, h*side/longest)
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			r, g, bl, a := img.At(b.Min.X+x*b.Dx()/w, b.Min.Y+y*b.Dy()/h).RGBA()
			rest := 0xFFFF - a
			out.SetRGBA(x, y, color.RGBA{uint8((r + rest) >> 8), uint8((g + rest) >> 8), uint8((bl + rest) >> 8), 255})
		}
	}
	return out
}
