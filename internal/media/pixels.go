package media

import (
	"bytes"
	"image"
	"image/color"

	"github.com/bandstand-app/bandstand/internal/colour"
)

// This file changes decoded pictures in place wherever it can: one of them may
// take half of the memory that Bandstand has.

// plain makes a decoded picture one of 8 bits a sample in sRGB: *image.Gray,
// *image.Paletted, *image.YCbCr, *image.RGBA (opaque) or *image.NRGBA. t may be
// nil. isLimited: black is 16 and white 235, as in video.
func plain(img image.Image, t *colour.Transform, isLimited bool) image.Image {
	switch m := img.(type) {
	case *image.Gray:
		if t != nil {
			convertGrey(m, t)
		}
	case *image.Gray16:
		return narrowGrey(m, t)
	case *image.Paletted:
		if t != nil {
			convertPalette(m.Palette, t)
		}
	case *image.RGBA:
		convertRGB(m.Pix, t)
	case *image.NRGBA:
		convertRGB(m.Pix, t)
	case *image.RGBA64: // opaque: a PNG that is not has NRGBA64
		return narrowRGB(m.Pix, m.Stride, m.Rect, t)
	case *image.NRGBA64:
		return narrowRGB(m.Pix, m.Stride, m.Rect, t)
	case *image.CMYK:
		return inkToRGB(m, t)
	case *image.NYCbCrA:
		out := image.NewNRGBA(image.Rectangle{Max: m.Rect.Size()})
		eachClear(m, out, t, isLimited)
		return out
	case *image.YCbCr:
		if t == nil && !isLimited {
			return m
		}
		m = fullColour(m)
		convertYCbCr(m, t, isLimited)
		return m
	}
	return img
}

// bits is how finely plain reads the samples of a picture.
func bits(img image.Image) int {
	switch img.(type) {
	case *image.Gray16, *image.RGBA64, *image.NRGBA64:
		return 16
	case *image.YCbCr, *image.NYCbCrA:
		return fine
	}
	return 8
}

func convertGrey(m *image.Gray, t *colour.Transform) {
	var table [256]uint8
	for i := range table {
		_, table[i], _ = t.Grey(i)
	}
	for i, v := range m.Pix {
		m.Pix[i] = table[v]
	}
}

func narrowGrey(m *image.Gray16, t *colour.Transform) image.Image {
	for i := range len(m.Pix) / 2 {
		v := int(m.Pix[2*i])<<8 | int(m.Pix[2*i+1])
		if t != nil {
			_, m.Pix[i], _ = t.Grey(v)
		} else {
			m.Pix[i] = narrow(v)
		}
	}
	return &image.Gray{Pix: m.Pix[:len(m.Pix)/2], Stride: m.Stride / 2, Rect: m.Rect}
}

func narrow(v int) uint8 { return uint8((v*255 + 32767) / 65535) }

func convertPalette(p color.Palette, t *colour.Transform) {
	for i, c := range p {
		n, _ := color.NRGBAModel.Convert(c).(color.NRGBA)
		n.R, n.G, n.B = t.RGB(int(n.R), int(n.G), int(n.B))
		p[i] = n
	}
}

func convertRGB(pix []byte, t *colour.Transform) {
	if t == nil {
		return
	}
	for ; len(pix) >= 4; pix = pix[4:] {
		pix[0], pix[1], pix[2] = t.RGB(int(pix[0]), int(pix[1]), int(pix[2]))
	}
}

// narrowRGB makes 8 bits of 16 in the same memory: no byte is written before it
// was read.
func narrowRGB(pix []byte, stride int, rect image.Rectangle, t *colour.Transform) image.Image {
	for i := range len(pix) / 8 {
		p := pix[8*i : 8*i+8 : 8*i+8]
		r, g, b, a := int(p[0])<<8|int(p[1]), int(p[2])<<8|int(p[3]), int(p[4])<<8|int(p[5]), int(p[6])<<8|int(p[7])
		q := pix[4*i : 4*i+4 : 4*i+4]
		if t != nil {
			q[0], q[1], q[2] = t.RGB(r, g, b)
		} else {
			q[0], q[1], q[2] = narrow(r), narrow(g), narrow(b)
		}
		q[3] = narrow(a)
	}
	return &image.NRGBA{Pix: pix[:len(pix)/2], Stride: stride / 2, Rect: rect}
}

