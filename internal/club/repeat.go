package club

import (
	"crypto/sha256"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// How near another post on the same account is worth a look:
// with the same text, and with any.
const (
	RepeatWithin = 7 * 24 * time.Hour
	CloseWithin  = time.Hour
)

// TextMark is equal for texts that people would call the same: case, spacing and
// the way accents are written do not count, the link does. A post without words
// has none.
func TextMark(text, link string) []byte {
	words := strings.Join(strings.Fields(strings.ToLower(norm.NFC.String(text))), " ")
	if words == "" {
		return nil
	}
	h := sha256.Sum256([]byte(words + "\n" + strings.TrimSpace(link)))
	return h[:16]
}
