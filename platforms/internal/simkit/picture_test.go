package simkit_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

func TestReadPictureKeepsFactsAndASmallCopy(t *testing.T) {
	t.Parallel()
	img := image.NewNRGBA(image.Rect(0, 0, 800, 400))
	img.Set(0, 0, color.NRGBA{255, 0, 0, 128})
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	p, err := simkit.ReadPicture(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if p.Facts.Type != "image/png" || p.Facts.Width != 800 || p.Facts.Height != 400 || len(p.Facts.SHA256) != 64 {
		t.Errorf("facts are %+v", p.Facts)
	}
	small, format, err := image.DecodeConfig(bytes.NewReader(p.Small))
	if err != nil || format != "jpeg" || small.Width != 320 || small.Height != 160 {
		t.Errorf("small copy is %s %d × %d, %v", format, small.Width, small.Height, err)
	}
}

func FuzzReadPicture(f *testing.F) {
	f.Add([]byte("GIF89a"))
	f.Add([]byte{0xFF, 0xD8, 0xFF})
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = simkit.ReadPicture(data) })
}

func TestGrownOnlyGrows(t *testing.T) {
	t.Parallel()
	var last int64
	for _, age := range []time.Duration{-time.Hour, 0, time.Minute, time.Hour, 6 * time.Hour, 48 * time.Hour, 1000 * time.Hour} {
		n := simkit.Grown("a", age, 100)
		if n < last {
			t.Errorf("at %v it is %d, was %d", age, n, last)
		}
		last = n
	}
	if last < 50 || last > 150 {
		t.Errorf("ends at %d", last)
	}
}