func inkToRGB(m *image.CMYK, t *colour.Transform) image.Image {
	for i := 0; i+4 <= len(m.Pix); i += 4 {
		p := m.Pix[i : i+4 : i+4]
		if t != nil {
			p[0], p[1], p[2] = t.CMYK(int(p[0]), int(p[1]), int(p[2]), int(p[3]))
		} else {
			p[0], p[1], p[2] = color.CMYKToRGB(p[0], p[1], p[2], p[3])
		}
		p[3] = 255
	}
	return &image.RGBA{Pix: m.Pix, Stride: m.Stride, Rect: m.Rect}
}

// fine is how many bits the red, green and blue of a pixel have that is stored as
// brightness and colour: it lies between the levels of 8 bits.
const fine = 12

// eachClear writes the pixels of a picture with transparent parts.
func eachClear(m *image.NYCbCrA, out *image.NRGBA, t *colour.Transform, isLimited bool) {
	for y := m.Rect.Min.Y; y < m.Rect.Max.Y; y++ {
		to := out.Pix[(y-m.Rect.Min.Y)*out.Stride:]
		for x := m.Rect.Min.X; x < m.Rect.Max.X; x++ {
			c := m.COffset(x, y)
			to[0], to[1], to[2] = toSRGB(m.Y[m.YOffset(x, y)], m.Cb[c], m.Cr[c], t, isLimited)
			to[3] = m.A[m.AOffset(x, y)]
			to = to[4:]
		}
	}
}

// toSRGB reads brightness and colour (BT.601), which stand for red, green and
// blue of the space that t leads out of.
func toSRGB(y, cb, cr uint8, t *colour.Transform, isLimited bool) (r, g, b uint8) {
	// In units of 1/65536 of a level of 8 bits.
	l, u, v := 65536*int(y), int(cb)-128, int(cr)-128
	red, greenU, greenV, blue := 91881, 22554, 46802, 116130
	if isLimited { // 16 to 235, colour 16 to 240
		l = 76309 * (int(y) - 16)
		red, greenU, greenV, blue = 104597, 25675, 53279, 132201
	}
	x, z := l+red*v, l+blue*u
	w := l - greenU*u - greenV*v
	if t == nil {
		return eight(x), eight(w), eight(z)
	}
	return t.RGB(twelve(x), twelve(w), twelve(z))
}

func eight(v int) uint8 { return uint8(min(max((v+1<<15)>>16, 0), 255)) }

func twelve(v int) int {
	const levels = 1<<fine - 1
	return min(max((v*levels/255+1<<15)>>16, 0), levels)
}

// convertYCbCr changes the pixels of a picture in full colour.
func convertYCbCr(m *image.YCbCr, t *colour.Transform, isLimited bool) {
	for i, y := range m.Y {
		m.Y[i], m.Cb[i], m.Cr[i] = color.RGBToYCbCr(toSRGB(y, m.Cb[i], m.Cr[i], t, isLimited))
	}
}

// fullColour gives each pixel its own sample of colour. Brightness stays in its
// memory.
func fullColour(m *image.YCbCr) *image.YCbCr {
	if m.SubsampleRatio == image.YCbCrSubsampleRatio444 && m.YStride == m.Rect.Dx() && m.CStride == m.YStride {
		return m
	}
	size := m.Rect.Size()
	as := turning{o: 1, w: size.X, h: size.Y}
	first := m.YOffset(m.Rect.Min.X, m.Rect.Min.Y)
	return &image.YCbCr{
		Y: compact(m.Y[first:], m.YStride, size, 1), Cb: as.spread(m, m.Cb), Cr: as.spread(m, m.Cr), YStride: size.X, CStride: size.X,
		SubsampleRatio: image.YCbCrSubsampleRatio444, Rect: image.Rectangle{Max: size},
	}
}

