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

func FuzzExamine(f *testing.F) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"))
	f.Add([]byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		kind, key := sniff(data[:min(64, len(data))], "a.jpg")
		if key != "" {
			return
		}
		c, err := config(kind, bytes.NewReader(data), "a.jpg")
		if err != nil || c.Width*c.Height > 1_000_000 {
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
