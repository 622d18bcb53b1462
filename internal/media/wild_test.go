package media_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"os"
	"slices"
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/colour"
	"github.com/bandstand-app/bandstand/internal/media"
)

// The six patches of the charts in testdata, as a viewer shows them that heeds
// colour profiles.
var chart = []string{"e02020", "20c040", "2040e0", "f0c020", "804020", "c8a080"}

// TestPicturesFoundInTheWild takes in files that were refused as damaged, or lost
// their colours or their side up.
func TestPicturesFoundInTheWild(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for _, tt := range []found{
		// The file has no better red than df231f: its pixel d00017 stands in the
		// profile's gamut for a green below nothing, cut off at 0. The profile's own
		// numbers (gamma 461/256, its matrix, D50 to sRGB) give 223.4, 35.1, 31.3, and
		// so do Chromium and Little CMS.
		{"colours-apple-rgb.png", 240, 40, []string{"df231f", "20c040", "203fe0", "f0bf23", "7f401f", "c7a080"}, ""},
		{"colours-display-p3.jpg", 240, 40, chart, ""},
		{"webp-lossy-black-white.webp", 288, 48, []string{"000000", "ffffff", "808080", "e1201f", "20bf41", "1f40df"}, ""},
		{"webp-turned-chunk-of-odd-length.webp", 40, 75, nil, ""},
		{"webp-turned-control-passes.webp", 40, 60, nil, ""},
		{"cmyk-without-adobe-marker.jpg", 240, 40, []string{"b3ab00", "5addd1", "c411aa", "38e258", "6d8131", "51936b"}, ""},
		{"gif-frame-larger-than-canvas.gif", 16, 16, []string{"ff0000"}, ""},
		{"gif-moving.gif", 64, 48, nil, ""},
		{"jpeg-subsampling-3x1.jpg", 0, 0, nil, "media_rare"},
		{"jpeg-without-end-marker.jpg", 60, 40, nil, ""},
		{"png-text-chunk-with-wrong-checksum.png", 60, 40, nil, ""},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			tt.takenIn(t, s)
		})
	}
}

// found is a file of testdata and what becomes of it.
type found struct {
	file    string
	w, h    int
	patches []string // from left to right, each within 2
	refusal string   // "": taken in
}

func (f found) takenIn(t *testing.T, s *scene) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + f.file)
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.Save(t.Context(), s.scope.ClubID, s.scope.PersonID, f.file, bytes.NewReader(data))
	if f.refusal != "" {
		if e, ok := errors.AsType[*club.Error](err); !ok || e.Key != f.refusal {
			t.Errorf("Save = %v, want %s", err, f.refusal)
		}
		return
	}
	if err != nil || m.Width != f.w || m.Height != f.h {
		t.Fatalf("Save = %d × %d, %v; want %d × %d", m.Width, m.Height, err, f.w, f.h)
	}
	if m.Moving != (f.file == "gif-moving.gif") {
		t.Errorf("it moves: %t", m.Moving)
	}
	for _, spec := range []media.Spec{{JPEG: true, PNG: true}, media.View} {
		_, img := open(t, s, m.ID, spec)
		wantPatches(t, img, f.patches)
	}
}

// wantPatches compares the middles of patches side by side.
func wantPatches(t *testing.T, img image.Image, want []string) {
	t.Helper()
	b := img.Bounds()
	for i, hex := range want {
		x, y := b.Min.X+b.Dx()*(2*i+1)/(2*len(want)), b.Min.Y+b.Dy()/2
		c, _ := color.RGBAModel.Convert(img.At(x, y)).(color.RGBA)
		w := rgb(t, hex)
		for _, d := range []int{int(c.R) - int(w.R), int(c.G) - int(w.G), int(c.B) - int(w.B)} {
			if d < -2 || d > 2 {
				t.Errorf("patch %d is %02x%02x%02x, want %s", i+1, c.R, c.G, c.B, hex)
				break
			}
		}
	}
}