// halved is a picture of half the width and height, each pixel the mean of four.
// It is made in the memory of the old one.
func halved(img image.Image) image.Image {
	switch m := img.(type) {
	case *image.YCbCr:
		return halvedYCbCr(m)
	case *image.Gray:
		w, h := (m.Rect.Dx()+1)/2, (m.Rect.Dy()+1)/2
		pix := mean(m.Pix, w, h, m.Rect, m.PixOffset)
		return &image.Gray{Pix: pix, Stride: w, Rect: image.Rect(0, 0, w, h)}
	case *image.NRGBA:
		return halvedNRGBA(m)
	}
	return img
}

func halvedYCbCr(m *image.YCbCr) *image.YCbCr {
	w, h := (m.Rect.Dx()+1)/2, (m.Rect.Dy()+1)/2
	return &image.YCbCr{
		Y: mean(m.Y, w, h, m.Rect, m.YOffset), Cb: mean(m.Cb, w, h, m.Rect, m.COffset), Cr: mean(m.Cr, w, h, m.Rect, m.COffset),
		YStride: w, CStride: w, SubsampleRatio: image.YCbCrSubsampleRatio444, Rect: image.Rect(0, 0, w, h),
	}
}

// mean makes a plane of w × h of the means of four samples of another. No sample
// is written before it was read, unless the old plane has fewer: colour may have
// a quarter of the width. What is returned keeps nothing else alive.
func mean(plane []byte, w, h int, from image.Rectangle, offset func(x, y int) int) []byte {
	to := plane
	if len(to) < w*h {
		to = make([]byte, w*h)
	}
	for y := range h {
		y0 := from.Min.Y + 2*y
		y1 := min(y0+1, from.Max.Y-1)
		for x := range w {
			x0 := from.Min.X + 2*x
			x1 := min(x0+1, from.Max.X-1)
			sum := int(plane[offset(x0, y0)]) + int(plane[offset(x1, y0)]) + int(plane[offset(x0, y1)]) + int(plane[offset(x1, y1)])
			to[y*w+x] = uint8((sum + 2) / 4)
		}
	}
	return bytes.Clone(to[:w*h])
}

// halvedNRGBA works in the memory of the picture. Clear pixels lend no colour.
func halvedNRGBA(m *image.NRGBA) *image.NRGBA {
	w, h := (m.Rect.Dx()+1)/2, (m.Rect.Dy()+1)/2
	for y := range h {
		for x := range w {
			x0, y0 := m.Rect.Min.X+2*x, m.Rect.Min.Y+2*y
			var sum [3]int
			alpha := 0
			for _, p := range [4][2]int{{x0, y0}, {x0 + 1, y0}, {x0, y0 + 1}, {x0 + 1, y0 + 1}} {
				px := m.Pix[m.PixOffset(min(p[0], m.Rect.Max.X-1), min(p[1], m.Rect.Max.Y-1)):][:4]
				a := int(px[3])
				alpha += a
				for c := range sum {
					sum[c] += int(px[c]) * a
				}
			}
			to := m.Pix[4*(y*w+x):][:4]
			for c := range sum {
				to[c] = uint8((sum[c] + alpha/2) / max(alpha, 1))
			}
			to[3] = uint8((alpha + 2) / 4)
		}
	}
	return &image.NRGBA{Pix: m.Pix[:4*w*h], Stride: 4 * w, Rect: image.Rect(0, 0, w, h)}
}

