package media

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/bandstand-app/bandstand/internal/colour"
)

// webpFile is a WebP taken apart.
type webpFile struct {
	canvas  []byte // VP8X, nil in simple files
	alpha   webpChunk
	pixels  webpChunk
	profile []byte
	exif    []byte
}

// webpChunk is where a chunk lies in the file.
type webpChunk struct {
	name     string
	at, size int64
}

// maxWebPChunks is how many chunks are looked at: a still picture has seven.
const maxWebPChunks = 1000

// readWebP finds the chunks of a still picture.
func readWebP(f io.ReaderAt) *webpFile {
	w := &webpFile{}
	at := int64(12)
	for range maxWebPChunks {
		var head [8]byte
		if _, err := f.ReadAt(head[:], at); err != nil {
			break
		}
		c := webpChunk{name: string(head[:4]), at: at + 8, size: int64(binary.LittleEndian.Uint32(head[4:]))}
		switch {
		case c.name == "VP8X" && w.canvas == nil:
			w.canvas = c.read(f, 10)
		case c.name == "ICCP" && w.profile == nil:
			w.profile = c.read(f, colour.MaxProfile)
		case c.name == "EXIF" && w.exif == nil:
			w.exif = c.read(f, maxNote)
		case c.name == "ALPH" && w.pixels.name == "":
			w.alpha = c
		case (c.name == "VP8 " || c.name == "VP8L") && w.pixels.name == "":
			w.pixels = c
		}
		at = c.at + c.size + c.size%2 // chunks of odd length have a byte to fill
	}
	return w
}

func (c webpChunk) read(f io.ReaderAt, most int64) []byte {
	if c.size > most {
		return nil
	}
	b := make([]byte, c.size)
	if _, err := f.ReadAt(b, c.at); err != nil {
		return nil
	}
	return b
}

// isLossy: colours are stored as video stores them, of which black is 16.
func (w *webpFile) isLossy() bool { return w.pixels.name == "VP8 " }

// reader is a file of the picture alone, whose header tells truly whether parts
// are transparent: a decoder refuses one that does not.
func (w *webpFile) reader(f io.ReaderAt) io.Reader {
	var parts []io.Reader
	size := int64(4)
	add := func(name string, length int64, body io.Reader) {
		head := binary.LittleEndian.AppendUint32([]byte(name), uint32(length))
		parts = append(parts, bytes.NewReader(head), body)
		if length%2 == 1 {
			parts = append(parts, bytes.NewReader([]byte{0}))
		}
		size += 8 + length + length%2
	}
	isClear := w.alpha.name != "" && w.isLossy()
	if len(w.canvas) == 10 {
		canvas := bytes.Clone(w.canvas)
		canvas[0] = 0
		if isClear {
			canvas[0] = 0x10
		}
		add("VP8X", 10, bytes.NewReader(canvas))
		if isClear {
			add(w.alpha.name, w.alpha.size, io.NewSectionReader(f, w.alpha.at, w.alpha.size))
		}
	}
	if w.pixels.name != "" {
		add(w.pixels.name, w.pixels.size, io.NewSectionReader(f, w.pixels.at, w.pixels.size))
	}
	head := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(size))
	return io.MultiReader(append([]io.Reader{bytes.NewReader(append(head, "WEBP"...))}, parts...)...)
}

// memory is what decoding takes at its most, in bytes for each pixel.
func (w *webpFile) memory() float64 {
	switch {
	case !w.isLossy():
		return 6 // with a copy that some of its transforms make
	case w.alpha.name != "":
		return 6.5
	}
	return 1.5
}
