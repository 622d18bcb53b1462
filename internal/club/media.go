package club

import "time"

// Media is one picture of a club: the copy without metadata that everything
// sent or shown is made from.
type Media struct {
	ID        string // 32 hex digits, random
	ClubID    int64
	Name      string // file name as uploaded, cleaned
	Type      string // "image/jpeg", or "image/png" where parts are transparent
	Width     int
	Height    int
	Bytes     int64
	SHA256    []byte // of what was uploaded
	Moving    bool   // it had more than one picture: this is the first
	Alt       string
	CreatedBy int64 // person
	CreatedAt time.Time
}

// Rendition is a copy of a picture made for a need.
type Rendition struct {
	MediaID string
	Spec    string // as written by package media
	Type    string
	Width   int
	Height  int
	Bytes   int64
}
