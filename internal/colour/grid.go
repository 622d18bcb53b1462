package colour

import "math"

// Nodes of a grid along each channel. A profile's own tables have 9 to 33.
const (
	nodes3 = 33
	nodes4 = 21
)

// grid is a space that only tables describe: its colours at evenly spaced
// samples, and what lies between them in proportion. They are kept as CIE Lab is
// made, by the cube roots of XYZ beside the white of D50: there profiles are
// smooth, and nothing is clipped yet.
type grid struct {
	nodes int
	scale float32      // nodes by level
	roots [][3]float32 // the last channel varies fastest
}

// newGrid asks for the XYZ of each node.
func newGrid(channels, levels int, xyz func(in []float64) vector) *grid {
	g := &grid{nodes: nodes3}
	n := nodes3 * nodes3 * nodes3
	if channels == 4 {
		g.nodes = nodes4
		n = nodes4 * nodes4 * nodes4 * nodes4
	}
	g.scale = float32(g.nodes-1) / float32(levels-1)
	g.roots = make([][3]float32, n)
	in := make([]float64, channels)
	for i := range g.roots {
		for ch, rest := channels-1, i; ch >= 0; ch, rest = ch-1, rest/g.nodes {
			in[ch] = float64(rest%g.nodes) / float64(g.nodes-1)
		}
		for c, v := range xyz(in).dividedBy(d50) {
			g.roots[i][c] = float32(root(min(max(v, -1), 4)))
		}
	}
	return g
}

// root and cube are the curve of CIE Lab, for amounts of light beside white.
func root(light float64) float64 {
	if light > 216.0/24389 {
		return math.Cbrt(light)
	}
	return (light*24389/27 + 16) / 116
}

func cube(r float32) float32 {
	if r > 6.0/29 {
		return r * r * r
	}
	return (116*r - 16) * 27 / 24389
}

// rootsToSRGB turns light beside the white of D50 into linear sRGB.
var rootsToSRGB = func() (m [3][3]float32) {
	for i, row := range d50ToSRGB.after(diagonal(d50)) {
		for j, v := range row {
			m[i][j] = float32(v)
		}
	}
	return m
}()

// srgb is the colour of roots.
func srgb(roots [3]float32) (r, g, b uint8) {
	x, y, z := cube(roots[0]), cube(roots[1]), cube(roots[2])
	at := func(row *[3]float32) uint8 { return level(int32((row[0]*x+row[1]*y+row[2]*z)*one + 0.5)) }
	return at(&rootsToSRGB[0]), at(&rootsToSRGB[1]), at(&rootsToSRGB[2])
}

// place finds the node below a level and how far beyond it the level is.
func (g *grid) place(v int) (node int, fraction float32) {
	at := float32(v) * g.scale
	node = min(int(at), g.nodes-2)
	return node, at - float32(node)
}

func (g *grid) at3(r, gr, b int) (uint8, uint8, uint8) {
	i, fr := g.place(r)
	j, fg := g.place(gr)
	k, fb := g.place(b)
	n := g.nodes
	return srgb(g.tetrahedron((i*n+j)*n+k, fr, fg, fb))
}

func (g *grid) at4(c, m, y, k int) (uint8, uint8, uint8) {
	h, fc := g.place(c)
	i, fm := g.place(m)
	j, fy := g.place(y)
	l, fk := g.place(k)
	n := g.nodes
	low := g.tetrahedron(((h*n+i)*n+j)*n+l, fm, fy, fk)
	high := g.tetrahedron((((h+1)*n+i)*n+j)*n+l, fm, fy, fk)
	for ch := range low {
		low[ch] += (high[ch] - low[ch]) * fc
	}
	return srgb(low)
}

// tetrahedron reads between the eight nodes of the last three channels: along
// the channel with the largest fraction first. Greys stay grey that way.
func (g *grid) tetrahedron(base int, fx, fy, fz float32) (out [3]float32) {
	n := g.nodes
	type edge struct {
		fraction float32
		step     int
	}
	a, b, c := edge{fx, n * n}, edge{fy, n}, edge{fz, 1}
	if a.fraction < b.fraction {
		a, b = b, a
	}
	if b.fraction < c.fraction {
		b, c = c, b
	}
	if a.fraction < b.fraction {
		a, b = b, a
	}
	p0 := &g.roots[base]
	p1 := &g.roots[base+a.step]
	p2 := &g.roots[base+a.step+b.step]
	p3 := &g.roots[base+a.step+b.step+c.step]
	for ch := range out {
		out[ch] = p0[ch] + (p1[ch]-p0[ch])*a.fraction + (p2[ch]-p1[ch])*b.fraction + (p3[ch]-p2[ch])*c.fraction
	}
	return out
}
