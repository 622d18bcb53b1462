package colour

import "math"

// Source is how the samples of a picture are stored.
type Source struct {
	Channels int // 1: grey, 3: red, green, blue, 4: cyan, magenta, yellow, black
	Bits     int // 8 or 16 for each sample
}

func (s Source) levels() int { return 1 << s.Bits }

// Transform turns colours of one space into sRGB of 8 bits. One of its tables is
// set, by the kind of space.
type Transform struct {
	grey     [][3]uint8
	additive *additive
	grid     *grid
}

// Grey converts a level of grey.
func (t *Transform) Grey(v int) (r, g, b uint8) {
	if t.grey == nil {
		return t.RGB(v, v, v)
	}
	c := t.grey[v]
	return c[0], c[1], c[2]
}

// RGB converts a colour of three channels; each is below the levels of the
// source.
func (t *Transform) RGB(r, g, b int) (uint8, uint8, uint8) {
	if t.additive != nil {
		return t.additive.at(r, g, b)
	}
	return t.grid.at3(r, g, b)
}

// CMYK converts a colour of four inks: 0 is none of it.
func (t *Transform) CMYK(c, m, y, k int) (uint8, uint8, uint8) {
	return t.grid.at4(c, m, y, k)
}

// additive is a space in which the light of red, green and blue adds up: a curve
// for each channel, then a matrix. Both are in one table for each channel.
type additive struct {
	light [3][][3]int32 // linear sRGB by level, in units of 1/one
}

// one is full light in fixed point: a step of it is a tenth of a level of sRGB
// where that is darkest.
const one = 1 << 15

// encode has the level of sRGB for each amount of light.
var encode = func() (table [one + 1]uint8) {
	for i := range table {
		table[i] = uint8(math.Round(255 * encoded(float64(i)/one)))
	}
	return table
}()

// newAdditive makes the tables of a space, of which linear gives the linear sRGB
// of a channel's level (0 to 1) while the other channels are dark.
func newAdditive(levels int, linear func(channel int, level float64) [3]float64) *additive {
	a := &additive{}
	for ch := range a.light {
		a.light[ch] = make([][3]int32, levels)
		for i := range levels {
			for c, v := range linear(ch, float64(i)/float64(levels-1)) {
				a.light[ch][i][c] = int32(math.Round(min(max(v, -8), 8) * one))
			}
		}
	}
	return a
}

func (a *additive) at(r, g, b int) (uint8, uint8, uint8) {
	x, y, z := &a.light[0][r], &a.light[1][g], &a.light[2][b]
	return level(x[0] + y[0] + z[0]), level(x[1] + y[1] + z[1]), level(x[2] + y[2] + z[2])
}

func level(light int32) uint8 { return encode[min(max(light, 0), one)] }

// encoded and decoded are the curve of sRGB (IEC 61966-2-1).
func encoded(light float64) float64 {
	if light <= 0.0031308 {
		return 12.92 * light
	}
	return 1.055*math.Pow(light, 1/2.4) - 0.055
}

func decoded(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

// isPlain reports whether a transform of three channels changes nothing that
// could be seen: then the picture is sRGB already.
func (t *Transform) isPlain(levels int) bool {
	const steps = 8
	at := func(i int) int { return i * (levels - 1) / steps }
	same := func(got uint8, i int) bool {
		d := int(got) - int(math.Round(255*float64(at(i))/float64(levels-1)))
		return d >= -1 && d <= 1
	}
	for r := range steps + 1 {
		for g := range steps + 1 {
			for b := range steps + 1 {
				x, y, z := t.RGB(at(r), at(g), at(b))
				if !same(x, r) || !same(y, g) || !same(z, b) {
					return false
				}
			}
		}
	}
	return true
}