func rgb(t *testing.T, hex string) color.RGBA {
	t.Helper()
	var v [3]byte
	for i := range v {
		for _, digit := range []byte(hex[2*i : 2*i+2]) {
			v[i] = v[i]<<4 | byte(bytes.IndexByte([]byte("0123456789abcdef"), digit))
		}
	}
	return color.RGBA{v[0], v[1], v[2], 255}
}

// patches is a picture of these colours side by side.
func patches(t *testing.T, colours ...string) *image.NRGBA {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 32*len(colours), 32))
	for i, hex := range colours {
		c := rgb(t, hex)
		for y := range 32 {
			for x := range 32 {
				img.SetNRGBA(32*i+x, y, color.NRGBA(c))
			}
		}
	}
	return img
}

// displayP3 is the profile of the chart from a phone.
func displayP3(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/colours-display-p3.jpg")
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.Index(data, []byte("ICC_PROFILE\x00"))
	size := int(binary.BigEndian.Uint16(data[i-2:]))
	return data[i+14 : i-2+size]
}

const first = 2 + 2 + 132 // where the second segment of jpegOf begins

// TestColoursAreConvertedWhereverTheProfileLies: the same colours of Display P3
// in each place where a format tells of them.
func TestColoursAreConvertedWhereverTheProfileLies(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	p3 := displayP3(t)
	img := patches(t, "c86432", "808080", "000000", "ffffff")
	want := []string{"d75d1f", "808080", "000000", "ffffff"}
	part := func(n byte, p []byte) []byte {
		body := append([]byte("ICC_PROFILE\x00"), n, 2)
		body = append(body, p...)
		return append([]byte{0xff, 0xe2, byte((len(body) + 2) >> 8), byte(len(body) + 2)}, body...)
	}
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	if _, err := z.Write(p3); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	iccp := pngChunk("iCCP", append([]byte("P3\x00\x00"), packed.Bytes()...))
	cicp := pngChunk("cICP", []byte{12, 13, 0, 1})
	gamma := pngChunk("gAMA", binary.BigEndian.AppendUint32(nil, 45455))
	damaged := slices.Clone(gamma)
	damaged[len(damaged)-1] ^= 1
	deep := image.NewNRGBA64(img.Rect)
	for i, v := range img.Pix {
		deep.Pix[2*i], deep.Pix[2*i+1] = v, v
	}
	half := image.NewNRGBA(img.Rect)
	copy(half.Pix, img.Pix)
	half.Pix[3] = 0 // a clear pixel makes it stay a PNG
	jpg := jpegOf(t, img)
	for name, data := range map[string][]byte{
		"JPEG in two parts":              slices.Concat(jpg[:2], part(1, p3[:200]), part(2, p3[200:]), jpg[2:]),
		"JPEG in two parts, changed":     slices.Concat(jpg[:2], part(2, p3[200:]), part(1, p3[:200]), jpg[2:]),
		"JPEG behind stray bytes":        slices.Concat(jpg[:first], []byte{0, 0x12, 0xff, 0, 0xff, 0xff}, part(1, p3[:200]), part(2, p3[200:]), jpg[first:]),
		"PNG":                            withChunk(t, img, iccp),
		"PNG of 16 bits":                 withChunk(t, deep, iccp),
		"PNG with clear parts":           withChunk(t, half, iccp),
		"PNG by code points":             withChunk(t, img, cicp),
		"PNG by code points before all":  withChunk(t, img, pngChunk("sRGB", []byte{0}), cicp),
		"PNG with a profile before sRGB": withChunk(t, img, pngChunk("sRGB", []byte{0}), iccp),
	} {
		m := s.save(t, "a.jpg", data)
		_, got := open(t, s, m.ID, media.Spec{JPEG: true, PNG: true})
		t.Run(name, func(t *testing.T) { wantPatches(t, got, want) })
	}
	same := []string{"c86432", "808080", "000000", "ffffff"}
	for name, data := range map[string][]byte{
		"JPEG with a part missing":  slices.Concat(jpg[:2], part(2, p3[200:]), jpg[2:]),
		"PNG of the usual gamma":    withChunk(t, img, gamma),
		"PNG with a damaged note":   withChunk(t, img, damaged),
		"PNG whose profile is none": withChunk(t, img, pngChunk("iCCP", []byte("P3\x00\x00xx"))),
	} {
		m := s.save(t, "a.png", data)
		_, got := open(t, s, m.ID, media.Spec{JPEG: true, PNG: true})
		t.Run(name, func(t *testing.T) { wantPatches(t, got, same) })
	}
}

