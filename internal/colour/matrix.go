package colour

import "math"

// vector is a colour, or a row of a matrix.
type vector [3]float64

func (v vector) plus(w vector) vector      { return vector{v[0] + w[0], v[1] + w[1], v[2] + w[2]} }
func (v vector) times(f float64) vector    { return vector{v[0] * f, v[1] * f, v[2] * f} }
func (v vector) dot(w vector) float64      { return v[0]*w[0] + v[1]*w[1] + v[2]*w[2] }
func (v vector) isNear(w vector) bool      { d := v.plus(w.times(-1)); return d.dot(d) < 1e-6 }
func (v vector) scaledBy(w vector) vector  { return vector{v[0] * w[0], v[1] * w[1], v[2] * w[2]} }
func (v vector) dividedBy(w vector) vector { return vector{v[0] / w[0], v[1] / w[1], v[2] / w[2]} }

// matrix has rows.
type matrix [3]vector

func (m matrix) of(v vector) vector { return vector{m[0].dot(v), m[1].dot(v), m[2].dot(v)} }

func (m matrix) column(i int) vector { return vector{m[0][i], m[1][i], m[2][i]} }

// after is the matrix that applies n and then m.
func (m matrix) after(n matrix) matrix {
	var out matrix
	for i := range out {
		for j := range out[i] {
			out[i][j] = m[i].dot(n.column(j))
		}
	}
	return out
}

func diagonal(v vector) matrix { return matrix{{v[0]}, {0, v[1]}, {0, 0, v[2]}} }

// inverse is not finite if the matrix has none.
func (m matrix) inverse() matrix {
	a, b, c := m[0], m[1], m[2]
	cross := func(v, w vector) vector {
		return vector{v[1]*w[2] - v[2]*w[1], v[2]*w[0] - v[0]*w[2], v[0]*w[1] - v[1]*w[0]}
	}
	x, y, z := cross(b, c), cross(c, a), cross(a, b)
	f := 1 / a.dot(x)
	return matrix{{x[0] * f, y[0] * f, z[0] * f}, {x[1] * f, y[1] * f, z[1] * f}, {x[2] * f, y[2] * f, z[2] * f}}
}

func (m matrix) isFinite() bool {
	for _, row := range m {
		for _, v := range row {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return false
			}
		}
	}
	return true
}

// Chromaticities are where white and the primaries of a space lie (CIE 1931 x, y).
type Chromaticities struct{ White, Red, Green, Blue [2]float64 }

// sRGB is BT.709 with D65.
var sRGB = Chromaticities{White: d65, Red: [2]float64{0.64, 0.33}, Green: [2]float64{0.30, 0.60}, Blue: [2]float64{0.15, 0.06}}

var (
	d65 = [2]float64{0.3127, 0.3290}
	// d50 is the white that ICC profiles connect by.
	d50 = vector{0.9642, 1, 0.8249}
)

func xyzOf(c [2]float64) vector { return vector{c[0] / c[1], 1, (1 - c[0] - c[1]) / c[1]} }

// toXYZ turns linear light of a space into CIE XYZ.
func (c Chromaticities) toXYZ() matrix {
	r, g, b := xyzOf(c.Red), xyzOf(c.Green), xyzOf(c.Blue)
	primaries := matrix{{r[0], g[0], b[0]}, {r[1], g[1], b[1]}, {r[2], g[2], b[2]}}
	return primaries.after(diagonal(primaries.inverse().of(xyzOf(c.White))))
}

// bradford are the cone responses by which white is adapted (ICC.1:2022, annex E).
var bradford = matrix{{0.8951, 0.2664, -0.1614}, {-0.7502, 1.7135, 0.0367}, {0.0389, -0.0685, 1.0296}}

// adapted turns XYZ as seen under one white into XYZ under another.
func adapted(from, to vector) matrix {
	ratio := bradford.of(to).dividedBy(bradford.of(from))
	return bradford.inverse().after(diagonal(ratio)).after(bradford)
}

var d50ToSRGB = sRGB.toXYZ().inverse().after(adapted(d50, xyzOf(d65)))

// toSRGB turns linear light of a space into that of sRGB.
func (c Chromaticities) toSRGB() matrix {
	return sRGB.toXYZ().inverse().after(adapted(xyzOf(c.White), xyzOf(d65))).after(c.toXYZ())
}
