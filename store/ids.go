package store

import (
	"crypto/rand"
	"database/sql/driver"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// NewID makes the id of a delivery, a picture or an attempt: 128 random bits as
// 32 hex digits. Counters go backwards when a backup is restored (rule P8).
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// hexID carries such an id to and from its BLOB column. What is not 32 hex
// digits finds nothing; the empty id is NULL.
type hexID struct{ id *string }

// blob writes an id.
func blob(id string) hexID { return hexID{&id} }

// intoID reads an id: pass it to Scan.
func intoID(id *string) *hexID { return &hexID{id} }

// Value implements driver.Valuer.
func (h hexID) Value() (driver.Value, error) {
	if *h.id == "" {
		return nil, nil
	}
	if b, err := hex.DecodeString(*h.id); err == nil {
		return b, nil
	}
	return []byte{}, nil
}

// Scan implements sql.Scanner.
func (h *hexID) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*h.id = ""
	case []byte:
		*h.id = hex.EncodeToString(v)
	default:
		return fmt.Errorf("an id is stored as %T", src)
	}
	return nil
}

// asJSON carries a value to and from a TEXT column.
type asJSON[T any] struct{ v *T }

// jsonOf writes a value.
func jsonOf[T any](v T) asJSON[T] { return asJSON[T]{&v} }

// intoJSON reads a value: pass it to Scan.
func intoJSON[T any](v *T) *asJSON[T] { return &asJSON[T]{v} }

// Value implements driver.Valuer.
func (j asJSON[T]) Value() (driver.Value, error) {
	b, err := json.Marshal(*j.v)
	return string(b), err
}

// Scan implements sql.Scanner.
func (j *asJSON[T]) Scan(src any) error {
	s, ok := src.(string)
	if !ok {
		return fmt.Errorf("JSON is stored as %T", src)
	}
	return json.Unmarshal([]byte(s), j.v)
}
