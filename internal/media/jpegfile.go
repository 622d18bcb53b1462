package media

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/jpeg"
	"io"

	flexible "github.com/kovidgoyal/imaging/jpeg"

	"github.com/bandstand-app/bandstand/internal/colour"
)

// Markers of JPEG (ITU-T T.81, table B.1).
const (
	markerFrameFirst  = 0xc0
	markerProgressive = 0xc2
	markerTables      = 0xc4 // this and the next two lie among the frames and are none
	markerReserved    = 0xc8
	markerArithmetic  = 0xcc
	markerFrameLast   = 0xcf
	markerAloneFirst  = 0xd0
	markerEnd         = 0xd9
	markerScan        = 0xda
	markerQuantize    = 0xdb
	markerRestart     = 0xdd
	markerJFIF        = 0xe0
	markerEXIF        = 0xe1
	markerICC         = 0xe2
	markerAdobe       = 0xee
)

// jpegFile is a JPEG as far as its first scan, and what follows.
type jpegFile struct {
	head  bytes.Buffer // all that a decoder needs of what comes before the scan
	scan  int64        // where the scan begins in the file, marker and all
	frame jpegFrame
	adobe []byte
	exif  []byte
	icc   map[byte][]byte // parts of the profile by number
}

// jpegFrame is the header of a picture (T.81, B.2.2).
type jpegFrame struct {
	marker        byte
	width, height int
	names         []byte // of the components
	sampling      []byte // of each: horizontal and vertical, four bits each
}

// readJPEG reads a JPEG up to its first scan as browsers do: bytes between the
// segments that belong to none are skipped, and so are segments that are not
// needed. The decoder gets a header made of the rest, so it sees exactly what was
// checked here.
func readJPEG(f io.ReaderAt) (*jpegFile, error) {
	j := &jpegFile{icc: map[byte][]byte{}}
	r := &counting{r: bufio.NewReader(io.NewSectionReader(f, 2, MaxUpload))}
	j.head.WriteString("\xff\xd8")
	for {
		marker, err := r.marker()
		if err != nil {
			return nil, errDamaged
		}
		if marker < markerFrameFirst || marker >= markerAloneFirst && marker < markerEnd {
			continue // stands alone, or is none
		}
		if marker == markerEnd {
			return nil, errDamaged
		}
		if marker == markerScan {
			j.scan = 2 + r.n - 2
			return j, j.complete()
		}
		body, err := r.segment()
		if err != nil {
			return nil, errDamaged
		}
		if err := j.take(marker, body); err != nil {
			return nil, err
		}
	}
}

// errDamaged is a file that breaks off or contradicts itself.
var errDamaged = errors.New("picture is damaged")

func (j *jpegFile) take(marker byte, body []byte) error {
	switch {
	case isFrame(marker):
		if j.frame.marker != 0 {
			return errDamaged // a decoder might take the other one
		}
		if err := j.frame.read(marker, body); err != nil {
			return err
		}
	case marker == markerTables, marker == markerQuantize, marker == markerRestart:
	case marker == markerJFIF && bytes.HasPrefix(body, []byte("JFIF\x00")):
	case marker == markerAdobe && bytes.HasPrefix(body, []byte("Adobe")) && len(body) >= 12:
		j.adobe = body
	case marker == markerEXIF && j.exif == nil && bytes.HasPrefix(body, []byte("Exif\x00")):
		j.exif = body
		return nil
	case marker == markerICC && len(body) > 14 && bytes.HasPrefix(body, []byte("ICC_PROFILE\x00")):
		j.icc[body[12]] = body[14:]
		return nil
	default:
		return nil
	}
	j.head.Write([]byte{0xff, marker})
	j.head.Write(binary.BigEndian.AppendUint16(nil, uint16(len(body)+2)))
	j.head.Write(body)
	return nil
}

// complete adds what is missing before the scan.
func (j *jpegFile) complete() error {
	if j.frame.marker == 0 {
		return errDamaged
	}
	if len(j.frame.sampling) == 4 && j.adobe == nil {
		// Four inks without Adobe's marker: browsers take them as Adobe writes them.
		j.head.WriteString("\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00")
	}
	return nil
}

func (fr *jpegFrame) read(marker byte, body []byte) error {
	if len(body) < 6 || len(body) < 6+3*int(body[5]) {
		return errDamaged
	}
	fr.marker = marker
	fr.height, fr.width = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
	for i := range int(body[5]) {
		fr.names, fr.sampling = append(fr.names, body[6+3*i]), append(fr.sampling, body[7+3*i])
	}
	return nil
}

