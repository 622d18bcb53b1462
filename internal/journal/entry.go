// Package journal is the second witness of what was sent: a file beside the
// database with one line for every irreversible call that was about to be made
// and one for what came of it. A database that was rolled
// back, or an old copy put in its place, does not know what it lost; the
// journal does. It decides nothing.
package journal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"time"
)

// Entry is one line: the intent to make an irreversible call, or its outcome.
type Entry struct {
	At         time.Time
	Boot       string // the process that wrote it
	Delivery   string // 32 hex digits; empty: the line only tried whether lines can be written
	Attempt    string // the call, 32 hex digits
	Generation int
	Key        string // that the platform was given for it
	BodyHash   string // SHA-256 of what goes out, hex
	Outcome    string // empty: the intent
	RemoteID   string // with an outcome: the post at the platform
	RemoteURL  string
}

// line is how an Entry is written: short names, because there are many.
type line struct {
	At         int64  `json:"at"` // UTC milliseconds
	Boot       string `json:"boot"`
	Delivery   string `json:"delivery,omitempty"`
	Attempt    string `json:"attempt,omitempty"`
	Generation int    `json:"gen,omitempty"`
	Key        string `json:"key,omitempty"`
	BodyHash   string `json:"body,omitempty"`
	Outcome    string `json:"outcome,omitempty"`
	RemoteID   string `json:"id,omitempty"`
	RemoteURL  string `json:"url,omitempty"`
}

// maxLine is more than any line that is written, in bytes with its end.
const maxLine = 16 << 10

// sumDigits is the length of a checksum: CRC-32C in hex.
const sumDigits = 8

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var (
	errTooLong = errors.New("too long for a line of the journal")
	errDamaged = errors.New("not a line of the journal")
)

// encode writes an entry as a line: checksum, space, JSON, new line.
func encode(e Entry) ([]byte, error) {
	body, err := json.Marshal(line{
		At: e.At.UnixMilli(), Boot: e.Boot, Delivery: e.Delivery, Attempt: e.Attempt, Generation: e.Generation,
		Key: e.Key, BodyHash: e.BodyHash, Outcome: e.Outcome, RemoteID: e.RemoteID, RemoteURL: e.RemoteURL,
	})
	if err != nil {
		return nil, fmt.Errorf("write an entry as a line: %w", err)
	}
	if len(body)+sumDigits+2 > maxLine {
		return nil, errTooLong
	}
	return fmt.Appendf(nil, "%08x %s\n", crc32.Checksum(body, castagnoli), body), nil
}

// decode reads a line without its end. What was not written by encode, or not
// to the end, is errDamaged.
func decode(b []byte) (Entry, error) {
	sum, body, ok := bytes.Cut(b, []byte{' '})
	if !ok || len(sum) != sumDigits {
		return Entry{}, errDamaged
	}
	var want [sumDigits / 2]byte
	if _, err := hex.Decode(want[:], sum); err != nil {
		return Entry{}, errDamaged
	}
	got := crc32.Checksum(body, castagnoli)
	if want != [4]byte{byte(got >> 24), byte(got >> 16), byte(got >> 8), byte(got)} {
		return Entry{}, errDamaged
	}
	var l line
	if err := json.Unmarshal(body, &l); err != nil {
		return Entry{}, errDamaged
	}
	return Entry{
		At: time.UnixMilli(l.At).UTC(), Boot: l.Boot, Delivery: l.Delivery, Attempt: l.Attempt, Generation: l.Generation,
		Key: l.Key, BodyHash: l.BodyHash, Outcome: l.Outcome, RemoteID: l.RemoteID, RemoteURL: l.RemoteURL,
	}, nil
}
