package media

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
)

// gifFile is what matters of a GIF: its first picture and whether more follow.
type gifFile struct {
	width, height int // with the whole first picture
	isMoving      bool
}

// Blocks of GIF (GIF89a, appendix A).
const (
	gifHead      = 13
	gifPicture   = 0x2c
	gifExtension = 0x21
)

// readGIF reads the blocks of a GIF up to its second picture. Where the first one
// is larger than the canvas, the canvas grows, as in browsers. What is damaged is
// left to the decoder.
func readGIF(f io.ReaderAt) *gifFile {
	g := &gifFile{}
	r := bufio.NewReader(io.NewSectionReader(f, 0, MaxUpload))
	var head [gifHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return g
	}
	g.width, g.height = int(binary.LittleEndian.Uint16(head[6:])), int(binary.LittleEndian.Uint16(head[8:]))
	err := skipColours(r, head[10])
	for pictures := 0; err == nil && !g.isMoving; {
		var block byte
		if block, err = r.ReadByte(); err != nil {
			break
		}
		switch block {
		case gifExtension:
			_, err = r.Discard(1) // what it is about
		case gifPicture:
			if pictures++; pictures == 1 {
				err = g.picture(r)
			}
			g.isMoving = pictures > 1
		default: // the end, or what stands for it
			return g
		}
		if err == nil {
			err = skipBlocks(r)
		}
	}
	return g
}

// picture reads the header of a picture up to its pixels.
func (g *gifFile) picture(r *bufio.Reader) error {
	var p [9]byte
	if _, err := io.ReadFull(r, p[:]); err != nil {
		return err
	}
	at := func(i int) int { return int(binary.LittleEndian.Uint16(p[i:])) }
	g.width, g.height = max(g.width, at(0)+at(4)), max(g.height, at(2)+at(6))
	if err := skipColours(r, p[8]); err != nil {
		return err
	}
	_, err := r.Discard(1) // size of codes
	return err
}

// skipColours passes a table of colours, if the flags tell of one.
func skipColours(r *bufio.Reader, flags byte) error {
	if flags&0x80 == 0 {
		return nil
	}
	_, err := r.Discard(3 << (flags&7 + 1))
	return err
}

// skipBlocks passes the parts of a block up to the empty one.
func skipBlocks(r *bufio.Reader) error {
	for {
		n, err := r.ReadByte()
		if err != nil || n == 0 {
			return err
		}
		if _, err := r.Discard(int(n)); err != nil {
			return err
		}
	}
}

// reader is the file with a canvas that holds its first picture.
func (g *gifFile) reader(f io.ReaderAt) io.Reader {
	var head [gifHead]byte
	_, _ = f.ReadAt(head[:], 0) // was read before
	binary.LittleEndian.PutUint16(head[6:], uint16(g.width))
	binary.LittleEndian.PutUint16(head[8:], uint16(g.height))
	return io.MultiReader(bytes.NewReader(head[:]), io.NewSectionReader(f, gifHead, MaxUpload))
}
