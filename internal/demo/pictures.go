package demo

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
)

// The demo's pictures are drawn, so that the program carries none.

// scene draws one picture of width × height.
type scene func(width, height int) image.Image

var (
	grass  = color.RGBA{0x3f, 0x8f, 0x4b, 0xff}
	grass2 = color.RGBA{0x4a, 0x9f, 0x57, 0xff}
	chalk  = color.RGBA{0xf6, 0xf6, 0xf0, 0xff}
	night  = color.RGBA{0x1b, 0x2a, 0x41, 0xff}
	dusk   = color.RGBA{0xf2, 0x8c, 0x5a, 0xff}
	sky    = color.RGBA{0x8e, 0xc5, 0xe8, 0xff}
	warm   = color.RGBA{0xff, 0xd9, 0x8a, 0xff}
	teal   = color.RGBA{0x0b, 0x5c, 0x66, 0xff}
)

// pitch is a football pitch from above.
func pitch(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	cx, cy, r := float64(w)/2, float64(h)/2, float64(h)/6
	line := float64(h) / 110
	each(img, func(x, y float64) color.Color {
		d := math.Hypot(x-cx, y-cy)
		switch {
		case math.Abs(d-r) < line, math.Abs(x-cx) < line, d < line*2:
			return chalk
		case edge(x, y, float64(w), float64(h), float64(h)/14, line):
			return chalk
		case int(x/(float64(w)/12))%2 == 0:
			return grass
		}
		return grass2
	})
	return img
}

// evening is a sun over hills.
func evening(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	sx, sy, r := float64(w)*0.68, float64(h)*0.52, float64(h)*0.13
	each(img, func(x, y float64) color.Color {
		hill := float64(h)*0.7 + math.Sin(x/float64(w)*7)*float64(h)*0.05
		near := float64(h)*0.82 + math.Sin(x/float64(w)*4+2)*float64(h)*0.06
		switch {
		case y > near:
			return night
		case y > hill:
			return mix(night, teal, 0.5)
		case math.Hypot(x-sx, y-sy) < r:
			return warm
		}
		return mix(dusk, sky, 1-y/float64(h))
	})
	return img
}

// notes is sheet music on a stage.
func notes(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	gap := float64(h) / 16
	top := float64(h)*0.5 - 2*gap
	each(img, func(x, y float64) color.Color {
		for i := range 7 {
			nx, ny := float64(w)*(0.14+0.12*float64(i)), top+gap*float64((i*3)%5)
			dx, dy := (x-nx)/(gap*0.8), (y-ny)/(gap*0.55)
			if dx*dx+dy*dy < 1 || (math.Abs(x-(nx+gap*0.7)) < gap/9 && y < ny && y > ny-gap*3) {
				return chalk
			}
		}
		for i := range 5 {
			if math.Abs(y-(top+gap*float64(i))) < float64(h)/400+1 {
				return mix(chalk, teal, 0.35)
			}
		}
		return mix(teal, night, math.Hypot(x-float64(w)/2, y)/float64(w))
	})
	return img
}

// balls is a heap of training balls.
func balls(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	each(img, func(x, y float64) color.Color {
		for row := range 3 {
			for i := range 4 - row {
				r := float64(h) * 0.14
				bx := float64(w)/2 + (float64(i)-float64(3-row)/2)*2*r
				by := float64(h)*0.82 - float64(row)*r*1.75
				d := math.Hypot(x-bx, y-by)
				if d < r*0.35 {
					return night
				}
				if d < r {
					return mix(chalk, sky, d/r*0.6)
				}
			}
		}
		if y > float64(h)*0.93 {
			return grass
		}
		return mix(sky, chalk, y/float64(h))
	})
	return img
}

// each colours every pixel.
func each(img *image.RGBA, at func(x, y float64) color.Color) {
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			img.Set(x, y, at(float64(x), float64(y)))
		}
	}
}

func edge(x, y, w, h, inset, line float64) bool {
	inX, inY := x > inset-line && x < w-inset+line, y > inset-line && y < h-inset+line
	return inX && inY && (math.Abs(x-inset) < line || math.Abs(x-(w-inset)) < line || math.Abs(y-inset) < line || math.Abs(y-(h-inset)) < line)
}

// mix goes from a to b as t goes from 0 to 1.
func mix(a, b color.RGBA, t float64) color.RGBA {
	t = math.Min(1, math.Max(0, t))
	f := func(p, q uint8) uint8 { return uint8(float64(p) + (float64(q)-float64(p))*t) }
	return color.RGBA{f(a.R, b.R), f(a.G, b.G), f(a.B, b.B), 0xff}
}

// jpegOf encodes a scene.
func jpegOf(s scene, w, h int) ([]byte, error) {
	var b bytes.Buffer
	err := jpeg.Encode(&b, s(w, h), &jpeg.Options{Quality: 88})
	return b.Bytes(), err
}
