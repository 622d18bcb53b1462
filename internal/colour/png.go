package colour

import "math"

// Gamma is the space of a PNG with a gAMA chunk: samples are light to the power
// of gamma. c is the cHRM chunk, nil where there is none. The transform is nil
// where the picture is sRGB already, as every file is taken for that says only
// the usual gamma of 1/2.2.
func Gamma(gamma float64, c *Chromaticities, s Source) *Transform {
	const usual, tolerance = 0.45455, 0.02
	if math.IsNaN(gamma) || gamma < 0.1 || gamma > 10 || c == nil && math.Abs(gamma-usual) < tolerance {
		return nil
	}
	if c == nil {
		c = &sRGB
	}
	return space(*c, func(v float64) float64 { return math.Pow(v, 1/gamma) }, s)
}

// CICP is the space of a PNG with a cICP chunk, by the code points of ITU-T H.273
// for primaries and transfer. It is nil where the picture is sRGB already, and
// where a code is not known here.
func CICP(primaries, transfer byte, s Source) *Transform {
	c, known := primariesOf[primaries]
	light := transferOf(transfer)
	if !known || light == nil {
		return nil
	}
	return space(c, light, s)
}

// space is a space of primaries and one curve.
func space(c Chromaticities, light func(float64) float64, s Source) *Transform {
	m := c.toSRGB()
	if !m.isFinite() {
		return nil
	}
	t := &Transform{additive: newAdditive(s.levels(), func(channel int, level float64) [3]float64 {
		return m.column(channel).times(light(level))
	})}
	if t.isPlain(s.levels()) {
		return nil
	}
	return t
}

// primariesOf are the colour primaries of H.273 (07/2024), table 2.
var primariesOf = map[byte]Chromaticities{
	1:  sRGB,
	4:  {[2]float64{0.310, 0.316}, [2]float64{0.67, 0.33}, [2]float64{0.21, 0.71}, [2]float64{0.14, 0.08}},
	5:  {d65, [2]float64{0.64, 0.33}, [2]float64{0.29, 0.60}, [2]float64{0.15, 0.06}},
	6:  {d65, [2]float64{0.630, 0.340}, [2]float64{0.310, 0.595}, [2]float64{0.155, 0.070}},
	7:  {d65, [2]float64{0.630, 0.340}, [2]float64{0.310, 0.595}, [2]float64{0.155, 0.070}},
	8:  {[2]float64{0.310, 0.316}, [2]float64{0.681, 0.319}, [2]float64{0.243, 0.692}, [2]float64{0.145, 0.049}},
	9:  {d65, [2]float64{0.708, 0.292}, [2]float64{0.170, 0.797}, [2]float64{0.131, 0.046}},
	11: {[2]float64{0.314, 0.351}, [2]float64{0.680, 0.320}, [2]float64{0.265, 0.690}, [2]float64{0.150, 0.060}},
	12: {d65, [2]float64{0.680, 0.320}, [2]float64{0.265, 0.690}, [2]float64{0.150, 0.060}},
	22: {d65, [2]float64{0.630, 0.340}, [2]float64{0.295, 0.605}, [2]float64{0.155, 0.077}},
}

// transferOf turns a sample into light, by the transfer characteristics of H.273
// (07/2024), table 3. Of high dynamic range, 1 is the white of ordinary pictures
// (203 cd/m², BT.2408); what is brighter is clipped.
func transferOf(code byte) func(float64) float64 {
	power := func(g float64) func(float64) float64 { return func(v float64) float64 { return math.Pow(v, g) } }
	switch code {
	case 1, 6, 14, 15: // BT.709 and its like
		return func(v float64) float64 {
			if v < 0.081 {
				return v / 4.5
			}
			return math.Pow((v+0.099)/1.099, 1/0.45)
		}
	case 4:
		return power(2.2)
	case 5:
		return power(2.8)
	case 7: // SMPTE ST 240
		return func(v float64) float64 {
			if v < 0.0912 {
				return v / 4
			}
			return math.Pow((v+0.1115)/1.1115, 1/0.45)
		}
	case 8:
		return power(1)
	case 13:
		return decoded
	case 16:
		return perceptualQuantizer
	case 17: // SMPTE ST 428-1
		return func(v float64) float64 { return math.Pow(v, 2.6) * 52.37 / 48 }
	case 18:
		return hybridLogGamma
	}
	return nil
}

// ordinaryWhite is how bright white of an ordinary picture is beside one of high
// dynamic range, in cd/m².
const ordinaryWhite = 203

// perceptualQuantizer is SMPTE ST 2084.
func perceptualQuantizer(v float64) float64 {
	const m1, m2 = 2610.0 / 16384, 2523.0 / 4096 * 128
	const c1, c2, c3 = 3424.0 / 4096, 2413.0 / 4096 * 32, 2392.0 / 4096 * 32
	p := math.Pow(v, 1/m2)
	return math.Pow(max(p-c1, 0)/(c2-c3*p), 1/m1) * 10_000 / ordinaryWhite
}

// hybridLogGamma is BT.2100's, on a display of 1,000 cd/m² with its gamma of 1.2
// taken for each channel alone.
func hybridLogGamma(v float64) float64 {
	const a, b, c = 0.17883277, 0.28466892, 0.55991073
	scene := v * v / 3
	if v > 0.5 {
		scene = (math.Exp((v-c)/a) + b) / 12
	}
	return math.Pow(scene, 1.2) * 1000 / ordinaryWhite
}
