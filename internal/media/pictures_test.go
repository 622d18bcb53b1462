package media_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/media"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// scene is a library with two clubs.
type scene struct {
	*media.Library
	db    *store.DB
	clock *storetest.Clock
	dir   string
	scope store.Scope
	other store.Scope
}

func newScene(t *testing.T) *scene {
	t.Helper()
	clock := storetest.NewClock()
	db := storetest.Open(t, clock.Now)
	p, c, err := db.CreateFirst(t.Context(), store.NewPerson{Email: "maeve@example.org", Name: "Maeve"}, store.NewClub{Name: "Riverside", Zone: "UTC"}, "")
	if err != nil {
		t.Fatal(err)
	}
	choir, err := db.CreateClub(t.Context(), p.ID, store.NewClub{Name: "Choir", Zone: "UTC"}, "")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	l, err := media.Open(db, media.Settings{Dir: dir, Key: []byte("key of the test"), BaseURL: "https://club.example", Now: clock.Now, DecodeLimit: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	return &scene{l, db, clock, dir, store.Scope{ClubID: c.ID, PersonID: p.ID}, store.Scope{ClubID: choir.ID, PersonID: p.ID}}
}

// save takes in a picture that must be good.
func (s *scene) save(t *testing.T, name string, data []byte) club.Media {
	t.Helper()
	m, err := s.Save(t.Context(), s.scope.ClubID, s.scope.PersonID, name, bytes.NewReader(data))
	if err != nil {
		t.Fatalf("save %s: %v", name, err)
	}
	return m
}

// quarters is a picture whose four quarters are red, green, blue and white, so
// that turning and cutting show.
func quarters(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{255, 0, 0, 255}
			switch {
			case x >= w/2 && y < h/2:
				c = color.RGBA{0, 255, 0, 255}
			case x < w/2 && y >= h/2:
				c = color.RGBA{0, 0, 255, 255}
			case x >= w/2:
				c = color.RGBA{255, 255, 255, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

// noise is a picture that compresses badly.
func noise(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := 0; i < len(img.Pix); i += 4 {
		binary.LittleEndian.PutUint32(img.Pix[i:], rnd.Uint32()|0xff000000)
	}
	return img
}

// holed is a red picture with a transparent left half.
func holed(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := w / 2; x < w; x++ {
			img.SetNRGBA(x, y, color.NRGBA{255, 0, 0, 255})
		}
	}
	return img
}

func jpegOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gifOf(t testing.TB, frames ...*image.Paletted) []byte {
	t.Helper()
	var b bytes.Buffer
	g := &gif.GIF{Image: frames, Delay: make([]int, len(frames)), Config: image.Config{Width: 40, Height: 20, ColorModel: frames[0].Palette}}
	if err := gif.EncodeAll(&b, g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// exif is a TIFF block with an orientation, a maker and a place.
func exif(orientation int) []byte {
	const le = "II*\x00\x08\x00\x00\x00"
	var b bytes.Buffer
	b.WriteString(le)
	entry := func(tag, typ uint16, n, value uint32) {
		for _, v := range []any{tag, typ, n, value} {
			_ = binary.Write(&b, binary.LittleEndian, v)
		}
	}
	word := func(v any) { _ = binary.Write(&b, binary.LittleEndian, v) }
	word(uint16(3))
	entry(0x010f, 2, 12, 50) // Make, at 50
	entry(0x0112, 3, 1, uint32(orientation))
	entry(0x8825, 4, 1, 62) // GPS block, at 62
	word(uint32(0))
	b.WriteString("SECRETMAKER\x00")
	word(uint16(2))
	entry(1, 2, 2, 'N')
	entry(2, 5, 3, 92) // latitude, at 92
	word(uint32(0))
	for _, v := range []uint32{53, 1, 20, 1, 4242, 100} {
		word(v)
	}
	return b.Bytes()
}

// withEXIF puts metadata of all kinds into a JPEG.
func withEXIF(data []byte, orientation int) []byte {
	segment := func(marker byte, body string) []byte {
		return append([]byte{0xff, marker, byte((len(body) + 2) >> 8), byte(len(body) + 2)}, body...)
	}
	out := slices.Clone(data[:2])
	out = append(out, segment(0xe1, "Exif\x00\x00"+string(exif(orientation)))...)
	out = append(out, segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta>SECRETXMP GPSLatitude</x:xmpmeta>")...)
	out = append(out, segment(0xed, "Photoshop 3.0\x00SECRETIPTC")...)
	out = append(out, segment(0xfe, "SECRETCOMMENT")...)
	return append(out, data[2:]...)
}

// withChunks puts an EXIF block and a text into a PNG.
func withChunks(data []byte, orientation int) []byte {
	chunk := func(typ string, body []byte) []byte {
		out := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
		out = append(append(out, typ...), body...)
		return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
	}
	const head = 8 + 25 // signature and IHDR
	out := slices.Clone(data[:head])
	out = append(out, chunk("eXIf", exif(orientation))...)
	out = append(out, chunk("tEXt", []byte("Comment\x00SECRETCOMMENT"))...)
	return append(out, data[head:]...)
}

// bombPNG is a small file that says it is w × h.
func bombPNG(t testing.TB, w, h int) []byte {
	t.Helper()
	data := pngOf(t, image.NewGray(image.Rect(0, 0, 1, 1)))
	binary.BigEndian.PutUint32(data[16:], uint32(w))
	binary.BigEndian.PutUint32(data[20:], uint32(h))
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(data[12:29]))
	return data
}

// bombJPEG is the same as a JPEG.
func bombJPEG(t testing.TB, w, h int) []byte {
	t.Helper()
	data := jpegOf(t, image.NewRGBA(image.Rect(0, 0, 8, 8)))
	i := bytes.Index(data, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(data[i+5:], uint16(h))
	binary.BigEndian.PutUint16(data[i+7:], uint16(w))
	return data
}

// progressive is a JPEG of three components that calls itself progressive.
func progressive(data []byte) []byte {
	data[bytes.Index(data, []byte{0xff, 0xc0})+1] = 0xc2
	return data
}

// bombGIF is the same as a GIF.
func bombGIF(w, h int) []byte {
	data := []byte("GIF89a\x00\x00\x00\x00\x00\x00\x00;")
	binary.LittleEndian.PutUint16(data[6:], uint16(w))
	binary.LittleEndian.PutUint16(data[8:], uint16(h))
	return data
}

// near tells whether a colour is about another, as JPEG allows.
func near(a, b color.Color) bool {
	r1, g1, b1, _ := a.RGBA()
	r2, g2, b2, _ := b.RGBA()
	for _, d := range []int{int(r1) - int(r2), int(g1) - int(g2), int(b1) - int(b2)} {
		if d > 0x2000 || d < -0x2000 {
			return false
		}
	}
	return true
}

// later makes a time that files are older than.
func later(c *storetest.Clock) { c.Advance(10 * 365 * 24 * time.Hour) }

// webpPicture is 40 × 20, red to yellow: the standard library writes no WebP.
var webpPicture = mustBase64("UklGRoAAAABXRUJQVlA4IHQAAAAwBQCdASooABQAPrFKn0m/pCMhMBqqq/AWCWIAuy9me6AC7wppxG8otHOMZF0ko6IpEAD+y+QEJ/tY3MwEjcsf/1cbfOV/lxt7NSmFYO2pLSuR6ln156MzuSdrn/hKQhhaqYIDiTMGaeCQdtxUMcngBgfWAA==")

func mustBase64(s string) []byte {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}
