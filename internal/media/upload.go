package media

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"runtime/debug"
	"strconv"

	flexible "github.com/kovidgoyal/imaging/jpeg"
	"golang.org/x/image/draw"
	"golang.org/x/image/webp"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/colour"
)

// upload is a file that was examined and can be decoded.
type upload struct {
	format      format
	name        string // for messages
	size        image.Point
	orientation int
	isMoving    bool             // has more than one picture
	isLimited   bool             // brightness as in video
	isCoarse    bool             // a progressive JPEG, drawn in scans
	memory      float64          // bytes that decoding takes for each pixel, at its most
	open        func() io.Reader // the file as its decoder wants it
	config      func(io.Reader) (image.Config, error)
	decode      func(io.Reader) (image.Image, error)
	colours     func(bits int) *colour.Transform // of each sample; nil: sRGB
}

// examine finds out what was uploaded by its bytes, mends what a decoder stumbles
// over and browsers do not, and refuses what would take too much memory.
func examine(f io.ReaderAt, name string) (*upload, error) {
	head := make([]byte, 64)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read upload: %w", err)
	}
	kind, key := sniff(head[:n], name)
	if key != "" {
		return nil, fault(key, name)
	}
	u := &upload{format: kind, name: name, orientation: 1, colours: func(int) *colour.Transform { return nil }}
	switch kind {
	case formatJPEG:
		if err := u.examineJPEG(f); err != nil {
			return nil, fault("media_damaged", name)
		}
	case formatPNG:
		u.examinePNG(f)
	case formatGIF:
		u.examineGIF(f)
	case formatWebP:
		u.examineWebP(f)
	}
	c, err := u.config(u.open())
	if err == nil && (c.Width <= 0 || c.Height <= 0) {
		err = errDamaged
	}
	if err != nil {
		return nil, u.unreadable(err)
	}
	u.size = image.Pt(c.Width, c.Height)
	return u, u.fits()
}

// unreadable says why a decoder gave up: what is only rare is not damaged.
func (u *upload) unreadable(err error) error {
	_, isRare := errors.AsType[jpeg.UnsupportedError](err)
	_, isRareToo := errors.AsType[flexible.UnsupportedError](err)
	if isRare || isRareToo {
		return fault("media_rare", u.name)
	}
	return fault("media_damaged", u.name)
}

func (u *upload) examineJPEG(f io.ReaderAt) error {
	j, err := readJPEG(f)
	if err != nil {
		return err
	}
	u.orientation, u.memory, u.isCoarse = orientation(j.exif), j.memory(), j.isProgressive()
	u.open, u.config, u.decode = func() io.Reader { return j.reader(f) }, j.config, j.decode
	u.colours = func(bits int) *colour.Transform { return byProfile(j.profile(), len(j.frame.sampling), bits) }
	return nil
}

// byProfile is the way from the colours of a profile. One that cannot be read, or
// is of another kind than the picture, is not heeded.
func byProfile(profile []byte, channels, bits int) *colour.Transform {
	if profile == nil {
		return nil
	}
	t, err := colour.ICC(profile, colour.Source{Channels: channels, Bits: bits})
	if err != nil {
		return nil
	}
	return t
}

func (u *upload) examinePNG(f io.ReaderAt) {
	p := readPNG(f)
	u.orientation, u.memory, u.isMoving = orientation(p.exif), p.memory(), p.isMoving
	u.open, u.config, u.decode = func() io.Reader { return newPNGReader(f) }, png.DecodeConfig, png.Decode
	channels := 3
	if p.kind == 0 || p.kind == 4 {
		channels = 1
	}
	u.colours = func(bits int) *colour.Transform { return p.colours(colour.Source{Channels: channels, Bits: bits}) }
}

