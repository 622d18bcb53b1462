// Package chart computes the geometry of small charts that are drawn as SVG on the
// server. Whoever draws one puts the same figures beside it as a table.
package chart

// Bar is one bar of a chart, in the units of its view box.
type Bar struct {
	X, Y, Width, Height float64
	Value               int64
}

// gap is the share of a bar's place that stays empty, and leastHeight what a value
// above zero shows at least.
const (
	gap         = 0.25
	leastHeight = 2
)

// Bars lays out one bar for each value, from left to right on a common base line,
// the greatest as high as the box. Negative values count as zero.
func Bars(values []int64, width, height float64) []Bar {
	var top int64
	for _, v := range values {
		top = max(top, v)
	}
	bars := make([]Bar, len(values))
	for i, v := range values {
		place := width / float64(len(values))
		b := Bar{X: (float64(i) + gap/2) * place, Width: (1 - gap) * place, Value: v}
		if v > 0 {
			b.Height = max(leastHeight, height*float64(v)/float64(top))
		}
		b.Y = height - b.Height
		bars[i] = b
	}
	return bars
}
