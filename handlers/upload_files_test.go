package handlers

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/color/palette"
	"image/gif"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"testing"
)

// What must become of an upload.
const (
	taken   = "taken"   // kept, as a clean copy
	refused = "refused" // said in words
	either  = "either"  // whichever: it is damaged in a way that may not matter
)

// upload is a file as a browser sends it.
type upload struct {
	what, name string
	data       []byte
	want       string
}

// Words that no kept copy may hold: where a picture was taken, by what, what
// was written about it, and what could run.
var hidden = []string{"SECRET", "Exif", "GPS", "xmpmeta", "<script", "<?php", "<svg", "<html", "PK\x03\x04", "%PDF", "javascript:"}

// painted is a small picture of many colours, the last corner clear.
func painted(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetNRGBA(x, y, color.NRGBA{uint8(x * 7), uint8(y * 11), uint8(x ^ y), 255})
		}
	}
	return img
}

func paletted(w, h int) *image.Paletted {
	img := image.NewPaletted(image.Rect(0, 0, w, h), palette.Plan9)
	for i := range img.Pix {
		img.Pix[i] = byte(i)
	}
	return img
}

func asJPEG(img image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func asPNG(img image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// asGIF has so many frames of one size.
func asGIF(frames, w, h int) []byte {
	g := &gif.GIF{}
	for range frames {
		g.Image, g.Delay = append(g.Image, paletted(w, h)), append(g.Delay, 1)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// smallWebP is 40 × 20: the standard library writes none.
func smallWebP(t *testing.T) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString("UklGRoAAAABXRUJQVlA4IHQAAAAwBQCdASooABQAPrFKn0m/pCMhMBqqq/AWCWIAuy9me6AC7wppxG8otHOMZF0ko6IpEAD+y+QEJ/tY3MwEjcsf/1cbfOV/lxt7NSmFYO2pLSuR6ln156MzuSdrn/hKQhhaqYIDiTMGaeCQdtxUMcngBgfWAA==")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// extendedWebP puts the chunks of a simple file behind a VP8X header of a size,
// with these flags, and other chunks behind them.
func extendedWebP(simple []byte, flags byte, w, h int, more ...[]byte) []byte {
	head := []byte{flags, 0, 0, 0, byte(w - 1), byte((w - 1) >> 8), byte((w - 1) >> 16), byte(h - 1), byte((h - 1) >> 8), byte((h - 1) >> 16)}
	body := append([]byte("WEBP"), riff("VP8X", head)...)
	body = append(body, simple[12:]...)
	for _, m := range more {
		body = append(body, m...)
	}
	return riff("RIFF", body)
}

func riff(name string, body []byte) []byte {
	out := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(body)))
	out = append(out, body...)
	if len(body)%2 == 1 {
		out = append(out, 0)
	}
	return out
}

// segment is a part of a JPEG.
func segment(marker byte, body string) []byte {
	return append([]byte{0xff, marker, byte((len(body) + 2) >> 8), byte(len(body) + 2)}, body...)
}

// withSegments puts parts behind the beginning of a JPEG.
func withSegments(data []byte, parts ...[]byte) []byte {
	return slices.Concat(data[:2], slices.Concat(parts...), data[2:])
}

func chunk(typ string, body []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	out = append(append(out, typ...), body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// pngHead is the length of signature and IHDR.
const pngHead = 8 + 25

// withChunks puts chunks behind the header of a PNG.
func withChunks(data []byte, parts ...[]byte) []byte {
	return slices.Concat(data[:pngHead], slices.Concat(parts...), data[pngHead:])
}

func deflated(data []byte) []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		panic(err)
	}
	_ = z.Close()
	return b.Bytes()
}

// tiff is an EXIF block: its first directory has these entries, each a tag, a
// type, a count and a value, and points to a next one.
func tiff(next uint32, entries ...[4]uint32) []byte {
	out := []byte("II*\x00\x08\x00\x00\x00")
	out = binary.LittleEndian.AppendUint16(out, uint16(len(entries)))
	for _, e := range entries {
		out = binary.LittleEndian.AppendUint16(out, uint16(e[0]))
		out = binary.LittleEndian.AppendUint16(out, uint16(e[1]))
		out = binary.LittleEndian.AppendUint32(out, e[2])
		out = binary.LittleEndian.AppendUint32(out, e[3])
	}
	out = binary.LittleEndian.AppendUint32(out, next)
	return append(out, "SECRETMAKER SECRETGPS 53.4242 N\x00"...)
}

// located is an EXIF block of a picture that lies in one way and was taken
// somewhere.
func located(orientation int) []byte {
	return tiff(0, [4]uint32{0x010f, 2, 12, 62}, [4]uint32{0x0112, 3, 1, uint32(orientation)}, [4]uint32{0x8825, 4, 1, 8}, [4]uint32{0x9286, 7, 30, 62})
}

func exifSegment(block []byte) []byte { return segment(0xe1, "Exif\x00\x00"+string(block)) }

// sized changes the size that the header of a picture claims.
func sized(data []byte, w, h int) []byte {
	data = bytes.Clone(data)
	switch {
	case bytes.HasPrefix(data, []byte("\x89PNG")):
		binary.BigEndian.PutUint32(data[16:], uint32(w))
		binary.BigEndian.PutUint32(data[20:], uint32(h))
		binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(data[12:29]))
	case bytes.HasPrefix(data, []byte("GIF8")):
		binary.LittleEndian.PutUint16(data[6:], uint16(w))
		binary.LittleEndian.PutUint16(data[8:], uint16(h))
	default:
		i := max(bytes.Index(data, []byte{0xff, 0xc0, 0}), bytes.Index(data, []byte{0xff, 0xc2, 0}))
		binary.BigEndian.PutUint16(data[i+5:], uint16(h))
		binary.BigEndian.PutUint16(data[i+7:], uint16(w))
	}
	return data
}

// progressive is a grey JPEG of nothing, drawn in this many scans: few bytes
// that cost a walk over all blocks each.
func progressive(w, h, scans int) []byte {
	table := func(class byte, symbol byte) []byte { // one code of one bit
		return segment(0xc4, string([]byte{class << 4, 1})+strings.Repeat("\x00", 15)+string([]byte{symbol}))
	}
	frame := []byte{8, byte(h >> 8), byte(h), byte(w >> 8), byte(w), 1, 1, 0x11, 0}
	out := slices.Concat([]byte{0xff, 0xd8}, segment(0xdb, "\x00"+strings.Repeat("\x01", 64)), segment(0xc2, string(frame)), table(0, 0), table(1, 0xe0))
	blocks := ((w + 7) / 8) * ((h + 7) / 8)
	out = append(append(out, segment(0xda, "\x01\x01\x00\x00\x00\x00")...), make([]byte, (blocks+7)/8)...)
	// One code skips 16,384 blocks and more: 15 bits each.
	for range scans {
		out = append(append(out, segment(0xda, "\x01\x01\x00\x01\x3f\x00")...), make([]byte, 2*(blocks/16384+1))...)
	}
	return append(out, 0xff, 0xd9)
}

// cmyk is a JPEG of four colours, as print shops send them.
func cmyk(w, h int) []byte {
	q := segment(0xdb, "\x00"+strings.Repeat("\x01", 64))
	frame := segment(0xc0, string([]byte{8, byte(h >> 8), byte(h), byte(w >> 8), byte(w), 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0}))
	table := func(class byte) []byte {
		return segment(0xc4, string([]byte{class << 4, 1})+strings.Repeat("\x00", 15)+"\x00")
	}
	scan := segment(0xda, "\x04\x01\x00\x02\x00\x03\x00\x04\x00\x00\x3f\x00")
	blocks := ((w + 7) / 8) * ((h + 7) / 8)
	return slices.Concat([]byte{0xff, 0xd8}, segment(0xee, "Adobe\x00\x64\x00\x00\x00\x00\x00"), q, frame, table(0), table(1), scan, make([]byte, blocks+1), []byte{0xff, 0xd9})
}

// badUploads are the files of T-UP, made anew each time.
func badUploads(t *testing.T) []upload {
	t.Helper()
	kinds := map[string][]byte{
		"jpg": asJPEG(painted(64, 48)), "png": asPNG(painted(64, 48)), "gif": asGIF(2, 40, 20), "webp": smallWebP(t),
		"progressive.jpg": progressive(64, 48, 3), "paletted.png": asPNG(paletted(40, 20)),
	}
	var out []upload
	add := func(what, name string, data []byte, want string) {
		out = append(out, upload{what, name, data, want})
	}
	for kind, data := range kinds {
		for i := range 16 {
			at := len(data) * i / 16
			want := either
			if at == 0 || i < 3 && kind != "progressive.jpg" {
				want = refused
			}
			add(fmt.Sprintf("%s cut off at %d of %d", kind, at, len(data)), "cut."+kind, data[:at], want)
		}
		for _, name := range []string{"photo.html", "photo.svg", "photo.php.jpg", "photo", "photo.exe", "photo.pdf"} {
			add(kind+" called "+name, name, data, taken)
		}
		for i := range 4 {
			flipped := bytes.Clone(data)
			flipped[len(data)/2+i] ^= 0xff
			add(fmt.Sprintf("%s with a bit fault at %d", kind, len(data)/2+i), "flipped."+kind, flipped, either)
		}
	}
	lies(add)
	polyglots(add, kinds)
	sizes(add, kinds)
	metadata(add, kinds)
	oddities(add, kinds)
	names(add, kinds["jpg"])
	return out
}

type adder func(what, name string, data []byte, want string)

// lies are other things under the name of a picture.
func lies(add adder) {
	for what, data := range map[string]string{
		"nothing": "", "a page": "<!doctype html><script>alert(1)</script>", "a page after spaces": "\n\n   <html><body onload=alert(1)>", "a drawing": `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`,
		"a drawing with a head": `<?xml version="1.0"?><!DOCTYPE svg><svg/>`, "XML that grows": `<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>`, "a document": "%PDF-1.7\n1 0 obj<</JS(app.alert(1))>>", "an archive": "PK\x03\x04\x14\x00",
		"a program": "MZ\x90\x00", "a program of Linux": "\x7fELF\x02\x01\x01", "a script": "#!/bin/sh\nrm -rf /", "PHP": "<?php system($_GET['c']); ?>", "text": "Training on Saturday", "zeros": strings.Repeat("\x00", 5000),
		"a bitmap": "BM\x46\x00\x00\x00", "a TIFF": "II*\x00\x08\x00\x00\x00", "an icon": "\x00\x00\x01\x00\x01\x00", "a PostScript": "%!PS-Adobe-3.0", "a Photoshop file": "8BPS\x00\x01", "JPEG 2000": "\x00\x00\x00\x0cjP  \r\n\x87\n",
		"JPEG XL": "\xff\x0a\x00", "a film": "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom", "an iPhone picture": "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "AVIF": "\x00\x00\x00\x1cftypavif", "sound": "ID3\x03\x00", "WAVE": "RIFF\x24\x00\x00\x00WAVEfmt ",
		"a marked text": "\xef\xbb\xbf<html>", "wide text": "\xff\xfe<\x00h\x00t\x00m\x00l\x00", "the first bytes of JPEG": "\xff\xd8", "one byte more": "\xff\xd8\xff", "the first bytes of PNG": "\x89PNG\r\n\x1a\n", "of GIF": "GIF89a", "of WebP": "RIFF\x04\x00\x00\x00WEBP", "an old GIF": "GIF87a;",
		"a request": "POST /_sandbox/reset HTTP/1.1\r\n\r\n", "ImageMagick": "push graphic-context\nfill 'url(https://127.0.0.1/)'",
	} {
		add(what+" called picture", "photo.jpg", []byte(data), refused)
	}
}

// polyglots are pictures that are something else as well.
func polyglots(add adder, kinds map[string][]byte) {
	const page = "<html><script>alert('SECRET')</script></html>"
	const zipEnd = "PK\x03\x04SECRET.php<?php system('id'); ?>PK\x05\x06" + "\x00\x00\x00\x00\x01\x00\x01\x00\x30\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	for kind, data := range kinds {
		add(kind+" with a page behind it", "a."+kind, append(bytes.Clone(data), page...), taken)
		add(kind+" with an archive behind it", "a."+kind, append(bytes.Clone(data), zipEnd...), taken)
	}
	jpg, pic := kinds["jpg"], kinds["png"]
	add("JPEG with a page as comment", "a.html", withSegments(jpg, segment(0xfe, page)), taken)
	add("JPEG with PHP as comment", "a.php", withSegments(jpg, segment(0xfe, "<?php SECRET ?>")), taken)
	add("JPEG with a script as comment", "a.js", withSegments(jpg, segment(0xfe, "*/=1;alert('SECRET')/*")), taken)
	add("GIF with a page as comment", "a.gif", slices.Concat(kinds["gif"][:len(kinds["gif"])-1], []byte("\x21\xfe\x2d"+page+"\x00;")), taken)
	add("GIF that is a script", "a.js", []byte("GIF89a/*\x00\x00\x00\x00\x00\x00*/=1;alert(1)//"), refused)
	add("GIF of 15,888 that is a page", "a.html", []byte("GIF89a<script>alert(1)</script>"), refused)
	add("PNG with a page as text", "a.png", withChunks(pic, chunk("tEXt", []byte("Comment\x00"+page))), taken)
	add("PNG with a page in its pixels' stream", "a.png", withChunks(pic, chunk("iDOT", []byte(page))), taken)
	add("page with a picture behind it", "a.jpg", append([]byte(page), jpg...), refused)
	add("document with a picture behind it", "a.pdf", append([]byte("%PDF-1.7\n"), jpg...), refused)
	add("WebP with a page as chunk", "a.webp", extendedWebP(kinds["webp"], 0, 40, 20, riff("HTML", []byte(page))), taken)
}

