package media

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/bandstand-app/bandstand/internal/colour"
)

const pngSignature = "\x89PNG\r\n\x1a\n"

// maxNote is the most that is read of a chunk which says something of a picture,
// in bytes.
const maxNote = colour.MaxProfile

// pngFile is what a PNG says of itself beside its pixels.
type pngFile struct {
	bits, kind   byte // IHDR: bits for each sample, colour type
	isInterlaced bool
	isMoving     bool // has frames (acTL)
	isSRGB       bool
	profile      []byte
	cicp         []byte
	gamma        float64 // 0: not said
	chroma       *colour.Chromaticities
	exif         []byte
}

// readPNG reads the chunks of a PNG that matter here. What is wrong with a chunk
// that a picture can do without is no reason to refuse the picture.
func readPNG(f io.ReaderAt) *pngFile {
	p := &pngFile{}
	r := bufio.NewReader(io.NewSectionReader(f, int64(len(pngSignature)), MaxUpload))
	for {
		var head [8]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return p
		}
		size, name := binary.BigEndian.Uint32(head[:]), string(head[4:])
		switch name {
		case "IHDR", "acTL", "iCCP", "cICP", "sRGB", "gAMA", "cHRM", "eXIf":
			if size > maxNote {
				return p
			}
			body := make([]byte, size+4)
			if _, err := io.ReadFull(r, body); err != nil {
				return p
			}
			body, sum := body[:size], binary.BigEndian.Uint32(body[size:])
			if crc32.Update(crc32.ChecksumIEEE(head[4:]), crc32.IEEETable, body) == sum {
				p.note(name, body)
			}
		case "IEND":
			return p
		default:
			if _, err := r.Discard(int(size) + 4); err != nil {
				return p
			}
		}
	}
}

func (p *pngFile) note(name string, b []byte) {
	at := func(i int) float64 { return float64(binary.BigEndian.Uint32(b[4*i:])) / 100_000 }
	switch {
	case name == "IHDR" && len(b) == 13:
		p.bits, p.kind, p.isInterlaced = b[8], b[9], b[12] != 0
	case name == "acTL" && len(b) == 8:
		p.isMoving = binary.BigEndian.Uint32(b) > 1
	case name == "iCCP" && p.profile == nil:
		p.profile = inflated(b)
	case name == "cICP" && len(b) == 4:
		p.cicp = b
	case name == "sRGB":
		p.isSRGB = true
	case name == "gAMA" && len(b) == 4:
		p.gamma = at(0)
	case name == "cHRM" && len(b) == 32:
		p.chroma = &colour.Chromaticities{White: [2]float64{at(0), at(1)}, Red: [2]float64{at(2), at(3)}, Green: [2]float64{at(4), at(5)}, Blue: [2]float64{at(6), at(7)}}
	case name == "eXIf":
		p.exif = b
	}
}

// inflated unpacks a profile: its name, a zero, the method 0, the stream.
func inflated(b []byte) []byte {
	name := bytes.IndexByte(b, 0)
	if name < 0 || len(b) < name+2 || b[name+1] != 0 {
		return nil
	}
	z, err := zlib.NewReader(bytes.NewReader(b[name+2:]))
	if err != nil {
		return nil
	}
	out, err := io.ReadAll(io.LimitReader(z, colour.MaxProfile+1))
	if err != nil || len(out) > colour.MaxProfile {
		return nil
	}
	return out
}

// colours is the way from the picture's colours to sRGB; nil if they are that
// already. Of several notes the first of these counts: cICP, iCCP, sRGB, gAMA
// (PNG, third edition, 4.3).
func (p *pngFile) colours(s colour.Source) *colour.Transform {
	switch {
	case p.cicp != nil && p.cicp[2] == 0 && p.cicp[3] == 1:
		return colour.CICP(p.cicp[0], p.cicp[1], s)
	case p.profile != nil:
		if t, err := colour.ICC(p.profile, s); err == nil {
			return t
		}
	}
	if p.isSRGB || p.gamma == 0 {
		return nil
	}
	return colour.Gamma(p.gamma, p.chroma, s)
}

// memory is what decoding takes at its most, in bytes for each pixel.
func (p *pngFile) memory() float64 {
	need := 4.0
	switch p.kind {
	case 0, 3: // grey, palette
		need = 1
	}
	if p.bits == 16 {
		need *= 2
		if p.kind != 0 {
			need = 8
		}
	}
	if p.isInterlaced {
		need *= 1.5 // the last pass beside the whole
	}
	return need
}

// pngReader is a PNG without the chunks that a decoder does not need, so that
// none of them can spoil it. It ends after the last pixels, whether the file
// does or not.
type pngReader struct {
	r       *bufio.Reader
	head    []byte // of what is kept, not read yet
	left    int64  // bytes of a chunk that is kept, not read yet
	hasData bool
	isEnded bool
}

func newPNGReader(f io.ReaderAt) io.Reader {
	r := bufio.NewReader(io.NewSectionReader(f, int64(len(pngSignature)), MaxUpload))
	return &pngReader{r: r, head: []byte(pngSignature)}
}

func (p *pngReader) Read(b []byte) (int, error) {
	for {
		switch {
		case len(p.head) > 0:
			n := copy(b, p.head)
			p.head = p.head[n:]
			return n, nil
		case p.left > 0:
			n, err := p.r.Read(b[:min(int64(len(b)), p.left)])
			p.left -= int64(n)
			return n, err
		case p.isEnded:
			return 0, io.EOF
		}
		if err := p.next(); err != nil {
			return 0, err
		}
	}
}

// next finds the next chunk that is kept.
func (p *pngReader) next() error {
	var head [8]byte
	if _, err := io.ReadFull(p.r, head[:]); err != nil {
		if !p.hasData {
			return io.ErrUnexpectedEOF
		}
		return p.end()
	}
	size := int64(binary.BigEndian.Uint32(head[:]))
	switch name := string(head[4:]); {
	case name == "IHDR", name == "PLTE", name == "tRNS", name == "IDAT":
		p.head, p.left, p.hasData = bytes.Clone(head[:]), size+4, p.hasData || name == "IDAT"
		return nil
	case name == "IEND":
		return p.end()
	case name[0]&0x20 == 0:
		return errDamaged // critical, and unknown
	}
	if _, err := io.CopyN(io.Discard, p.r, size+4); err != nil && !p.hasData {
		return io.ErrUnexpectedEOF
	}
	return nil
}

func (p *pngReader) end() error {
	p.head, p.isEnded = []byte("\x00\x00\x00\x00IEND\xae\x42\x60\x82"), true
	return nil
}
