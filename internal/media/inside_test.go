package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
)

func TestFullDiskIsSaid(t *testing.T) {
	t.Parallel()
	for _, err := range []error{&fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, fmt.Errorf("sync: %w", syscall.EDQUOT)} {
		e, ok := errors.AsType[*club.Error](onDisk(err))
		if !ok || e.Code != club.Full || e.Key != "media_disk_full" {
			t.Errorf("onDisk(%v) = %v, want a full disk", err, e)
		}
	}
	if err := onDisk(syscall.EIO); !errors.Is(err, syscall.EIO) || club.CodeOf(err) != "" {
		t.Errorf("another fault became %v", err)
	}
}

func TestNearlyFullDiskRefusesUploads(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		free, total int64
		full        bool
	}{
		{499_999_999, 1e12, true},
		{500_000_000, 1e12, false},
		{150_000_000, 4e9, true},  // 3.75 % of a small disk
		{210_000_000, 4e9, false}, // 5.25 %
	} {
		f, err := openFiles(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		f.free = func(string) (int64, int64, error) { return tt.free, tt.total, nil }
		l := &Library{files: f}
		_, err = l.Save(t.Context(), 1, 1, "a.jpg", strings.NewReader(""))
		if got := club.CodeOf(err) == club.Full; got != tt.full {
			t.Errorf("%d of %d free: %v, want refused %v", tt.free, tt.total, err, tt.full)
		}
	}
}

func TestDecodingEndsWithItsTime(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 64)), nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	slow := readerFunc(func(p []byte) (int, error) {
		cancel() // the time is up while reading
		return b.Read(p[:1])
	})
	if _, err := decode(ctx, formatJPEG, slow, image.Config{Width: 64, Height: 64}); err == nil {
		t.Error("decoding went on after its time")
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestOnePictureAtATime(t *testing.T) {
	t.Parallel()
	l := &Library{working: make(chan struct{}, 1)}
	leave, err := l.turn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.turn(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a second turn: %v, want to wait until cancelled", err)
	}
	leave()
	leave, err = l.turn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	leave()
}

func FuzzOrientation(f *testing.F) {
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x22Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00\xff\xd9"))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x22Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x08\x00\x00\x00\x00\x00\x00\xff\xd9"))
	f.Add([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x1aeXIfII*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00EXIF\x1a\x00\x00\x00II*\x00\x08\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, kind := range []format{formatJPEG, formatPNG, formatWebP, formatGIF} {
			if o := orientation(bytes.NewReader(data), kind); o < 1 || o > 8 {
				t.Errorf("orientation = %d", o)
			}
		}
	})
}

// frame is a JPEG up to its frame: what comes first, the marker, the sides and
// the sampling of each component.
func frame(first string, marker byte, w, h int, sampling ...byte) []byte {
	b := append([]byte("\xff\xd8"), first...)
	b = append(b, 0xff, marker, 0, byte(8+3*len(sampling)), 8, byte(h>>8), byte(h), byte(w>>8), byte(w), byte(len(sampling)))
	for i, s := range sampling {
		b = append(b, byte(i+1), s, 0)
	}
	return b
}

// 40 million pixels in full colour took 592 MB to decode, from a file of 0.7 MB.
func TestProgressivePictureThatTakesTooMuchMemory(t *testing.T) {
	t.Parallel()
	const app = "\xff\xe0\x00\x04ab"
	full, half := []byte{0x11, 0x11, 0x11}, []byte{0x22, 0x11, 0x11}
	for _, c := range []struct {
		name string
		data []byte
		w, h int
		ok   bool
	}{
		{"ordinary", frame(app, 0xc0, 8000, 5000, full...), 8000, 5000, true},
		{"ordinary, with bytes to fill", frame(app+"\xff\xff", 0xc1, 8000, 5000, full...), 8000, 5000, true},
		{"progressive in full colour", frame(app, 0xc2, 8000, 5000, full...), 8000, 5000, false},
		{"progressive of a size that people were told", frame(app, 0xc2, 4000, 4000, full...), 4000, 4000, true},
		{"a row more", frame(app, 0xc2, 4000, 4001, full...), 4000, 4001, false},
		{"progressive of a good camera, colours halved", frame(app, 0xc2, 6000, 4000, half...), 6000, 4000, true},
		{"the largest of that kind", frame(app, 0xc2, 8000, 5000, half...), 8000, 5000, false},
		{"progressive in grey", frame(app, 0xc2, 8000, 5000, 0x11), 8000, 5000, true},
		{"four inks", frame(app, 0xc2, 4000, 4000, 0x11, 0x11, 0x11, 0x11), 4000, 4000, false},
		{"no sampling", frame(app, 0xc2, 8000, 5000, 0, 0, 0), 8000, 5000, false},
		{"a frame that a decoder does not see", append(frame(app+"\xff\x00\x00\x0a", 0xc0, 8, 8, 0x11), frame("", 0xc2, 8000, 5000, full...)...), 8000, 5000, false},
		{"nothing before the scan", []byte("\xff\xd8\xff\xda\x00\x02"), 8000, 5000, false},
		{"cut off", []byte("\xff\xd8\xff\xe0\x00"), 8000, 5000, false},
	} {
		if got := progressiveBytes(bytes.NewReader(c.data), int64(c.w)*int64(c.h)) <= maxProgressive; got != c.ok {
			t.Errorf("%s: taken in: %t", c.name, got)
		}
	}
}

func FuzzExamine(f *testing.F) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(append(frame("\xff\xe0\x00\x04ab", 0xc2, 8, 8, 0x22, 0x11, 0x11), "\xff\xda\x00\x0c\x03\x01\x00\x02\x00\x03\x00\x00\x00\x00"...))
	f.Add([]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"))
	f.Add([]byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		kind, key := sniff(data[:min(64, len(data))], "a.jpg")
		if key != "" {
			return
		}
		c, err := config(kind, bytes.NewReader(data), "a.jpg")
		pixels := int64(c.Width) * int64(c.Height)
		if err != nil {
			return
		}
		if n := progressiveBytes(bytes.NewReader(data), pixels); n < 0 || n > 20*pixels {
			t.Errorf("a picture of %d pixels takes %d bytes", pixels, n)
		}
		if pixels > 1_000_000 {
			return
		}
		img, err := decode(t.Context(), kind, bytes.NewReader(data), c)
		if err != nil {
			return
		}
		if _, err := encodeMaster(oriented(img, orientation(io.NewSectionReader(bytes.NewReader(data), 0, int64(len(data))), kind))); err != nil {
			t.Error(err)
		}
	})
}