// sizes claim to be larger, smaller or other than they are.
func sizes(add adder, kinds map[string][]byte) {
	for _, s := range [][2]int{{65535, 65535}, {16385, 1}, {1, 16385}, {8000, 5001}, {16384, 16384}, {0, 10}, {10, 0}, {0, 0}} {
		for _, kind := range []string{"jpg", "png", "gif", "progressive.jpg"} {
			want := refused
			if kind == "gif" && s[0] < 40 {
				want = either // the first frame tells
			}
			add(fmt.Sprintf("%s of %d × %d", kind, s[0], s[1]), "big."+kind, sized(kinds[kind], s[0], s[1]), want)
		}
	}
	for _, s := range [][2]int{{1<<31 - 1, 1}, {1, 1<<31 - 1}, {1 << 31, 1 << 31}, {1<<32 - 1, 1<<32 - 1}, {1 << 16, 1 << 16}, {46341, 46341}, {3037000500, 3037000500}} {
		add(fmt.Sprintf("png of %d × %d", s[0], s[1]), "big.png", sized(kinds["png"], s[0], s[1]), refused)
	}
	for kind, data := range kinds {
		if kind != "webp" {
			add(kind+" that promises more than it holds", "more."+kind, sized(data, 3000, 3000), either)
			add(kind+" that holds more than it promises", "less."+kind, sized(data, 3, 3), either)
		}
	}
	lossless := []byte("RIFF\x16\x00\x00\x00WEBPVP8L\x0a\x00\x00\x00\x2f\xff\xff\xff\xff\x00\x00\x00\x00\x00")
	add("WebP of 16,384²", "big.webp", lossless, refused)
	add("small WebP with a frame of 16,384²", "big.webp", extendedWebP(lossless, 0, 40, 20), refused)
	add("small WebP with a clear frame of 16,384²", "big.webp", extendedWebP(lossless, 0x10, 40, 20), refused)
	add("WebP of 16,777,216²", "big.webp", extendedWebP(kinds["webp"], 0, 1<<24, 1<<24), refused)
	add("WebP whose frame is another size", "a.webp", extendedWebP(kinds["webp"], 0, 20, 40), refused)
	add("moving WebP", "a.webp", extendedWebP(kinds["webp"], 0x02, 40, 20, bytes.Repeat(riff("ANMF", make([]byte, 24)), 5000)), refused)
	add("GIF of 3,000 frames", "a.gif", asGIF(3000, 2, 2), taken)
	add("GIF whose frame is larger than it", "a.gif", sized(asGIF(1, 40, 20), 10, 10), taken)
	frames := bytes.Repeat(slices.Concat(chunk("fcTL", make([]byte, 26)), chunk("fdAT", append(make([]byte, 4), deflated(make([]byte, 100))...))), 2000)
	add("moving PNG of 2,000 frames", "a.png", withChunks(kinds["png"], chunk("acTL", make([]byte, 8)), frames), taken)
	add("PNG whose pixels are a bomb", "a.png", slices.Concat(kinds["png"][:pngHead], chunk("IDAT", deflated(make([]byte, 20_000_000))), chunk("IEND", nil)), either)
	add("black PNG of 36 million pixels that ends early", "a.png", slices.Concat(sized(asPNG(image.NewGray(image.Rect(0, 0, 1, 1))), 6000, 6000)[:pngHead], chunk("IDAT", deflated(make([]byte, 10_000))), chunk("IEND", nil)), refused)
	add("progressive JPEG of 40 million pixels and nothing else", "a.jpg", sized(progressive(8, 8, 1), 8000, 5000)[:160], refused)
}