// samples is how many samples of all components there are for each pixel, and
// whether the standard library can decode that.
func (fr *jpegFrame) samples() (perPixel float64, isUsual bool) {
	sum, maxH, maxV := 0, 0, 0
	for _, s := range fr.sampling {
		h, v := int(s>>4), int(s&15)
		maxH, maxV = max(maxH, h), max(maxV, v)
		sum += h * v
	}
	if maxH == 0 || maxV == 0 {
		return 4, true
	}
	return float64(sum) / float64(maxH*maxV), !errors.Is(fr.probe(), errUnusual)
}

var errUnusual = errors.New("unusual sampling")

// probe asks the standard library for the header alone.
func (fr *jpegFrame) probe() error {
	n := len(fr.sampling)
	head := []byte{0xff, 0xd8, 0xff, fr.marker, 0, byte(8 + 3*n), 8, 0, 8, 0, 8, byte(n)}
	for i, s := range fr.sampling {
		head = append(head, byte(i+1), s, 0)
	}
	_, err := jpeg.DecodeConfig(bytes.NewReader(append(head, 0xff, markerScan)))
	if _, ok := errors.AsType[jpeg.UnsupportedError](err); ok {
		return errUnusual
	}
	return err
}

// reader is the file as a decoder reads it: it always has an end.
func (j *jpegFile) reader(f io.ReaderAt) io.Reader {
	return io.MultiReader(bytes.NewReader(j.head.Bytes()), io.NewSectionReader(f, j.scan, MaxUpload), bytes.NewReader([]byte{0xff, markerEnd}))
}

// config reads the size without the pixels.
func (j *jpegFile) config(r io.Reader) (image.Config, error) {
	if _, isUsual := j.frame.samples(); !isUsual {
		return flexible.DecodeConfig(r)
	}
	return jpeg.DecodeConfig(r)
}

// decode reads the pixels. Ratios of colour to brightness that the standard
// library does not know are left to a fork of it that does.
func (j *jpegFile) decode(r io.Reader) (image.Image, error) {
	if _, isUsual := j.frame.samples(); !isUsual {
		return flexible.Decode(r)
	}
	return jpeg.Decode(r)
}

// maxProgressive is the most memory that a progressive JPEG may need, in bytes.
// Its decoder keeps every coefficient until the last scan: 40 million pixels in
// full colour took 592 MB, which is more than a small computer has.
const maxProgressive = 210_000_000

// memory is what decoding takes at its most, in bytes for each pixel.
func (j *jpegFile) memory() float64 {
	samples, isUsual := j.frame.samples()
	if !isUsual {
		samples = float64(len(j.frame.sampling))
	}
	need := samples
	if j.isProgressive() {
		need = 5 * samples // four bytes of coefficient and one of colour
	}
	if len(j.frame.sampling) == 4 || j.isRGB() {
		need += 4 // copied into another form
	}
	return need
}

func (j *jpegFile) isProgressive() bool { return j.frame.marker == markerProgressive }

// isRGB reports whether the samples may be red, green and blue: by Adobe's marker,
// or by the names of the components.
func (j *jpegFile) isRGB() bool {
	return len(j.frame.sampling) == 3 && (j.adobe != nil && j.adobe[11] == 0 || string(j.frame.names) == "RGB")
}

// profile puts the parts of the colour profile together (ICC.1:2022, B.4).
func (j *jpegFile) profile() []byte {
	var out []byte
	for n := 1; n <= len(j.icc); n++ {
		part, ok := j.icc[byte(n)]
		if !ok || len(out)+len(part) > colour.MaxProfile {
			return nil
		}
		out = append(out, part...)
	}
	return out
}

func isFrame(marker byte) bool {
	switch marker {
	case markerTables, markerReserved, markerArithmetic:
		return false
	}
	return marker >= markerFrameFirst && marker <= markerFrameLast
}

// counting reads segments and knows how far it has come.
type counting struct {
	r *bufio.Reader
	n int64
}

func (c *counting) ReadByte() (byte, error) {
	b, err := c.r.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

// marker finds the next marker, before which any number of bytes 0xff may stand,
// and other bytes that have no place there.
func (c *counting) marker() (byte, error) {
	for {
		b, err := c.ReadByte()
		if err != nil {
			return 0, err
		}
		if b != 0xff {
			continue
		}
		for b == 0xff {
			if b, err = c.ReadByte(); err != nil {
				return 0, err
			}
		}
		if b != 0 {
			return b, nil
		}
	}
}

// segment reads what follows a marker.
func (c *counting) segment() ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(c.r, length[:]); err != nil {
		return nil, err
	}
	size := int(binary.BigEndian.Uint16(length[:]))
	if size < 2 {
		return nil, errDamaged
	}
	body := make([]byte, size-2)
	n, err := io.ReadFull(c.r, body)
	c.n += int64(2 + n)
	return body, err
}
