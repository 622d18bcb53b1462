package media

import (
	"bytes"
	"encoding/binary"
)

// tagOrientation is how a picture lies (EXIF 3.0, 4.6.5).
const tagOrientation = 0x0112

// orientation reads how a picture lies from its EXIF block, 1 to 8. 1, upright, is
// also the answer for anything that cannot be read. The block is a TIFF file;
// some programs write "Exif" before it also where a format does not ask for that.
func orientation(exif []byte) int {
	exif = bytes.TrimPrefix(exif, []byte("Exif\x00"))
	if len(exif) > 0 && exif[0] != 'I' && exif[0] != 'M' {
		exif = exif[1:] // the second zero, or what stands for it
	}
	if len(exif) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch string(exif[:4]) {
	case "II*\x00":
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	at := int64(order.Uint32(exif[4:]))
	if at+2 > int64(len(exif)) {
		return 1
	}
	entries := exif[at+2:]
	for range order.Uint16(exif[at:]) {
		if len(entries) < 12 {
			return 1
		}
		const short = 3
		if order.Uint16(entries) == tagOrientation {
			v := int(order.Uint16(entries[8:]))
			if order.Uint16(entries[2:]) != short || v < 1 || v > 8 {
				return 1
			}
			return v
		}
		entries = entries[12:]
	}
	return 1
}