func (u *upload) examineGIF(f io.ReaderAt) {
	g := readGIF(f)
	u.isMoving, u.memory = g.isMoving, 4
	u.open, u.config = func() io.Reader { return g.reader(f) }, gif.DecodeConfig
	u.decode = func(r io.Reader) (image.Image, error) {
		first, err := gif.Decode(r)
		if err != nil || first.Bounds().Size() == u.size {
			return first, err
		}
		whole := image.NewNRGBA(image.Rectangle{Max: u.size})
		draw.Draw(whole, first.Bounds(), first, first.Bounds().Min, draw.Src)
		return whole, nil
	}
}

func (u *upload) examineWebP(f io.ReaderAt) {
	w := readWebP(f)
	u.orientation, u.memory, u.isLimited = orientation(w.exif), w.memory(), w.isLossy()
	u.open, u.config, u.decode = func() io.Reader { return w.reader(f) }, webp.DecodeConfig, webp.Decode
	u.colours = func(bits int) *colour.Transform { return byProfile(w.profile, 3, bits) }
}

// fits refuses pictures that would take too much memory, and says so truly.
func (u *upload) fits() error {
	w, h := u.size.X, u.size.Y
	pixels := int64(w) * int64(h)
	limit, key := int64(maxPixels), "media_too_many_pixels"
	if u.format == formatJPEG {
		limit = maxHalved
	}
	if u.isCoarse {
		limit, key = min(limit, int64(maxProgressive/u.memory)), "media_progressive"
	} else {
		limit = min(limit, int64(maxDecoded/u.memory))
	}
	if w <= maxSide && h <= maxSide && pixels <= limit {
		return nil
	}
	return fault(key, u.name, "w", strconv.Itoa(w), "h", strconv.Itoa(h), "limit", strconv.FormatInt(limit/1_000_000, 10))
}

// read decodes the picture: 8 bits a sample, sRGB, upright, and not larger than a
// copy may be.
func (u *upload) read(ctx context.Context) (image.Image, error) {
	img, err := u.decode(&patient{ctx, u.open()})
	if err != nil {
		return nil, err
	}
	if img.Bounds().Size() != u.size {
		return nil, errDamaged
	}
	if pixels(img) > maxPixels {
		img = halved(img)
	}
	t := u.colours(bits(img))
	if m, ok := img.(*image.YCbCr); ok {
		// Turned first it needs the least memory.
		return plain(upright(m, u.orientation), t, u.isLimited), nil
	}
	return upright(plain(img, t, u.isLimited), u.orientation), nil
}

func pixels(img image.Image) int64 {
	return int64(img.Bounds().Dx()) * int64(img.Bounds().Dy())
}

// takeIn checks what was uploaded and stores its pixels as the picture m, of which
// it sets what it finds out. Only one picture at a time is held decoded.
func (l *Library) takeIn(ctx context.Context, f *os.File, m *club.Media) error {
	u, err := examine(f, m.Name)
	if err != nil {
		return err
	}
	leave, err := l.turn(ctx)
	if err != nil {
		return err
	}
	defer leave()
	defer tidyUp(u.size)
	limited, cancel := context.WithTimeout(ctx, l.set.DecodeLimit)
	defer cancel()
	img, err := u.read(limited)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && limited.Err() != nil:
		return fault("media_slow", m.Name)
	case err != nil:
		return u.unreadable(err)
	}
	m.Moving = u.isMoving
	m.Bytes, err = l.files.write(m.ID, "", func(w io.Writer) error {
		made, err := encodeMaster(w, img)
		m.Type, m.Width, m.Height = made.typ, made.size.X, made.size.Y
		return err
	})
	return err
}

// largePicture is from how many pixels on a picture's memory is given back to the
// system at once.
const largePicture = 4_000_000

// tidyUp gives memory back after a large picture. Otherwise the next one would be
// decoded beside what is left of it.
func tidyUp(size image.Point) {
	if int64(size.X)*int64(size.Y) >= largePicture {
		debug.FreeOSMemory()
	}
}