// metadata says where a picture was taken, and breaks in all ways.
func metadata(add adder, kinds map[string][]byte) {
	jpg, pic := kinds["jpg"], kinds["png"]
	for o := range 10 {
		add(fmt.Sprintf("JPEG that lies as %d", o), "lies.jpg", withSegments(jpg, exifSegment(located(o))), taken)
		add(fmt.Sprintf("PNG that lies as %d", o), "lies.png", withChunks(pic, chunk("eXIf", located(o))), taken)
	}
	add("WebP with a place", "a.webp", extendedWebP(kinds["webp"], 0x08, 40, 20, riff("EXIF", located(6))), taken)
	add("WebP with words", "a.webp", extendedWebP(kinds["webp"], 0x04, 40, 20, riff("XMP ", []byte("<x:xmpmeta>SECRET</x:xmpmeta>"))), taken)
	deep := [4]uint32{0x8769, 4, 1, 8}
	for what, block := range map[string][]byte{
		"points to itself": tiff(8, deep), "points to itself as place": tiff(8, [4]uint32{0x8825, 4, 1, 8}, deep), "points beyond its end": tiff(1<<31, [4]uint32{0x8769, 4, 1, 1 << 30}),
		"has values beyond its end": tiff(0, [4]uint32{0x010f, 2, 1 << 30, 1 << 30}), "has values of overflowing size": tiff(0, [4]uint32{0x010f, 5, 1<<32 - 1, 8}), "has values of no type": tiff(0, [4]uint32{0x0112, 999, 1, 6}),
		"has 65,535 entries": []byte("II*\x00\x08\x00\x00\x00\xff\xff"), "is of the other order": []byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"),
		"is empty": nil, "is half a header": []byte("II*"), "is no TIFF": []byte("XX*\x00\x08\x00\x00\x00"), "has no entries": tiff(0), "begins before its begin": []byte("II*\x00\x00\x00\x00\x00"),
	} {
		add("JPEG whose EXIF "+what, "exif.jpg", withSegments(jpg, exifSegment(block)), taken)
	}
	many := make([]byte, 0, 1<<20)
	for range 15 {
		many = append(many, segment(0xe2, "ICC_PROFILE\x00\x01\x01"+strings.Repeat("SECRET", 10_000))...)
	}
	add("JPEG with a colour profile of 900 KB", "a.jpg", withSegments(jpg, many), taken)
	add("JPEG with XMP", "a.jpg", withSegments(jpg, segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta>SECRET<exif:GPSLatitude>53</exif:GPSLatitude></x:xmpmeta>")), taken)
	add("JPEG with a thousand comments", "a.jpg", withSegments(jpg, bytes.Repeat(segment(0xfe, "SECRET"), 1000)), taken)
	add("JPEG with IPTC", "a.jpg", withSegments(jpg, segment(0xed, "Photoshop 3.0\x008BIM\x04\x04SECRET")), taken)
	add("JPEG with a segment of no length", "a.jpg", withSegments(jpg, []byte{0xff, 0xe1, 0, 0}), refused)
	add("JPEG with a segment beyond its end", "a.jpg", append(bytes.Clone(jpg[:2]), 0xff, 0xe1, 0xff, 0xff), refused)
	add("JPEG with EXIF of another's length", "a.jpg", withSegments(jpg, []byte("\xff\xe1\x00\x08Exif\x00\x00")), taken)
}

// oddities are pictures of rare kinds, and broken ones.
func oddities(add adder, kinds map[string][]byte) {
	jpg, pic := kinds["jpg"], kinds["png"]
	deep := image.NewNRGBA64(image.Rect(0, 0, 40, 20))
	add("PNG of 16 bits", "a.png", asPNG(deep), taken)
	add("grey PNG of 16 bits", "a.png", asPNG(image.NewGray16(image.Rect(0, 0, 40, 20))), taken)
	add("PNG all clear", "a.png", asPNG(image.NewNRGBA(image.Rect(0, 0, 40, 20))), taken)
	add("PNG of one pixel", "a.png", asPNG(image.NewGray(image.Rect(0, 0, 1, 1))), taken)
	add("PNG of one row", "a.png", asPNG(image.NewGray(image.Rect(0, 0, 16_384, 1))), taken)
	add("grey JPEG", "a.jpg", asJPEG(image.NewGray(image.Rect(0, 0, 40, 20))), taken)
	add("JPEG of four colours", "a.jpg", cmyk(40, 24), taken)
	add("JPEG in 400 scans", "a.jpg", progressive(640, 480, 400), taken)
	add("JPEG with a second frame", "a.jpg", withSegments(jpg, segment(0xc0, "\x08\x00\x08\x00\x08\x01\x01\x11\x00")), refused)
	add("JPEG without tables", "a.jpg", append(bytes.Clone(jpg[:2]), segment(0xc0, "\x08\x00\x08\x00\x08\x01\x01\x11\x00")...), refused)
	add("JPEG with arithmetic codes", "a.jpg", bytes.Replace(jpg, []byte{0xff, 0xc0, 0}, []byte{0xff, 0xc9, 0}, 1), refused)
	add("lossless JPEG", "a.jpg", bytes.Replace(jpg, []byte{0xff, 0xc0, 0}, []byte{0xff, 0xc3, 0}, 1), refused)
	add("JPEG of 12 bits", "a.jpg", slices.Concat(jpg[:2], segment(0xc0, "\x0c\x00\x08\x00\x08\x01\x01\x11\x00")), refused)
	add("JPEG of nothing but fill", "a.jpg", slices.Concat([]byte{0xff, 0xd8}, bytes.Repeat([]byte{0xff}, 100_000)), refused)
	add("JPEG without an end", "a.jpg", jpg[:len(jpg)-2], either)
	interlaced := bytes.Clone(pic)
	interlaced[28] = 1
	binary.BigEndian.PutUint32(interlaced[29:], crc32.ChecksumIEEE(interlaced[12:29]))
	add("PNG that says it is interlaced", "a.png", interlaced, either)
	wrong := bytes.Clone(pic)
	wrong[30] ^= 1
	add("PNG with a wrong check of its header", "a.png", wrong, refused)
	wrong = bytes.Clone(pic)
	wrong[len(wrong)-20] ^= 1
	add("PNG with a wrong check of its pixels", "a.png", wrong, refused)
	add("PNG with two headers", "a.png", withChunks(pic, pic[8:pngHead]), refused)
	add("PNG with a text that is a bomb", "a.png", withChunks(pic, chunk("zTXt", append([]byte("Comment\x00\x00"), deflated(bytes.Repeat([]byte("SECRET"), 2_000_000))...))), taken)
	add("PNG with a profile that is a bomb", "a.png", withChunks(pic, chunk("iCCP", append([]byte("icc\x00\x00"), deflated(bytes.Repeat([]byte("SECRET"), 2_000_000))...))), taken)
	add("PNG with an international bomb", "a.png", withChunks(pic, chunk("iTXt", append([]byte("XML:com.adobe.xmp\x00\x01\x00\x00\x00"), deflated(bytes.Repeat([]byte("<x:xmpmeta>"), 1_000_000))...))), taken)
	add("PNG with a chunk beyond its end", "a.png", slices.Concat(pic[:pngHead], []byte("\x7f\xff\xff\xfftEXt")), refused)
	add("PNG with a chunk of more than is allowed", "a.png", slices.Concat(pic[:pngHead], []byte("\xff\xff\xff\xfftEXt")), refused)
	add("PNG of Apple's own kind", "a.png", slices.Concat(pic[:8], chunk("CgBI", []byte{0x50, 0, 0x20, 2}), pic[8:]), either)
	add("PNG without pixels", "a.png", slices.Concat(pic[:pngHead], chunk("IEND", nil)), refused)
	add("PNG with a palette of 300", "a.png", withChunks(kinds["paletted.png"], chunk("PLTE", make([]byte, 900))), refused)
	add("PNG of colours that do not exist", "a.png", slices.Concat(pic[:8], chunk("IHDR", []byte{0, 0, 0, 8, 0, 0, 0, 8, 3, 5, 0, 0, 0}), pic[pngHead:]), refused)
	add("PNG with half a million chunks", "a.png", withChunks(pic, bytes.Repeat(chunk("tEXt", nil), 50_000)), taken)
	add("GIF with an endless block", "a.gif", slices.Concat(kinds["gif"][:13], bytes.Repeat([]byte("\x21\xfe\xff"+strings.Repeat("a", 255)), 1000)), refused)
	add("GIF with codes of a wrong size", "a.gif", []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x0c\x02\x00\x00\x00;"), refused)
	add("GIF without colours", "a.gif", []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x4c\x01\x00;"), refused)
	add("WebP with a length beyond its end", "a.webp", append([]byte("RIFF\xff\xff\xff\xffWEBP"), kinds["webp"][12:]...), either)
	add("WebP with a chunk beyond its end", "a.webp", []byte("RIFF\x20\x00\x00\x00WEBPVP8 \xff\xff\xff\x7f\x30\x05\x00"), refused)
}

// names are what a browser, or somebody who is none, calls a file.
func names(add adder, data []byte) {
	for _, name := range []string{
		"../../../etc/passwd.jpg", `..\..\windows\system32\a.jpg`, "/etc/cron.d/a.jpg", "C:\\a.jpg", "a\x00.php.jpg", "photo\u202egpj.exe", "\u2066\u2067photo\u2069.jpg", strings.Repeat("a", 5000) + ".jpg", strings.Repeat("é", 5000),
		`<script>alert(1)</script>.jpg`, `"><img src=x onerror=alert(1)>.jpg`, `' onmouseover='alert(1)`, "javascript:alert(1)", "{{.}}.jpg", "${jndi:ldap://127.0.0.1/}.jpg", "%00.jpg", "%2e%2e%2fa.jpg", "....//a.jpg", ".", "..", ".htaccess", "CON", "a.jpg ", " ", "\u200b\u200b.jpg",
		"\xff\xfe.jpg", "a;filename=b.html", "photo.jpg/", "=cmd|' /C calc'!A0.jpg", "\u0000\u0001\u0002", "👨‍👩‍👧‍👦.jpg", "-rf", "$(id).jpg", "`id`.jpg",
	} {
		want := taken
		if strings.Contains(name, "\x00") {
			want = refused // with the form that it came in
		}
		add("a file that is called "+fmt.Sprintf("%.40q", name), name, data, want)
	}
}
