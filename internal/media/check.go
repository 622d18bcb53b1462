package media

import (
	"context"
	"io"
	"path"
	"strings"
	"time"
	"unicode"

	"github.com/bandstand-app/bandstand/internal/club"
)

// Limits of an upload (rule U2).
const (
	MaxUpload   = 40 << 20 // bytes
	maxSide     = 16_384
	maxPixels   = 40_000_000  // more than that is kept at half of width and height
	maxHalved   = 110_000_000 // pixels of a JPEG: phones take up to 108 million
	maxDecoded  = 190_000_000 // bytes that decoding may take
	maxName     = 100         // characters
	decodeLimit = 10 * time.Second
)

// format is a kind of picture that is taken in.
type format string

const (
	formatJPEG format = "jpeg"
	formatPNG  format = "png"
	formatGIF  format = "gif"
	formatWebP format = "webp"
)

// sniff tells the format of a picture by its first bytes, or the message for
// what it is instead.
func sniff(head []byte, name string) (format, string) {
	at := func(i int, s string) bool { return len(head) >= i+len(s) && string(head[i:i+len(s)]) == s }
	switch {
	case at(0, "\xff\xd8\xff"):
		return formatJPEG, ""
	case at(0, "\x89PNG\r\n\x1a\n"):
		return formatPNG, ""
	case at(0, "GIF87a"), at(0, "GIF89a"):
		return formatGIF, ""
	case at(0, "RIFF") && at(8, "WEBP"):
		if at(12, "VP8X") && len(head) > 20 && head[20]&0x02 != 0 {
			return "", "media_moving_webp"
		}
		return formatWebP, ""
	case at(4, "ftyp") && (at(8, "hei") || at(8, "hev") || at(8, "mif1") || at(8, "msf1") || at(8, "avi")):
		return "", "media_heic_not_yet"
	case at(4, "ftyp"), at(4, "moov"), at(4, "mdat"), at(4, "wide"), at(0, "\x1a\x45\xdf\xa3"), at(0, "RIFF") && at(8, "AVI "),
		at(0, "\x00\x00\x01\xba"), at(0, "\x00\x00\x01\xb3"), at(0, "FLV\x01"), at(0, "OggS"), at(0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11"):
		return "", "media_video_not_yet"
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".jpg", ".jpeg", ".jpe", ".png", ".gif", ".webp":
		return "", "media_type_lies"
	}
	return "", "media_not_picture"
}

// patient ends reading when its context ends: decoders take none.
type patient struct {
	ctx context.Context
	r   io.Reader
}

func (p *patient) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.r.Read(b)
}

// fault is a message about an uploaded file.
func fault(key, name string, args ...string) error {
	return club.Fault("media", key, append([]string{"file", name}, args...)...)
}

// cleanName makes what a browser calls a file fit to be shown: no folders, no
// control characters, nothing that turns the reading direction.
func cleanName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, name)
	name = strings.TrimLeft(strings.Join(strings.Fields(name), " "), ".")
	if r := []rune(name); len(r) > maxName {
		ext := []rune(path.Ext(name))
		if len(ext) > 5 {
			ext = nil
		}
		name = string(r[:maxName-len(ext)-1]) + "…" + string(ext)
	}
	if name == "" {
		return "picture"
	}
	return name
}
