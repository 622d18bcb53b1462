//go:build !race

// The race detector makes each pixel twenty times as dear. Smaller pictures take
// the same ways with it; these must be large, or their memory is measured.

package media_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"runtime"
	"slices"
	"testing"

	"github.com/bandstand-app/bandstand/internal/media"
)

// TestLargePicturesFoundInTheWild takes in files that were refused for their
// size or for a few stray bytes.
func TestLargePicturesFoundInTheWild(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for _, tt := range []found{
		{"jpeg-13-megapixels-stray-bytes.jpg", 4300, 3000, nil, ""},
		{"png-16-bit-23-megapixels.png", 5800, 4000, nil, ""},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			tt.takenIn(t, s)
		})
	}
}

// TestPhotoOfAPhoneWith50Megapixels is kept at half of its width and height.
func TestPhotoOfAPhoneWith50Megapixels(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	img := image.NewYCbCr(image.Rect(0, 0, 8160, 6121), image.YCbCrSubsampleRatio420)
	for i := range img.Y {
		img.Y[i] = 100
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = 100, 150
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	m := s.save(t, "IMG_1.jpg", withEXIF(b.Bytes(), 6))
	if m.Width != 3061 || m.Height != 4080 {
		t.Errorf("%d × %d, want half and turned: 3061 × 4080", m.Width, m.Height)
	}
	_, got := open(t, s, m.ID, media.View)
	r, g, bl := color.YCbCrToRGB(100, 100, 150)
	if c := got.At(500, 500); !near(c, color.RGBA{r, g, bl, 255}) {
		t.Errorf("colour is %v, want %d %d %d", c, r, g, bl)
	}
}

// TestMemoryOfPicturesThatFollowEachOther: taking in a picture takes the memory of
// its decoder and no second copy of it, and gives it back.
func TestMemoryOfPicturesThatFollowEachOther(t *testing.T) {
	// Not parallel: it measures memory.
	s := newScene(t)
	const w, h = 2400, 1700
	img := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	p3 := displayP3(t)
	profile := append([]byte("\xff\xe2\x00\x00ICC_PROFILE\x00\x01\x01"), p3...)
	binary.BigEndian.PutUint16(profile[2:], uint16(len(profile)-2))
	turned := withEXIF(slices.Concat(b.Bytes()[:2], profile, b.Bytes()[2:]), 6)
	deep := image.NewNRGBA64(image.Rect(0, 0, w, h))
	for i := range deep.Pix {
		deep.Pix[i] = 0xff
	}
	kinds := []struct {
		name     string
		data     []byte
		perPixel float64 // bytes
	}{
		{"photo", b.Bytes(), 1.6},
		{"photo that lies, with a profile", turned, 4.6},
		{"PNG", withChunks(pngOf(t, image.NewRGBA(image.Rect(0, 0, w, h))), 6), 5.1},
		{"PNG of 16 bits", withChunks(pngOf(t, deep), 1), 8.1},
	}
	for _, k := range kinds {
		const around = 3 << 20 // tables, buffers, the database
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s.save(t, "a.jpg", k.data)
		runtime.ReadMemStats(&after)
		if used := float64(after.TotalAlloc - before.TotalAlloc); used > k.perPixel*w*h+around {
			t.Errorf("%s: %.0f bytes in all, %.1f for each pixel; want %.1f", k.name, used, used/w/h, k.perPixel)
		}
		if held := after.HeapSys - after.HeapReleased; held > before.HeapInuse+around {
			t.Errorf("%s: %d MB are held afterwards, %d were in use before", k.name, held>>20, before.HeapInuse>>20)
		}
	}
}
