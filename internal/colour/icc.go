package colour

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/kovidgoyal/imaging/prism/meta/icc"
)

// Limits of a profile. The largest in use, of printing with four inks, have
// 3 MB and some twenty tags.
const (
	MaxProfile = 4 << 20 // bytes
	maxTags    = 100
)

// errProfile is why a profile is not heeded.
var errProfile = errors.New("unreadable colour profile")

// ICC reads a profile. The transform is nil where the picture is sRGB already.
// A profile of another kind than the samples is an error, as browsers ignore it
// too, but grey may have a profile of three channels.
//
// Colours are converted as browsers do it: perceptual tables if there are any,
// and what sRGB does not have is clipped.
func ICC(profile []byte, s Source) (t *Transform, err error) {
	defer func() {
		if recover() != nil {
			t, err = nil, errProfile
		}
	}()
	if !isWellFormed(profile) {
		return nil, errProfile
	}
	p, err := icc.DecodeProfile(bytes.NewReader(profile))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errProfile, err)
	}
	switch space := p.Header.DataColorSpace; {
	case space == icc.ColorSpaceGray && s.Channels == 1:
		return greyICC(p, s)
	case space == icc.ColorSpaceRGB && s.Channels != 4:
		return threeICC(p, s)
	case space == icc.ColorSpaceCMYK && s.Channels == 4:
		return fourICC(p, s)
	}
	return nil, errProfile
}

// isWellFormed reports whether header and tags of a profile lie inside of it
// (ICC.1:2022, 7.2 and 7.3): the library makes room for what they claim.
func isWellFormed(profile []byte) bool {
	const header, entry = 128, 12
	if len(profile) < header+4 || len(profile) > MaxProfile {
		return false
	}
	tags := binary.BigEndian.Uint32(profile[header:])
	if tags == 0 || tags > maxTags || len(profile) < header+4+int(tags)*entry {
		return false
	}
	begin := uint64(header + 4 + tags*entry)
	for i := range int(tags) {
		at := profile[header+4+i*entry:]
		offset, size := uint64(binary.BigEndian.Uint32(at[4:])), uint64(binary.BigEndian.Uint32(at[8:]))
		if offset < begin || offset+size > uint64(len(profile)) {
			return false
		}
	}
	return true
}

// intent of all conversions: Chromium's and Firefox's.
const intent = icc.PerceptualRenderingIntent

func greyICC(p *icc.Profile, s Source) (*Transform, error) {
	way, err := p.CreateTransformerToSRGB(intent, false, 1, true, false, true)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errProfile, err)
	}
	t := &Transform{grey: make([][3]uint8, s.levels())}
	var in, out [4]float64
	for i := range t.grey {
		in[0] = float64(i) / float64(s.levels()-1)
		way.TransformGeneral(out[:], in[:])
		for c := range 3 {
			t.grey[i][c] = uint8(255*min(max(out[c], 0), 1) + 0.5)
		}
	}
	return t, nil
}

func threeICC(p *icc.Profile, s Source) (*Transform, error) {
	if p.IsSRGB() {
		return nil, nil
	}
	xyz, err := toXYZ(p, 3)
	if err != nil {
		return nil, err
	}
	t := &Transform{}
	if isAdditive(xyz) {
		dark := xyz(make([]float64, 3))
		t.additive = newAdditive(s.levels(), func(channel int, level float64) [3]float64 {
			in := make([]float64, 3)
			in[channel] = level
			// Black is in all three tables: each has a third of it.
			return d50ToSRGB.of(xyz(in).plus(dark.times(-2.0 / 3)))
		})
	} else {
		t.grid = newGrid(3, s.levels(), xyz)
	}
	if t.isPlain(s.levels()) {
		return nil, nil
	}
	return t, nil
}

func fourICC(p *icc.Profile, s Source) (*Transform, error) {
	xyz, err := toXYZ(p, 4)
	if err != nil {
		return nil, err
	}
	return &Transform{grid: newGrid(4, s.levels(), xyz)}, nil
}

// toXYZ is the way from samples (0 to 1) to XYZ under D50. in is left as it is.
func toXYZ(p *icc.Profile, channels int) (func(in []float64) vector, error) {
	way, err := p.CreateTransformerToPCS(intent, channels, true)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errProfile, err)
	}
	isLab := p.Header.ProfileConnectionSpace == icc.ColorSpaceLab
	return func(in []float64) vector {
		var buf, out [4]float64 // the library writes to both
		copy(buf[:], in)
		if channels == 3 {
			out[0], out[1], out[2] = way.Transform(buf[0], buf[1], buf[2])
		} else {
			way.TransformGeneral(out[:], buf[:])
		}
		v := vector{out[0], out[1], out[2]}
		if isLab {
			v = xyzOfLab(v)
		}
		return v
	}, nil
}

func xyzOfLab(lab vector) vector {
	y := (lab[0] + 16) / 116
	light := func(r float64) float64 {
		if r > 6.0/29 {
			return r * r * r
		}
		return (116*r - 16) * 27 / 24389
	}
	return vector{light(y + lab[1]/500), light(y), light(y - lab[2]/200)}.scaledBy(d50)
}

// isAdditive reports whether the channels of a space add up.
func isAdditive(xyz func(in []float64) vector) bool {
	const steps = 5
	dark := xyz(make([]float64, 3))
	var alone [3][steps]vector // by channel and step, without what black has
	at := func(step int) float64 { return float64(step) / (steps - 1) }
	for ch := range alone {
		for i := range steps {
			in := make([]float64, 3)
			in[ch] = at(i)
			alone[ch][i] = xyz(in).plus(dark.times(-1))
		}
	}
	for i := range steps * steps * steps {
		r, g, b := i/steps/steps, i/steps%steps, i%steps
		sum := dark.plus(alone[0][r]).plus(alone[1][g]).plus(alone[2][b])
		if !sum.isNear(xyz([]float64{at(r), at(g), at(b)})) {
			return false
		}
	}
	return true
}