func pngChunk(name string, body []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	out = append(append(out, name...), body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// withChunk is a PNG with chunks behind its header.
func withChunk(t *testing.T, img image.Image, chunks ...[]byte) []byte {
	t.Helper()
	data := pngOf(t, img)
	const head = 8 + 25 // signature and IHDR
	return slices.Concat(data[:head], slices.Concat(chunks...), data[head:])
}

// TestJPEGOfRedGreenAndBlueKeepsItsColours: its components are called so.
func TestJPEGOfRedGreenAndBlueKeepsItsColours(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	p3 := displayP3(t)
	data := jpegOf(t, patches(t, "c86432", "808080"))
	frame, scan := bytes.Index(data, []byte{0xff, 0xc0}), bytes.Index(data, []byte{0xff, 0xda})
	for i, name := range []byte("RGB") {
		data[frame+10+3*i], data[scan+5+2*i] = name, name
	}
	profile := append([]byte("\xff\xe2\x00\x00ICC_PROFILE\x00\x01\x01"), p3...)
	binary.BigEndian.PutUint16(profile[2:], uint16(len(profile)-2))
	m := s.save(t, "a.jpg", slices.Concat(data[:2], profile, data[2:]))
	_, got := open(t, s, m.ID, media.Spec{JPEG: true})
	way, err := colour.ICC(p3, colour.Source{Channels: 3, Bits: 8})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, hex := range []string{"c86432", "808080"} {
		c := rgb(t, hex)
		y, cb, cr := color.RGBToYCbCr(c.R, c.G, c.B) // which stand for red, green and blue now
		r, g, b := way.RGB(int(y), int(cb), int(cr))
		want = append(want, fmt.Sprintf("%02x%02x%02x", r, g, b))
	}
	wantPatches(t, got, want)
}

// TestOnlyWhatIsDamagedIsCalledSo: what browsers read is taken in.
func TestOnlyWhatIsDamagedIsCalledSo(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	jpg, pic := jpegOf(t, quarters(64, 32)), pngOf(t, quarters(64, 32))
	const head = 8 + 25
	bad := func(c []byte) []byte { c[len(c)-1] ^= 1; return c }
	webpHead := func(flags byte) []byte {
		return append([]byte("VP8X\x0a\x00\x00\x00"), flags, 0, 0, 0, 39, 0, 0, 19, 0, 0)
	}
	riff := func(parts ...[]byte) []byte {
		body := slices.Concat(append([][]byte{[]byte("WEBP")}, parts...)...)
		return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
	}
	small := webpPicture[12:]
	gif := gifOf(t, image.NewPaletted(image.Rect(0, 0, 40, 20), color.Palette{color.Black, color.White}))
	for name, c := range map[string]struct {
		data []byte
		w, h int
	}{
		"JPEG without its end":                        {jpg[:len(jpg)-2], 64, 32},
		"JPEG with half of its end":                   {jpg[:len(jpg)-1], 64, 32},
		"JPEG with stray bytes":                       {slices.Concat(jpg[:first], []byte("\x00\x01abc"), jpg[first:]), 64, 32},
		"JPEG with bytes to fill":                     {slices.Concat(jpg[:2], []byte{0xff, 0xff, 0xff}, jpg[2:]), 64, 32},
		"JPEG with a broken profile":                  {slices.Concat(jpg[:2], []byte("\xff\xe2\x00\x12ICC_PROFILE\x00\x01\x01xx"), jpg[2:]), 64, 32},
		"PNG with a broken text":                      {slices.Concat(pic[:head], bad(pngChunk("tEXt", []byte("Comment\x00x"))), pic[head:]), 64, 32},
		"PNG with broken notes of all kinds":          {slices.Concat(pic[:head], bad(pngChunk("iCCP", []byte("x"))), bad(pngChunk("pHYs", make([]byte, 9))), pngChunk("tIME", []byte("x")), pic[head:]), 64, 32},
		"PNG without its end":                         {pic[:len(pic)-12], 64, 32},
		"PNG with a broken end":                       {bad(slices.Clone(pic)), 64, 32},
		"PNG with something behind":                   {append(slices.Clone(pic), "<html>"...), 64, 32},
		"WebP that says it is clear and isn't":        {riff(webpHead(0x10), small), 40, 20},
		"WebP without its length":                     {slices.Concat([]byte("RIFF\x00\x00\x00\x00"), webpPicture[8:]), 40, 20},
		"WebP with an unknown chunk of an odd length": {riff(webpHead(0), []byte("ABCD\x03\x00\x00\x00abc\x00"), small), 40, 20},
		"GIF without its end":                         {gif[:len(gif)-1], 40, 20},
	} {
		m, err := s.Save(t.Context(), s.scope.ClubID, s.scope.PersonID, "a", bytes.NewReader(c.data))
		if err != nil || m.Width != c.w || m.Height != c.h {
			t.Errorf("%s: %d × %d, %v; want %d × %d", name, m.Width, m.Height, err, c.w, c.h)
		}
	}
}

// TestPhotoThatLiesIsTurnedWhateverStandsBeforeItsEXIF: programs write the block
// in many ways.
func TestPhotoThatLiesIsTurnedWhateverStandsBeforeItsEXIF(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	jpg, block := jpegOf(t, quarters(64, 32)), exif(6)
	app1 := append([]byte("\xff\xe1\x00"), byte(len(block)+8))
	app1 = append(append(app1, "Exif\x00\x00"...), block...)
	riff := func(parts ...[]byte) []byte {
		body := slices.Concat(append([][]byte{[]byte("WEBP"), append([]byte("VP8X\x0a\x00\x00\x00\x08\x00\x00\x00"), 39, 0, 0, 19, 0, 0), webpPicture[12:]}, parts...)...)
		return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
	}
	chunk := func(name string, body []byte) []byte {
		out := append(binary.LittleEndian.AppendUint32([]byte(name), uint32(len(body))), body...)
		return append(out, make([]byte, len(body)%2)...)
	}
	odd := append(slices.Clone(block), 0)
	for name, c := range map[string]struct {
		data []byte
		w, h int
	}{
		"JPEG":                               {slices.Concat(jpg[:2], app1, jpg[2:]), 32, 64},
		"JPEG behind bytes to fill":          {slices.Concat(jpg[:2], []byte{0xff, 0xff, 0xff}, app1, jpg[2:]), 32, 64},
		"JPEG behind stray bytes":            {slices.Concat(jpg[:first], []byte{0, 1, 2}, app1, jpg[first:]), 32, 64},
		"JPEG behind another APP1":           {slices.Concat(jpg[:2], []byte("\xff\xe1\x00\x06abcd"), app1, jpg[2:]), 32, 64},
		"WebP":                               {riff(chunk("EXIF", block)), 20, 40},
		"WebP of odd length":                 {riff(chunk("EXIF", odd)), 20, 40},
		"WebP with Exif before it":           {riff(chunk("EXIF", append([]byte("Exif\x00\x00"), block...))), 20, 40},
		"WebP behind a chunk of odd length":  {riff(chunk("XMP ", []byte("abc")), chunk("EXIF", block)), 20, 40},
		"PNG with Exif before it":            {withChunk(t, quarters(64, 32), pngChunk("eXIf", append([]byte("Exif\x00\x00"), block...))), 32, 64},
		"PNG whose block comes after pixels": {append(pngOf(t, quarters(64, 32))[:len(pngOf(t, quarters(64, 32)))-12], slices.Concat(pngChunk("eXIf", block), pngChunk("IEND", nil))...), 32, 64},
	} {
		m, err := s.Save(t.Context(), s.scope.ClubID, s.scope.PersonID, "a", bytes.NewReader(c.data))
		if err != nil || m.Width != c.w || m.Height != c.h {
			t.Errorf("%s: %d × %d, %v; want %d × %d", name, m.Width, m.Height, err, c.w, c.h)
		}
	}
}
