package media

import (
	"bufio"
	"encoding/binary"
	"io"
)

// maxProgressive is the most memory that a progressive JPEG may need, in bytes.
// Its decoder keeps every coefficient until the last scan: 40 million pixels in
// full colour took 592 MB, which is more than a small computer has.
const maxProgressive = 240_000_000

// Markers of JPEG (ITU-T T.81, table B.1).
const (
	markerFrameFirst  = 0xc0
	markerProgressive = 0xc2
	markerTables      = 0xc4 // this and the next two lie among the frames and are none
	markerReserved    = 0xc8
	markerArithmetic  = 0xcc
	markerFrameLast   = 0xcf
	markerAloneFirst  = 0xd0
	markerAloneLast   = 0xd9
	markerScan        = 0xda
)

// progressiveBytes is the memory that decoding a JPEG takes because it is
// progressive: four bytes of coefficient and one of colour a sample. It is 0
// where the frame is none such, and the worst where no frame is found in good
// order.
func progressiveBytes(r io.Reader, pixels int64) int64 {
	const perSample, most = 5, 4
	worst := most * perSample * pixels
	b := bufio.NewReader(r)
	if _, err := b.Discard(2); err != nil {
		return worst
	}
	for {
		marker, size, ok := nextSegment(b)
		switch {
		case !ok, marker == markerScan:
			return worst
		case marker == markerProgressive:
			samples, ok := samplesPerPixel(b, size)
			if !ok {
				return worst
			}
			return int64(samples * perSample * float64(pixels))
		case isFrame(marker):
			return 0
		}
		if _, err := b.Discard(size); err != nil {
			return worst
		}
	}
}

// nextSegment reads the marker of a segment, before which any number of bytes
// 0xff may stand, and how long the rest is. Markers that stand alone have no
// place before a frame.
func nextSegment(b *bufio.Reader) (marker byte, size int, ok bool) {
	if c, err := b.ReadByte(); err != nil || c != 0xff {
		return 0, 0, false
	}
	marker = 0xff
	for marker == 0xff {
		c, err := b.ReadByte()
		if err != nil {
			return 0, 0, false
		}
		marker = c
	}
	if marker < markerFrameFirst || marker >= markerAloneFirst && marker <= markerAloneLast {
		return 0, 0, false
	}
	var length [2]byte
	if _, err := io.ReadFull(b, length[:]); err != nil {
		return 0, 0, false
	}
	size = int(binary.BigEndian.Uint16(length[:])) - len(length)
	return marker, size, size >= 0
}

func isFrame(marker byte) bool {
	switch marker {
	case markerTables, markerReserved, markerArithmetic:
		return false
	}
	return marker >= markerFrameFirst && marker <= markerFrameLast
}

// samplesPerPixel reads the rest of a frame's header: how many samples of all
// components there are for each pixel (T.81, B.2.2).
func samplesPerPixel(r io.Reader, size int) (float64, bool) {
	frame := make([]byte, size)
	if _, err := io.ReadFull(r, frame); err != nil || len(frame) < 6 || len(frame) < 6+3*int(frame[5]) {
		return 0, false
	}
	sum, maxH, maxV := 0, 0, 0
	for i := range int(frame[5]) {
		h, v := int(frame[7+3*i]>>4), int(frame[7+3*i]&15)
		maxH, maxV = max(maxH, h), max(maxV, v)
		sum += h * v
	}
	if maxH == 0 || maxV == 0 {
		return 0, false
	}
	return float64(sum) / float64(maxH*maxV), true
}
