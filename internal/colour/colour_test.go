package colour

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"testing"
)

// profile reads a profile of testdata: they are of Compact-ICC-Profiles (CC0-1.0).
func profile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// near fails where a colour is more than one level beside the wanted one.
func near(t *testing.T, what string, r, g, b uint8, want [3]int) {
	t.Helper()
	for c, v := range []uint8{r, g, b} {
		if d := int(v) - want[c]; d < -1 || d > 1 {
			t.Errorf("%s is %d %d %d, want %v", what, r, g, b, want)
			return
		}
	}
}

// TestPhonePhotosKeepTheirColours: iPhones save photos in Display P3. The values
// are what Chromium and Little CMS show.
func TestPhonePhotosKeepTheirColours(t *testing.T) {
	t.Parallel()
	p3, apple := profile(t, "display-p3.icc"), profile(t, "apple-rgb.icc")
	for _, bits := range []int{8, 12, 16} {
		s := Source{Channels: 3, Bits: bits}
		at := func(v int) int { return (v*(s.levels()-1) + 127) / 255 }
		ways := map[*byte]*Transform{}
		for _, p := range [][]byte{p3, apple} {
			transform, err := ICC(p, s)
			if err != nil || transform == nil {
				t.Fatalf("ICC = %v, %v", transform, err)
			}
			ways[&p[0]] = transform
		}
		for _, c := range []struct {
			profile  []byte
			in, want [3]int
		}{
			{apple, [3]int{0xd0, 0x00, 0x17}, [3]int{0xdf, 0x23, 0x1f}},
			{apple, [3]int{0x32, 0xb6, 0x28}, [3]int{0x20, 0xc0, 0x40}},
			{apple, [3]int{0xb9, 0x8e, 0x6b}, [3]int{0xc7, 0xa0, 0x80}},
			{p3, [3]int{0, 0, 0}, [3]int{0, 0, 0}},
			{p3, [3]int{255, 255, 255}, [3]int{255, 255, 255}},
			{p3, [3]int{128, 128, 128}, [3]int{128, 128, 128}},
			{p3, [3]int{200, 100, 50}, [3]int{215, 93, 31}},
			{p3, [3]int{255, 0, 0}, [3]int{255, 0, 0}}, // clipped: sRGB has no such red
		} {
			transform := ways[&c.profile[0]]
			r, g, b := transform.RGB(at(c.in[0]), at(c.in[1]), at(c.in[2]))
			near(t, "colour", r, g, b, c.want)
		}
	}
	// Grey pixels may have a profile of three channels.
	transform, err := ICC(apple, Source{Channels: 1, Bits: 8})
	if err != nil || transform == nil {
		t.Fatalf("ICC = %v, %v", transform, err)
	}
	r, g, b := transform.Grey(100)
	near(t, "grey", r, g, b, [3]int{119, 119, 119})
}

func TestProfileOfOtherPixelsIsNotHeeded(t *testing.T) {
	t.Parallel()
	p3 := profile(t, "display-p3.icc")
	for name, c := range map[string]struct {
		profile  []byte
		channels int
	}{
		"three channels for four inks": {p3, 4}, "four inks for three channels": {inks(t, 4), 3}, "nothing": {nil, 3}, "cut off": {p3[:len(p3)-20], 3}, "noise": {bytes.Repeat([]byte{0xff}, 500), 3},
	} {
		if transform, err := ICC(c.profile, Source{Channels: c.channels, Bits: 8}); err == nil || transform != nil {
			t.Errorf("%s: %v, %v; want an error", name, transform, err)
		}
	}
}

// TestProfileThatClaimsMoreThanItHas: none of these may make the library take
// memory or panic.
func TestProfileThatClaimsMoreThanItHas(t *testing.T) {
	t.Parallel()
	good := profile(t, "display-p3.icc")
	put := func(at int, v uint32) []byte {
		p := bytes.Clone(good)
		binary.BigEndian.PutUint32(p[at:], v)
		return p
	}
	for name, p := range map[string][]byte{
		"tags": put(128, 1<<32-1), "a few more tags": put(128, 90), "offset": put(136, 1<<32-1), "offset in the header": put(136, 4), "size": put(140, 1<<32-1), "size that overflows": put(140, 1<<32-200), "bytes": append(bytes.Clone(good), make([]byte, MaxProfile)...),
	} {
		if transform, err := ICC(p, Source{Channels: 3, Bits: 8}); err == nil {
			t.Errorf("%s: %v, want an error", name, transform)
		}
	}
}

// inks is a profile of a table alone (lut8Type): of n channels, two nodes each.
// Lightness falls with every channel but the last of four, black, which makes all
// dark at once.
func inks(t testing.TB, n int) []byte {
	t.Helper()
	tag := []byte("mft1\x00\x00\x00\x00")
	tag = append(tag, byte(n), 3, 2, 0)
	for i := range 9 { // a matrix that changes nothing
		one := uint32(0)
		if i%4 == 0 {
			one = 1 << 16
		}
		tag = binary.BigEndian.AppendUint32(tag, one)
	}
	line := make([]byte, 256)
	for i := range line {
		line[i] = byte(i)
	}
	tag = append(tag, bytes.Repeat(line, n)...)
	for node := range 1 << n {
		light := 255
		for ch := range n {
			if node>>(n-1-ch)&1 == 1 {
				light -= 85
			}
		}
		if n == 4 && node&1 == 1 {
			light = 0
		}
		tag = append(tag, byte(max(light, 0)), 128, 128)
	}
	tag = append(tag, bytes.Repeat(line, 3)...)
	head := make([]byte, 128)
	binary.BigEndian.PutUint32(head[8:], 0x02400000)
	copy(head[12:], "prtr")
	copy(head[16:], map[int]string{3: "RGB ", 4: "CMYK"}[n])
	copy(head[20:], "Lab ")
	copy(head[36:], "acsp")
	for i, v := range []uint32{0xf6d6, 0x10000, 0xd32d} {
		binary.BigEndian.PutUint32(head[68+4*i:], v)
	}
	head = binary.BigEndian.AppendUint32(head, 1)
	head = append(head, "A2B0"...)
	head = binary.BigEndian.AppendUint32(head, uint32(len(head)+8))
	head = binary.BigEndian.AppendUint32(head, uint32(len(tag)))
	p := append(head, tag...)
	binary.BigEndian.PutUint32(p, uint32(len(p)))
	return p
}