// upright turns and mirrors a picture as EXIF numbers it (1: as it is). The new
// one lies in the memory of the old; beside it a quarter of that is needed, or a
// third in full colour.
func upright(img image.Image, o int) image.Image {
	if o < 2 || o > 8 {
		return img
	}
	size := img.Bounds().Size()
	t := turning{o: o, w: size.X, h: size.Y}
	out := image.Rectangle{Max: size}
	if o >= 5 {
		out.Max = image.Pt(size.Y, size.X)
	}
	switch m := img.(type) {
	case *image.Gray:
		pix := t.plane(compact(m.Pix, m.Stride, size, 1), 1, 0)
		return &image.Gray{Pix: pix, Stride: out.Dx(), Rect: out}
	case *image.Paletted:
		pix := t.plane(compact(m.Pix, m.Stride, size, 1), 1, 0)
		return &image.Paletted{Pix: pix, Stride: out.Dx(), Rect: out, Palette: m.Palette}
	case *image.RGBA:
		return &image.RGBA{Pix: t.four(m.Pix, m.Stride), Stride: 4 * out.Dx(), Rect: out}
	case *image.NRGBA:
		return &image.NRGBA{Pix: t.four(m.Pix, m.Stride), Stride: 4 * out.Dx(), Rect: out}
	case *image.YCbCr:
		first := m.YOffset(m.Rect.Min.X, m.Rect.Min.Y)
		y := t.plane(compact(m.Y[first:], m.YStride, size, 1), 1, 0)
		t.was = nil // its memory is needed for the colours
		return &image.YCbCr{
			Y: y, Cb: t.spread(m, m.Cb), Cr: t.spread(m, m.Cr), YStride: out.Dx(), CStride: out.Dx(),
			SubsampleRatio: image.YCbCrSubsampleRatio444, Rect: out,
		}
	}
	return img
}

// spread gives each pixel its own sample of colour, where it belongs.
func (t *turning) spread(m *image.YCbCr, plane []byte) []byte {
	pix := make([]byte, t.w*t.h)
	for y := range t.h {
		for x := range t.w {
			pix[t.to(x, y)] = plane[m.COffset(m.Rect.Min.X+x, m.Rect.Min.Y+y)]
		}
	}
	return pix
}

// compact takes away what lies between the rows of a picture.
func compact(pix []byte, stride int, size image.Point, bytes int) []byte {
	row := size.X * bytes
	for y := range size.Y {
		copy(pix[y*row:(y+1)*row], pix[y*stride:])
	}
	return pix[:row*size.Y]
}

// turning is a way to turn a picture of w × h.
type turning struct {
	o, w, h int
	was     []byte
}

func (t *turning) four(pix []byte, stride int) []byte {
	pix = compact(pix, stride, image.Pt(t.w, t.h), 4)
	for c := range 4 {
		t.plane(pix, 4, c)
	}
	return pix
}

// plane turns every step-th byte from first on, which are the same ones before
// and after.
func (t *turning) plane(pix []byte, step, first int) []byte {
	if t.was == nil {
		t.was = make([]byte, t.w*t.h)
	}
	for i := range t.was {
		t.was[i] = pix[i*step+first]
	}
	// Where the pixel at 0, 0 goes, and how far on that leads along a row and down
	// a column.
	start, along := t.to(0, 0), 0
	if t.w > 1 {
		along = t.to(1, 0) - start
	}
	down := 0
	if t.h > 1 {
		down = t.to(0, 1) - start
	}
	for y := range t.h {
		to := start + y*down
		for _, v := range t.was[y*t.w : (y+1)*t.w] {
			pix[to*step+first] = v
			to += along
		}
	}
	return pix
}

// to is where the pixel at x, y belongs, in the order of the new picture.
func (t *turning) to(x, y int) int {
	w, h := t.w, t.h
	switch t.o {
	case 2: // mirrored
		return y*w + w - 1 - x
	case 3: // upside down
		return (h-1-y)*w + w - 1 - x
	case 4: // mirrored upside down
		return (h-1-y)*w + x
	case 5: // mirrored, on its side
		return x*h + y
	case 6: // lies on its left side: turn clockwise
		return x*h + h - 1 - y
	case 7: // mirrored, on its other side
		return (w-1-x)*h + h - 1 - y
	case 8: // lies on its right side: turn counter-clockwise
		return (w-1-x)*h + y
	}
	return y*w + x
}
