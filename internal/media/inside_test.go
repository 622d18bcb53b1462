package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
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
	if _, err := jpeg.Decode(&patient{ctx, slow}); err == nil {
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
	f.Add([]byte("II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x08\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, exif []byte) {
		if o := orientation(exif); o < 1 || o > 8 {
			t.Errorf("orientation = %d", o)
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

// 40 million pixels in full colour took 592 MB, from a file of 0.7 MB.
func TestProgressivePictureThatTakesTooMuchMemory(t *testing.T) {
	t.Parallel()
	const app, scan = "\xff\xe0\x00\x04ab", "\xff\xda\x00\x02"
	full, half := []byte{0x11, 0x11, 0x11}, []byte{0x22, 0x11, 0x11}
	for _, c := range []struct {
		name string
		data []byte
		want string // "": taken in
	}{
		{"ordinary", frame(app, 0xc0, 8000, 5000, full...), ""},
		{"ordinary, with bytes to fill", frame(app+"\xff\xff", 0xc1, 8000, 5000, full...), ""},
		{"ordinary, behind stray bytes", frame(app+"\x00\x12\xff\x00ab", 0xc0, 8000, 5000, full...), ""},
		{"ordinary, of a phone with 108 megapixels", frame(app, 0xc0, 12000, 9000, half...), ""},
		{"ordinary in full colour of that size", frame(app, 0xc0, 12000, 9000, full...), "media_too_many_pixels"},
		{"progressive in full colour", frame(app, 0xc2, 8000, 5000, full...), "media_progressive"},
		{"progressive of a size that people are told", frame(app, 0xc2, 4000, 3500, full...), ""},
		{"a row more", frame(app, 0xc2, 4000, 3501, full...), "media_progressive"},
		{"progressive of a good camera, colours halved", frame(app, 0xc2, 6000, 4000, half...), ""},
		{"the largest of that kind", frame(app, 0xc2, 8000, 5000, half...), "media_progressive"},
		{"progressive in grey", frame(app, 0xc2, 8000, 5000, 0x11), ""},
		{"four inks", frame(app, 0xc2, 4000, 4000, 0x11, 0x11, 0x11, 0x11), "media_progressive"},
		{"four inks, ordinary", frame(app, 0xc0, 5000, 4700, 0x11, 0x11, 0x11, 0x11), ""},
		{"no sampling", frame(app, 0xc2, 8000, 5000, 0, 0, 0), "media_damaged"},
		{"two frames", append(frame(app+"\xff\x00\x00\x0a", 0xc0, 8, 8, 0x11), frame("", 0xc2, 8000, 5000, full...)[2:]...), "media_damaged"},
		{"nothing before the scan", []byte("\xff\xd8"), "media_damaged"},
		{"cut off", []byte("\xff\xd8\xff\xe0\x00"), "media_damaged"},
		{"a third of the colours", frame(app, 0xc0, 80, 50, 0x31, 0x11, 0x11), "media_rare"},
		{"each colour in its own ratio", frame(app, 0xc0, 80, 50, 0x22, 0x21, 0x11), ""},
		{"arithmetic codes", frame(app, 0xc9, 80, 50, full...), "media_rare"},
	} {
		_, err := examine(bytes.NewReader(append(c.data, scan...)), "a.jpg")
		e, _ := errors.AsType[*club.Error](err)
		if c.want == "" && err != nil || c.want != "" && (e == nil || e.Key != c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// FuzzExamine takes in whatever comes: it ends, and what is decoded can be
// encoded. Small pictures alone, so that it is fast.
func FuzzExamine(f *testing.F) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	b.Reset()
	if err := png.Encode(&b, image.NewNRGBA64(image.Rect(0, 0, 3, 5))); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(append(frame("\xff\xe0\x00\x04ab", 0xc2, 8, 8, 0x22, 0x11, 0x11), "\xff\xda\x00\x0c\x03\x01\x00\x02\x00\x03\x00\x00\x00\x00"...))
	f.Add([]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"))
	f.Add([]byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"))
	files, err := filepath.Glob("testdata/*.*")
	if err != nil || len(files) == 0 {
		f.Fatalf("%v, %v", files, err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if len(data) < 4000 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		u, err := examine(bytes.NewReader(data), "a.jpg")
		if err != nil || u.size.X*u.size.Y > 100_000 {
			return
		}
		img, err := u.read(t.Context())
		if err != nil {
			return
		}
		out, err := encodeMaster(io.Discard, img)
		if err != nil || out.size.X*out.size.Y != u.size.X*u.size.Y {
			t.Errorf("%v of %v, %v", out.size, u.size, err)
		}
	})
}