func TestPrintedColoursFollowTheirTables(t *testing.T) {
	t.Parallel()
	// What a lightness of CIE Lab is in sRGB.
	grey := func(l float64) int {
		y := (l + 16) / 116
		if y > 6.0/29 {
			return int(math.Round(255 * encoded(y*y*y)))
		}
		return int(math.Round(255 * encoded((116*y-16)*27/24389)))
	}
	cmyk, err := ICC(inks(t, 4), Source{Channels: 4, Bits: 8})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		in    [4]int
		light float64
	}{
		{[4]int{0, 0, 0, 0}, 100},
		{[4]int{255, 0, 0, 0}, 100 - 100.0/3},
		{[4]int{255, 255, 255, 0}, 0},
		{[4]int{0, 0, 0, 255}, 0},
		{[4]int{128, 0, 0, 0}, 100 - 100.0/6},
		{[4]int{51, 102, 0, 0}, 80},
		{[4]int{0, 0, 0, 51}, 80},
	} {
		r, g, b := cmyk.CMYK(c.in[0], c.in[1], c.in[2], c.in[3])
		near(t, "inks", r, g, b, [3]int{grey(c.light), grey(c.light), grey(c.light)})
	}
	three, err := ICC(inks(t, 3), Source{Channels: 3, Bits: 16})
	if err != nil {
		t.Fatal(err)
	}
	r, g, b := three.RGB(65535/5, 65535*2/5, 0)
	near(t, "three channels", r, g, b, [3]int{grey(80), grey(80), grey(80)})
}

func TestColoursThatPNGTellsInChunks(t *testing.T) {
	t.Parallel()
	s := Source{Channels: 3, Bits: 8}
	p3 := CICP(12, 13, s)
	if p3 == nil {
		t.Fatal("no transform for Display P3")
	}
	r, g, b := p3.RGB(200, 100, 50)
	near(t, "P3 by cICP", r, g, b, [3]int{215, 93, 31})
	for name, transform := range map[string]*Transform{
		"sRGB": CICP(1, 13, s), "unknown primaries": CICP(2, 13, s), "unknown curve": CICP(1, 2, s), "the usual gamma": Gamma(0.45455, nil, s), "no gamma": Gamma(0, nil, s), "endless gamma": Gamma(1e9, nil, s), "primaries in one place": Gamma(0.45455, &Chromaticities{}, s),
	} {
		if transform != nil {
			t.Errorf("%s changes colours", name)
		}
	}
	linear := Gamma(1, nil, Source{Channels: 3, Bits: 16})
	r, g, b = linear.RGB(32768, 20, 65535)
	near(t, "linear light", r, g, b, [3]int{188, 1, 255})
	// Adobe RGB as primaries and gamma.
	adobe := Gamma(0.45470, &Chromaticities{White: d65, Red: [2]float64{0.64, 0.33}, Green: [2]float64{0.21, 0.71}, Blue: [2]float64{0.15, 0.06}}, s)
	r, g, b = adobe.RGB(128, 128, 128)
	near(t, "grey of Adobe RGB", r, g, b, [3]int{128, 128, 128})
	r, g, b = adobe.RGB(111, 191, 77)
	near(t, "green of Adobe RGB", r, g, b, [3]int{32, 192, 64})
	// White of ordinary pictures is white in high dynamic range, too.
	for _, curve := range []struct {
		code byte
		v    int
	}{{16, 148}, {18, 191}} {
		transform := CICP(9, curve.code, s)
		if r, g, b := transform.RGB(curve.v, curve.v, curve.v); r < 250 || g < 250 || b < 250 {
			t.Errorf("white of curve %d is %d %d %d", curve.code, r, g, b)
		}
		if r, _, _ := transform.RGB(curve.v/2, curve.v/2, curve.v/2); r < 30 || r > 160 {
			t.Errorf("half of curve %d is %d", curve.code, r)
		}
	}
}

func FuzzICC(f *testing.F) {
	for _, name := range []string{"display-p3.icc", "apple-rgb.icc"} {
		f.Add(profile(f, name), byte(1))
	}
	f.Add(inks(f, 3), byte(1))
	f.Add(inks(f, 4), byte(2))
	f.Fuzz(func(t *testing.T, p []byte, channels byte) {
		s := Source{Channels: []int{1, 3, 4}[channels%3], Bits: 8}
		transform, err := ICC(p, s)
		if err != nil || transform == nil {
			return
		}
		for _, v := range []int{0, 1, 127, 254, 255} {
			switch s.Channels {
			case 1:
				transform.Grey(v)
			case 3:
				transform.RGB(v, 255-v, v/2)
			case 4:
				transform.CMYK(v, 255-v, v/2, v)
			}
		}
	})
}
