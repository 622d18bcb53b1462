package media

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"

	"github.com/bandstand-app/bandstand/internal/club"
)

// Limits of an upload (rule U2).
const (
	MaxUpload   = 40 << 20 // bytes
	maxSide     = 16_384
	maxPixels   = 40_000_000
	maxDecoded  = 160_000_000 // bytes of pixels: half as many pixels where each has 16 bits a colour
	maxName     = 100         // characters
	decodeLimit = 10 * time.Second
)

// format is a kind of picture that is taken in.
type format string

const (
	formatJPEG format = "jpeg"
	formatPNG  format = "png"
	formatGIF  format = "gif"
	formatWebP format = "webp"
)

// sniff tells the format of a picture by its first bytes, or the message for
// what it is instead.
func sniff(head []byte, name string) (format, string) {
	at := func(i int, s string) bool { return len(head) >= i+len(s) && string(head[i:i+len(s)]) == s }
	switch {
	case at(0, "\xff\xd8\xff"):
		return formatJPEG, ""
	case at(0, "\x89PNG\r\n\x1a\n"):
		return formatPNG, ""
	case at(0, "GIF87a"), at(0, "GIF89a"):
		return formatGIF, ""
	case at(0, "RIFF") && at(8, "WEBP"):
		if at(12, "VP8X") && len(head) > 20 && head[20]&0x02 != 0 {
			return "", "media_moving_webp"
		}
		return formatWebP, ""
	case at(4, "ftyp") && (at(8, "hei") || at(8, "hev") || at(8, "mif1") || at(8, "msf1") || at(8, "avi")):
		return "", "media_heic_not_yet"
	case at(4, "ftyp"), at(4, "moov"), at(4, "mdat"), at(4, "wide"), at(0, "\x1a\x45\xdf\xa3"), at(0, "RIFF") && at(8, "AVI "),
		at(0, "\x00\x00\x01\xba"), at(0, "\x00\x00\x01\xb3"), at(0, "FLV\x01"), at(0, "OggS"), at(0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11"):
		return "", "media_video_not_yet"
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".jpg", ".jpeg", ".jpe", ".png", ".gif", ".webp":
		return "", "media_type_lies"
	}
	return "", "media_not_picture"
}

// config reads the size of a picture without decoding it and refuses what would
// take too much memory.
func config(f format, r io.Reader, name string) (image.Config, error) {
	var c image.Config
	var err error
	switch f {
	case formatJPEG:
		c, err = jpeg.DecodeConfig(r)
	case formatPNG:
		c, err = png.DecodeConfig(r)
	case formatGIF:
		c, err = gif.DecodeConfig(r)
	case formatWebP:
		c, err = webp.DecodeConfig(r)
	}
	if err != nil || c.Width <= 0 || c.Height <= 0 {
		return c, fault("media_damaged", name)
	}
	pixels := int64(c.Width) * int64(c.Height)
	if c.Width > maxSide || c.Height > maxSide || pixels > maxPixels || pixels*bytesPerPixel(c.ColorModel) > maxDecoded {
		return c, fault("media_too_many_pixels", name, "w", strconv.Itoa(c.Width), "h", strconv.Itoa(c.Height))
	}
	return c, nil
}

func bytesPerPixel(m color.Model) int64 {
	switch m {
	case color.RGBA64Model, color.NRGBA64Model:
		return 8
	}
	return 4
}

// decode reads a picture: of a moving one, the first.
func decode(ctx context.Context, f format, r io.Reader, c image.Config) (image.Image, error) {
	r = &patient{ctx, r}
	switch f {
	case formatJPEG:
		return jpeg.Decode(r)
	case formatPNG:
		return png.Decode(r)
	case formatWebP:
		return webp.Decode(r)
	case formatGIF:
		first, err := gif.Decode(r)
		if err != nil || first.Bounds() == image.Rect(0, 0, c.Width, c.Height) {
			return first, err
		}
		whole := image.NewRGBA(image.Rect(0, 0, c.Width, c.Height))
		draw.Draw(whole, first.Bounds(), first, first.Bounds().Min, draw.Src)
		return whole, nil
	}
	return nil, fmt.Errorf("unknown picture format %q", f)
}

// patient ends reading when its context ends: decoders take none.
type patient struct {
	ctx context.Context
	r   io.Reader
}

func (p *patient) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.r.Read(b)
}

// takeIn checks what was uploaded and encodes its pixels, turned the right way
// up. Only one picture at a time is held decoded.
func (l *Library) takeIn(ctx context.Context, f *os.File, name string) (encoded, error) {
	format, c, err := examine(f, name)
	if err != nil {
		return encoded{}, err
	}
	leave, err := l.turn(ctx)
	if err != nil {
		return encoded{}, err
	}
	defer leave()
	limited, cancel := context.WithTimeout(ctx, l.set.DecodeLimit)
	defer cancel()
	img, err := decode(limited, format, io.NewSectionReader(f, 0, MaxUpload), c)
	switch {
	case ctx.Err() != nil:
		return encoded{}, ctx.Err()
	case limited.Err() != nil:
		return encoded{}, fault("media_slow", name)
	case err != nil, img.Bounds().Dx() != c.Width, img.Bounds().Dy() != c.Height:
		return encoded{}, fault("media_damaged", name)
	}
	return encodeMaster(oriented(img, orientation(io.NewSectionReader(f, 0, MaxUpload), format)))
}

// examine tells what was uploaded by its first bytes and its header.
func examine(f *os.File, name string) (format, image.Config, error) {
	head := make([]byte, 64)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", image.Config{}, fmt.Errorf("read upload: %w", err)
	}
	kind, key := sniff(head[:n], name)
	if key != "" {
		return "", image.Config{}, fault(key, name)
	}
	c, err := config(kind, io.NewSectionReader(f, 0, MaxUpload), name)
	if err == nil && kind == formatJPEG && progressiveBytes(io.NewSectionReader(f, 0, MaxUpload), int64(c.Width)*int64(c.Height)) > maxProgressive {
		err = fault("media_progressive", name, "w", strconv.Itoa(c.Width), "h", strconv.Itoa(c.Height))
	}
	return kind, c, err
}

// fault is a message about an uploaded file.
func fault(key, name string, args ...string) error {
	return club.Fault("media", key, append([]string{"file", name}, args...)...)
}

// cleanName makes what a browser calls a file fit to be shown: no folders, no
// control characters, nothing that turns the reading direction.
func cleanName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, name)
	name = strings.TrimLeft(strings.Join(strings.Fields(name), " "), ".")
	if r := []rune(name); len(r) > maxName {
		ext := []rune(path.Ext(name))
		if len(ext) > 5 {
			ext = nil
		}
		name = string(r[:maxName-len(ext)-1]) + "…" + string(ext)
	}
	if name == "" {
		return "picture"
	}
	return name
}
